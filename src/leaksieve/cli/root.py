"""The command tree, and what click makes of the arguments.

click's own handling of errors is not used: it answers 1 for Ctrl-C, a broken pipe, wrong usage and a
crash alike, which a gate would read as "secrets found".
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.talk import Talk, answer
from leaksieve.errors import ExitCode

_HERE = "leaksieve.cli.commands."
COMMANDS = {
    "scan": Entry(_HERE + "scan:command", "Scan directories, files and repositories with their history."),
    "git": Entry(_HERE + "git:command", "Scan a repository's history, a part of it, or what is staged."),
    "dir": Entry(_HERE + "dir:command", "Scan working trees and files."),
    "stdin": Entry(_HERE + "stdin:command", "Scan what is piped in."),
    "ci": Entry(_HERE + "ci:command", "Scan what a CI job is run for."),
    "hook": Entry(_HERE + "hook:group", "What git hooks and hook managers call."),
    "install": Entry(_HERE + "install:command", "Write git hooks that check what is committed, pushed or received."),
    "uninstall": Entry(_HERE + "install:uninstall", "Remove these hooks again."),
    "rules": Entry(_HERE + "rules:group", "List, show, check, try, compare and lock rules."),
    "config": Entry(_HERE + "config:group", "Show, check and describe the configuration."),
    "completion": Entry(_HERE + "completion:command", "Print the completion script of a shell."),
    "image": Entry(_HERE + "image:command", "Scan container images, every layer of them."),
    "baseline": Entry(_HERE + "baseline:group", "Record findings that are known already."),
    "audit": Entry(_HERE + "audit:command", "Go through findings one by one."),
    "allow": Entry(_HERE + "allow:command", "Accept a finding, with a reason."),
    "import": Entry(_HERE + "moving:command", "Take over another scanner's configuration."),
    "verify": Entry(_HERE + "verify:command", "Ask providers which credentials of a report are alive."),
    "revoke": Entry(_HERE + "revoke:command", "Say how a credential is revoked, or have it revoke itself."),
    "stores": Entry("", "Link findings to secret managers."),
    "respond": Entry("", "Show how to get rid of a leaked credential."),
    "rotate-check": Entry("", "Check whether credentials were rotated."),
    "report": Entry(_HERE + "report:group", "Convert and merge reports."),
    "redact": Entry(_HERE + "redact:command", "Mask secrets in a stream."),
    "audit-org": Entry("", "Scan many repositories."),
}
ABOUT = "Find leaked credentials, and keep them out of commits."


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from leaksieve import __version__

        answer(f"leaksieve {__version__}")
        ctx.exit()


root = LazyGroup("leaksieve", COMMANDS, ABOUT)
root.params.append(click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."))


def dispatch(args: Sequence[str], talk: Talk) -> int:
    """Run one command and return its exit code; what click raises is answered here."""
    try:
        _complete_shell()
        with root.make_context("leaksieve", list(args), obj=talk) as ctx:
            return int(root.invoke(ctx))
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        talk.block(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        talk.error(_usage_line(error))
        return ExitCode.USAGE
    except click.Abort:
        raise KeyboardInterrupt from None


def _usage_line(error: click.ClickException) -> str:
    message = error.format_message()
    if message[1:2].islower():
        message = message[0].lower() + message[1:]
    message = message.rstrip(".")
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "leaksieve"
    return f"{message} (see `{path} --help`)"


def _complete_shell() -> None:
    """Answer a shell's request for completions (the script of ``leaksieve completion`` sets the variable)."""
    instruction = os.environ.get("_LEAKSIEVE_COMPLETE")
    if instruction:
        from click.shell_completion import shell_complete

        raise click.exceptions.Exit(shell_complete(root, {}, "leaksieve", "_LEAKSIEVE_COMPLETE", instruction))
