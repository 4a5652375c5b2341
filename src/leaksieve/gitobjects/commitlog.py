"""All commits of a repository as one table, parents before children.

Built from records that whoever reads the commits packs one by one.
Replace references and grafts are not honoured: what is in the repository is what leaks.
"""

from __future__ import annotations

import struct
from array import array
from binascii import unhexlify
from collections.abc import Collection, Iterable

from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.errors import BadDataError

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


class _Records:
    """Records taken apart: ids, trees, times and the ids of parents, side by side."""

    __slots__ = ("ids", "parents", "times", "trees")

    def __init__(self, packed: Iterable[bytes]) -> None:
        self.ids: list[bytes] = []
        self.trees: list[bytes] = []
        self.times: list[int] = []
        self.parents: list[tuple[bytes, ...]] = []
        head = _HEAD.unpack_from
        for block in packed:
            at, end = 0, len(block)
            while at < end:
                time, count, size = head(block, at)
                at += 12
                one, two = at + size, at + 2 * size
                self.times.append(time)
                self.ids.append(block[at:one])
                self.trees.append(block[one:two])
                at = two + size
                if count == 1:
                    self.parents.append((block[two:at],))
                else:
                    at = two + count * size
                    self.parents.append(tuple([block[place : place + size] for place in range(two, at, size)]))


class CommitLog:
    """Commits by number, from 0; every commit's number is higher than its parents'.

    Otherwise they are in the order of their committer times (a commit dated before its parents
    counts as if dated after them), and of their ids where those are the same.

    ``times`` are committer times, seconds since 1970.  ``first`` is each commit's first parent, -1
    without one.  ``others`` holds further parents of
    merges.  ``cut`` are the commits whose parents a shallow clone does not have; of those in
    ``missing`` (commit -> ids) some parents should be there and are not.
    """

    __slots__ = ("_ids", "_trees", "cut", "first", "missing", "others", "size", "times")

    def __init__(self, records: _Records, shallow: Collection[bytes] = ()) -> None:
        ids = records.ids
        number = dict(zip(ids, range(len(ids)), strict=True))
        if len(number) < len(ids):
            records = _without_copies(records, number)
            ids = records.ids
            number = dict(zip(ids, range(len(ids)), strict=True))
        missing: dict[int, tuple[bytes, ...]] = {}
        cut: list[int] = []
        parents: list[tuple[int, ...]] = []
        find = number.get
        for place, above in enumerate(records.parents):
            known = (find(above[0], _NONE),) if len(above) == 1 else tuple([find(oid, _NONE) for oid in above])
            if shallow and above and ids[place] in shallow:
                cut.append(place)
                known = ()
            elif _NONE in known:
                missing[place] = tuple([oid for oid in above if oid not in number])
                known = tuple([parent for parent in known if parent >= 0])
            parents.append(known)
        del number
        order = _order(records, parents)
        place_of = [0] * len(order)
        for after, before in enumerate(order):
            place_of[before] = after
        self.size = len(ids[0]) if ids else 0
        self._ids = b"".join([ids[place] for place in order])
        self._trees = b"".join([records.trees[place] for place in order])
        self.times = array("q", [records.times[place] for place in order])
        self.first = array("q", [place_of[parents[place][0]] if parents[place] else _NONE for place in order])
        self.others: dict[int, tuple[int, ...]] = {
            place_of[place]: tuple([place_of[parent] for parent in above[1:]]) for place, above in enumerate(parents) if len(above) > 1
        }
        self.cut = frozenset(place_of[place] for place in cut)
        self.missing = {place_of[place]: oids for place, oids in missing.items()}

    @classmethod
    def from_packed(cls, packed: Iterable[bytes], shallow: Collection[bytes] = ()) -> CommitLog:
        """Build from records of :func:`pack_commit`, each item one or several joined; copies count once.

        ``shallow`` are the raw ids at which a shallow clone ends.
        """
        return cls(_Records(packed), shallow)

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


def _without_copies(records: _Records, number: dict[bytes, int]) -> _Records:
    once = _Records(())
    for place in sorted(number.values()):
        once.ids.append(records.ids[place])
        once.trees.append(records.trees[place])
        once.times.append(records.times[place])
        once.parents.append(records.parents[place])
    return once


def _order(records: _Records, parents: list[tuple[int, ...]]) -> list[int]:
    """Old numbers in the new order."""
    count = len(parents)
    ids = records.ids
    dates = records.times[:]
    by_date = sorted(range(count), key=dates.__getitem__)
    done = bytearray(count)
    for place in by_date:
        above = parents[place]
        if len(above) == 1:
            parent = above[0]
            if done[parent]:
                if dates[place] <= dates[parent]:
                    dates[place] = dates[parent] + 1
                done[place] = 1
                continue
        _date(place, dates, parents, done)
    by_date.sort(key=dates.__getitem__)
    # Whatever order the records came in, the result is the same.
    ordered = [dates[place] for place in by_date]
    end = 0
    for at, (one, two) in enumerate(zip(ordered, ordered[1:], strict=False)):
        if one == two and at >= end:
            end = at + 2
            while end < count and ordered[end] == one:
                end += 1
            by_date[at:end] = sorted(by_date[at:end], key=ids.__getitem__)
    return by_date


def _date(place: int, dates: list[int], parents: list[tuple[int, ...]], done: bytearray) -> None:
    """Date a commit later than its parents, whose dates are settled first where they are not."""
    pending = [place]
    entered = set()
    while pending:
        at = pending[-1]
        if done[at]:
            pending.pop()
            continue
        unknown = [parent for parent in parents[at] if not done[parent]]
        if unknown:
            if at not in entered:
                entered.add(at)
                pending += unknown
                continue
            # A circle, which only forged records can hold.
            parents[at] = tuple([parent for parent in parents[at] if done[parent]])
        pending.pop()
        for parent in parents[at]:
            if dates[at] <= dates[parent]:
                dates[at] = dates[parent] + 1
        done[at] = 1
