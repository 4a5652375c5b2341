"""What the index remembers of each file on disk, to tell unchanged files without opening them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from leaksieve.gitobjects.index import read_index
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.trees import SYMLINK

_WORD = 0xFFFFFFFF


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
    try:
        # Before the index is read: if another takes its place in between, files are looked at that need not be, never the other way.
        written = os.stat(repo.index_path).st_mtime_ns
    except OSError:
        written = 0
    index = read_index(repo)
    if index is None:
        return
    second = written // 1_000_000_000 * 1_000_000_000
    for number, entry in enumerate(index):
        seconds, nanoseconds, size = index.remembered(number)
        racy = seconds * 1_000_000_000 + nanoseconds >= (written if nanoseconds else second)
        yield Kept(*entry, seconds, nanoseconds, size, racy)
