"""Lines and columns of byte offsets, in UTF-8 and UTF-16 text alike.

A line ends with a line feed and nothing else, as in git and in the regions of SARIF viewers.  A byte
order mark is no part of the first line.
"""

from __future__ import annotations

import codecs


class Lines:
    """Line arithmetic over one buffer; ``codec`` is utf-8, utf-16-le or utf-16-be."""

    __slots__ = ("codec", "data", "newline", "origin", "width")

    def __init__(self, data: bytes, codec: str = "utf-8") -> None:
        self.data = data
        self.codec = codec
        self.newline = "\n".encode(codec)
        self.width = len(self.newline)
        bom = "\ufeff".encode(codec)
        self.origin = len(bom) if data.startswith(bom) else 0

    def count(self, start: int, end: int) -> int:
        """How many line feeds stand in [start, end)."""
        if self.width == 1:
            return self.data.count(b"\n", start, end)
        return self._wide(start, end).count("\n")

    def find(self, start: int, end: int | None = None) -> int:
        """Offset of the first line feed at or after ``start``, or ``end`` (the end of the data) when there is none."""
        stop = len(self.data) if end is None else end
        at = self.data.find(self.newline, start, stop)
        while at >= 0 and at % self.width:
            at = self.data.find(self.newline, at + 1, stop)
        return stop if at < 0 else at

    def rfind(self, start: int, end: int) -> int:
        """Offset of the last line feed in [start, end), or -1."""
        at = self.data.rfind(self.newline, start, end)
        while at >= 0 and at % self.width:
            at = self.data.rfind(self.newline, start, at + self.width - 1)
        return at

    def points(self, start: int, end: int) -> int:
        """Code points in [start, end); a byte that is no UTF-8, or half a UTF-16 pair, counts as one."""
        if self.width == 1:
            piece = self.data[start:end]
            return len(piece) if piece.isascii() else len(piece.decode("utf-8", "surrogateescape"))
        return len(self._wide(start, end))

    def text(self, start: int, end: int) -> str:
        r"""Decode [start, end) for showing; bytes that are no UTF-8 as ``\xNN``."""
        if self.width == 1:
            return self.data[start:end].decode("utf-8", "backslashreplace")
        return self._wide(start, end)

    def shadow(self, start: int, end: int) -> bytes:
        """Return [start, end) with one byte per code unit, what is not ASCII as ``?``; for looking up plain words."""
        if self.width == 1:
            return self.data[start:end]
        piece = self.data[start : end - (end - start) % 2]
        low, high = (piece[0::2], piece[1::2]) if self.codec == "utf-16-le" else (piece[1::2], piece[0::2])
        return bytes(b if a == 0 and b < 0x80 else 0x3F for a, b in zip(high, low, strict=True))

    def anchor(self, pos: int) -> int:
        """Return the nearest offset at or before ``pos`` at which a character begins, so that counts on either side add up."""
        if self.width == 1:
            for back in range(min(4, pos + 1)):
                if self.data[pos - back : pos - back + 1] < b"\x80" or self.data[pos - back] >= 0xC0:
                    return pos - back
            # No character has four continuation bytes: each further one stands for itself.
            return pos
        pos -= pos % 2
        high = 1 if self.codec == "utf-16-le" else 0
        unit, before = self.data[pos + high : pos + high + 1], self.data[max(0, pos - 2 + high) : pos - 1 + high]
        return pos - 2 if b"\xdc" <= unit < b"\xe0" and b"\xd8" <= before < b"\xdc" else pos

    def back(self, pos: int, floor: int, count: int) -> int:
        """Return the offset about ``count`` characters before ``pos``, not before ``floor``."""
        if self.width == 2:
            return max(floor, pos - 2 * count)
        # Four bytes a character at most; of invalid bytes, each is a character.
        piece = self.data[max(floor, pos - 4 * count) : pos].decode("utf-8", "surrogateescape")
        return pos - len(piece[-count:].encode("utf-8", "surrogateescape"))

    def ahead(self, pos: int, ceiling: int, count: int) -> int:
        """Return the offset about ``count`` characters after ``pos``, not after ``ceiling``."""
        if self.width == 2:
            return min(ceiling, pos + 2 * count)
        piece = self.data[pos : min(ceiling, pos + 4 * count)].decode("utf-8", "surrogateescape")
        return pos + len(piece[:count].encode("utf-8", "surrogateescape"))

    def _wide(self, start: int, end: int) -> str:
        # In big-endian text the engine's spans begin at the second byte of a character: round down on either side.
        return self.data[start - start % 2 : end - end % 2].decode(self.codec, "replace")


class Cursor:
    """Walks forward over the places of findings; the whole walk costs one pass over the data.

    ``line`` is 1-based, ``line_start`` the offset of that line's first byte.
    """

    __slots__ = ("_at", "_column", "_lines", "line", "line_start")

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.line = 1
        self.line_start = lines.origin
        self._at = lines.origin
        self._column = 1

    def move(self, pos: int) -> int:
        """Go to an offset not before the last one; return its 1-based column in code points."""
        lines = self._lines
        newlines = lines.count(self._at, pos)
        if newlines:
            self.line += newlines
            self.line_start = self._at = lines.rfind(self._at, pos) + lines.width
            self._column = 1
        anchor = max(self._at, lines.anchor(pos))
        self._column += lines.points(self._at, anchor)
        self._at = anchor
        return self._column + lines.points(anchor, pos)

    def end(self, pos: int) -> tuple[int, int]:
        """Return line and column of an offset at or after the place moved to, without moving on."""
        lines = self._lines
        newlines = lines.count(self._at, pos)
        if not newlines:
            return self.line, self._column + lines.points(self._at, pos)
        return self.line + newlines, 1 + lines.points(lines.rfind(self._at, pos) + lines.width, pos)


def codec_of(data: bytes) -> str:
    """Which UTF-16 a buffer is that a decoder has taken for UTF-16: by its byte order mark, else by where its zero bytes stand."""
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if data.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    # Mostly zeros in one half only: text.  Anything else holds a UTF-16 string among other bytes.
    if 2 * odd > len(sample[1::2]) and 4 * even < odd:
        return "utf-16-le"
    if 2 * even > len(sample[0::2]) and 4 * odd < even:
        return "utf-16-be"
    return "utf-8"
