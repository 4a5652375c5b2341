"""What a history scan keeps for the next one, and what of it still fits the repository."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256

from leaksieve.archives.magic import REASONS
from leaksieve.cache.history import HistoryCache
from leaksieve.cache.identity import loose_record, pack_identity
from leaksieve.gitobjects.inventory import Inventory, Ordered
from leaksieve.gitobjects.pack import Pack
from leaksieve.history_part import Known, Part, Range, Reader, joined
from leaksieve.history_share import Key, ShareAnswer
from leaksieve.sources.base import Unit

# More loose objects than this are read every time; git packs them long before.
_MOST_LOOSE = 20_000
# A part of the commits' records, and how many parts one pack may have.
_COMMITS = 8 * 1024 * 1024
_MOST_COMMITS = 16


class HistoryMemory:
    """The memory of one repository's earlier scans, for :class:`~leaksieve.sources.history.HistorySource`.

    ``cache`` must be bound to the repository and to everything that decides what a scan finds in an object.
    ``is_plain`` says that a name holds no secret, so that it may be kept.  With ``empty`` what is kept is not looked at.
    Nothing here raises for what the cache holds or cannot hold.
    """

    def __init__(self, cache: HistoryCache, is_plain: Callable[[bytes], bool], *, empty: bool = False) -> None:
        self.cache = cache
        self._is_plain = is_plain
        self._packs: list[Known] = []
        self._loose: dict[bytes, tuple[bytes, Part, bytes]] = {}
        self._stored: bytes | None = None
        self._loaded: bytes | None = None
        self._whole = True
        # Loose objects that are new: raw id -> record.
        self._fresh: dict[bytes, bytes] = {}
        # Loose objects that are still to be read.
        self._awaited: set[bytes] = set()
        # Others that were there and are not known, by id.
        self._others: list[bytes] = []
        self._gone = False
        self._paths: list[bytes] = []
        self._tables: list[int] = []
        if not empty:
            self._load()

    def _load(self) -> None:
        self._stored = self.cache.derived("stock", b"")
        if self._stored is None:
            return
        try:
            packs, loose, self._others = marshal.loads(self._stored)  # noqa: S302  only this user's runs can have written it
            self._packs = [Known.of(each) for each in packs]
            self._loose = {record: (oid, Part(part), commit) for record, oid, part, commit in loose}
            self._loaded = sha256(self._stored).digest()
        except (ValueError, TypeError, EOFError, IndexError):
            self.cache.notes.append("what the cache holds of this repository does not parse and was ignored")
            self.clear()

    # -- before the scan

    def order(self, packs: list[Pack]) -> list[Ordered]:
        """Packs that are known first, in the order they were counted in: which copy of an object counts depends on it."""
        here: dict[bytes, Pack] = {}
        identities: dict[bytes, bytes] = {}
        for pack in packs:
            try:
                identity = pack_identity(pack.path + b".pack", pack.path + b".idx")
            except OSError:
                continue
            here[identity] = pack
            identities[pack.path] = identity
        chain: list[Known] = []
        ordered: list[Ordered] = []
        for known in self._packs:
            pack_ = here.pop(known.identity, None)
            # Those behind a pack that is gone left out what it held.
            if pack_ is None or pack_.count != known.count:
                self._gone = True
                break
            chain.append(known)
            ordered.append(Ordered(pack_, known.settled))
        taken = {id(pack) for pack, _ in ordered}
        for pack in packs:
            if id(pack) not in taken:
                # A pack that has gone meanwhile has no identity, and is never found again.
                chain.append(Known(identities.get(pack.path, os.urandom(32)), pack.count))
                ordered.append(Ordered(pack, settled=False))
        self._packs = chain
        self._paths = [pack.path for pack, _ in ordered]
        return ordered

    def fits(self, inventory: Inventory) -> bool:
        """Whether all that was there is still there: what is known may name it, and only reading it again would tell."""
        return not self._gone and all(map(inventory.has, [*self.loose(), *self._others]))

    def clear(self) -> None:
        """Begin anew."""
        self._packs, self._loose, self._others, self._gone, self._loaded = [], {}, [], False, None

    def loose(self) -> frozenset[bytes]:
        """The ids of loose objects that may be known."""
        return frozenset(oid for oid, _, _ in self._loose.values())

    def adopt(self, inventory: Inventory) -> tuple[dict[int, list[Range]], list[bytes]]:
        """Line up with the packs that can be used; see :class:`~leaksieve.sources.history.Memory`."""
        by_path = dict(zip(self._paths, self._packs, strict=True))
        chain: list[Known] = []
        ranges: dict[int, list[Range]] = {}
        self._tables = []
        shaken = len(inventory.packs) != len(self._packs)
        for place, (pack, settled) in enumerate(inventory.packs):
            known = by_path[pack.path]
            if not settled:
                number = len(self._tables)
                families = len(inventory.tables[number].families.kind)
                if shaken or known.families not in (-1, families):
                    known = Known(known.identity, known.count)
                known.families = families
                known.distinct = inventory.distinct(number)
                known.by_kind = inventory.by_kind(number)
                ranges[number] = list(known.ranges)
                self._tables.append(place)
            chain.append(known)
        self._packs = chain
        unknown: list[bytes] = []
        kept: dict[bytes, tuple[bytes, Part, bytes]] = {}
        for oid, directory in inventory.loose.items():
            name = oid.hex().encode()
            try:
                record = loose_record(oid, os.stat(os.path.join(directory, name[:2], name[2:])))
            except OSError:
                unknown.append(oid)
                continue
            if record in self._loose:
                kept[record] = self._loose[record]
            else:
                self._fresh[oid] = record
                unknown.append(oid)
        self._loose = kept
        self._awaited = set(unknown)
        return ranges, unknown

    def expected(self) -> dict[str, int]:
        """Objects that neither the inventory's tables nor the unknown loose ones stand for."""
        counts = {"objects": len(self._loose)}
        tables = set(self._tables)
        for place, known in enumerate(self._packs):
            if place not in tables:
                counts["objects"] += known.distinct
                for kind, count in known.by_kind.items():
                    counts[f"{kind}s"] = counts.get(f"{kind}s", 0) + count
        return counts

    def parts(self) -> Iterator[Part]:
        """All that is known, in an order that is the same as long as nothing else is."""
        for known in self._packs:
            yield known.part
        for record in sorted(self._loose):
            yield self._loose[record][1]

    def recall(self, read: Reader, shown: Collection[bytes] = ()) -> bool:
        """Learn the keys again; False when the memory does not fit what is there.  ``shown`` are objects that are read in any case."""
        return all(part.recall(read, shown) for part in self.parts())

    def commits(self) -> list[bytes] | None:
        """The records of known commits; None when they are not all there."""
        found: list[bytes] = []
        for place, known in enumerate(self._packs):
            data = self._commits_of(place)
            if len(data) != known.size:
                return None
            found.append(data)
            found += known.commits
        found += [commit for _, _, commit in self._loose.values() if commit]
        return found

    # -- while it runs

    def took(self, unit: Unit, answers: list[ShareAnswer]) -> None:
        """Note what a share gave; what was not read in full is left for the next run."""
        if unit[0] == "loose":
            oids: tuple[bytes, ...] = unit[1]
            if len(oids) != len(answers):
                self._whole = False
                return
            for oid, answer in zip(oids, answers, strict=True):
                record = self._fresh.get(oid)
                if record is None or not self._storable(answer) or len(self._loose) >= _MOST_LOOSE:
                    self._whole = False
                    continue
                part = Part()
                part.add(answer)
                self._loose[record] = (oid, part, b"".join(answer.commits))
                self._awaited.discard(oid)
            return
        _, table, begin, stop = unit
        known = self._packs[self._tables[table]]
        for answer in answers:
            commits = b"".join(answer.commits)
            if not self._storable(answer) or known.size + sum(map(len, known.commits)) + len(commits) > _COMMITS * _MOST_COMMITS:
                self._whole = False
                return
            known.part.add(answer)
            if commits:
                known.commits.append(commits)
        known.ranges = joined([*known.ranges, (begin, stop)])

    def _storable(self, answer: ShareAnswer) -> bool:
        """Whether the answer stands for good: everything was read, and no name to be kept holds a secret."""
        # What is wrong inside an archive is so for good: the object itself was read.
        settled = all(skip.reason in REASONS or (skip.kind == "excluded" and skip.reason in ("lfs-pointer", "too-large")) for skip in answer.skips)
        return settled and all(map(self._is_plain, answer.submodules))

    # -- after it

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self._whole and not self._awaited and all(known.settled for known in self._packs)

    def keys(self) -> list[Key]:
        """All keys, each once, in an order that is the same as long as :meth:`state` is."""
        return list(dict.fromkeys(key for part in self.parts() for key in part.keys))

    @property
    def loaded(self) -> bytes | None:
        """The state an earlier run left, None when there is none; what it held is still there."""
        return self._loaded

    def state(self) -> bytes:
        """What tells this state of the object store from others, 32 bytes."""
        return sha256(self._encoded()).digest()

    def save(self, values: Iterable[bytes]) -> None:
        """Keep what is known now, unless a name to be kept holds one of the secret ``values``.  Never raises for input or output."""
        links = {link for part in self.parts() for link in part.links}
        if links and any(value in link for value in values for link in links):
            return
        for place, known in enumerate(self._packs):
            if known.commits:
                before = self._commits_of(place)
                if len(before) != known.size:
                    return  # without all of its records a pack is of no use
                data = before + b"".join(known.commits)
                known.size, known.commits = len(data), []
                key = self._commits_key(place)
                for number, at in enumerate(range(0, len(data), _COMMITS)):
                    self.cache.put_derived(f"commits {number}", key, data[at : at + _COMMITS])
        encoded = self._encoded()
        if encoded != self._stored:
            self.cache.put_derived("stock", b"", encoded)
            self._stored = encoded

    def _commits_of(self, place: int) -> bytes:
        """The records of a pack's commits as they are kept."""
        key = self._commits_key(place)
        return b"".join(self.cache.derived(f"commits {number}", key) or b"" for number in range(-(-self._packs[place].size // _COMMITS)))

    def _commits_key(self, place: int) -> bytes:
        # Which of its commits count depends on the packs before it; and the records of more of them must not take the place of fewer.
        return sha256(b"".join(known.identity for known in self._packs[: place + 1]) + b"%d" % self._packs[place].size).digest()

    def _encoded(self) -> bytes:
        loose = [(record, oid, part.plain(), commit) for record, (oid, part, commit) in sorted(self._loose.items())]
        # Version 2: equal values give equal bytes, whatever refers to what.
        return marshal.dumps(([known.plain() for known in self._packs], loose, sorted(self._awaited)), 2)


class EachLoose:
    """A worker that answers for loose objects one by one; callable with a unit."""

    def __init__(self, worker: Callable[[Unit], bytes]) -> None:
        self._worker = worker

    def __call__(self, unit: Unit) -> bytes:
        """Do one unit; the answers are encoded as the worker does."""
        if unit[0] != "loose":
            return marshal.dumps([self._worker(unit)])
        return marshal.dumps([self._worker(("loose", (oid,))) for oid in unit[1]])


def each(result: bytes) -> list[bytes]:
    """The encoded answers that :class:`EachLoose` joined."""
    answers: list[bytes] = marshal.loads(result)  # noqa: S302  written by a worker of this run
    return answers
