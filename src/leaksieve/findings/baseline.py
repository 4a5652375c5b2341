"""Baselines: findings that are known already, one sorted line for each.

A line is a fingerprint, the id of a rule (for people; matching does not look at it) and, for values
that could be guessed, the path they are known at, since their fingerprint is bound to it::

    # leaksieve baseline, version 1
    # key root-commit 8d1f0c5b7a3e2946
    ls1-0123456789abcdef0123456789abcdef aws-access-key-id
    ls1w-89abcdef generic-password config/test.ini

There is nothing in it that moves while code does: no line, offset, commit or time, and no path where
the value says enough.  Neither is there a secret, or a digest of one that could be tried without the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn, final
from urllib.parse import unquote_to_bytes

from leaksieve.errors import ConfigError
from leaksieve.findings.fingerprint import Fingerprinter

HEADER = "# leaksieve baseline, version 1"
MAX_BYTES = 256 * 1024 * 1024
# Stands for a path that is not written down, because it holds a secret itself.
UNNAMED = "-"
_KEY = re.compile(r"# key ([a-z-]+) ([0-9a-f]{16})")
_STRONG = re.compile(r"^(ls1-[0-9a-f]{32}) ([^ \r\n]+)\r?$", re.MULTILINE)
_WEAK = re.compile(r"^(ls1w-[0-9a-f]{8}) ([^ \r\n]+) ([^\r\n]+)\r?$", re.MULTILINE)
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


# One known value: its fingerprint, followed by a blank and the path (as :func:`written` gives it) where it is bound to one.
Entry = str


def entry(fingerprint: str, path: bytes) -> Entry:
    """Return the entry of a finding; ``path`` counts for values that could be guessed alone."""
    return f"{fingerprint} {written(path)}" if is_weak(fingerprint) else fingerprint


def path_of(known: Entry) -> bytes | None:
    """Return the path an entry is bound to, None where it is bound to none or to one that is not written down."""
    text = known.partition(" ")[2]
    return unquote_to_bytes(text) if text and text != UNNAMED else None


def written(path: bytes) -> str:
    """Return a path as a baseline holds it: one line of UTF-8, with ``%XX`` for what would not print, not be text or not survive an editor."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable() and "%" not in text and text == text.strip() and text != UNNAMED:
        return text
    out = []
    for number, char in enumerate(text):
        at_end = char == " " and number in (0, len(text) - 1)
        plain = char.isprintable() and char != "%" and not at_end and text != UNNAMED
        out.append(char if plain else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape")))
    return "".join(out)


@final
class Baseline:
    """A baseline in memory.

    ``entries`` maps each entry to the rule's id that is written beside it, ``key`` is (name, id) of the key the
    fingerprints were made with, None only for an empty file.  ``comments`` are lines of the user's own.
    ``used`` and ``moved`` are filled by a scan: entries that were found, and those found under another path (old -> new).
    """

    __slots__ = ("comments", "entries", "key", "moved", "name", "used")

    def __init__(self, name: str, key: tuple[str, str] | None, entries: dict[Entry, str], comments: tuple[str, ...] = ()) -> None:
        self.name = name
        self.key = key
        self.entries = entries
        self.comments = comments
        self.used: set[Entry] = set()
        self.moved: dict[Entry, Entry] = {}

    def check(self, fingerprinter: Fingerprinter) -> None:
        """Raise ConfigError when the fingerprints of this scan are made with another key: nothing would be known, or by chance."""
        if self.key is None or self.key[1] == fingerprinter.key_id:
            return
        name = self.key[0]
        hint = "create it anew, or give scans that key again"
        if fingerprinter.key_name == "environment" and name != "environment":
            hint = "unset LEAKSIEVE_KEY, which it was made without, or create it anew"
        elif name == "environment":
            hint = "set LEAKSIEVE_KEY to the key it was made with"
        elif name == "project":
            hint = "set `project` in the configuration to the name it was made with"
        elif name == "root-commit":
            hint = "it belongs to another history, or this clone is shallow; fetch all of it, or set `project` in the configuration and create it anew"
        raise ConfigError(
            f"was made with another key ({name} {self.key[1]}) than this scan has ({fingerprinter.key_name} {fingerprinter.key_id})", where=self.name, hint=hint
        )

    def find(self, fingerprint: str, path: bytes) -> Entry | None:
        """Return the entry of a fingerprint at a path, if there is one, and note that it was found."""
        for each in (entry(fingerprint, path), f"{fingerprint} {UNNAMED}"):
            if each in self.entries:
                self.used.add(each)
                return each
        return None

    @property
    def stale(self) -> list[Entry]:
        """The entries that were not found, sorted."""
        return sorted(known for known in self.entries if known not in self.used)

    def text(self) -> str:
        """Return the file's text; the same entries give the same bytes."""
        head = [HEADER]
        if self.key is not None:
            head.append(f"# key {self.key[0]} {self.key[1]}")
        lines = sorted([line(known, rule) for known, rule in self.entries.items()])
        return "\n".join([*head, *self.comments, *lines]) + "\n"


def line(known: Entry, rule: str) -> str:
    """Return an entry as the file holds it."""
    fingerprint, blank, path = known.partition(" ")
    return f"{fingerprint} {rule}{blank}{path}"


def is_weak(fingerprint: str) -> bool:
    """Whether a fingerprint is bound to a path."""
    return fingerprint.startswith("ls1w-")


def load(path: str) -> Baseline:
    """Read a baseline.  Raises ConfigError for one that cannot be read or does not hold, naming the line."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}", where=path) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES >> 20} MiB", where=path)
    return parse(data, path)


def parse(data: bytes, name: str) -> Baseline:
    """Turn a file's bytes into a baseline.  Order, line endings and repeated lines do not matter.  Raises ConfigError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("is no baseline: not UTF-8 text", where=name) from None
    if not text.strip():
        return Baseline(name, None, {})
    if text.split("\n", 1)[0].rstrip("\r") != HEADER:
        raise ConfigError(f"is no baseline: the first line must be `{HEADER}`", where=name, hint="`leaksieve baseline create` writes one")
    strong = _STRONG.findall(text)
    weak = _WEAK.findall(text)
    entries: dict[Entry, str] = dict(strong)
    entries |= {f"{fingerprint} {path}": rule for fingerprint, rule, path in weak}
    # Every line but these is an entry; looking at each of a hundred thousand to see that costs more than counting.
    others = [each.rstrip("\r") for each in re.findall(r"^(?!ls1).*$", text, re.MULTILINE)]
    if len(strong) + len(weak) + len(others) != text.count("\n") + 1 or not all(map(_says_nothing, others)):
        _refuse(text, name)
    keys = [match.groups() for each in others if (match := _KEY.fullmatch(each))]
    if len(set(keys)) != 1 and (keys or entries):
        raise ConfigError("names no key" if not keys else "names several keys", where=name, hint="a baseline has one line `# key NAME ID`")
    comments = tuple(dict.fromkeys(each for each in others if each.startswith("#") and each != HEADER and not _KEY.fullmatch(each)))
    return Baseline(name, (keys[0][0], keys[0][1]) if keys else None, entries, comments)


def _refuse(text: str, name: str) -> NoReturn:
    """Raise ConfigError for the first line that is neither an entry nor a comment."""
    lines = enumerate(text.split("\n"), 1)
    number, first = next((number, each) for number, each in lines if not (_STRONG.fullmatch(each) or _WEAK.fullmatch(each) or _says_nothing(each)))
    if first.startswith(_CONFLICT):
        raise ConfigError(f"line {number} is a mark of a merge that was not finished", where=name, hint="`leaksieve baseline merge` unites two versions")
    # The line itself is not repeated: whatever it is, it may be a secret in the wrong place.
    raise ConfigError(f"line {number} is no entry", where=name, hint="an entry is a fingerprint, a rule's id and, after ls1w-, a path")


def _says_nothing(line: str) -> bool:
    """Whether a line is blank or a comment."""
    return not line.strip() or line.startswith("#")


def united(baselines: Iterable[Baseline], name: str) -> Baseline:
    """Return what any of several baselines holds.  Raises ConfigError when they were made with different keys."""
    entries: dict[Entry, str] = {}
    comments: dict[str, None] = {}
    key: tuple[str, str] | None = None
    for each in baselines:
        key = _one_key(key, each)
        _lay(entries, each.entries)
        comments |= dict.fromkeys(each.comments)
    return Baseline(name, key, entries, tuple(comments))


def merged(base: Baseline, ours: Baseline, theirs: Baseline) -> Baseline:
    """Return a merge of two versions with the one they come from: what either added is in it, what either took out is not."""
    key = None
    for each in (theirs, ours):
        key = _one_key(key, each)
    kept: dict[Entry, str] = {}
    for mine, other in ((ours, theirs), (theirs, ours)):
        _lay(kept, {known: rule for known, rule in mine.entries.items() if known in other.entries or known not in base.entries})
    return Baseline(ours.name, key, kept, tuple(dict.fromkeys((*ours.comments, *theirs.comments))))


def _lay(entries: dict[Entry, str], more: Mapping[Entry, str]) -> None:
    """Add entries; of two rule ids for one the first in the alphabet stays, so that the order of merging does not matter."""
    for known, rule in more.items():
        entries[known] = min(rule, entries.get(known, rule))


def _one_key(key: tuple[str, str] | None, baseline: Baseline) -> tuple[str, str] | None:
    if key is None or baseline.key is None:
        return key or baseline.key
    if key[1] != baseline.key[1]:
        raise ConfigError(f"was made with another key ({baseline.key[0]} {baseline.key[1]}) than the others ({key[0]} {key[1]})", where=baseline.name)
    return key
