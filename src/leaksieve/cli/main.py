"""The entry point, and the one place where what happened becomes an exit code.

The gate on a commit and the check of an agent's event, called without options, and an editor's buffer are run without building the
command tree: click is a third of such a run's time.  Everything else goes through :mod:`leaksieve.cli.root`.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from leaksieve.cli.talk import Talk
from leaksieve.errors import ExitCode, LeaksieveError

_LONG = {"-q": "--quiet", "-f": "--format"}
# What may be asked of an editor's buffer, and with which values; anything else is for click to read, or to refuse.
_TAKEN: dict[str, Callable[[str], bool]] = {
    "--quiet": lambda value: not value,
    "--format": frozenset({"text", "json", "jsonl", "sarif", "csv", "github"}).__contains__,
    "--stdin-path": lambda value: value[:1] not in {"", "-"},
}
# Objects, beyond those that went, after which garbage is looked for.
_COLLECT = 20_000


def main(args: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing escapes."""
    talk = Talk().speak()
    try:
        gate = None if "_LEAKSIEVE_COMPLETE" in os.environ else _gate(list(args))
        if gate is None:
            from leaksieve.cli.root import dispatch

            code = dispatch(args, talk)
        else:
            code = gate
    except (KeyboardInterrupt, EOFError):
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


def _gate(args: list[str]) -> int | None:
    """Run the gate if the arguments ask for it and for nothing else; None if they do not."""
    if args == ["git", "--staged"]:
        from leaksieve.cli.gate import scan_staged
        from leaksieve.cli.request import Options

        return scan_staged(Options(), None)
    if args == ["hook", "pre-commit"]:
        from leaksieve.cli.gate import check_commit
        from leaksieve.cli.request import Options

        return check_commit(Options(), ())
    if args == ["hook", "agent"]:
        from leaksieve.cli.agent import Settings, check_event
        from leaksieve.cli.request import Options

        return check_event(Options(), Settings())
    return _buffer(args[1:]) if args[:1] == ["stdin"] else None


def _buffer(args: list[str]) -> int | None:
    """Scan an editor's buffer if that is all the arguments of ``stdin`` ask for; None if they do not."""
    said: dict[str, str] = {}
    left = iter(args)
    for word in left:
        name = _LONG.get(word, word)
        value = "" if name == "--quiet" else next(left, "")
        if name not in _TAKEN or not _TAKEN[name](value) or (name in said and value):
            return None
        said[name] = value
    if "--stdin-path" not in said:
        return None
    from leaksieve.cli.request import Options
    from leaksieve.cli.trees import scan_stdin

    formats = (said["--format"],) if "--format" in said else ()
    return scan_stdin(Options(formats=formats, verbosity=-1 if "--quiet" in said else 0), said["--stdin-path"])


def run() -> NoReturn:
    """Run the process's arguments and exit (the console script)."""
    # Starting makes objects by the ten thousand and next to no garbage: looking for it, now and at the end, is a tenth of a short run.
    gc.set_threshold(_COLLECT)
    # numpy, which long histories load, would start a thread for every core; nobody asks for its linear algebra, and workers are forked.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code = main(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


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
