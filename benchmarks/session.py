"""What every benchmark is given: the tools, a temporary folder, the options of the command line; and what it gives back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks import figures, tools
from benchmarks.measure import Command, alternate, say


class Unavailable(Exception):  # noqa: N818  it names what is missing
    """A benchmark that cannot run here, and what it needs."""


class Section(NamedTuple):
    """One table of a result, and the raw figures behind it; ``failed`` where it shows a promise broken."""

    title: str
    table: str
    data: Any
    notes: tuple[str, ...] = ()
    failed: bool = False


class Session(NamedTuple):
    """``temp`` is a folder that is removed at the end; ``runs`` 0 means each benchmark's own number; ``repos`` are names of clones, none means all."""

    leaksieve: tools.Tool
    peers: tuple[tools.Tool, ...]
    environment: dict[str, str]
    temp: str
    runs: int = 0
    megabytes: int = 200
    locked: bool = False
    repos: tuple[str, ...] = ()

    @property
    def scanners(self) -> tuple[tools.Tool, ...]:
        """All tools, leaksieve first."""
        return (self.leaksieve, *self.peers)

    def compare(self, title: str, commands: Sequence[Command], runs: int, memory_runs: int = 3, notes: tuple[str, ...] = ()) -> Section:
        """Measure commands in turns and make the section."""
        say(title)
        measured = alternate(commands, self.environment, self.runs or runs, memory_runs)
        return Section(title, figures.compared(measured), figures.raw(measured), notes)

    def folder(self, name: str) -> str:
        """A folder of its own under ``temp``, made when needed."""
        path = os.path.join(self.temp, name)
        os.makedirs(path, exist_ok=True)
        return path

    def call(self, *arguments: str, cwd: str) -> subprocess.CompletedProcess[str]:
        """Run leaksieve once, untimed."""
        call = [self.leaksieve.program, *arguments]
        return subprocess.run(call, cwd=cwd, env=self.environment, capture_output=True, text=True, errors="replace", check=False)


def folder_from(variable: str, what: str) -> str:
    """The folder an environment variable names; Unavailable where it is not set or not there."""
    path = os.environ.get(variable)
    if not path:
        raise Unavailable(f"set {variable} to {what}")
    if not os.path.exists(path):
        raise Unavailable(f"{variable}: {path} does not exist")
    return os.path.abspath(path)
