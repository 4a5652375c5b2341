"""Macaroons: an identifier, caveats that narrow it, and a signature over all of it."""

from __future__ import annotations

import json

from leaksieve.engine.checks import Detail, Proof, Subject
from leaksieve.engine.checks_bytes import Reader, shown, term, unbase64

_END, _LOCATION, _IDENTIFIER, _SIGNATURE = 0, 1, 2, 6
_CAVEATS = 100


def _varint(reader: Reader) -> int:
    number = 0
    for place in range(5):
        byte = reader.number(1)
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number
    raise ValueError("too long a number")


def _section(reader: Reader) -> dict[int, bytes]:
    """The fields up to the end mark, by type."""
    fields: dict[int, bytes] = {}
    while kind := _varint(reader):
        if kind in fields:
            raise ValueError("a field stands twice")
        fields[kind] = reader.take(_varint(reader))
    return fields


def pypi(subject: Subject) -> Proof:
    """An API token of the Python package index: a macaroon in the second binary format whose caveats are JSON."""
    reader = Reader(unbase64(subject.value.partition(b"-")[2]))
    if reader.number(1) != 2:
        return Proof(False)
    first = _section(reader)
    details: dict[str, Detail] = {"issuer": first[_LOCATION].decode()} if _LOCATION in first else {}
    for _ in range(_CAVEATS):
        caveat = _section(reader)
        if not caveat:
            break
        details |= _caveat(caveat.get(_IDENTIFIER, b""), subject.now)
    if _varint(reader) != _SIGNATURE:
        return Proof(False)
    return Proof(_varint(reader) == 32 and reader.left == 32 and _IDENTIFIER in first, details)


def _caveat(text: bytes, now: float) -> dict[str, Detail]:
    try:
        caveat = json.loads(text)
    except ValueError:
        return {}
    if isinstance(caveat, dict):
        scope = caveat.get("permissions")
        names = scope.get("projects") if isinstance(scope, dict) else None
        return _scope(names) or ({"scope": scope} if scope == "user" else {})
    if not isinstance(caveat, list) or len(caveat) < 2 or isinstance(caveat[0], bool):
        return {}
    if caveat[0] == 0:
        return term(caveat[1], now)
    return _scope(caveat[1]) if caveat[0] == 1 else {}


def _scope(names: object) -> dict[str, Detail]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return {}
    text = shown(", ".join(names))
    return {"scope": text} if text else {}
