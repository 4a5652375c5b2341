"""Runs the real program in a process of its own, in a folder of its own, with nothing of the user's around."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"


class Done:
    """What a process left behind."""

    def __init__(self, process: subprocess.CompletedProcess) -> None:
        self.code = process.returncode
        self.out = process.stdout.decode()
        self.err = process.stderr.decode()

    def __repr__(self) -> str:
        return f"exit {self.code}\nstdout: {self.out}\nstderr: {self.err}"


class Place:
    """A folder to work in."""

    def __init__(self, path: Path) -> None:
        self.path = path / "work"
        self.path.mkdir()
        home = path / "home"
        home.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(SRC),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        if "COVERAGE_PROCESS_START" in os.environ:
            self.env["COVERAGE_PROCESS_START"] = os.environ["COVERAGE_PROCESS_START"]

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-P", "-m", "leaksieve", *args]

    def run(self, *args: str, stdin: bytes = b"", **env: str) -> Done:
        return Done(subprocess.run(self.command(*args), cwd=self.path, env={**self.env, **env}, input=stdin, capture_output=True, check=False, timeout=180))

    def git(self, *args: str) -> str:
        return subprocess.run(["git", *args], cwd=self.path, env=self.env, capture_output=True, check=True, text=True).stdout

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def repo(place):
    place.git("init", "-q", "-b", "main")
    place.write("README", "hello\n")
    place.git("add", ".")
    place.git("commit", "-q", "-m", "first")
    return place


@pytest.fixture(scope="session")
def token():
    """A GitHub token with the right check digits that nobody was ever given."""
    from leaksieve.ruleset.template import expand

    return expand("ghp_<crc32-github:30>", 7).decode()
