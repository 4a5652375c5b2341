"""The shell scripts that ``leaksieve install`` writes."""

from __future__ import annotations

import os
import shlex
import sys

MARK = "# written by `leaksieve install`"
BACKUP = ".before-leaksieve"
# What git runs for each hook that can be asked for: clean merges have a hook of their own.
WRITTEN = {
    "pre-commit": ("pre-commit", "pre-merge-commit"),
    "pre-push": ("pre-push",),
    "pre-receive": ("pre-receive",),
}
_COMMAND = {"pre-merge-commit": "pre-commit"}
_WITH_INPUT = frozenset({"pre-push", "pre-receive", "post-receive", "post-rewrite", "reference-transaction"})
# A folder named by a user's core.hooksPath hides the hooks of every repository; these scripts in it run them.
# Left out are those whose mere presence changes what git does itself (push-to-checkout, proc-receive, fsmonitor).
CLIENT_HOOKS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-commit"),
    *("pre-rebase", "post-checkout", "post-merge", "pre-push", "post-rewrite", "pre-auto-gc", "sendemail-validate", "reference-transaction"),
    *("post-index-change", "pre-receive", "update", "post-receive", "post-update"),
)
_UNCHECKED = {
    "pre-push": "this push was not checked; install it, or push with --no-verify",
    "pre-receive": "this push was not checked; tell those who run this server",
}
_COMMIT = "this commit was not checked; install it, or commit with --no-verify"

_HEAD = """#!/bin/sh
{mark}; `leaksieve uninstall` takes it away again
"""
# What runs before: the hook that was here, or the repository's own where this one stands in for those of all.
_OLD = """before=$(dirname "$0")/{hook}{backup}
"""
_OWN = """before=$(git rev-parse --git-common-dir)/hooks/{hook}
[ "$before" -ef "$0" ] && before=
"""
_FIRST = """if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi
"""
_FIRST_WITH_INPUT = """input=$(cat; echo .)
input=${input%.}
if [ -x "$before" ]; then
    printf %s "$input" | "$before" "$@" || exit $?
fi
"""
# `-P` keeps the repository's own files off the interpreter's path: a file named click.py in it must not run.
_RUN = """if command -v leaksieve >/dev/null 2>&1; then
    {feed}leaksieve hook {command}{words}
    exit $?
fi
python={python}
if [ -x "$python" ]; then
    {feed}"$python" -P -m leaksieve hook {command}{words}
    exit $?
fi
echo 'leaksieve: not found, so {unchecked}' >&2
exit 2
"""


def script(hook: str, *, check: bool = True, own: bool = False) -> str:
    """Return the script for one of git's hooks: what was there before runs first, then the check if ``check``.

    ``own`` is for a folder that stands in for those of all repositories.
    """
    with_input = hook in _WITH_INPUT
    parts = [_HEAD, _OWN if own else _OLD, _FIRST_WITH_INPUT if with_input else _FIRST]
    text = "".join(parts).replace("{mark}", MARK).replace("{hook}", hook).replace("{backup}", BACKUP)
    if not check:
        return text
    command = _COMMAND.get(hook, hook)
    return text + _RUN.format(
        feed='printf %s "$input" | ' if with_input else "",
        command=command,
        # Without arguments the check of a commit starts faster; git gives it none.
        words="" if command == "pre-commit" else ' "$@"',
        python=shlex.quote(sys.executable),
        unchecked=_UNCHECKED.get(hook, _COMMIT),
    )


def is_ours(path: str) -> bool:
    """Whether a hook was written by us."""
    try:
        with open(path, "rb") as file:
            return MARK.encode() in file.read(4096)
    except OSError:
        return False


def put(path: str, text: str, *, chain: bool) -> str:
    """Write a hook, executable, in one step; return where one that was there is kept, "" if there was none.

    With ``chain`` it is kept where the new one runs it first, otherwise under a name that nothing runs.
    """
    kept = ""
    if os.path.lexists(path) and not is_ours(path):
        # An older one that is kept is somebody's hook as well.
        kept = path + BACKUP if chain and not os.path.lexists(path + BACKUP) else free_name(path + (BACKUP if chain else ".replaced-by-leaksieve"))
        os.replace(path, kept)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(temporary, 0o755)  # noqa: S103 - git runs hooks that others may read
    os.replace(temporary, path)
    return kept


def take_away(path: str) -> str:
    """Remove a hook of ours and put back what was there before; return what was done, "" where there is none of ours."""
    if not is_ours(path):
        return ""
    if os.path.lexists(path + BACKUP):
        os.replace(path + BACKUP, path)
        return "put back"
    os.unlink(path)
    return "removed"


def free_name(path: str) -> str:
    """Return a name nobody has."""
    name, number = path, 1
    while os.path.lexists(name):
        number += 1
        name = f"{path}.{number}"
    return name
