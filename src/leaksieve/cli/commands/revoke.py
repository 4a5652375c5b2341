"""``leaksieve revoke``: how a credential is revoked, and having it done where it can end itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_ABOUT = """Say how a found credential is revoked: the exact call where the provider takes one from the credential itself, and the steps by hand.
FINDING is a fingerprint in REPORT (JSON or JSONL, - for standard input), or the id of a rule; of a rule no REPORT is needed.
Nothing is sent without --yes. With it the credential is read again from TARGET (by default the current directory), asked about,
made to end itself, and asked about again. Exit 0: it is dead; 1: it still works; 3: nobody says."""
_Command = Callable[..., int]


def _options(function: _Command) -> _Command:
    option = click.Option
    parameters: list[click.Parameter] = [
        click.Argument(["finding"], metavar="FINDING"),
        click.Argument(["report"], metavar="[REPORT]", required=False),
        click.Argument(["target"], default=".", metavar="[TARGET]"),
        option(["--yes"], is_flag=True, help="Carry it out: the credential ends itself, for good."),
        option(["-c", "--config", "config"], metavar="FILE", help="Configuration file, in place of the repository's own."),
        option(["--rules"], multiple=True, metavar="PATH", help="Further rule file or folder."),
        option(["--no-repo-config", "repo_config"], flag_value=False, is_flag=True, default=True, help="Ignore the configuration in the scanned repository."),
        option(["--trust-repo-config"], is_flag=True, help="Use it although the repository belongs to someone else."),
        option(["--allow-root"], multiple=True, metavar="DIR", help="Follow links and alternates of repositories into this folder, too."),
        option(["--verify-endpoint"], multiple=True, metavar="NAME=URL", help="Address of a self-hosted provider, asked in place of the usual one."),
        option(["--verify-config"], metavar="FILE", help="File with the [verify] table: endpoints, limits, authorities."),
        option(["--verify-timeout"], metavar="TIME", help="Time one request may take.  [default: 10s]"),
        option(["-q", "--quiet"], is_flag=True, help="Say nothing on stderr but errors."),
        option(["-v", "--verbose"], count=True, help="Say more; twice for still more."),
    ]
    function.__click_params__ = list(reversed(parameters))  # type: ignore[attr-defined]  # where click looks for them
    return function


@click.command("revoke", help=_ABOUT)
@_options
def command(finding: str, report: str | None, target: str, yes: bool, quiet: bool, verbose: int, **given: Any) -> int:
    """Print the steps, or carry them out."""
    import os

    from leaksieve.cli.commands.report import read_file
    from leaksieve.cli.execute import talk_for
    from leaksieve.cli.request import Options
    from leaksieve.cli.revoking import carry_out, explain, of_report, of_rule
    from leaksieve.errors import UsageError
    from leaksieve.reports.read import read_report

    options = Options(**given, verbosity=-1 if quiet else min(verbose, 2), verify=True)
    talk_for(options)
    if report is None:
        if yes:
            raise UsageError("wants a report: the credential is read from where a finding stands", where="--yes", hint="leaksieve revoke FINDING REPORT --yes")
        return explain(of_rule(finding, options), options)
    if not os.path.exists(target):
        raise UsageError("no such file or directory", where=target)
    data, _ = read_file(report)
    whole = read_report(data, "standard input" if report == "-" else report)
    asked = of_report(finding, whole, options, report, target)
    return carry_out(asked, whole, options, target) if yes else explain(asked, options)
