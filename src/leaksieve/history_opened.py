"""Blobs that are archives, as the walk over a history scans them: all that is in one, under the blob's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaksieve.engine.increment import Incremental
from leaksieve.engine.matcher import Result
from leaksieve.history_share import Key, keyed
from leaksieve.model import Chunk, Match, Provenance, Skip

if TYPE_CHECKING:
    from leaksieve.opened import Opening


class ArchiveScan:
    """Callable with an archive's kind and content.

    ``depth`` and ``member_limit`` (bytes) bound what is opened.  Without ``names`` the names of members are left out.
    """

    def __init__(self, incremental: Incremental, depth: int, member_limit: int, *, names: bool) -> None:
        self._incremental = incremental
        self._depth = depth
        self._member_limit = member_limit
        self._names = names

    def __call__(self, kind: str, data: bytes) -> tuple[Opening, Result]:
        """Scan what is in an archive, and its own bytes where not all of it could be opened; returns what was found with what was opened."""
        from leaksieve.opened import HISTORY_DEPTH, Opening

        chunk = Chunk(data, Provenance("git", b""))
        opening = Opening(chunk, kind, min(self._depth, HISTORY_DEPTH), self._member_limit, self._hits, names=self._names)
        matches: dict[Key, Match] = {}
        skips: dict[tuple[str, str, str], Skip] = {}

        def add(content: bytes) -> None:
            result, _ = self._incremental.scan(content)
            matches.update(keyed(result.matches))
            for skip in result.skips:
                skips[skip.kind, skip.reason, skip.detail] = skip

        for part in opening:
            if isinstance(part, Skip):
                # Members' names are not told: which blob it is leads to them.
                known = skips.get((part.kind, part.reason, ""))
                skips[part.kind, part.reason, ""] = part if known is None else known._replace(count=known.count + part.count)
            else:
                add(part.data)
        if not opening.whole:
            add(data)
        return opening, Result(list(matches.values()), list(skips.values()))

    def _hits(self, data: bytes) -> bool:
        return self._incremental.hits(data) is not None
