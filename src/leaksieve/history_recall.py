"""The memory of earlier scans at work in a run: opened, asked, told what is new, and closed."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from leaksieve.cache.history import HistoryCache
from leaksieve.cache.identity import signature
from leaksieve.config import Config
from leaksieve.engine.matcher import Engine, Result
from leaksieve.errors import SourceError
from leaksieve.gitobjects.allrefs import all_refs
from leaksieve.gitobjects.blobcache import BlobCache
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.graph import shallow_boundary
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.packtable import TREE
from leaksieve.gitobjects.reflogs import reflog_ids
from leaksieve.gitobjects.treetrace import Moved
from leaksieve.history_cache import HistoryMemory, each
from leaksieve.history_share import Key, ShareAnswer, decode, keyed
from leaksieve.history_told import asks_index, pack_spots, pack_traces, shown_in, unpack_spots, unpack_traces
from leaksieve.history_work import HistoryWorker
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Unit
from leaksieve.sources.history import HistorySource

if TYPE_CHECKING:
    from leaksieve.history_places import Spots

# Raised whenever a scan finds more in the same objects than before, or keeps it in another form.
_FORMAT = 2
# What stands before the id in a commit's packed record.
_HEAD = 12


class Recall:
    """One run's use of the cache.  Errors of the cache end in notes, never in the run.

    ``attribution`` and ``names`` as in the run's settings; ``directory`` None stands for the user's cache folder.
    """

    def __init__(self, source: HistorySource, ruleset: Ruleset, config: Config, *, attribution: bool, names: bool, directory: bytes | None) -> None:
        self._source = source
        self._attribution = attribution
        self._repository = source.repository
        bound = signature(ruleset.hash, config, repr((_FORMAT, attribution, names, source.chain_limit)).encode())
        self._cache = HistoryCache.open(directory, bound, os.path.realpath(source.repository.common_dir))
        self._worker: HistoryWorker | None = None
        self._objects: BlobCache | None = None
        self._names: dict[bytes, bool] = {}
        self._commits: list[bytes] = []
        self._refs: dict[bytes, bytes] = {}
        self._broken: list[tuple[bytes, str]] = []
        self._spots: Spots | None = None
        # What came and went in known commits, by id, None when not known; and the ids of the others.
        self.traces: dict[bytes, list[Moved]] | None = None
        self.fresh: Collection[bytes] = ()
        # What was scanned to learn what it holds: content -> candidates.
        self._results: dict[bytes, Result] = {}
        self.memory = HistoryMemory(self._cache, self._is_plain)
        source.memory = self.memory

    @property
    def notes(self) -> list[str]:
        """Sentences for a debug log."""
        return self._cache.notes

    def close(self) -> None:
        """Write what is to be kept."""
        self._source.memory = None
        self._cache.close()

    def learn(self, worker: HistoryWorker) -> bool:
        """Find out again which secrets the known objects hold; False when the memory does not fit them."""
        self._worker = worker
        nothing_new = next(self._source.units(1), None) is None
        packed = self._stored() if nothing_new and self._attribution else None
        try:
            if not self.memory.recall(self._keys_of, shown_in(packed) if packed is not None else ()):
                return False
        except ObjectError:
            return False
        if not self._attribution:
            return True
        keys = self.memory.keys()
        if nothing_new and not keys:
            return True
        if packed is not None:
            self._spots = unpack_spots(packed, keys, self._refs, self._read)
            if self._spots is not None:
                return True
        commits = self.memory.commits()
        self._commits = commits or []
        return commits is not None

    def forget(self) -> None:
        """Begin anew, as if nothing had been kept."""
        self.memory = HistoryMemory(self._cache, self._is_plain, empty=True)
        self._source.memory = self.memory

    def took(self, unit: Unit, result: bytes) -> list[ShareAnswer]:
        """Note what a share gave, in the form of :class:`EachLoose`, and return it."""
        answers = [decode(answer) for answer in each(result)]
        self.memory.took(unit, answers)
        return answers

    def keep(self, values: Collection[bytes]) -> None:
        """Keep what has been read; ``values`` are all secrets found."""
        self.memory.save(values)

    def told(self, refs: Mapping[bytes, bytes], commits: list[bytes], tell: Callable[[], Spots]) -> Spots:
        """What is to be shown of the findings: as it was told the last time if nothing has changed since, else by ``tell``.

        The records of known commits are added to ``commits`` before.
        """
        if self._spots is not None:
            if refs == self._refs:
                return self._spots
            self._commits = self.memory.commits() or []
        width = self._repository.hash_size
        self.fresh = {record[_HEAD : _HEAD + width] for record in commits}
        commits += self._commits
        shallow = repr(sorted(shallow_boundary(self._repository))).encode()
        if self.memory.loaded is not None and not any(part.missing for part in self.memory.parts()):
            self.traces = unpack_traces(self._cache.derived("traces", self.memory.loaded + shallow))
        failed = self._source.coverage.count("failed")
        spots = tell()
        if self.memory.whole and self._source.coverage.count("failed") == failed:
            self._store(spots, refs, shallow)
        return spots

    def _keys_of(self, oid: bytes, kind: int) -> Iterable[Key]:
        """Read an object once more, as the walk would."""
        assert self._worker is not None
        if kind == TREE:
            return {key for _, keys in self._worker.names_with(oid) for key in keys}
        engine = self._worker.engine
        data = self._read(oid, self._source.max_file_size)[1]
        packed = self._worker.keys_of(data)
        if packed is not None:
            return packed
        result = engine.candidates(data, engine.prefilter.hits(data))
        self._results[data] = result
        return keyed(result.matches)

    def engine(self) -> Engine:
        """The worker's engine, which need not scan again what was scanned to learn what it holds."""
        assert self._worker is not None
        return cast("Engine", _Scanned(self._worker.engine, self._results))

    @property
    def references(self) -> tuple[dict[bytes, bytes], list[tuple[bytes, str]]] | None:
        """The references, and what is wrong with some, if they were read already and nothing has been read since."""
        return (self._refs, self._broken) if self._spots is not None else None

    def _read(self, oid: bytes, limit: int) -> tuple[str, bytes]:
        if self._objects is None:
            self._objects = BlobCache(ObjectStore(self._repository))
        return self._objects.read(oid, limit)

    def _is_plain(self, name: bytes) -> bool:
        """Whether nothing is found in a name, nor in any part of it."""
        assert self._worker is not None
        for part in {name, *name.split(b"/")}:
            if part not in self._names:
                self._names[part] = not self._worker.keys_in(part)
            if not self._names[part]:
                return False
        return True

    def _key(self, refs: Mapping[bytes, bytes]) -> bytes:
        """What tells this state of the repository from others, but for the index."""
        logs = sorted(reflog_ids(self._repository).items())
        shallow = sorted(shallow_boundary(self._repository))
        return sha256(self.memory.state() + marshal.dumps((list(refs.items()), logs, shallow, self._source.prefix), 2)).digest()

    def _index(self) -> bytes:
        try:
            info = os.stat(self._repository.index_path)
        except OSError:
            return b"none"
        return repr((self._repository.index_path, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)).encode()

    def _stored(self) -> bytes | None:
        """Packed spots that hold for the repository as it is now."""
        try:
            self._refs = all_refs(self._repository, self._broken)
            data = self._cache.derived("told", self._key(self._refs))
        except SourceError:
            return None
        if data is None:
            return None
        try:
            index, packed = marshal.loads(data)  # noqa: S302  only this user's runs can have written it
        except (ValueError, TypeError, EOFError):
            return None
        return bytes(packed) if index in (b"", self._index()) else None

    def _store(self, spots: Spots, refs: Mapping[bytes, bytes], shallow: bytes) -> None:
        keys = self.memory.keys()
        values = [value for _, value, _ in keys]

        def is_plain(path: bytes) -> bool:
            return not any(value in path for value in values) and self._is_plain(path)

        if self.traces is not None:
            traces = pack_traces(self.traces, is_plain)
            if traces is not None:
                self._cache.put_derived("traces", self.memory.state() + shallow, traces)
        packed = pack_spots(spots, keys, refs, self._read, is_plain)
        if packed is None:
            return
        try:
            self._cache.put_derived("told", self._key(refs), marshal.dumps((self._index() if asks_index(spots) else b"", packed)))
        except SourceError:
            return


class _Scanned:
    """An engine that knows the candidates of some contents."""

    def __init__(self, engine: Engine, results: Mapping[bytes, Result]) -> None:
        self._engine = engine
        self._results = results
        self.name = engine.name

    def scan(self, data: bytes, path: bytes = b"") -> Result:
        """As the engine's own."""
        result = self._results.get(data)
        if result is None:
            return self._engine.scan(data, path)
        return Result(self._engine.resolved(result.matches, path, data), result.skips) if result.matches else result
