"""Decoding of regions around a hit: base64, hex, UTF-16, percent, unicode escapes, entities.

Each function takes the whole buffer and the place of a hit, and returns the decoded region with its
map back, or None.  Regions are bounded, so that a hit in a huge line or blob costs a bounded time.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable

from leaksieve.engine.mapping import Decoded
from leaksieve.engine.pairs import pair

# How far a run is followed to the left and to the right of the hit.
LEFT = 64 * 1024
RIGHT = 256 * 1024
# Escapes are decoded in a stretch of text of this many bytes around the hit, cut at blanks.
TEXT = 4096
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_HEX = b"0123456789abcdefABCDEF"
# A shorter run cannot hold a keyword and a secret.  The Aho-Corasick prefilter relies on this number.
MIN_RUN = 20
_URLSAFE = bytes.maketrans(b"-_", b"+/")
# A wrapped line of base64 (MIME, PEM-like, YAML blocks): what a next or previous line must look like.
_MIN_WRAP = 40
_NEXT_LINE = re.compile(rb"\r?\n[ \t]*([A-Za-z0-9+/_\-]+)")


def _run(data: bytes, place: int, alphabet: bytes) -> tuple[int, int]:
    """Bounds of the run of alphabet bytes around a place; looks in growing windows, for most runs are short."""
    floor, top = max(place - LEFT, 0), min(place + RIGHT, len(data))
    low = high = place
    size = 256
    while low > floor:
        window = data[max(low - size, floor) : low]
        kept = len(window) - len(window.rstrip(alphabet))
        low -= kept
        if kept < len(window):
            break
        size *= 4
    size = 256
    while high < top:
        window = data[high : min(high + size, top)]
        kept = len(window) - len(window.lstrip(alphabet))
        high += kept
        if kept < len(window):
            break
        size *= 4
    return low, high


def _previous_line(data: bytes, start: int) -> tuple[int, int] | None:
    """The run of base64 that ends the line before ``start``, if only blanks lie between and it is as long as a wrapped line."""
    low = max(start - 1024, 0)
    before = data[low:start].rstrip(b" \t")
    if not before.endswith(b"\n"):
        return None
    before = before[:-1].removesuffix(b"\r")
    size = len(before) - len(before.rstrip(_BASE64))
    return (low + len(before) - size, low + len(before)) if size >= _MIN_WRAP else None


def base64_run(data: bytes, place: int, phase: int) -> Decoded | None:
    """Decode the base64 or base64url run around a hit whose first character has this phase in its quantum.

    Knowing the phase makes a run readable that is glued to other text (a path, a name before it).
    Lines of 40 and more characters continue over line breaks.
    """
    start, end = _run(data, place, _BASE64)
    pieces = [(start, end)]
    if end - start >= _MIN_WRAP or start == 0 or data[start - 1 : start] in b" \t\n":
        while end - pieces[-1][0] >= _MIN_WRAP and end - place < RIGHT and (match := _NEXT_LINE.match(data, end, end + 1024)):
            pieces.append(match.span(1))
            end = match.end(1)
        while place - start < LEFT and (previous := _previous_line(data, start)):
            pieces.insert(0, previous)
            start = previous[0]
    text = b"".join(data[low:high] for low, high in pieces)
    if len(text) < MIN_RUN:
        return None
    before = sum(min(high, place) - low for low, high in pieces if low <= place)
    skip = (before - phase) % 4
    text = text[skip:].translate(_URLSAFE)
    usable = len(text) - (len(text) % 4 == 1)
    text = text[:usable]
    plain = binascii.a2b_base64(text + b"=" * (-usable % 4))
    # One piece per wrapped line: which character of the run it begins with, and where the line stands.
    starts: list[int] = []
    origins: list[int] = []
    seen = 0
    for low, high in pieces:
        taken = min(skip, high - low)
        skip -= taken
        if low + taken < high:
            starts.append(seen)
            origins.append(low + taken)
        seen += high - low - taken
    return Decoded(plain, "base64", starts, origins, (3, 4), end, end - place >= RIGHT)


class Area:
    """A stretch of base64 and the alignments in which it was read; lines that are no continuation of each other differ in theirs."""

    __slots__ = ("_done", "_region", "reach")

    def __init__(self, region: Decoded, reach: int) -> None:
        self._region = region
        self._done = {0}
        self.reach = reach

    def _shift(self, place: int, phase: int) -> int:
        piece = max(bisect_right(self._region.origins, place) - 1, 0)
        return (place - phase - self._region.origins[piece] + self._region.starts[piece]) % 4

    def decoded(self, place: int, phase: int) -> bool:
        """Whether a hit of this phase was read already."""
        return self._shift(place, phase) in self._done

    def add(self, place: int, phase: int) -> None:
        """Note that the area was read in the alignment of this hit."""
        self._done.add(self._shift(place, phase))


def hex_run(data: bytes, place: int, _phase: int) -> Decoded | None:
    """Decode the run of hexadecimal digits around a hit; the hit tells which digits pair up."""
    start, end = _run(data, place, _HEX)
    start += (place - start) % 2
    end -= (end - start) % 2
    if end - start < MIN_RUN:
        return None
    return Decoded(binascii.unhexlify(data[start:end]), "hex", [0], [start], (1, 2), end, end - place >= RIGHT - 1)


def utf16_run(data: bytes, place: int, _phase: int) -> Decoded | None:
    """Read the UTF-16 text around a hit (either byte order): every second byte is NUL."""
    # The hit's characters stand at place, place + 2, ...; the bytes between them are NUL.  Which of the two NULs beside a
    # character is its own, the file's beginning says; a text inside a binary is taken for little-endian, as Windows has it.
    before = place % 2 if data[:1] == b"\0" or data.startswith(b"\xfe\xff") else 0
    low = max(place - LEFT, 0)
    low += (place - low) % 2
    between = data[low + 1 : place : 2]
    first = place - 2 * (len(between) - len(between.rstrip(b"\0")))
    after = data[place + 1 : place + RIGHT : 2]
    zeros = len(after) - len(after.lstrip(b"\0"))
    text = data[first : place + 2 * zeros + 1 : 2]
    end = first + 2 * len(text) - before
    if len(text) < 6:
        return None
    return Decoded(text, "utf-16", [0], [first - before], (1, 2), min(end, len(data)), end - place >= RIGHT - 2)


_BLANK = b" \t\r\n\"'`<>"


def _stretch(data: bytes, place: int, stops: bytes) -> tuple[int, int]:
    """The text around a place up to a stop byte, within the bounds."""
    low, high = max(place - TEXT, 0), min(place + TEXT, len(data))
    left = max((data.rfind(stop, low, place) for stop in (stops[i : i + 1] for i in range(len(stops)))), default=-1)
    right = min((found for found in (data.find(stops[i : i + 1], place, high) for i in range(len(stops))) if found >= 0), default=high)
    return (left + 1 if left >= 0 else low), right


# Stretches decoded before, for inputs that repeat themselves: (decoder, text) -> decoded bytes, where pieces begin there and here.
_Pieces = tuple[bytes, list[int], list[int]] | None
_known: dict[tuple[str, bytes], _Pieces] = {}
_MOST_KNOWN = 2000


def _replace(
    data: bytes, low: int, high: int, pattern: re.Pattern[bytes], decode: Callable[[re.Match[bytes]], bytes | None], name: str, cut: bool
) -> Decoded | None:
    text = data[low:high]
    key = (name, text)
    if key in _known:
        pieces = _known[key]
    else:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        pieces = _known[key] = _pieces(text, pattern, decode)
    if pieces is None:
        return None
    out, starts, origins = pieces
    return Decoded(out, name, starts, [low + origin for origin in origins], (1, 1), high, cut)


def _pieces(text: bytes, pattern: re.Pattern[bytes], decode: Callable[[re.Match[bytes]], bytes | None]) -> _Pieces:
    out = bytearray()
    starts, origins = [0], [0]
    last = 0
    for match in pattern.finditer(text):
        plain = decode(match)
        if plain is None:
            continue
        out += text[last : match.start()]
        if starts[-1] != len(out):
            starts.append(len(out))
            origins.append(match.start())
        else:
            origins[-1] = match.start()
        out += plain
        last = match.end()
        starts.append(len(out))
        origins.append(last)
    if not last:
        return None
    out += text[last:]
    return bytes(out), starts, origins


_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNICODE = re.compile(rb"\\{1,2}(?:u00([0-9A-Fa-f]{2})|x([0-9A-Fa-f]{2})|([/\"]))")
_ENTITY = re.compile(rb"&(?:#[0-9]{1,5}|#x[0-9A-Fa-f]{1,4}|quot|apos|lt|gt|amp|equals|colon);", re.IGNORECASE)


def percent(data: bytes, place: int) -> Decoded | None:
    """Percent-decode the text around a hit, up to the next blank or quote."""
    low, high = _stretch(data, place + 1, _BLANK)
    return _replace(data, low, high, _PERCENT, lambda match: bytes((int(match.group(1), 16),)), "percent", high == place + 1 + TEXT)


def unicode_escapes(data: bytes, place: int) -> Decoded | None:
    r"""Decode \\u00NN, \\xNN and the escaped slashes and quotes of JSON in the line around a hit."""
    low, high = _stretch(data, place, b"\n")
    return _replace(
        data, low, high, _UNICODE, lambda match: match.group(3) or bytes((int(match.group(1) or match.group(2), 16),)), "unicode", high == place + TEXT
    )


def _entity(match: re.Match[bytes]) -> bytes | None:
    from html import unescape  # its table of names costs 2 ms to import

    text = unescape(match.group().decode("ascii"))
    return text.encode() if len(text) == 1 else None


def entities(data: bytes, place: int) -> Decoded | None:
    """Decode HTML and XML character references in the line around a hit."""
    low, high = _stretch(data, place, b"\n")
    return _replace(data, low, high, _ENTITY, _entity, "entity", high == place + TEXT)


def kubernetes_secret(data: bytes, place: int) -> Decoded | None:
    """Write out the values of a Kubernetes Secret around a hit."""
    from leaksieve.engine.manifests import kubernetes_secret as written_out  # few files hold one

    return written_out(data, place)


BY_ENCODING: dict[str, Callable[[bytes, int, int], Decoded | None]] = {"base64": base64_run, "hex": hex_run, "utf-16": utf16_run}
BY_ESCAPE: dict[str, Callable[[bytes, int], Decoded | None]] = {
    "percent": percent,
    "unicode": unicode_escapes,
    "entity": entities,
    "kubernetes-secret": kubernetes_secret,
    "pair": pair,
}
