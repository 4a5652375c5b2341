"""Running commands as whole processes, one after the other in turns, and what each run took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.processes import Memory, Sampler, can_sample


class Command(NamedTuple):
    """A program call.

    ``shown`` is what a reader would type; ``clean`` and ``found`` are the exit codes that mean
    "scanned, nothing found" and "scanned, something found".  Every other exit voids the run.
    """

    name: str
    argv: tuple[str, ...]
    cwd: str
    shown: str
    clean: frozenset[int] = frozenset((0,))
    found: frozenset[int] = frozenset()


class Run(NamedTuple):
    """One run: seconds of wall clock and of processor (user and system, whole tree), peak resident bytes of its largest process, exit code.

    ``void`` says why the run does not count, or is empty.
    """

    wall: float
    cpu: float
    rss: int
    exit: int
    void: str = ""
    memory: Memory | None = None


class Measured(NamedTuple):
    """All runs of one command; ``void`` is the reason why it has no figures, or empty."""

    command: Command
    runs: tuple[Run, ...]
    memory: tuple[Memory, ...]
    void: str


def verdict(command: Command, code: int, output: int, errors: str) -> str:
    """Why a run does not count: a wrong exit, a crash, or findings claimed without a word about them."""
    last = errors.strip().splitlines()[-1][:120] if errors.strip() else "nothing on stderr"
    if code == 0 and not command.clean:
        return "exit 0 where there is something to find"
    if code not in command.clean and code not in command.found:
        return f"exit {code}: {last}"
    if code in command.found and "Traceback (most recent call last)" in errors:
        return f"exit {code} after a crash: {last}"
    if code in command.found and not output:
        return f"exit {code} says findings, but none were printed: {last}"
    return ""


def run(command: Command, environment: Mapping[str, str], *, sample: bool = False) -> Run:
    """Run a command to its end; its output goes to a file that is thrown away."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(command.argv, cwd=command.cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        sampler = Sampler(process.pid) if sample else None
        if sampler:
            sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = code = os.waitstatus_to_exitcode(status)
        memory = sampler.stop() if sampler else None
        err.seek(0)
        void = verdict(command, code, out.seek(0, os.SEEK_END), err.read().decode("utf-8", "replace"))
    # macOS counts bytes, everything else kilobytes.
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), code, void, memory)


def alternate(commands: Sequence[Command], environment: Mapping[str, str], runs: int, memory_runs: int = 3) -> list[Measured]:
    """One warm-up each, then A B C A B C ...; memory is sampled in rounds of its own, which are not timed.

    A command with a void run gets no further turn and no figures.
    """
    timed: dict[str, list[Run]] = {command.name: [] for command in commands}
    memory: dict[str, list[Memory]] = {command.name: [] for command in commands}
    void: dict[str, str] = {}

    def turn(command: Command, *, sample: bool = False) -> Run | None:
        if command.name in void:
            return None
        say(f"  {command.shown}")
        one = run(command, environment, sample=sample)
        if one.void:
            void[command.name] = one.void
            return None
        return one

    for command in commands:
        turn(command)
    for _ in range(runs):
        for command in commands:
            one = turn(command)
            if one:
                timed[command.name].append(one)
    for _ in range(memory_runs if can_sample() else 0):
        for command in commands:
            one = turn(command, sample=True)
            if one and one.memory:
                memory[command.name].append(one.memory)
    return [
        Measured(command, *((), ()) if command.name in void else (tuple(timed[command.name]), tuple(memory[command.name])), void.get(command.name, ""))
        for command in commands
    ]


def say(text: str) -> None:
    """Progress, for a person who waits."""
    print(text, file=sys.stderr, flush=True)
