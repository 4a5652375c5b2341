"""The line hash that code-scanning hosts use to follow an alert when lines move.

Hosts compute ``primaryLocationLineHash`` themselves when a report lacks it, and warn when a report
disagrees, so the value here is theirs, documented by github/codeql-action (``src/fingerprints.ts``):
the 100 characters from the start of the line on, spaces and tabs left out, line ends made one, the
end of the file a character of its own (65535) followed by zeros.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from operator import mul
from struct import Struct

# Files past this many bytes get no hash: the hosts show no code of such files.
MAX_BYTES = 10 * 1024 * 1024

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_EVEN_UNITS = int.from_bytes(b"\xff\xff\0\0" * (_WINDOW // 2), "little")
_EVEN_PAIRS = int.from_bytes(b"\xff\xff\xff\xff\0\0\0\0" * (_WINDOW // 4), "little")
_FOURS = Struct(f"<{_WINDOW // 4}Q")
_WEIGHTS = [pow(_BASE, power, 1 << 64) for power in range(_WINDOW - 4, -1, -4)]
_END = "\uffff" + "\0" * _WINDOW
# A line feed directly after a carriage return belongs to it; with a blank between them both end a line.
_BREAKS = re.compile("\r\n?")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def line_hashes(data: bytes, wanted: Collection[int]) -> dict[int, str]:
    """Return 1-based line number -> hash for the wanted lines of a file, ``hex:ordinal``.

    Lines are counted as the hosts do: a lone carriage return ends one too.  The ordinal tells lines
    with the same hash apart, in file order from 1.
    """
    text = data.decode("utf-8", "replace")
    # The original runs over UTF-16 code units.
    if _ASTRAL.search(text):
        text = _ASTRAL.sub(_pair, text)
    # Every break becomes one line feed before blanks go, since a blank keeps "\r" and "\n" apart.
    text = _BREAKS.sub("\n", text).replace(" ", "").replace("\t", "") + _END
    last = max(wanted, default=0)
    windows = {number: text[start : start + _WINDOW] for number, start in _starts(text, last) if number in wanted}
    seen = dict.fromkeys(windows.values(), 0)
    # Most lines differ from the wanted ones in their first character; looking at that spares cutting out a window.
    firsts = {window[0] for window in seen}
    found: dict[int, str] = {}
    for number, start in _starts(text, last):
        if text[start] in firsts and (window := text[start : start + _WINDOW]) in seen:
            seen[window] += 1
            if number in windows:
                found[number] = f"{_hash(window):x}:{seen[window]}"
    return found


def _starts(text: str, count: int) -> Iterator[tuple[int, int]]:
    """Yield number and offset of the first ``count`` lines; the line that holds the end mark is the last."""
    start = 0
    for number in range(1, count + 1):
        yield number, start
        start = text.find("\n", start) + 1
        if not start:
            return


def _hash(window: str) -> int:
    """Return the window's code units as digits of one number to the base 37, modulo 2^64."""
    # All pairs of 16-bit units at once, then all pairs of pairs: four times fewer steps than one per unit.
    units = int.from_bytes(window.encode("utf-16-le", "surrogatepass"), "little")
    pairs = (units & _EVEN_UNITS) * _BASE + (units >> 16 & _EVEN_UNITS)
    fours = (pairs & _EVEN_PAIRS) * _BASE**2 + (pairs >> 32 & _EVEN_PAIRS)
    total: int = sum(map(mul, _FOURS.unpack(fours.to_bytes(_FOURS.size, "little")), _WEIGHTS))
    return total & _MASK


def _pair(found: re.Match[str]) -> str:
    code = ord(found[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))
