"""Everything of a SARIF run but its results: the tool, the invocation, what was skipped."""

from __future__ import annotations

import sarif_om

from leaksieve import __version__
from leaksieve.coverage import Coverage, SourceCoverage
from leaksieve.model import Skip
from leaksieve.reports.address import uri
from leaksieve.reports.base import RuleInfo
from leaksieve.reports.render import TOOL_NAME, TOOL_URI, path_text, skip_names_object
from leaksieve.reports.sarif_object import message_text
from leaksieve.reports.sarif_place import artifact
from leaksieve.reports.sarif_rules import notice_descriptor, rule_descriptor

# Each is some 300 bytes and a file may have 10 MB gzipped; the full list is in the JSON report.
NOTICES_PER_RUN = 1000


def _notice(identifier: str, words: str, level: str, path: bytes = b"") -> tuple[str, sarif_om.Notification]:
    address = uri(path)
    place = [sarif_om.Location(physical_location=sarif_om.PhysicalLocation(artifact_location=artifact(address)))] if address else None
    return identifier, sarif_om.Notification(message=sarif_om.Message(text=message_text(words)), level=level, locations=place)


def _skip_notice(source: SourceCoverage, skip: Skip) -> tuple[str, sarif_om.Notification]:
    what = f"'{path_text(skip.where)}'" if skip.where else f"{skip.count:,} more" if skip.count > 1 else "Something"
    times = f" ({skip.count:,} in all)" if skip.where and skip.count > 1 else ""
    reason = skip.reason.replace("-", " ")
    why = f"{reason} ({skip.detail})" if skip.detail else reason
    verb = "could not be scanned" if skip.kind == "failed" else "left out"
    path = b"" if skip_names_object(source, skip) else skip.where
    return _notice(f"{skip.kind}/{skip.reason}", f"{what}{times} {verb}: {why}.", "error" if skip.kind == "failed" else "note", path)


def _notices(coverage: Coverage, number: int, count: int, dropped: int) -> list[tuple[str, sarif_om.Notification]]:
    notices = []
    if dropped:
        words = f"{dropped:,} further results do not fit: a file holds 20 runs of 5,000 results. Use the JSON report for all of them."
        notices.append(_notice("failed/too-many-results", words, "error"))
    if count > 1:
        notices.append(_notice("note/split", f"Part {number} of {count}: results are split into runs of 5,000, as many as code scanning keeps.", "note"))
    if coverage.interrupted:
        notices.append(_notice("failed/interrupted", "The scan was interrupted; what was found until then is reported.", "error"))
    notices += [_notice("note/remark", note, "note") for note in (*coverage.notes, *coverage.warnings) if note]
    skips = [(source, skip) for source in coverage.sources for skip in source.skips] if number == 1 else []
    skips.sort(key=lambda pair: pair[1].kind != "failed")  # the failed ones first, should the limit cut
    notices += [_skip_notice(source, skip) for source, skip in skips[:NOTICES_PER_RUN]]
    rest = sum(skip.count for _, skip in skips[NOTICES_PER_RUN:])
    if rest:
        notices.append(_notice("note/more-skips", f"{rest:,} further things were not scanned; the JSON report names them.", "warning"))
    return notices


def run_head(rules: list[RuleInfo], coverage: Coverage, *, number: int, count: int, dropped: int) -> sarif_om.Run:
    """Return run ``number`` of ``count`` without results.  Skips are said in the first run alone; each run says whether the scan was complete."""
    notices = _notices(coverage, number, count, dropped)
    kinds = sorted({identifier for identifier, _ in notices})
    for identifier, notice in notices:
        notice.descriptor = sarif_om.ReportingDescriptorReference(id=identifier, index=kinds.index(identifier))
    driver = sarif_om.ToolComponent(
        name=TOOL_NAME,
        information_uri=TOOL_URI,
        semantic_version=coverage.version or __version__,
        rules=[rule_descriptor(rule) for rule in rules],
        notifications=[notice_descriptor(identifier) for identifier in kinds] or None,
    )
    return sarif_om.Run(
        tool=sarif_om.Tool(driver=driver),
        # GitHub takes what stands before the last slash as the category, and one upload of each.
        automation_details=sarif_om.RunAutomationDetails(id="leaksieve/" if number == 1 else f"leaksieve-{number}/"),
        column_kind="unicodeCodePoints",
        invocations=[
            sarif_om.Invocation(
                execution_successful=coverage.complete and not dropped,
                start_time_utc=coverage.started or None,
                end_time_utc=_end(coverage),
                tool_execution_notifications=[notice for _, notice in notices] or None,
            )
        ],
        properties={"rulesetHash": coverage.ruleset_hash, "engine": coverage.engine} if coverage.ruleset_hash else None,
    )


def _end(coverage: Coverage) -> str | None:
    from datetime import datetime, timedelta

    try:
        start = datetime.fromisoformat(coverage.started)
    except ValueError:
        return None
    return (start + timedelta(seconds=coverage.seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
