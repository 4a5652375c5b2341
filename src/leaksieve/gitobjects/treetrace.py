"""Where wanted objects come and go along the history: every commit's tree against its first parent's.

Work is dealt out as ranges of consecutive commits, whose trees share most of their bytes.  Each
process keeps a cache of its own; only changes of wanted objects go home.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, ObjectError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treecache import TreeCache
from leaksieve.gitobjects.treediff import differing

# Commits dealt out at once: enough that neighbours help each other, few enough that workers end together.
SHARE = 1024
# A tree crafted to list itself out without end: so many paths of one commit are named.
MOST_PATHS = 10_000
# Trees that contain each other have paths without end: longer ones (git's own limit is that of the file system, 4096 mostly) are
# not followed, and the paths of one unit together take no more than this.
LONGEST_PATH = 16 * 1024
_MOST_DEPTH = 4096
_MOST_BYTES = 8 * 1024 * 1024
_PATH_COST = 100

# (path, old id or None, new id or None); an id is only given where it is a wanted one.
Moved = tuple[bytes, "bytes | None", "bytes | None"]
_DIRECTORY = (b"40000 ", b"040000 ")
_Pair = tuple["bytes | None", "bytes | None"]


class Trouble(NamedTuple):
    """A tree that could not be read, and at which commit (by number) that was noticed; ``reason`` is a Skip's."""

    commit: int
    oid: bytes
    reason: str
    detail: str


class Traced(NamedTuple):
    """What one unit gave.

    ``moved`` holds, for commits (by number) that brought or removed wanted objects relative to their
    first parent (to nothing, without one), the paths.  A directory's path ends in "/", the top
    directory's is empty.
    """

    moved: list[tuple[int, list[Moved]]]
    troubles: list[Trouble]


class Tracer:
    """Callable with a unit, returns an encoded :class:`Traced`; its caches are made in the process that first calls it.

    ``wanted`` are raw ids of blobs and trees; ``only`` the numbers of the commits to look at, None for all.
    """

    def __init__(self, repository: Repository, log: CommitLog, wanted: frozenset[bytes], only: Collection[int] | None = None) -> None:
        self.log = log
        self.wanted = wanted
        self._only = frozenset(only) if only is not None else None
        self._repository = repository
        self._cache: TreeCache | None = None

    def units(self) -> Iterator[tuple[int, int]]:
        """Deal out all commits, newest first: a pack keeps the newest versions, and builds the older ones on them."""
        if self.wanted:
            for end in range(len(self.log), 0, -SHARE):
                if self._only is None or not self._only.isdisjoint(range(max(end - SHARE, 0), end)):
                    yield max(end - SHARE, 0), end

    @property
    def cache(self) -> TreeCache:
        """Trees by id; this process's own."""
        if self._cache is None:
            store = ObjectStore(self._repository)
            self._cache = TreeCache(store, store.packs())
        return self._cache

    def __call__(self, unit: Any) -> bytes:
        """Go through one range of commits."""
        start, end = unit
        log = self.log
        walk = _Walk(self.cache, self.wanted, self._repository.hash_size)
        moved = []
        troubles: list[Trouble] = []
        for number in range(end - 1, start - 1, -1):
            if self._only is not None and number not in self._only:
                continue
            parent = log.first[number]
            old, new = log.tree(parent) if parent >= 0 else None, log.tree(number)
            if old != new:
                changes = walk.changes(old, new)
                if changes:
                    moved.append((number, changes))
                if walk.errors:
                    troubles += [Trouble(number, error.oid, error.reason, error.detail) for error in walk.errors]
                    walk.errors = []
        return marshal.dumps((moved, [tuple(trouble) for trouble in troubles]))

    def listed(self, tree: bytes) -> list[Moved]:
        """Wanted objects in a tree, here and now; what cannot be read is left out."""
        return _Walk(self.cache, self.wanted, self._repository.hash_size).changes(None, tree)


def decode(data: bytes) -> Traced:
    """Return what a unit's bytes hold."""
    moved, troubles = marshal.loads(data)  # noqa: S302  written by a worker of this run
    return Traced(moved, [Trouble(*trouble) for trouble in troubles])


class _TooManyPathsError(ObjectError):
    """A commit names more paths than are followed."""

    reason = "too-many-paths"


class _Node(NamedTuple):
    """What two versions of a directory differ in: wanted objects, and subdirectories as pairs of versions."""

    moved: list[Moved]
    below: list[tuple[bytes, _Pair]]


_NOTHING = _Node([], [])


