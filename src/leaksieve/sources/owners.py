"""Who answers for a path: the CODEOWNERS file of a repository, as GitHub and GitLab read it.

The last pattern that holds for a path names its owners; in GitLab's form that is asked for each section,
and the owners of all sections answer.  The file is looked for where the two look.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

# Most repositories have no such file: what reads its patterns is imported for one that is there.
if TYPE_CHECKING:
    from leaksieve.sources.ignore import Scope

PLACES = (b".github/CODEOWNERS", b"CODEOWNERS", b"docs/CODEOWNERS", b".gitlab/CODEOWNERS")
# GitHub reads files up to this size.
MAX_BYTES = 3 * 1024 * 1024
_MOST_OWNERS = 20
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s.*)?)")
_BLANK = re.compile(r"(?<!\\)\s+")


class _Rule(NamedTuple):
    """One pattern: whether it holds for the files of one folder alone, and its owners."""

    scope: Scope
    flat: bool
    owners: tuple[str, ...]

    def holds(self, path: bytes) -> bool:
        from leaksieve.sources.named import is_excluded

        if not self.flat:
            return is_excluded(self.scope, path)
        folder, _, name = path.rpartition(b"/")
        return self.scope.enter(folder).ignores_file(name)


class Owners:
    """The owners of one repository's paths; ``name`` is the file that says so."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._sections = _read(text)
        self._known: dict[bytes, tuple[str, ...]] = {}

    def of(self, path: bytes) -> tuple[str, ...]:
        """Return the owners of a path (relative to the repository's root), () where it has none."""
        known = self._known.get(path)
        if known is None:
            found: dict[str, None] = {}
            for rules in self._sections:
                last = next((rule for rule in reversed(rules) if rule.holds(path)), None)
                if last is not None:
                    found |= dict.fromkeys(last.owners)
            known = self._known[path] = tuple(found)[:_MOST_OWNERS]
        return known


def owners_of(root: bytes) -> Owners | None:
    """Read the file of a working tree; None where there is none that can be read.  Links are not followed out of it."""
    for place in PLACES:
        path = os.path.join(root, place)
        try:
            if not os.path.realpath(path).startswith(os.path.realpath(root).rstrip(b"/") + b"/"):
                continue
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        except (OSError, ValueError):
            continue
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                continue
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return Owners(data.decode("utf-8-sig", "surrogateescape"), place.decode())
    return None


def _read(text: str) -> list[list[_Rule]]:
    sections: dict[str, list[_Rule]] = {"": []}
    name = ""
    usual: tuple[str, ...] = ()
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        heading = _SECTION.fullmatch(line)
        if heading:
            # Sections of one name, in any case, are one.
            name, usual = heading["name"].strip().lower(), _named(heading["owners"].split())
            sections.setdefault(name, [])
            continue
        pattern, *rest = _BLANK.split(line)
        owners = _named(rest)
        rule = _rule(pattern, owners if owners or not name else usual, everywhere=len(sections) > 1)
        if rule is not None:
            sections[name].append(rule)
    return [rules for rules in sections.values() if rules]


def _named(words: Sequence[str]) -> tuple[str, ...]:
    """Owners: names and teams with an @ in front, addresses; what follows a # is a comment."""
    found = []
    for word in words:
        if word.startswith("#"):
            break
        if "@" in word and word.isprintable():
            found.append(word)
    return tuple(found)


def _rule(pattern: str, owners: tuple[str, ...], *, everywhere: bool) -> _Rule | None:
    if pattern.startswith("!"):
        return None
    from leaksieve.sources.ignore import IgnoreList, Scope

    body = pattern.replace("\\ ", " ").removeprefix("\\") if pattern.startswith("\\#") else pattern.replace("\\ ", " ")
    # GitLab's paths without a slash in front are looked for at any depth.
    if everywhere and not body.startswith(("/", "**/")) and "/" in body.rstrip("/"):
        body = f"**/{body}"
    line = f"\\{body}" if body.startswith("#") else body
    rules = IgnoreList(line.encode("utf-8", "surrogateescape"))
    return _Rule(Scope.root(rules), body.endswith("/*"), owners) if rules else None
