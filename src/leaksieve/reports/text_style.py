"""Small parts of the text report: colour, wrapping, numbers with their nouns."""

from __future__ import annotations

from collections.abc import Iterable

from leaksieve.model import SEVERITIES

_MARKS = {"critical": "✖", "high": "✖", "medium": "▲", "low": "•", "info": "·"}
_CODES = {
    "critical": "1;31",
    "high": "31",
    "medium": "33",
    "low": "36",
    "info": "2",
    "bold": "1",
    "dim": "2",
    "good": "32",
    "bad": "1;31",
}
# Narrower than this nothing readable fits; lines then stand over the edge rather than break into single words.
_NARROWEST = 40


class Style:
    """Colour on or off, and the width in columns."""

    __slots__ = ("color", "width")

    def __init__(self, *, color: bool, width: int) -> None:
        self.color = color
        self.width = max(width, _NARROWEST)

    def paint(self, kind: str, text: str) -> str:
        """Return text in the colour of a kind; escape codes are written here and nowhere else."""
        code = _CODES.get(kind)
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code and text else text

    def severity(self, severity: str) -> str:
        """Return mark and word of a severity."""
        return self.paint(severity, f"{_MARKS.get(severity, '•')} {severity}")


def cells(text: str) -> int:
    """Columns a text takes in a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def wrap(pieces: Iterable[str], width: int, first: str = "", rest: str = "") -> list[str]:
    """Fill lines with pieces, one blank between; a piece (a word, a path) is never cut, even where it is too long.

    ``first`` and ``rest`` stand before the first line and the further ones.
    """
    lines: list[str] = []
    line, length, empty = first, cells(first), True
    for piece in pieces:
        size = cells(piece)
        if not empty and length + 1 + size > width:
            lines.append(line)
            line, length, empty = rest, cells(rest), True
        line += piece if empty else " " + piece
        length += size if empty else size + 1
        empty = False
    if not empty:
        lines.append(line)
    return lines


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 file``, ``1,623 files``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def size(count: int) -> str:
    """Bytes for a person: ``912 B``, ``16.2 MB`` (powers of 1000)."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        # 999.95 would round to 1000.0 and belongs to the next unit.
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def rank(severity: str) -> int:
    """Order of a severity, higher is worse; an unknown word counts as the middle."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else 2
