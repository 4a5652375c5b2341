"""What objects name, and whether that is there: a history is whole when nothing is missing."""

from __future__ import annotations

import re
import sys
from typing import Any

from leaksieve.gitobjects.inventory import Inventory, holds
from leaksieve.gitobjects.packtable import COMMIT, TAG
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treecache import EMPTY_TREES

# Where only what changed of a tree is looked at, entries whose name is longer than this may be passed over.
_NAME = 128
# So many stretches of trees are looked through at once: one search costs less than many.
_MANY = 2000
# More ids than this are worth numpy, if it is there already.
_BULK = 200


class Named:
    """Collects the ids that objects name.

    Those of submodules are other repositories'; the parents of a shallow clone's commits are not expected.
    """

    __slots__ = ("_entry", "_gap", "_ids", "_shallow", "_stretches", "_width")

    def __init__(self, repository: Repository) -> None:
        self._width = repository.hash_size
        self._shallow = repository.shallow
        # Only the modes git writes: read from the middle of a tree, "00644 " would begin within one.  Behind an id stands the next
        # entry or the gap between two stretches, so that an entry which is cut off gives no id.
        self._entry = re.compile(rb"(?:100644|40000|100755|120000|100664) [^\0\xfe]+\0([\0-\xff]{%d})(?=[14])" % self._width)
        self._gap = b"1" + b"\xfe" * (self._width + 4)
        self._ids: set[bytes] = set()
        self._stretches: list[bytes] = []

    def by_tree(self, data: bytes, start: int, end: int) -> None:
        """Note what the entries of a tree name that lie, wholly or in part, between two places in it."""
        self._stretches.append(data[max(start - _NAME, 0) : end + _NAME])
        if len(self._stretches) >= _MANY:
            self._search()

    def by_message(self, kind: int, data: bytes) -> None:
        """Note a commit's tree and parents, a tag's target; what does not parse names nothing."""
        width = 2 * self._width
        try:
            if kind == TAG and data.startswith(b"object "):
                self._ids.add(bytes.fromhex(data[7 : 7 + width].decode("ascii")))
            elif kind == COMMIT and data.startswith(b"tree "):
                self._ids.add(bytes.fromhex(data[5 : 5 + width].decode("ascii")))
                at = 6 + width
                while not self._shallow and data.startswith(b"parent ", at):
                    self._ids.add(bytes.fromhex(data[at + 7 : at + 7 + width].decode("ascii")))
                    at += 8 + width
        except ValueError:
            return

    def take(self) -> set[bytes]:
        """Return the raw ids noted since the last call."""
        self._search()
        ids, self._ids = self._ids, set()
        return ids

    def _search(self) -> None:
        self._stretches.append(b"")
        self._ids.update(self._entry.findall(self._gap.join(self._stretches)))
        self._stretches = []


class Presence:
    """Tells which ids no pack and no loose object holds."""

    def __init__(self, inventory: Inventory) -> None:
        self._packs = [pack for pack, _ in inventory.packs]
        self._loose = inventory.loose
        self._heads: list[Any] | None = None

    def absent(self, oids: set[bytes]) -> list[bytes]:
        """Those that are not there, in order."""
        left = [oid for oid in oids if oid not in self._loose and oid not in EMPTY_TREES]
        if len(left) > _BULK and "numpy" in sys.modules:
            from leaksieve.gitobjects.packtable_bulk import heads, without

            if self._heads is None:
                self._heads = [heads(pack) for pack in self._packs]
            left = without(left, self._heads)
        else:
            for pack in self._packs:
                left = [oid for oid in left if not holds(pack, oid)]
        return sorted(left)
