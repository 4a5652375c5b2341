"""``leaksieve revoke``: how a credential is revoked, and having it done where it can end itself."""

from __future__ import annotations

from typing import Any

import click

from leaksieve.cli.verify_options import reaching, rereading, talking

_ABOUT = """Say how a found credential is revoked: the exact call where the provider takes one from the credential itself, and the steps by hand.
FINDING is a fingerprint in REPORT (JSON or JSONL, - for standard input), or the id of a rule; of a rule no REPORT is needed.
Nothing is sent without --yes. With it the credential is read again from TARGET (by default the current directory), asked about,
made to end itself, and asked about again. Exit 0: it is dead; 1: it still works; 3: nobody says."""
_PARAMETERS: list[click.Parameter] = [
    click.Argument(["finding"], metavar="FINDING"),
    click.Argument(["report"], metavar="[REPORT]", required=False),
    click.Argument(["target"], default=".", metavar="[TARGET]"),
    click.Option(["--yes"], is_flag=True, help="Carry it out: the credential ends itself, for good."),
    *rereading(),
    *reaching(),
    *talking(),
]


@click.command("revoke", help=_ABOUT, params=_PARAMETERS)
def command(finding: str, report: str | None, target: str, yes: bool, quiet: bool, verbose: int, **given: Any) -> int:
    """Print the steps, or carry them out."""
    import os

    from leaksieve.cli.commands.report import opened
    from leaksieve.cli.execute import talk_for
    from leaksieve.cli.request import Options
    from leaksieve.cli.revoking import carry_out, explain, named, of_report, of_rule
    from leaksieve.errors import UsageError

    options = Options(**given, verbosity=-1 if quiet else min(verbose, 2), verify=True)
    talk_for(options)
    config = named(options)
    if report is None:
        if yes:
            raise UsageError("wants a report: the credential is read from where a finding stands", where="--yes", hint="leaksieve revoke FINDING REPORT --yes")
        return explain(of_rule(finding, config), options, config)
    if not os.path.exists(target):
        raise UsageError("no such file or directory", where=target)
    whole, _ = opened(report)
    asked = of_report(finding, whole, config, report, target)
    return carry_out(asked, whole, options, config, target) if yes else explain(asked, options, config)
