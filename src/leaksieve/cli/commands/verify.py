"""``leaksieve verify``: ask providers which of a report's credentials are alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from leaksieve.cli.options import FORMATS
from leaksieve.cli.request import Options
from leaksieve.cli.verify_options import further
from leaksieve.model import SEVERITIES

_ABOUT = """Ask providers which of the credentials in a report are alive, and write the report again with their verdicts.
REPORT is JSON or JSONL, or - for standard input. It has no values (unless made with --reveal): they are read again from TARGET
(by default the current directory), the files and objects it names. What is not found there any more stays unknown.
Says before what goes where."""
_Command = Callable[..., int]


def _options(function: _Command) -> _Command:
    option = click.Option
    parameters: list[click.Parameter] = [
        click.Argument(["report"], metavar="REPORT"),
        click.Argument(["target"], default=".", metavar="[TARGET]"),
        option(["-f", "--format", "formats"], multiple=True, type=click.Choice(FORMATS), help="Report format; repeat for several reports.  [default: text]"),
        option(["-o", "--output", "outputs"], multiple=True, metavar="FILE", help="Report file; the n-th -o belongs to the n-th -f, - is stdout."),
        option(["-c", "--config", "config"], metavar="FILE", help="Configuration file, in place of the repository's own."),
        option(["--rules"], multiple=True, metavar="PATH", help="Further rule file or folder."),
        option(["--no-repo-config", "repo_config"], flag_value=False, is_flag=True, default=True, help="Ignore the configuration in the scanned repository."),
        option(["--trust-repo-config"], is_flag=True, help="Use it although the repository belongs to someone else."),
        option(["--allow-root"], multiple=True, metavar="DIR", help="Follow links and alternates of repositories into this folder, too."),
        option(["--fail-on"], type=click.Choice(SEVERITIES), help="Exit 1 for findings from this severity on.  [default: medium]"),
        option(["--exit-zero"], flag_value=True, is_flag=True, default=None, type=bool, help="Exit 0 in place of 1."),
        option(["--verify-plan"], is_flag=True, help="Say what would be sent where, and send nothing."),
        *further(),
        option(["-q", "--quiet"], is_flag=True, help="Say nothing on stderr but errors."),
        option(["-v", "--verbose"], count=True, help="Say more; twice for still more."),
    ]
    function.__click_params__ = list(reversed(parameters))  # type: ignore[attr-defined]  # where click looks for them
    return function


@click.command("verify", help=_ABOUT)
@_options
def command(report: str, target: str, quiet: bool, verbose: int, **given: Any) -> int:
    """Read the report, ask, write it again."""
    import os

    from leaksieve.cli.commands.report import read_file
    from leaksieve.cli.execute import talk_for
    from leaksieve.cli.reread import verify_report
    from leaksieve.errors import UsageError
    from leaksieve.reports.read import read_report

    options = Options(**given, verbosity=-1 if quiet else min(verbose, 2), verify=True)
    talk_for(options)
    if not os.path.exists(target):
        raise UsageError("no such file or directory", where=target)
    data, private = read_file(report)
    return verify_report(options, read_report(data, "standard input" if report == "-" else report), target, private=private)
