"""A repository's whole object store as shares of work: families of packed objects, and loose ones.

Which objects a commit, a branch or a path leads to does not matter here: everything is read, once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from leaksieve.coverage import SourceCoverage
from leaksieve.gitobjects.inventory import Inventory, Ordered
from leaksieve.gitobjects.objects import OUTSIDE, ObjectStore
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packwalk import Shares
from leaksieve.gitobjects.partial import is_partial
from leaksieve.gitobjects.presence import Presence
from leaksieve.gitobjects.repository import Repository
from leaksieve.model import Skip
from leaksieve.sources.base import Unit

# About so many shares a worker: enough that none is left with much to do when the others are done.
SHARES = 48
# A share smaller than this (weighed bytes) costs more to hand out than it saves.
_LEAST = 4 * 1024 * 1024
_LOOSE = 200


class Memory(Protocol):
    """What an earlier scan left: which packs and objects need not be read again."""

    def order(self, packs: list[Pack]) -> list[Ordered]:
        """Put packs in the order in which they were counted, and say which are settled."""
        ...

    def fits(self, inventory: Inventory) -> bool:
        """Whether nothing is gone that was there; asked once packs are in order."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    def loose(self) -> Collection[bytes]:
        """The ids of loose objects that may be known."""
        ...

    def adopt(self, inventory: Inventory) -> tuple[dict[int, list[tuple[int, int]]], list[bytes]]:
        """Take an inventory that is built; returns by table the ranges of families that are known, and the loose objects that are not."""
        ...

    def expected(self) -> dict[str, int]:
        """How many objects, in all and by kind, those stand for that the inventory's tables and the loose ones handed back leave out."""
        ...


