"""What a worker does with a share of a repository's objects: build each, scan it, and send home which hold something.

Only (object, rule, value) goes home: where the object's path and commit are, and how the place reads,
is found out later, for the few objects that matter.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from leaksieve.archives.magic import kind_of
from leaksieve.config import Config
from leaksieve.engine.filters import MAYBE
from leaksieve.engine.increment import CLEAN, WORTH, Incremental, State
from leaksieve.engine.matcher import EMPTY, Engine, Result
from leaksieve.engine.prefilter import compile_all
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.kept import kept_runs
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.packtable import BLOB, COMMIT, KINDS, TREE
from leaksieve.gitobjects.packwalk import SHORT, walk
from leaksieve.gitobjects.presence import Named, Presence
from leaksieve.gitobjects.treenames import LONGEST, SUBMODULE, add_submodules, entries, name_at
from leaksieve.history_opened import ArchiveScan
from leaksieve.history_share import Key, Share, ShareAnswer, encode, keyed
from leaksieve.model import Match, Skip, SkipClass
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Unit, is_lfs_pointer
from leaksieve.sources.history import HistorySource

_NUMBERS = {name: number for number, name in KINDS.items()}


class HistoryWorker:
    """Bound to a source and the settings of a run; callable with a unit, returns an encoded :class:`ShareAnswer`.

    ``record`` packs a commit for attribution, None when nobody asked for it; ``names`` says whether names in trees are scanned.
    """

    def __init__(
        self,
        source: HistorySource,
        ruleset: Ruleset,
        config: Config,
        prefilter: str,
        compiler: Any = compile_all,
        *,
        record: Callable[[bytes, bytes], bytes] | None = None,
        names: bool = True,
        joined: bool = True,
    ) -> None:
        self._source = source
        self._hash_size = source.repository.hash_size
        self._record = record
        self._names = names
        self.engine = Engine.configured(ruleset, config, prefilter, compiler, joined=joined)
        self._incremental = Incremental(self.engine)
        self._opened = ArchiveScan(self._incremental, config.max_archive_depth, source.max_file_size, names=names)
        self._store: ObjectStore | None = None
        self._present: Presence | None = None
        self._named = Named(source.repository)
        # Names repeat from tree to tree: what was said of each.
        self._known_names: dict[bytes, list[Match]] = {}

    def __call__(self, unit: Unit) -> bytes:
        """Scan one share."""
        return encode(self.scan(unit))

    def scan(self, unit: Unit) -> ShareAnswer:
        """Scan one share."""
        # Hundreds of thousands of short-lived records and no circles among them: looking for circles took an eighth of the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._scan(unit)
        finally:
            if collecting:
                gc.enable()

    def _scan(self, unit: Unit) -> ShareAnswer:
        share = Share()
        if unit[0] == "loose":
            for oid in unit[1]:
                self._scan_loose(oid, share)
        else:
            self._scan_pack(unit, share)
        return share.answer(self._presence.absent(self._named.take()))

    @property
    def _presence(self) -> Presence:
        """Which objects there are; this process's own."""
        if self._present is None:
            self._present = Presence(self._source.inventory)
        return self._present

    @property
    def store(self) -> ObjectStore:
        """Single objects by id; this process's own."""
        if self._store is None:
            self._store = ObjectStore(self._source.repository)
        return self._store

    def _scan_pack(self, unit: Unit, share: Share) -> None:
        table = self._source.inventory.tables[unit[1]]
        unwanted = self._source.inventory.unwanted[unit[1]]
        shares, kinds, families = self._source.share(unit)
        first = shares.first
        counts, sizes = share.counts, share.sizes
        scan, scan_built = self._incremental.scan, self._incremental.scan_built

        def visit(position: int, data: bytes, state: Any, base: bytes | None, delta: bytes, start: int) -> Any:
            if unwanted is not None and unwanted[position]:
                return None
            kind = kinds[position - first]
            size = len(data)
            try:
                if kind == BLOB:
                    archive = kind_of(data)
                    if archive is not None:
                        # Of what changes in packed bytes nothing follows for what is packed in them.
                        fresh = None
                        self._open(table.oid(position), archive, data, share)
                        result = EMPTY
                    elif state is None or base is None or size < WORTH:
                        result, fresh = scan(data)
                    else:
                        result, fresh = scan_built(data, len(base), state, kept_runs(base, data, delta, start))
                    if result is not EMPTY:
                        share.take(result, table.oid(position), BLOB)
                    if is_lfs_pointer(data):
                        share.pointers += 1
                elif kind == TREE:
                    fresh = self._tree(table, position, data, state, base, delta, start, share)
                else:
                    fresh = None
                    self._message(table.oid(position), kind, data, share)
            except SHORT:
                lost(position, "out-of-memory", "scanning it takes more memory than there is", 0)
                return None
            counts[kind] += 1
            sizes[kind] += size
            return fresh

        def lost(position: int, reason: str, detail: str, further: int) -> None:
            where = table.oid(position).hex().encode()
            kind: SkipClass = "excluded" if reason == "too-large" else "failed"
            wanted = unwanted is None or not unwanted[position]
            if wanted:
                share.skips.append(Skip(kind, where, reason, detail))
            if further:
                share.skips.append(Skip("failed", where, "base-unreadable", "objects stored as changes to it cannot be built", further))

        def settle(position: int, kind: str) -> None:
            # A family takes its kind from its base, wherever that lies.
            family = bisect_right(families, position) - 1
            low, high = families[family] - first, families[family + 1] - first
            kinds[low:high] = [_NUMBERS[kind]] * (high - low)

        def outside(position: int) -> bytes | None:
            oid = table.outside.get(position)
            if oid is None:
                return None
            try:
                kind, data = self.store.read(oid, self._source.chain_limit)
            except ObjectError as error:
                raise BadDataError(f"the object it is a change to, {oid.hex()}, cannot be read: {error.detail}") from error
            settle(position, kind)
            return data

        def rescue(position: int) -> bytes | None:
            # Another pack may hold it as well, or somebody put it back as a loose object.
            try:
                kind, data = self.store.read(table.oid(position), max(self._source.chain_limit, self._source.max_file_size))
            except ObjectError:
                return None
            settle(position, kind)
            return data

        walk(
            table.pack.data,
            shares,
            visit,
            lost,
            limit=self._source.max_file_size,
            chain_limit=max(self._source.chain_limit, self._source.max_file_size),
            outside=outside,
            broken=table.broken,
            rescue=rescue,
        )

    def _scan_loose(self, oid: bytes, share: Share) -> None:
        try:
            name, data = self.store.read(oid, self._source.max_file_size)
        except SHORT:
            share.skips.append(Skip("failed", oid.hex().encode(), "out-of-memory", "reading it takes more memory than there is"))
            return
        except ObjectError as error:
            share.skips.append(Skip("excluded" if error.reason == "too-large" else "failed", oid.hex().encode(), error.reason, error.detail))
            return
        kind = _NUMBERS[name]
        try:
            self._scan_whole(oid, kind, data, share)
        except SHORT:
            share.skips.append(Skip("failed", oid.hex().encode(), "out-of-memory", "scanning it takes more memory than there is"))
            return
        share.counts[kind] += 1
        share.sizes[kind] += len(data)

    def _scan_whole(self, oid: bytes, kind: int, data: bytes, share: Share) -> None:
        """Scan an object of which no other version is known."""
        if kind == TREE:
            if self._names:
                self._names_in(data, self._incremental.hits(data), oid, share)
            add_submodules(share.submodules, data, 0, len(data), self._hash_size)
            self._named.by_tree(data, 0, len(data))
            return
        if kind != BLOB:
            self._message(oid, kind, data, share)
            return
        archive = kind_of(data)
        if archive is not None:
            self._open(oid, archive, data, share)
            return
        result, _ = self._incremental.scan(data)
        share.take(result, oid, BLOB)
        share.pointers += is_lfs_pointer(data)

    def _open(self, oid: bytes, kind: str, data: bytes, share: Share) -> None:
        """Scan what is in an archive, and its own bytes where not all of it could be opened."""
        opening, result = self._opened(kind, data)
        share.take(result, oid, BLOB)
        share.archives += opening.archives
        share.members += opening.members

    def keys_of(self, data: bytes) -> set[Key] | None:
        """What a blob holds that is an archive, None for any other."""
        archive = kind_of(data)
        if archive is None:
            return None
        return set(keyed(self._opened(archive, data)[1].matches))

    def _tree(self, table: Any, position: int, data: bytes, state: Any, base: bytes | None, delta: bytes, start: int, share: Share) -> State:
        if state is None or base is None or len(data) < WORTH:
            add_submodules(share.submodules, data, 0, len(data), self._hash_size)
            if base is None:
                # A pack keeps the newest version of a directory whole: what that names is looked for, and not what every version does.
                self._named.by_tree(data, 0, len(data))
            hits = self._incremental.hits(data) if self._names else None
        else:
            runs = kept_runs(base, data, delta, start)
            # An entry that is new, or changed in any byte, begins at most a name and an id before the change.
            first = runs[0][1] - LONGEST if runs and not runs[0][0] else 0
            last = runs[-1][0] + len(SUBMODULE) if runs and runs[-1][1] == len(data) else len(data)
            add_submodules(share.submodules, data, max(first, 0), last, self._hash_size)
            hits = self._incremental.hits_built(data, len(base), state, runs, LONGEST) if self._names else None
        if hits is None:
            return CLEAN
        return self._names_in(data, hits, table.oid(position), share)

    def _names_in(self, data: bytes, hits: State | None, oid: bytes, share: Share) -> State:
        """Scan the names of a tree in which the prefilter saw something, each by itself; returns the hits that came to something."""
        if hits is None:
            return CLEAN
        live: list[list[tuple[int, int]]] = [[], [], [], []]
        found: list[Match] = []
        seen: set[bytes] = set()
        for which, several in enumerate(hits[:4]):
            for number, place in several:
                name = name_at(data, place, self._source.repository.hash_size)
                if not name:
                    continue
                matches = self._known_names.get(name)
                if matches is None:
                    result, _ = self._incremental.scan(name)
                    matches = self._known_names[name] = [match for match in result.matches if match.rejected in MAYBE]
                if matches:
                    live[which].append((number, place))
                    if name not in seen:
                        seen.add(name)
                        found += matches
        if not found:
            return CLEAN
        share.take(Result(found, []), oid, TREE)
        return State(*live)

    def _message(self, oid: bytes, kind: int, data: bytes, share: Share) -> None:
        """Scan a commit or a tag: who made it, and what was said."""
        result, _ = self._incremental.scan(data)
        if result is not EMPTY:
            share.take(result, oid, kind)
        self._named.by_message(kind, data)
        if kind == COMMIT and self._record is not None:
            try:
                share.commits.append(self._record(oid, data))
            except BadDataError as error:
                share.skips.append(Skip("failed", oid.hex().encode(), "corrupt-object", f"the commit does not parse: {error}"))

    def keys_in(self, text: bytes) -> list[Key]:
        """What a name holds by itself."""
        result, _ = self._incremental.scan(text)
        return list(keyed(result.matches))

    def names_with(self, tree: bytes) -> list[tuple[bytes, list[Key]]]:
        """Names in a tree that hold something, and what; raises an ObjectError."""
        _, data = self.store.read(tree, self._source.max_file_size)
        found = []
        for match in entries(self._source.repository.hash_size).finditer(data):
            keys = self.keys_in(match[1])
            if keys:
                found.append((match[1], keys))
        return found
