"""The Markdown report, for comments on pull requests and for job summaries: a table, then each secret in a fold.

GitHub takes comments of up to 65,536 characters, so a report stays below that and says what it left out.
"""

from __future__ import annotations

from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports import text_receipt
from leaksieve.reports.address import web_address
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.judgement import NAMES, judgement
from leaksieve.reports.marks import code, words
from leaksieve.reports.standing import excuse, failures, left_out, notes, scanned, verdict, whereabouts
from leaksieve.reports.text_finding import TELLING, about, order, place, places, primary, steps
from leaksieve.reports.text_style import Style, counted, rank

LIMIT = 60_000
_ROWS = 100
_PLACES_NAMED = 10
_LINES = 20
_LIST_LIMIT = 10_000
_LONGEST = 300
# For the sentences that say what was left out.
_SPARE = 500
_ONE_LINE = Style(color=False, width=1_000_000)


class MarkdownReporter:
    """Collects findings, to sort them by place."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._findings: list[tuple[Finding, RuleInfo]] = []
        self._allowed: list[Finding] = []
        self._already = 0
        self._baselined = 0

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Keep one secret; what is in the baseline or old is counted only."""
        if finding.baselined:
            self._baselined += 1
        elif finding.allowed:
            self._allowed.append(finding)
        elif finding.already_present:
            self._already += 1
        else:
            self._findings.append((finding, rule))

    def finish(self, coverage: Coverage) -> None:
        """Write everything."""
        assert self._stream is not None
        self._findings.sort(key=lambda pair: (-rank(pair[0].severity), order(pair[0])))
        tail = _receipt(coverage, self._baselined, len(self._allowed), self._already) + _accepted(self._allowed)
        blocks = [self._title(coverage)]
        if self._findings:
            room = LIMIT - _SPARE - sum(len(block) + 2 for block in (*blocks, *tail))
            rows, left = _table(self._findings, room // 2)
            blocks.append(rows)
            blocks += _folds(self._findings, self._view, left + room - room // 2)
        self._stream.write("\n\n".join([*blocks, *tail]) + "\n")

    def _title(self, coverage: Coverage) -> str:
        if not self._findings:
            return f"## leaksieve: no secrets found{'' if coverage.complete else ', but the scan is incomplete'}"
        summary = " ".join(text_receipt.summary([finding for finding, _ in self._findings], self._view, _ONE_LINE))
        return f"## leaksieve: {summary}"


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST // 2] + "…" + text[-_LONGEST // 2 :]


def _table(findings: list[tuple[Finding, RuleInfo]], room: int) -> tuple[str, int]:
    """Return the table and how much of the room it left."""
    lines = ["| severity | what | where | secret |", "|---|---|---|---|"]
    for number, (finding, _) in enumerate(findings):
        shown = primary(finding)
        others = len(places(finding)) - 1
        where = code(_clipped(place(shown))) if shown else ""
        if others > 0:
            where += f" and {counted(others, 'more place')}"
        line = f"| {finding.severity} | {words(_clipped(finding.rule_name)) or code(finding.rule_id)} | {where} | {code(_clipped(finding.secret))} |"
        if number >= _ROWS or len(line) + 1 > room:
            lines += ["", f"{counted(len(findings) - number, 'more secret')} not in this table: the other reports have all of them."]
            break
        room -= len(line) + 1
        lines.append(line)
    return "\n".join(lines), room


def _folds(findings: list[tuple[Finding, RuleInfo]], view: View, room: int) -> list[str]:
    blocks: list[str] = []
    for number, (finding, rule) in enumerate(findings):
        block = _fold(finding, rule, view)
        if len(block) + 2 > room:
            blocks.append(f"Details of {counted(len(findings) - number, 'secret')} left out: a comment may be no longer.")
            break
        room -= len(block) + 2
        blocks.append(block)
    return blocks


def _fold(finding: Finding, rule: RuleInfo, view: View) -> str:
    shown = primary(finding)
    name = words(_clipped(finding.rule_name)) or code(finding.rule_id)
    lines = []
    if finding.secret:
        lines.append(f"- Secret: {code(_clipped(finding.secret))}, rule {code(finding.rule_id)}, confidence {finding.confidence}")
    if finding.details:
        lines.append(f"- About: {words(_clipped(about(finding.details)))}")
    if finding.verdict in TELLING or finding.verification:
        lines.append(f"- Verdict: **{NAMES.get(finding.verdict, finding.verdict)}**")
    if finding.verification:
        lines.append(f"- Live check: {words(_clipped(judgement(finding)))}")
    lines += _where(finding, view)
    if shown is not None and whereabouts(shown):
        lines.append(f"- {words(whereabouts(shown))}")
    if shown is not None and shown.owners:
        # As code: a comment that names them must not call them.
        lines.append(f"- Owners: {', '.join(code(_clipped(owner)) for owner in shown.owners)}")
    if rule.impact:
        lines.append(f"- Why: {words(rule.impact)}")
    lines += ["- Fix:", *(f"  {number}. {words(step)}" for number, step in enumerate(steps(rule), 1))]
    if finding.remediation.get("history"):
        lines.append(f"- History: {words(str(finding.remediation['history']))}")
    links = [
        f"[{label}](<{address}>)"
        for label, address in (("Rotate or revoke", web_address(rule.rotation)), ("About", web_address(rule.documentation)))
        if address
    ]
    if links:
        lines.append(f"- {' · '.join(links)}")
    lines.append(f"- Fingerprint: {code(finding.fingerprint)}")
    # A fold's summary is HTML, where Markdown's code spans mean nothing.
    head = f"<details><summary>{finding.severity}: {_html(name)}</summary>"
    return "\n".join([head, "", *lines, "", "</details>"])


def _html(name: str) -> str:
    return f"<code>{name[1:-1].replace('&', '&amp;').replace('<', '&lt;')}</code>" if name.startswith("`") else name


def _where(finding: Finding, view: View) -> list[str]:
    named = {place(one): one for one in reversed(finding.occurrences)}
    ordered = [(text, one) for text, one in reversed(named.items())]
    lines = [f"- At {code(_clipped(text))}{_excused(finding, one, view)}" for text, one in ordered[:_PLACES_NAMED]]
    if ordered[_PLACES_NAMED:]:
        lines.append(f"- And in {counted(len(ordered) - _PLACES_NAMED, 'more place')}")
    return lines


def _excused(finding: Finding, occurrence: Occurrence, view: View) -> str:
    reason = excuse(finding, occurrence, view.fail_on) if occurrence.allowed or occurrence.already_present else ""
    return f" ({words(_clipped(reason))})" if reason else ""


def _accepted(findings: list[Finding]) -> list[str]:
    """What somebody allowed, and why, in a fold: whoever reviews the change is to see it."""
    if not findings:
        return []
    lines = [
        f"- {code(finding.rule_id)} at {code(_clipped(place(finding.occurrences[0])))}: {words(_clipped(finding.allowed))}"
        for finding in sorted(findings, key=order)
    ]
    return ["\n".join([f"<details><summary>{len(findings):,} allowed</summary>", "", *_bounded(lines, "more"), "", "</details>"])]


def _receipt(coverage: Coverage, baselined: int, allowed: int, already: int) -> list[str]:
    hidden = {"in the baseline": baselined, "allowed": allowed, "already there before this change": already}
    counted_out = ", ".join(f"{count:,} {why}" for why, count in hidden.items() if count)
    sentences = [
        scanned(coverage),
        words(left_out(coverage)),
        f"Not counted: {counted_out}." if counted_out else "",
        verdict(coverage) if coverage.complete else f"**{verdict(coverage)}**",
    ]
    blocks = [" ".join(sentence for sentence in sentences if sentence)]
    failed = [f"- {code(_clipped(path)) or 'something'}: {words(_clipped(why))}" for path, why in failures(coverage)]
    if failed:
        blocks.append("\n".join(["Could not be scanned:", "", *_bounded(failed, "more")]))
    said = [f"- Note: {words(_clipped(note))}" for note in notes(coverage)]
    return [*blocks, "\n".join(_bounded(said, "more notes"))] if said else blocks


def _bounded(lines: list[str], rest: str) -> list[str]:
    """Return as many lines as the receipt has room for; how many there are more is said."""
    kept: list[str] = []
    room = _LIST_LIMIT
    for line in lines[:_LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept if len(kept) == len(lines) else [*kept, f"- and {len(lines) - len(kept):,} {rest}"]
