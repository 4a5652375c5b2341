"""Bounded inflating: never more output than was announced, and never a copy of the rest of a pack."""

from __future__ import annotations

import zlib

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.files import Buffer

_STEP = 1 << 18


def inflate(buffer: Buffer | memoryview, start: int, size: int) -> bytes:
    """Inflate the zlib stream at ``start``, which must hold exactly ``size`` bytes; raises BadDataError."""
    data = inflate_prefix(buffer, start, size + 1, whole=True)
    if len(data) != size:
        raise BadDataError(f"inflates to {'more' if len(data) > size else 'fewer'} bytes than announced")
    return data


def inflate_prefix(buffer: Buffer | memoryview, start: int, most: int, *, whole: bool = False) -> bytes:
    """Inflate at most ``most`` (over 0) bytes of the stream at ``start``.

    Fewer come back only when the stream ends.  With ``whole``, a stream whose end or checksum is
    missing is an error.  Raises BadDataError.
    """
    stream = zlib.decompressobj()
    # Small slices: what follows the stream is copied by zlib, and that may be a whole pack.
    step = min(most + 128, _STEP)
    at = start + step
    try:
        data = stream.decompress(buffer[start:at], most)
        if stream.eof or len(data) >= most:
            return data
        parts = [data]
        left = most - len(data)
        while left > 0 and not stream.eof:
            fresh: bytes | memoryview = stream.unconsumed_tail
            if not fresh:
                fresh = buffer[at : at + step]
                at += step
                if not fresh:
                    if whole:
                        raise BadDataError("the compressed data is cut off")
                    break
            data = stream.decompress(fresh, left)
            left -= len(data)
            parts.append(data)
    except zlib.error as error:
        raise BadDataError(f"does not inflate ({error})") from error
    return b"".join(parts)
