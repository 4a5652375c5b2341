"""Every tree and file that some commits lead to, as a set of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, ObjectError
from leaksieve.gitobjects.graph import History
from leaksieve.gitobjects.treediff import differing, is_tree
from leaksieve.gitobjects.trees import GITLINK

_GITLINK = b"%o " % GITLINK


def reachable_objects(
    read: Callable[[bytes], bytes],
    history: History,
    commits: Iterable[bytes],
    trees: Iterable[bytes] = (),
    missing: list[ObjectError] | None = None,
) -> set[bytes]:
    """Return the raw ids of all trees and blobs that commits and further trees hold; submodules' commits are none of these.

    ``commits`` are the very commits wanted (see :func:`leaksieve.gitobjects.graph.reachable`), parents first if it is
    to be quick; ``read`` gives a tree's raw content by raw id (see ``treecache``).  What cannot be read is noted in
    ``missing``, with the ids it is known by still in the answer.  Memory: about 100 bytes an id; neighbouring
    versions of a directory are compared, so that only what a version adds is looked at.
    """
    found: set[bytes] = set()
    noted: list[ObjectError] = [] if missing is None else missing
    for oid in commits:
        try:
            node = history.node(oid)
        except ObjectError as error:
            noted.append(error)
            continue
        if node.tree not in found:
            before = None
            if node.parents:
                try:
                    before = history.node(node.parents[0]).tree
                except ObjectError:
                    before = None
            _add(read, found, node.tree, before if before in found else None, noted)
    for oid in trees:
        if oid not in found:
            _add(read, found, oid, None, noted)
    return found


def _add(read: Callable[[bytes], bytes], found: set[bytes], tree: bytes, before: bytes | None, noted: list[ObjectError]) -> None:
    """Add what a tree holds and a tree added earlier does not."""
    width = len(tree)
    pending = [(tree, before)]
    while pending:
        tree, before = pending.pop()
        if tree in found:
            continue
        found.add(tree)
        try:
            gone, came = differing(read(before) if before is not None else b"", read(tree), width)
        except (BadDataError, ObjectError) as error:
            if before is not None:
                # Perhaps it is the earlier one that cannot be read: look at the whole.
                found.discard(tree)
                pending.append((tree, None))
            else:
                noted.append(error if isinstance(error, ObjectError) else CorruptObjectError(tree, str(error)))
            continue
        befores = {entry[: -width - 1]: entry[-width:] for entry in gone if is_tree(entry)} if came else {}
        for entry in came:
            oid = entry[-width:]
            if is_tree(entry):
                if oid not in found:
                    below = befores.get(entry[: -width - 1])
                    pending.append((oid, below if below in found else None))
            elif not entry.startswith(_GITLINK):
                found.add(oid)
