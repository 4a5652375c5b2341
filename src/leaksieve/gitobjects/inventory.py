"""Everything a repository's object store holds: packs, loose objects, alternates, each object once."""

from __future__ import annotations

import os
import re

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packtable import BULK, KINDS, PackTable, build
from leaksieve.gitobjects.repository import Repository

_FAN = re.compile(rb"[0-9a-f]{2}")


class Inventory:
    """What there is to read.

    ``tables`` are the packs; ``unwanted`` holds for each of them None or a bytearray, in family order, of 1
    where the object is not to be visited (a copy stands elsewhere).  ``loose`` are raw ids of loose objects that no
    pack holds.  ``problems`` are (path, phrase) of packs that cannot be used and of directories that cannot be
    read; ``refused`` are places outside the allowed roots.
    """

    def __init__(self, repository: Repository) -> None:
        store = ObjectStore(repository)
        self.tables: list[PackTable] = []
        self.unwanted: list[bytearray | None] = []
        self.problems: list[tuple[bytes, str]] = []
        directories = store.object_dirs()
        seen: set[bytes] = set()
        for directory in directories:
            self._packs_of(os.path.join(directory, b"pack"), repository, seen)
        # The largest first: copies of its objects are looked for in the smaller ones.
        self.tables.sort(key=lambda table: -table.pack.count)
        self._mark_copies()
        self.loose = self._loose_of(directories, repository.hash_size)
        self.refused = [*store.refused]

    @property
    def packed(self) -> int:
        """How many distinct objects the packs hold."""
        return sum(table.pack.count - (sum(marks) if marks is not None else 0) for table, marks in zip(self.tables, self.unwanted, strict=True))

    def by_kind(self) -> dict[str, int]:
        """How many packed objects of each kind there are, as far as the packs tell without being read; copies count once."""
        counts: dict[str, int] = {}
        for table, marks in zip(self.tables, self.unwanted, strict=True):
            first = table.families.first.tolist()
            for number, kind in enumerate(table.families.kind.tolist()):
                low, high = first[number], first[number + 1]
                name = KINDS.get(kind)
                if name is not None:
                    counts[name] = counts.get(name, 0) + high - low - (sum(marks[low:high]) if marks is not None else 0)
        return counts

    def _packs_of(self, folder: bytes, repository: Repository, seen: set[bytes]) -> None:
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            self.problems.append((folder, f"cannot be read ({error.strerror})"))
            return
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
            if not (repository.allows(path + b".idx") and repository.allows(path + b".pack")):
                self.problems.append((path + b".pack", "leads outside the directories this scan may read"))
                continue
            try:
                pack = Pack(path, repository.hash_size)
                table = build(pack)
            except OSError as error:
                self.problems.append((path + b".pack", f"cannot be read ({error.strerror})"))
                continue
            except BadDataError as error:
                self.problems.append((path + b".pack", str(error)))
                continue
            if pack.announced != pack.count:
                self.problems.append((path + b".pack", f"holds {pack.announced} objects and its index names {pack.count}"))
            self.tables.append(table)

    def _mark_copies(self) -> None:
        """Mark all but the first of each object."""
        self.unwanted = [None] * len(self.tables)
        if len(self.tables) < 2:
            return
        if sum(table.pack.count for table in self.tables) > BULK:
            from leaksieve.gitobjects.packtable_bulk import copies

            marked = copies([table.pack for table in self.tables])
        else:
            marked = _copies(self.tables)
        for number, places in enumerate(marked):
            if places:
                place = self.tables[number].place.tolist()
                self.unwanted[number] = bytearray(each in places for each in place)

    def _loose_of(self, directories: list[bytes], hash_size: int) -> list[bytes]:
        found: dict[bytes, None] = {}
        rest = re.compile(rb"[0-9a-f]{%d}" % (2 * hash_size - 2))
        for directory in directories:
            try:
                fans = sorted(os.listdir(directory))
            except OSError as error:
                self.problems.append((directory, f"cannot be read ({error.strerror})"))
                continue
            for fan in fans:
                if not _FAN.fullmatch(fan):
                    continue
                try:
                    names = sorted(os.listdir(os.path.join(directory, fan)))
                except NotADirectoryError:
                    continue
                except OSError as error:
                    self.problems.append((os.path.join(directory, fan), f"cannot be read ({error.strerror})"))
                    continue
                for name in names:
                    if rest.fullmatch(name):
                        found[bytes.fromhex((fan + name).decode())] = None
        return [oid for oid in found if not self._is_packed(oid)]

    def _is_packed(self, oid: bytes) -> bool:
        for table in self.tables:
            try:
                if table.pack.find(oid) is not None:
                    return True
            except BadDataError:
                continue
        return False


def _copies(tables: list[PackTable]) -> list[set[int]]:
    known: set[bytes] = set()
    marked: list[set[int]] = []
    for table in tables:
        names = table.pack.names()
        marked.append({place for place, name in enumerate(names) if name in known})
        known.update(names)
    return marked
