"""GitLab's own secret detection report (``artifacts:reports:secret_detection``), of every tier.

GitLab knows no accepted findings, so those (a baseline's too) are counted in the messages and left out.  Texts there
are Markdown; what comes from scanned files stands in code spans.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TextIO

from leaksieve import __version__
from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.address import at_head, file_name, reported, web_address
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.json import compact
from leaksieve.reports.judgement import judgement
from leaksieve.reports.marks import code, words
from leaksieve.reports.render import TOOL_NAME, TOOL_URI, encoding, path_text, visible
from leaksieve.reports.standing import commit_of, failures, left_out, notes, scanned, standing, verdict, whereabouts
from leaksieve.reports.text_style import counted

SCHEMA_VERSION = "15.2.4"
_SCHEMA = f"https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v{SCHEMA_VERSION}/dist/secret-detection-report-format.json"
# The format wants a commit of every place; this is what GitLab's own analyzer writes for files without one.
NO_COMMIT = "0000000"
_NAME_LIMIT = 255
_SOLUTION_LIMIT = 7000
_FAILURES_NAMED = 100
_EPOCH = "1970-01-01T00:00:00"


class GitlabReporter:
    """Writes a vulnerability for each place at HEAD, one for a secret that is in the history only."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._separator = "\n"
        self._accepted = {"baselined": 0, "allowed": 0}

    def start(self, stream: TextIO, view: View) -> None:
        """Write the head."""
        self._stream = stream
        self._view = view
        stream.write(f'{{"version":{compact(SCHEMA_VERSION)},"schema":{compact(_SCHEMA)},"vulnerabilities":[')

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Write the places of one secret."""
        assert self._stream is not None
        for number, occurrence in enumerate(reported(finding)):
            how = standing(finding, occurrence, self._view.fail_on)
            if how in self._accepted:
                self._accepted[how] += 1
                continue
            self._stream.write(self._separator + compact(_vulnerability(finding, occurrence, rule, number)))
            self._separator = ",\n"

    def finish(self, coverage: Coverage) -> None:
        """Close the list and write what was scanned."""
        assert self._stream is not None
        self._stream.write(f'\n],"scan":{compact(_scan(coverage, self._accepted))}}}\n')


def _vulnerability(finding: Finding, occurrence: Occurrence, rule: RuleInfo, number: int) -> dict[str, object]:
    name = " ".join(visible(finding.rule_name).split()) or rule.id
    address = file_name(occurrence)
    start = max(occurrence.start_line, 1)
    sha = visible(commit_of(finding, occurrence)) or NO_COMMIT
    links = [
        {"name": title, "url": url}
        for title, url in (("Rotate or revoke it", web_address(rule.rotation)), ("About this credential", web_address(rule.documentation)))
        if url
    ]
    return {
        "id": _identity(finding, occurrence, number),
        "name": name[:_NAME_LIMIT],
        "description": _description(finding, occurrence, rule),
        "severity": finding.severity.capitalize(),
        "solution": _solution(rule)[:_SOLUTION_LIMIT],
        "identifiers": _identifiers(rule),
        **({"links": links} if links else {}),
        "details": _details(finding, occurrence),
        "location": {"file": address, "start_line": start, "end_line": max(occurrence.end_line, start), "commit": {"sha": sha}},
    }


def _identity(finding: Finding, occurrence: Occurrence, number: int) -> str:
    """Return a UUID that is the same in every run."""
    place = occurrence.location_id.encode() or b"\0".join((occurrence.path, occurrence.archive_path or b"", b"%d" % number))
    digits = sha256(b"\0".join((finding.fingerprint.encode(), place))).hexdigest()
    # Version 8 is for ids that are made one's own way.
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def _description(finding: Finding, occurrence: Occurrence, rule: RuleInfo) -> str:
    secret = f" {code(finding.secret)}" if finding.secret else ""
    pieces = [f"{words(finding.rule_name) or words(rule.id)}{secret} is exposed here."]
    if occurrence.archive_path:
        pieces.append(f"It is in {code(path_text(occurrence.archive_path))} inside the archive.")
    if encoded := encoding(occurrence.decoded):
        pieces.append(f"It is {words(encoded)}.")
    pieces.append(words(whereabouts(occurrence)))
    pieces.append(words(rule.impact))
    return " ".join(piece for piece in pieces if piece)


def _solution(rule: RuleInfo) -> str:
    steps = [words(step) for step in rule.revoke if step.strip()] or ["Revoke the credential where it was issued and replace it."]
    return " ".join([*steps, "Take it out of the source and read it from a secret store or the environment."])


def _identifiers(rule: RuleInfo) -> list[dict[str, str]]:
    number = "321" if "cwe-321" in rule.tags else "798"
    identifier = visible(rule.id)
    return [
        {"type": "leaksieve_rule_id", "name": f"leaksieve rule {identifier}", "value": identifier},
        {"type": "cwe", "name": f"CWE-{number}", "value": number, "url": f"https://cwe.mitre.org/data/definitions/{number}.html"},
    ]


def _details(finding: Finding, occurrence: Occurrence) -> dict[str, object]:
    facts = {
        "fingerprint": ("Fingerprint", finding.fingerprint),
        "confidence": ("Confidence", finding.confidence),
        "proof": ("Proof", finding.proof or "none"),
        "places": ("Places", len(finding.occurrences)),
        "at_head": ("At HEAD", at_head(occurrence)),
        "location_id": ("Location id", occurrence.location_id),
        **({"owners": ("Owners", " ".join(occurrence.owners))} if occurrence.owners else {}),
        **({"live_check": ("Live check", judgement(finding))} if finding.verification else {}),
    }
    return {key: {"name": title, "type": "value", "value": visible(value) if isinstance(value, str) else value} for key, (title, value) in facts.items()}


def _scan(coverage: Coverage, accepted: Mapping[str, int]) -> dict[str, object]:
    version = visible(coverage.version) or __version__
    tool = {"id": TOOL_NAME, "name": TOOL_NAME, "url": TOOL_URI, "version": version, "vendor": {"name": TOOL_NAME}}
    options = {"ruleset": coverage.ruleset_hash, "rules": coverage.rules, "engine": coverage.engine, "configuration": coverage.config_origin}
    start, end = _times(coverage)
    return {
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": start,
        "end_time": end,
        "status": "success" if coverage.complete else "failure",
        "messages": [{"level": level, "value": text} for level, text in _messages(coverage, accepted)],
        "options": [{"name": name, "source": "other", "value": visible(value) if isinstance(value, str) else value} for name, value in options.items()],
    }


def _messages(coverage: Coverage, accepted: Mapping[str, int]) -> list[tuple[str, str]]:
    failed = failures(coverage)
    lines = [("info", scanned(coverage)), ("info" if coverage.complete else "warn", verdict(coverage))]
    lines += [("warn", f"{path or 'Something'} could not be scanned: {why}") for path, why in failed[:_FAILURES_NAMED]]
    if failed[_FAILURES_NAMED:]:
        lines.append(("warn", f"{len(failed) - _FAILURES_NAMED:,} further things could not be scanned; the JSON report names them."))
    if left_out(coverage):
        lines.append(("info", left_out(coverage)))
    for how, what in (("baselined", "secrets in the baseline"), ("allowed", "accepted secrets")):
        if accepted[how]:
            lines.append(("info", f"{counted(accepted[how], 'place')} of {what} left out of this report."))
    return lines + [("info", note) for note in notes(coverage)]


def _times(coverage: Coverage) -> tuple[str, str]:
    """Start and end in UTC, without a zone, as the format wants them."""
    from datetime import UTC, datetime, timedelta

    try:
        start = datetime.fromisoformat(coverage.started).astimezone(UTC)
        end = start + timedelta(seconds=coverage.seconds)
    except (ValueError, OverflowError):
        return _EPOCH, _EPOCH
    return start.strftime("%Y-%m-%dT%H:%M:%S"), end.strftime("%Y-%m-%dT%H:%M:%S")
