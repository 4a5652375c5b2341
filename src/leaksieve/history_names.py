"""Names in trees that hold something: first which there are, then who lists them.

What may be new of a tree is put by until there is enough of it to be looked at in one go.  That tells
whether a name holds something, not which trees list it: those are looked for when there is such a
name, which there hardly ever is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from leaksieve.engine.filters import MAYBE
from leaksieve.engine.increment import Incremental
from leaksieve.gitobjects.treenames import name_at
from leaksieve.model import Match

# Bytes of trees that are put by.
_ENOUGH = 256 * 1024


class TreeNames:
    """The names that one worker has seen something in."""

    def __init__(self, incremental: Incremental, hash_size: int) -> None:
        self._incremental = incremental
        self._hash_size = hash_size
        # As if an entry ended there: what follows is read as a tree's beginning, or the rest of an id.
        self._gap = bytes(1 + hash_size)
        self._parts: list[bytes] = []
        self._size = 0
        # What was said of each; nothing of most.
        self._said: dict[bytes, list[Match]] = {}
        self._met: set[bytes] = set()

    def note(self, part: bytes) -> None:
        """Put a tree by, or what is new of it."""
        if len(part) > _ENOUGH:
            # By itself: when memory runs out over it, the others are not lost with it.
            self._met |= self._names(part)
            return
        self._parts.append(part)
        self._size += len(part)
        if self._size > _ENOUGH:
            self._read()

    def take(self) -> list[bytes]:
        """The names that hold something, of all trees noted since the last call."""
        self._read()
        met, self._met = self._met, set()
        return sorted(met)

    def held(self, names: Iterable[bytes]) -> list[Match]:
        """What some of these names hold, each once."""
        return [match for name in dict.fromkeys(names) for match in self._said[name]]

    def in_tree(self, data: bytes) -> list[Match]:
        """What the names of one tree hold."""
        return self.held(sorted(self._names(data)))

    def _read(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        self._met |= self._names(self._gap.join(parts))

    def _names(self, text: bytes) -> set[bytes]:
        """The names in a tree, or in parts with gaps between, that hold something."""
        hits = self._incremental.hits(text)
        if hits is None:
            return set()
        names = {name_at(text, place, self._hash_size) for several in hits[:4] for _, place in several}
        return {name for name in names if name and self._judged(name)}

    def _judged(self, name: bytes) -> list[Match]:
        said = self._said.get(name)
        if said is None:
            result, _ = self._incremental.scan(name)
            said = self._said[name] = [match for match in result.matches if match.rejected in MAYBE]
        return said


def listing(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Finds in a tree the entries of some names, of which there is at least one; the first group is the name."""
    return re.compile(rb"[0-7]{5,6} (%b)\0" % b"|".join(map(re.escape, sorted(names, reverse=True))))
