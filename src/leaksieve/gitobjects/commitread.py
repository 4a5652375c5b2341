"""What a walk needs of a commit, read as fast as its pack allows: a long history is tens of thousands of them."""

from __future__ import annotations

import os
from binascii import unhexlify
from typing import NamedTuple

from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.compiled import ERRORS, decompress
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError
from leaksieve.gitobjects.files import Buffer
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.pack import Pack

COMMIT_LIMIT = 16 * 1024 * 1024
# Up to this announced size, inflating in one go cannot yield more than some 70 MB, whatever the stream holds.
_AT_ONCE = 64 * 1024
# Bytes of an index looked through around the place where an id should stand.
_NEAR = 24
_COMMIT = 1
_BROKEN: tuple[type[Exception], ...] = (BadDataError, OSError, ValueError, *ERRORS)


class Node(NamedTuple):
    """The raw ids of a commit's parents and of its tree, and its commit date in seconds."""

    parents: tuple[bytes, ...]
    tree: bytes
    date: int


def open_packs(store: ObjectStore) -> list[Pack]:
    """Open the packs of a repository and its alternates; those that cannot be used are left to the store to complain of."""
    found = []
    for directory in store.object_dirs():
        folder = os.path.join(directory, b"pack")
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            path = os.path.join(folder, name[:-4])
            if name.endswith(b".idx") and store.may_read(path + b".idx") and store.may_read(path + b".pack"):
                try:
                    found.append(Pack(path, store.hash_size))
                except (OSError, BadDataError):
                    continue
    return found


class PackPlace:
    """One pack, and the short way to an object's place in it.  ``view`` and ``data`` are empty until :meth:`open`."""

    __slots__ = ("data", "fanout", "index", "offsets", "pack", "start", "step", "view")

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.index: Buffer = pack.index
        self.start, self.step, self.offsets, _, _ = pack.layout
        self.data: Buffer | None = None
        self.view = memoryview(b"")
        # Only for indexes of version 2, which keep the ids side by side.
        self.fanout = [0] + [int.from_bytes(self.index[at : at + 4]) for at in range(8, 1032, 4)] if self.step == pack.hash_size else []

    def open(self) -> None:
        """Map the pack; raises OSError or BadDataError."""
        self.data = self.pack.data
        self.view = memoryview(self.data)

    def find(self, oid: bytes) -> int | None:
        """Return the offset of an object, or None; raises BadDataError."""
        if self.fanout:
            # Ids are spread evenly: guess the place, look around it, and only then search.
            first = oid[0]
            low, high = self.fanout[first], self.fanout[first + 1]
            guess = low + ((high - low) * int.from_bytes(oid[1:4]) >> 24)
            begin = max(low, guess - _NEAR)
            end = min(high, guess + _NEAR)
            index, step = self.index, self.step
            found = index[self.start + begin * step : self.start + end * step].find(oid)
            if found >= 0 and not found % step:
                at = self.offsets + 4 * (begin + found // step)
                offset = int.from_bytes(index[at : at + 4])
                if offset < 0x80000000:
                    return offset
        return self.pack.find(oid)


class CommitReader:
    """Reads commits' links; not for sharing between threads or processes."""

    __slots__ = ("_hash_size", "_places", "_store")

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._hash_size = store.hash_size
        self._places = [PackPlace(pack) for pack in open_packs(store)]

    def read(self, oid: bytes) -> Node:
        """Return what a commit says of itself; raises an ObjectError."""
        for number, place in enumerate(self._places):
            try:
                offset = place.find(oid)
                if offset is None:
                    continue
                if number:
                    # Neighbours in time lie in the same pack.
                    self._places.insert(0, self._places.pop(number))
                if place.data is None:
                    place.open()
                kind, size, at, base = place.pack.entry(offset)
                if base is None and kind == _COMMIT and size <= _AT_ONCE:
                    data: bytes = decompress(place.view[at : at + size + (size >> 6) + 64], 15, size or 1)
                    if len(data) == size:
                        return _links(data, self._hash_size)
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
    parents = ()
    while data.startswith(b"\nparent ", at):
        parents = (*parents, unhexlify(data[at + 8 : at + 8 + width]))  # type: ignore[assignment]
        at += 8 + width
    line = data.index(b"\ncommitter ", at)
    end = data.index(b"\n", line + 11)
    if data.find(b"\n\n", at, line) >= 0:
        raise ValueError
    when = data.index(b"> ", line, end) + 2
    return Node(parents, tree, int(data[when : data.index(b" ", when, end)]))
