"""A history scan from end to end: take stock, walk, find out who and where, and look at the places that are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.config import Config
from leaksieve.engine.prefilter import compile_all
from leaksieve.errors import SourceError
from leaksieve.gitobjects.allrefs import all_refs, is_lasting
from leaksieve.gitobjects.compiled import FALLBACKS
from leaksieve.gitobjects.presence import Presence
from leaksieve.history_places import Spots, unattributed
from leaksieve.history_share import decode
from leaksieve.history_show import SecondLook
from leaksieve.history_tally import Tally
from leaksieve.history_work import HistoryWorker
from leaksieve.model import Located, Skip
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Unit
from leaksieve.sources.history import HistorySource, halves
from leaksieve.work import Compiler, engine_for, ruleset_for

if TYPE_CHECKING:
    from leaksieve.history_cache import HistoryMemory
    from leaksieve.history_recall import Recall

# Packs up to this many bytes are taken stock of before it is known how to scan them: that takes no time.
SMALL = 512 * 1024
# Up to so much work (weighed bytes) and so many loose objects, all is scanned before Hyperscan has compiled and workers have started.
LITTLE = 8 * 1024 * 1024
FEW = 500
# Up to so many shares of commits are looked at without workers.
_ALONE = 2


class Settings(NamedTuple):
    """How to run.

    ``jobs`` workers; ``spawn`` forbids forking; ``attribution``, ``names`` and line ``hashes`` as asked for; ``deadline`` on the
    monotonic clock.  ``cache`` says whether what is found out is kept for the next run, ``cache_dir`` where (None: in the user's folder).
    """

    jobs: int
    spawn: bool
    attribution: bool
    names: bool
    hashes: bool
    deadline: float | None = None
    cache: bool = False
    cache_dir: bytes | None = None


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
        self._tally = Tally(source.coverage)
        self._done = 0
        self._refs: dict[bytes, bytes] = {}
        self._recall: Recall | None = None
        self.interrupted = False
        self.engine = ""
        self.notes: list[str] = []
        # Sentences for a debug log.
        self.details: list[str] = []

    def run(self) -> list[Located]:
        """Scan; what cannot be read is on the source's receipt."""
        if self._settings.cache and self._forks:
            from leaksieve.history_recall import Recall

            settings = self._settings
            self._recall = Recall(
                self._source, self._ruleset, self._config, attribution=settings.attribution, names=settings.names, directory=settings.cache_dir
            )
        try:
            return self._run()
        finally:
            if self._recall is not None:
                self._recall.close()
                self.details += self._recall.notes

    def _run(self) -> list[Located]:
        worker = self._start()
        try:
            self._walk(worker)
        except KeyboardInterrupt:
            self.interrupted = True
        self._tally.say()
        if FALLBACKS:
            self.notes.append(f"slow: {' and '.join(FALLBACKS)} not installed in compiled form; the same objects are read several times slower")
        try:
            broken: list[tuple[bytes, str]] = []
            known = self._recall.references if self._recall is not None else None
            if known is not None:
                self._refs, broken = known
            else:
                self._refs = all_refs(self._source.repository, broken)
            for name, what in [*broken, *self._dangling()]:
                self._source.coverage.skip(Skip("failed", name, "broken-reference", what))
        except SourceError as error:
            self._source.coverage.skip(Skip("failed", error.where.encode(errors="surrogateescape"), "unreadable-references", error.line()))
        if self._recall is not None:
            # Before the rest, so that Ctrl-C there does not undo the longest part.
            self._recall.keep([value for _, value, _ in self._tally.found])
        return self._locate(worker, self._spots() if self._tally.found else {})

    def _locate(self, worker: HistoryWorker, spots: Spots) -> list[Located]:
        engine = self._recall.engine() if self._recall is not None else worker.engine
        settings = self._settings

        def share(units: Iterator[Any], work: Callable[[Any], bytes]) -> Iterator[tuple[Any, bytes | None]]:
            return self._shared(units, work, settings.jobs)

        look = SecondLook(self._source, worker, engine, self._config, self._refs, share, names=settings.names, hashes=settings.hashes)
        return look.located(spots)

    def _start(self) -> HistoryWorker:
        """Take stock, and learn again what is known of it."""
        worker = self._prepared()
        if self._recall is not None:
            if not self._recall.learn(worker):
                # Something has changed that should not have: all of it is read.
                self._recall.forget()
                self.details.append("what the cache holds does not fit the repository and was ignored")
                worker = self._prepared()
            self._take_known(self._recall.memory)
        self._source.announce()
        return worker

    def _take_known(self, memory: HistoryMemory) -> None:
        """Count what an earlier scan read as if it had been read now, and say how much that is."""
        known = 0
        for part in memory.parts():
            known += self._tally.take(part.answer(self._source.absent(part.missing)))
        if known:
            self._source.coverage.scan("cached", known)
        self._done = known

    def _prepared(self) -> HistoryWorker:
        """Take stock, while Hyperscan compiles elsewhere if it will be needed."""
        source = self._source
        size, loose = source.look()
        large = size > SMALL or loose > FEW
        stocked = not large
        if stocked:
            source.build()
            # What packs inflate to is not bounded by their size.
            large = _work(source) > LITTLE
        self.engine = engine_for(self._config, small=not large)
        jobs = self._settings.jobs if large else 1
        self._jobs = jobs

        def stock() -> bool:
            nonlocal stocked
            if not stocked:
                source.build()
            stocked = True
            return False

        compiler = Compiler(stock, self._ruleset) if self.engine == "hyperscan" and self._forks else compile_all
        worker = HistoryWorker(source, self._ruleset, self._config, self.engine, compiler, record=self._record, names=self._settings.names)
        stock()
        return worker

    @property
    def _forks(self) -> bool:
        import os

        return hasattr(os, "fork") and not self._settings.spawn

    @property
    def _record(self) -> Callable[[bytes, bytes], bytes] | None:
        if not self._settings.attribution:
            return None
        from leaksieve.gitobjects.commitlog import pack_commit

        return pack_commit

    def _walk(self, worker: HistoryWorker) -> None:
        expected = self._source.coverage.expected.get("objects", 0)
        done = self._done
        for unit, result in self._results(worker):
            if result is None:
                self._lost(unit, worker)
                continue
            done += self._took(unit, result)
            if self._progress is not None:
                self._progress(Progress(done, expected, self._tally.size, self._tally.held))
            deadline = self._settings.deadline
            if deadline is not None and time.monotonic() > deadline:
                self._source.coverage.skip(Skip("failed", b"", "timeout", "the scan was stopped at its time limit; raise --timeout"))
                return

    def _took(self, unit: Unit, result: bytes) -> int:
        """Note what a share gave, here and for the next run; returns how many objects it scanned."""
        if self._recall is None:
            return self._tally.take(decode(result))
        answers = self._recall.took(unit, result)
        return sum(map(self._tally.take, answers))

    def _working(self, worker: HistoryWorker) -> Callable[[Unit], bytes]:
        if self._recall is None:
            return worker
        from leaksieve.history_cache import EachLoose

        return EachLoose(worker)

    def _results(self, worker: HistoryWorker) -> Iterator[tuple[Unit, bytes | None]]:
        units = self._source.units(self._jobs)
        if self._jobs == 1:
            work = self._working(worker)
            return ((unit, work(unit)) for unit in units)
        if self._forks:
            from leaksieve.parallel import forked

            return forked(units, self._working(worker), self._jobs, ahead=1)
        from leaksieve.parallel import pooled

        return pooled(
            units, HistoryRecipe(self._source, self._config, self.engine, names=self._settings.names, attribution=self._settings.attribution), self._jobs
        )

    def _dangling(self) -> list[tuple[bytes, str]]:
        """References to objects that are not there.  What commands leave behind, as ORIG_HEAD, may lead nowhere."""
        lasting = {name: oid for name, oid in self._refs.items() if is_lasting(name)}
        absent = set(Presence(self._source.inventory).absent(set(lasting.values())))
        return [(name, f"leads to {oid.hex()}, which is not in the repository") for name, oid in lasting.items() if oid in absent]

    def _lost(self, unit: Unit, worker: HistoryWorker) -> None:
        """A worker died over a share: go on with its halves, down to the family that did it."""
        from leaksieve.parallel import forked

        for part in halves(unit):
            for _, result in forked(iter((part,)), self._working(worker), 1):
                if result is not None:
                    self._took(part, result)
                elif len(halves(part)) > 1:
                    self._lost(part, worker)
                else:
                    count = self._source.members(part)
                    self._source.coverage.skip(Skip("failed", self._source.first_name(part), "crashed-worker", "a worker process died over it", count))

    def _spots(self) -> Spots:
        """What is to be looked at again, with what is known of each: commits and paths unless nobody wants them or Ctrl-C came first."""
        if self._settings.attribution and not self.interrupted:
            try:
                return self._attributed() if self._recall is None else self._recall.told(self._refs, self._tally.commits, self._attributed)
            except KeyboardInterrupt:
                self.interrupted = True
            except SourceError as error:
                self._source.coverage.skip(Skip("failed", error.where.encode(errors="surrogateescape"), "no-attribution", error.line()))
        return unattributed(self._tally.found)

    def _attributed(self) -> Spots:
        from leaksieve.history_attribution import attribute

        settings = self._settings

        def share(units: list[Any], work: Callable[[Any], bytes]) -> Iterator[tuple[Any, bytes | None]]:
            return self._shared(iter(units), work, settings.jobs if len(units) > _ALONE else 1)

        return attribute(self._source, self._tally.found, self._tally.commits, self._refs, share, self._recall)

    def _shared(self, units: Iterator[Any], work: Callable[[Any], bytes], jobs: int) -> Iterator[tuple[Any, bytes | None]]:
        """Share work out to forked workers, or do it here."""
        if jobs > 1 and self._forks:
            from leaksieve.parallel import forked

            return forked(units, work, jobs, ahead=1)
        return ((unit, work(unit)) for unit in units)


class HistoryRecipe:
    """How to build a worker in a process that inherits nothing; pickles."""

    def __init__(self, source: HistorySource, config: Config, engine: str, *, names: bool, attribution: bool) -> None:
        self.attribution = attribution
        self.source = source
        self.config = config
        self.engine = engine
        self.names = names

    def __call__(self) -> HistoryWorker:
        """Build the worker."""
        from leaksieve.gitobjects.commitlog import pack_commit

        return HistoryWorker(
            self.source, ruleset_for(self.config), self.config, self.engine, names=self.names, record=pack_commit if self.attribution else None
        )


def _work(source: HistorySource) -> int:
    """About how many bytes are to be scanned in packs."""
    return sum(sum(table.families.weight.tolist()) for table in source.inventory.tables)
