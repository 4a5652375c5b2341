"""Where the time of one scan goes: the command line run in this process, with a clock at the doors of its phases.

    python benchmarks/phases.py SPAWNED git REPOSITORY [OPTION ...]

``SPAWNED`` is the monotonic clock of the moment the process was started.  The report is thrown away; printed is JSON:
the seconds of each phase (the time within a phase that belongs to no other), the exit code and the clock at the end.
Only the parent is watched: what workers do meanwhile is the time the parent waits for them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

START, REPORT = "start-up", "report"
WALK, LAST = "walk", "between"
# Phase -> the function that is the phase.
DOORS = {
    "stock": "leaksieve.sources.history:HistorySource.build",
    "engine": "leaksieve.history_work:HistoryWorker.__init__",
    WALK: "leaksieve.history_run:HistoryRun._walk",
    LAST: "leaksieve.history_run:HistoryRun.run",
}
# Those that may be missing; their time is then that of the phase around them.
SIDE_DOORS = {
    "attribution": "leaksieve.history_run:HistoryRun._attributed",
    "places": "leaksieve.history_run:HistoryRun._spots",
    "look again": "leaksieve.history_run:HistoryRun._locate",
}


class Clock:
    """Splits time among nested phases; ``seconds`` are per phase, without those within."""

    def __init__(self, began: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last = began
        self._stack = [START]
        self.seconds: dict[str, float] = {}

    def tick(self) -> None:
        """Give the time since the last tick to the phase at hand."""
        now = self._now()
        phase = self._stack[-1]
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self._last = now

    def around(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time is that of a phase; behind the last one the report begins."""

        def timed(*arguments: Any, **named: Any) -> Any:
            self.tick()
            self._stack.append(phase)
            try:
                return function(*arguments, **named)
            finally:
                self.tick()
                self._stack.pop()
                if phase == LAST:
                    self._stack[0] = REPORT

        return timed


def door(place: str) -> tuple[Any, str]:
    """The class and the name of a function written as ``module:Class.name``; AttributeError where there is none."""
    module, _, path = place.partition(":")
    owner, _, name = path.partition(".")
    found = getattr(importlib.import_module(module), owner)
    getattr(found, name)
    return found, name


def main() -> None:
    """Scan, and say where the time went."""
    clock = Clock(float(sys.argv[1]))
    for phase, place in (*DOORS.items(), *SIDE_DOORS.items()):
        try:
            owner, name = door(place)
        except AttributeError:
            if phase in DOORS:
                raise
            continue
        setattr(owner, name, clock.around(phase, getattr(owner, name)))
    from leaksieve.cli.main import main as scan

    out = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    code = scan(sys.argv[2:])
    clock.tick()
    told = {"code": code, "seconds": clock.seconds, "end": time.monotonic()}
    os.write(out, json.dumps(told).encode())


if __name__ == "__main__":
    main()
