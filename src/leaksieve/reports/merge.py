"""Several reports as one: secrets folded by fingerprint, receipts added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leaksieve.coverage import Coverage
from leaksieve.errors import UsageError
from leaksieve.model import CONFIDENCES, SEVERITIES, Finding, Occurrence
from leaksieve.reports.read import Report

# Strongest first.
_PROOFS = ("verified", "structural", "none", "")
_VERDICTS = ("active", "canary", "unknown", "expired", "inactive", "unverifiable", "")


def merge(reports: Sequence[Report], names: Sequence[str]) -> Report:
    """Return one report of several; ``names`` are theirs, for errors.

    A place that several reports of the same targets have is listed once.  What one of them holds
    against it counts, should another have it as accepted or old.  Raises UsageError when
    fingerprints were made with different keys, for then equal secrets cannot be told.
    """
    _same_key(reports, names)
    groups: dict[str, list[tuple[object, Finding]]] = {}
    for report in reports:
        targets = tuple(sorted({source.resolved or source.requested for source in report.coverage.sources}))
        for finding in report.findings:
            groups.setdefault(finding.fingerprint, []).append((targets, finding))
    findings = [_folded(group) for group in groups.values()]
    findings.sort(key=lambda finding: (*_order(finding.occurrences[0]), finding.rule_id, finding.fingerprint))
    return Report(findings, _receipt([report.coverage for report in reports]))


def _same_key(reports: Sequence[Report], names: Sequence[str]) -> None:
    keyed = [(report.coverage.key, name) for report, name in zip(reports, names, strict=True) if report.coverage.key is not None]
    for key, name in keyed[1:]:
        first, other = keyed[0]
        if key is not None and first is not None and key[1] != first[1]:
            raise UsageError(
                f"its fingerprints were made with another key ({key[0]}) than those of {other} ({first[0]})",
                where=name,
                hint="scan both with the same LEAKSIEVE_KEY or project",
            )


def _order(occurrence: Occurrence) -> tuple[bytes, int, int, bytes, int, int]:
    return (
        occurrence.path,
        occurrence.byte_start,
        occurrence.byte_end,
        occurrence.archive_path or b"",
        occurrence.start_line,
        occurrence.start_column,
    )


def _identity(targets: object, occurrence: Occurrence) -> str:
    """Everything that says where a place is, and nothing of how it was judged."""
    source = sorted((name, str(value)) for name, value in occurrence.source.items())
    return repr((targets, _order(occurrence), occurrence.decoded, source))


def _folded(group: list[tuple[object, Finding]]) -> Finding:
    if len(group) == 1:
        return group[0][1]
    places: dict[str, Occurrence] = {}
    for targets, finding in group:
        for occurrence in finding.occurrences:
            key = _identity(targets, occurrence)
            known = places.get(key)
            if known is not None:
                allowed = occurrence.allowed and known.allowed
                occurrence = known._replace(allowed=allowed, already_present=known.already_present and occurrence.already_present)
            places[key] = occurrence
    findings = [finding for _, finding in group]
    occurrences = tuple(sorted(places.values(), key=_order))
    speaks = max(findings, key=lambda finding: (SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence)))
    reasons = dict.fromkeys(occurrence.allowed for occurrence in occurrences)
    details: dict[str, object] = {}
    for finding in reversed(findings):
        details.update(finding.details)
    return speaks._replace(
        confidence=max((finding.confidence for finding in findings), key=CONFIDENCES.index),
        tags=_tags(findings),
        parts=max((finding.parts for finding in findings), key=len),
        proof=min((finding.proof for finding in findings), key=_PROOFS.index),
        verdict=min((finding.verdict for finding in findings), key=_VERDICTS.index),
        links=tuple({repr(link): link for finding in findings for link in finding.links}.values()),
        allowed="" if "" in reasons else "; ".join(reasons),
        already_present=all(occurrence.already_present for occurrence in occurrences),
        # A place that no baseline knows makes it one that counts.
        baselined="" not in reasons and any(finding.baselined for finding in findings),
        occurrences=occurrences,
        details=details,
        verification=min(findings, key=lambda finding: _VERDICTS.index(finding.verdict)).verification,
    )


def _tags(findings: list[Finding]) -> tuple[str, ...]:
    """All tags, but one place outside the tests is enough for a secret not to be a test's."""
    every = dict.fromkeys(tag for finding in findings for tag in finding.tags)
    return tuple(tag for tag in every if tag != "test" or all(tag in finding.tags for finding in findings))


def _receipt(receipts: Sequence[Coverage]) -> Coverage:
    total = Coverage()
    total.sources = [source for receipt in receipts for source in receipt.sources]
    total.ruleset_hash = _one(receipt.ruleset_hash for receipt in receipts)
    total.rules = max(receipt.rules for receipt in receipts)
    total.config_path = _one(receipt.config_path or "" for receipt in receipts) or None
    total.config_origin = _one(receipt.config_origin for receipt in receipts) or "several"
    total.key = next((receipt.key for receipt in receipts if receipt.key is not None), None)
    total.engine = ", ".join(dict.fromkeys(receipt.engine for receipt in receipts if receipt.engine))
    total.version = ", ".join(dict.fromkeys(receipt.version for receipt in receipts if receipt.version))
    total.started = min((receipt.started for receipt in receipts if receipt.started), default="")
    total.seconds = sum(receipt.seconds for receipt in receipts)
    total.strict = any(receipt.strict for receipt in receipts)
    total.interrupted = any(receipt.interrupted for receipt in receipts)
    total.notes = list(dict.fromkeys(note for receipt in receipts for note in (*receipt.notes, *receipt.warnings)))
    total.inline_allowed = sum(receipt.inline_allowed for receipt in receipts)
    total.allow = [entry for receipt in receipts for entry in receipt.allow]
    total.exclude = [entry for receipt in receipts for entry in receipt.exclude]
    total.baseline = _baseline([receipt.baseline for receipt in receipts if receipt.baseline is not None])
    total.verification = _verification([receipt.verification for receipt in receipts if receipt.verification is not None])
    if len({receipt.ruleset_hash for receipt in receipts}) > 1:
        total.notes.append("the merged reports were made with different rulesets")
    return total


def _verification(parts: list[dict[str, object]]) -> dict[str, object] | None:
    """Return the calls of all live checks, and their verdicts added up."""
    if not parts:
        return None
    verdicts: dict[str, int] = {}
    for part in parts:
        counts = part.get("verdicts")
        for state, count in counts.items() if isinstance(counts, dict) else ():
            verdicts[state] = verdicts.get(state, 0) + count
    return {"calls": [call for part in parts if isinstance(calls := part.get("calls"), list) for call in calls], "verdicts": verdicts}


def _baseline(parts: list[dict[str, object]]) -> dict[str, object] | None:
    """Return what the baselines did, added up; how many entries are stale is known only where it is of all."""
    if not parts:
        return None

    def total(name: str) -> int:
        return sum(count for part in parts if isinstance(count := part.get(name), int))

    files = [file for part in parts if isinstance(named := part.get("files"), list) for file in named]
    stale = None if any(part.get("stale") is None for part in parts) else total("stale")
    return {"files": list(dict.fromkeys(files)), **{name: total(name) for name in ("entries", "matched", "findings")}, "stale": stale}


def _one(values: Iterable[str]) -> str:
    """Return the value that all share, else ""."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else ""
