"""Staged changes: what the next commit would add, read from the index and the object store.

The working tree's text is never looked at; what is staged is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.files import shown
from leaksieve.gitobjects.index import INTENT_TO_ADD, Index, read_index
from leaksieve.gitobjects.links import COMMIT_LIMIT, parse_links
from leaksieve.gitobjects.objects import ObjectStore, blob_of
from leaksieve.gitobjects.refs import head_commit
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.staged import Change, is_in_tree, staged_changes
from leaksieve.gitobjects.trees import GITLINK
from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.sources.base import Unit, is_lfs_pointer

if TYPE_CHECKING:
    from leaksieve.sources.renames import Origins

_BASE_LIMIT = 100 * 1024 * 1024


class IndexSource:
    """The staged scan of one repository.

    ``max_file_size`` in bytes.  ``paths`` restricts it to files and directories, given relative to
    the top of the working tree.  ``requested`` is what the user typed, for the receipt.
    A path with an unresolved conflict is scanned in both sides' versions.
    """

    def __init__(self, repo: Repository, *, max_file_size: int, paths: tuple[bytes, ...] = (), requested: str) -> None:
        self.coverage = SourceCoverage("index", requested)
        self._repo = repo
        self._store = ObjectStore(repo)
        self._max_file_size = max_file_size
        self._paths = tuple(dict.fromkeys(_normal(path) for path in paths))

    def units(self) -> Iterator[Unit]:
        """Plan one unit per changed file, in the index's order; raises SourceError.

        A unit is (path, raw id, stage, raw id of HEAD's version or None, raw ids of deleted files it may come from).
        """
        repo = self._repo
        if repo.bare:
            raise SourceError("a bare repository has no staged changes", where=shown(repo.git_dir), hint="scan its history instead")
        head = head_commit(repo)
        self.coverage.resolved = head.hex() if head is not None else "unborn"
        self.coverage.shallow = repo.shallow
        self.coverage.partial = "partialclone" in repo.extensions
        tree = self._tree_of(head) if head is not None else None
        index = read_index(repo)
        self._check_paths(index, tree)
        if index is None:
            return iter(())
        try:
            changes = staged_changes(index, self._store, tree)
        except ObjectError as error:
            raise SourceError(f"HEAD's tree cannot be read ({error})", where=shown(repo.git_dir)) from error
        for directory, problem in changes.unreadable:
            self.coverage.skip(Skip("failed", directory, problem.reason, f"its tree cannot be read: {problem.detail}"))
        planned = [change for change in changes.changed if self._is_wanted(change)]
        origins = None
        if changes.deleted:
            # Most commits delete nothing, and need not load it.
            from leaksieve.sources.renames import Origins

            origins = Origins(changes.deleted, [change.oid for change in planned if change.before is None])
        return self._emit(planned, origins)

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Yield the staged blob of one unit, or a Skip; a pointer to large file storage yields both."""
        path, oid, stage, before, origins = cast("tuple[bytes, bytes, int, bytes | None, tuple[bytes, ...]]", unit)
        try:
            kind, data = self._store.read(oid, self._max_file_size)
        except ObjectError as error:
            yield _skipped(path, error)
            return
        if kind != "blob":
            yield Skip("failed", path, "corrupt-object", f"a {kind} stands where a file's content should")
            return
        details: dict[str, object] = {"object": oid.hex()}
        if stage:
            details["stage"] = stage
        yield Chunk(data, Provenance("index", path, details), self._base(data, before, origins))
        if is_lfs_pointer(data):
            yield Skip("excluded", path, "lfs-pointer", "the pointer was scanned, the content it stands for was not")

    def _tree_of(self, commit: bytes) -> bytes:
        try:
            kind, data = self._store.read(commit, COMMIT_LIMIT)
            tree, _ = parse_links(data, self._repo.hash_size)
        except (ObjectError, BadDataError) as error:
            raise SourceError(f"HEAD's commit cannot be read ({error})", where=shown(self._repo.git_dir)) from error
        if kind != "commit" or tree is None:
            raise SourceError(f"HEAD names {commit.hex()}, which is not a commit", where=shown(self._repo.git_dir))
        return tree

    def _is_wanted(self, change: Change) -> bool:
        """Whether a change is to be scanned; what is left out by policy is noted in the receipt."""
        if self._paths and not any(_lies_in(change.path, path) for path in self._paths):
            return False
        if change.flags & INTENT_TO_ADD:
            self.coverage.skip(Skip("excluded", change.path, "intent-to-add", "nothing of it is staged yet"))
            return False
        if change.mode == GITLINK:
            self.coverage.skip(Skip("excluded", change.path, "submodule", "its own repository is to be scanned by itself"))
            self.coverage.submodules.append(shown(change.path))
            return False
        # Stage 1 is the common ancestor of a conflict: neither side's text.
        return change.stage != 1 and not _only_mode_changed(change)

    def _check_paths(self, index: Index | None, tree: bytes | None) -> None:
        """Record the paths given by name that are nowhere to be found: they must not pass for clean ones."""
        missing = [path for path in self._paths if path]
        known = [path for paths in index.paths() for path in paths] if missing and index is not None else []
        for path in missing:
            # A sparse directory, ending with "/", may hold the path without naming it.
            if any(_lies_in(name, path) or (name.endswith(b"/") and path.startswith(name)) for name in known):
                continue
            try:
                if tree is not None and is_in_tree(self._store, tree, path):
                    continue
            except ObjectError:
                pass
            self.coverage.skip(Skip("failed", path, "unresolved-path", "neither the index nor HEAD has it"))

    def _emit(self, planned: list[Change], origins: Origins | None) -> Iterator[Unit]:
        for change in planned:
            try:
                _, size = self._store.header(change.oid)
                if size > self._max_file_size:
                    self.coverage.skip(Skip("excluded", change.path, "too-large", f"{size} bytes, the limit is {self._max_file_size}"))
                    continue
            except ObjectError as error:
                self.coverage.expect("files")
                self.coverage.skip(_skipped(change.path, error))
                continue
            self.coverage.expect("files")
            self.coverage.expect("bytes", size)
            before = change.before[1] if change.before is not None and change.before[0] != GITLINK else None
            yield change.path, change.oid, change.stage, before, () if change.before is not None or origins is None else origins.of(change.path, change.oid)

    def _base(self, data: bytes, before: bytes | None, origins: tuple[bytes, ...]) -> Callable[[], bytes | None] | None:
        if before is not None:
            return lambda: self._blob(before, max(self._max_file_size, _BASE_LIMIT))
        if origins:
            from leaksieve.sources.renames import most_similar

            return lambda: most_similar(data, origins, self._blob)
        return None

    def _blob(self, oid: bytes, limit: int) -> bytes | None:
        return blob_of(self._store, oid, limit)


class Tracked(NamedTuple):
    """What the index tracks.

    ``files`` and ``gitlinks`` (submodules) hold paths; ``sparse`` the directories, each ending with
    "/", whose files are tracked but stand in the index, and normally on disk, not one by one.
    """

    files: frozenset[bytes]
    gitlinks: frozenset[bytes]
    sparse: tuple[bytes, ...]


def tracked_paths(repo: Repository) -> Tracked:
    """All paths the index tracks (an absent index tracks none); raises SourceError when it does not parse."""
    index = read_index(repo)
    if index is None:
        return Tracked(frozenset(), frozenset(), ())
    files, gitlinks, sparse = index.paths()
    return Tracked(frozenset(files), frozenset(gitlinks), tuple(sparse))


def _only_mode_changed(change: Change) -> bool:
    """Whether only the executable bit differs, which brings no new text; a link turned file might mean something else."""
    before = change.before
    return not change.stage and before is not None and before[1] == change.oid and (before[0] | 0o777) == (change.mode | 0o777)


def _skipped(path: bytes, error: ObjectError) -> Skip:
    return Skip("excluded" if error.reason == "too-large" else "failed", path, error.reason, f"object {error.oid.hex()}: {error.detail}")


def _normal(path: bytes) -> bytes:
    """Spell a path as the index spells it; empty for the top directory."""
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    return b"/".join(parts)


def _lies_in(path: bytes, place: bytes) -> bool:
    return not place or path == place or path.startswith(place + b"/")
