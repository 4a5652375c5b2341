"""The settings that make a coding agent ask ``leaksieve hook agent``: shown, or written into a project."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from leaksieve.cli.outputs import put
from leaksieve.cli.talk import answer, harmless
from leaksieve.errors import UsageError

COMMAND = "leaksieve hook agent"


class _Place(NamedTuple):
    """Where an agent's settings lie in a project, what goes in, and what is called."""

    file: str
    settings: dict[str, Any]


def _grouped(events: dict[str, str | None], **more: object) -> dict[str, Any]:
    hooks: dict[str, Any] = {}
    for event, matcher in events.items():
        group: dict[str, Any] = {} if matcher is None else {"matcher": matcher}
        hooks[event] = [{**group, "hooks": [{"type": "command", "command": COMMAND, **more}]}]
    return {"hooks": hooks}


def _listed(events: tuple[str, ...], entry: dict[str, object]) -> dict[str, Any]:
    return {"version": 1, "hooks": {event: [entry] for event in events}}


_CLAUDE = {"PreToolUse": "*", "PostToolUse": "*", "UserPromptSubmit": None}
PLACES = {
    "claude": _Place(".claude/settings.json", _grouped(_CLAUDE, timeout=10)),
    "codex": _Place(".codex/hooks.json", _grouped(_CLAUDE, timeout=10)),
    "cursor": _Place(
        ".cursor/hooks.json",
        _listed(("beforeShellExecution", "beforeMCPExecution", "beforeReadFile", "beforeSubmitPrompt", "preToolUse"), {"command": COMMAND}),
    ),
    "gemini": _Place(".gemini/settings.json", _grouped({"BeforeTool": ".*", "AfterTool": ".*"}, timeout=10_000)),
    "copilot": _Place(
        ".github/hooks/leaksieve.json",
        _listed(("preToolUse", "postToolUse"), {"type": "command", "bash": COMMAND, "powershell": COMMAND, "timeoutSec": 10}),
    ),
}


def show() -> None:
    """Write every agent's settings to standard output."""
    for name, place in PLACES.items():
        answer(f"# {name}: {place.file}\n{json.dumps(place.settings, indent=2)}\n")
    answer("# `leaksieve install --hook agent --agent NAME` adds them to the project's file")


def write(agent: str, folder: str) -> None:
    """Add an agent's settings to its file in a project; what is there stays.  Raises UsageError for a file that is not understood."""
    place = PLACES[agent]
    path = os.path.join(folder, place.file)
    try:
        with open(path, encoding="utf-8") as file:
            there = json.load(file)
    except FileNotFoundError:
        there = {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read as JSON ({type(error).__name__}), so nothing was written", where=path) from None
    if not isinstance(there, dict) or not isinstance(there.setdefault("hooks", {}), dict):
        raise UsageError("holds no settings as this agent has them, so nothing was written", where=path)
    added = []
    for event, entries in place.settings["hooks"].items():
        known = there["hooks"].setdefault(event, [])
        if not isinstance(known, list):
            raise UsageError(f"hooks.{event} is no list, so nothing was written", where=path)
        if COMMAND not in json.dumps(known):
            known += entries
            added.append(event)
    for key, value in place.settings.items():
        there.setdefault(key, value)
    if not added:
        answer(f"{harmless(path)} has it already")
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    put(path, (json.dumps(there, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace"), path)
    answer(f"wrote {harmless(path)} ({', '.join(added)})")
