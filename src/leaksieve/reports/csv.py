"""The CSV report: a row for each place, then what could not be scanned, then the receipt.

Spreadsheets run cells that begin like a formula, so such text is given an apostrophe in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.address import at_head
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.judgement import judgement
from leaksieve.reports.render import path_text, visible
from leaksieve.reports.standing import failures, left_out, notes, scanned, verdict, whereabouts

COLUMNS = (
    "record",
    "severity",
    "confidence",
    "rule_id",
    "rule_name",
    "secret",
    "path",
    "archive_path",
    "start_line",
    "start_column",
    "end_line",
    "end_column",
    "source",
    "at_head",
    "commit",
    "date",
    "decoded",
    "tags",
    "proof",
    "verdict",
    "already_present",
    "allowed",
    "baselined",
    "rotation",
    "fingerprint",
    "location_id",
    "note",
    "owners",
)
# What spreadsheets take for the begin of a formula, their full-width forms included; behind a separator too, for a
# spreadsheet that splits at semicolons does not see our quotes.
_FORMULA = re.compile('(^|[;,|"])([ \'"]*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])')


def cell(value: object) -> str:
    """Return a quoted cell: one line, and no formula whatever it says."""
    if isinstance(value, bool):
        return f'"{str(value).lower()}"'
    if isinstance(value, int):
        return str(value)
    text = _FORMULA.sub(r"\1'\2", visible(str(value)))
    return '"' + text.replace('"', '""') + '"'


class CsvReporter:
    """Writes rows as findings come."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None

    def start(self, stream: TextIO, _view: View) -> None:
        """Write the names of the columns."""
        self._stream = stream
        self._rows([dict(zip(COLUMNS, COLUMNS, strict=True))])

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Write every place of one secret."""
        self._rows(_row(finding, occurrence, rule) for occurrence in finding.occurrences)

    def finish(self, coverage: Coverage) -> None:
        """Write what could not be scanned and, last, the receipt: a table without that row is not whole."""
        self._rows({"record": "failed", "path": path, "note": why} for path, why in failures(coverage))
        self._rows({"record": "note", "note": note} for note in notes(coverage))
        words = " ".join(filter(None, (verdict(coverage), scanned(coverage), left_out(coverage))))
        self._rows([{"record": "coverage", "date": coverage.started, "note": words}])

    def _rows(self, rows: Iterable[dict[str, object]]) -> None:
        assert self._stream is not None
        for row in rows:
            self._stream.write(",".join(cell(row.get(column, "")) for column in COLUMNS) + "\n")


def _row(finding: Finding, occurrence: Occurrence, rule: RuleInfo) -> dict[str, object]:
    source = occurrence.source
    return {
        "record": "place",
        "severity": finding.severity,
        "confidence": finding.confidence,
        "rule_id": finding.rule_id,
        "rule_name": finding.rule_name,
        "secret": finding.secret,
        "path": path_text(occurrence.path),
        "archive_path": path_text(occurrence.archive_path or b""),
        "start_line": occurrence.start_line,
        "start_column": occurrence.start_column,
        "end_line": occurrence.end_line,
        "end_column": occurrence.end_column,
        "source": source.get("kind", "file"),
        "at_head": at_head(occurrence),
        "commit": source.get("commit") or "",
        "date": source.get("date") or "",
        "decoded": " ".join(occurrence.decoded),
        "tags": " ".join(finding.tags),
        "proof": finding.proof or "none",
        "verdict": finding.verdict,
        "already_present": occurrence.already_present,
        "allowed": occurrence.allowed or finding.allowed,
        "baselined": finding.baselined,
        "note": " ".join(filter(None, (whereabouts(occurrence), judgement(finding)))),
        "rotation": rule.rotation or rule.documentation,
        "fingerprint": finding.fingerprint,
        "location_id": occurrence.location_id,
        "owners": " ".join(occurrence.owners),
    }