class HistorySource:
    """All objects of a repository.

    ``requested`` is what the user typed.  ``max_file_size`` bounds objects in bytes; those on the way to others may be ``chain_limit`` long.
    ``prefix`` stands before the paths in reports.
    The inventory is taken when first asked for (by ``take_stock``), in the parent or, where processes share nothing, in each of them.
    What a ``memory`` knows already is in no unit; it serves the process that set it and those forked from it.
    """

    def __init__(self, repository: Repository, *, requested: str, max_file_size: int, chain_limit: int, prefix: bytes = b"") -> None:
        self.coverage = SourceCoverage("git", requested)
        self.repository = repository
        self.max_file_size = max_file_size
        self.chain_limit = chain_limit
        self.prefix = prefix
        self.memory: Memory | None = None
        self._inventory: Inventory | None = None
        self._built = False
        self._known: dict[int, list[tuple[int, int]]] = {}
        self._loose: list[bytes] = []

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "memory": None, "_inventory": None, "_built": False, "_known": {}, "_loose": []}

    def look(self) -> tuple[int, int]:
        """See what there is, with as little work as that takes: bytes of packs and number of loose objects that are not known already."""
        self._inventory = Inventory(self.repository, self.memory.order if self.memory is not None else None)
        self._built = False
        if self.memory is not None and not self.memory.fits(self._inventory):
            self.memory.clear()
            self._inventory = Inventory(self.repository, self.memory.order)
        known = self.memory.loose() if self.memory is not None else ()
        return self._inventory.left, sum(oid not in known for oid in self._inventory.loose)

    @property
    def inventory(self) -> Inventory:
        """What there is; taken once."""
        if self._inventory is None:
            self._inventory = Inventory(self.repository)
        if not self._built:
            self._inventory.build()
            self._built = True
            self._known, self._loose = {}, list(self._inventory.loose)
            if self.memory is not None:
                self._known, self._loose = self.memory.adopt(self._inventory)
        return self._inventory

    def build(self) -> None:
        """Read the headers of all that is not known."""
        self.inventory  # noqa: B018

    def take_stock(self) -> None:
        """Take the inventory and write on the receipt what is expected, and what cannot be read at all."""
        self.build()
        self.announce()

    def announce(self) -> None:
        """Write on the receipt what is expected, and what cannot be read at all."""
        inventory = self.inventory
        coverage = self.coverage
        coverage.shallow = self.repository.shallow
        coverage.partial = is_partial(ObjectStore(self.repository))
        coverage.expect("objects", inventory.packed + len(self._loose))
        for number in range(len(inventory.tables)):
            for kind, count in inventory.by_kind(number).items():
                coverage.expect(f"{kind}s", count)
        if self.memory is not None:
            for unit, count in self.memory.expected().items():
                coverage.expect(unit, count)
        for path, what in inventory.problems:
            coverage.skip(Skip("failed", path, "corrupt-pack", what))
        for path in inventory.refused:
            coverage.skip(Skip("failed", path, "outside-roots", OUTSIDE))
        for path, what in inventory.unread:
            coverage.skip(Skip("failed", path, "unreadable-alternates", what))

    def units(self, workers: int) -> Iterator[Unit]:
        """Shares, the heaviest first: ("pack", table, first family, behind the last family) or ("loose", ids)."""
        shares: list[tuple[int, Unit]] = []
        inventory = self.inventory
        total = sum(sum(table.families.weight.tolist()) for table in inventory.tables)
        target = max(total // (SHARES * max(workers, 1)), _LEAST)
        for number, table in enumerate(inventory.tables):
            kinds, weights = table.families.kind.tolist(), table.families.weight.tolist()
            known = bytearray(len(weights))
            for low, high in self._known.get(number, ()):
                known[low:high] = b"\1" * (high - low)
            begin = gathered = 0
            for family, weight in enumerate(weights):
                if gathered and (gathered + weight > target or kinds[family] != kinds[begin] or known[family]):
                    shares.append((gathered, ("pack", number, begin, family)))
                    begin, gathered = family, 0
                if known[family]:
                    begin = family + 1
                    continue
                gathered += weight
            if gathered:
                shares.append((gathered, ("pack", number, begin, len(weights))))
        shares.sort(key=lambda share: -share[0])
        yield from (unit for _, unit in shares)
        for at in range(0, len(self._loose), _LOOSE):
            yield ("loose", tuple(self._loose[at : at + _LOOSE]))

    def absent(self, oids: list[bytes]) -> list[bytes]:
        """Those of some raw ids that the repository does not hold."""
        return Presence(self.inventory).absent(set(oids)) if oids else []

    def share(self, unit: Unit) -> tuple[Shares, list[int], list[int]]:
        """The columns of a share of a pack, for each of its entries the type of its family's root, and where families begin (and the last one ends)."""
        _, number, begin, stop = unit
        table = self.inventory.tables[number]
        first = table.families.first[begin : stop + 1].tolist()
        low, high = first[0], first[-1]
        kinds: list[int] = []
        for kind, start, end in zip(table.families.kind[begin:stop].tolist(), first, first[1:], strict=False):
            kinds += [kind] * (end - start)
        columns = (table.at, table.end, table.size, table.base)
        return Shares(low, *(column[low:high].tolist() for column in columns)), kinds, first

    def members(self, unit: Unit) -> int:
        """How many objects a share holds."""
        if unit[0] == "loose":
            return len(unit[1])
        _, number, begin, stop = unit
        first = self.inventory.tables[number].families.first
        return int(first[stop]) - int(first[begin])

    def first_name(self, unit: Unit) -> bytes:
        """The id of a share's first object, as text."""
        if unit[0] == "loose":
            return bytes(unit[1][0]).hex().encode()
        _, number, begin, _ = unit
        table = self.inventory.tables[number]
        return table.oid(int(table.families.first[begin])).hex().encode()


def halves(unit: Unit) -> list[Unit]:
    """A share in two; in one where it cannot be divided."""
    if unit[0] == "loose":
        oids: tuple[bytes, ...] = unit[1]
        middle = len(oids) // 2
        return [("loose", oids[:middle]), ("loose", oids[middle:])] if middle else [unit]
    _, table, first, last = unit
    middle = (first + last) // 2
    return [("pack", table, first, middle), ("pack", table, middle, last)] if middle > first else [unit]
