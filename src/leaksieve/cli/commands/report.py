"""``leaksieve report``: reports made earlier in another format, and several as one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.options import FORMATS
from leaksieve.model import SEVERITIES

if TYPE_CHECKING:
    from leaksieve.reports.read import Report

_HERE = "leaksieve.cli.commands.report:"
group = LazyGroup(
    "report",
    {
        "convert": Entry(_HERE + "convert", "Write a report in another format."),
        "merge": Entry(_HERE + "merge", "Make one report of several."),
    },
    "Convert and merge reports.",
)
_CONVERT = """Write a JSON or JSONL report in other formats. REPORT may be - for standard input.
Exit 0 whatever the report says: the scan's own exit code has judged it."""
_MERGE = """Make one report of several JSON or JSONL reports: secrets are folded by fingerprint, receipts added up.
Exit 2 if fingerprints were made with different keys, else 0 whatever the reports say."""
_Command = Callable[..., int]


def _options(*, default: str) -> Callable[[_Command], _Command]:
    def decorate(function: _Command) -> _Command:
        for option in (
            click.option(
                "--fail-on",
                type=click.Choice(SEVERITIES),
                default="medium",
                help="From which severity on findings are shown as failures (junit, github).  [default: medium]",
            ),
            click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help="Report file; the n-th -o belongs to the n-th -f, - is stdout."),
            click.option(
                "-f",
                "--format",
                "formats",
                multiple=True,
                type=click.Choice(FORMATS),
                help=f"Report format; repeat for several reports.  [default: {default}]",
            ),
        ):
            function = option(function)
        return function

    return decorate


@click.command("convert", help=_CONVERT)
@click.argument("report", metavar="REPORT")
@_options(default="text")
def convert(report: str, formats: tuple[str, ...], outputs: tuple[str, ...], fail_on: str) -> int:
    """Read one report, write it as asked."""
    return _written([report], formats or ("text",), outputs, fail_on, lambda reports: reports[0])


@click.command("merge", help=_MERGE)
@click.argument("reports", metavar="REPORT...", nargs=-1, required=True)
@_options(default="json")
def merge(reports: tuple[str, ...], formats: tuple[str, ...], outputs: tuple[str, ...], fail_on: str) -> int:
    """Read several reports, write one."""
    from leaksieve.reports.merge import merge as merged

    return _written(list(reports), formats or ("json",), outputs, fail_on, lambda read: merged(read, reports))


def _written(paths: list[str], formats: tuple[str, ...], outputs: tuple[str, ...], fail_on: str, make: Callable[[list[Report]], Report]) -> int:
    from leaksieve.cli.outputs import pair, ready, write
    from leaksieve.cli.talk import wants_color, width
    from leaksieve.errors import ExitCode, UsageError
    from leaksieve.pipeline import Outcome
    from leaksieve.reports.base import View
    from leaksieve.reports.read import rules_of

    if paths.count("-") > 1:
        raise UsageError("standard input can be read once")
    places = pair(formats, outputs)
    reporters = ready(places)
    private, read = False, []
    for path in paths:
        one, owned = opened(path)
        private = private or owned
        read.append(one)
    report = make(read)
    outcome = Outcome(report.findings, rules_of(report.findings), report.coverage)
    view = View(width(sys.stdout), wants_color(sys.stdout), fail_on=fail_on)
    write(places, reporters, outcome, view, private=private)
    return ExitCode.CLEAN


def opened(path: str) -> tuple[Report, bool]:
    """The report in a file (-: standard input), and whether that was for its owner alone, as reports with revealed secrets are.  Raises UsageError."""
    import os
    import stat

    from leaksieve.errors import UsageError
    from leaksieve.reports.read import read_report

    where = "standard input" if path == "-" else path
    try:
        if path == "-":
            data, private = sys.stdin.buffer.read(), False
        else:
            with open(path, "rb") as stream:
                data, private = stream.read(), not stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=where) from None
    return read_report(data, where), private
