"""A history scan from end to end: take stock, walk, find out who and where, and look at the places that are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from leaksieve.config import Config
from leaksieve.engine.prefilter import compile_all
from leaksieve.gitobjects.compiled import FALLBACKS
from leaksieve.gitobjects.packtable import KINDS
from leaksieve.history_work import HistoryWorker, Key, ShareAnswer, decode
from leaksieve.model import Located, Skip
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.history import HistorySource, Unit
from leaksieve.sources.places import Place, PlacesSource
from leaksieve.work import Compiler, Worker

# Packs up to this many bytes, and this many loose objects, are read before Hyperscan has compiled and workers have started.
SMALL = 512 * 1024
FEW = 500
# Beyond so many places they are shared out.
MANY = 400


class Settings(NamedTuple):
    """How to run.  ``jobs`` workers; ``spawn`` forbids forking; ``attribution``, ``names`` and line ``hashes`` as asked for; ``deadline`` on the monotonic clock."""

    jobs: int
    spawn: bool
    attribution: bool
    names: bool
    hashes: bool
    deadline: float | None = None


class Progress(NamedTuple):
    """How far the walk is: objects read and expected, bytes, objects in which something was found."""

    objects: int
    expected: int
    size: int
    found: int


class HistoryRun:
    """One repository's history.  ``interrupted`` is set when Ctrl-C ended it; what was found until then is located all the same."""

    def __init__(self, source: HistorySource, ruleset: Ruleset, config: Config, settings: Settings, progress: Callable[[Progress], None] | None = None) -> None:
        self._source = source
        self._ruleset = ruleset
        self._config = config
        self._settings = settings
        self._progress = progress
        self._found: dict[Key, dict[bytes, int]] = {}
        self._commits: list[bytes] = []
        self._submodules: set[bytes] = set()
        self._size = 0
        self._held = 0
        self.interrupted = False
        self.engine = ""
        self.notes: list[str] = []

    def run(self) -> list[Located]:
        """Scan; what cannot be read is on the source's receipt."""
        worker = self._start()
        try:
            self._walk(worker)
        except KeyboardInterrupt:
            self.interrupted = True
        for name in sorted(self._submodules):
            self._source.coverage.skip(Skip("excluded", name, "submodule", "its own repository is to be scanned by itself"))
            self._source.coverage.submodules.append(name.decode("utf-8", "backslashreplace"))
        if FALLBACKS:
            self.notes.append(f"slow: {' and '.join(FALLBACKS)} not installed in compiled form; the same objects are read several times slower")
        if not self._found:
            return []
        return self._locate(worker, self._places())

    def _start(self) -> HistoryWorker:
        """Take stock, while Hyperscan compiles elsewhere if it will be needed."""
        source = self._source
        large = source.packed_bytes > SMALL
        if not large:
            source.take_stock()
            large = len(source.inventory.loose) > FEW
        wanted = self._config.engine
        self.engine = wanted if wanted != "auto" else _engine(small=not large)
        jobs = self._settings.jobs if large else 1
        self._jobs = jobs
        stocked = not large or len(source.coverage.expected) > 0

        def stock() -> bool:
            nonlocal stocked
            if not stocked:
                source.take_stock()
            stocked = True
            return False

        compiler = Compiler(stock) if self.engine == "hyperscan" and self._forks else compile_all
        worker = HistoryWorker(source, self._ruleset, self._config, self.engine, compiler, record=self._record, names=self._settings.names)
        stock()
        return worker

    @property
    def _forks(self) -> bool:
        import os

        return hasattr(os, "fork") and not self._settings.spawn

    @property
    def _record(self) -> Callable[[bytes, bytes], bytes] | None:
        return None

    def _walk(self, worker: HistoryWorker) -> None:
        expected = self._source.coverage.expected.get("objects", 0)
        done = 0
        for unit, result in self._results(worker):
            if result is None:
                self._lost(unit, worker)
                continue
            done += self._take(decode(result))
            if self._progress is not None:
                self._progress(Progress(done, expected, self._size, self._held))
            deadline = self._settings.deadline
            if deadline is not None and time.monotonic() > deadline:
                self._source.coverage.skip(Skip("failed", b"", "timeout", "the scan was stopped at its time limit; raise --timeout"))
                return

    def _results(self, worker: HistoryWorker) -> Iterator[tuple[Unit, bytes | None]]:
        units = self._source.units(self._jobs)
        if self._jobs == 1:
            return ((unit, worker(unit)) for unit in units)
        if self._forks:
            from leaksieve.parallel import forked

            return forked(units, worker, self._jobs)
        from leaksieve.parallel import pooled

        return pooled(units, HistoryRecipe(self._source, self._config, self.engine, names=self._settings.names), self._jobs)

    def _take(self, answer: ShareAnswer) -> int:
        """Note what a share gave; returns how many objects it scanned."""
        coverage = self._source.coverage
        total = 0
        for kind, count in answer.counts.items():
            if count:
                coverage.scan(f"{KINDS[kind]}s", count)
                total += count
        coverage.scan("objects", total)
        coverage.scan("bytes", answer.size)
        for skip in answer.skips:
            coverage.skip(skip)
        for oid, kind, numbers in answer.held:
            for number in numbers:
                self._found.setdefault(answer.keys[number], {})[oid] = kind
        self._held += len(answer.held)
        self._size += answer.size
        self._commits += answer.commits
        self._submodules.update(answer.submodules)
        return total

    def _lost(self, unit: Unit, worker: HistoryWorker) -> None:
        """A worker died over a share: go on with its halves, down to the family that did it."""
        from leaksieve.parallel import forked

        for part in _halves(unit):
            for _, result in forked(iter((part,)), worker, 1):
                if result is not None:
                    self._take(decode(result))
                elif len(_halves(part)) > 1:
                    self._lost(part, worker)
                else:
                    count = self._source.members(part)
                    self._source.coverage.skip(Skip("failed", self._source.first_name(part), "crashed-worker", "a worker process died over it", count))

    def _places(self) -> list[tuple[Place, frozenset[Key]]]:
        """Which objects are looked at again, and for which secrets each of them speaks."""
        groups: dict[tuple[int, frozenset[Key]], list[bytes]] = {}
        holders: dict[bytes, tuple[int, set[Key]]] = {}
        for key, held in self._found.items():
            for oid, kind in held.items():
                holders.setdefault(oid, (kind, set()))[1].add(key)
        for oid, (kind, several) in holders.items():
            groups.setdefault((kind, frozenset(several)), []).append(oid)
        places = []
        for (kind, keys), oids in groups.items():
            first = min(oids)
            details: Mapping[str, Any] = {"object": first.hex(), "object_type": KINDS[kind], "objects": len(oids)}
            places.append((Place(first, KINDS[kind], b"", details), keys))
        return places

    def _locate(self, worker: HistoryWorker, places: list[tuple[Place, frozenset[Key]]]) -> list[Located]:
        source = PlacesSource(self._source.repository, [place for place, _ in places], limit=self._source.max_file_size)
        shower = Worker([source], self._ruleset, self._config, self.engine, hashes=self._settings.hashes, engine=worker.engine)
        located: list[Located] = []
        for unit, (_, keys) in zip(source.units(), places, strict=True):
            answer = shower.scan(source, unit)
            for skip in answer.skips:
                self._source.coverage.skip(skip)
            located += [each for each in answer.located if (each.rule_id, each.secret.reveal(), each.decoded) in keys]
        return located


