"""Whether one tree, most often HEAD's, has a path; asked for thousands of paths, so directories are kept once parsed."""

from __future__ import annotations

from collections.abc import Callable

from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.trees import TREE, TreeEntry, parse_tree


class HeadTree:
    """One tree (None: nothing at all); ``read`` gives a tree's raw content by raw id.  What cannot be read counts as empty."""

    __slots__ = ("_listings", "_read", "_tree")

    def __init__(self, read: Callable[[bytes], bytes], tree: bytes | None) -> None:
        self._read = read
        self._tree = tree
        # Directory -> its listing; None where there is no such directory.
        self._listings: dict[bytes, dict[bytes, TreeEntry]] = {}

    def has(self, path: bytes, oid: bytes | None = None) -> bool:
        """Whether there is a file or directory at a path, and whether it is this object if one is given."""
        directory, _, name = path.rpartition(b"/")
        entry = self._listing(directory).get(name)
        return entry is not None and (oid is None or entry[1] == oid)

    def _listing(self, directory: bytes) -> dict[bytes, TreeEntry]:
        known = self._listings.get(directory)
        if known is not None:
            return known
        # From the top down, without recursion: a crafted path may be thousands of directories deep.
        tree = self._tree
        at = 0
        listing: dict[bytes, TreeEntry] = {}
        while True:
            place = directory[:at]
            found = self._listings.get(place)
            if found is None:
                found = self._listings[place] = self._parsed(tree)
            listing = found
            if at >= len(directory):
                return listing
            start = at + 1 if at else 0
            end = directory.find(b"/", start)
            at = len(directory) if end < 0 else end
            entry = listing.get(directory[start:at])
            tree = entry[1] if entry is not None and entry[0] == TREE else None

    def _parsed(self, tree: bytes | None) -> dict[bytes, TreeEntry]:
        if tree is None:
            return {}
        try:
            return parse_tree(self._read(tree), len(tree))
        except (ObjectError, BadDataError):
            return {}
