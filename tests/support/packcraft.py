"""Packs and their indexes written by hand, so that they can hold what git would never write."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import NamedTuple

NUMBERS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4, "ofs": 6, "ref": 7}


class Entry(NamedTuple):
    """One entry.  ``oid`` is what the index calls it (raw); ``base`` an entry's number (ofs), or a raw id (ref).

    ``size`` overrides the announced size, ``stream`` the compressed bytes, ``number`` the type number.
    """

    kind: str
    data: bytes
    oid: bytes = b""
    base: int | bytes = b""
    size: int | None = None
    stream: bytes | None = None
    number: int | None = None
    back: int | None = None


def object_id(kind: str, data: bytes) -> bytes:
    """The raw SHA-1 id of an object."""
    return hashlib.sha1(b"%b %d\0%b" % (kind.encode(), len(data), data)).digest()


def whole(kind: str, data: bytes) -> Entry:
    """An ordinary object."""
    return Entry(kind, data, object_id(kind, data))


def varint(number: int) -> bytes:
    """Little-endian groups of seven bits."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes((*out, number))


def copy(offset: int, length: int) -> bytes:
    """A delta's instruction to copy from its base."""
    return bytes((0xFF, *offset.to_bytes(4, "little"), *length.to_bytes(3, "little")))


def delta(base_size: int, size: int, *instructions: bytes) -> bytes:
    """A delta; instructions are made by :func:`copy`, or are literals of 1 to 127 bytes behind their length."""
    return varint(base_size) + varint(size) + b"".join(instructions)


def literal(data: bytes) -> bytes:
    """Instructions that insert bytes."""
    return b"".join(bytes((len(data[at : at + 127]),)) + data[at : at + 127] for at in range(0, len(data), 127))


def zeros(size: int) -> bytes:
    """A sound zlib stream of that many zero bytes (a multiple of 1 MiB), made in no time whatever the size."""
    block = bytes(1 << 20)
    stream = zlib.compressobj(9)
    head = stream.compress(block) + stream.flush(zlib.Z_FULL_FLUSH)
    further = stream.compress(block) + stream.flush(zlib.Z_FULL_FLUSH)
    end = b"\x03\x00"  # an empty last block
    check = size % 65521 << 16 | 1
    return head + further * (size // len(block) - 1) + end + check.to_bytes(4)


def _head(number: int, size: int) -> bytes:
    first, rest = size & 15, size >> 4
    return bytes((number << 4 | first | (128 if rest else 0),)) + (varint(rest) if rest else b"")


def _offset(back: int) -> bytes:
    out = [back & 127]
    back >>= 7
    while back:
        back -= 1
        out.insert(0, back & 127 | 128)
        back >>= 7
    return bytes(out)


def write_pack(folder: Path, entries: list[Entry]) -> Path:
    """Write pack and index below an ``objects`` directory; return the pack's path."""
    body = bytearray(b"PACK" + (2).to_bytes(4) + len(entries).to_bytes(4))
    offsets = []
    for entry in entries:
        at = len(body)
        offsets.append(at)
        number = NUMBERS[entry.kind] if entry.number is None else entry.number
        body += _head(number, len(entry.data) if entry.size is None else entry.size)
        if entry.kind == "ofs":
            body += _offset(entry.back if entry.back is not None else at - offsets[int(entry.base)])  # type: ignore[arg-type]
        elif entry.kind == "ref":
            assert isinstance(entry.base, bytes)
            body += entry.base
        body += zlib.compress(entry.data) if entry.stream is None else entry.stream
    body += hashlib.sha1(body).digest()
    path = folder / "pack" / f"pack-{body[-20:].hex()}.pack"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    path.with_suffix(".idx").write_bytes(index([(entry.oid, offset) for entry, offset in zip(entries, offsets, strict=True)], bytes(body[-20:])))
    return path


def index(places: list[tuple[bytes, int]], trailer: bytes) -> bytes:
    """A version 2 index of (raw id, offset)."""
    places = sorted(places)
    fanout, at = [], 0
    for first in range(256):
        while at < len(places) and places[at][0][0] <= first:
            at += 1
        fanout.append(at)
    out = b"\xfftOc\0\0\0\2" + b"".join(count.to_bytes(4) for count in fanout)
    out += b"".join(oid for oid, _ in places) + bytes(4 * len(places)) + b"".join(offset.to_bytes(4) for _, offset in places) + trailer
    return out + hashlib.sha1(out).digest()


def tree(*entries: tuple[str, str, bytes]) -> bytes:
    """A tree's content from (mode, name, raw id)."""
    return b"".join(b"%b %b\0%b" % (mode.encode(), name.encode(), oid) for mode, name, oid in entries)


def commit(top: bytes, *parents: bytes, message: str = "made by hand") -> bytes:
    """A commit's content."""
    lines = [f"tree {top.hex()}", *(f"parent {each.hex()}" for each in parents)]
    lines += [f"{role} A <a@mail.invalid> 1700000000 +0000" for role in ("author", "committer")]
    return ("\n".join(lines) + f"\n\n{message}\n").encode()
