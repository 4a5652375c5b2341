"""What the index changes against a tree, without looking at what it does not.

A directory whose cache-tree id equals the tree's is passed over whole: git, too, would commit that
very tree.  What remains is walked entry by entry against the tree's own listing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from leaksieve.gitobjects.cachetree import CacheTree
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, ObjectError
from leaksieve.gitobjects.index import Index, IndexEntry
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.trees import TREE, TreeEntry, parse_tree

# A tree object of this many bytes lists over a million files.
_TREE_LIMIT = 64 * 1024 * 1024
# How many files of deleted directories are looked up as possible origins of new ones.
_DELETED_LIMIT = 1000


class Change(NamedTuple):
    """One index entry that differs from the tree.  ``before`` is the tree's (mode, raw id) at that path, None for a new path."""

    path: bytes
    oid: bytes
    mode: int
    stage: int
    flags: int
    before: TreeEntry | None


class Changes:
    """What an index changes.

    ``deleted`` holds (path, raw id) of blobs that the tree has and the index lacks; bounded, as it
    only serves to recognise renames.  ``unreadable`` holds the directories of the tree that could
    not be read and why; everything below them counts as new.
    """

    __slots__ = ("changed", "deleted", "unreadable")

    def __init__(self, changed: list[Change], deleted: list[tuple[bytes, bytes]], unreadable: list[tuple[bytes, ObjectError]]) -> None:
        self.changed = changed
        self.deleted = deleted
        self.unreadable = unreadable


class _Directory:
    """One open directory of the walk; ``prefix`` ends with "/" except at the top."""

    __slots__ = ("cached", "listing", "prefix", "seen")

    def __init__(self, prefix: bytes, listing: Mapping[bytes, TreeEntry], cached: Mapping[bytes, CacheTree]) -> None:
        self.prefix = prefix
        self.listing = listing
        self.cached = cached
        self.seen: set[bytes] = set()


_NOTHING_CACHED: Mapping[bytes, CacheTree] = {}


