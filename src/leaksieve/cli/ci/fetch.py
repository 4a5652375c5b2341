"""Gets from the host what a checkout lacks; with ``leaksieve install`` the only place where git is run, and only when asked for by name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from leaksieve.cli.talk import Talk

_SECONDS = 1800
# Git writes where it is; nothing of a hook's surroundings is to lead it elsewhere.
_LEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")


def fetch(folder: str, wanted: Sequence[str], *, shallow: bool, talk: Talk) -> None:
    """Run ``git fetch origin`` for ids and references, the whole history of a shallow clone included.

    A host may refuse one of them; what is still not here is told by whoever asks for it next.
    """
    if shallow:
        _git(folder, ["--unshallow", "origin"], talk)
    for each in wanted:
        name = each.removeprefix("refs/heads/")
        _git(folder, ["origin", f"+{each}:refs/remotes/origin/{name}" if name != each else each], talk)


def _git(folder: str, words: Sequence[str], talk: Talk) -> None:
    env = {name: value for name, value in os.environ.items() if name not in _LEADING} | {"GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *words]
    talk.detail(" ".join(command))
    try:
        done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        talk.note(f"git fetch could not be run ({type(error).__name__})")
        return
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        talk.note(f"git fetch {words[-1]}: {said or 'failed'}")
