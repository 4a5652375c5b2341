"""Trees by id, fast when neighbours in history are asked for one after the other.

A pack keeps a directory's versions as deltas on each other, so what was read a moment ago is nearly
always the base of what is read next.  Bases met on the way are kept as well as what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from leaksieve.gitobjects.compiled import ERRORS, apply_delta
from leaksieve.gitobjects.delta import delta_sizes
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, ObjectError, ObjectTooLargeError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packread import inflated

# A tree of this many bytes lists over a million files.
TREE_LIMIT = 64 * 1024 * 1024
# What this process keeps, bytes of content; enough for the versions of a few hundred directories.
DEFAULT_KEPT = 32 * 1024 * 1024
# git knows the tree without entries even where it is not stored.
EMPTY_TREES = frozenset(
    {
        bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
        bytes.fromhex("6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"),
    }
)
_TREE = 2
_MAX_CHAIN = 10_000
_BAD: tuple[type[Exception], ...] = (BadDataError, ObjectError, OSError, IndexError, *ERRORS)


class _Shelf:
    """One pack, and the contents kept of it, by offset."""

    __slots__ = ("old", "pack", "young")

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.young: dict[int, bytes] = {}
        self.old: dict[int, bytes] = {}


class TreeCache:
    """Reads trees; not for sharing between threads or processes.

    ``packs`` are where they are looked for first; everything else ``store`` is asked for.  ``kept``
    bounds the content held, in bytes (twice that for moments).
    """

    __slots__ = ("_held", "_kept", "_old", "_shelves", "_store", "_young")

    def __init__(self, store: ObjectStore, packs: Sequence[Pack], kept: int = DEFAULT_KEPT) -> None:
        self._store = store
        self._shelves = [_Shelf(pack) for pack in packs]
        # By id: loose trees, and whatever was asked for lately.
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}
        self._held = 0
        # Two generations, each half of it.
        self._kept = kept // 2

    def read(self, oid: bytes) -> bytes:
        """Return a tree's raw content by its raw id; raises an ObjectError."""
        found = self._young.get(oid)
        if found is not None:
            return found
        for number, shelf in enumerate(self._shelves):
            try:
                offset = shelf.pack.find(oid)
                if offset is None:
                    continue
                if number:
                    # Neighbours in time lie in the same pack.
                    self._shelves.insert(0, self._shelves.pop(number))
                found = shelf.young.get(offset)
                if found is None:
                    found = self._from_pack(shelf, offset, oid)
                self._young[oid] = found
            except ObjectTooLargeError:
                raise
            except _BAD:
                # Another copy may be whole; the store tries them all, and says what is wrong.
                break
            return found
        found = self._old.get(oid)
        if found is None:
            found = self._from_store(oid)
        self._young[oid] = found
        self._keep(len(found) + 100)
        return found

    def _from_store(self, oid: bytes) -> bytes:
        if oid in EMPTY_TREES:
            return b""
        kind, data = self._store.read(oid, TREE_LIMIT)
        if kind != "tree":
            raise CorruptObjectError(oid, f"is a {kind} where a tree is needed")
        return data

    def _keep(self, size: int) -> None:
        self._held += size
        if self._held > self._kept:
            self._held = 0
            self._old, self._young = self._young, {}
            for shelf in self._shelves:
                shelf.old, shelf.young = shelf.young, {}

    def _from_pack(self, shelf: _Shelf, offset: int, oid: bytes) -> bytes:
        pack, young, old = shelf.pack, shelf.young, shelf.old
        chain: list[tuple[int, int, int]] = []
        while True:
            content = young.get(offset)
            if content is None:
                content = old.get(offset)
            if content is not None:
                break
            kind, size, at, base = pack.entry(offset)
            if size > TREE_LIMIT:
                raise ObjectTooLargeError(oid, size, TREE_LIMIT)
            if base is None:
                if kind != _TREE:
                    raise CorruptObjectError(oid, "is no tree")
                content = inflated(pack, at, size)
                break
            if len(chain) >= _MAX_CHAIN:
                raise BadDataError("the chain of deltas does not end")
            chain.append((offset, at, size))
            if isinstance(base, int):
                offset = base
                continue
            inside = pack.find(base)
            if inside is None:
                # A base outside its pack is rare: the store knows the ways.
                return self._from_store(oid)
            offset = inside
        self._put(shelf, offset, content)
        while chain:
            offset, at, size = chain.pop()
            delta = inflated(pack, at, size)
            number = 0
            while delta[number] > 127:
                number += 1
            # The result's size stands behind the base's; in three bytes it cannot be out of bounds.
            if delta[number + 1] > 127 and delta[number + 2] > 127 and delta[number + 3] > 127:
                _, promised, _ = delta_sizes(delta)
                if promised > TREE_LIMIT:
                    raise ObjectTooLargeError(oid, promised, TREE_LIMIT)
            made = apply_delta(content, delta)
            content = b"".join(made) if isinstance(made, list) else made
            self._put(shelf, offset, content)
        return content

    def _put(self, shelf: _Shelf, offset: int, content: bytes) -> None:
        if offset not in shelf.young:
            shelf.young[offset] = content
            self._keep(len(content) + 100)
