"""Where a SARIF result points: URIs that every host takes, regions, and which occurrences get a result."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_from_bytes

import sarif_om

from leaksieve.model import Finding, Occurrence
from leaksieve.reports.render import visible

# By convention the root of the checkout.  No originalUriBaseIds say where that is: GitHub ignores them, and an
# absolute path of the machine that scanned is nobody's business.
SOURCE_ROOT = "%SRCROOT%"


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


def artifact(address: str) -> sarif_om.ArtifactLocation:
    """Return an artifact location under the source root."""
    return sarif_om.ArtifactLocation(uri=address, uri_base_id=SOURCE_ROOT)


def at_head(occurrence: Occurrence) -> bool:
    """Tell whether the place exists in what is checked out (anything that is not only history)."""
    source = occurrence.source
    return source.get("kind") != "git" or bool(source.get("at_head"))


def reported(finding: Finding) -> Iterator[Occurrence]:
    """Yield the occurrences that get a result: each at HEAD once per place, or one when the secret is in history only.

    Hosts show the first location of a result and nothing else, so places are not folded into one.
    """
    seen: set[tuple[object, ...]] = set()
    for occurrence in finding.occurrences:
        if not at_head(occurrence):
            continue
        place = (result_uri(occurrence), occurrence.archive_path, occurrence.start_line, occurrence.start_column, occurrence.decoded)
        if place not in seen:
            seen.add(place)
            yield occurrence
    if not seen:
        yield from finding.occurrences[:1]


def lines_visible(text: str) -> str:
    """Neutralise each line of a context; line breaks stay."""
    return "\n".join(visible(line) for line in text.split("\n"))


def location(occurrence: Occurrence, secret: str) -> sarif_om.Location:
    """Return the physical location: full region (1-based, end exclusive), masked snippet, masked line around it."""
    start_line, start_column = max(occurrence.start_line, 1), max(occurrence.start_column, 1)
    end_line = max(occurrence.end_line, start_line)
    end_column = max(occurrence.end_column, start_column + 1 if end_line == start_line else 1)
    context = lines_visible(occurrence.context)
    physical = sarif_om.PhysicalLocation(
        artifact_location=artifact(result_uri(occurrence)),
        region=sarif_om.Region(
            start_line=start_line,
            start_column=start_column,
            end_line=end_line,
            end_column=end_column,
            snippet=sarif_om.ArtifactContent(text=visible(secret)) if secret else None,
        ),
        context_region=sarif_om.Region(start_line=start_line, end_line=end_line, snippet=sarif_om.ArtifactContent(text=context)) if context else None,
    )
    logical = None
    if occurrence.archive_path:
        member = visible(occurrence.archive_path.decode("utf-8", "surrogateescape"))
        logical = [sarif_om.LogicalLocation(fully_qualified_name=member, kind="member")]
    return sarif_om.Location(physical_location=physical, logical_locations=logical)
