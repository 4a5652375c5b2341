"""Files named one by one, as a hook manager passes them: as they stand, under their paths in the repository."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from stat import S_ISDIR, S_ISLNK, S_ISREG

from leaksieve.coverage import SourceCoverage
from leaksieve.model import Chunk, Skip
from leaksieve.sources.base import Unit
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.worktree_read import read_files, too_large

_UNIT_FILES = 64
_UNIT_BYTES = 2 * 1024 * 1024


class NamedFilesSource:
    """Files below one folder; ignore rules do not count, since each was asked for by name.

    ``root`` is the absolute folder, ``paths`` are relative to it and reported as they are.
    ``max_file_size`` in bytes; ``exclude`` holds patterns in gitignore syntax.
    """

    def __init__(self, root: bytes, paths: Sequence[bytes], *, max_file_size: int, exclude: tuple[bytes, ...] = (), requested: str = "named files") -> None:
        self.coverage = SourceCoverage("file", requested, os.fsdecode(root).encode("utf-8", "backslashreplace").decode())
        self._root = root
        self._paths = sorted(set(paths))
        self._limit = max_file_size
        self._exclude = Scope.root(IgnoreList(b"\n".join(exclude))) if exclude else None

    def units(self) -> Iterator[Unit]:
        """Plan in path order."""
        batch: list[tuple[bytes, int]] = []
        total = 0
        for path in self._paths:
            size = self._size(path)
            if size is None:
                continue
            self.coverage.expect("files")
            self.coverage.expect("bytes", size)
            batch.append((path, size))
            total += size
            if len(batch) >= _UNIT_FILES or total >= _UNIT_BYTES:
                yield ("files", self._root, tuple(batch))
                batch, total = [], 0
        if batch:
            yield ("files", self._root, tuple(batch))

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Read the files of one unit."""
        return read_files(unit, self._limit, b"")

    def _size(self, path: bytes) -> int | None:
        """Return the size of a file to read; ``None`` and a skip for anything else."""
        skip = self.coverage.skip
        if self._exclude is not None and is_excluded(self._exclude, path):
            skip(Skip("excluded", path, "excluded-by-config", "a pattern of the configuration"))
            return None
        try:
            status = os.lstat(os.path.join(self._root, path))
        except OSError as error:
            skip(Skip("failed", path, "unresolved-path", error.strerror or "it cannot be found"))
            return None
        if S_ISREG(status.st_mode):
            if status.st_size <= self._limit:
                return status.st_size
            skip(too_large(path, status.st_size, self._limit))
        elif S_ISLNK(status.st_mode):
            skip(Skip("excluded", path, "symlink", "not followed"))
        elif S_ISDIR(status.st_mode):
            skip(Skip("excluded", path, "submodule", "a folder stands where a file was named"))
        else:
            skip(Skip("excluded", path, "special-file", "pipe, socket or device"))
        return None


def is_excluded(scope: Scope, path: bytes) -> bool:
    """Whether patterns in force at the top exclude a path, or a folder it lies in."""
    *folders, name = path.split(b"/")
    at = b""
    for folder in folders:
        if scope.enter(at).ignores_directory(folder):
            return True
        at = at + b"/" + folder if at else folder
    return scope.enter(at).ignores_file(name)
