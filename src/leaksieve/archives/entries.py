"""What readers of archives hand to the walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from leaksieve.archives.limits import Budget, DamagedError
from leaksieve.archives.streams import Reader

_REST: Final = b"(behind the end)"


Rows = tuple[tuple[bytes, tuple[tuple[bytes, bytes], ...]], ...]


class Entry(NamedTuple):
    """A member as it stands in an archive.

    ``data`` is its content, None for what has none (folders, links, devices) or could not be read.  ``texts`` are
    others of the archive's own words about it: where a link leads, comments, another spelling of its name.
    ``skip`` is (reason, detail) when it was not read, or not in full.  ``rows`` are those of a table of this name: what
    each is called, and its cells by column.
    """

    name: bytes
    data: bytes | None = None
    texts: tuple[bytes, ...] = ()
    skip: tuple[str, str] | None = None
    rows: Rows = ()


def too_large(size: int, limit: int) -> tuple[str, str]:
    """Return the skip of a member over the limit."""
    return ("member-too-large", f"{size} bytes, the limit is {limit}")


def rest(first: bytes, reader: Reader, budget: Budget) -> Iterator[Entry]:
    """Yield what stands behind the end of an archive, ``first`` and on, with the zeros around it taken away, as a member of its own."""
    data = (first + reader.read(budget.member_limit)).strip(b"\0")
    if data:
        limit = budget.member_limit
        yield Entry(_REST, data[:limit], (), too_large(len(data), limit) if len(data) > limit else None)
    if reader.error:
        raise DamagedError(reader.error)
