"""Runs ``leaksieve hook agent``: an event comes in on standard input, the answer goes out; nothing but an answer does."""

from __future__ import annotations

import json
import os
import sys
from typing import NamedTuple

from leaksieve.cli.request import Options
from leaksieve.cli.talk import Talk, answer
from leaksieve.errors import LeaksieveError, UsageError

# Events are a few kilobytes; one that holds more than this is not judged.
LARGEST = 64 * 1024 * 1024


class Settings(NamedTuple):
    """The command's own options: whose events these are, and what happens to those that cannot be judged (deny, allow)."""

    agent: str = "auto"
    on_error: str = "deny"


def check_event(options: Options, settings: Settings) -> int:
    """Judge the event on standard input.  Returns the exit code the agent expects: 0 with an answer, or 2 for blocked.

    Raises nothing: an agent takes other exit codes for a hook that does not work, and goes on.
    """
    talk = Talk.current()
    try:
        return _check(options, settings)
    except LeaksieveError as error:
        what = error.line()
    except KeyboardInterrupt:
        what = "interrupted"
    except Exception as error:
        # Its text may hold parts of the event.
        what = f"internal error: {type(error).__name__}"
    if settings.on_error == "allow":
        talk.error(f"this event was not checked: {what}")
        return 0
    talk.error(f"blocked, because this event could not be checked: {what}")
    from leaksieve.agents import BLOCKED

    return BLOCKED


def _check(options: Options, settings: Settings) -> int:
    fields = _event()
    from leaksieve.agents import allow, deny, event_of, leaks_in, reason_of
    from leaksieve.api import Scanner
    from leaksieve.cli.settings import settle

    event = event_of(fields, settings.agent)
    folder = fields.get("cwd")
    root = _root(folder if isinstance(folder, str) and os.path.isdir(folder) else ".", options)
    # Whoever may write a file could wave its content through by a comment.
    config = settle(options, [root]).config._replace(inline_allow=False, reveal=False)
    from leaksieve.work import ruleset_for

    leaks = leaks_in(event, Scanner(ruleset_for(config), config=config), config.fail_on)
    reply = deny(event, reason_of(event, leaks)) if leaks else allow(event)
    if reply.output:
        answer(json.dumps(reply.output))
    if reply.error:
        Talk.current().error(reply.error)
    return reply.code


def _root(folder: str, options: Options) -> str:
    if not options.repo_config:
        return folder
    from leaksieve.cli.places import repository_or_none, root_of

    return root_of(folder, repository_or_none(folder, options.allow_root))


def _event() -> dict[str, object]:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UsageError(f"the event is larger than {LARGEST >> 20} MiB")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        # What does not parse is not shown: it may hold anything.
        raise UsageError("what came on standard input is no JSON" if data.strip() else "nothing came on standard input") from None
    if not isinstance(fields, dict):
        raise UsageError("what came on standard input is no JSON object")
    return fields
