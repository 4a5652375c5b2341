"""The JUnit report: a test case for each place of a secret, and one that asks whether the scan was complete.

Written by hand rather than with an XML library: it is a handful of elements, and every text passes
one function that leaves nothing but printable characters and references.
"""

from __future__ import annotations

from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.address import file_name, reported
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.judgement import judgement
from leaksieve.reports.render import visible
from leaksieve.reports.standing import excuse, failures, left_out, notes, scanned, verdict, whereabouts
from leaksieve.reports.text_finding import place, steps

_FAILURES_NAMED = 100
_CONTEXT_LINES = 3
_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def _escaped(text: str) -> str:
    """Return one line for an element or an attribute; XML forbids control characters even as references, so they are shown as escapes."""
    return visible(text).translate(_REFERENCES)


def _attributes(**values: object) -> str:
    return "".join(f' {name}="{_escaped(str(value))}"' for name, value in values.items())


class JunitReporter:
    """Collects test cases, since their numbers stand before them."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._cases: list[tuple[tuple[str, int, int, str], str]] = []
        self._failed = 0
        self._skipped = 0

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Turn one secret into test cases."""
        for occurrence in reported(finding):
            key = (file_name(occurrence), occurrence.start_line, occurrence.start_column, finding.rule_id)
            self._cases.append((key, self._case(finding, occurrence, rule)))

    def _case(self, finding: Finding, occurrence: Occurrence, rule: RuleInfo) -> str:
        name = visible(finding.rule_name) or rule.id
        address, line = file_name(occurrence), max(occurrence.start_line, 1)
        head = f"<testcase{_attributes(classname=address, name=f'{name} in line {line}, column {max(occurrence.start_column, 1)}', file=address, line=line, time=0)}>"
        why_not = excuse(finding, occurrence, self._view.fail_on)
        if why_not:
            self._skipped += 1
            return f"{head}<skipped{_attributes(message=f'{finding.severity}: {name} {finding.secret}; {why_not}')}/></testcase>"
        self._failed += 1
        message = _attributes(message=f"{finding.severity}: {name} {finding.secret}", type=rule.id)
        return f"{head}<failure{message}>{_body(finding, occurrence, rule)}</failure></testcase>"

    def finish(self, coverage: Coverage) -> None:
        """Write the file."""
        assert self._stream is not None
        self._cases.sort()
        incomplete = 0 if coverage.complete else 1
        seconds = f"{coverage.seconds:.3f}"
        total = {"tests": len(self._cases) + 1, "failures": self._failed, "errors": incomplete, "skipped": self._skipped, "time": seconds}
        stamp = {"timestamp": coverage.started.removesuffix("Z")} if coverage.started else {}
        found = {"name": "secrets", "tests": len(self._cases), "failures": self._failed, "errors": 0, "skipped": self._skipped, "time": seconds, **stamp}
        receipt = {"name": "coverage", "tests": 1, "failures": 0, "errors": incomplete, "skipped": 0, "time": 0, **stamp}
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites{_attributes(name='leaksieve', **total)}>",
            f"<testsuite{_attributes(**found)}>",
            *_properties(coverage),
            *(case for _, case in self._cases),
            "</testsuite>",
            f"<testsuite{_attributes(**receipt)}>",
            _complete(coverage),
            "</testsuite>",
            "</testsuites>",
        ]
        self._stream.write("".join(line + "\n" for line in lines))


def _body(finding: Finding, occurrence: Occurrence, rule: RuleInfo) -> str:
    """What to know and what to do.  No line begins with what the file says: a job's log may take that for an order."""
    where = f"{place(occurrence)}: {finding.rule_name} {finding.secret}"
    lines = [f"at {where}"]
    context = [line for line in occurrence.context.rstrip("\r\n").split("\n")[:_CONTEXT_LINES] if line.strip()]
    lines += [f"line {occurrence.start_line + number}: {line}" for number, line in enumerate(context)]
    if occurrence.owners:
        lines.append(f"owner: {' '.join(occurrence.owners)}")
    if finding.verification:
        lines.append(f"live: {judgement(finding)}")
    lines += [f"why: {line}" for line in (whereabouts(occurrence), rule.impact) if line]
    lines += [f"fix: {step}" for step in steps(rule)]
    if rule.rotation or rule.documentation:
        lines.append(f"see: {rule.rotation or rule.documentation}")
    lines.append(f"fingerprint: {finding.fingerprint}")
    return "\n".join(_escaped(line) for line in lines)


def _properties(coverage: Coverage) -> list[str]:
    facts = {
        "complete": str(coverage.complete).lower(),
        "scanned": scanned(coverage),
        "left out": left_out(coverage),
        "ruleset": coverage.ruleset_hash,
        "engine": coverage.engine,
        "configuration": coverage.config_origin,
        "version": coverage.version,
    }
    pairs = [*facts.items(), *(("note", note) for note in notes(coverage))]
    return ["<properties>", *(f"<property{_attributes(name=name, value=value)}/>" for name, value in pairs if value), "</properties>"]


def _complete(coverage: Coverage) -> str:
    """Return the test case that says whether everything was scanned."""
    head = f"<testcase{_attributes(classname='leaksieve', name='everything that was asked for was scanned', time=0)}"
    if coverage.complete:
        return head + "/>"
    failed = failures(coverage)
    lines = [f"could not be scanned: {path or 'something'}: {why}" for path, why in failed[:_FAILURES_NAMED]]
    if failed[_FAILURES_NAMED:]:
        lines.append(f"and {len(failed) - _FAILURES_NAMED:,} more; the JSON report names them")
    body = "\n".join(_escaped(line) for line in lines)
    return f"{head}><error{_attributes(message=verdict(coverage), type='incomplete')}>{body}</error></testcase>"
