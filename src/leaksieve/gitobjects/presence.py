"""What objects name, and whether that is there: a history is whole when nothing is missing."""

from __future__ import annotations

import re

from leaksieve.gitobjects.inventory import Inventory, holds
from leaksieve.gitobjects.packtable import COMMIT, TAG
from leaksieve.gitobjects.repository import Repository

# Where only what changed of a tree is looked at, entries whose name is longer than this may be passed over.
_NAME = 128


class Named:
    """Collects the ids that objects name.  Those of submodules are other repositories'; the parents of a shallow clone's commits are not expected."""

    __slots__ = ("_entry", "_shallow", "_width")

    def __init__(self, repository: Repository) -> None:
        self._width = repository.hash_size
        self._shallow = repository.shallow
        # Only the modes git writes: read from the middle of a tree, "00644 " would begin within one.
        self._entry = re.compile(rb"(?:100644|40000|100755|120000|100664) [^\0]+\0([\0-\xff]{%d})" % repository.hash_size)

    def by_tree(self, data: bytes, start: int, end: int, into: set[bytes]) -> None:
        """Add what the entries of a tree name that lie, wholly or in part, between two places in it."""
        into.update(self._entry.findall(data, max(start - _NAME, 0), end + _NAME))

    def by_message(self, kind: int, data: bytes, into: set[bytes]) -> None:
        """Add a commit's tree and parents, a tag's target; what does not parse names nothing."""
        width = 2 * self._width
        try:
            if kind == TAG and data.startswith(b"object "):
                into.add(bytes.fromhex(data[7 : 7 + width].decode("ascii")))
            elif kind == COMMIT and data.startswith(b"tree "):
                into.add(bytes.fromhex(data[5 : 5 + width].decode("ascii")))
                at = 6 + width
                while not self._shallow and data.startswith(b"parent ", at):
                    into.add(bytes.fromhex(data[at + 7 : at + 7 + width].decode("ascii")))
                    at += 8 + width
        except ValueError:
            return


class Presence:
    """Tells which ids no pack and no loose object holds."""

    def __init__(self, inventory: Inventory) -> None:
        self._packs = [pack for pack, _ in inventory.packs]
        self._loose = inventory.loose

    def absent(self, oids: set[bytes]) -> list[bytes]:
        """Those that are not there, in order."""
        left = [oid for oid in oids if oid not in self._loose]
        for pack in self._packs:
            if not left:
                break
            left = [oid for oid in left if not holds(pack, oid)]
        return sorted(left)
