"""Pairs formats with the places their reports go to, and writes them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.errors import UsageError

if TYPE_CHECKING:
    from leaksieve.pipeline import Outcome
    from leaksieve.reports.base import Reporter, View

STDOUT = "-"
# Endings that say nothing against a format although they are another format's name.
_ALSO = {"gitlab": ("json",), "sarif": ("json",), "jsonl": ("json",)}


class Output(NamedTuple):
    """One report: its format, and a path or ``-``."""

    format: str
    path: str


def pair(formats: Sequence[str], outputs: Sequence[str]) -> list[Output]:
    """Give the n-th format the n-th output; the formats left over share standard output, so there may be one.

    Raises UsageError before anything is scanned: for two reports in one place, a folder that is not
    there, or names that suggest that the pairs are not those that were meant.
    """
    formats = formats or ("text",)
    if len(outputs) > len(formats):
        raise UsageError(f"{len(outputs)} outputs for {len(formats)} formats", hint="give one -f for each -o, in the same order")
    pairs = [Output(name, outputs[i] if i < len(outputs) else STDOUT) for i, name in enumerate(formats)]
    places = [output.path if output.path == STDOUT else os.path.abspath(output.path) for output in pairs]
    if places.count(STDOUT) > 1:
        raise UsageError("only one report can go to standard output", hint="give the others a file with -o")
    if len(set(places)) < len(places):
        raise UsageError("two reports would be written to the same file")
    for name, path in pairs:
        suffix = os.path.splitext(path)[1][1:].lower()
        if path != STDOUT and suffix in formats and suffix != name and suffix not in _ALSO.get(name, ()):
            raise UsageError(
                f"the n-th -o belongs to the n-th -f, so {path} would hold the {name} report", hint="put them in the same order; -o - is standard output"
            )
        folder = os.path.dirname(path) or "."
        if path != STDOUT and not os.path.isdir(folder):
            raise UsageError(f"the folder {folder} does not exist", where="--output")
    return pairs


def ready(outputs: Sequence[Output]) -> list[Reporter]:
    """Make the reporters before scanning, so that a format that is not there yet is said at once.  Raises UsageError."""
    from leaksieve.reports import make

    if sys.stdout is None and any(output.path == STDOUT for output in outputs):
        raise UsageError("standard output is closed", hint="write the report to a file with -o")
    return [make(output.format) for output in outputs]


def write(outputs: Sequence[Output], reporters: Sequence[Reporter], outcome: Outcome, view: View, *, private: bool) -> None:
    """Write every report, files first.  A reader of standard output that went away ends that report, and no other."""
    from leaksieve.reports.output import open_output, silence_stdout

    for output, reporter in sorted(zip(outputs, reporters, strict=True), key=lambda each: each[0].path == STDOUT):
        # Colour and width are those of the terminal; a file has neither.
        mine = view if output.path == STDOUT else view._replace(width=100, color=False)
        try:
            with open_output(output.path, private=private) as stream:
                reporter.start(stream, mine)
                for finding in outcome.findings:
                    reporter.finding(finding, outcome.rules[finding.rule_id])
                reporter.finish(outcome.coverage)
        except BrokenPipeError:
            if output.path == STDOUT:
                silence_stdout()


def behind(path: str) -> str:
    """Return the file that a name stands for: what a link leads to, but the link itself where it leads nowhere, for the repository may have brought it."""
    return os.path.realpath(path) if os.path.exists(path) else path


def put(path: str, data: bytes, named: str) -> None:
    """Write a file that is no report, whole or not at all; ``named`` is what messages call it.  Raises UsageError."""
    from leaksieve.reports.output import open_output

    try:
        with open_output(path) as stream:
            stream.buffer.write(data)
    except UsageError as error:
        raise UsageError(error.what.replace("cannot write the report", "cannot be written"), where=named) from None
