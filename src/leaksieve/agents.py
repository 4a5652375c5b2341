"""What a coding agent is about to do, or has read: its event, judged, and the answer in the form that agent expects.

Known are the events of Claude Code (Codex, VS Code and others speak the same), Cursor, Gemini CLI and
GitHub Copilot.  An event says which it is by its fields.  An event that no agent is known for is judged all the
same, and answered by the exit code alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from leaksieve.api import Scanner
from leaksieve.model import SEVERITIES, Finding

AGENTS = ("claude", "codex", "cursor", "gemini", "copilot", "other")
# Exit code that every one of them takes for "blocked", with the reason on stderr.
BLOCKED = 2

# What was there before is no news: taking a secret out of a file must not be refused.
_OLD = frozenset(("old_string", "old_str", "oldText", "old_text", "old_code", "originalFile", "original_file", "oldString"))
# What an event says of itself, not of what is done.
_ENVELOPE = frozenset(
    "session_id sessionId transcript_path cwd hook_event_name permission_mode tool_name toolName tool_use_id toolUseId timestamp conversation_id generation_id model"
    " cursor_version workspace_roots user_email turn_id agent_id agent_type status loop_count duration duration_ms sandbox mcp_context original_request_name".split()
)
_PATHS = ("file_path", "filePath", "path", "absolute_path", "notebook_path", "target_file")
_READING = frozenset(("read", "read_file", "view", "readfile", "read_many_files", "open", "cat"))
_COMMANDS = ("command", "cmd", "script")
# Programs that show what is in the files they are given.
_SHOWING = frozenset("cat head tail less more bat nl tac strings xxd od base64 grep egrep rg sed awk cut sort jq yq diff type source .".split())
# Files are looked into before an agent reads them up to this many bytes, and so many of them.
_FILE = 1024 * 1024
_FILES = 16
_DEEPEST = 12


class Event(NamedTuple):
    """An agent's event: ``agent`` as in ``AGENTS``, ``name`` as the agent calls it, ``after``: what is judged has happened."""

    agent: str
    name: str
    after: bool
    fields: Mapping[str, Any]


class Answer(NamedTuple):
    """What to write to stdout (nothing if empty) and to stderr, and the exit code."""

    output: Mapping[str, Any]
    error: str
    code: int


class Leak(NamedTuple):
    """A secret in an event: the finding, and what it stands in, in words."""

    finding: Finding
    where: str


def event_of(fields: Mapping[str, Any], agent: str = "auto") -> Event:
    """Tell whose event this is."""
    name = fields.get("hook_event_name") or fields.get("hookEventName")
    name = name if isinstance(name, str) else ""
    if agent == "auto":
        agent = _agent_of(fields, name)
    if not name and agent == "copilot":
        name = "postToolUse" if "toolResult" in fields else "preToolUse" if "toolName" in fields else "userPromptSubmitted"
    after = name.lower().startswith(("post", "after")) or any(key in fields for key in ("tool_response", "toolResult", "tool_output"))
    return Event(agent, name, after, fields)


def _agent_of(fields: Mapping[str, Any], name: str) -> str:
    if name.startswith(("BeforeTool", "AfterTool", "BeforeAgent", "AfterAgent", "BeforeModel", "AfterModel", "BeforeToolSelection")):
        return "gemini"
    if "cursor_version" in fields or "generation_id" in fields or (name[:1].islower() and "toolName" not in fields):
        return "cursor"
    if name[:1].isupper():
        return "claude"
    if "toolName" in fields or ("prompt" in fields and "timestamp" in fields):
        return "copilot"
    return "other"


def leaks_in(event: Event, scanner: Scanner, fail_on: str) -> list[Leak]:
    """Every secret of an event that counts, each once."""
    least = SEVERITIES.index(fail_on)
    found: dict[str, Leak] = {}
    path = _path_of(event.fields)
    for where, name, text in _texts(event):
        for finding in _findings(scanner, text, name, path if name in {"content", "new_string", "new_str", "contents", "file_text"} else ""):
            found.setdefault(finding.fingerprint, Leak(finding, where))
    if not event.after:
        for shown in _files_read(event):
            data = _content(shown)
            for finding in scanner.scan_bytes(data, shown) if data else ():
                found.setdefault(finding.fingerprint, Leak(finding, f"the file {os.path.basename(shown)}"))
    return [leak for leak in found.values() if not leak.finding.allowed and SEVERITIES.index(leak.finding.severity) >= least]


def _findings(scanner: Scanner, text: str, name: str, path: str) -> list[Finding]:
    data = text.encode("utf-8", "surrogatepass")
    found = scanner.scan_bytes(data, path or "<event>")
    if not found and name and "\n" not in text and '"' not in text:
        # What a field is called may be all that tells.
        found = scanner.scan_bytes(f'{name} = "{text}"'.encode("utf-8", "surrogatepass"), path or "<event>")
    return found


def _texts(event: Event) -> Iterator[tuple[str, str, str]]:
    """(where, name, text) of every text in an event that is the agent's or the user's doing."""
    fields = event.fields
    for key, value in fields.items():
        if key in _ENVELOPE:
            continue
        if event.after and key in {"tool_input", "toolArgs"}:
            continue  # judged before it was done
        where = {"prompt": "the prompt", "tool_response": "the tool's result", "toolResult": "the tool's result", "tool_output": "the tool's result"}.get(
            key, ""
        )
        for name, text in _inside(value, key, 0):
            yield where or f"`{name}`", name, text


