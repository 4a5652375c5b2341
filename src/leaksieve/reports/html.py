"""The HTML report: one file that opens in a browser, asks nothing of any other machine and runs nothing but its own script.

Everything that was scanned stands in one block of JSON, which the script shows as text; the page's policy lets no other
script, style or address in, so that a hostile path, line or name stays what it is.
"""

from __future__ import annotations

from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.text_finding import order
from leaksieve.reports.text_style import rank


class HtmlReporter:
    """Collects findings, to sort them by severity and place."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._findings: list[tuple[Finding, RuleInfo]] = []

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Keep one secret."""
        self._findings.append((finding, rule))

    def finish(self, coverage: Coverage) -> None:
        """Write the page."""
        from leaksieve.reports.html_page import page

        assert self._stream is not None
        self._findings.sort(key=lambda pair: (-rank(pair[0].severity), order(pair[0])))
        for piece in page(self._findings, coverage, self._view):
            self._stream.write(piece)
