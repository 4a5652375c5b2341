"""Runs ``leaksieve redact``: the settings, the two ends of the stream, and what is said of it."""

from __future__ import annotations

import os
import sys

from leaksieve.cli.execute import talk_for
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.errors import ExitCode, RulesetError, SourceError, UsageError
from leaksieve.model import SEVERITIES


def redact_stdin(options: Options, fail_on: str | None) -> ExitCode:
    """Copy standard input to standard output, redacted.

    Raises UsageError when either is closed or the latter cannot be written to, SourceError when the former breaks off.
    """
    talk = talk_for(options)
    if sys.stdin is None or sys.stdout is None:
        raise UsageError(f"standard {'input' if sys.stdin is None else 'output'} is closed")
    config = settle(options, []).config
    key = os.environb.get(b"LEAKSIEVE_KEY") if hasattr(os, "environb") else os.environ.get("LEAKSIEVE_KEY", "").encode()
    from leaksieve.redaction.marks import Marker
    from leaksieve.redaction.pump import Pump, ReadError
    from leaksieve.redaction.spotter import Spotter

    spotter = Spotter(config, Marker(key))
    if not spotter.rules:
        raise RulesetError("every rule is switched off, so nothing could be found", hint="see --enable and --disable")
    spotter.warm()
    try:
        totals = Pump(sys.stdin.fileno(), sys.stdout.fileno(), spotter, jobs=config.jobs or _jobs()).run()
    except ReadError as error:
        raise SourceError(f"broke off: {error.strerror}", where="standard input") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"cannot write to standard output: {error.strerror}") from error
    if totals.failed:
        talk.error(f"incomplete: {totals.failed} {'piece' if totals.failed == 1 else 'pieces'} of the stream took too long to be looked at in full")
    noun = "place" if totals.places == 1 else "places"
    talk.detail(f"{totals.places} {noun} redacted")
    if fail_on is not None and totals.severity >= SEVERITIES.index(fail_on):
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if totals.failed else ExitCode.CLEAN


def _jobs() -> int:
    from leaksieve.cli.jobs import available

    return available()
