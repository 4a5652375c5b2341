"""Which objects a part of the history takes in: planned commit by commit, what each brings in against its parents.

Every (path, content) is planned once, under the first commit that brings it in.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple, cast

from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.gitobjects.authors import author_in
from leaksieve.gitobjects.blobcache import BlobCache
from leaksieve.gitobjects.brought import Brought, BroughtIn
from leaksieve.gitobjects.commitread import Node
from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.files import shown
from leaksieve.gitobjects.graph import History
from leaksieve.gitobjects.headtree import HeadTree
from leaksieve.gitobjects.links import COMMIT_LIMIT
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.refs import head_commit
from leaksieve.gitobjects.revisions import TAG_LIMIT
from leaksieve.gitobjects.treecache import TreeCache
from leaksieve.gitobjects.trees import GITLINK
from leaksieve.model import Skip
from leaksieve.sources.base import Unit
from leaksieve.sources.ignore import Scope
from leaksieve.sources.named import is_excluded
from leaksieve.sources.renames import Origins
from leaksieve.sources.view import Selection

# (path, content) pairs of one view: crafted trees could list more than any memory holds.
_MOST = 10_000_000
_UNIT_ENTRIES = 256
_UNIT_BYTES = 8 * 1024 * 1024

# What every entry of a unit says of its commit: (hex id, author, author's date, committer's date), empty where no commit is known.
By = tuple[str, str, str, str]
NOBODY: By = ("", "", "", "")


class Wanted(NamedTuple):
    """What of the commits is wanted: ``paths`` (none: all), files up to ``limit`` bytes and not excluded, ``names``; compared with the ``first_parent`` alone.

    ``partial`` says that objects may be missing on purpose.
    """

    paths: tuple[bytes, ...]
    limit: int
    exclude: Scope | None
    names: bool
    first_parent: bool
    partial: bool


class Plan:
    """The planning of one view, in the parent process; writes on the receipt what is expected and what is not read."""

    def __init__(self, wanted: Wanted, coverage: SourceCoverage, history: History, selection: Selection) -> None:
        self._coverage = coverage
        self._paths, self._limit, self._exclude, self._names, self._first_parent, self._partial = wanted
        self._history = history
        self._store = history.store
        self._selection = selection
        self._objects = BlobCache(self._store)
        self._trees = TreeCache(self._store, self._store.packs())
        self._known: set[tuple[bytes, bytes]] = set()
        self._known_names: set[bytes] = set()
        self._is_full = False
        self._submodules: set[bytes] = set()
        self._lost: set[bytes] = set()
        self._met: set[bytes] = set()
        self._head = _head_tree(self._store, self._history, self._trees)

    def units(self) -> Iterator[Unit]:
        """Plan what commits say, then files, the versions of each together."""
        entries: list[tuple[object, ...]] = []
        files: list[tuple[bytes, int, tuple[object, ...]]] = []
        size = 0
        rest = self._entries(files)
        for entry, weight in chain(rest, ((entry, weight) for _, weight, entry in _by_path(files))):
            entries.append(entry)
            size += weight
            if size >= _UNIT_BYTES or len(entries) >= _UNIT_ENTRIES:
                yield ("commits", tuple(entries))
                entries, size = [], 0
        if entries:
            yield ("commits", tuple(entries))
        self._report_paths()

    def _entries(self, files: list[tuple[bytes, int, tuple[object, ...]]]) -> Iterator[tuple[tuple[object, ...], int]]:
        """Yield (entry, bytes) of all but files, which are put aside as (path, bytes, entry)."""
        for found in self._in_order():
            entry, weight = found
            if entry[0] == "blob":
                files.append((cast("bytes", entry[1]), weight, entry))
            else:
                yield found

    def _in_order(self) -> Iterator[tuple[tuple[object, ...], int]]:
        for oid in self._selection.commits:
            yield from self._commit(oid)
        for oid, kind, name in self._selection.loose:
            yield from self._named(oid, kind, name)
        if not self._paths:
            for oid, name in self._selection.tags:
                yield from self._tag(oid, name)
        if self._names and not self._paths:
            for name, oid in self._selection.names:
                yield ("ref", name, oid, False, NOBODY), len(name)

    def _commit(self, oid: bytes) -> Iterator[tuple[tuple[object, ...], int]]:
        coverage = self._coverage
        try:
            _, data = self._store.read(oid, COMMIT_LIMIT)
            commit = parse_commit(data, self._store.hash_size)
        except (ObjectError, BadDataError) as error:
            coverage.expect("objects")
            coverage.expect("commits")
            detail = error.detail if isinstance(error, ObjectError) else str(error)
            coverage.skip(Skip("failed", oid.hex().encode(), getattr(error, "reason", "corrupt-object"), detail))
            return
        node = self._history.node(oid)
        if commit.tree != node.tree or (commit.parents != node.parents and oid not in self._history.boundary):
            # The walk went by the commit-graph file; where that lies, commits may have been left out.
            coverage.skip(Skip("failed", oid.hex().encode(), "wrong-commit-graph", "the commit-graph file says something else than the commit; remove it"))
        author = author_in(data)
        by: By = (oid.hex(), author.person, author.date, author.commit_date)
        parents = tuple([tree for tree in (self._tree_of(parent) for parent in (node.parents[:1] if self._first_parent else node.parents)) if tree is not None])
        brought = BroughtIn(self._trees.read, parents, commit.tree)
        planned: list[Brought] = []
        fresh: list[Brought] = []
        touched = not self._paths
        for item in brought:
            if self._paths:
                within = [path for path in self._paths if _lies_in(item.path, path)]
                self._met.update(within)
                if not within:
                    continue
            touched = True
            if not item.before:
                fresh.append(item)
            if self._is_wanted(item):
                planned.append(item)
        for directory, problem in brought.unreadable:
            if problem.oid not in self._lost:
                self._lost.add(problem.oid)
                coverage.skip(self._skipped(directory or oid.hex().encode(), problem))
        if brought.beyond:
            coverage.skip(Skip("failed", oid.hex().encode(), "too-many-files", "the commit lists more files than any real one; the rest was not scanned"))
        if touched:
            coverage.expect("objects")
            coverage.expect("commits")
            coverage.expect("bytes", len(data))
            yield ("commit", b"", oid, False, by), len(data)
        if self._names:
            yield from self._new_names(fresh, commit.tree, by)
        origins: Origins | None = None
        for item in planned:
            candidates: tuple[bytes, ...] = ()
            if not item.before and parents:
                origins = origins or Origins(brought.deleted(), [each.oid for each in fresh])
                candidates = origins.of(item.path, item.oid)
            yield from self._blob(item, by, candidates)

    def _skipped(self, where: bytes, error: ObjectError) -> Skip:
        return skipped(where, error, partial=self._partial)

    def _tree_of(self, commit: bytes) -> bytes | None:
        """A parent's tree; None, so that everything counts as new, when the parent is not there."""
        try:
            return self._history.node(commit).tree
        except ObjectError:
            return None

    def _is_wanted(self, item: Brought) -> bool:
        key = (item.path, item.oid)
        if key in self._known:
            return False
        if item.mode == GITLINK:
            if item.path not in self._submodules:
                self._submodules.add(item.path)
                self._coverage.skip(Skip("excluded", item.path, "submodule", "its own repository is to be scanned by itself"))
                self._coverage.submodules.append(shown(item.path))
            return False
        if len(self._known) >= _MOST:
            if not self._is_full:
                self._is_full = True
                self._coverage.skip(Skip("failed", item.path, "too-many-files", f"more than {_MOST} versions of files; the rest was not scanned"))
            return False
        self._known.add(key)
        if self._exclude is not None and is_excluded(self._exclude, item.path):
            self._coverage.skip(Skip("excluded", item.path, "excluded-by-config", "a pattern of the configuration"))
            return False
        return True

    def _new_names(self, fresh: list[Brought], tree: bytes, by: By) -> Iterator[tuple[tuple[object, ...], int]]:
        for item in fresh:
            if item.path not in self._known_names:
                self._known_names.add(item.path)
                yield ("tree", item.path, tree, self._head.has(item.path), by), len(item.path)

    def _blob(self, item: Brought, by: By, origins: tuple[bytes, ...]) -> Iterator[tuple[tuple[object, ...], int]]:
        coverage = self._coverage
        try:
            size = self._objects.size(item.oid)
        except ObjectError as error:
            skip = self._skipped(item.path, error)
            if skip.kind == "failed":
                coverage.expect("objects")
                coverage.expect("blobs")
                coverage.expect("files")
            coverage.skip(skip)
            return
        if size > self._limit:
            coverage.skip(Skip("excluded", item.path, "too-large", f"{size} bytes, the limit is {self._limit}"))
            return
        coverage.expect("objects")
        coverage.expect("blobs")
        coverage.expect("files")
        coverage.expect("bytes", size)
        yield ("blob", item.path, item.oid, self._head.has(item.path, item.oid), by, item.before, origins), size

    def _named(self, oid: bytes, kind: str, name: bytes) -> Iterator[tuple[tuple[object, ...], int]]:
        """What a reference names directly: a tree as if a commit had brought all of it in, a file under the reference's name."""
        if kind == "blob":
            item = Brought(name, 0o100644, oid, ())
            if not self._paths and self._is_wanted(item):
                yield from self._blob(item, NOBODY, ())
            return
        brought = BroughtIn(self._trees.read, (), oid)
        items = [item for item in brought if not self._paths or any(_lies_in(item.path, path) for path in self._paths)]
        for directory, error in brought.unreadable:
            self._coverage.skip(self._skipped(directory or name, error))
        if brought.beyond:
            self._coverage.skip(Skip("failed", name, "too-many-files", "the tree lists more files than any real one; the rest was not scanned"))
        if self._names:
            yield from self._new_names(items, oid, NOBODY)
        for item in items:
            if self._is_wanted(item):
                yield from self._blob(item, NOBODY, ())

    def _tag(self, oid: bytes, name: bytes) -> Iterator[tuple[tuple[object, ...], int]]:
        coverage = self._coverage
        coverage.expect("objects")
        coverage.expect("tags")
        try:
            data = self._store.read(oid, TAG_LIMIT)[1]
        except ObjectError as error:
            coverage.skip(Skip("failed", name, error.reason, f"object {oid.hex()}: {error.detail}"))
            return
        coverage.expect("bytes", len(data))
        author = author_in(data)
        by: By = ("", author.person, author.date, author.commit_date)
        yield ("tag", b"", oid, False, by), len(data)

    def _report_paths(self) -> None:
        """Record the paths given by name that nothing has: they must not pass for clean ones."""
        missing = [path for path in self._paths if path and path not in self._met and not self._head.has(path)]
        if not missing:
            return
        commits = self._selection.commits
        # A file that was only deleted stood in what came before.
        ends = [*commits[-1:], *(self._history.node(commits[0]).parents if commits else ())]
        trees = [HeadTree(self._trees.read, self._tree_of(end)) for end in ends]
        for path in missing:
            if not any(tree.has(path) for tree in trees):
                self._coverage.skip(Skip("failed", path, "unresolved-path", "neither HEAD nor the commits of this view have it"))


def skipped(where: bytes, error: ObjectError, *, partial: bool) -> Skip:
    """Return the skip for an object that cannot be read; in a partial clone it may be missing on purpose."""
    detail = f"object {error.oid.hex()}: {error.detail}"
    if error.reason == "missing-object" and partial:
        return Skip("excluded", where, "promised-object", f"{detail}; this partial clone did not fetch it")
    return Skip("excluded" if error.reason == "too-large" else "failed", where, error.reason, detail)


def _by_path(files: list[tuple[bytes, int, tuple[object, ...]]]) -> Iterator[tuple[bytes, int, tuple[object, ...]]]:
    """Yield files sorted by path, the versions of each in order; sorted only when the first is asked for."""
    files.sort(key=lambda file: file[0])
    yield from files


def _head_tree(store: ObjectStore, history: History, trees: TreeCache) -> HeadTree:
    node: Node | None = None
    try:
        head = head_commit(store.repository)
        node = history.node(head) if head is not None else None
    except SourceError:
        pass
    return HeadTree(trees.read, node.tree if node is not None else None)


def _lies_in(path: bytes, place: bytes) -> bool:
    return not place or path == place or path.startswith(place + b"/")
