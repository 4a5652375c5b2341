"""A layer's tar out of its compressed blob, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from leaksieve.archives.inflate import ERRORS, decompressor
from leaksieve.archives.limits import RATIO, RATIO_FROM, DamagedError, LimitError
from leaksieve.archives.magic import SKIPPED

_FEED: Final = 256 * 1024
PIECE: Final = 1024 * 1024
_SIGNS: Final = ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"))
# The longest of them, bytes.
_SIGN: Final = 6
# A stream needs so many bytes to be told.
HEAD: Final = 512


def packing(head: bytes) -> str:
    """Return gzip, zstd, bzip2, xz or "" (none of them), told by the first bytes: media types lie more often."""
    if head[1:4] == SKIPPED and 0x50 <= head[0] <= 0x5F:
        return "zstd"
    return next((kind for sign, kind in _SIGNS if head.startswith(sign)), "")


def unpacked(kind: str, read: Callable[[int], bytes], anything: int = RATIO_FROM) -> Iterator[bytes]:
    """Yield what a compressed stream holds, at most 1 MiB at a time, streams one behind the other included.

    ``read`` gives the blob's bytes, as many as asked for at most; the first ``anything`` bytes may be packed as tightly as they like.  Raises DamagedError where it does not inflate, after all that did,
    LimitError where it is packed tighter than anything sane, UnsupportedError for what cannot be unpacked here.
    """
    machine = decompressor(kind)
    taken = made = 0
    begun = False
    while True:
        if machine.eof:
            rest = machine.unused_data
            while not rest.strip(b"\0"):
                rest = read(_FEED)
                taken += len(rest)
                if not rest:
                    return
            rest = rest.lstrip(b"\0")
            while len(rest) < _SIGN and (more := read(_FEED)):
                rest += more
                taken += len(more)
            if packing(rest + bytes(_SIGN)) != kind:
                raise DamagedError("something else stands behind the end of the compressed stream")
            machine, begun, feed = decompressor(kind), False, rest
        elif machine.needs_input:
            feed = read(_FEED)
            taken += len(feed)
            if not feed:
                if begun or not made:
                    raise DamagedError("cut short")
                return
        else:
            feed = b""
        try:
            piece = machine.decompress(feed, PIECE)
        except ERRORS:
            raise DamagedError("does not inflate") from None
        begun = True
        if piece:
            made += len(piece)
            if made > anything and made > RATIO * taken:
                raise LimitError(f"packed more than {RATIO} to 1")
            yield piece
