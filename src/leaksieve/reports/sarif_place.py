"""Where a SARIF result points, as the object model has it: artifact, region, snippet."""

from __future__ import annotations

import sarif_om

from leaksieve.model import Occurrence
from leaksieve.reports.address import result_uri
from leaksieve.reports.render import visible

# By convention the root of the checkout.  No originalUriBaseIds say where that is: GitHub ignores them, and an
# absolute path of the machine that scanned is nobody's business.
SOURCE_ROOT = "%SRCROOT%"


def artifact(address: str) -> sarif_om.ArtifactLocation:
    """Return an artifact location under the source root."""
    return sarif_om.ArtifactLocation(uri=address, uri_base_id=SOURCE_ROOT)


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
