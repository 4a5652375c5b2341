"""What must follow a weak keyword, so that bulk matching sees three bytes and eight more.

A keyword such as ``pat`` or ``SK1`` stands in ordinary text hundreds of times a megabyte.  The bytes
that the pattern wants right behind it, position by position, are necessary as well and cost a
prefilter nothing; they only ever widen (unions), so no match is lost.
"""

from __future__ import annotations

from re import _constants as C  # type: ignore[attr-defined]
from typing import Any

from leaksieve.ruleset.syntax import Walker, _flags, byte_set, flatten

LENGTH = 8
_MAX_SEQUENCES = 64
Sets = tuple[frozenset[int], ...]
# A sequence of byte sets from the start of a match, and whether it may go on.
_Path = tuple[Sets, bool]


def _paths(walker: Walker, nodes: Any, ci: bool, limit: int) -> list[_Path]:
    """Every way a pattern can begin, cut after ``limit`` bytes or where it varies in length."""
    paths: list[_Path] = [((), True)]
    for node in nodes:
        op, arg = node
        one = byte_set(node, ci)
        if one is not None:
            steps: list[_Path] = [((one,), True)]
        elif op is C.SUBPATTERN:
            steps = _paths(walker, flatten(arg[3]), _flags(ci, arg), limit)
        elif op is C.BRANCH:
            steps = [path for branch in arg[1] for path in _paths(walker, flatten(branch), ci, limit)]
        elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
            least, most, body = arg
            steps = [((), True)]
            for _ in range(min(least, limit)):
                inner = _paths(walker, flatten(body), ci, limit)
                steps = [(sets + more, open_ and further) if open_ else (sets, False) for sets, open_ in steps for more, further in inner]
                if len(steps) > _MAX_SEQUENCES:
                    return [((), False)]
            if least != most:
                steps = [(sets, False) for sets, _ in steps]
        else:
            continue  # looks around, consumes nothing
        joined: list[_Path] = []
        for sets, open_ in paths:
            if not open_:
                joined.append((sets, False))
                continue
            joined += [((sets + more)[:limit], further and len(sets + more) < limit) for more, further in steps]
        if len(joined) > _MAX_SEQUENCES:
            return [(sets, False) for sets, _ in paths]
        paths = joined
    return paths


def lead(walker: Walker, keyword: bytes) -> list[frozenset[int]]:
    """The byte sets that follow ``keyword`` in every match that begins with it, at most LENGTH of them."""
    size = len(keyword)
    fitting = [
        sets
        for sets, _ in _paths(walker, flatten(walker.tree), walker.ignore_case, size + LENGTH)
        if all(byte in allowed for byte, allowed in zip(keyword, sets, strict=False))
    ]
    if not fitting:
        return []
    common = min(len(sets) for sets in fitting)
    return [frozenset().union(*(sets[place] for sets in fitting)) for place in range(size, common)]


def starts_within(walker: Walker, allowed: frozenset[int], length: int) -> bool:
    """Whether the first ``length`` bytes of every match lie in ``allowed``."""
    paths = _paths(walker, flatten(walker.tree), walker.ignore_case, length)
    return all(len(sets) >= length and all(members <= allowed for members in sets) for sets, _ in paths)


def spelled(sets: list[frozenset[int]]) -> str:
    """Byte sets as a pattern of one class each, every byte spelled out."""
    out = []
    for members in sets:
        ordered = sorted(members)
        ranges: list[list[int]] = []
        for byte in ordered:
            if ranges and byte == ranges[-1][1] + 1:
                ranges[-1][1] = byte
            else:
                ranges.append([byte, byte])
        out.append("[" + "".join(f"\\x{low:02x}" + (f"-\\x{high:02x}" if high > low else "") for low, high in ranges) + "]")
    return "".join(out)
