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
_MAX_SEQUENCES = 256
Sets = tuple[frozenset[int], ...]
# A sequence of byte sets from the start of a match, and whether it may go on.
_Path = tuple[Sets, bool]


def _paths(walker: Walker, nodes: Any, ci: bool, limit: int, keep: int | None = None) -> list[_Path]:
    """Every way a pattern can begin, cut after ``limit`` bytes or where the ways become too many.

    Before that, ways of one length that agree in their first ``keep`` bytes are made one that takes what any of them takes.
    """
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
            steps = _repeated(_paths(walker, flatten(body), ci, limit), least, most, limit)
        else:
            continue  # looks around, consumes nothing
        joined = _joined(paths, steps, limit)
        if keep is not None and len(joined) > _MAX_SEQUENCES // 4:
            joined = _merged(joined, keep)
        if len(joined) > _MAX_SEQUENCES:
            return [(sets, False) for sets, _ in paths]
        paths = joined
    return paths


def _joined(paths: list[_Path], steps: list[_Path], limit: int) -> list[_Path]:
    """Every path that may go on, with every step behind it; each once."""
    out: dict[_Path, None] = {}
    for sets, open_ in paths:
        if not open_:
            out[sets, False] = None
            continue
        for more, further in steps:
            whole = (sets + more)[:limit]
            out[whole, further and len(whole) < limit] = None
    return list(out)


def _merged(paths: list[_Path], keep: int) -> list[_Path]:
    """One path for all of one length that begin alike."""
    groups: dict[tuple[Sets, int, bool], list[Sets]] = {}
    for sets, open_ in paths:
        groups.setdefault((sets[:keep], len(sets), open_), []).append(sets)
    return [(tuple(frozenset().union(*column) for column in zip(*alike, strict=True)), open_) for (_, _, open_), alike in groups.items()]


def _repeated(inner: list[_Path], least: int, most: int, limit: int) -> list[_Path]:
    """A body from ``least`` to ``most`` times over; beyond ``limit`` bytes nothing is told apart."""
    further: list[_Path] = [((), True)]
    paths = further if least == 0 else []
    for count in range(1, min(most, limit) + 1):
        before = further
        further = _joined(further, inner, limit)
        if further == before:
            break  # all of them are as long as it takes, or are cut
        if count >= least:
            paths = list(dict.fromkeys(paths + further))
        if len(paths) + len(further) > _MAX_SEQUENCES:
            return [((), False)]
    return paths or further


def lead(walker: Walker, keyword: bytes, *, ignore_case: bool = False) -> list[frozenset[int]]:
    """The byte sets that follow ``keyword`` in every match that begins with it, at most LENGTH of them.

    ``ignore_case``: the keyword, in lower case, stands for its other spellings too.
    """
    size = len(keyword)
    fitting = [
        sets
        for sets, _ in _paths(walker, flatten(walker.tree), walker.ignore_case, size + LENGTH, size)
        if all(byte in allowed or (ignore_case and bytes((byte,)).upper()[0] in allowed) for byte, allowed in zip(keyword, sets, strict=False))
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
