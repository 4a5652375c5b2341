"""A layer's tar as it comes: a stream that is taken piece by piece, and long members of it that are read forwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leaksieve.archives.limits import DamagedError, LimitError, UnsupportedError
from leaksieve.archives.magic import BLOCK, kind_of
from leaksieve.oci.model import BlobError
from leaksieve.oci.unpack import PIECE

# Both ends of a long member tell what it is.
_END: Final = 66 * 1024
# What a reader raises when a layer breaks off.
BROKEN: Final = (DamagedError, LimitError, UnsupportedError, BlobError, OSError)


def kind_at(buffer: Any, begin: int, end: int) -> str | None:
    """What kind of archive a stretch of a buffer is."""
    return kind_of(buffer[begin:end] if end - begin <= 4 * _END else buffer[begin : begin + _END] + buffer[end - _END : end])


class Slice:
    """A stretch of a mapped file, read forwards."""

    def __init__(self, buffer: Any, at: int, end: int) -> None:
        self._buffer = buffer
        self._at = at
        self._end = end

    @property
    def left(self) -> int:
        """How many bytes there are still to read."""
        return self._end - self._at

    def kind(self) -> str | None:
        """What kind of archive it is."""
        return kind_at(self._buffer, self._at, self._end)

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        piece: bytes = self._buffer[self._at : min(self._at + size, self._end)]
        self._at += len(piece)
        return piece


class Rest:
    """A member of a tar that comes as a stream, read forwards; ``left`` is -1 where it goes on to the stream's end."""

    def __init__(self, feed: Feed, size: int) -> None:
        self._feed = feed
        self.left = size
        self._padding = -size % BLOCK if size >= 0 else 0

    def kind(self) -> str | None:
        """What kind of archive it is, by its first bytes."""
        self._feed.fill(_END)
        return kind_of(self._feed.data[:_END] if self.left < 0 else self._feed.data[: min(_END, self.left)])

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        if self.left >= 0:
            size = min(size, self.left)
        if not size:
            return b""
        self._feed.fill(min(size, PIECE))
        piece = self._feed.data[:size]
        self._feed.drop(len(piece))
        if self.left >= 0:
            self.left -= len(piece)
        return piece

    def passed(self) -> bool:
        """Go on behind it and its padding; False where the stream ends before."""
        while self.left > 0:
            if not self.read(PIECE):
                return False
        # The padding of the last member is often not there.
        self._feed.fill(self._padding)
        self._feed.drop(self._padding)
        return True


class Feed:
    """What has come of a stream and was not taken yet.  ``final`` says that nothing more comes, ``error`` why where it broke off."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.data = b""
        self.final = False
        self.error: Exception | None = None

    def fill(self, least: int) -> None:
        """Wait until so many bytes are there, or all that come."""
        parts = [self.data]
        have = len(self.data)
        while have < least and not self.final:
            try:
                piece = next(self._pieces, None)
            except BROKEN as error:
                self.error, piece = error, None
            if piece is None:
                self.final = True
            else:
                parts.append(piece)
                have += len(piece)
        if len(parts) > 1:
            self.data = b"".join(parts)

    def rest(self) -> Iterator[bytes]:
        """Yield what is there and what comes.  Raises what breaks it off."""
        while self.data or not self.final:
            piece, self.data = self.data, b""
            if piece:
                yield piece
            self.fill(1)
        if self.error is not None:
            raise self.error

    def more(self) -> None:
        """Wait for more than there is: as much again, so that a long member is not copied piece by piece."""
        self.fill(max(2 * len(self.data), len(self.data) + 1))

    def drop(self, size: int) -> None:
        """Let go of bytes that were taken."""
        self.data = self.data[size:]
