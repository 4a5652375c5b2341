"""``leaksieve install``: a plain git hook, for those who use no hook manager.

This is the one command that runs ``git``: where hooks live depends on ``core.hooksPath`` and on
linked worktrees, the user asked for it by name, and ``rev-parse`` runs no configured program.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import click

from leaksieve.cli.talk import answer, harmless
from leaksieve.errors import UsageError

MARK = "# written by `leaksieve install`"
BACKUP = ".before-leaksieve"

# `-P` keeps the repository's own files off the interpreter's path: a file named click.py in it must not run.
SCRIPT = """#!/bin/sh
{mark}; `leaksieve install --force` replaces it
if command -v leaksieve >/dev/null 2>&1; then
    exec leaksieve hook {hook}
fi
python={python}
if [ -x "$python" ]; then
    exec "$python" -P -m leaksieve hook {hook}
fi
echo 'leaksieve: not found, so this commit was not checked; install it, or commit with --no-verify' >&2
exit 2
"""


@click.command("install", help="Write a git hook that checks what is being committed.")
@click.option("--hook", type=click.Choice(["pre-commit", "pre-push", "pre-receive"]), default="pre-commit", help="Which hook.  [default: pre-commit]")
@click.option("--force", is_flag=True, help="Replace a hook that is there already; it is kept beside it.")
@click.argument("repo", default=".")
def command(hook: str, force: bool, repo: str) -> int:
    """Write the hook script, executable, where git looks for it."""
    if hook != "pre-commit":
        raise UsageError("comes with a later version", where=f"leaksieve install --hook {hook}")
    path = os.path.join(hooks_folder(repo), hook)
    if os.path.lexists(path) and not _is_ours(path):
        if not force:
            raise UsageError("a hook is there already", where=path, hint="--force replaces it and keeps a copy; or call `leaksieve hook pre-commit` from it")
        os.replace(path, _free_name(path + BACKUP))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "x", encoding="utf-8", newline="\n") as file:
        file.write(SCRIPT.format(mark=MARK, hook=hook, python=shlex.quote(sys.executable)))
    os.chmod(temporary, 0o755)  # noqa: S103 - git runs hooks that others may read
    os.replace(temporary, path)
    answer(f"wrote {harmless(path)}")
    return 0


def hooks_folder(repo: str) -> str:
    """Ask git for the folder of hooks.  Raises UsageError outside a repository."""
    if not os.path.isdir(repo):
        raise UsageError("no such directory", where=repo)
    try:
        done = subprocess.run(["git", "rev-parse", "--git-path", "hooks"], cwd=repo, capture_output=True, check=False)
    except OSError:
        raise UsageError("git is not installed, so the folder of hooks cannot be asked for") from None
    if done.returncode:
        # git's own words tell "no repository" from one it refuses, such as another user's.
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UsageError("git does not say where the hooks of this folder are", where=repo, hint=said)
    folder = os.path.expanduser(os.fsdecode(done.stdout.rstrip(b"\n")))
    return os.path.normpath(os.path.join(os.path.abspath(repo), folder))


def _is_ours(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return MARK.encode() in file.read(4096)
    except OSError:
        return False


def _free_name(path: str) -> str:
    """Return a name nobody has: an older backup is somebody's hook as well."""
    name, number = path, 1
    while os.path.lexists(name):
        number += 1
        name = f"{path}.{number}"
    return name
