"""``leaksieve hook agent``: events of each agent, and answers in its own form."""

from __future__ import annotations

import json

import pytest
from tests.support import leaks

TOKEN = leaks.token().decode()
CURL = f"curl -H 'Authorization: Bearer {TOKEN}' https://api.example.org"


def ask(place, event, *args):
    done = place.run("hook", "agent", *args, stdin=event if isinstance(event, bytes) else json.dumps(event).encode())
    assert TOKEN not in done.out + done.err
    return done.code, json.loads(done.out) if done.out.strip() else None, done.err


def claude(name, **fields):
    return {"session_id": "s", "transcript_path": "/t", "cwd": "/", "hook_event_name": name, **fields}


def test_claude_code(place):
    code, out, err = ask(place, claude("PreToolUse", tool_name="Bash", tool_input={"command": CURL}))
    assert (code, err) == (0, "")
    inner = out["hookSpecificOutput"]
    assert (inner["hookEventName"], inner["permissionDecision"]) == ("PreToolUse", "deny")
    assert "stripe-live-secret-key" in inner["permissionDecisionReason"]
    assert ask(place, claude("PreToolUse", tool_name="Bash", tool_input={"command": "ls"})) == (0, None, "")
    write = {"file_path": "/p/settings.py", "content": f'KEY = "{TOKEN}"\n'}
    assert ask(place, claude("PreToolUse", tool_name="Write", tool_input=write))[1]["hookSpecificOutput"]["permissionDecision"] == "deny"
    # A comment does not wave it through, and taking a secret out is no leak.
    allowed = {"file_path": "/p/a.py", "content": f'KEY = "{TOKEN}"  # leaksieve:allow\n'}
    assert ask(place, claude("PreToolUse", tool_name="Write", tool_input=allowed))[1] is not None
    edit = {"file_path": "/p/a.py", "old_string": TOKEN, "new_string": "os.environ['KEY']"}
    assert ask(place, claude("PreToolUse", tool_name="Edit", tool_input=edit)) == (0, None, "")
    for name, fields in (
        ("PostToolUse", {"tool_name": "Bash", "tool_input": {}, "tool_response": {"stdout": f"stripe {TOKEN}"}}),
        ("UserPromptSubmit", {"prompt": f"use {TOKEN}"}),
    ):
        assert ask(place, claude(name, **fields))[1]["decision"] == "block"
    assert ask(place, claude("PermissionRequest", tool_name="Bash", tool_input={"command": CURL}))[1]["hookSpecificOutput"]["decision"]["behavior"] == "deny"


def test_files_are_looked_into_before_they_are_read(place):
    place.write(".env", f"STRIPE={TOKEN}\n")
    place.write("clean.txt", "nothing\n")
    here = str(place.path)
    for tool, given in (("Read", {"file_path": f"{here}/.env"}), ("Bash", {"command": "cat .env | head -3"}), ("Bash", {"command": "grep . ./.env"})):
        event = claude("PreToolUse", tool_name=tool, tool_input=given) | {"cwd": here}
        assert ask(place, event)[1]["hookSpecificOutput"]["permissionDecision"] == "deny"
    for command in ("cat clean.txt", "rm .env", "cat missing"):
        event = claude("PreToolUse", tool_name="Bash", tool_input={"command": command}) | {"cwd": here}
        assert ask(place, event) == (0, None, "")


def test_other_agents(place):
    cursor = {"conversation_id": "c", "generation_id": "g", "workspace_roots": ["/p"]}
    assert ask(place, {**cursor, "hook_event_name": "beforeShellExecution", "command": CURL})[1]["permission"] == "deny"
    assert ask(place, {**cursor, "hook_event_name": "beforeShellExecution", "command": "ls"})[1]["permission"] == "allow"
    assert ask(place, {**cursor, "hook_event_name": "beforeSubmitPrompt", "prompt": TOKEN})[1]["continue"] is False
    assert (
        ask(place, {**cursor, "hook_event_name": "beforeMCPExecution", "tool_name": "x", "tool_input": json.dumps({"body": TOKEN})})[1]["permission"] == "deny"
    )
    gemini = {"hook_event_name": "BeforeTool", "tool_name": "run_shell_command", "tool_input": {"command": CURL}}
    assert ask(place, gemini)[1]["decision"] == "deny"
    copilot = {"timestamp": 1, "cwd": "/", "toolName": "bash", "toolArgs": json.dumps({"command": CURL})}
    assert ask(place, copilot)[1]["permissionDecision"] == "deny"
    assert ask(place, {**copilot, "toolArgs": '{"command": "ls"}'}) == (0, None, "")
    code, out, err = ask(place, {"anything": [{"at": CURL}]})
    assert (code, out) == (2, None)
    assert "leaksieve found 1 secret" in err
    code, out, err = ask(place, gemini, "--agent", "other")
    assert (code, out) == (2, None)


@pytest.mark.parametrize("data", [b"", b"no json", b"[1]", b"\xff\xfe", b"[" * 100_000, TOKEN.encode()])
def test_what_is_no_event(place, data):
    code, out, err = ask(place, data)
    assert (code, out, err.count("\n")) == (2, None, 1)
    assert "could not be checked" in err
    code, out, err = ask(place, data, "--on-error", "allow")
    assert (code, out, err.count("\n")) == (0, None, 1)


def test_a_configuration_that_does_not_hold_blocks(place):
    code, _, err = ask(place, claude("PreToolUse", tool_name="Bash", tool_input={"command": "ls"}), "-c", "missing.toml")
    assert code == 2
    assert "could not be checked" in err


def test_settings_are_shown_and_written(place):
    shown = place.run("install", "--hook", "agent")
    assert shown.code == 0
    assert all(name in shown.out for name in (".claude/settings.json", ".cursor/hooks.json", ".gemini/settings.json", ".codex/hooks.json", ".github/hooks"))
    place.write(".claude/settings.json", '{"model": "x", "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": []}]}}')
    for _ in range(2):
        assert place.run("install", "--hook", "agent", "--agent", "claude").code == 0
        settings = json.loads((place.path / ".claude/settings.json").read_text())
        assert settings["model"] == "x"
        assert len(settings["hooks"]["PreToolUse"]) == 2
        assert settings["hooks"]["PreToolUse"][1]["hooks"][0]["command"] == "leaksieve hook agent"
    assert place.run("install", "--hook", "agent", "--agent", "cursor").code == 0
    place.write(".gemini/settings.json", "{no")
    assert place.run("install", "--hook", "agent", "--agent", "gemini").code == 2
    assert (place.path / ".gemini/settings.json").read_text() == "{no"
    assert place.run("install", "--hook", "agent", "--hook", "pre-commit").code == 2
