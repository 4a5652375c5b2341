"""Unstaged changes: tracked files whose text in the working tree is not what the index has.

Files the index knows as unchanged, by size and times, are not opened.  The others are compared as
they lie there: no filter or conversion of the repository's is run, but line ends alone do not count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import cast

from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.files import is_inside, shown
from leaksieve.gitobjects.index import INTENT_TO_ADD
from leaksieve.gitobjects.indexstat import Kept, kept_entries
from leaksieve.gitobjects.objects import ObjectStore, blob_of
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.trees import GITLINK, SYMLINK, TREE
from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.sources.base import Unit
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.named import is_excluded
from leaksieve.sources.worktree_read import read_files, too_large

_BASE_LIMIT = 100 * 1024 * 1024
_NO_BASE = b""


class UnstagedSource:
    """The unstaged changes of one repository's working tree.

    ``max_file_size`` in bytes.  ``paths`` restricts it to files and directories, relative to the top of the working
    tree; ``exclude`` leaves out what gitignore patterns name.  ``requested`` is what the user typed, for the receipt.  Chunks are of kind "file"; their base is the index's version.
    """

    def __init__(self, repo: Repository, *, max_file_size: int, paths: tuple[bytes, ...] = (), exclude: tuple[bytes, ...] = (), requested: str) -> None:
        self.coverage = SourceCoverage("file", requested)
        self._repo = repo
        self._store = ObjectStore(repo)
        self._max_file_size = max_file_size
        self._paths = tuple(dict.fromkeys(b"/".join(part for part in path.split(b"/") if part not in (b"", b".")) for path in paths))

        self._exclude = Scope.root(IgnoreList(b"\n".join(exclude))) if exclude else None

    def units(self) -> Iterator[Unit]:
        """Plan one unit per changed file: (path, size, raw id of the index's version or b"", whether a link is there).  Raises SourceError."""
        top = self._repo.worktree
        if top is None:
            raise SourceError("a bare repository has no working tree", where=shown(self._repo.git_dir), hint="scan its history instead")
        self.coverage.resolved = shown(top)
        return self._plan(top, list(kept_entries(self._repo)))

    def _plan(self, top: bytes, entries: list[Kept]) -> Iterator[Unit]:
        coverage = self.coverage
        met: set[bytes] = set()
        real: dict[bytes, bool] = {}
        seen: set[bytes] = set()
        for entry in entries:
            path = entry.path
            if self._paths:
                within = [place for place in self._paths if _lies_in(path, place)]
                met.update(within)
                if not within:
                    continue
            if entry.mode in (GITLINK, TREE) or path in seen:
                # Of a submodule nothing lies here that the index has; a sparse directory is not here; sides of a conflict share one file.
                continue
            seen.add(path)
            if not self._is_below(top, path, real):
                coverage.skip(Skip("excluded", path, "symlink", "it lies behind a link, where git does not look either"))
                continue
            try:
                status = os.lstat(os.path.join(top, path))
            except FileNotFoundError:
                continue  # deleted: nothing is left to be found
            except NotADirectoryError:
                continue
            except OSError as error:
                coverage.expect("files")
                coverage.skip(Skip("failed", path, "unreadable", error.strerror or str(error)))
                continue
            if entry.is_unchanged(status) and not entry.flags & INTENT_TO_ADD and not entry.stage:
                continue
            if self._exclude is not None and is_excluded(self._exclude, path):
                coverage.skip(Skip("excluded", path, "excluded-by-config", "a pattern of the configuration"))
                continue
            unit = self._unit(path, entry, status)
            if unit is not None:
                yield unit
        for place in self._paths:
            if place and place not in met:
                coverage.skip(Skip("failed", place, "unresolved-path", "the index does not have it"))

    def _unit(self, path: bytes, entry: Kept, status: os.stat_result) -> Unit | None:
        coverage = self.coverage
        is_link = S_ISLNK(status.st_mode)
        if S_ISDIR(status.st_mode):
            return None  # what lies in it is not tracked
        if not is_link and not S_ISREG(status.st_mode):
            coverage.skip(Skip("excluded", path, "special-file", "pipe, socket or device"))
            return None
        if status.st_size > self._max_file_size:
            coverage.skip(too_large(path, status.st_size, self._max_file_size))
            return None
        base = _NO_BASE if entry.flags & INTENT_TO_ADD else entry.oid
        if base and is_link == (entry.mode == SYMLINK) and not entry.stage and self._is_same(path, base, status, is_link):
            return None
        coverage.expect("files")
        coverage.expect("bytes", status.st_size)
        return path, status.st_size, base, is_link

    def _is_same(self, path: bytes, oid: bytes, status: os.stat_result, is_link: bool) -> bool:
        """Whether a file touched since has the same text after all.  Most often only its times differ, so its size is asked first."""
        try:
            size = self._store.header(oid)[1]
        except ObjectError:
            return False
        # A line end is one byte longer on disk, or shorter, and there is at least one byte to each.
        if is_link and size != status.st_size:
            return False
        if not size // 2 <= status.st_size <= 2 * size:
            return False
        data = self._present(path, is_link)
        before = self._blob(oid)
        if data is None or before is None:
            return False
        return data == before or (not is_link and data.replace(b"\r\n", b"\n") == before.replace(b"\r\n", b"\n"))

    def _present(self, path: bytes, is_link: bool) -> bytes | None:
        assert self._repo.worktree is not None
        place = os.path.join(self._repo.worktree, path)
        if is_link:
            try:
                return os.readlink(place)
            except OSError:
                return None
        found = [item for item in read_files(("file", place, path, 0), self._max_file_size, b"") if isinstance(item, Chunk)]
        return found[0].data if found else None

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Yield the file as it lies there now, or a Skip."""
        path, _, oid, is_link = cast("tuple[bytes, int, bytes, bool]", unit)
        assert self._repo.worktree is not None
        place = os.path.join(self._repo.worktree, path)
        base = self._base(oid)
        if is_link:
            try:
                yield Chunk(os.readlink(place), Provenance("file", path), base)
            except OSError as error:
                yield Skip("failed", path, "vanished", error.strerror or str(error))
            return
        for item in read_files(("file", place, path, 0), self._max_file_size, b""):
            yield item._replace(base=base) if isinstance(item, Chunk) else item

    def _base(self, oid: bytes) -> Callable[[], bytes | None] | None:
        return (lambda: self._blob(oid)) if oid else None

    def _blob(self, oid: bytes) -> bytes | None:
        return blob_of(self._store, oid, max(self._max_file_size, _BASE_LIMIT))

    @staticmethod
    def _is_below(top: bytes, path: bytes, real: dict[bytes, bool]) -> bool:
        """Whether a path's directory is a real one of this tree, not reached through a link and not spelled to lead out of it."""
        directory = path.rpartition(b"/")[0]
        known = real.get(directory)
        if known is None:
            parts = path.split(b"/")
            plain = all(part not in (b"", b".", b"..") for part in parts) and not os.path.isabs(path)
            full = os.path.join(top, directory)
            known = real[directory] = plain and (
                not directory or (is_inside(full, (top,)) and os.path.realpath(full) == os.path.join(os.path.realpath(top), directory))
            )
        return known and path.rpartition(b"/")[2] not in (b"", b".", b"..")


def _lies_in(path: bytes, place: bytes) -> bool:
    return not place or path == place or path.startswith(place + b"/")
