"""A share of a pack as it is gone through: its entries, their kinds, and where bases come from that are not in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.packtable import KINDS
from leaksieve.gitobjects.packwalk import Lost, Visit, walk
from leaksieve.sources.base import Unit
from leaksieve.sources.history import HistorySource

NUMBERS = {name: number for number, name in KINDS.items()}
# (raw id, limit in bytes) -> kind and content; raises an ObjectError.
Read = Callable[[bytes, int], tuple[str, bytes]]


class PackShare:
    """One share.  ``kinds`` has for each entry, counted from position ``first``, the number of its kind; ``unwanted`` marks copies, if there are any."""

    def __init__(self, source: HistorySource, unit: Unit, read: Read) -> None:
        self._source = source
        self._unit = unit
        self._read = read
        self._columns, self.kinds, self._families = source.share(unit)
        self.first = self._columns.first
        self.table = source.inventory.tables[unit[1]]
        self.unwanted = source.inventory.unwanted[unit[1]]

    def wanted(self, position: int) -> bool:
        """Whether an object counts here, and is no copy of one that stands elsewhere."""
        return self.unwanted is None or not self.unwanted[position]

    def walk(self, visit: Visit, lost: Lost) -> None:
        """Visit every object, each after its base; see :func:`leaksieve.gitobjects.packwalk.walk`."""
        limit = self._source.max_file_size
        walk(
            self.table.pack.data,
            self._columns,
            visit,
            lost,
            limit=limit,
            chain_limit=max(self._source.chain_limit, limit),
            outside=self._outside,
            broken=self.table.broken,
            rescue=self._rescue,
        )

    def parts(self, kind: int) -> Iterator[PackShare]:
        """The families of one kind, as shares of their own; to be asked for after the walk, which tells some families' kind."""
        _, number, begin, _ = self._unit
        low = None
        for family, start in enumerate(self._families):
            fits = family + 1 < len(self._families) and self.kinds[start - self.first] == kind
            if fits and low is None:
                low = family
            if not fits and low is not None:
                yield PackShare(self._source, ("pack", number, begin + low, begin + family), self._read)
                low = None

    def _settle(self, position: int, kind: str) -> None:
        # A family takes its kind from its base, wherever that lies.
        family = bisect_right(self._families, position) - 1
        low, high = self._families[family] - self.first, self._families[family + 1] - self.first
        self.kinds[low:high] = [NUMBERS[kind]] * (high - low)

    def _outside(self, position: int) -> bytes | None:
        oid = self.table.outside.get(position)
        if oid is None:
            return None
        try:
            kind, data = self._read(oid, self._source.chain_limit)
        except ObjectError as error:
            raise BadDataError(f"the object it is a change to, {oid.hex()}, cannot be read: {error.detail}") from error
        self._settle(position, kind)
        return data

    def _rescue(self, position: int) -> bytes | None:
        # Another pack may hold it as well, or somebody put it back as a loose object.
        try:
            kind, data = self._read(self.table.oid(position), max(self._source.chain_limit, self._source.max_file_size))
        except ObjectError:
            return None
        self._settle(position, kind)
        return data
