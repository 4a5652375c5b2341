"""The JSONL report: a stream of lines, each an object with a ``type``; the receipt is always the last."""

from __future__ import annotations

from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.json import compact
from leaksieve.reports.render import SCHEMA, coverage_dict, finding_dict, occurrence_dict, plain, tool_dict


class JsonlReporter:
    """A finding at a secret's first occurrence, an occurrence for each further one, then the coverage."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None

    def start(self, stream: TextIO, _view: View) -> None:
        """Remember the stream; an empty scan has one line, the receipt."""
        self._stream = stream

    def finding(self, finding: Finding, _rule: RuleInfo) -> None:
        """Write the lines of one secret and hand them on at once."""
        assert self._stream is not None
        lines = [compact({"type": "finding", **finding_dict(finding, first_only=True)})]
        lines += [compact({"type": "occurrence", "fingerprint": finding.fingerprint, **occurrence_dict(occurrence)}) for occurrence in finding.occurrences[1:]]
        if finding.verification:
            lines.append(
                compact({"type": "verdict", "fingerprint": finding.fingerprint, "verdict": finding.verdict, "verification": plain(finding.verification)})
            )
        self._stream.write("\n".join(lines) + "\n")
        self._stream.flush()

    def finish(self, coverage: Coverage) -> None:
        """Write the receipt."""
        assert self._stream is not None
        self._stream.write(compact({"type": "coverage", "schema": SCHEMA, "tool": tool_dict(), **coverage_dict(coverage)}) + "\n")
        self._stream.flush()
