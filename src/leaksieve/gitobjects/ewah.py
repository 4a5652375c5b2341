"""EWAH bitmaps, the compressed bit sets a split index uses."""

from __future__ import annotations

from leaksieve.gitobjects.errors import BadDataError

_ALL = (1 << 64) - 1


def read_ewah(data: bytes, at: int, limit: int) -> tuple[list[int], int]:
    """Return the numbers of the set bits, ascending, all below ``limit``, and where the bitmap ends; raises BadDataError."""
    words = int.from_bytes(data[at + 4 : at + 8])
    end = at + 8 + 8 * words
    if end + 4 > len(data):
        raise BadDataError("a bitmap is cut off")
    found: list[int] = []
    bit = 0
    at += 8
    while at < end:
        marker = int.from_bytes(data[at : at + 8])
        at += 8
        run = 64 * (marker >> 1 & 0xFFFFFFFF)
        literals = marker >> 33
        if marker & 1:
            # Checked before the run is unrolled: eight bytes can announce 2 ** 38 bits.
            if bit + run > limit + 63:
                raise BadDataError("a bitmap is longer than what it describes")
            found.extend(range(bit, bit + run))
        bit += run
        if at + 8 * literals > end:
            raise BadDataError("a bitmap is cut off")
        for _ in range(literals):
            word = int.from_bytes(data[at : at + 8]) & _ALL
            at += 8
            while word:
                low = word & -word
                found.append(bit + low.bit_length() - 1)
                word ^= low
            bit += 64
    if found and found[-1] >= limit:
        raise BadDataError("a bitmap is longer than what it describes")
    return found, end + 4
