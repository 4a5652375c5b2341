"""Proof that a rule's keywords are necessary, and where in a match they stand.

A pattern is read left to right as runs of text that must be there (alternations and small
classes are multiplied out) broken by parts that vary.  A keyword set is necessary when in some run
every spelling contains one of the keywords.
"""

from __future__ import annotations

from collections.abc import Callable
from re import _constants as C  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from leaksieve.ruleset.syntax import UNBOUNDED, Node, Walker, _flags, byte_set, flatten

# How many spellings a run may have before it is cut; keeps `[A-Z0-9]{16}` from being multiplied out.
MAX_SPELLINGS = 256
MAX_CLASS = 16


class Anchor(NamedTuple):
    """Where the keywords stand: ``before`` bytes at most lie between the match's start and the keyword."""

    prefix: bool
    before: int


class _Run(NamedTuple):
    spellings: frozenset[bytes]
    before: int  # greatest distance of the run's start from the start of the match


def _multiply(left: frozenset[bytes], right: frozenset[bytes]) -> frozenset[bytes] | None:
    if len(left) * len(right) > MAX_SPELLINGS:
        return None
    return frozenset(a + b for a in left for b in right)


def _spellings(walker: Walker, node: Node, ci: bool) -> frozenset[bytes] | None:
    """Every text a node can match (folded to lower case when case is ignored), or None if too many."""
    op, arg = node
    one = byte_set(node, ci)
    if one is not None:
        if ci:
            one = frozenset(bytes((b,)).lower()[0] for b in one)
        return frozenset(bytes((b,)) for b in one) if len(one) <= MAX_CLASS else None
    if op is C.SUBPATTERN:
        return _sequence(walker, flatten(arg[3]), _flags(ci, arg))
    if op is C.BRANCH:
        total: frozenset[bytes] = frozenset()
        for branch in arg[1]:
            one_branch = _sequence(walker, flatten(branch), ci)
            if one_branch is None:
                return None
            total |= one_branch
        return total if len(total) <= MAX_SPELLINGS else None
    if op in (C.MAX_REPEAT, C.MIN_REPEAT):
        least, most, body = arg
        if most is C.MAXREPEAT or most > 4:
            return None
        inner = _sequence(walker, flatten(body), ci)
        if inner is None:
            return None
        total = frozenset()
        power: frozenset[bytes] | None = frozenset((b"",))
        for count in range(most + 1):
            if power is None:
                return None
            if count >= least:
                total |= power
            power = _multiply(power, inner)
        return total if len(total) <= MAX_SPELLINGS else None
    if op in (C.ASSERT, C.ASSERT_NOT, C.AT):
        return frozenset((b"",))
    return None


def _sequence(walker: Walker, nodes: Any, ci: bool) -> frozenset[bytes] | None:
    total: frozenset[bytes] | None = frozenset((b"",))
    for node in nodes:
        part = _spellings(walker, node, ci)
        if part is None or total is None:
            return None
        total = _multiply(total, part)
    return total


def every_spelling(walker: Walker) -> frozenset[bytes] | None:
    """Every text the pattern can match (folded to lower case where case is ignored), or None if they are too many."""
    return _sequence(walker, flatten(walker.tree), walker.ignore_case)


def _runs(walker: Walker, nodes: Any, ci: bool, before: int) -> list[_Run]:
    """Runs of a sequence, in order; groups that vary are opened so that text at their edges counts."""
    runs: list[_Run] = []
    current: frozenset[bytes] = frozenset((b"",))
    start = before
    for node in nodes:
        op, arg = node
        part = _spellings(walker, node, ci)
        joined = _multiply(current, part) if part is not None else None
        if joined is not None:
            current = joined
            before += walker.width([node])[1]
            continue
        runs.append(_Run(current, start))
        if part is not None:
            current, start = part, before
            before = min(before + walker.width([node])[1], UNBOUNDED)
            continue
        if op is C.SUBPATTERN:
            inner = _runs(walker, flatten(arg[3]), _flags(ci, arg), before)
            # The group's first run continues the text before it, its last one may be continued after it.
            glued = _multiply(current, inner[0].spellings)
            if glued is not None:
                runs[-1] = _Run(glued, start)
            runs.extend(inner[1:] if glued is not None else inner)
            # There are two runs or more inside: a group of one run has spellings that can be told, and was joined above.
            runs.pop()
            current, start = inner[-1].spellings, inner[-1].before
            before = min(before + walker.width([node])[1], UNBOUNDED)
            continue
        if op in (C.MAX_REPEAT, C.MIN_REPEAT) and arg[0] >= 1:
            # `(abc){2,9}` holds its body at least once.
            runs.extend(_runs(walker, flatten(arg[2]), ci, before))
        before = min(before + walker.width([node])[1], UNBOUNDED)
        current, start = frozenset((b"",)), before
    runs.append(_Run(current, start))
    return runs


def anchor(walker: Walker, keywords: list[bytes], ignore_case: bool) -> Anchor | None:
    """Where the keywords stand in every match, or None when they are not necessary.

    ``ignore_case`` says how the prefilter compares; a pattern part that ignores case needs it.
    """
    words = [word.lower() for word in keywords] if ignore_case else list(keywords)
    runs = _runs(walker, flatten(walker.tree), walker.ignore_case, 0)
    first = runs[0]
    fold: Callable[[bytes], bytes] = bytes.lower if ignore_case else bytes
    if first.spellings != {b""} and all(any(fold(text).startswith(word) for word in words) for text in first.spellings):
        return Anchor(prefix=True, before=0)
    for run in runs:
        if run.spellings == {b""}:
            continue
        offsets = [min((fold(text).find(word) for word in words if word in fold(text)), default=-1) for text in run.spellings]
        if min(offsets) >= 0:
            return Anchor(prefix=False, before=min(run.before + max(offsets), UNBOUNDED))
    # A top-level alternation whose branches hold the keyword each in its own place.
    nodes = flatten(walker.tree)
    while len(nodes) == 1 and nodes[0][0] is C.SUBPATTERN:
        nodes = flatten(nodes[0][1][3])
    for index, (op, arg) in enumerate(nodes):
        if op is C.SUBPATTERN and len(flatten(arg[3])) == 1 and flatten(arg[3])[0][0] is C.BRANCH:
            op, arg = flatten(arg[3])[0]
        if op is C.BRANCH:
            lead = walker.width(nodes[:index])[1]
            found = [_branch_anchor(walker, flatten(branch), words, fold, lead) for branch in arg[1]]
            if all(place is not None for place in found):
                return Anchor(prefix=False, before=max(place for place in found if place is not None))
    return None


def _branch_anchor(walker: Walker, nodes: Any, words: list[bytes], fold: Any, lead: int) -> int | None:
    for run in _runs(walker, nodes, walker.ignore_case, lead):
        if run.spellings == {b""}:
            continue
        offsets = [min((fold(text).find(word) for word in words if word in fold(text)), default=-1) for text in run.spellings]
        if min(offsets) >= 0:
            return min(run.before + max(offsets), UNBOUNDED)
    return None
