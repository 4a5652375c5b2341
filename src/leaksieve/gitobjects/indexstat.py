"""What the index remembers of each file on disk, to tell unchanged files without opening them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.files import read_regular
from leaksieve.gitobjects.index import IndexEntry, read_index
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.trees import SYMLINK

_LIMIT = 1 << 31
_WORD = 0xFFFFFFFF
# Seconds, nanoseconds, size, racy.
_Memory = tuple[int, int, int, bool]
_NOTHING: _Memory = (0, 0, 0, True)


class Kept(NamedTuple):
    """One entry of the index; the last four say how the file was when git last looked, ``racy`` that it may have changed right after."""

    path: bytes
    oid: bytes
    mode: int
    stage: int
    flags: int
    seconds: int
    nanoseconds: int
    size: int
    racy: bool

    def is_unchanged(self, status: os.stat_result) -> bool:
        """Whether size and times say that the file is as the index has it.

        A file written in the moment in which the index was is never known to be unchanged, nor is one of
        which nothing is remembered.  What the user told git to take for unchanged counts only as long as
        the times say so, too: a scan is asked what lies there.
        """
        if self.racy or not self.seconds or self.size != status.st_size & _WORD:
            return False
        if self.seconds != int(status.st_mtime) & _WORD or (self.nanoseconds and self.nanoseconds != status.st_mtime_ns % 1_000_000_000):
            return False
        return (status.st_mode & 0o170000 == 0o120000) == (self.mode == SYMLINK)


def kept_entries(repo: Repository) -> Iterator[Kept]:
    """Yield the entries of a repository's index with what they remember; raises SourceError.

    Of a split index, which keeps its entries in two files, nothing is taken to be remembered.
    """
    index = read_index(repo)
    if index is None:
        return
    try:
        memory = _memory(repo)
    except (OSError, BadDataError, IndexError, ValueError):
        memory = {}
    for number in range(len(index)):
        yield _kept(index[number], memory)


def _kept(entry: IndexEntry, memory: dict[tuple[bytes, bytes], _Memory]) -> Kept:
    return Kept(*entry, *memory.get((entry[0], entry[1]), _NOTHING))


def _memory(repo: Repository) -> dict[tuple[bytes, bytes], _Memory]:
    """Return (path, raw id) -> what is remembered; raises OSError, IndexError or ValueError for an index that does not parse."""
    written = os.stat(repo.index_path).st_mtime_ns
    data = read_regular(repo.index_path, _LIMIT)
    version = int.from_bytes(data[4:8])
    width = repo.hash_size
    found: dict[tuple[bytes, bytes], _Memory] = {}
    at, path = 12, b""
    for _ in range(int.from_bytes(data[8:12])):
        start = at + 42 + width
        if data[at + 40 + width] & 0x40:
            start += 2
        if version == 4:
            byte = data[start]
            start += 1
            drop = byte & 127
            while byte & 128:
                byte = data[start]
                start += 1
                drop = (drop + 1) << 7 | byte & 127
            path = path[: len(path) - drop]
            end = data.index(b"\0", start)
            path += data[start:end]
            after = end + 1
        else:
            end = data.index(b"\0", start)
            path = data[start:end]
            after = end + 8 - (end - at) % 8
        seconds, nanoseconds = int.from_bytes(data[at + 8 : at + 12]), int.from_bytes(data[at + 12 : at + 16])
        racy = seconds * 1_000_000_000 + nanoseconds >= (written if nanoseconds else written // 1_000_000_000 * 1_000_000_000)
        # An entry of a split index that replaces a shared one has no path here, and finds nobody to remember it for.
        found[path, data[at + 40 : at + 40 + width]] = (seconds, nanoseconds, int.from_bytes(data[at + 36 : at + 40]), racy)
        at = after
    return found
