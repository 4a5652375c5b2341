"""What is looked at in a candidate of a generic rule: its value, its name, the syntax around it, the path of its file.

Each property is a short string; the scorer adds up what the properties weigh.  The same functions
serve the training and the scan.  ``of_line`` depends on the line alone, ``of_path`` on the path.
"""

from __future__ import annotations

import re
from bisect import bisect
from functools import cache, lru_cache
from itertools import groupby
from math import log2
from typing import NamedTuple

from leaksieve.ruleset.named import NAME_BYTES, name_at_end
from leaksieve.ruleset.vocabulary_data import LETTERS, WORDS

# How far before the match and after the value the line is looked at.
BEFORE = 120
AFTER = 40
LONG = 200


class Candidate(NamedTuple):
    """A value with its surroundings in one line.

    ``before`` is the line up to the rule's match (its end, for long lines), ``head`` the match up to the
    value, ``after`` what follows the value.
    """

    before: bytes
    head: bytes
    value: bytes
    after: bytes
    width: int


def candidate(text: bytes, begin: int, start: int, end: int) -> Candidate:
    """The candidate whose rule matched from ``begin`` and whose value is ``text[start:end]``."""
    low = text.rfind(b"\n", max(begin - LONG, 0), begin) + 1 or max(begin - LONG, 0)
    high = text.find(b"\n", end, end + LONG)
    high = min(end + LONG, len(text)) if high < 0 else high
    return Candidate(text[max(low, begin - BEFORE) : begin], text[begin:start], text[start:end], text[end : min(high, end + AFTER)], high - low)


