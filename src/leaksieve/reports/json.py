"""The JSON report: one object, written piece by piece, one finding a line.

Everything beyond ASCII is escaped, so neither a terminal nor a reader with another encoding can
be led astray by what a scanned file contains.
"""

from __future__ import annotations

import json
from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.render import SCHEMA, coverage_dict, finding_dict, tool_dict


def compact(value: object) -> str:
    """Return one line of ASCII JSON; NaN and the like are refused, since JSON has none.

    ``##`` can only stand in a string; written as escapes it is no command to a CI system that reads its jobs' logs.
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("##", "\\u0023\\u0023")


class JsonReporter:
    """``{"schema","tool","findings","coverage"}``."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._separator = "\n"

    def start(self, stream: TextIO, _view: View) -> None:
        """Write the head."""
        self._stream = stream
        stream.write(f'{{"schema":{compact(SCHEMA)},"tool":{compact(tool_dict())},"findings":[')

    def finding(self, finding: Finding, _rule: RuleInfo) -> None:
        """Write one finding."""
        assert self._stream is not None
        self._stream.write(self._separator + compact(finding_dict(finding)))
        self._separator = ",\n"

    def finish(self, coverage: Coverage) -> None:
        """Close the list and write the receipt."""
        assert self._stream is not None
        self._stream.write(f'\n],"coverage":{compact(coverage_dict(coverage))}}}\n')
