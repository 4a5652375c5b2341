"""What a worker does with a share of a repository's objects: build each, scan it, and send home which hold something.

Only (object, rule, value) goes home: where the object's path and commit are, and how the place reads,
is found out later, for the few objects that matter.
"""

from __future__ import annotations

import gc
import marshal
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

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
from leaksieve.model import Chunk, Match, Provenance, Skip
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import is_lfs_pointer
from leaksieve.sources.history import HistorySource, Unit

if TYPE_CHECKING:
    from leaksieve.opened import Opening

_GITLINK = b"160000 "
_NUMBERS = {name: number for number, name in KINDS.items()}
# A key of a secret: rule, value, decoders passed.
Key = tuple[str, bytes, tuple[str, ...]]


class Held(NamedTuple):
    """An object in which something was found: its raw id, its kind, and which keys of the answer it holds."""

    oid: bytes
    kind: int
    keys: tuple[int, ...]


class ShareAnswer(NamedTuple):
    """What one share gave.

    ``keys`` are numbered by place, ``held`` refers to them.  ``counts`` are scanned objects by kind, ``size`` their bytes.
    ``commits`` are packed records of all commits (see ``gitobjects.commitlog``), ``submodules`` names of directories.
    ``missing`` are raw ids of objects that these name and that are not in the repository.
    ``archives`` and ``members`` count what was opened.
    """

    keys: list[Key]
    held: list[Held]
    skips: list[Skip]
    counts: dict[int, int]
    size: int
    commits: list[bytes]
    submodules: list[bytes]
    missing: list[bytes]
    archives: int = 0
    members: int = 0


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
        self._archive_depth = config.max_archive_depth
        self.engine = Engine.configured(ruleset, config, prefilter, compiler, joined=joined)
        self._incremental = Incremental(self.engine)
        self._store: ObjectStore | None = None
        self._present: Presence | None = None
        self._named = Named(source.repository)
        # Names repeat from tree to tree: what was said of each.
        self._known_names: dict[bytes, list[Match]] = {}

    def __call__(self, unit: Unit) -> bytes:
        """Scan one share."""
        return marshal.dumps(_plain(self.scan(unit)))  # type: ignore[arg-type]  # plain data to the last leaf

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
        share = _Share()
        if unit[0] == "loose":
            for oid in unit[1]:  # type: ignore[attr-defined]
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

    def _scan_pack(self, unit: Unit, share: _Share) -> None:
        table = self._source.inventory.tables[int(unit[1])]  # type: ignore[call-overload]
        unwanted = self._source.inventory.unwanted[int(unit[1])]  # type: ignore[call-overload]
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
                        self._take(result, table.oid(position), BLOB, share)
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
            kind = "excluded" if reason == "too-large" else "failed"
            wanted = unwanted is None or not unwanted[position]
            if wanted:
                share.skips.append(Skip(kind, where, reason, detail))  # type: ignore[arg-type]
            if further:
                share.skips.append(Skip("failed", where, "base-unreadable", "objects stored as changes to it cannot be built", further))

        def outside(position: int) -> bytes | None:
            oid = table.outside.get(position)
            if oid is None:
                return None
            try:
                kind, data = self.store.read(oid, self._source.chain_limit)
            except ObjectError as error:
                raise BadDataError(f"the object it is a change to, {oid.hex()}, cannot be read: {error.detail}") from error
            # A family takes its kind from its base, wherever that lies.
            family = bisect_right(families, position) - 1
            low, high = families[family] - first, families[family + 1] - first
            kinds[low:high] = [_NUMBERS[kind]] * (high - low)
            return data

        def rescue(position: int) -> bytes | None:
            # Another pack may hold it as well, or somebody put it back as a loose object.
            try:
                kind, data = self.store.read(table.oid(position), max(self._source.chain_limit, self._source.max_file_size))
            except ObjectError:
                return None
            family = bisect_right(families, position) - 1
            low, high = families[family] - first, families[family + 1] - first
            kinds[low:high] = [_NUMBERS[kind]] * (high - low)
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

    def _scan_loose(self, oid: bytes, share: _Share) -> None:
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

    def _scan_whole(self, oid: bytes, kind: int, data: bytes, share: _Share) -> None:
        """Scan an object of which no other version is known."""
        if kind == TREE:
            if self._names:
                self._names_in(data, self._incremental.hits(data), oid, share)
            share.links(data, 0, len(data), self._hash_size)
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
        self._take(result, oid, BLOB, share)
        share.pointers += is_lfs_pointer(data)

    def _open(self, oid: bytes, kind: str, data: bytes, share: _Share) -> None:
        """Scan what is in an archive, and its own bytes where not all of it could be opened."""
        opening, result = self._opened(kind, data)
        self._take(result, oid, BLOB, share)
        share.archives += opening.archives
        share.members += opening.members

    def _opened(self, kind: str, data: bytes) -> tuple[Opening, Result]:
        from leaksieve.opened import HISTORY_DEPTH, Opening

        depth = min(self._archive_depth, HISTORY_DEPTH)
        chunk = Chunk(data, Provenance("git", b""))
        opening = Opening(chunk, kind, depth, self._source.max_file_size, self._hits, names=self._names)
        matches: dict[Key, Match] = {}
        skips: dict[tuple[str, str, str], Skip] = {}

        def add(content: bytes) -> None:
            result, _ = self._incremental.scan(content)
            for match in result.matches:
                if match.rejected in MAYBE:
                    matches[match.rule_id, match.secret.reveal(), match.decoded] = match
            for skip in result.skips:
                skips[skip.kind, skip.reason, skip.detail] = skip

        for part in opening:
            if isinstance(part, Skip):
                # Members' names are not told: which blob it is leads to them.  The blob was read and its bytes are scanned, and a history
                # cannot be repaired: an archive that is damaged in it is told, and makes nothing incomplete.
                known = skips.get(("excluded", part.reason, ""))
                skips["excluded", part.reason, ""] = part._replace(kind="excluded") if known is None else known._replace(count=known.count + part.count)
            else:
                add(part.data)
        if not opening.whole:
            add(data)
        return opening, Result(list(matches.values()), list(skips.values()))

    def _hits(self, data: bytes) -> bool:
        return self._incremental.hits(data) is not None

    def keys_of(self, data: bytes) -> set[Key] | None:
        """What a blob holds that is an archive, None for any other."""
        archive = kind_of(data)
        if archive is None:
            return None
        return {(match.rule_id, match.secret.reveal(), match.decoded) for match in self._opened(archive, data)[1].matches}

    def _tree(self, table: Any, position: int, data: bytes, state: Any, base: bytes | None, delta: bytes, start: int, share: _Share) -> State:
        if state is None or base is None or len(data) < WORTH:
            share.links(data, 0, len(data), self._hash_size)
            if base is None:
                # A pack keeps the newest version of a directory whole: what that names is looked for, and not what every version does.
                self._named.by_tree(data, 0, len(data))
            hits = self._incremental.hits(data) if self._names else None
        else:
            runs = kept_runs(base, data, delta, start)
            # An entry that is new, or changed in any byte, begins at most a name and an id before the change.
            first = runs[0][1] - _NAME if runs and not runs[0][0] else 0
            last = runs[-1][0] + len(_GITLINK) if runs and runs[-1][1] == len(data) else len(data)
            share.links(data, max(first, 0), last, self._hash_size)
            hits = self._incremental.hits_built(data, len(base), state, runs, _NAME) if self._names else None
        if hits is None:
            return CLEAN
        return self._names_in(data, hits, table.oid(position), share)

    def _names_in(self, data: bytes, hits: State | None, oid: bytes, share: _Share) -> State:
        """Scan the names of a tree in which the prefilter saw something, each by itself; returns the hits that came to something."""
        if hits is None:
            return CLEAN
        live: list[list[tuple[int, int]]] = [[], [], [], []]
        found: list[Match] = []
        seen: set[bytes] = set()
        for which, several in enumerate(hits[:4]):
            for number, place in several:
                name = _name_at(data, place, self._source.repository.hash_size)
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
        self._take(Result(found, []), oid, TREE, share)
        return State(*live)

    def _message(self, oid: bytes, kind: int, data: bytes, share: _Share) -> None:
        """Scan a commit or a tag: who made it, and what was said."""
        result, _ = self._incremental.scan(data)
        if result is not EMPTY:
            self._take(result, oid, kind, share)
        self._named.by_message(kind, data)
        if kind == COMMIT and self._record is not None:
            try:
                share.commits.append(self._record(oid, data))
            except BadDataError as error:
                share.skips.append(Skip("failed", oid.hex().encode(), "corrupt-object", f"the commit does not parse: {error}"))

    def keys_in(self, text: bytes) -> list[Key]:
        """What a name holds by itself."""
        result, _ = self._incremental.scan(text)
        return list(dict.fromkeys((match.rule_id, match.secret.reveal(), match.decoded) for match in result.matches if match.rejected in MAYBE))

    def names_with(self, tree: bytes) -> list[tuple[bytes, list[Key]]]:
        """Names in a tree that hold something, and what; raises an ObjectError."""
        _, data = self.store.read(tree, self._source.max_file_size)
        found = []
        for match in _entries(self._source.repository.hash_size).finditer(data):
            keys = self.keys_in(match[1])
            if keys:
                found.append((match[1], keys))
        return found

    @staticmethod
    def _take(result: Result, oid: bytes, kind: int, share: _Share) -> None:
        keys = {share.key((match.rule_id, match.secret.reveal(), match.decoded)): None for match in result.matches if match.rejected in MAYBE}
        if keys:
            share.held.append(Held(oid, kind, tuple(keys)))
        share.skips += [skip._replace(where=oid.hex().encode()) for skip in result.skips]


