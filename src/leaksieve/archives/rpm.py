"""Rpm: what its headers say (scripts, descriptions) and the files of its payload, a cpio that is compressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leaksieve.archives.entries import Entry, rest
from leaksieve.archives.limits import MEBIBYTE, Budget, DamagedError, UnsupportedError
from leaksieve.archives.magic import BLOCK, COMPRESSED, kind_of
from leaksieve.archives.plain import cpio_entries
from leaksieve.archives.streams import Inflating, Reader

_LEAD: Final = 96
_HEADER: Final = b"\x8e\xad\xe8\x01"
# As rpm itself has them: entries of sixteen bytes, and what they point into.
_MOST_ENTRIES: Final = 0xFFFF
_LARGEST: Final = 64 * MEBIBYTE


def entries(reader: Reader, budget: Budget) -> Iterator[Entry]:
    """Yield the texts of the headers as one member each, then the files.  Raises DamagedError and what the reader raises."""
    if not reader.skip(_LEAD):
        raise DamagedError("cut short")
    size = _header(reader)[1]
    # The signature's length is a multiple of eight; the main header's is what it is.
    reader.skip(-size % 8)
    texts, _ = _header(reader)
    yield Entry(b"(header)", texts[: budget.member_limit])
    kind = kind_of(reader.peek(BLOCK))
    if kind == "cpio":
        yield from cpio_entries(reader, budget)
        return
    if kind not in COMPRESSED:
        yield from rest(b"", reader, budget)
        return
    try:
        inner = Inflating(kind, reader, budget)
    except UnsupportedError as what:
        yield Entry(b"(payload)", None, (), ("archive-unsupported", str(what)))
        return
    if kind_of(inner.peek(BLOCK)) == "cpio":
        yield from cpio_entries(inner, budget)
    else:
        yield from rest(b"", inner, budget)
    if inner.error:
        raise DamagedError(inner.error)


def _header(reader: Reader) -> tuple[bytes, int]:
    """Read one; returns its texts, a line each, and how long what they stand in is."""
    head = reader.read(16)
    if head[:4] != _HEADER or len(head) < 16:
        raise DamagedError(reader.error or "a header does not hold together")
    count, size = int.from_bytes(head[8:12], "big"), int.from_bytes(head[12:16], "big")
    if count > _MOST_ENTRIES or size > _LARGEST:
        raise DamagedError("a header that is longer than any")
    if not reader.skip(16 * count):
        raise DamagedError(reader.error or "cut short")
    store = reader.read(size)
    if len(store) < size:
        raise DamagedError(reader.error or "cut short")
    return store.replace(b"\0", b"\n"), size
