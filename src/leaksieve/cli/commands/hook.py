"""``leaksieve hook``: what git hooks and hook managers call."""

from __future__ import annotations

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.options import common
from leaksieve.cli.request import Options

_HERE = "leaksieve.cli.commands.hook:"
group = LazyGroup(
    "hook",
    {
        "pre-commit": Entry(_HERE + "pre_commit", "Check what is being committed."),
        "pre-push": Entry("", "Check what is being pushed."),
        "pre-receive": Entry("", "Check what a server is sent."),
        "agent": Entry("", "Check what a coding agent reads and writes."),
    },
    "What git hooks and hook managers call.",
)


@click.command(
    "pre-commit",
    help="""Check what is being committed.

    With file names (as a hook manager passes them), check these files: what is staged of them,
    and the others as they stand in the working tree.""",
)
@click.argument("files", nargs=-1)
@common()
def pre_commit(options: Options, files: tuple[str, ...]) -> int:
    """Scan what is staged, or the named files."""
    from leaksieve.cli.gate import check_commit

    return check_commit(options, files)
