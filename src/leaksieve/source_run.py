"""Trees, files, the index and streams: every unit to a worker, every answer taken, nobody's file lost with a neighbour's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from leaksieve.config import Config
from leaksieve.coverage import Coverage
from leaksieve.engine.prefilter import compile_all
from leaksieve.errors import LeaksieveError, SourceError
from leaksieve.model import Located, Skip
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Source, Unit, unread
from leaksieve.work import BULK, SMALL, Compiler, Worker, decode, engine_for, ruleset_for

# So many files that workers died over, before any was scanned, say that it is no file's fault.
HOPELESS = 20


class Dropped(Protocol):
    """Takes what is told of dropped candidates: counts by reason, and a line for each where ``each`` asks for it."""

    each: bool

    def add(self, counts: Mapping[str, int], lines: Sequence[str]) -> None:
        """Take what one unit gave."""


class SourceSettings(NamedTuple):
    """How to run: ``jobs`` workers, ``spawn`` forbids forking, line ``hashes`` as asked for, ``deadline`` on the monotonic clock.

    ``spawnable`` says that a process which inherits nothing can make the ruleset; ``dropped`` is told what was looked at and is no finding.
    """

    jobs: int
    spawn: bool = False
    spawnable: bool = True
    hashes: bool = True
    deadline: float | None = None
    dropped: Dropped | None = None


class SourceRun:
    """One run over sources that are read file by file.

    What is found is added to ``located`` at once, so that it is not lost when the run is interrupted.  ``progress`` takes files
    scanned, files expected, bytes, and places found.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        ruleset: Ruleset,
        config: Config,
        settings: SourceSettings,
        coverage: Coverage,
        located: list[Located],
        progress: Callable[[tuple[int, int, int, int]], None] | None,
    ) -> None:
        self._sources = sources
        self._ruleset = ruleset
        self._config = config
        self._settings = settings
        self._coverage = coverage
        self._located = located
        self._progress = progress
        self._died = 0
        self._files = self._size = 0

    def run(self) -> None:
        """Feed every unit to a worker and take the answers."""
        units = self._units()
        ahead = []
        for unit in units:
            ahead.append(unit)
            if self._expected("bytes") > BULK:
                break
        small = self._expected("bytes") <= SMALL
        name = engine_for(self._config, small=small)
        deadline = self._settings.deadline

        def plan_on() -> bool:
            unit = next(units, None)
            if unit is not None:
                ahead.append(unit)
            return unit is not None

        for done in self._results(chain(ahead, units), name, 1 if small else self._settings.jobs, plan_on):
            unit, result = done
            if result is None:
                self._lost(unit, name)
            else:
                self._take(unit, result)
            if deadline is not None and time.monotonic() > deadline:
                limit = self._config.timeout or 0
                self._coverage.sources[0].skip(Skip("failed", b"", "timeout", f"the scan was stopped after {limit:g} s; raise --timeout"))
                return

    def _units(self) -> Iterator[Unit]:
        """Units of every source, tagged with the source's number; a source that cannot be planned is a failed Skip."""
        for number, source in enumerate(self._sources):
            try:
                for unit in source.units():
                    yield (number, unit)
            except SourceError as error:
                source.coverage.skip(unread(error))

    def _expected(self, what: str) -> int:
        return sum(source.coverage.expected.get(what, 0) for source in self._sources)

    def _results(self, units: Iterator[Unit], engine: str, jobs: int, plan_on: Callable[[], bool]) -> Iterator[tuple[Unit, bytes | None]]:
        if jobs > 1 and self._settings.spawnable and (self._settings.spawn or not hasattr(os, "fork")):
            from leaksieve.parallel import pooled

            self._coverage.engine = engine
            return pooled(units, Recipe(self._sources, self._config, engine, _tell(self._settings.dropped)), jobs)
        bulk = self._expected("bytes") > BULK
        compiler = Compiler(plan_on, self._ruleset) if jobs > 1 else compile_all
        worker = Worker(
            self._sources,
            self._ruleset,
            self._config,
            engine,
            compiler,
            joined=bulk or jobs == 1,
            hashes=self._settings.hashes,
            tell=_tell(self._settings.dropped),
        )
        self._coverage.engine = worker.engine.name
        if jobs > 1:
            from leaksieve.parallel import forked

            return forked(units, worker, jobs)
        return ((unit, worker(unit)) for unit in units)

    def _lost(self, unit: Unit, engine: str) -> None:
        """A worker died over a unit: try its parts one by one, so that one file cannot take its neighbours with it."""
        from leaksieve.parallel import forked

        number, inner = unit
        source = self._sources[number]
        worker = Worker(self._sources, self._ruleset, self._config, engine)
        for part in _parts(inner):
            for _, result in forked(iter(((number, part),)), worker, 1):
                if result is None:
                    source.coverage.skip(Skip("failed", _name(part), "crashed-worker", "a worker process died over it"))
                    self._died += 1
                    if self._died >= HOPELESS and not any(one.coverage.scanned.get("files") for one in self._sources):
                        # No file is to blame: an installation with a part missing dies over each of thousands.
                        raise LeaksieveError("every worker process dies at its first file", hint="run again with -j 1 -v to see why")
                else:
                    self._take((number, part), result)

    def _take(self, unit: Unit, result: bytes) -> None:
        answer = decode(result)
        coverage = self._sources[unit[0]].coverage
        if answer.files:
            coverage.scan("files", answer.files)
        # The later blocks of a stream are no file of their own, but bytes they are.
        if answer.files or answer.size:
            coverage.scan("bytes", answer.size)
        for unit_, count in answer.counts.items():
            coverage.scan(unit_, count)
        for skip in answer.skips:
            coverage.skip(skip)
        if answer.dropped and self._settings.dropped is not None:
            self._settings.dropped.add(answer.dropped, answer.told)
        self._located += answer.located
        self._files += answer.files
        self._size += answer.size
        if self._progress is not None:
            self._progress((self._files, self._expected("files"), self._size, len(self._located)))


class Recipe:
    """How to build a worker in a process that inherits nothing; pickles."""

    def __init__(self, sources: Sequence[Source], config: Config, engine: str, tell: int = 0) -> None:
        self.sources = tuple(sources)
        self.config = config
        self.engine = engine
        self.tell = tell

    def __call__(self) -> Worker:
        """Build the worker."""
        return Worker(self.sources, ruleset_for(self.config), self.config, self.engine, tell=self.tell)


def _tell(dropped: Dropped | None) -> int:
    return 0 if dropped is None else 1 + dropped.each


def _parts(unit: Unit) -> list[Unit]:
    """The files of a unit as units of their own."""
    if unit[0] == "files":
        _, root, entries = unit
        return [("files", root, (entry,)) for entry in entries]
    if unit[0] == "commits":
        return [("commits", (entry,)) for entry in unit[1]]
    return [unit]


def _name(unit: Unit) -> bytes:
    """What a unit of one file is called on the receipt."""
    if unit[0] == "files":
        return bytes(unit[2][0][0])
    if unit[0] == "commits":
        _, path, oid, *_ = unit[1][0]
        return bytes(path) or bytes(oid).hex().encode()
    return next((piece for piece in unit if isinstance(piece, bytes)), b"")
