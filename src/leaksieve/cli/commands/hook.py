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
        "pre-push": Entry(_HERE + "pre_push", "Check what is being pushed."),
        "pre-receive": Entry(_HERE + "pre_receive", "Check what a server is sent."),
        "agent": Entry("leaksieve.cli.commands.hook_agent:command", "Check what a coding agent reads and writes."),
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
@click.option("--locked-index", is_flag=True, help="Read the index of the commit in progress where git cannot name it: in a container.")
@common()
def pre_commit(options: Options, files: tuple[str, ...], locked_index: bool) -> int:
    """Scan what is staged, or the named files."""
    from leaksieve.cli.gate import check_commit

    return check_commit(options, files, locked=locked_index)


@click.command(
    "pre-push",
    help="""Check what is being pushed: the commits that no remote has yet.

    Reads from standard input what git gives to this hook, and takes the remote's name and URL; under pre-commit its variables say it.
    Called by hand, checks what HEAD has and no remote-tracking reference.""",
)
@click.argument("arguments", nargs=-1, metavar="[REMOTE [URL]]")
@click.option("--this-remote", is_flag=True, help="Count as known only what this remote has, not what any has.")
@common()
def pre_push(options: Options, arguments: tuple[str, ...], this_remote: bool) -> int:
    """Scan what a push brings to a remote."""
    from leaksieve.cli.push import check_push

    return check_push(options, arguments, this_remote=this_remote)


@click.command(
    "pre-receive",
    help="""Check what a server is sent, before it takes it in: the commits that no reference of the repository reaches.

    Reads from standard input what git gives to this hook.  What is pushed has no say: its configuration and its comments do not count,
    unless --trust-repo-config is given (then comments do, and the configuration of the default branch as it was before).""",
)
@click.option("--contact", default="", metavar="TEXT", help="Whom to ask about a finding, for the message.")
@common()
def pre_receive(options: Options, contact: str) -> int:
    """Scan what a push brings to this repository."""
    from leaksieve.cli.push import check_receive

    return check_receive(options, contact=contact)
