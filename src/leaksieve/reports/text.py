"""The text report: what a person reads in a terminal or a hook's output.

Findings are sorted by file and line, so they are collected; the receipt comes last.
"""

from __future__ import annotations

import re
from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding
from leaksieve.reports import text_receipt as receipt
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.render import visible
from leaksieve.reports.text_finding import block, order
from leaksieve.reports.text_style import Style, rank, wrap

_COMMAND = re.compile(r"(?:\s|\x1b\[[\d;]*m)*::")


class TextReporter:
    """Secrets with their places, then a summary, then what was and was not scanned."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._style = Style(color=False, width=80)
        self._findings: list[tuple[Finding, RuleInfo]] = []

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view
        self._style = Style(color=view.color, width=view.width)

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Keep one secret."""
        self._findings.append((finding, rule))

    def finish(self, coverage: Coverage) -> None:
        """Write everything."""
        assert self._stream is not None
        view, style = self._view, self._style
        ordered = sorted(self._findings, key=lambda pair: order(pair[0]))
        counted = [finding for finding, _ in ordered if not (finding.allowed or finding.already_present)]
        self._write_findings(ordered)
        if view.verbosity < 0:
            return
        baselined = sum(1 for finding, _ in ordered if finding.baselined)
        allowed = sum(1 for finding, _ in ordered if finding.allowed and not finding.baselined)
        already = len(ordered) - len(counted) - allowed - baselined
        lines = receipt.summary(counted, view, style) if counted else receipt.nothing_found(coverage, style)
        lines += receipt.hidden(allowed, already, baselined, style, view.verbosity)
        lines += [line for note in coverage.notes for line in wrap(["Note:", *visible(note).split()], style.width, rest="  ")]
        # A gate on a commit speaks up about what is wrong and keeps the rest to itself.
        brief = view.staged and view.verbosity < 1
        if not brief or not coverage.complete:
            lines += receipt.skips(coverage, style, view.verbosity)
        if not brief and (counted or view.verbosity > 0):
            lines += receipt.scanned(coverage, style)
        if view.verbosity > 1:
            lines += receipt.details(coverage, style)
        if not coverage.complete or (not brief and (counted or view.verbosity > 0)):
            lines += receipt.verdict(coverage, style)
        failing = sum(1 for finding in counted if rank(finding.severity) >= rank(view.fail_on))
        if view.staged and failing:
            lines += ["", *receipt.blocking(failing, style)]
        self._write(lines)

    def _write_findings(self, ordered: list[tuple[Finding, RuleInfo]]) -> None:
        explained: set[str] = set()
        for finding, rule in ordered:
            if (finding.allowed or finding.already_present) and self._view.verbosity < 1:
                continue
            unfolded = self._view.verbosity > 1
            verbose = self._view.verbosity > 0
            self._write([*block(finding, rule, self._style, explain=rule.id not in explained, unfolded=unfolded, verbose=verbose), ""])
            explained.add(rule.id)

    def _write(self, lines: list[str]) -> None:
        assert self._stream is not None
        self._stream.write("".join(_harmless(line) + "\n" for line in lines))


def _harmless(line: str) -> str:
    """Return the line so that GitHub Actions, reading a job's log, takes nothing at its start for a command (``::error ...``)."""
    return line.replace("::", "\\x3a:", 1) if _COMMAND.match(line) else line
