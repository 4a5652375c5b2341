"""As much of BSON as a login to MongoDB takes: texts, numbers, flags, bytes, documents and lists."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

# Kinds that are skipped, by their length.
_FIXED = {0x07: 12, 0x09: 8, 0x0A: 0, 0x11: 8, 0x13: 16}
_DEEPEST = 12


def dump(document: Mapping[str, Any]) -> bytes:
    """A document as bytes."""
    out = bytearray()
    for name, value in document.items():
        kind, data = _value(value)
        out += kind + name.encode() + b"\0" + data
    return struct.pack("<i", len(out) + 5) + bytes(out) + b"\0"


def load(data: bytes, depth: int = 0) -> dict[str, Any]:
    """A document from bytes; values of kinds that no login has are None.  ValueError or struct.error for what is none."""
    if depth > _DEEPEST or len(data) < 5:
        raise ValueError
    (length,) = struct.unpack_from("<i", data)
    if length != len(data):
        raise ValueError
    found: dict[str, Any] = {}
    at = 4
    while data[at]:
        kind = data[at]
        end = data.index(b"\0", at + 1)
        name = data[at + 1 : end].decode()
        found[name], at = _read(kind, data, end + 1, depth)
    return found


def _value(value: Any) -> tuple[bytes, bytes]:
    if isinstance(value, bool):
        return b"\x08", bytes([value])
    if isinstance(value, int):
        return b"\x10", struct.pack("<i", value)
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02", struct.pack("<i", len(text)) + text
    if isinstance(value, bytes):
        return b"\x05", struct.pack("<iB", len(value), 0) + value
    if isinstance(value, list):
        return b"\x04", dump({str(number): one for number, one in enumerate(value)})
    return b"\x03", dump(value)


def _read(kind: int, data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """A value, and where the next element begins."""
    match kind:
        case 0x01:
            return struct.unpack_from("<d", data, at)[0], at + 8
        case 0x02:
            (size,) = struct.unpack_from("<I", data, at)
            return data[at + 4 : at + 3 + size].decode("utf-8", "replace"), at + 4 + size
        case 0x03 | 0x04:
            (size,) = struct.unpack_from("<I", data, at)
            inside = load(data[at : at + size], depth + 1)
            return (list(inside.values()) if kind == 0x04 else inside), at + size
        case 0x05:
            (size,) = struct.unpack_from("<I", data, at)
            return data[at + 5 : at + 5 + size], at + 5 + size
        case 0x08:
            return data[at] == 1, at + 1
        case 0x10:
            return struct.unpack_from("<i", data, at)[0], at + 4
        case 0x12:
            return struct.unpack_from("<q", data, at)[0], at + 8
        case _ if kind in _FIXED:
            return None, at + _FIXED[kind]
    raise ValueError