_PIECES = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_LETTERS = re.compile(rb"[A-Za-z]{2,}")
# What a name is made of; its end, which the rule matched, may hold spaces as well.
_NAME_END = NAME_BYTES + b" "
_OPERATOR = re.compile(rb"(?:=>|:=|\?=|\|\|=?|\?\?=?|===?|!==?|<-|::|[=:>,(])")
_VALUE_ATTRIBUTE = re.compile(rb"(?i)value[ \t]*=")
# Letters, digits and bytes outside ASCII by kind; marks stand for themselves.
_CLASSES = bytes(97 if 97 <= byte <= 122 else 65 if 65 <= byte <= 90 else 57 if 48 <= byte <= 57 else 111 if byte > 127 else byte for byte in range(256))
_HEX = re.compile(rb"\A(?:[0-9a-f]+|[0-9A-F]+)\Z")
_BASE64 = re.compile(rb"\A[A-Za-z0-9+/_-]+={0,2}\Z")
_UUID = re.compile(rb"(?i)\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_RUN = re.compile(rb"(.)\1\1", re.DOTALL)
_STEPS = re.compile(rb"(?i)0123|1234|2345|4567|6789|9876|4321|abcd|cdef|qwer|asdf|zxcv")
_NEVER = frozenset((b"password", b"passwd", b"test", b"example", b"sample", b"dummy", b"changeme", b"change", b"default", b"your"))
_JOINED = re.compile(rb"[A-Za-z0-9_.!@#$%^*+=-]+\Z")
_MARKS = frozenset(b"./-_:@$%{}<>()[]*#\\=+&?!~ |;,^'\"")
# The next parameter of a URL's query or of a form.
_QUERY = re.compile(rb"&(?:amp;)?[\w.-]{1,40}=")
_COMMENT = re.compile(rb"\A[ \t]*(?:#|//|/?\*|--[ \t]|;|<!--|%|rem\b|\.\. )|[ \t](?:#|//|/\*)[ \t]")
_OPENERS = re.compile(
    rb"(?:\A|[\s;({])(export|set|env|ENV|ARG|const|let|var|final|static|string|String|char|def|val|public|private|protected|-e|--[\w-]*|-[A-Z]|assert\w*|expect|return|if|curl|new)[ \t]"
)

_QUOTES = (b'"', b"'", b"`", b";")
# Words of names whose value is a password, which may be anything; all others hold something made by a machine.
_PASSWORD = frozenset((b"pwd", b"passwd", b"password", b"pass", b"passphrase", b"passwords", b"passcode"))


def of_line(one: Candidate) -> list[str]:
    """Properties of value, name and syntax; the first is the kind of the name: ``pass`` or ``key``."""
    name, words = _name(one)
    kind = "key" if _PASSWORD.isdisjoint(words) else "pass"
    found = [kind]
    value = one.value
    query = _QUERY.search(value) if b"&" in value else None
    _of_value(value[: query.start()] if query and query.start() else value, kind, words, found)
    if query:
        found.append("query")
    _of_name(name, words, found)
    _of_syntax(one, kind, found)
    return found


def name_words(one: Candidate) -> list[bytes]:
    """The words of the assigned name, in lower case."""
    return _name(one)[1]


def _name(one: Candidate) -> tuple[bytes, list[bytes]]:
    left = name_at_end(one.before)
    rest = one.head[: len(one.head) - len(one.head.lstrip(_NAME_END))]
    name = (left[-48:] + rest).strip(b" .-_")
    return name, [piece.lower() for piece in _PIECES.findall(name)]


def _of_value(value: bytes, kind: str, name: list[bytes], found: list[str]) -> None:
    k = kind[0]
    size = len(value)
    classes = value.translate(_CLASSES)
    lower, upper, digits, other = classes.count(b"a"), classes.count(b"A"), classes.count(b"9"), classes.count(b"o")
    marks = size - lower - upper - digits - other
    mask = ("l" if lower else "") + ("u" if upper else "") + ("d" if digits else "") + ("m" if marks else "") + ("o" if other else "")
    long = bisect((5, 6, 7, 8, 9, 11, 13, 17, 21, 25, 33, 41, 65), size)
    found += [f"{k}len{long}", f"{k}cls:{mask}", f"cls:{mask}", f"{k}dig{bisect((0.01, 0.1, 0.2, 0.35, 0.6, 0.99), digits / size)}"]
    every = set(value)
    found.append(f"{k}dis{bisect((0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), len(every) / min(size, 64))}")
    bits = log2(size) - sum([count * log2(count) for count in map(value.count, every)]) / size
    found.append(f"{k}ent{bisect((1.5, 2.0, 2.4, 2.7, 3.0, 3.25, 3.5, 3.75, 4.0, 4.4, 4.8), bits)}")
    if digits and not marks and not other and not (lower and upper) and _HEX.match(value):
        found.append(f"{k}hex{bisect((8, 16, 24, 32, 33, 40, 41, 64, 65), size)}")
        if not lower and not upper:
            found.append(f"{k}number{bisect((5, 7, 9, 13), size)}")
    elif size >= 16 and _BASE64.match(value):
        found.append(f"{k}b64{bisect((20, 24, 40, 64), size)}{'p' if value.endswith(b'=') else ''}")
    if marks:
        if size == 36 and _UUID.match(value):
            found.append("uuid")
        found += [f"{k}has{chr(mark)}" for mark in every.intersection(_MARKS)]
        found.append(f"{k}mk{bisect((0.08, 0.15, 0.3, 0.5), marks / size)}")
    found += [f"{k}first:{chr(classes[0])}", f"{k}last:{chr(classes[-1])}"]
    # Words: how much of the letters are ordinary ones, and how the rest reads.
    letters = odd = pairs = known = 0
    hits: set[bytes] = set()
    for run in _LETTERS.findall(value[:96]):
        letters += len(run)
        low = run.lower()
        if len(low) > 2:
            odd += sum([LETTERS[a * 676 + b * 26 + c - 68191] for a, b, c in zip(low, low[1:], low[2:], strict=False)]) - 48 * (len(low) - 2)
            pairs += len(low) - 2
            known += _covered(run, low, hits)
    if letters:
        found.append(f"{k}words{bisect((0.01, 0.2, 0.4, 0.6, 0.8, 0.99), known / letters)}")
        if pairs:
            read = bisect((0.3, 0.8, 1.3, 1.8, 2.4, 3.0, 3.6, 4.2, 5.0, 6.0), odd / pairs)
            found += [f"{k}read{read}", f"read{read}/{bisect((3, 6, 10, 16), pairs)}"]
            if not digits:
                found.append(f"{k}bare{read}")
    found.append(f"{k}let{bisect((0.01, 0.3, 0.6, 0.8, 0.99), letters / size)}")
    steps = _STEPS.search(value)
    if kind == "pass" and not steps and 8 <= size <= 40 and _JOINED.match(value) and hits.isdisjoint(_NEVER):
        # How people make up passwords: words with something random behind them, or a word with what a policy asks for.
        behind = size >= 12 and sum([len(word) > 3 for word in hits]) > 1 and letters - known + digits >= 3 and (digits or (upper and lower))
        if behind or (upper and lower and digits and value[-1:] in b"!@#$%*?"):
            found.append("joined")
    if hits:
        found += ["w:" + word.decode() for word in hits if word in STOCK]
        if not hits.isdisjoint(name):
            found.append(f"{k}echo")
    shape = bytes([kind for kind, _ in groupby(classes[:40])]).decode()
    found.append(f"{k}sh:{shape if len(shape) <= 6 else shape[:5] + '+'}")
    found.append(f"{k}parts{bisect((2, 3, 4, 6, 9, 13, 20), len(shape))}")
    if _RUN.search(value):
        found.append(f"{k}run")
    if steps:
        found.append(f"{k}steps")
    if size >= 4 and (value + value).find(value, 1) < size:
        found.append(f"{k}again")


def _covered(run: bytes, low: bytes, hits: set[bytes]) -> int:
    """How many letters of a run are in ordinary words, the longest first from the left; capitals begin a word."""
    covered = place = 0
    size = len(low)
    lengths = _lengths().get
    while place < size - 2:
        for length in lengths(low[place : place + 3], ()):
            word = low[place : place + length]
            # Three letters occur by chance: they count at the ends and between capitals only.
            if word in WORDS and len(word) == length and (length > 3 or size == 3 or place == 0 or place + 3 == size or run[place : place + 1].isupper()):
                covered += length
                hits.add(word)
                place += length
                break
        else:
            place += 1
    return covered


@cache
def _lengths() -> dict[bytes, tuple[int, ...]]:
    """By the first three letters, how long words that begin so are, the longest first."""
    found: dict[bytes, set[int]] = {}
    for word in WORDS:
        found.setdefault(word[:3], set()).add(len(word))
    return {start: tuple(sorted(lengths, reverse=True)) for start, lengths in found.items()}


def _class(byte: int) -> str:
    return chr(_CLASSES[byte])


def _of_name(name: bytes, words: list[bytes], found: list[str]) -> None:
    if not words:
        found.append("nameless")
        return
    texts = [word.decode() for word in words[-5:] if not word.isdigit()]
    found += [f"n:{text}" for text in set(texts)]
    if texts:
        found.append(f"last:{texts[-1]}")
        if len(texts) > 1:
            found.append(f"pair:{texts[-2]}_{texts[-1]}")
        found.append(f"count{min(len(texts), 4)}")
    if words[-1].isdigit():
        found.append("numbered")
    style = "upper" if name.isupper() else "lower" if name.islower() else "title" if name[:1].isupper() else "camel"
    found.append(f"style:{style}")
    if b"." in name:
        found.append("dotted")


def _of_syntax(one: Candidate, kind: str, found: list[str]) -> None:
    k = kind[0]
    tail = one.head.lstrip(_NAME_END)
    quote = _quote(one.head)
    if quote == "bare" and inside(one):
        quote = "inside"
    operator = _OPERATOR.search(tail)
    sign = operator[0].decode() if operator else "none"
    if b"=" in tail and _VALUE_ATTRIBUTE.search(tail):
        sign = "value="
    named = tail[:1] in (b'"', b"'", b"`", b"\\", b"&")
    found += [f"q:{quote}", f"{k}q:{quote}", f"op:{sign}", f"{k}op:{sign}{'n' if named else ''}{'' if quote == 'bare' else 'q'}"]
    after = one.after
    closing = after.lstrip(b"\\")[:1] if quote not in ("bare", "inside") else b""
    rest_of_line = after.lstrip(b"\\")[1:] if closing in (b'"', b"'", b"`") else after
    follow = rest_of_line.strip(b" \t")[:1]
    found.append(f"{k}next:{_class(follow[0]) if follow else 'end'}{'' if quote in ('bare', 'inside') else 'q'}")
    if rest_of_line[:1] in (b" ", b"\t") and follow:
        found.append(f"{k}spaced")
    line = one.before
    if _COMMENT.search(line):
        found.append("comment")
    opener = _OPENERS.search(line)
    if opener:
        found.append("by:" + opener[1].decode()[:8])
    stripped = line.rstrip(NAME_BYTES).rstrip(b" \t")
    found.append(f"left:{_class(stripped[-1]) if stripped else 'start'}")
    found.append(f"width{bisect((40, 80, 120, 200, 320), one.width)}")


def _quote(head: bytes) -> str:
    last = head[-1:]
    if last in (b'"', b"'", b"`"):
        return ("esc" if head[-2:-1] == b"\\" else "") + ("at" if head[-2:-1] == b"@" else "") + last.decode()
    if last == b";":
        return "entity"
    return "bare"


def inside(one: Candidate) -> bool:
    """Whether a value without quotes of its own stands in a longer string, as in a connection string."""
    left = one.before + one.head
    return any(left.count(mark) % 2 for mark in (b'"', b"'", b"`"))


def quoting(one: Candidate) -> str:
    """How the value stands: ``q`` in quotes of its own, ``i`` inside a longer string, ``b`` bare."""
    return "q" if one.head[-1:] in _QUOTES else "i" if inside(one) else "b"


# Words of values that weigh on their own: what stand-ins and test values are made of.
STOCK = frozenset(
    b"""access admin api app auth basic bearer change client code config credential credentials custom default demo dummy email empty encrypted
    example expired fake field foo bar baz foobar hash hello hidden host invalid json key keys local login master mock name new none null number oauth old
    optional other pass passwd password passwords placeholder private public read refresh required reset root salt sample secret secrets secure
    server service session some string super system temp test testing tests text this token tokens type undefined unknown user username users valid value with
    wrong your""".split()
)

_GROUPS = {
    "program": "py pyi pyx js jsx mjs cjs ts tsx java kt kts scala groovy go c h cc cpp cxx hpp hh m mm cs fs vb rb php rs swift dart lua pl pm r jl ex exs erl hs clj vue svelte ipynb proto",
    "text": "md markdown rst txt adoc asciidoc tex html htm xhtml",
    "data": "json xml har tfstate cast snap csv tsv plist",
    "yaml": "yml yaml",
    "config": "env ini conf cfg properties toml example dist sample template tf tfvars hcl local config ldif",
    "shell": "sh bash zsh ps1 psm1 bat cmd ks fish",
    "sql": "sql",
    "style": "css scss less map min",
}
_BY_ENDING = {ending: group for group, endings in _GROUPS.items() for ending in endings.split()}
_FOLDERS = {
    "test": "test tests testing testdata spec specs fixture fixtures mock mocks e2e __tests__",
    "sample": "example examples sample samples demo",
    "docs": "doc docs documentation",
    "vendor": "vendor node_modules third_party deps",
    "locale": "locale locales lang i18n translations l10n",
    "config": "conf config setting settings docker init",
    "template": "template templates",
    "public": "public static assets dist build",
}
_BY_FOLDER = {name: group for group, names in _FOLDERS.items() for name in names.split()}
_TEST_NAME = re.compile(r"(?i)(?:^|[._-])(?:tests?|specs?|mocks?|fixtures?)(?:[._-]|$)|(?:Test|Tests|Spec)\.[a-z]+$")


@lru_cache(maxsize=512)
def of_path(path: bytes, kind: str, quoting: str) -> tuple[str, ...]:
    """Properties of a path, for values of this kind and quoting."""
    if not path:
        return ()
    *folders, name = path.decode("utf-8", "replace").split("/")
    stem, dot, ending = name.rpartition(".")
    group = _BY_ENDING.get(ending.lower(), "other") if dot and stem else "dot" if dot else "plain"
    k, b = kind[0], quoting
    found = [f"ext:{group}", f"{k}{b}ext:{group}", f"{b}end:{ending.lower()[:10]}" if dot else f"{b}end:"]
    areas = {_BY_FOLDER[folder.lower()] for folder in folders if folder.lower() in _BY_FOLDER}
    if _TEST_NAME.search(name):
        areas.add("test")
    for area in sorted(areas) or ["none"]:
        found += [f"in:{area}", f"{k}in:{area}"]
    return tuple(found)
