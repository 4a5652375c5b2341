"""What a worker does with a share of a repository's objects: build each, scan it, and send home which hold something.

Only (object, rule, value) goes home: where the object's path and commit are, and how the place reads,
is found out later, for the few objects that matter.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from leaksieve.archives.magic import kind_of
from leaksieve.config import Config
from leaksieve.engine.increment import CLEAN, WORTH, Incremental
from leaksieve.engine.matcher import EMPTY, Engine, Result
from leaksieve.engine.prefilter import compile_all
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.kept import kept_runs
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.packtable import BLOB, COMMIT, TREE
from leaksieve.gitobjects.packwalk import SHORT
from leaksieve.gitobjects.presence import Named, Presence
from leaksieve.gitobjects.treenames import SUBMODULE, add_submodules, changed_parts, entries
from leaksieve.history_names import TreeNames, listing
from leaksieve.history_opened import ArchiveScan
from leaksieve.history_pack import NUMBERS, PackShare
from leaksieve.history_share import Key, Share, ShareAnswer, encode, keyed
from leaksieve.model import Skip, SkipClass
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Unit, is_lfs_pointer
from leaksieve.sources.history import HistorySource

# Messages are scanned so many bytes at a time.
_TOGETHER = 64 * 1024


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
        self._tree_names = TreeNames(self._incremental, self._hash_size)
        # Messages that are still to be scanned, with their ids and kinds, and how many bytes they are.
        self._messages: list[tuple[bytes, int, bytes]] = []
        self._waiting = 0

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
        pack = PackShare(self._source, unit, self.store.read)
        table, unwanted, first, kinds = pack.table, pack.unwanted, pack.first, pack.kinds
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
                    self._tree(data, base if state is not None else None, delta, start, share)
                    fresh = CLEAN
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
            if pack.wanted(position):
                share.skips.append(Skip(kind, where, reason, detail))
            if further:
                share.skips.append(Skip("failed", where, "base-unreadable", "objects stored as changes to it cannot be built", further))

        pack.walk(visit, lost)
        self._judge_messages(share)
        leaks = self._tree_names.take()
        if leaks:
            self._list(pack, leaks, share)

    def _list(self, pack: PackShare, leaks: list[bytes], share: Share) -> None:
        """Go through the trees of a share once more, for those that list names which hold something."""
        entry = listing(leaks)

        def visit(position: int, data: bytes, _state: Any, _base: bytes | None, _delta: bytes, _start: int) -> None:
            if pack.wanted(position):
                names = entry.findall(data)
                if names:
                    share.take(Result(self._tree_names.held(names), []), pack.table.oid(position), TREE)

        for part in pack.parts(TREE):
            # What was lost was said the first time.
            part.walk(visit, lambda *_: None)

    def _scan_loose(self, oid: bytes, share: Share) -> None:
        try:
            name, data = self.store.read(oid, self._source.max_file_size)
        except SHORT:
            share.skips.append(Skip("failed", oid.hex().encode(), "out-of-memory", "reading it takes more memory than there is"))
            return
        except ObjectError as error:
            share.skips.append(Skip("excluded" if error.reason == "too-large" else "failed", oid.hex().encode(), error.reason, error.detail))
            return
        kind = NUMBERS[name]
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
                share.take(Result(self._tree_names.in_tree(data), []), oid, TREE)
            add_submodules(share.submodules, data, self._hash_size)
            self._named.by_tree(data, 0, len(data))
            return
        if kind != BLOB:
            self._message(oid, kind, data, share)
            self._judge_messages(share)
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

    def _tree(self, data: bytes, base: bytes | None, delta: bytes, start: int, share: Share) -> None:
        """Put by what names a tree has that its base, which was looked at, has not."""
        if base is None:
            parts = [data]
            if not delta:
                # A pack keeps the newest version of a directory whole: what that names is looked for, and not what every version does.
                self._named.by_tree(data, 0, len(data))
        else:
            parts = changed_parts(data, kept_runs(base, data, delta, start), self._hash_size)
        for part in parts:
            if SUBMODULE in part:
                add_submodules(share.submodules, part, self._hash_size)
            if self._names:
                self._tree_names.note(part)

    def _message(self, oid: bytes, kind: int, data: bytes, share: Share) -> None:
        """Put by a commit or a tag, who made it and what was said, to be scanned with others."""
        self._messages.append((oid, kind, data))
        self._waiting += len(data)
        if self._waiting > _TOGETHER:
            self._judge_messages(share)
        self._named.by_message(kind, data)
        if kind == COMMIT and self._record is not None:
            try:
                share.commits.append(self._record(oid, data))
            except BadDataError as error:
                share.skips.append(Skip("failed", oid.hex().encode(), "corrupt-object", f"the commit does not parse: {error}"))

    def _judge_messages(self, share: Share) -> None:
        """Scan the messages that were put by."""
        messages, self._messages, self._waiting = self._messages, [], 0
        try:
            suspects = self._incremental.suspects([data for _, _, data in messages])
        except SHORT:
            suspects = list(range(len(messages)))
        for number in suspects:
            oid, kind, data = messages[number]
            try:
                result, _ = self._incremental.scan(data)
            except SHORT:
                share.skips.append(Skip("failed", oid.hex().encode(), "out-of-memory", "scanning it takes more memory than there is"))
                continue
            if result is not EMPTY:
                share.take(result, oid, kind)

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
