"""What a walk needs of a commit, read as fast as its pack allows: a long history is tens of thousands of them."""

from __future__ import annotations

from binascii import unhexlify
from typing import NamedTuple

from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.compiled import ERRORS
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError
from leaksieve.gitobjects.links import COMMIT_LIMIT
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.packread import AT_ONCE, inflated

_COMMIT = 1
_BROKEN: tuple[type[Exception], ...] = (BadDataError, OSError, ValueError, *ERRORS)


class Node(NamedTuple):
    """The raw ids of a commit's parents and of its tree, and its commit date in seconds."""

    parents: tuple[bytes, ...]
    tree: bytes
    date: int


class CommitReader:
    """Reads commits' links; not for sharing between threads or processes."""

    __slots__ = ("_hash_size", "_packs", "_store")

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._hash_size = store.hash_size
        self._packs = store.packs()

    def read(self, oid: bytes) -> Node:
        """Return what a commit says of itself; raises an ObjectError."""
        for number, pack in enumerate(self._packs):
            try:
                offset = pack.find(oid)
                if offset is None:
                    continue
                if number:
                    # Neighbours in time lie in the same pack.
                    self._packs.insert(0, self._packs.pop(number))
                kind, size, at, base = pack.entry(offset)
                if base is None and kind == _COMMIT and size <= AT_ONCE:
                    return _links(inflated(pack, at, size), self._hash_size)
            except _BROKEN:
                # Another copy may be whole; the store tries them all, and says what is wrong.
                pass
            break
        kind_name, data = self._store.read(oid, COMMIT_LIMIT)
        if kind_name != "commit":
            raise CorruptObjectError(oid, f"is a {kind_name} where a commit is needed")
        try:
            commit = parse_commit(data, self._hash_size)
        except BadDataError as error:
            raise CorruptObjectError(oid, str(error)) from error
        return Node(commit.parents, commit.tree, commit.commit_date)


def _links(data: bytes, size: int) -> Node:
    """Parse the usual form; raises ValueError for any other."""
    width = 2 * size
    if not data.startswith(b"tree "):
        raise ValueError
    at = 5 + width
    tree = unhexlify(data[5:at])
    parents: tuple[bytes, ...] = ()
    while data.startswith(b"\nparent ", at):
        parents = (*parents, unhexlify(data[at + 8 : at + 8 + width]))
        at += 8 + width
    line = data.index(b"\ncommitter ", at)
    end = data.index(b"\n", line + 11)
    if data.find(b"\n\n", at, line) >= 0:
        raise ValueError
    when = data.index(b"> ", line, end) + 2
    return Node(parents, tree, int(data[when : data.index(b" ", when, end)]))
