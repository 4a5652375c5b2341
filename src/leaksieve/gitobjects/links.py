"""What a commit points to.  Apart from the rest of a commit, which a staged scan has no use for."""

from __future__ import annotations

from leaksieve.gitobjects.errors import BadDataError

# The longest commit that is read, in bytes.
COMMIT_LIMIT = 16 * 1024 * 1024


def parse_links(data: bytes, hash_size: int) -> tuple[bytes | None, tuple[bytes, ...]]:
    """Return the tree and the parents at the head of a commit, whose end may be missing; raises BadDataError."""
    width = 2 * hash_size
    tree: bytes | None = None
    parents: list[bytes] = []
    try:
        at = 0
        if data.startswith(b"tree "):
            tree = bytes.fromhex(data[5 : 5 + width].decode("ascii"))
            at = 6 + width
        while data.startswith(b"parent ", at):
            parents.append(bytes.fromhex(data[at + 7 : at + 7 + width].decode("ascii")))
            at += 8 + width
    except ValueError as error:
        raise BadDataError("the commit holds an id that does not parse") from error
    if (tree is not None and len(tree) != hash_size) or any(len(parent) != hash_size for parent in parents):
        raise BadDataError("the commit is cut off")
    return tree, tuple(parents)
