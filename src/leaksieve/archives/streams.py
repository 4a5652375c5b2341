"""Reading forwards through bytes in memory or in a file, as they are or as they come out of a decompressor, within bounds."""

from __future__ import annotations

import io
from typing import Final

from leaksieve.archives.inflate import ERRORS, Decompressor, decompressor
from leaksieve.archives.limits import MOST_MEMBERS, RATIO, RATIO_FROM, Budget, LimitError, SpentError
from leaksieve.archives.magic import SKIPPED
from leaksieve.archives.stored import Stored

# What can be read at any place: slices of both are bytes.
Buffer = bytes | Stored

_FEED: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
# A name, a comment.
_GZIP_WORDS: Final = 0x18
# Kinds of which several may stand one after another: bytes each begins with, and how far from its start.
_JOINED: Final = {
    "gzip": ((b"\x1f\x8b", 0),),
    "bzip2": ((b"BZh", 0),),
    "xz": ((b"\xfd7zXZ\0", 0),),
    "zstd": ((b"\x28\xb5\x2f\xfd", 0), (b"\x2a\x4d\x18", 1)),
    "lz4": ((b"\x04\x22\x4d\x18", 0), (b"\x2a\x4d\x18", 1)),
}


class Reader:
    """Bytes from ``at`` to ``end``, in memory or in a file, read forwards.

    ``error`` says why they end earlier than they should ("" where they do not).
    """

    error = ""

    def __init__(self, data: Buffer, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self.at = at
        self._end = len(data) if end is None else end

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes; fewer only at the end."""
        piece = self._data[self.at : min(self.at + size, self._end)]
        self.at += len(piece)
        return piece

    def peek(self, size: int) -> bytes:
        """The same without going on."""
        return self._data[self.at : min(self.at + size, self._end)]

    def skip(self, size: int) -> bool:
        """Go on by ``size`` bytes; False where there are not so many."""
        self.at += size
        if self.at > self._end:
            self.at = self._end
            return False
        return True

    def back(self, data: bytes) -> None:
        """Take back what was read last."""
        self.at -= len(data)

    def again(self, at: int, /) -> Reader | None:
        """A reader of the same bytes from a place that was passed up to here; None for what can be read only once."""
        return Reader(self._data, at, self.at)


class Inflating(Reader):
    """What a compressed stream of ``kind`` holds; ``packed`` are its bytes (of which ``at`` and ``end`` are a part) or a reader of them.

    Reading raises LimitError when it turns out to be packed too tightly, SpentError when the ``budget`` is.  ``at`` is the place
    in what is packed.  ``trailing`` is true when bytes were left behind the stream's end that are no part of it.
    """

    def __init__(self, kind: str, packed: Buffer | Reader, budget: Budget, at: int = 0, end: int | None = None) -> None:
        self._packed = packed if isinstance(packed, Reader) else Reader(packed, at, end)
        self.at = self._packed.at
        self._kind = kind
        self._budget = budget
        self._start = self.at
        self._machine: Decompressor | None = decompressor(kind)
        self._made = 0
        self._streams = 1
        # Where the stream in hand begins, what it gave, and where the input it was given last begins.
        self._from = self.at
        self._given = 0
        self._fed = self.at
        # Inflated and not yet read: small reads are served from here.
        self._ready = b""
        self._place = 0
        self.trailing = self._packed.peek(4)[1:4] == SKIPPED

    def read(self, size: int) -> bytes:
        """As of bytes in memory; raises LimitError."""
        place = self._place
        if place + size <= len(self._ready):
            self._place = place + size
            return self._ready[place : place + size]
        first = self._next(size)
        if len(first) == size or not first:
            return first
        # Joining pieces would hold all of it twice.
        content = io.BytesIO()
        content.write(first)
        size -= len(first)
        while size > 0:
            piece = self._next(size)
            if not piece:
                break
            content.write(piece)
            size -= len(piece)
        return content.getvalue()

    def peek(self, size: int) -> bytes:
        """As of bytes in memory; raises LimitError."""
        found = self.read(size)
        self._ready = found + self._ready[self._place :]
        self._place = 0
        return found

    def skip(self, size: int) -> bool:
        """As of bytes in memory; raises LimitError."""
        while size > 0:
            piece = self._next(min(size, _PIECE))
            if not piece:
                return False
            size -= len(piece)
        return True

    def _next(self, most: int) -> bytes:
        """Return some of what comes next, at least a byte unless it is the end."""
        if self._place < len(self._ready):
            piece = self._ready[self._place : self._place + most]
            self._place += len(piece)
            return piece
        piece = self._inflate(min(max(most, _FEED), _PIECE))
        if len(piece) > most:
            self._ready, self._place = piece, most
            return piece[:most]
        return piece

    def _inflate(self, most: int) -> bytes:
        """Inflate some more, about so many bytes at most; nothing at the end."""
        while self._machine is not None:
            machine = self._machine
            if machine.eof:
                self._join(machine)
                continue
            feed = b""
            if machine.needs_input:
                self._fed = self.at
                feed = self._packed.read(_FEED)
                self.at = self._packed.at
                if not feed:
                    self._stop(self._packed.error or "cut short")
                    break
            try:
                piece = machine.decompress(feed, most)
            except ERRORS as error:
                # What the call that failed had made before is lost with it.
                self._stop(_words(error))
                return self._made_before()
            if piece:
                return self._count(piece)
        return b""

    def _stop(self, error: str) -> None:
        self.error = error
        self._machine = None

    def _count(self, piece: bytes) -> bytes:
        self._made += len(piece)
        self._given += len(piece)
        self._budget.inflated(len(piece))
        if self._made > RATIO_FROM and self._made > RATIO * (self.at - self._start):
            self._machine = None
            raise LimitError(f"packed more than {RATIO} to 1")
        return piece

    def back(self, data: bytes) -> None:
        """As of bytes in memory."""
        self._ready = data + self._ready[self._place :]
        self._place = 0

    def again(self, _: int, /) -> None:
        """What was inflated is not kept."""

    def _join(self, machine: Decompressor) -> None:
        """Go on behind the end of a stream: with another one, or not at all."""
        packed = self._packed
        packed.back(machine.unused_data or b"")
        self.at = packed.at
        blanks = packed.peek(4096)
        while blanks and blanks[:1] == b"\0":
            # Tapes and xz pad with zeros.
            packed.skip(len(blanks) - len(blanks.lstrip(b"\0")))
            blanks = packed.peek(4096)
        # What stands in the head of a further stream, or in one without content, is looked at as it stands.
        if (self._kind == "gzip" and len(blanks) > 3 and blanks[:2] == b"\x1f\x8b" and blanks[3] & _GZIP_WORDS) or blanks[1:4] == SKIPPED:
            self.trailing = True
        if any(blanks.startswith(sign, more) for sign, more in _JOINED.get(self._kind, ())):
            self._streams += 1
            if self._streams > MOST_MEMBERS:
                raise SpentError(f"more than {MOST_MEMBERS} joined streams")
            self.at = self._from = self._fed = packed.at
            self._given = 0
            self._machine = decompressor(self._kind)
            return
        self.trailing = self.trailing or bool(blanks)
        self._machine = None

    def _made_before(self) -> bytes:
        """Inflate the stream in hand once more, the last input byte by byte, and return what had not been given."""
        machine = decompressor(self._kind)
        packed, given = self._packed.again(self._from), self._given
        if packed is None:
            return b""
        kept: list[bytes] = []
        size = 0
        try:
            while not machine.eof and size < 2 * _PIECE:
                feed = b""
                if machine.needs_input:
                    if packed.at >= self.at:
                        break
                    feed = packed.read(1 if packed.at >= self._fed else min(_FEED, self._fed - packed.at))
                piece = machine.decompress(feed, _PIECE)
                dropped = min(given, len(piece))
                given -= dropped
                if dropped < len(piece):
                    kept.append(piece[dropped:])
                    size += len(piece) - dropped
        except ERRORS:
            pass
        self._budget.inflated(size)
        return b"".join(kept)


def _words(error: Exception) -> str:
    """What is wrong, in words of our own: decompressors may say anything."""
    return "wrong checksum" if "checksum" in str(error).lower() or "crc" in str(error).lower() else "does not inflate"
