"""What the formats for hosts share: how a place stands towards the gate, and the receipt in single sentences."""

from __future__ import annotations

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence, Skip
from leaksieve.reports import text_receipt
from leaksieve.reports.address import at_head
from leaksieve.reports.render import path_text, visible
from leaksieve.reports.text_finding import in_image, told
from leaksieve.reports.text_style import Style, rank

_ONE_LINE = Style(color=False, width=1_000_000)


def standing(finding: Finding, occurrence: Occurrence, fail_on: str) -> str:
    """Return ``fails``, or why this place does not fail the run: ``baselined``, ``allowed``, ``present`` (there before the change), ``below`` (``fail_on``)."""
    if occurrence.allowed or finding.allowed:
        return "baselined" if finding.baselined else "allowed"
    if occurrence.already_present:
        return "present"
    return "fails" if rank(finding.severity) >= rank(fail_on) else "below"


def excuse(finding: Finding, occurrence: Occurrence, fail_on: str) -> str:
    """Return that in words, "" for a place that fails the run."""
    reason = visible(occurrence.allowed or finding.allowed)
    words = {
        "baselined": f"baselined: {reason}",
        "allowed": f"allowed: {reason}",
        "present": "already there before this change",
        "below": f"below {fail_on}, which does not fail the run",
    }
    return words.get(standing(finding, occurrence, fail_on), "")


def commit_of(finding: Finding, occurrence: Occurrence) -> str:
    """Return the commit that brought a place in, "" where none is known; a file scanned with its history has it from there."""
    return str(told(finding, occurrence).source.get("commit") or "")


def whereabouts(occurrence: Occurrence, quote: str = "") -> str:
    """Return a sentence about a place that is in no file at HEAD, "" for any other.  No names of people.  ``quote`` goes around the commit."""
    source = occurrence.source
    if source.get("kind") == "image":
        return f"It is in {in_image(source)}."
    if at_head(occurrence):
        return ""
    commit = visible(str(source.get("commit") or ""))[:12]
    where = f", in commit {quote}{commit}{quote}" if commit else ""
    if source.get("object_type") in ("commit", "tag"):
        return f"It stands in the text of a {source['object_type']}{where}."
    if source.get("reachable") is False:
        return f"No branch or tag leads to it, and it is still in the object store{where}."
    return f"This version is not at HEAD but still in the history{where}."


def scanned(coverage: Coverage) -> str:
    """``Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules.``"""
    return " ".join(text_receipt.scanned(coverage, _ONE_LINE))


def verdict(coverage: Coverage) -> str:
    """``Complete.``, or ``INCOMPLETE:`` and why."""
    return " ".join(text_receipt.verdict(coverage, _ONE_LINE))


def left_out(coverage: Coverage) -> str:
    """``Left out: 12 ignored by git, ...``, "" when nothing was."""
    counts: dict[str, int] = {}
    for source in coverage.sources:
        for reason, count in source.count_by_reason("excluded").items():
            counts[reason] = counts.get(reason, 0) + count
    pieces = [f"{count:,} {text_receipt.reason_words(reason, count)}" for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return f"Left out: {', '.join(pieces)}." if pieces else ""


def notes(coverage: Coverage) -> list[str]:
    """Return what else a reader should know, each on one line."""
    return [visible(note) for note in (*coverage.notes, *coverage.warnings) if note.strip()]


def failures(coverage: Coverage) -> list[tuple[str, str]]:
    """Return what could not be scanned as (path or "", why)."""
    return [(path_text(skip.where), _why(skip)) for source in coverage.sources for skip in source.skips if skip.kind == "failed"]


def _why(skip: Skip) -> str:
    words = text_receipt.reason_words(skip.reason) + (f": {visible(skip.detail)}" if skip.detail else "")
    return f"{skip.count:,} {words}" if skip.count > 1 else words