# The longest name that is looked at; file systems take 255 bytes, git itself any number.
_NAME = 320
_MODE = re.compile(rb"[0-7]{5,6} ")


def _entries(hash_size: int) -> re.Pattern[bytes]:
    """A tree's entries one behind the other: mode, name, raw id."""
    return re.compile(rb"[0-7]{5,6} ([^\0]+)\0[\0-\xff]{%d}" % hash_size)


def _name_at(data: bytes, place: int, hash_size: int) -> bytes:
    """The name of the tree entry that a place lies in; empty when it lies in an id or a mode."""
    behind = data.find(b"\0", place, place + _NAME)
    if behind < 0:
        return b""
    # An entry begins at the very start or an id's length behind the NUL of the one before.  Ids may hold NULs, too: try each.
    before = behind
    while True:
        before = data.rfind(b"\0", max(place - _NAME, 0), before)
        mode = _MODE.match(data, before + 1 + hash_size if before >= 0 else 0, place)
        if mode is not None and data.find(b"\0", mode.end(), behind + 1) == behind:
            return data[mode.end() : behind]
        if before < 0:
            return b""


class _Share:
    """An answer in the making."""

    def __init__(self) -> None:
        self._keys: dict[Key, int] = {}
        self.counts = dict.fromkeys(KINDS, 0)
        self.sizes = dict.fromkeys(KINDS, 0)
        self._links: set[bytes] = set()
        self.held: list[Held] = []
        self.skips: list[Skip] = []
        self.commits: list[bytes] = []
        self.pointers = self.archives = self.members = 0

    def key(self, key: Key) -> int:
        return self._keys.setdefault(key, len(self._keys))

    def links(self, data: bytes, at: int, end: int, hash_size: int) -> None:
        """Note the submodules that a stretch of a tree names."""
        while (at := data.find(_GITLINK, at, end)) >= 0:
            # Names and ids may hold these bytes, too: an entry begins behind the id of the one before.
            begins = not at or (at > hash_size and not data[at - hash_size - 1])
            at += len(_GITLINK)
            if begins:
                behind = data.find(b"\0", at)
                if behind < 0:
                    return
                self._links.add(data[at:behind])

    def answer(self, missing: list[bytes]) -> ShareAnswer:
        if self.pointers:
            self.skips.append(Skip("excluded", b"", "lfs-pointer", "pointers were scanned, the contents they stand for were not", self.pointers))
        return ShareAnswer(
            list(self._keys),
            self.held,
            self.skips,
            self.counts,
            sum(self.sizes.values()),
            self.commits,
            sorted(self._links),
            missing,
            self.archives,
            self.members,
        )


def _plain(answer: ShareAnswer) -> tuple[object, ...]:
    keys, held, skips, *rest = answer
    return (keys, [tuple(each) for each in held], [tuple(skip) for skip in skips], *rest)


def decode(data: bytes) -> ShareAnswer:
    """What a worker encoded."""
    keys, held, skips, *rest = marshal.loads(data)  # noqa: S302  written by a worker of this run
    return ShareAnswer(keys, [Held(*each) for each in held], [Skip(*skip) for skip in skips], *rest)
