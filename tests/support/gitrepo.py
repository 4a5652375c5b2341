"""A real repository made with real git, kept away from this machine's git configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitRepo:
    """``top`` is the working tree (or the bare repository's directory)."""

    def __init__(self, top: Path, *options: str, init: bool = True) -> None:
        self.top = top
        self.environment = {**ENVIRONMENT, "HOME": str(top.parent), "PATH": os.environ["PATH"]}
        if init:
            top.mkdir(parents=True, exist_ok=True)
            self("init", "-q", "-b", "main", *options)

    def __call__(self, *arguments: str | bytes, stdin: bytes = b"", check: bool = True, **environment: str) -> bytes:
        """Run git here; return its standard output."""
        done = subprocess.run(
            ["git", "-c", "gc.auto=0", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.top,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"git {arguments} failed: {done.stderr.decode()}")
        return done.stdout

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def add(self, path: str, content: str | bytes) -> None:
        self.write(path, content)
        self("add", "--", path)

    def commit(self, message: str = "change", **environment: str) -> str:
        self("commit", "-q", "--allow-empty", "-m", message, **environment)
        return self.id("HEAD")

    def id(self, revision: str) -> str:
        return self("rev-parse", "--verify", revision).decode().strip()

    @property
    def path(self) -> bytes:
        return os.fsencode(self.top)
