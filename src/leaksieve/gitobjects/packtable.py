"""All entries of a pack, ordered for a walk: families of deltas, each standing together.

A *family* is an entry that is no delta (or whose base lies outside the pack) with everything built
on it, however indirectly.  Positions below are positions in the family order: families by the place
of their root in the pack, their members by theirs.
"""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple, Protocol

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.pack import Pack

# Past so many entries importing numpy is cheaper than a loop (5 us an entry).
BULK = 20_000
COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
# Sizes past this are not worked on, whatever they say.
LARGEST = 1 << 30
# What stands before the first entry: a mark, a version, a count.
HEAD = 12
KINDS = {COMMIT: "commit", TREE: "tree", BLOB: "blob", TAG: "tag"}
# What stands for the type of a family whose root could not be read, and for one whose base lies outside the pack.
BROKEN = 0
OUTSIDE = 7


class Column(Protocol):
    """A numpy array or an ``array.array``: whatever slices and lists."""

    def __getitem__(self, where: Any) -> Any: ...

    def __len__(self) -> int: ...

    def tolist(self) -> list[int]:
        """The numbers as Python's."""
        ...


class Families(NamedTuple):
    """All families of a pack as columns: where each begins (and, at the end, where the last one ends), its root's type, and about how much work it is (bytes)."""

    first: Column
    kind: Column
    weight: Column


class PackTable(NamedTuple):
    """The entries of one pack as columns in family order.

    ``place`` is the position in the index (which gives the id), ``at`` and ``end`` bound the compressed
    data, ``size`` is what it inflates to (a delta's own size, not its result's), ``base`` the position of
    the delta's base or -1.  ``outside`` maps positions to ids of bases that are not in this pack;
    ``broken`` maps positions of entries that cannot be read to what is wrong with them.
    """

    pack: Pack
    place: Column
    at: Column
    end: Column
    size: Column
    base: Column
    families: Families
    outside: dict[int, bytes]
    broken: dict[int, str]

    def oid(self, position: int) -> bytes:
        """The raw id of an entry."""
        return self.pack.name(int(self.place[position]))


def build(pack: Pack) -> PackTable:
    """Read all entries' headers; raises OSError or BadDataError when the pack as a whole cannot be used."""
    if pack.count > BULK:
        from leaksieve.gitobjects.packtable_bulk import build_bulk

        return build_bulk(pack)
    return build_small(pack)


def build_small(pack: Pack) -> PackTable:
    """The same in plain Python."""
    offsets = pack.offsets()
    order = sorted(range(len(offsets)), key=offsets.__getitem__)
    starts = [offsets[place] for place in order]
    index = {start: number for number, start in enumerate(starts)}
    limit = len(pack.data) - pack.hash_size
    if limit < HEAD:
        raise BadDataError("the pack is cut off")
    count = len(order)
    types, at, sizes, base = [BROKEN] * count, [0] * count, [0] * count, [-1] * count
    outside: dict[int, bytes] = {}
    broken: dict[int, str] = {}
    for number, start in enumerate(starts):
        try:
            types[number], sizes[number], at[number], wanted = pack.entry(start)
        except BadDataError as error:
            broken[number] = str(error)
            continue
        if at[number] >= limit:
            broken[number] = "the pack is cut off"
            continue
        if wanted is None:
            continue
        if isinstance(wanted, bytes):
            try:
                offset = pack.find(wanted)
            except BadDataError:
                offset = None
            if offset is None:
                types[number] = OUTSIDE
                outside[number] = wanted
                continue
            wanted = offset
        if wanted in index and wanted != start:
            base[number] = index[wanted]
        else:
            broken[number] = "its base is no entry of the pack"
    root = _roots(base, broken)
    for number in broken:
        types[number], at[number], sizes[number] = BROKEN, 0, 0
    grouped = sorted(range(count), key=root.__getitem__)
    position = [0] * count
    for new, number in enumerate(grouped):
        position[number] = new
    # Up to the next entry; an index may name one place several times.
    ends = [limit] * count
    for number in range(count - 2, -1, -1):
        ends[number] = ends[number + 1] if starts[number + 1] == starts[number] else min(starts[number + 1], limit)
    first: list[int] = [new for new in range(count) if not new or root[grouped[new]] != root[grouped[new - 1]]]
    tops = [root[grouped[new]] for new in first]
    first.append(count)
    families = Families(
        array("q", first),
        array("q", [BROKEN if top in broken else types[top] for top in tops]),
        array("q", [_weight(sizes[top], last - new) for top, new, last in zip(tops, first, first[1:], strict=False)]),
    )
    return PackTable(
        pack,
        array("q", [order[number] for number in grouped]),
        array("q", [at[number] for number in grouped]),
        array("q", [ends[number] for number in grouped]),
        array("q", [sizes[number] for number in grouped]),
        array("q", [position[base[number]] if base[number] >= 0 else -1 for number in grouped]),
        families,
        {position[number]: oid for number, oid in outside.items()},
        {position[number]: what for number, what in broken.items()},
    )


def _roots(base: list[int], broken: dict[int, str]) -> list[int]:
    """The root of every entry; entries on a cycle of deltas become broken roots."""
    root = [-1] * len(base)
    for number in range(len(base)):
        chain = []
        here = number
        while root[here] < 0:
            if base[here] < 0:
                root[here] = here
                break
            root[here] = -2 - number
            chain.append(here)
            here = base[here]
            if root[here] == -2 - number:
                # Back where this chain has been: nothing on the cycle can ever be built.
                while base[here] >= 0:
                    broken[here] = "a delta that is built on itself"
                    root[here], base[here], here = here, -1, base[here]
        for each in reversed(chain):
            if base[each] >= 0:
                root[each] = root[base[each]]
    return root


def _weight(root_size: int, members: int) -> int:
    """About how many bytes of work: members are mostly as long as their root, and each costs something by itself."""
    return (min(root_size, LARGEST) + 4000) * members
