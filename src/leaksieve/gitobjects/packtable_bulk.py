"""The table of a large pack: the same columns as :mod:`packtable`, a column at a time with numpy.

Reading the headers of 407,000 entries takes 0.07 s this way and 0.7 s one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.pack import MAX_SIZE, MAX_VARINT, Pack
from leaksieve.gitobjects.packtable import BROKEN, HEAD, LARGEST, OUTSIDE, Families, PackTable

_OFS_DELTA = 6
_REF_DELTA = 7
# What a distance of more bytes than this leads to lies outside any file.
_MAX_BACK = 8
# No chain of deltas is deeper than 2 to this power; what has no root by then is a cycle.
_MAX_DOUBLINGS = 40

Array = np.ndarray[Any, Any]


def build_bulk(pack: Pack) -> PackTable:
    """Read all entries' headers; raises OSError or BadDataError when the pack as a whole cannot be used."""
    data = np.frombuffer(pack.data, np.uint8)
    limit = len(data) - pack.hash_size
    if limit < HEAD:
        raise BadDataError("the pack is cut off")
    offsets = _offsets(pack)
    order = np.argsort(offsets, kind="stable")
    starts = offsets[order]
    count = len(starts)
    # Headers are read with some bytes in hand: what begins too near the end is read one by one below.
    usable = (starts >= HEAD) & (starts < limit)
    broken: dict[int, str] = {int(i): "an offset points outside the pack" for i in np.nonzero(~usable)[0]}
    types, sizes, at, impossible = _heads(data, np.where(usable, starts, 0), limit)
    for i in np.nonzero(usable & impossible)[0].tolist():
        broken[i] = "announces an impossible size"
    usable &= ~impossible
    outside: dict[int, bytes] = {}
    base = np.full(count, -1, np.int64)
    _follow_offsets(data, limit, starts, types, at, base, usable, broken)
    for i in np.nonzero(usable & (types == _REF_DELTA))[0].tolist():
        oid = bytes(data[at[i] : at[i] + pack.hash_size])
        at[i] += pack.hash_size
        if at[i] >= limit:
            continue
        try:
            offset = pack.find(oid)
        except BadDataError:
            offset = None
        if offset is None:
            outside[i] = oid
            continue
        # The last of those that stand there, should an index name one place several times.
        found = int(np.searchsorted(starts, min(offset, MAX_SIZE), side="right")) - 1
        if found >= 0 and starts[found] == offset != starts[i]:
            base[i] = found
        else:
            broken[i] = "its base is no entry of the pack"
    for i in np.nonzero(usable & ((types == 0) | (types == 5)))[0].tolist():
        broken[i] = f"unknown object type {types[i]} in the pack"
    for i in np.nonzero(at >= limit)[0].tolist():
        broken.setdefault(i, "the pack is cut off")
    base[list(broken)] = -1
    root = _roots(base, broken)
    lost = list(broken)
    types[lost], at[lost], sizes[lost] = BROKEN, 0, 0
    types[list(outside)] = OUTSIDE
    grouped = np.argsort(root, kind="stable")
    position = np.empty(count, np.int64)
    position[grouped] = np.arange(count)
    # Up to the next entry.
    ends = np.minimum(np.append(starts, limit)[np.searchsorted(starts, starts, side="right")], limit)
    root = root[grouped]
    first = np.nonzero(np.append(True, root[1:] != root[:-1]))[0] if count else np.empty(0, np.int64)
    last = np.append(first[1:], count)
    tops = root[first]
    weight = (np.minimum(sizes[tops], LARGEST) + 4000) * (last - first)
    return PackTable(
        pack,
        order[grouped],
        at[grouped],
        ends[grouped],
        sizes[grouped],
        np.where(base >= 0, position[base], -1)[grouped],
        Families(np.append(first, count), types[tops], weight),
        {int(position[i]): oid for i, oid in outside.items()},
        {int(position[i]): what for i, what in broken.items()},
    )