class _Walk:
    __slots__ = ("changed", "deleted", "store", "unreadable")

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.changed: list[Change] = []
        self.deleted: list[tuple[bytes, TreeEntry]] = []
        self.unreadable: list[tuple[bytes, ObjectError]] = []

    def listing(self, path: bytes, before: TreeEntry | None) -> dict[bytes, TreeEntry]:
        """Return the tree's listing of a directory; empty when it has none there or it cannot be read."""
        if before is None or before[0] != TREE:
            return {}
        try:
            return read_tree(self.store, before[1])
        except ObjectError as error:
            self.unreadable.append((path, error))
            return {}

    def run(self, index: Index, top: dict[bytes, TreeEntry]) -> None:
        cached = index.cache_tree.children if index.cache_tree is not None else _NOTHING_CACHED
        here = _Directory(b"", top, cached)
        above: list[_Directory] = []
        number = 0
        total = len(index)
        while number < total:
            entry = index[number]
            path = entry[0]
            while not path.startswith(here.prefix):
                self.close(here)
                here = above.pop()
            start = len(here.prefix)
            slash = path.find(b"/", start)
            if slash < 0:
                self.compare(here, path[start:], entry)
                number += 1
                continue
            name = path[start:slash]
            before = here.listing.get(name)
            here.seen.add(name)
            if slash == len(path) - 1 and entry[2] == TREE:
                self.compare_sparse(entry, before)
                number += 1
                continue
            if before is not None and before[0] != TREE:
                # A file gave way to a directory.
                self.deleted.append((path[:slash], before))
                before = None
            child = here.cached.get(name)
            prefix = path[: slash + 1]
            if child is not None and before is not None and child.oid == before[1] and _covers(index, number, child.count, prefix):
                number += child.count
                continue
            above.append(here)
            here = _Directory(prefix, self.listing(path[:slash], before), child.children if child is not None else _NOTHING_CACHED)
        while True:
            self.close(here)
            if not above:
                break
            here = above.pop()

    def compare(self, here: _Directory, name: bytes, entry: IndexEntry) -> None:
        path, oid, mode, stage, flags = entry
        before = here.listing.get(name)
        here.seen.add(name)
        if before is not None and before[0] == TREE:
            # A directory gave way to a file.
            self.deleted.append((path, before))
            before = None
        if stage or before is None or before[1] != oid or before[0] != mode:
            self.changed.append(Change(path, oid, mode, stage, flags, before))

    def compare_sparse(self, entry: IndexEntry, before: TreeEntry | None) -> None:
        """Compare tree with tree, where a whole directory stands in the index as one entry."""
        pending = [(entry[0][:-1], entry[1], before)]
        while pending:
            path, oid, before = pending.pop()
            if before is not None and before[0] == TREE and before[1] == oid:
                continue
            old = self.listing(path, before)
            if before is not None and before[0] != TREE:
                self.deleted.append((path, before))
            new = self.listing(path, (TREE, oid))
            for name, (mode, oid) in new.items():
                below = path + b"/" + name
                was = old.get(name)
                if mode == TREE:
                    pending.append((below, oid, was))
                elif was != (mode, oid):
                    is_tree = was is not None and was[0] == TREE
                    if is_tree and was is not None:
                        self.deleted.append((below, was))
                    self.changed.append(Change(below, oid, mode, 0, entry[4], None if is_tree else was))
            self.deleted += [(path + b"/" + name, was) for name, was in old.items() if name not in new]

    def close(self, here: _Directory) -> None:
        self.deleted += [(here.prefix + name, entry) for name, entry in here.listing.items() if name not in here.seen]

    def deleted_blobs(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the files deleted, those in deleted directories too, as far as the limit goes."""
        pending = self.deleted[::-1]
        left = _DELETED_LIMIT
        trees = _DELETED_LIMIT
        while pending and left:
            path, (mode, oid) = pending.pop()
            if mode & 0o170000 == 0o100000:
                left -= 1
                yield path, oid
            elif mode == TREE and trees:
                trees -= 1
                try:
                    listing = read_tree(self.store, oid)
                except ObjectError:
                    # Nothing below it will be scanned: it is gone from the index.
                    continue
                pending += [(path + b"/" + name, entry) for name, entry in reversed(listing.items())]


def _covers(index: Index, number: int, count: int, prefix: bytes) -> bool:
    """Whether the cache-tree's count for a directory is true of the entries at hand; if not, it is not trusted."""
    last = number + count - 1
    if count < 1 or last >= len(index) or not index[last][0].startswith(prefix):
        return False
    return last + 1 == len(index) or not index[last + 1][0].startswith(prefix)


def read_tree(store: ObjectStore, oid: bytes) -> dict[bytes, TreeEntry]:
    """Read and parse a tree; raises an ObjectError."""
    kind, data = store.read(oid, _TREE_LIMIT)
    if kind != "tree":
        raise CorruptObjectError(oid, f"is a {kind} where a tree is needed")
    try:
        return parse_tree(data, store.hash_size)
    except BadDataError as error:
        raise CorruptObjectError(oid, str(error)) from error


def is_in_tree(store: ObjectStore, tree: bytes, path: bytes) -> bool:
    """Whether a tree has a file or directory at ``path``; raises an ObjectError."""
    for name in path.split(b"/"):
        entry = read_tree(store, tree).get(name) if tree else None
        if entry is None:
            return False
        mode, tree = entry
        if mode != TREE:
            # A file: there is nothing below it.
            tree = b""
    return True


def staged_changes(index: Index, store: ObjectStore, tree: bytes | None) -> Changes:
    """Compare the index with a tree (None: no commit yet, so everything is new), in the index's order.

    Raises an ObjectError when the top tree cannot be read.
    """
    walk = _Walk(store)
    cached = index.cache_tree
    if tree is not None and cached is not None and cached.oid == tree and cached.count == len(index):
        return Changes([], [], [])
    walk.run(index, read_tree(store, tree) if tree is not None else {})
    deleted = list(walk.deleted_blobs()) if any(change.before is None for change in walk.changed) else []
    return Changes(walk.changed, deleted, walk.unreadable)