def _inside(value: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if name in {"toolArgs", "tool_input", "result_json", "tool_output"} and value[:1] in ("{", "["):
            inner = _parsed(value)
            if inner is not None:
                yield from _inside(inner, name, depth + 1)
                return
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _OLD:
                yield from _inside(item, str(key), depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item, name, depth + 1)


def _parsed(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _input(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in ("tool_input", "toolArgs"):
        value = fields.get(key)
        if isinstance(value, str):
            value = _parsed(value)
        if isinstance(value, Mapping):
            return value
    return fields


def _path_of(fields: Mapping[str, Any]) -> str:
    given = _input(fields)
    return next((given[key] for key in _PATHS if isinstance(given.get(key), str)), "")


def _files_read(event: Event) -> list[str]:
    """Paths of files that the agent is about to read."""
    fields = event.fields
    tool = str(fields.get("tool_name") or fields.get("toolName") or "").lower()
    folder = fields.get("cwd")
    folder = folder if isinstance(folder, str) else "."
    found: list[str] = []
    if tool in _READING:
        given = _input(fields)
        several = given.get("paths", ())
        found += [given[key] for key in _PATHS if isinstance(given.get(key), str)]
        found += [path for path in several if isinstance(path, str)] if isinstance(several, list) else []
    for key in _COMMANDS:
        command = _input(fields).get(key)
        if isinstance(command, str):
            found += _shown_by(command)
    return [os.path.join(folder, path) for path in dict.fromkeys(found)][:_FILES]


def _shown_by(command: str) -> list[str]:
    """What looks like a file in a command line with a program that shows files."""
    import shlex

    try:
        words = list(shlex.shlex(command, posix=True, punctuation_chars=True))
    except ValueError:
        words = command.split()
    if not any(os.path.basename(word) in _SHOWING for word in words):
        return []
    return _joined(command) + [word for word in words if word and not word.startswith("-") and os.path.basename(word) not in _SHOWING]


def _joined(command: str) -> list[str]:
    """The words of a command as blanks part them: the finer parting also parts names at signs such as ``~``."""
    return [word.strip("\"'`;|&<>()") for word in command.split()]


def _content(path: str) -> bytes:
    """What is in a plain file of moderate size; nothing where there is none."""
    try:
        status = os.stat(os.path.expanduser(path))
        if not stat.S_ISREG(status.st_mode) or status.st_size > _FILE:
            return b""
        with open(os.path.expanduser(path), "rb") as file:
            return file.read(_FILE)
    except (OSError, ValueError):
        return b""


def reason_of(event: Event, leaks: list[Leak]) -> str:
    """Say what was found, without showing it, and what to do."""
    shown = "; ".join(f"{leak.finding.rule_name} {leak.finding.secret} in {leak.where} ({leak.finding.rule_id})" for leak in leaks[:5])
    more = f" and {len(leaks) - 5} more" if len(leaks) > 5 else ""
    if event.after:
        advice = "Do not repeat it anywhere; tell the user that it was read, and that it should be rotated if this conversation is not private."
    else:
        advice = "Use a reference instead (an environment variable, a secret manager), and do not write, send or print the value."
    return f"leaksieve found {len(leaks)} {'secret' if len(leaks) == 1 else 'secrets'}: {shown}{more}. {advice}"


def allow(event: Event) -> Answer:
    """Let an event pass: in silence where that leaves the agent's own questions to the user as they are."""
    if event.agent == "cursor":
        return Answer({"continue": True} if event.name == "beforeSubmitPrompt" else {} if event.after else {"continue": True, "permission": "allow"}, "", 0)
    return Answer({}, "", 0)


def deny(event: Event, reason: str) -> Answer:
    """Refuse an event, or say of one that has happened that its result is not to be used."""
    name = event.name
    if event.agent in ("claude", "codex"):
        if name == "PreToolUse":
            inner = {"hookEventName": name, "permissionDecision": "deny", "permissionDecisionReason": reason}
            return Answer({"hookSpecificOutput": inner}, "", 0)
        if name == "PermissionRequest":
            return Answer({"hookSpecificOutput": {"hookEventName": name, "decision": {"behavior": "deny", "message": reason}}}, "", 0)
        return Answer({"decision": "block", "reason": reason}, "", 0)
    if event.agent == "gemini":
        return Answer({"decision": "deny", "reason": reason}, "", 0)
    if event.agent == "cursor":
        if name == "beforeSubmitPrompt":
            return Answer({"continue": False, "user_message": reason}, "", 0)
        if event.after:
            return Answer({"additional_context": reason}, reason, 0)
        return Answer({"continue": True, "permission": "deny", "user_message": reason, "agent_message": reason}, "", 0)
    if event.agent == "copilot":
        if name == "preToolUse":
            return Answer({"permissionDecision": "deny", "permissionDecisionReason": reason}, "", 0)
        if event.after:
            return Answer({"additionalContext": reason}, reason, 0)
        return Answer({"decision": "block", "reason": reason}, reason, BLOCKED)
    return Answer({}, reason, BLOCKED)
