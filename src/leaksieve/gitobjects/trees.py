"""Tree objects: names, modes and ids of one directory."""

from __future__ import annotations

from leaksieve.gitobjects.errors import BadDataError

TREE = 0o040000
GITLINK = 0o160000
SYMLINK = 0o120000

TreeEntry = tuple[int, bytes]

_MODES = {b"100644": 0o100644, b"40000": TREE, b"100755": 0o100755, b"120000": SYMLINK, b"160000": GITLINK, b"040000": TREE}


def parse_tree(data: bytes, hash_size: int) -> dict[bytes, TreeEntry]:
    """Name -> (mode, raw id), in the tree's order; raises BadDataError."""
    entries: dict[bytes, TreeEntry] = {}
    at = 0
    end = len(data)
    while at < end:
        nul = data.find(b"\0", at)
        space = data.find(b" ", at, nul)
        after = nul + 1 + hash_size
        if nul < 0 or space < 0 or after > end:
            raise BadDataError("the tree is cut off")
        digits = data[at:space]
        mode = _MODES.get(digits)
        if mode is None:
            try:
                mode = int(digits, 8)
            except ValueError as error:
                raise BadDataError("the tree holds a mode that is no number") from error
        entries[data[space + 1 : nul]] = (mode, data[nul + 1 : after])
        at = after
    return entries
