"""The entry point, and the one place where what happened becomes an exit code.

click's own handling is not used: it answers 1 for Ctrl-C, a broken pipe, wrong usage and a crash
alike, which a gate would read as "secrets found".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.talk import Talk, answer
from leaksieve.errors import ExitCode, LeaksieveError

_HERE = "leaksieve.cli.commands."
COMMANDS = {
    "scan": Entry(_HERE + "scan:command", "Scan directories and files, and say what each was taken for."),
    "git": Entry(_HERE + "git:command", "Scan what is staged in a repository."),
    "dir": Entry(_HERE + "dir:command", "Scan working trees and files."),
    "stdin": Entry(_HERE + "stdin:command", "Scan what is piped in."),
    "hook": Entry(_HERE + "hook:group", "What git hooks and hook managers call."),
    "install": Entry(_HERE + "install:command", "Write a git hook that checks every commit."),
    "rules": Entry(_HERE + "rules:group", "List, show and check rules."),
    "config": Entry(_HERE + "config:group", "Show, check and describe the configuration."),
    "completion": Entry(_HERE + "completion:command", "Print the completion script of a shell."),
    "image": Entry("", "Scan container images."),
    "baseline": Entry("", "Record findings that are known already."),
    "audit": Entry("", "Go through findings one by one."),
    "allow": Entry("", "Accept a finding, with a reason."),
    "import": Entry("", "Take over another scanner's configuration."),
    "verify": Entry("", "Ask providers which credentials are alive."),
    "revoke": Entry("", "Revoke a credential."),
    "stores": Entry("", "Link findings to secret managers."),
    "respond": Entry("", "Show how to get rid of a leaked credential."),
    "rotate-check": Entry("", "Check whether credentials were rotated."),
    "report": Entry("", "Convert reports."),
    "redact": Entry("", "Mask secrets in a stream."),
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


def main(args: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing escapes."""
    talk = Talk()
    if isinstance(sys.stdout, TextIOWrapper):
        # A path that the locale cannot spell must not end a command.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _complete_shell()
        with root.make_context("leaksieve", list(args), obj=talk) as ctx:
            code = int(root.invoke(ctx))
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        talk.block(error.format_message())
        code = ExitCode.USAGE
    except click.ClickException as error:
        talk.error(_usage_line(error))
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort, EOFError):
        talk.error("interrupted before anything was reported")
        code = ExitCode.INTERRUPTED
    except LeaksieveError as error:
        talk.error(error.line())
        code = error.exit_code
    except BrokenPipeError:
        # Only texts such as --help get here: a report's own broken pipe is dealt with where its exit code is known.
        code = ExitCode.CLEAN
    except Exception as error:
        _internal(talk, error)
        code = ExitCode.INTERNAL
    return _flush(talk, code)


def run() -> NoReturn:
    """Run the process's arguments and exit (the console script)."""
    sys.exit(main(sys.argv[1:]))


def _usage_line(error: click.ClickException) -> str:
    message = error.format_message()
    if message[1:2].islower():
        message = message[0].lower() + message[1:]
    message = message.rstrip(".")
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "leaksieve"
    return f"{message} (see `{path} --help`)"


def _internal(talk: Talk, error: Exception) -> None:
    """Say that there is a bug.  An exception's text and a frame's variables may hold scanned bytes, so neither is shown."""
    hint = "" if talk.verbosity > 0 else "; run with -v for the traceback, which is free of file contents"
    talk.error(f"internal error: {type(error).__name__}{hint}")
    if talk.verbosity > 0:
        from traceback import extract_tb, format_list

        link: BaseException | None = error
        while link is not None:
            talk.block("".join(format_list(extract_tb(link.__traceback__))) + type(link).__name__)
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _flush(talk: Talk, code: int) -> int:
    """Write out what is buffered, here and not at interpreter exit, where a failure would change the exit code to 120."""
    # A process started with a stream closed has None in its place.
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as error:
            _point_to_null(sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                talk.error(f"cannot write to standard output: {error.strerror}")
                code = ExitCode.USAGE
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except OSError:
            _point_to_null(sys.stderr.fileno())
    return int(code)


def _point_to_null(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def _complete_shell() -> None:
    """Answer a shell's request for completions (the script of ``leaksieve completion`` sets the variable)."""
    instruction = os.environ.get("_LEAKSIEVE_COMPLETE")
    if instruction:
        from click.shell_completion import shell_complete

        raise click.exceptions.Exit(shell_complete(root, {}, "leaksieve", "_LEAKSIEVE_COMPLETE", instruction))
