r"""A name and its value in two fields, read as one assignment.

Lists of variables keep them apart: ``- name: DB_PASSWORD`` over ``value: hunter2`` (Kubernetes, Compose),
``{"key": "token", "value": "..."}`` (Postman, HAR, tfstate) in either order, ``<key>...</key><string>``
(property lists), ``variable "db_password" { default = "..." }`` (Terraform).  Where the name holds a
credential word the two are put together, ``DB_PASSWORD: hunter2``, for the rules to judge like any other.
"""

from __future__ import annotations

import re
from functools import cache

from leaksieve.engine.mapping import Decoded
from leaksieve.ruleset.named import CREDENTIAL_WORDS, NAME_BYTES

NAME = "pair"
# How far from its value a name may stand, bytes.
REACH = 320
_LONGEST = 512
# How far behind the opening of a field its value and the name of that may end, bytes.
_FARTHEST = 32 + _LONGEST + REACH
_BLOCK = 1024
_WORDS = tuple(word.encode() for word in CREDENTIAL_WORDS)
_LONGEST_WORD = max(map(len, _WORDS))
# How far behind a brace a value may stand to be named by what is before it, bytes.
_INSIDE = 240

# What opens a value's field, as decoders are opened: patterns of fixed length (a blank more or less between being a spelling of
# its own), and what they all hold, at which place.  The first character is what stands before the word: `arg_value` and `defaultvalue` are other names.
_ALONE = r"[^A-Za-z0-9_.\-]"
OPENINGS: tuple[tuple[str, int, bytes, int], ...] = (
    (_ALONE + r"value\": \"", 10, b"value", 1),
    (_ALONE + r"value\":\"", 9, b"value", 1),
    (_ALONE + r"value' => '", 12, b"value", 1),
    (_ALONE + r"value\\\": \\\"", 12, b"value", 1),
    (_ALONE + r"value\\\":\\\"", 11, b"value", 1),
    (_ALONE + r"value: [^\s{[|>&*]", 9, b"value", 1),
    (_ALONE + r"value = \"", 10, b"value", 1),
    (_ALONE + r"value  = \"", 11, b"value", 1),
    (_ALONE + r"value=\"[^\"]", 9, b"value", 1),
    (r"<value>[^<]", 8, b"value", 1),
    (r"<string>[^<]", 9, b"<string>", 0),
    (_ALONE + r"default = \"", 12, b"default", 1),
    (_ALONE + r"default   = \"", 14, b"default", 1),
    (_ALONE + r"default     = \"", 16, b"default", 1),
)


def _says_credential(text: bytes) -> bool:
    lowered = text.lower()
    for word in _WORDS:  # noqa: SIM110  a loop is a third faster
        if word in lowered:
            return True
    return False


@cache
def _value() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?is).(?:value|string|default)(?:\\{0,2}[\"']|>)?[ \t]{0,8}(?:=>|[:=])?[ \t]{0,4}"
        rb"(?:\\{0,2}[\"'](?P<quoted>[^\"'\\\r\n]{4,512}?)(?=\\{0,2}[\"'])|(?P<bare>[^\s\"'`<>{}\[\],\\$&|*!%@#][^\s\"'`<>{}\[\],\\]{3,512}+(?=[ \t]*+(?:[\r\n,}\]<#]|\Z))))"
    )


@cache
def _field() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i)(?<![\w.\-])(?:name|key)(?:\\{0,2}[\"']|>)?[ \t]{0,8}(?:=>|[:=])?[ \t]{0,4}(?:\\{0,2}[\"'])?(?P<name>[\w.\-]{2,96})(?=\\{0,2}[\"']|<|[ \t]*,?[ \t]*\r?\n|,)"
    )


@cache
def _other_value() -> re.Pattern[bytes]:
    return re.compile(rb"(?i)(?<![\w.\-])(?:value|string|default)(?:\\{0,2}[\"']|>)?[ \t]{0,8}(?:=>|[:=]|(?<=>))")


class Fields:
    """The fields of one buffer; most are not near anything that says credential, which is looked up block by block."""

    __slots__ = ("_data", "_said")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._said: dict[int, bool] = {}

    def pair(self, place: int) -> Decoded | None:
        """What :func:`pair` makes of the field at ``place``."""
        first, last = max(place - REACH, 0) // _BLOCK, (place + _FARTHEST) // _BLOCK
        for block in range(first, last + 1):
            said = self._said.get(block)
            if said is None:
                # A word may lie across the border.
                said = self._said[block] = _says_credential(self._data[block * _BLOCK : (block + 1) * _BLOCK + _LONGEST_WORD])
            if said:
                return pair(self._data, place)
        return None


def pair(data: bytes, place: int) -> Decoded | None:
    """The assignment that the value's field at ``place`` makes with its name; None where there is no name that says credential."""
    low = max(place - REACH, 0)
    # Nearly every field says nothing of the kind: two looks are all it costs.
    opened = _value().match(data, place)
    if opened is None or not (_says_credential(data[low:place]) or _says_credential(data[opened.end() : opened.end() + REACH])):
        return None
    quoted = opened["quoted"] is not None
    start, end = opened.span("quoted" if quoted else "bare")
    name = _before(data[low:place]) or _behind(data[end : end + REACH])
    if name is None or not _says_credential(name):
        return None
    head = name + (b' = "' if quoted else b": ")
    value = data[start:end]
    # Each byte of the name leads to where the value begins.
    count = len(head)
    return Decoded(head + value + (b'"' if quoted else b"\n"), NAME, [*range(count + 1), count + len(value)], [start] * (count + 1) + [end], (1, 1), end)


def _before(text: bytes) -> bytes | None:
    """The name in the nearest field before a value, unless another value took it, or the heading of the braces around it."""
    border = max(text.rfind(b"}"), text.rfind(b"\n\n"), text.rfind(b"]"))
    near = text[border + 1 :]
    if b"{" not in near or near.rfind(b"{") < max(near.rfind(b"name"), near.rfind(b"key")):
        fields = list(_field().finditer(near))
        if fields and not _other_value().search(near, fields[-1].end()):
            return fields[-1]["name"]
    return _heading(text)


def _heading(text: bytes) -> bytes | None:
    """The name before the brace that a value stands in, with nothing but plain fields between."""
    brace = text.rfind(b"{")
    if brace < text.rfind(b"}") or not 0 <= brace >= len(text) - _INSIDE:
        return None
    before = text[:brace].rstrip(b" \t")
    before = (before[:-1] if before[-1:] in (b":", b"=") else before).rstrip(b" \t\"'\\")
    name = before[len(before.rstrip(NAME_BYTES)) :]
    return name if name and not _field().search(text, brace) else None


def _behind(text: bytes) -> bytes | None:
    """The name in the next field behind a value, before its braces close and before another value."""
    for border in (b"}", b"{", b"\n\n", b"]"):
        place = text.find(border)
        if place >= 0:
            text = text[:place]
    other = _other_value().search(text)
    found = _field().search(text + b"\n", 0, other.start() if other else len(text) + 1)
    return found["name"] if found is not None else None
