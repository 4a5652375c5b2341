"""From matches in a chunk to places in a file; runs in the worker that holds the bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from leaksieve.findings import inline
from leaksieve.findings.context import Canvas
from leaksieve.findings.linehash import MAX_BYTES, line_hashes
from leaksieve.findings.lines import Cursor, Lines, codec_of
from leaksieve.model import Chunk, Located, Match, Provenance

# Characters shown on either side of a secret on a long line.
_AROUND = 100
_FILE_KINDS = ("file", "index", "git")


class _Place(NamedTuple):
    """A finding and where it stands; ``first`` is its first line, ``shown`` the part a report shows, ``more`` the lines after it.

    ``touched`` runs from the start of its first to the end of its last line.
    """

    match: Match
    lines: Lines
    start: tuple[int, int]
    end: tuple[int, int]
    first: tuple[int, int]
    shown: tuple[int, int]
    more: int
    touched: tuple[int, int]
    marker: inline.Marker | None
    standing: str


def locate(
    chunk: Chunk,
    matches: Sequence[Match],
    *,
    public_prefix: Callable[[str], bytes],
    reveal: bool,
    inline_allow: bool,
    hashes: bool = True,
    names: Callable[[str], Collection[str]] = lambda rule_id: (rule_id,),
) -> list[Located]:
    """Give every reported match its lines, columns, masked context and allow comment, in order of place.

    ``matches`` are all of the chunk's, rejected ones included: those are not returned, but masked
    wherever a context shows them.  ``public_prefix`` maps a rule's id to the part of its secrets
    that everyone may see.  ``reveal`` masks nothing; ``inline_allow`` looks for allow comments;
    ``hashes`` are what code hosts know lines by, which costs a pass over the file.  ``names`` maps a rule's id to
    the ids that a comment may know it by.

    A finding is already present when every line its secret touches also stands, as a whole line and
    whatever its line ending, somewhere in the chunk's base; how often does not matter.
    """
    reported = sorted((match for match in matches if not match.rejected), key=lambda match: (*match.secret_span, match.rule_id))
    if not reported:
        return []
    places = _places(chunk.data, reported, reveal, names if inline_allow else None)
    extents = [place.shown for place in places] + [place.marker.reason for place in places if place.marker and place.marker.reason[0] < place.marker.reason[1]]
    canvas = Canvas(chunk.data, matches, extents, public_prefix, reveal)
    present = _present(chunk, places)
    hashed = _hashes(chunk, {place.start[0] for place in places}) if hashes else {}
    return [_located(place, chunk.provenance, canvas, present[place.touched], hashed.get(place.start[0], "")) for place in places]


def _located(place: _Place, provenance: Provenance, canvas: Canvas, present: bool, line_hash: str) -> Located:
    match, lines = place.match, place.lines
    context = canvas.render(lines, *place.shown)
    context = ("…" if place.shown[0] > place.first[0] else "") + context + ("…" if place.shown[1] < place.first[1] else "")
    if place.more:
        context += f" … ({place.more} more {'line' if place.more == 1 else 'lines'})"
    allowed = ""
    if place.marker:
        allowed = inline.sentence(place.marker, match.rule_id, canvas.render(lines, *place.marker.reason), place.standing)
    return Located(
        rule_id=match.rule_id,
        secret=match.secret,
        parts=match.parts,
        provenance=provenance,
        start_line=place.start[0],
        end_line=place.end[0],
        start_column=place.start[1],
        end_column=place.end[1],
        byte_start=match.secret_span.start,
        byte_end=match.secret_span.end,
        decoded=match.decoded,
        context=context,
        allowed=allowed,
        already_present=present,
        line_hash=line_hash,
        confidence=match.confidence,
    )


def _places(data: bytes, reported: list[Match], reveal: bool, names: Callable[[str], Collection[str]] | None) -> list[_Place]:
    pages: dict[str, _Page] = {}
    wide = ""
    places = []
    for match in reported:
        codec = "utf-8"
        if match.decoded and match.decoded[0].startswith("utf-16"):
            wide = codec = wide or codec_of(data)
        if codec not in pages:
            pages[codec] = _Page(data, codec, names)
        places.append(pages[codec].place(match, reveal))
    return places


class _Page:
    """One reading of the data, as UTF-8 or as UTF-16; places are asked for in order of their offset."""

    __slots__ = ("_allow", "_blocks", "_cursor", "_ends", "_lines", "_markers", "_names", "_previous")

    def __init__(self, data: bytes, codec: str, names: Callable[[str], Collection[str]] | None) -> None:
        self._lines = Lines(data, codec)
        self._cursor = Cursor(self._lines)
        self._names = names
        self._allow = names is not None and inline.hinted(data, self._lines.width)
        # Line start -> what is worth keeping of it, since a line of megabytes can hold thousands of findings.
        self._ends: dict[int, int] = {}
        self._markers: dict[int, list[inline.Marker]] = {}
        self._blocks: list[inline.Block] | None = None
        self._previous: dict[int, int] = {}

    def place(self, match: Match, reveal: bool) -> _Place:
        lines, cursor = self._lines, self._cursor
        start, end = match.secret_span
        column = cursor.move(start)
        first_start = cursor.line_start
        first_end = self._line_end(first_start)
        # The line of the secret's last byte; a line feed that ends the secret is on the line it ends.
        final = max(start, end - lines.width)
        last_start = max(first_start, lines.rfind(start, final) + lines.width)
        last_end = self._line_end(last_start)
        more = lines.count(start, final)
        marker, standing = self._marker(match, first_start, last_start, last_end) if self._allow else (None, "")
        return _Place(
            match=match,
            lines=lines,
            start=(cursor.line, column),
            end=cursor.end(end),
            first=(first_start, first_end),
            shown=self._shown(start, min(end, first_end), (first_start, first_end), reveal),
            more=more,
            touched=(first_start, last_end),
            marker=marker,
            standing=standing,
        )

    def _line_end(self, line_start: int) -> int:
        """Offset after the line's last byte, neither a line feed nor a carriage return before it counted."""
        if line_start not in self._ends:
            lines = self._lines
            end = lines.find(line_start)
            before = end - lines.width
            if before >= line_start and lines.data[before:end] == "\r".encode(lines.codec):
                end = before
            self._ends[line_start] = end
        return self._ends[line_start]

    def _shown(self, start: int, end: int, line: tuple[int, int], reveal: bool) -> tuple[int, int]:
        lines = self._lines
        if line[1] - line[0] - (0 if reveal else end - start) <= 2 * _AROUND * lines.width:
            return line
        if reveal:
            # A mask is short whatever it hides; the secret itself may be as long as the line.
            end = lines.ahead(start, end, 2 * _AROUND)
        return lines.back(start, line[0], _AROUND), lines.ahead(end, line[1], _AROUND)

    def _marker(self, match: Match, first_start: int, last_start: int, last_end: int) -> tuple[inline.Marker | None, str]:
        """The comment that speaks for a match, and where it stands if not on its line."""
        lines = self._lines
        start, end = match.secret_span
        names = self._names(match.rule_id) if self._names else ()
        around = self._markers_at(first_start)
        if last_start != first_start:
            around = around + self._markers_at(last_start)
        # A comment that is part of the secret was not written about it.
        marker = inline.choose((item for item in around if item.here and (item.end <= start or item.start >= end)), names)
        if marker:
            return marker, ""
        if first_start > lines.origin:
            if first_start not in self._previous:
                self._previous[first_start] = max(lines.origin, lines.rfind(lines.origin, first_start - lines.width) + lines.width)
            marker = inline.choose((item for item in self._markers_at(self._previous[first_start]) if item.below), names)
            if marker:
                return marker, "on the line before"
        if last_start != first_start and (after := lines.find(last_end) + lines.width) < len(lines.data):
            marker = inline.choose((item for item in self._markers_at(after) if item.above), names)
            if marker:
                return marker, "on the line after"
        marker = inline.choose((block.marker for block in self._enclosing() if block.start <= start < block.end), names)
        return marker, "above" if marker else ""

    def _enclosing(self) -> list[inline.Block]:
        """The file's blocks, looked for once."""
        if self._blocks is None:
            lines = self._lines
            origin = lines.origin

            def moved(offset: int) -> int:
                return origin + offset * lines.width

            found = inline.blocks(lines.shadow(origin, len(lines.data))) if inline.may_hold_blocks(lines.data, lines.codec) else []
            self._blocks = [inline.Block(moved(block.start), moved(block.end), _moved(block.marker, moved)) for block in found]
        return self._blocks

    def _markers_at(self, line_start: int) -> list[inline.Marker]:
        if line_start not in self._markers:
            lines = self._lines
            found = inline.markers(lines.shadow(line_start, self._line_end(line_start)))

            def moved(offset: int) -> int:
                return line_start + offset * lines.width

            self._markers[line_start] = [_moved(item, moved) for item in found]
        return self._markers[line_start]


