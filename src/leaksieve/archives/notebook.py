"""Jupyter notebooks: the text of cells and outputs as its authors see it, each line where it stands in the file; pictures left out.

A notebook is JSON that has each line of a cell as a string on a line of its own.  In the view given here that line is the
text of the string, from the same column on, so that a match is reported by the notebook's own lines; all else stands as it
is.  A cell that is one long string is given in lines of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

# A string of JSON that is all there is on its line: an element of a list.
_LINE: Final = re.compile(rb'^([ \t]*+)("[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*)"),?+[ \t]*+\r?$', re.MULTILINE)
# A key with a string; pictures and other files have types for keys.
_PAIR: Final = re.compile(rb'("[\w.+/-]{1,80}")[ \t]*+:[ \t]*+("[^"\\]*+(?>(?:\\.[^"\\]*+)*)")')
# The same in a list.
_LIST: Final = re.compile(rb'("(?:image/(?!svg)|audio/|video/|application/(?:pdf|octet-stream))[\w.+-]*+")[ \t]*+:\s*+\[([^\]\[{}]*+)\]')
_SHOWN: Final = re.compile(rb'"(?:text/[\w.+-]+|application/(?:json|javascript|x-[\w.+-]+|[\w.-]+\+json)|image/svg\+xml)"')
_CELLS: Final = frozenset({b'"source"', b'"text"', b'"input"', b'"text/plain"', b'"text/html"', b'"text/markdown"', b'"evalue"', b'"image/svg+xml"'})


def view(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return the notebook's text, line by line as it stands, and the texts that had several lines in one string.  Never raises."""
    apart: list[bytes] = []

    def pair(found: re.Match[bytes]) -> bytes:
        key, value = found[1], found[2]
        if b"/" in key and not _SHOWN.fullmatch(key):
            return key + b": "
        text = _text(value) if key in _CELLS else None
        if text is None:
            return found[0]
        if b"\n" in text.rstrip(b"\r\n"):
            apart.append(text)
            return key + b": "
        return found[0][: found.start(2) - found.start()] + b" " + text.rstrip(b"\r\n")

    def line(found: re.Match[bytes]) -> bytes:
        text = _text(found[2])
        if text is None:
            return found[0]
        text = text.removesuffix(b"\n").removesuffix(b"\r")
        if b"\n" in text:
            apart.append(text)
            return b""
        return found[1] + b" " + text

    # Whatever becomes of a string, the lines stay as many as they are.
    data = _LIST.sub(lambda found: found[1] + b": " + b"\n" * found[0].count(b"\n"), data)
    return _LINE.sub(line, _PAIR.sub(pair, data)), apart


def members(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield names (empty for the notebook itself) and contents to scan."""
    text, apart = view(data)
    yield b"", text
    for number, part in enumerate(apart, 1):
        yield b"text %d" % number, part


def _text(value: bytes) -> bytes | None:
    try:
        text = json.loads(value)
    except ValueError:
        return None
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else None
