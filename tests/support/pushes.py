"""Commits with and without secrets, and the program run in this process where it stands in a hook's or a job's place."""

from __future__ import annotations

import io
import os
import shlex
import sys
from pathlib import Path

from gitrepo import GitRepo

ROOT = Path(__file__).parents[2]
_OF_HOSTS = ("GITHUB_", "GITLAB_", "CI_", "BUILD_", "SYSTEM_", "BITBUCKET_", "CHANGE_", "GIT_", "PRE_COMMIT", "GL_")
_NOT_OF_HOSTS = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_TERMINAL_PROMPT")


def token(seed: int = 7) -> str:
    """A GitHub token with the right check digits that nobody was ever given."""
    from leaksieve.ruleset.template import expand

    return expand("ghp_<crc32-github:30>", seed).decode()


def leak(repo: GitRepo, name: str, seed: int = 7, tail: str = "") -> str:
    """Commit a file with a secret; return the commit's id."""
    repo.add(name, f"value = '{token(seed)}'{tail}\n")
    return repo.commit(f"add {name}")


def program(folder: Path) -> Path:
    """A command named leaksieve in a folder: the program of this checkout."""
    folder.mkdir(exist_ok=True)
    path = folder / "leaksieve"
    path.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT / "src"))} exec {shlex.quote(sys.executable)} -P -m leaksieve "$@"\n')
    path.chmod(0o755)
    return path


class Here:
    """Calls the program in this process, with a folder, an environment and an input of its own."""

    def __init__(self, monkeypatch, capfd) -> None:
        self._patch = monkeypatch
        self._capfd = capfd

    def __call__(self, folder: Path, *args: str, stdin: bytes = b"", **env: str) -> tuple[int, str]:
        """Return the exit code and all that was said."""
        from leaksieve.cli.main import main

        with self._patch.context() as patch:
            for name in [name for name in os.environ if name == "CI" or (name.startswith(_OF_HOSTS) and name not in _NOT_OF_HOSTS)]:
                patch.delenv(name)
            for name, value in env.items():
                patch.setenv(name, value)
            patch.chdir(folder)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            self._capfd.readouterr()
            code = main(args)
            out, err = self._capfd.readouterr()
        return code, out + err
