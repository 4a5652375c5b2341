"""One pack and its index (versions 1 and 2): where an object lies, and what stands there."""

from __future__ import annotations

from bisect import bisect_left

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.files import Buffer, map_regular

_OFS_DELTA = 6
_REF_DELTA = 7
# A pack entry's header: 10 bytes of type and size, 10 of a base offset, or 32 of a base id.
_HEADER_BYTES = 48

# A size of 63 bits takes 10 bytes, 4 bits and then 7 a byte; nothing longer is a size.
MAX_VARINT = 9
MAX_SIZE = (1 << 63) - 1

# Ids of the index looked through on either side of the place where one should stand.
_NEAR = 32

PackEntry = tuple[int, int, int, "int | bytes | None"]


class _Names:
    """The sorted ids of a pack index, as a sequence for bisect."""

    __slots__ = ("data", "size", "start", "step")

    def __init__(self, data: Buffer, start: int, step: int, size: int) -> None:
        self.data = data
        self.start = start
        self.step = step
        self.size = size

    def __getitem__(self, place: int) -> bytes:
        at = self.start + place * self.step
        return self.data[at : at + self.size]

    def __len__(self) -> int:
        return (len(self.data) - self.start) // self.step


class Pack:
    """A pack, mapped into memory when first used.

    ``path`` is the file name without its suffix; ``hash_size`` the length of a raw id.  Opening
    raises OSError or BadDataError.
    """

    __slots__ = (
        "_data",
        "_fanout",
        "_first",
        "_index",
        "_large",
        "_names",
        "_offset_step",
        "_offsets",
        "_room",
        "_step",
        "_view",
        "count",
        "hash_size",
        "path",
    )

    def __init__(self, path: bytes, hash_size: int) -> None:
        self.path = path
        self.hash_size = hash_size
        self._data: Buffer | None = None
        self._view: memoryview | None = None
        self._index = index = map_regular(path + b".idx")
        if index[:4] == b"\xfftOc":
            if index[4:8] != b"\0\0\0\2":
                raise BadDataError("pack index of an unknown version")
            self._fanout = 8
            count = int.from_bytes(index[1028:1032])
            self._first, self._step = 1032, hash_size
            self._offsets = 1032 + count * (hash_size + 4)
            self._offset_step = 4
            self._large = self._offsets + 4 * count
            least = self._large
        else:
            self._fanout = 0
            count = int.from_bytes(index[1020:1024])
            self._first, self._step = 1028, hash_size + 4
            self._offsets = 1024
            self._offset_step = hash_size + 4
            self._large = 0
            least = 1024 + count * (hash_size + 4)
        if len(index) < least + 2 * hash_size:
            raise BadDataError("the pack index is cut off")
        self.count = count
        self._names = _Names(index, self._first, self._step, hash_size)
        # How many ids the file could hold, whatever it says.
        self._room = len(self._names)

    def find(self, oid: bytes) -> int | None:
        """Return the offset of an object's entry in the pack by its raw id (of the pack's length), or None; raises BadDataError."""
        index, first = self._index, oid[0]
        at = self._fanout + 4 * first
        both = int.from_bytes(index[at - 4 : at + 4] if first else index[at : at + 4])
        low, high = both >> 32, both & 0xFFFFFFFF
        if low >= high:
            return None
        if high > self._room:
            raise BadDataError("the pack index does not hold together")
        # Ids are spread evenly: guess the place, look around it, and only then search.  Twice as quick as searching at once.
        guess = low + ((high - low) * int.from_bytes(oid[1:4]) >> 24)
        begin, end = max(guess - _NEAR, low), min(guess + _NEAR, high)
        step = self._step
        near = index[self._first + begin * step : self._first + end * step]
        found = near.find(oid)
        if found >= 0 and not found % step:
            place = begin + found // step
        else:
            if oid < near:
                high = begin
            elif oid > near[-step:]:
                low = end
            elif found < 0:
                return None
            # Also where the bytes of the id stand across two others: it may stand on its own as well.
            place = bisect_left(self._names, oid, low, high)
            if place >= high or self._names[place] != oid:
                return None
        at = self._offsets + self._offset_step * place
        offset = int.from_bytes(index[at : at + 4])
        return self._long(offset) if self._large and offset & 0x80000000 else offset

    def name(self, place: int) -> bytes:
        """The raw id at a place of the index."""
        return self._names[place]

    def names(self) -> list[bytes]:
        """All raw ids, in the index's order."""
        names = self._names
        return [names[place] for place in range(self.count)]

    @property
    def announced(self) -> int:
        """How many objects the pack itself says it holds; raises OSError or BadDataError."""
        return int.from_bytes(self.data[8:12])

    @property
    def index(self) -> Buffer:
        """The bytes of the index."""
        return self._index

    @property
    def layout(self) -> tuple[int, int, int, int, int]:
        """Where the index keeps what: first id, bytes from id to id, first offset, bytes from offset to offset, first long offset (0: none)."""
        return self._first, self._step, self._offsets, self._offset_step, self._large

    def offsets(self) -> list[int]:
        """The offsets of all entries, in the index's order; raises BadDataError."""
        _, _, first, step, large = self.layout
        index = self._index
        found = [int.from_bytes(index[at : at + 4]) for at in range(first, first + step * self.count, step)]
        if large:
            found = [offset if offset < 0x80000000 else self._long(offset) for offset in found]
        return found

    def _long(self, offset: int) -> int:
        """An offset past 2 GiB, from the table that keeps those; raises BadDataError."""
        at = self._large + 8 * (offset & 0x7FFFFFFF)
        if at + 8 > len(self._index) - 2 * self.hash_size:
            raise BadDataError("the pack index does not hold together")
        return int.from_bytes(self._index[at : at + 8])

    @property
    def data(self) -> Buffer:
        """The pack's bytes; raises OSError or BadDataError."""
        if self._data is None:
            data = map_regular(self.path + b".pack")
            if data[:4] != b"PACK" or int.from_bytes(data[4:8]) not in (2, 3):
                raise BadDataError("not a pack, or of an unknown version")
            self._data = data
        return self._data

    @property
    def view(self) -> memoryview:
        """The same, for slices that copy nothing; raises OSError or BadDataError."""
        if self._view is None:
            self._view = memoryview(self.data)
        return self._view

    def entry(self, offset: int) -> PackEntry:
        """Say what stands at an offset: (type number, inflated size, offset of the compressed data, base).

        The base is None for a whole object, an offset or a raw id for a delta.  Raises OSError or BadDataError.
        """
        data = self.data
        if not 12 <= offset < len(data) - self.hash_size:
            raise BadDataError("an offset points outside the pack")
        head = data[offset : offset + _HEADER_BYTES]
        try:
            byte = head[0]
            kind = byte >> 4 & 7
            size = byte & 15
            at, shift = 1, 4
            while byte & 128:
                byte = head[at]
                at += 1
                size |= (byte & 127) << shift
                shift += 7
            if at > 1 + MAX_VARINT or size > MAX_SIZE:
                raise BadDataError("announces an impossible size")
            if kind == _OFS_DELTA:
                byte = head[at]
                at += 1
                back = byte & 127
                while byte & 128:
                    byte = head[at]
                    at += 1
                    back = (back + 1) << 7 | byte & 127
                if not 0 < back <= offset - 12:
                    raise BadDataError("a delta's base lies outside the pack")
                return kind, size, offset + at, offset - back
        except IndexError as error:
            raise BadDataError("the pack is cut off") from error
        if kind == _REF_DELTA:
            return kind, size, offset + at + self.hash_size, head[at : at + self.hash_size]
        if kind in (0, 5):
            raise BadDataError(f"unknown object type {kind} in the pack")
        return kind, size, offset + at, None