class HistoryRecipe:
    """How to build a worker in a process that inherits nothing; pickles."""

    def __init__(self, source: HistorySource, config: Config, engine: str, *, names: bool) -> None:
        self.source = source
        self.config = config
        self.engine = engine
        self.names = names

    def __call__(self) -> HistoryWorker:
        """Build the worker."""
        from leaksieve.ruleset.load import load

        ruleset = load(self.config.rules).select(self.config.enable, self.config.disable)
        return HistoryWorker(self.source, ruleset, self.config, self.engine, names=self.names)


def _engine(*, small: bool) -> str:
    if small:
        return "aho-corasick"
    from importlib.util import find_spec

    return "hyperscan" if find_spec("hyperscan") else "aho-corasick"


def _halves(unit: Unit) -> list[Unit]:
    """A share in two; in one where it cannot be divided."""
    if unit[0] == "loose":
        oids: tuple[bytes, ...] = unit[1]  # type: ignore[assignment]
        middle = len(oids) // 2
        return [("loose", oids[:middle]), ("loose", oids[middle:])] if middle else [unit]
    _, table, first, last = unit
    middle = (int(first) + int(last)) // 2  # type: ignore[call-overload]
    return [("pack", table, first, middle), ("pack", table, middle, last)] if middle > int(first) else [unit]  # type: ignore[call-overload]
