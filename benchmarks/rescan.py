"""A second scan of a repository in which nothing is new: what the cache spares."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from statistics import median

from benchmarks import figures
from benchmarks.measure import Command, Run, run, say
from benchmarks.session import Section, Session

# One with attribution and one without: only the latter shows the walk alone.
VIEWS = {"attributed": (), "without attribution": ("--no-attribution",)}


def bench(session: Session, repository: str, rounds: int) -> Section:
    """Scan twice with ``--cache``, each round in a home of its own."""
    name = os.path.basename(repository)
    say(f"Second scan: {name}")
    rows, data = [], []
    for view, options in VIEWS.items():
        command = session.leaksieve.rescan(repository, *options)
        pairs = [_round(session, command) for _ in range(session.runs or rounds)]
        rows.append(row(view, command, pairs))
        data += [{"view": view, "first": first.wall, "second": second.wall, "kept": kept, "void": first.void or second.void} for first, second, kept in pairs]
    return Section(f"Second scan: {name}, nothing new", figures.table(("view", "first s", "second s", "second / first", "cache MB", "command"), rows), data)


def row(view: str, command: Command, pairs: Sequence[tuple[Run, Run, int]]) -> tuple[str, ...]:
    """The medians of (first, second, bytes kept), unless a run is void or nothing was kept."""
    shown = f"`{command.shown}`"
    void = next((one.void for first, second, _ in pairs for one in (first, second) if one.void), "")
    if void:
        return (view, f"void ({void})", "", "", "", shown)
    first, second = median(one.wall for one, _, _ in pairs), median(one.wall for _, one, _ in pairs)
    kept = median(pair[2] for pair in pairs)
    times = (figures.number(first, 3), figures.number(second, 3))
    if not kept:
        return (view, *times, "not there yet: nothing is kept", "", shown)
    ratio = median(after.wall / before.wall for before, after, _ in pairs)
    return (view, *times, figures.number(ratio, 3), figures.number(kept / figures.MEGABYTE, 2), shown)


def _round(session: Session, command: Command) -> tuple[Run, Run, int]:
    """One first scan and one second; how many bytes more the home holds after them than after a scan without a cache."""
    with tempfile.TemporaryDirectory(dir=session.temp) as home:
        environment = {**session.environment, "HOME": home}
        without = tuple("--no-cache" if word == "--cache" else word for word in command.argv)
        say(f"  {command.shown}")
        warm = run(command._replace(argv=without), environment)
        before = held(home)
        first = run(command, environment)
        second = run(command, environment)
        return (first if not warm.void else warm), second, max(held(home) - before, 0)


def held(folder: str) -> int:
    """Bytes of all files in a folder."""
    return sum(os.lstat(os.path.join(place, name)).st_size for place, _, names in os.walk(folder) for name in names)
