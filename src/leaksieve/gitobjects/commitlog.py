"""All commits of a repository as one table, parents before children.

Built from records that whoever reads the commits packs one by one, or by reading from given tips.
Replace references and grafts are not honoured: what is in the repository is what leaks.
"""

from __future__ import annotations

import struct
from array import array
from binascii import unhexlify
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, ObjectError
from leaksieve.gitobjects.objects import ObjectStore

COMMIT_LIMIT = 16 * 1024 * 1024
# Committer time, number of parents, length of an id; then the commit's own id, its tree's, its parents'.
_HEAD = struct.Struct("<qHH")
_pack_head = _HEAD.pack
_NONE = -1


def pack_commit(oid: bytes, data: bytes) -> bytes:
    """Pack what a commit's raw content says of its place in history, for :meth:`CommitLog.from_packed`; raises BadDataError.

    Records may be joined without separators.
    """
    size = len(oid)
    width = 2 * size
    try:
        # The usual form; whatever differs from it is parsed with more patience.
        at = 5 + width
        links = unhexlify(data[5:at])
        count = 0
        while data.startswith(b"\nparent ", at):
            links += unhexlify(data[at + 8 : at + 8 + width])
            at += 8 + width
            count += 1
        line = data.index(b"\ncommitter ", at)
        end = data.index(b"\n", line + 11)
        when = data.index(b"> ", line, end) + 2
        time = int(data[when : data.index(b" ", when, end)])
        if data.startswith(b"tree ") and len(links) == size + count * size and data.find(b"\n\n", at, line) < 0:
            return _pack_head(time, count, size) + oid + links
    except (ValueError, struct.error):
        pass
    commit = parse_commit(data, size)
    if len(commit.parents) > 0xFFFF:
        raise BadDataError("the commit has more parents than can be worked on")
    time = commit.commit_date if -(1 << 62) < commit.commit_date < 1 << 62 else 0
    return b"".join((_pack_head(time, len(commit.parents), size), oid, commit.tree, *commit.parents))


class _Record(NamedTuple):
    oid: bytes
    tree: bytes
    time: int
    parents: list[bytes]


def _records(packed: Iterable[bytes]) -> Iterator[_Record]:
    for block in packed:
        at, end = 0, len(block)
        while at < end:
            time, count, size = _HEAD.unpack_from(block, at)
            at += 12
            one, two = at + size, at + 2 * size
            last = two + count * size
            yield _Record(block[at:one], block[one:two], time, [block[place : place + size] for place in range(two, last, size)])
            at = last


