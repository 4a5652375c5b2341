"""Standard input: one stream without a known end, scanned in blocks as they come.

**Cuts, and how nothing is missed or told twice.**  A chunk that is not the last one ends in a cut,
and the next chunk begins ``LEAD + TAIL`` bytes before that cut, so what lies there is scanned
twice.  Between them runs a border, ``TAIL`` bytes before the cut.  *A chunk owns the matches that
begin in its body*: at or after the border with the chunk before it and before the border with the
one after it.  Bodies follow one another without gap or overlap, so every match has exactly one
owner; ``owns`` is that rule, and a match whose chunk does not own it is dropped.  The owner sees the
match whole, and what follows it, as long as the match is no longer than ``TAIL`` (which every rule
is linted to); it also sees ``LEAD`` bytes before its body, so neither a word cut in two at its start
nor a column counted from there concerns a match it owns, unless its line is longer than that.

A stream that fits one block, which is nearly every one, is one chunk without details.  Chunks of a
longer one say in their details where they lie: ``offset`` (bytes before the chunk), ``line`` (the
1-based number of the line it begins in) and ``body`` (``[start, end)`` of what it owns, in the
chunk's own bytes).  Reported lines and offsets are the chunk's own plus these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.model import Chunk, Provenance, Skip, Span
from leaksieve.sources.base import Unit

BLOCK: Final = 64 * 1024 * 1024
# The longest match a rule may have (a private key block), and as much for what it looks at before one.
TAIL: Final = 64 * 1024
LEAD: Final = 64 * 1024

STDIN_PATH: Final = b"<stdin>"


class Readable(Protocol):
    """The part of a binary stream that is used; ``b""`` means the end."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most ``size`` bytes."""
        ...


class StreamSource:
    """A binary stream, read once, from where it stands to its end.

    ``path`` is the name to report.  ``block`` is how many bytes a chunk holds at most; it must
    exceed ``LEAD + TAIL`` by far.  The units carry the bytes themselves, since no other process
    could read the stream again.
    """

    def __init__(self, stream: Readable, *, path: bytes = STDIN_PATH, requested: str = "stdin", block: int = BLOCK) -> None:
        if block < 2 * (LEAD + TAIL):
            raise ValueError("a block must be at least twice as long as what two chunks share")
        self.coverage = SourceCoverage("stdin", requested)
        self._stream = stream
        self._path = path
        self._block = block

    def units(self) -> Iterator[Unit]:
        """Read ahead one block at a time.  Raises SourceError when the stream cannot be read at all."""
        self.coverage.expect("files")
        data, ended = self._fill(b"", first=True)
        offset, line, body = 0, 1, 0
        while not ended:
            border = len(data) - TAIL
            self.coverage.expect("bytes", border - body)
            yield ("stdin", data, offset, line, body, border)
            start = border - LEAD
            line += data.count(b"\n", 0, start)
            offset += start
            body = border - start
            data, ended = self._fill(data[start:], first=False)
        self.coverage.expect("bytes", len(data) - body)
        yield ("stdin", data, offset, line, body, len(data))

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Yield the one chunk of a unit."""
        _, data, offset, line, start, end = unit
        assert isinstance(data, bytes)
        if offset == 0 and end == len(data):
            yield Chunk(data, Provenance("stdin", self._path))
        else:
            yield Chunk(data, Provenance("stdin", self._path, {"offset": offset, "line": line, "body": (start, end)}))

    def _fill(self, data: bytes, *, first: bool) -> tuple[bytes, bool]:
        """Read on until a block is full or the stream ends; says which it was.

        A full block at the very end of a stream only shows by reading on, so a last chunk may hold
        nothing but what the one before it held.
        """
        parts = [data]
        missing = self._block - len(data)
        while missing > 0:
            try:
                part = self._stream.read(missing)
            except OSError as error:
                what = error.strerror or str(error)
                if first and len(parts) == 1:
                    raise SourceError(what.lower(), where=self.coverage.requested, hint="nothing of it was scanned") from error
                self.coverage.skip(Skip("failed", self._path, "unreadable", f"broke off: {what}"))
                part = b""
            if not part:
                return b"".join(parts), True
            parts.append(part)
            missing -= len(part)
        return b"".join(parts), False


def owns(chunk: Chunk, span: Span) -> bool:
    """Say whether a match in a chunk is this chunk's to report (always, unless it is one of several of a stream)."""
    body = chunk.provenance.details.get("body")
    if not isinstance(body, Sequence):
        return True
    start, end = body
    # Of the last chunk, which ends where its body does, nothing lies behind; an empty match there would be its own.
    return bool(start <= span.start < end or span.start == end == len(chunk.data))
