"""The index's cache-tree: which directories still have the tree id they were written with."""

from __future__ import annotations

from leaksieve.gitobjects.errors import BadDataError


class CacheTree:
    """One directory.

    ``count`` is how many index entries lie below it, -1 when it changed since (then ``oid`` is empty).
    ``children`` holds the subdirectories known, by name.
    """

    __slots__ = ("children", "count", "oid")

    def __init__(self, count: int, oid: bytes) -> None:
        self.count = count
        self.oid = oid
        self.children: dict[bytes, CacheTree] = {}


def parse_cache_tree(data: bytes, hash_size: int) -> CacheTree:
    """Parse the TREE extension's bytes; raises BadDataError."""
    root: CacheTree | None = None
    # (directory, how many of its subdirectories are still to come)
    open_nodes: list[tuple[CacheTree, int]] = []
    at = 0
    end = len(data)
    try:
        while root is None or open_nodes:
            nul = data.index(b"\0", at)
            space = data.index(b" ", nul)
            line = data.index(b"\n", space)
            count = int(data[nul + 1 : space])
            subtrees = int(data[space + 1 : line])
            oid_end = line + 1 + (hash_size if count >= 0 else 0)
            if oid_end > end or subtrees < 0:
                raise BadDataError("the cache-tree is cut off")
            node = CacheTree(count, data[line + 1 : oid_end])
            if root is None:
                root = node
            else:
                parent, left = open_nodes.pop()
                parent.children[data[at:nul]] = node
                if left > 1:
                    open_nodes.append((parent, left - 1))
            if subtrees:
                open_nodes.append((node, subtrees))
            at = oid_end
    except ValueError as error:
        raise BadDataError("the cache-tree does not parse") from error
    return root
