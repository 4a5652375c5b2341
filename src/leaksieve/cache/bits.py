"""Bitmaps, and sorted tables of fixed-width ids, at the speed of slices: no loop runs once per object where it can be helped.

Bit ``i`` of a bitmap is ``bitmap[i >> 3] >> (i & 7) & 1``; bits past the count are zero.  A table is
ids of one width, ascending and each once, joined without gaps: what a pack's index holds.
"""

from __future__ import annotations

import mmap

Buffer = bytes | bytearray | memoryview | mmap.mmap

# Ids compared at once; a multiple of 8.
_GROUP = 128
_ALL = b"\xff" * (_GROUP // 8)
_DIGITS = bytes((48, 49)) + bytes(254)


def length(count: int) -> int:
    """Return the bytes a bitmap of ``count`` bits takes."""
    return (count + 7) // 8


def join(count: int, *bitmaps: Buffer) -> bytes:
    """Return the union of bitmaps of ``count`` bits; bits past the count are dropped."""
    bits = 0
    for bitmap in bitmaps:
        bits |= int.from_bytes(bitmap, "little")
    return (bits & (1 << count) - 1).to_bytes(length(count), "little")


def invert(count: int, bitmap: Buffer) -> bytes:
    """Return the bits of ``count`` that are not set."""
    return ((1 << count) - 1 ^ int.from_bytes(bitmap, "little")).to_bytes(length(count), "little")


def within(table: bytes, known: bytes, width: int) -> bytes:
    """Return a bitmap over ``table``: which of its ids stand in ``known`` too.  A table out of order loses ids, never gains any."""
    if not known:
        return bytes(length(len(table) // width))
    parts: list[bytes] = []
    step = _GROUP * width
    at = 0
    for start in range(0, len(table), step):
        group = table[start : start + step]
        # Tables of one repository agree over long runs, so most groups are settled by one comparison.
        if len(group) == step and group == known[at : at + step]:
            parts.append(_ALL)
            at += step
            continue
        first = _place(known, group[:width], width, at)
        at = _place(known, group[-width:], width, first, after=True)
        there = set(_split(known[first:at], width))
        flags = bytes(map(there.__contains__, _split(group, width)))
        parts.append(int(flags[::-1].translate(_DIGITS), 2).to_bytes(length(len(flags)), "little"))
    return b"".join(parts)


def select(table: bytes, bitmap: bytes, width: int) -> bytes:
    """Return the ids of ``table`` whose bit is set, as a table."""
    parts: list[bytes] = []
    step = _GROUP * width
    whole = 0  # where the run of groups that are taken whole began
    for number, start in enumerate(range(0, len(table), step)):
        bits = bitmap[number * (_GROUP // 8) : (number + 1) * (_GROUP // 8)]
        if bits == _ALL:
            continue
        parts.append(table[whole:start])
        whole = min(start + step, len(table))
        flags = int.from_bytes(bits, "little")
        while flags:
            lowest = flags & -flags
            run = flags + lowest & ~flags  # the first bit past the run of ones that begins at the lowest
            begin, end = lowest.bit_length() - 1, run.bit_length() - 1
            parts.append(table[start + begin * width : start + end * width])
            flags &= -run
    parts.append(table[whole:])
    return b"".join(parts)


def merge(table: bytes, other: bytes, width: int) -> bytes:
    """Return the table of the ids of both."""
    if len(other) > len(table):
        table, other = other, table
    if len(other) > len(table) // 16:
        # Sorting two ascending runs is merging them.
        return b"".join(dict.fromkeys(sorted([*_split(table, width), *_split(other, width)])))
    parts: list[bytes] = []
    at = 0
    for oid in _split(other, width):
        place = _place(table, oid, width, at)
        parts.append(table[at:place])
        if table[place : place + width] != oid:
            parts.append(oid)
        at = place
    parts.append(table[at:])
    return b"".join(parts)


def _split(table: bytes, width: int) -> list[bytes]:
    return [table[start : start + width] for start in range(0, len(table), width)]


def _place(table: bytes, oid: bytes, width: int, start: int, *, after: bool = False) -> int:
    """Return the byte position, at or after ``start``, where ``oid`` stands or would stand; ``after`` it if asked."""
    low, high = start // width, len(table) // width
    # What is looked for is mostly close by.
    reach = 4 * _GROUP
    while low + reach < high and table[(low + reach) * width : (low + reach + 1) * width] <= oid:
        low += reach
        reach *= 2
    high = min(high, low + reach)
    while low < high:
        middle = (low + high) // 2
        here = table[middle * width : (middle + 1) * width]
        if here < oid or (after and here == oid):
            low = middle + 1
        else:
            high = middle
    return low * width
