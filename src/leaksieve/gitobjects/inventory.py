"""Everything a repository's object store holds: packs, loose objects, alternates, each object once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packtable import BULK, KINDS, OUTSIDE, PackTable, build
from leaksieve.gitobjects.repository import Repository

_FAN = re.compile(rb"[0-9a-f]{2}")
# Up to so many questions to indexes are asked one by one (2 us each) before numpy is worth its import.
_ASKED = 20_000


class Ordered(NamedTuple):
    """A pack in the order packs are gone through; ``settled`` says that all is known of it and no table is needed."""

    pack: Pack
    settled: bool


class Inventory:
    """What there is to read.

    ``tables`` are the packs; ``unwanted`` holds for each of them None or a bytearray, in family order, of 1
    where the object is not to be visited (a copy stands elsewhere).  ``loose`` are raw ids of loose objects with the
    directory each lies in, of those that no pack holds (after :meth:`build`: none that can be used).  ``problems`` are (path, phrase) of
    packs that cannot be used and of directories that cannot be read; ``refused`` are places outside the allowed roots,
    ``unread`` (path, phrase) of alternates that were not followed for other reasons.

    ``order`` puts the packs in an order of its own and says which are settled; those get no table.
    Which of several copies counts depends on that order alone.  Tables are made by :meth:`build`, to be called once.
    """

    def __init__(self, repository: Repository, order: Callable[[list[Pack]], list[Ordered]] | None = None) -> None:
        store = ObjectStore(repository)
        self.tables: list[PackTable] = []
        self.unwanted: list[bytearray | None] = []
        self.problems: list[tuple[bytes, str]] = []
        directories = store.object_dirs()
        seen: set[bytes] = set()
        packs: list[Pack] = []
        for directory in directories:
            packs += self._packs_of(os.path.join(directory, b"pack"), store, seen)
        # The largest first: copies of its objects are looked for in the smaller ones.
        packs.sort(key=lambda pack: -pack.count)
        self._ordered = [Ordered(pack, settled=False) for pack in packs] if order is None else order(packs)
        self._found = self._loose_of(directories, store)
        self.loose = self._unpacked()
        self.refused = [*store.refused]
        self.unread = [*store.unread]

    def build(self) -> None:
        """Make the tables of the packs that are not settled."""
        usable: list[Ordered] = []
        shaken = False
        for pack, settled in self._ordered:
            try:
                if pack.announced != pack.count:
                    self.problems.append((pack.path + b".pack", f"holds {pack.announced} objects and its index names {pack.count}"))
                if settled and not shaken:
                    usable.append(Ordered(pack, settled=True))
                    continue
                table = build(pack)
                # What cannot be read stands at 0.
                places = [place for place in table.at.tolist() if place]
                if len(set(places)) < len(places):
                    self.problems.append((pack.path + b".idx", "gives one place for several objects, of which others are hidden"))
                self.tables.append(table)
                usable.append(Ordered(pack, settled=False))
                continue
            except OSError as error:
                self.problems.append((pack.path + b".pack", f"cannot be read ({error.strerror})"))
            except BadDataError as error:
                self.problems.append((pack.path + b".pack", str(error)))
            # What was said of the packs behind it took this one's objects for copies.
            shaken = True
        self._ordered = usable
        self._mark_copies()
        if shaken:
            self.loose = self._unpacked()

    @property
    def packs(self) -> list[Ordered]:
        """The packs in their order, after :meth:`build` those that can be used; ``tables`` are those of the ones that are not settled."""
        return self._ordered

    @property
    def left(self) -> int:
        """The bytes of the packs that are not settled."""
        total = 0
        for pack, settled in self._ordered:
            if not settled:
                try:
                    total += os.stat(pack.path + b".pack").st_size
                except OSError:
                    continue
        return total

    @property
    def packed(self) -> int:
        """How many distinct objects the packs with tables hold."""
        return sum(self.distinct(number) for number in range(len(self.tables)))

    def distinct(self, number: int) -> int:
        """How many objects of a table stand in no pack before it."""
        marks = self.unwanted[number]
        return self.tables[number].pack.count - (sum(marks) if marks is not None else 0)

    def by_kind(self, number: int) -> dict[str, int]:
        """How many objects of each kind a table has, as far as the pack tells without being read; copies count where they come first."""
        counts: dict[str, int] = {}
        table, marks = self.tables[number], self.unwanted[number]
        first = table.families.first.tolist()
        if marks is None:
            totals = [0] * (OUTSIDE + 1)
            for kind, low, high in zip(table.families.kind.tolist(), first, first[1:], strict=False):
                totals[kind] += high - low
            return {name: totals[kind] for kind, name in KINDS.items() if totals[kind]}
        for family, kind in enumerate(table.families.kind.tolist()):
            low, high = first[family], first[family + 1]
            name = KINDS.get(kind)
            if name is not None:
                counts[name] = counts.get(name, 0) + high - low - (sum(marks[low:high]) if marks is not None else 0)
        return counts

    def _packs_of(self, folder: bytes, store: ObjectStore, seen: set[bytes]) -> list[Pack]:
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problems.append((folder, f"cannot be read ({error.strerror})"))
            return []
        packs: list[Pack] = []
        known = set(names)
        for name in sorted(names):
            path = os.path.join(folder, name[:-4])
            if name.endswith(b".pack") and name[:-5] + b".idx" not in known:
                self.problems.append((os.path.join(folder, name), "the pack has no index"))
            if not name.endswith(b".idx"):
                continue
            # The same pack through two ways to it counts once.
            real = os.path.realpath(path + b".pack")
            if real in seen:
                continue
            seen.add(real)
            if not (store.may_read(path + b".idx") and store.may_read(path + b".pack")):
                continue
            try:
                packs.append(Pack(path, store.hash_size))
            except OSError as error:
                self.problems.append((path + b".pack", f"cannot be read ({error.strerror})"))
            except BadDataError as error:
                self.problems.append((path + b".pack", str(error)))
        return packs

    def _mark_copies(self) -> None:
        """Mark all but the first of each object."""
        self.unwanted = [None] * len(self.tables)
        if not self.tables or len(self._ordered) < 2:
            return
        packs = [pack for pack, _ in self._ordered]
        if sum(pack.count for pack in packs) <= BULK:
            marked = _copies(packs)
        elif sum(table.pack.count for table in self.tables) * len(packs) <= _ASKED:
            marked = _copies_asked(self._ordered)
        else:
            from leaksieve.gitobjects.packtable_bulk import copies

            marked = copies(packs)
        places = [found for found, (_, settled) in zip(marked, self._ordered, strict=True) if not settled]
        for number, found in enumerate(places):
            if found:
                place = self.tables[number].place.tolist()
                self.unwanted[number] = bytearray(each in found for each in place)

    def _loose_of(self, directories: list[bytes], store: ObjectStore) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        rest = re.compile(rb"[0-9a-f]{%d}" % (2 * store.hash_size - 2))
        for directory in directories:
            try:
                fans = sorted(os.listdir(directory))
            except OSError as error:
                self.problems.append((directory, f"cannot be read ({error.strerror})"))
                continue
            for fan in fans:
                if not _FAN.fullmatch(fan):
                    continue
                folder = os.path.join(directory, fan)
                try:
                    with os.scandir(folder) as listing:
                        names = sorted((entry.name, entry.is_symlink()) for entry in listing)
                except NotADirectoryError:
                    continue
                except OSError as error:
                    self.problems.append((folder, f"cannot be read ({error.strerror})"))
                    continue
                if not store.may_read(os.path.join(folder, b"")):
                    continue
                for name, linked in names:
                    if rest.fullmatch(name) and not (linked and not store.may_read(os.path.join(folder, name))):
                        found.setdefault(bytes.fromhex((fan + name).decode()), directory)
        return found

    def has(self, oid: bytes) -> bool:
        """Whether an object is there, packed or loose."""
        return oid in self._found or any(holds(pack, oid) for pack, _ in self._ordered)

    def _unpacked(self) -> dict[bytes, bytes]:
        return {oid: directory for oid, directory in self._found.items() if not any(holds(pack, oid) for pack, _ in self._ordered)}


def holds(pack: Pack, oid: bytes) -> bool:
    """Whether a pack has an object; one whose index is broken has none."""
    try:
        return pack.find(oid) is not None
    except BadDataError:
        return False


def _copies(packs: list[Pack]) -> list[set[int]]:
    known: set[bytes] = set()
    marked: list[set[int]] = []
    for pack in packs:
        names = pack.names()
        marked.append({place for place, name in enumerate(names) if name in known})
        known.update(names)
    return marked


def _copies_asked(ordered: list[Ordered]) -> list[set[int]]:
    """The same for the packs that are not settled, by asking the others' indexes."""
    marked: list[set[int]] = []
    before: list[Pack] = []
    for pack, settled in ordered:
        names = [] if settled else pack.names()
        marked.append({place for place, name in enumerate(names) if any(holds(each, name) for each in before)})
        before.append(pack)
    return marked
