"""What is assigned to what in a piece of a file, whatever its format.

Read are `name = value` in every spelling that rules know (see ``ruleset/assign.py``), so .env, YAML,
JSON, TOML, INI, HCL, XML elements and attributes, properties and program code; `ENV name value`;
options of a command line; and pairs such as `name: X` with `value: Y`, in either order, as lists of
variables have them in Kubernetes, Terraform, Postman and HAR.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from leaksieve.ruleset.assign import ASSIGN, NAME_TAIL
from leaksieve.ruleset.values import placeholder

# How far a pair's value may be from its name.
_PAIR = 400
# How many other fields may stand between them (type, description, enabled).
_BETWEEN = 4
_NAMES = frozenset((b"name", b"key", b"variable", b"var", b"id", b"property", b"param", b"parameter"))
_VALUES = frozenset((b"value", b"val", b"string", b"content", b"default", b"initialvalue", b"currentvalue", b"defaultvalue"))


class Assigned(NamedTuple):
    """A value, where it stands, and the name it is given, in lower case without what joins its words."""

    name: bytes
    start: int
    end: int
    quoted: bool


class _Raw(NamedTuple):
    """The same as it was read, with the place where the name begins."""

    name: bytes
    begin: int
    start: int
    end: int
    quoted: bool


@cache
def _plain() -> re.Pattern[bytes]:
    to_value = ASSIGN.removeprefix(NAME_TAIL)
    start = r"(?:(?<![\w.\-/])|(?<=--))(?<!\$\{)(?:(?<=\\)[nrt])?"
    return re.compile(f"{start}(?P<name>[A-Za-z_][\\w.\\-]{{0,63}}){to_value}{_VALUE}".encode("latin-1"))


# Up to the closing quote, however it is escaped; without quotes up to a blank, a separator or an escaped line break.
_VALUE = (
    r"(?:(?<=[\"'`;])(?P<quoted>[^\s\"'`,\r\n][^\"'`\r\n]{0,2099}?)(?=\\{0,4}[\"'`]|&(?:quot|#3[49]|#x2[27]);)"
    r"|(?<![\"'`;])(?!//)(?P<bare>(?:[^\s\"'`,;<>(){}\[\]&|\\]|\\(?![nrt\"'`\\])){1,2100}))"
)


@cache
def _spaced() -> re.Pattern[bytes]:
    """`ENV NAME value`, `--name value`, `login value`."""
    return re.compile(
        rb"(?:(?<![^\s;&\"])(?:ENV|ARG|export|setx|set -g?x)[ \t]+(?P<name>[A-Za-z_]\w{0,63})|(?<![\w\-])--?(?P<option>[A-Za-z][\w\-]{1,63})"
        rb"|(?<!\S)(?P<word>machine|login|account))[ \t]+[\"']?(?P<value>[^\s\"'`,;<>(){}\[\]|=\-][^\s\"'`,;<>(){}\[\]|=]{0,2099})"
    )


@cache
def _nested() -> re.Pattern[bytes]:
    """`name: { ... value: x }`: outputs of Terraform, its variables, fields of search documents."""
    return re.compile(
        rb"(?<![\w.\-/])(?P<name>[A-Za-z_][\w.\-]{0,63})[\"']?[ \t]{0,4}[:=]?[ \t]{0,4}\{(?=(?P<head>[^{}]{0,200}?[\s,\"'{](?:value|default)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?))"
    )


# What ends one entry of a list and begins the next.
_APART = re.compile(rb"[{}]|/>|\n[ \t]*-[ \t]|<[\w:.\-]+>\s*<")
_JOINTS = re.compile(rb"[_.\-\s]+")
_NAME_SHAPE = re.compile(rb"[A-Za-z_][\w.\- ]{1,63}\Z")
# Not a value but where one comes from, or none at all.
_ELSEWHERE = re.compile(
    rb"(?i)[$<%{*!&]|.*(?:\$[{(]|\{\{|\}\}|<%|%\(|\(\)|::|->)|(?:none|null|nil|true|false|undefined|string|todo|tbd|empty|redacted)\Z"
    rb"|(?:os|process|self|this|config|settings|request|var|local|module|data|secrets|env|vault|ref\+|op:|arn:aws:secretsmanager)[.:(\[]"
)


def plain_name(name: bytes) -> bytes:
    """A name as it is compared: ``AWS_Access-KeyId`` -> ``awsaccesskeyid``."""
    return _JOINTS.sub(b"", name).lower()


def is_elsewhere(value: bytes) -> bool:
    """Whether a value refers to another place or stands in for a real one."""
    # A port or an account number may well be a run of digits.
    return _ELSEWHERE.match(value) is not None or (not value.isdigit() and placeholder(value))


def assignments(data: bytes, low: int, high: int) -> list[Assigned]:
    """Everything that is assigned in a piece of the data, in order of the values' places."""
    found: list[Assigned] = []
    raw: list[_Raw] = []
    for match in _plain().finditer(data, low, high):
        group = "quoted" if match.start("quoted") >= 0 else "bare"
        start, end = match.span(group)
        raw.append(_Raw(plain_name(match["name"]), match.start(), start, end, group == "quoted"))
    found += _pairs(data, raw)
    found += [Assigned(one.name, one.start, one.end, one.quoted) for one in raw]
    taken = {one.start for one in found}
    for match in _spaced().finditer(data, low, high):
        start, end = match.span("value")
        if start not in taken:
            found.append(Assigned(plain_name(match["name"] or match["option"] or match["word"]), start, end, False))
    by_place = {one.start: (one.end, one.quoted) for one in raw}
    for match in _nested().finditer(data, low, high):
        start = match.end("head")
        if start in by_place:
            found.append(Assigned(plain_name(match["name"]), start, *by_place[start]))
    return sorted(found, key=lambda one: one.start)


def _pairs(data: bytes, raw: list[_Raw]) -> list[Assigned]:
    """Values that a field of their own names: the nearest after the name, else the nearest before it."""
    found = []
    for index, one in enumerate(raw):
        if one.name not in _NAMES or not _NAME_SHAPE.match(data, one.start, one.end):
            continue
        behind = next((other for other in raw[index + 1 : index + 2 + _BETWEEN] if other.name in _VALUES), None)
        if behind is None or not _joined(data, one.end, behind.begin):
            before = next((other for other in raw[max(index - 1 - _BETWEEN, 0) : index][::-1] if other.name in _VALUES), None)
            behind = before if before is not None and _joined(data, before.end, one.begin) else None
        if behind is not None:
            found.append(Assigned(plain_name(data[one.start : one.end]), behind.start, behind.end, behind.quoted))
    return found


def _joined(data: bytes, first: int, last: int) -> bool:
    return last - first <= _PAIR and not _APART.search(data, first, last)
