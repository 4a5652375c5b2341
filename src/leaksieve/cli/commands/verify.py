"""``leaksieve verify``: ask providers which of a report's credentials are alive."""

from __future__ import annotations

from typing import Any

import click

from leaksieve.cli.options import FORMATS
from leaksieve.cli.request import Options
from leaksieve.cli.verify_options import further, rereading, talking
from leaksieve.model import SEVERITIES

_ABOUT = """Ask providers which of the credentials in a report are alive, and write the report again with their verdicts.
REPORT is JSON or JSONL, or - for standard input. It has no values (unless made with --reveal): they are read again from TARGET
(by default the current directory), the files and objects it names. What is not found there any more stays unknown.
Says before what goes where."""
_PARAMETERS: list[click.Parameter] = [
    click.Argument(["report"], metavar="REPORT"),
    click.Argument(["target"], default=".", metavar="[TARGET]"),
    click.Option(["-f", "--format", "formats"], multiple=True, type=click.Choice(FORMATS), help="Report format; repeat for several reports.  [default: text]"),
    click.Option(["-o", "--output", "outputs"], multiple=True, metavar="FILE", help="Report file; the n-th -o belongs to the n-th -f, - is stdout."),
    *rereading(),
    click.Option(["--fail-on"], type=click.Choice(SEVERITIES), help="Exit 1 for findings from this severity on.  [default: medium]"),
    click.Option(["--exit-zero"], flag_value=True, is_flag=True, default=None, type=bool, help="Exit 0 in place of 1."),
    click.Option(["--verify-plan"], is_flag=True, help="Say what would be sent where, and send nothing."),
    *further(),
    *talking(),
]


@click.command("verify", help=_ABOUT, params=_PARAMETERS)
def command(report: str, target: str, quiet: bool, verbose: int, **given: Any) -> int:
    """Read the report, ask, write it again."""
    import os

    from leaksieve.cli.commands.report import opened
    from leaksieve.cli.execute import talk_for
    from leaksieve.cli.reread import verify_report
    from leaksieve.errors import UsageError

    options = Options(**given, verbosity=-1 if quiet else min(verbose, 2), verify=True)
    talk_for(options)
    if not os.path.exists(target):
        raise UsageError("no such file or directory", where=target)
    whole, private = opened(report)
    return verify_report(options, whole, target, private=private)
