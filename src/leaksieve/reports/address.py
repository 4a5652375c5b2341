"""Where a result points, for every format that lists places: addresses that hosts take, and which places get a result."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_from_bytes, unquote_to_bytes

from leaksieve.model import Finding, Occurrence
from leaksieve.reports.render import path_text, visible

URI_LIMIT = 2048


def uri(path: bytes) -> str:
    """Return a relative URI reference without scheme, authority or climbing segments.

    Everything but letters, digits and ``-._~/`` is percent-encoded, the colon too: a first segment
    with a colon would read as a scheme, for which GitHub refuses the whole upload.
    """
    segments = [b"_.." if segment == b".." else segment for segment in path.split(b"/") if segment not in {b"", b"."}]
    return quote_from_bytes(b"/".join(segments))


def result_uri(occurrence: Occurrence) -> str:
    """Return the address of an occurrence; what has no path of its own (a commit message, an image label) gets a stable one."""
    source = occurrence.source
    kind = str(source.get("kind", "file"))
    address = uri(occurrence.path)
    if kind == "image":
        image = uri(str(source.get("image", "")).encode("utf-8", "surrogateescape"))
        return "/".join(part for part in ("images", image, address or uri(str(source.get("where", "config")).encode())) if part)
    if address:
        return address
    if kind == "git":
        return uri(f"git/{source.get('object_type', 'object')}/{source.get('object') or source.get('commit') or 'unknown'}".encode("utf-8", "surrogateescape"))
    return uri(kind.encode("utf-8", "surrogateescape")) or "unknown"


def file_name(occurrence: Occurrence) -> str:
    """Return the same address as a readable relative path, never empty."""
    return path_text(unquote_to_bytes(result_uri(occurrence)))


def at_head(occurrence: Occurrence) -> bool:
    """Tell whether the place exists in what is checked out (anything that is not only history)."""
    source = occurrence.source
    return source.get("kind") != "git" or bool(source.get("at_head"))


def reported(finding: Finding) -> Iterator[Occurrence]:
    """Yield the occurrences that get a result: each at HEAD once per place, or one when the secret is in history only.

    Hosts show the first location of a result and nothing else, so places are not folded into one.  Of those that share an
    address (a file and its version at HEAD, a file in several layers of an image) the one that counts most stands for all.
    """
    shown: dict[tuple[object, ...], Occurrence] = {}
    for occurrence in finding.occurrences:
        if not at_head(occurrence):
            continue
        place = (result_uri(occurrence), occurrence.archive_path, occurrence.start_line, occurrence.start_column, occurrence.decoded)
        known = shown.get(place)
        if known is None or _excused(occurrence) < _excused(known):
            shown[place] = occurrence
    yield from shown.values() or finding.occurrences[:1]


def _excused(occurrence: Occurrence) -> tuple[bool, bool, bool]:
    """Sort key: what is held against somebody first, then what can still be seen."""
    return bool(occurrence.allowed), occurrence.already_present, bool(occurrence.source.get("deleted_later"))


def web_address(*candidates: str) -> str | None:
    """Return the first candidate that is an absolute web address without blanks or anything a terminal acts on."""
    for candidate in candidates:
        if (
            candidate.startswith(("https://", "http://"))
            and len(candidate) <= URI_LIMIT
            and candidate.isascii()
            and candidate == visible(candidate)
            and not set(candidate) & set(' "<>\\^`{|}')
        ):
            return candidate
    return None