class CommitLog:
    """Commits by number, from 0; every commit's number is higher than its parents'.

    Otherwise they are in the order of their committer times (a commit dated before its parents
    counts as if dated after them), and of their ids where those are the same.

    ``times`` are committer times, seconds since 1970.  ``first`` is each commit's first parent, -1
    without one; a number below -1 is that of a missing one.  ``others`` holds further parents of
    merges.  ``cut`` are the commits whose parents a shallow clone does not have; of those in
    ``missing`` (commit -> ids) some parents should be there and are not.
    """

    __slots__ = ("_ids", "_trees", "cut", "first", "missing", "others", "size", "times")

    def __init__(self, records: Iterable[_Record], shallow: Collection[bytes] = ()) -> None:
        found: dict[bytes, _Record] = {}
        for record in records:
            found[record.oid] = record
        listed = list(found.values())
        number = {oid: place for place, oid in enumerate(found)}
        parents: list[list[int]] = []
        missing: dict[int, list[bytes]] = {}
        cut: list[int] = []
        for place, record in enumerate(listed):
            if not record.parents:
                parents.append([])
            elif record.oid in shallow:
                cut.append(place)
                parents.append([])
            else:
                known = [number.get(oid, _NONE) for oid in record.parents]
                if _NONE in known:
                    missing[place] = [oid for oid in record.parents if oid not in number]
                    known = [parent for parent in known if parent >= 0]
                parents.append(known)
        del number, found
        order = _order(listed, parents)
        place_of = array("q", bytes(8 * len(order)))
        for after, before in enumerate(order):
            place_of[before] = after
        self.size = len(listed[0].oid) if listed else 0
        self._ids = b"".join([listed[place].oid for place in order])
        self._trees = b"".join([listed[place].tree for place in order])
        self.times = array("q", [listed[place].time for place in order])
        self.first = array("q", [place_of[parents[place][0]] if parents[place] else _NONE for place in order])
        self.others: dict[int, tuple[int, ...]] = {
            place_of[place]: tuple([place_of[parent] for parent in above[1:]]) for place, above in enumerate(parents) if len(above) > 1
        }
        self.cut = frozenset(place_of[place] for place in cut)
        self.missing = {place_of[place]: tuple(ids) for place, ids in missing.items()}

    @classmethod
    def from_packed(cls, packed: Iterable[bytes], shallow: Collection[bytes] = ()) -> CommitLog:
        """Build from records of :func:`pack_commit`, each item one or several joined; copies count once.

        ``shallow`` are the raw ids at which a shallow clone ends.
        """
        return cls(_records(packed), shallow)

    @classmethod
    def from_store(cls, store: ObjectStore, tips: Iterable[bytes], shallow: Collection[bytes] = ()) -> tuple[CommitLog, list[ObjectError]]:
        """Read every commit reachable from ``tips`` (raw ids of commits); also return what could not be read."""
        errors: list[ObjectError] = []
        pending = list(dict.fromkeys(tips))
        seen = set(pending)
        records: list[bytes] = []
        while pending:
            oid = pending.pop()
            try:
                kind, data = store.read(oid, COMMIT_LIMIT)
                if kind != "commit":
                    raise CorruptObjectError(oid, f"is a {kind} where a commit is needed")
                records.append(pack_commit(oid, data))
            except BadDataError as error:
                errors.append(CorruptObjectError(oid, str(error)))
                continue
            except ObjectError as error:
                errors.append(error)
                continue
            if oid not in shallow:
                (record,) = _records(records[-1:])
                fresh = [parent for parent in record.parents if parent not in seen]
                seen.update(fresh)
                pending += fresh
        return cls(_records(records), shallow), errors

    def __len__(self) -> int:
        return len(self.times)

    def oid(self, number: int) -> bytes:
        """Return a commit's raw id."""
        return self._ids[number * self.size : (number + 1) * self.size]

    def tree(self, number: int) -> bytes:
        """Return the raw id of a commit's tree."""
        return self._trees[number * self.size : (number + 1) * self.size]

    def parents(self, number: int) -> tuple[int, ...]:
        """Return the numbers of a commit's parents, those of them that are there."""
        first = self.first[number]
        if first < 0:
            return ()
        return (first, *self.others[number]) if number in self.others else (first,)

    def numbers(self, oids: Iterable[bytes]) -> dict[bytes, int]:
        """Return the numbers of those of the raw ids that are commits of this table; one pass over it, however many are asked for."""
        wanted = set(oids)
        if not wanted:
            return {}
        size = self.size
        ids = self._ids
        return {oid: place // size for place in range(0, len(ids), size) if (oid := ids[place : place + size]) in wanted} if size else {}

    def reach(self, tips: Iterable[int]) -> bytearray:
        """Return a byte for each commit, 1 where one of ``tips`` (numbers) reaches it; a commit reaches itself."""
        found = bytearray(len(self.times))
        for tip in tips:
            found[tip] = 1
        first, others = self.first, self.others
        # Parents have lower numbers, so once from the top is enough.
        at = found.rfind(1)
        while at >= 0:
            parent = first[at]
            if parent >= 0:
                found[parent] = 1
                if at in others:
                    for parent in others[at]:
                        found[parent] = 1
            at = found.rfind(1, 0, at)
        return found


def _order(listed: list[_Record], parents: list[list[int]]) -> list[int]:
    """Old numbers in the new order."""
    count = len(listed)
    dates = [record.time for record in listed]
    by_date = sorted(range(count), key=dates.__getitem__)
    # Clocks are mostly right: then one pass in the order of dates finds little to mend, and a second one nothing.
    for _ in range(3):
        mended = False
        for place in by_date:
            above = parents[place]
            if above:
                newest = dates[above[0]] if len(above) == 1 else max([dates[parent] for parent in above])
                if dates[place] <= newest:
                    dates[place] = newest + 1
                    mended = True
        if not mended:
            break
        by_date.sort(key=dates.__getitem__)
    else:
        dates = _mended(dates, parents)
    ids = [record.oid for record in listed]
    return sorted(range(count), key=lambda place: (dates[place], ids[place]))


def _mended(dates: list[int], parents: list[list[int]]) -> list[int]:
    """Dates that are later than the parents', whatever they were; parents that no order can place first are given up."""
    count = len(dates)
    children: dict[int, list[int]] = {}
    waiting = [0] * count
    for place, above in enumerate(parents):
        for parent in {*above}:
            children.setdefault(parent, []).append(place)
            waiting[place] += 1
    ready = [place for place in range(count) if not waiting[place]]
    for place in ready:
        for child in children.get(place, ()):
            dates[child] = max(dates[child], dates[place] + 1)
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    if len(ready) < count:
        # A circle, which only forged records can hold.
        for place in range(count):
            if waiting[place]:
                parents[place] = []
    return dates


class Author(NamedTuple):
    """Who made a commit: name and address as text, and both dates in RFC 3339 with the offset they were made in."""

    name: str
    email: str
    date: str
    commit_date: str


def author_of(store: ObjectStore, oid: bytes) -> Author:
    """Read a commit's author; what does not parse is empty.  Raises an ObjectError."""
    kind, data = store.read(oid, COMMIT_LIMIT)
    if kind != "commit":
        raise CorruptObjectError(oid, f"is a {kind} where a commit is needed")
    return author_in(data)


def author_in(data: bytes) -> Author:
    """Say who made a commit, or (from its tagger line) a tag, by its raw content."""
    head = data.partition(b"\n\n")[0]
    people: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        word, _, rest = line.partition(b" ")
        if word in (b"author", b"committer", b"tagger"):
            people.setdefault(word, rest)
    author = people.get(b"author", people.get(b"tagger", b""))
    who, _, when = author.rpartition(b"> ")
    name, _, email = who.rpartition(b"<")
    committer = people.get(b"committer", author).rpartition(b"> ")[2]
    return Author(_text(name.strip()), _text(email.strip()), rfc3339(when), rfc3339(committer))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def rfc3339(stamp: bytes) -> str:
    """Spell git's "seconds offset" as RFC 3339; empty when it does not parse or lies outside the years 1 to 9999."""
    from datetime import datetime, timedelta, timezone

    try:
        seconds, _, zone = stamp.partition(b" ")
        offset = 0
        if zone:
            sign = -1 if zone.startswith(b"-") else 1
            digits = int(zone.lstrip(b"+-"))
            offset = sign * (digits // 100 * 60 + digits % 100)
        if abs(offset) >= 24 * 60:
            offset = 0
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(seconds))  # noqa: UP017  datetime.UTC reads no better here
        return moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    except (ValueError, OverflowError):
        return ""