class _Walk:
    def __init__(self, cache: TreeCache, wanted: frozenset[bytes], width: int) -> None:
        self.errors: list[ObjectError] = []
        self._read = cache.read
        self._wanted = wanted
        self._width = width
        self._room = _MOST_BYTES
        self._cut = False

    def _content(self, oid: bytes | None) -> bytes:
        if oid is None:
            return b""
        try:
            return self._read(oid)
        except ObjectError as error:
            self.errors.append(error)
            return b""

    def changes(self, old: bytes | None, new: bytes | None) -> list[Moved]:
        """What of the wanted differs between two trees, at every depth."""
        nodes: dict[_Pair, _Node] = {}
        top = (old, new)
        pending: list[_Pair] = [top]
        # Each pair of versions is looked at once, however often it stands in the tree, and paths are
        # only spelled when there is something to tell.
        found = False
        while pending:
            pair = pending.pop()
            if pair in nodes:
                continue
            node = nodes[pair] = self._node(*pair)
            found = found or bool(node.moved)
            for _, below in node.below:
                pending.append(below)
        wanted = self._wanted
        result: list[Moved] = []
        if old in wanted or new in wanted:
            result.append((b"", old if old in wanted else None, new if new in wanted else None))
        if found:
            result += self._spelled(nodes, top)
        if self._cut:
            self._cut = False
            detail = f"only {len(result)} of the paths at which its commit changes what was found are followed"
            self.errors.append(_TooManyPathsError(new or old or b"", detail))
        return result

    def _node(self, old: bytes | None, new: bytes | None) -> _Node:
        width, wanted = self._width, self._wanted
        before, after = self._content(old), self._content(new)
        try:
            gone, come = differing(before, after, width)
        except BadDataError as error:
            self.errors.append(CorruptObjectError(new or old or b"", str(error)))
            return _Node([], [])
        if len(gone) == 1 and len(come) == 1:
            # Nearly always: one file, or one directory, has another version.
            one, two = gone[0], come[0]
            left, right = one[-width:], two[-width:]
            if one[:-width] == two[:-width] and left not in wanted and right not in wanted:
                return _Node([], [(two[two.index(b" ") + 1 : -width - 1], (left, right))]) if two.startswith(_DIRECTORY) else _NOTHING
        moved: dict[bytes, list[bytes | None]] = {}
        lost: dict[bytes, bytes] = {}
        below: list[tuple[bytes, _Pair]] = []
        for entry in gone:
            oid = entry[-width:]
            if entry.startswith(_DIRECTORY):
                name = entry[entry.index(b" ") + 1 : -width - 1]
                lost[name] = oid
                if oid in wanted:
                    moved[name + b"/"] = [oid, None]
            elif oid in wanted:
                moved[entry[entry.index(b" ") + 1 : -width - 1]] = [oid, None]
        for entry in come:
            oid = entry[-width:]
            if entry.startswith(_DIRECTORY):
                name = entry[entry.index(b" ") + 1 : -width - 1]
                was = lost.pop(name, None)
                if was != oid:
                    below.append((name, (was, oid)))
                    if oid in wanted:
                        moved.setdefault(name + b"/", [None, None])[1] = oid
            elif oid in wanted:
                moved.setdefault(entry[entry.index(b" ") + 1 : -width - 1], [None, None])[1] = oid
        below += [(name, (oid, None)) for name, oid in lost.items()]
        return _Node([(name, was, now) for name, (was, now) in moved.items()], below)

    def _spelled(self, nodes: dict[_Pair, _Node], top: _Pair) -> list[Moved]:
        """Paths of what moved, following only directories that lead to some; notes when there are more than can be told."""
        above: dict[_Pair, list[_Pair]] = {}
        for pair, node in nodes.items():
            for _, below in node.below:
                above.setdefault(below, []).append(pair)
        fertile = {pair for pair, node in nodes.items() if node.moved}
        pending = list(fertile)
        while pending:
            for pair in above.get(pending.pop(), ()):
                if pair not in fertile:
                    fertile.add(pair)
                    pending.append(pair)
        result: list[Moved] = []
        # Iterators and not a list of what is still to do: only the path in hand takes memory.
        places: list[tuple[bytes, Iterator[tuple[bytes, _Pair]]]] = [(b"", iter(((b"", top),)))]
        while places:
            prefix, rest = places[-1]
            step = next((each for each in rest if each[1] in fertile), None)
            if step is None:
                places.pop()
                continue
            directory, pair = step
            if len(places) > 1:
                prefix += directory + b"/"
            if len(places) > _MOST_DEPTH or len(prefix) > LONGEST_PATH:
                # Many of these may lead to nothing that is told.
                self._cut = True
                self._room -= len(prefix)
                if self._room < 0:
                    return result
                continue
            node = nodes[pair]
            for name, was, now in node.moved:
                path = prefix + name
                self._room -= len(path) + _PATH_COST
                if len(result) >= MOST_PATHS or self._room < 0:
                    self._cut = True
                    return result
                result.append((path, was, now))
            places.append((prefix, iter(node.below)))
        return result