def _offsets(pack: Pack) -> Array:
    _, _, first, step, large = pack.layout
    index = np.frombuffer(pack.index, np.uint8)
    rows = np.lib.stride_tricks.as_strided(index[first:], (pack.count, 4), (step, 1))
    found = np.ascontiguousarray(rows).view(">u4").reshape(-1).astype(np.int64)
    if large:
        far = np.nonzero(found & 0x80000000)[0]
        if len(far):
            room = len(index) - 2 * pack.hash_size
            table = np.minimum(np.frombuffer(pack.index, ">u8", (room - large) // 8, large), MAX_SIZE).astype(np.int64)
            which = found[far] & 0x7FFFFFFF
            if which.max() >= len(table):
                raise BadDataError("the pack index does not hold together")
            found[far] = table[which]
    return found


def _heads(data: Array, starts: Array, limit: int) -> tuple[Array, Array, Array, Array]:
    """Type, size and the place behind both, for every entry, and which sizes are none."""
    byte = data[starts]
    types = ((byte >> 4) & 7).astype(np.int64)
    sizes = (byte & 15).astype(np.int64)
    at = starts + 1
    going = np.nonzero(byte & 128)[0]
    shift = 4
    impossible = np.zeros(len(starts), bool)
    for _ in range(MAX_VARINT):
        if not len(going):
            break
        byte = data[np.minimum(at[going], limit)]
        part = (byte & 127).astype(np.int64)
        if shift > 56:
            impossible[going] |= part >> (63 - shift) != 0
            part &= (1 << (63 - shift)) - 1
        sizes[going] |= part << shift
        at[going] += 1
        shift += 7
        going = going[(byte & 128) != 0]
    impossible[going] = True
    return types, sizes, at, impossible


def _follow_offsets(data: Array, limit: int, starts: Array, types: Array, at: Array, base: Array, usable: Array, broken: dict[int, str]) -> None:
    """Find the bases of deltas that name theirs by distance."""
    which = np.nonzero(usable & (types == _OFS_DELTA))[0]
    if not len(which):
        return
    byte = data[np.minimum(at[which], limit)]
    at[which] += 1
    back = (byte & 127).astype(np.int64)
    going = np.nonzero(byte & 128)[0]
    for _ in range(_MAX_BACK):
        if not len(going):
            break
        byte = data[np.minimum(at[which[going]], limit)]
        at[which[going]] += 1
        back[going] = ((back[going] + 1) << 7) | (byte & 127)
        going = going[(byte & 128) != 0]
    wanted = starts[which] - back
    # The last of those that stand there, should an index name one place several times.
    found = np.maximum(np.searchsorted(starts, wanted, side="right") - 1, 0)
    good = (starts[found] == wanted) & (back > 0) & (wanted >= HEAD)
    good[going] = False
    base[which[good]] = found[good]
    for i in which[~good].tolist():
        broken[i] = "its base is no entry of the pack"


def _roots(base: Array, broken: dict[int, str]) -> Array:
    """The root of every entry; entries on a cycle of deltas become broken roots."""
    own = np.arange(len(base))
    root = np.where(base >= 0, base, own)
    for _ in range(_MAX_DOUBLINGS):
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    if not (base[root] >= 0).any():
        return root
    # What leads into a cycle ends up on it: the cycle's members are those that are reached.
    for i in np.unique(root[base[root] >= 0]).tolist():
        broken[i] = "a delta that is built on itself"
        base[i] = -1
    return _roots(base, broken)


def heads(pack: Pack) -> Array:
    """The first 8 bytes of all ids of a pack, as numbers in the index's order."""
    first, step, *_ = pack.layout
    index = np.frombuffer(pack.index, np.uint8)
    rows = np.lib.stride_tricks.as_strided(index[first:], (pack.count, 8), (step, 1))
    return np.ascontiguousarray(rows).view(">u8").reshape(-1).astype(np.uint64)


def without(oids: list[bytes], known: list[Array]) -> list[bytes]:
    """Those of some ids that stand in none of several packs, told by their first 8 bytes; ``known`` holds what :func:`heads` gave."""
    wanted = np.frombuffer(b"".join([oid[:8] for oid in oids]), ">u8").astype(np.uint64)
    absent = np.ones(len(wanted), bool)
    for each in known:
        if len(each):
            absent &= each[np.minimum(np.searchsorted(each, wanted), len(each) - 1)] != wanted
    return [oids[at] for at in np.nonzero(absent)[0].tolist()]


def copies(packs: list[Pack]) -> list[set[int]]:
    """For each pack, the places in its index of objects that an earlier pack holds as well."""
    parts = [heads(pack) for pack in packs]
    whole = np.concatenate(parts)
    bounds = np.cumsum([0, *(len(each) for each in parts)])
    order = np.argsort(whole, kind="stable")
    ordered = whole[order]
    same = np.zeros(len(ordered), bool)
    same[1:] = ordered[1:] == ordered[:-1]
    marked: list[set[int]] = [set() for _ in packs]
    # The same first 8 bytes may be chance, or somebody's work: whole ids decide.
    group: dict[bytes, int] = {}
    for at in np.nonzero(same | np.append(same[1:], False))[0].tolist():
        if not same[at]:
            group = {}
        number = int(order[at])
        which = int(np.searchsorted(bounds, number, side="right")) - 1
        place = number - int(bounds[which])
        name = packs[which].name(place)
        # Two of one id in one pack may differ, as no honest pack has them: both are read.
        if group.setdefault(name, which) != which:
            marked[which].add(place)
    return marked
