"""The Source protocol: what a place to scan must offer, and nothing about how it is matched.

A source is planned in the parent process and read in the workers: ``units()`` yields cheap
descriptors (marshal-able tuples), ``read(unit)`` turns one into chunks where it is called.
Neither touches the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.model import Chunk, Skip

# A descriptor of work: only ints, bytes, str, None and tuples of those, so that it crosses process borders cheaply.
# What stands where is between a source's ``units`` and its ``read``; nobody else looks inside.
Unit = tuple[Any, ...]


_LFS_MARK = b"version https://git-lfs.github.com/spec/"
_LFS_LIMIT = 1024


def is_lfs_pointer(data: bytes) -> bool:
    """Whether a file only says where large file storage keeps its content."""
    return len(data) <= _LFS_LIMIT and data.startswith(_LFS_MARK)


def unread(error: SourceError) -> Skip:
    """What the receipt says of a target that could not be read as a whole."""
    what = f"{error.what}; {error.hint}" if error.hint else error.what
    return Skip("failed", error.where.encode(errors="surrogateescape"), getattr(error, "reason", "unreadable"), what)


class Source(Protocol):
    """One target.

    ``coverage`` is owned by the parent: the source counts what is *expected* there while planning
    and records the skips it knows of; the pipeline counts what was scanned, and adds the skips
    that ``read`` yields.  A chunk counts as one file and its bytes, unless the source has a method
    ``counts(chunk)`` that returns (unit, number) pairs.
    """

    coverage: SourceCoverage

    def units(self) -> Iterator[Unit]:
        """Plan the work, lazily, in a stable order.  Raises SourceError when the target as a whole cannot be read."""

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Yield the chunks of one unit, a Skip in place of one, or a Skip that says more about it.  Called in a worker; must not raise for bad input."""


__all__ = ["Chunk", "Skip", "Source", "SourceCoverage", "SourceError", "Unit", "is_lfs_pointer", "unread"]