def _moved(marker: inline.Marker, moved: Callable[[int], int]) -> inline.Marker:
    return marker._replace(start=moved(marker.start), end=moved(marker.end), reason=(moved(marker.reason[0]), moved(marker.reason[1])))


def _present(chunk: Chunk, places: list[_Place]) -> dict[tuple[int, int], bool]:
    """Touched range -> whether the base holds all of its lines."""
    base = chunk.base() if chunk.base else None
    if base is None:
        return {place.touched: False for place in places}
    wanted = {place.touched: _lines_of(chunk.data[slice(*place.touched)], place.lines.codec) for place in places}
    every = frozenset[str | bytes]().union(*wanted.values())
    codecs = {place.lines.codec for place in places}
    held = {line for codec in codecs for line in _lines_of(base, codec) if line in every}
    return {touched: lines <= held for touched, lines in wanted.items()}


def _lines_of(data: bytes, codec: str) -> frozenset[str | bytes]:
    """Return the set of whole lines; as text for UTF-16, so that a base in UTF-8 compares too."""
    if codec == "utf-8":
        return frozenset(line.removesuffix(b"\r") for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
    for bom, other in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if data.startswith(bom):
            codec, data = other, data.removeprefix(bom)
            break
    return frozenset(line.removesuffix("\r") for line in data.decode(codec, "replace").split("\n"))


def _hashes(chunk: Chunk, lines: set[int]) -> dict[int, str]:
    provenance = chunk.provenance
    is_file = provenance.kind in _FILE_KINDS and provenance.archive_path is None and provenance.details.get("object_type", "blob") == "blob"
    if not is_file or len(chunk.data) > MAX_BYTES:
        return {}
    return line_hashes(chunk.data, lines)
