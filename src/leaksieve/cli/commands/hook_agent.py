"""``leaksieve hook agent``: what coding agents call before they act, and after."""

from __future__ import annotations

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options


@click.command(
    "agent",
    help="""Check what a coding agent reads and writes.

    Reads the agent's event as JSON on standard input and answers in that agent's form: the call goes on, or is
    refused with a reason that shows no secret. `leaksieve install --hook agent` says how to set it up.""",
)
@click.option(
    "--agent",
    type=click.Choice(["auto", "claude", "codex", "cursor", "gemini", "copilot", "other"]),
    default="auto",
    help="Whose events these are; `other` is answered by the exit code alone (0, or 2 and a reason on stderr).  [default: told by their fields]",
)
@click.option("--on-error", type=click.Choice(["deny", "allow"]), default="deny", help="What becomes of events that cannot be checked.  [default: deny]")
@common()
def command(options: Options, agent: str, on_error: str) -> int:
    """Judge one event."""
    from leaksieve.cli.agent import Settings, check_event

    return check_event(options, Settings(agent, on_error))
