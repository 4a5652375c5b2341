"""One worker beside two: what is shared out, what is not, and what that would allow on more cores."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import figures, phases
from benchmarks.measure import say
from benchmarks.session import Section, Session, Unavailable

PHASES = Path(phases.__file__)
FLOOR = Path(__file__).with_name("floor.py")
EXIT = "exit"
# What a reader is shown -> the phases in it.
SHOWN: dict[str, tuple[str, ...]] = {
    "start-up: Python, imports, rules": (phases.START,),
    "stock taking: the headers of all entries": ("stock",),
    "waiting for the engine to be compiled": ("engine",),
    "walk: the part that is shared out": (phases.WALK,),
    "attribution: commits, paths, references": ("attribution",),
    "findings: places, and the second look": ("places", "look again", "between"),
    "report and exit": (phases.REPORT, EXIT),
}
MORE_CORES = (16, 64)


class Split(NamedTuple):
    """Medians of several runs: seconds per phase, and of whole processes."""

    phases: Mapping[str, float]
    total: float

    def part(self, names: Sequence[str]) -> float | None:
        """Seconds of several phases; None where none of them was entered."""
        entered = [self.phases[name] for name in names if name in self.phases]
        return sum(entered) if entered else None

    @property
    def walk(self) -> float:
        """The part that is shared out among workers."""
        return self.phases.get(phases.WALK, 0.0)

    @property
    def serial(self) -> float:
        """Everything else."""
        return self.total - self.walk


def split(runs: Sequence[Mapping[str, float]]) -> Split:
    """Medians of runs; a phase that a run did not enter took no time."""
    names = {name for run in runs for name in run}
    return Split({name: median(run.get(name, 0.0) for run in runs) for name in names}, median(sum(run.values()) for run in runs))


def allowed(one: Split, workers: int) -> float:
    """Seconds a scan would take with so many workers if the walk were shared out without loss and nothing else was (Amdahl)."""
    return one.serial + one.walk / workers


def watched(session: Session, python: str, repository: str, *options: str) -> dict[str, float]:
    """Seconds per phase of one scan; their sum is the whole process.  Unavailable where it fails."""
    began = time.monotonic()
    call = [python, "-P", os.fspath(PHASES), repr(began), "git", ".", "--no-cache", "-f", "json", *options]
    done = subprocess.run(call, cwd=repository, env=session.environment, capture_output=True, text=True, errors="replace", check=False)
    ended = time.monotonic()
    told = _told(done)
    if told["code"] not in {0, 1}:
        raise Unavailable(f"the scan that is watched ended with exit {told['code']}")
    seconds: dict[str, float] = told["seconds"]
    return {**seconds, EXIT: ended - began - sum(seconds.values())}


def floor(session: Session, python: str, repository: str, jobs: int) -> dict[str, float]:
    """What one run of the floor says of itself; Unavailable where it fails."""
    call = [python, "-P", os.fspath(FLOOR), ".", "-j", str(jobs)]
    told: dict[str, float] = _told(subprocess.run(call, cwd=repository, env=session.environment, capture_output=True, text=True, errors="replace", check=False))
    return told


def _told(done: subprocess.CompletedProcess[str]) -> Any:
    try:
        return json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
        raise Unavailable(f"{os.path.basename(done.args[2])} failed: {last[0]}") from None


def bench(session: Session, python: str, repository: str, rounds: int) -> Section:
    """Watch scans with one worker, with two, and with two and attribution; and the floor with one and two.  In turns."""
    name = os.path.basename(repository)
    say(f"Workers: {name}")
    scans = {"1": ("--no-attribution", "-j", "1"), "2": ("--no-attribution", "-j", "2"), "attributed": ("-j", "2")}
    watches: dict[str, list[dict[str, float]]] = {key: [] for key in scans}
    floors: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(session.runs or rounds):
        for key, options in scans.items():
            say(f"  leaksieve git . {' '.join(options)}")
            watches[key].append(watched(session, python, repository, *options))
        for jobs, told in floors.items():
            say(f"  floor -j {jobs}")
            told.append(floor(session, python, repository, jobs))
    splits = {key: split(runs) for key, runs in watches.items()}
    walks = {jobs: median(one["walk"] for one in told) for jobs, told in floors.items()}
    text = table(splits["1"], splits["2"], splits["attributed"], (walks[1], walks[2]))
    return Section(f"Workers: {name}", text, {"scans": watches, "floors": floors}, (limits(splits["1"]),))


def table(one: Split, two: Split, attributed: Split, floors: tuple[float, float]) -> str:
    """Phases as rows, and the floor's walk for comparison: what the machine itself gains by a second worker."""
    rows = []
    for label, names in SHOWN.items():
        parts = [each.part(names) for each in (one, two, attributed)]
        gain = figures.number(one.walk / two.walk, 2) if names == (phases.WALK,) and two.walk else ""
        rows.append((label, *(figures.number(part, 3) for part in parts[:2]), gain, figures.number(parts[2], 3)))
    rows.append(
        (
            "whole process",
            figures.number(one.total, 3),
            figures.number(two.total, 3),
            figures.number(one.total / two.total, 2),
            figures.number(attributed.total, 3),
        )
    )
    rows.append(("the floor's walk", figures.number(floors[0], 3), figures.number(floors[1], 3), figures.number(floors[0] / floors[1], 2), ""))
    return figures.table(("phase, seconds", "one worker", "two workers", "speed-up", "two workers, attributed"), rows)


def limits(one: Split) -> str:
    """What the part that is not shared out allows, as a sentence."""
    said = ", ".join(f"{allowed(one, cores):.2f} s with {cores} ({one.total / allowed(one, cores):.1f} times)" for cores in MORE_CORES)
    return f"Not shared out: {one.serial:.2f} s, {one.serial / one.total:.0%} of the run with one worker. If the walk were shared out without loss, a scan would take {said}."
