"""The SARIF 2.1.0 report, for GitHub code scanning, GitLab and editors.

GitHub keeps 5,000 results of a run and takes 20 runs of a file, so results are written in runs
of that size; what no longer fits is counted in a notification.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TextIO, cast

import sarif_om

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.address import reported
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.json import compact
from leaksieve.reports.render import plain, visible
from leaksieve.reports.sarif_object import message_text, plain_object
from leaksieve.reports.sarif_place import location
from leaksieve.reports.sarif_rules import LEVELS, SCORES
from leaksieve.reports.sarif_run import run_head
from leaksieve.reports.standing import whereabouts

RESULTS_PER_RUN = 5000
RUNS_PER_FILE = 20
SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"


class SarifReporter:
    """Collects results, since a run names its rules once and hosts limit the size of a run."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._results: list[dict[str, object]] = []
        self._rules: dict[str, RuleInfo] = {}
        self._dropped = 0
        self._suppressed = False

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Turn one secret into its results."""
        self._rules[rule.id] = rule
        ordinals: dict[bytes, int] = {}
        for occurrence in reported(finding):
            ordinal = ordinals[occurrence.path] = ordinals.get(occurrence.path, 0) + 1
            if len(self._results) == RESULTS_PER_RUN * RUNS_PER_FILE:
                self._dropped += 1
                continue
            result = plain_object(self._result(finding, rule, occurrence, ordinal))
            self._results.append(cast("dict[str, object]", result))

    def _result(self, finding: Finding, rule: RuleInfo, occurrence: Occurrence, ordinal: int) -> sarif_om.Result:
        name = " ".join(finding.rule_name.split()) or rule.id
        suppressions = _suppressions(finding, occurrence)
        self._suppressed = self._suppressed or bool(suppressions)
        baseline = None
        if self._view.staged:
            baseline = "unchanged" if occurrence.already_present else "new"
        if finding.baselined:
            baseline = "unchanged"
        secret = f" '{finding.secret}'" if finding.secret else ""
        past = whereabouts(occurrence, quote="'")
        return sarif_om.Result(
            rule_id=rule.id,
            level=LEVELS.get(finding.severity, "warning"),
            rank=SCORES.get(finding.severity, 5.5) * 10,
            message=sarif_om.Message(text=message_text(f"{name}{secret} is exposed here: revoke it, then take it out. {past}".rstrip())),
            locations=[location(occurrence, finding.secret)],
            partial_fingerprints={
                "primaryLocationLineHash": occurrence.line_hash or _line_hash(finding, occurrence, ordinal),
                "secretHash/v1": finding.fingerprint,
            },
            suppressions=suppressions or None,
            baseline_state=baseline,
            properties=_properties(finding, occurrence),
        )

    def finish(self, coverage: Coverage) -> None:
        """Write the file."""
        stream = self._stream
        assert stream is not None
        if self._suppressed:
            # Once one result of a log speaks of suppression, the standard wants all of them to.
            for result in self._results:
                result.setdefault("suppressions", [])
        if coverage.baseline is not None:
            for result in self._results:
                result.setdefault("baselineState", "new")
        stream.write(f'{{"$schema":{compact(SCHEMA_URI)},"version":"2.1.0","runs":[')
        count = max(1, -(-len(self._results) // RESULTS_PER_RUN))
        for number in range(count):
            results = self._results[number * RESULTS_PER_RUN : (number + 1) * RESULTS_PER_RUN]
            self._write_run(stream, results, coverage, number + 1, count)
        stream.write("\n]}\n")

    def _write_run(self, stream: TextIO, results: list[dict[str, object]], coverage: Coverage, number: int, count: int) -> None:
        fired = sorted({str(result["ruleId"]) for result in results})
        index = {rule_id: place for place, rule_id in enumerate(fired)}
        head = plain_object(run_head([self._rules[rule_id] for rule_id in fired], coverage, number=number, count=count, dropped=self._dropped))
        stream.write((",\n" if number > 1 else "\n") + compact(head)[:-1] + ',"results":[')
        for place, result in enumerate(results):
            result["ruleIndex"] = index[str(result["ruleId"])]
            stream.write((",\n" if place else "\n") + compact(result))
        stream.write("\n]}")


def _line_hash(finding: Finding, occurrence: Occurrence, ordinal: int) -> str:
    """Return a stand-in for the line's hash where the line is not in the checkout; the same every run, so that alerts do not double."""
    # The location id says fingerprint, path and ordinal already, counted over the whole scan.
    place = occurrence.location_id.encode() or b"\0".join((occurrence.path, occurrence.archive_path or b"", b"%d" % ordinal))
    return f"{sha256(finding.fingerprint.encode() + place).hexdigest()[:16]}:1"


def _suppressions(finding: Finding, occurrence: Occurrence) -> list[sarif_om.Suppression]:
    if occurrence.allowed:
        kind = "inSource" if occurrence.allowed.startswith("inline comment") else "external"
        return [sarif_om.Suppression(kind=kind, state="accepted", justification=visible(occurrence.allowed))]
    if finding.allowed:
        return [sarif_om.Suppression(kind="external", state="accepted", justification=visible(finding.allowed))]
    return []


def _properties(finding: Finding, occurrence: Occurrence) -> Mapping[str, object]:
    """Facts that have no place of their own in SARIF; no names or addresses of people."""
    facts: dict[str, object] = {
        "severity": finding.severity,
        "confidence": finding.confidence,
        "proof": finding.proof or "none",
        "places": len(finding.occurrences),
        "locationId": occurrence.location_id,
    }
    if finding.details:
        facts["details"] = {name: visible(value) if isinstance(value, str) else value for name, value in finding.details.items()}
    parts = {name: visible(value) for name, value in finding.parts if "@" not in value or name not in ("user", "email")}
    if parts:
        facts["parts"] = parts
    if finding.verdict:
        facts["verdict"] = finding.verdict
    if finding.verification:
        # Names and addresses of people stay out, as everywhere here.
        told = {name: _shown(value) for name, value in finding.verification.items() if name != "identity"}
        identity = finding.verification.get("identity")
        if isinstance(identity, Mapping):
            told["identity"] = {name: _shown(value) for name, value in identity.items() if name in ("account", "organisation", "team", "kind")}
        facts["verification"] = told
    if teams := [visible(owner) for owner in occurrence.owners if owner.startswith("@")]:
        facts["owners"] = teams
    if occurrence.decoded:
        facts["decoded"] = list(occurrence.decoded)
    for key in ("commit", "object", "image", "layer", "layer_index", "created_by", "where"):
        if occurrence.source.get(key) not in (None, ""):
            facts[key] = plain(occurrence.source[key])
    return facts


def _shown(value: object) -> object:
    """A value with everything visible in it, however deep."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(name)): _shown(one) for name, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value
