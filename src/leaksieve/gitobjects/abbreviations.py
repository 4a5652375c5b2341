"""Which objects an abbreviated id may stand for, in packs, loose and in alternates."""

from __future__ import annotations

import os
from bisect import bisect_left

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.pack import Pack

# As git: fewer digits are never taken for an id.
LEAST = 4
_HEX = frozenset(b"0123456789abcdef")


class _Names:
    """The ids of a pack index, as a sequence for bisect."""

    __slots__ = ("pack",)

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def __len__(self) -> int:
        return self.pack.count

    def __getitem__(self, place: int) -> bytes:
        return self.pack.name(place)


def is_hex(text: bytes) -> bool:
    """Whether a text is made of lower-case hexadecimal digits."""
    return bool(text) and _HEX.issuperset(text)


def candidates(store: ObjectStore, digits: bytes) -> list[bytes]:
    """Return the raw ids, sorted, of all objects whose hexadecimal id begins with ``digits`` (lower case, at least 4)."""
    width = 2 * store.hash_size
    low, high = bytes.fromhex(digits.ljust(width, b"0").decode()), bytes.fromhex(digits.ljust(width, b"f").decode())
    found: set[bytes] = set()
    for directory in store.object_dirs():
        found.update(_loose(directory, digits, width))
        folder = os.path.join(directory, b"pack")
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            path = os.path.join(folder, name[:-4])
            if not name.endswith(b".idx") or not store.may_read(path + b".idx"):
                continue
            try:
                pack = Pack(path, store.hash_size)
            except (OSError, BadDataError):
                continue
            ids = _Names(pack)
            place = bisect_left(ids, low)
            while place < len(ids) and ids[place] <= high:
                found.add(ids[place])
                place += 1
    return sorted(found)


def _loose(directory: bytes, digits: bytes, width: int) -> set[bytes]:
    try:
        names = os.listdir(os.path.join(directory, digits[:2]))
    except OSError:
        return set()
    rest = digits[2:]
    return {bytes.fromhex((digits[:2] + name).decode()) for name in names if name.startswith(rest) and len(name) == width - 2 and is_hex(name)}
