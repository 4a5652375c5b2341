"""Refusal of patterns whose matching time can grow faster than the text."""

from __future__ import annotations

from re import _constants as C  # type: ignore[attr-defined]
from typing import Any

from leaksieve.ruleset.syntax import Walker, _flags, byte_set, flatten

# A bounded repeat this long counts as unbounded when it stands inside another repeat.
LONG = 64
# The product of nested bounded repeats that is still harmless.
MAX_NESTED = 4096


def problems(walker: Walker) -> list[str]:
    """Reasons why the pattern may take more than linear time; empty when it is fine."""
    found: list[str] = []
    _check(walker, flatten(walker.tree), walker.ignore_case, 1, found)
    return found


def bytes_of(walker: Walker) -> frozenset[int]:
    """Every byte that a match can hold."""
    return _members(walker, flatten(walker.tree), walker.ignore_case)


def _members(walker: Walker, nodes: Any, ci: bool) -> frozenset[int]:
    total: frozenset[int] = frozenset()
    for node in nodes:
        op, arg = node
        one = byte_set(node, ci)
        if one is not None:
            total |= one
        elif op is C.SUBPATTERN:
            total |= _members(walker, flatten(arg[3]), _flags(ci, arg))
        elif op is C.BRANCH:
            for branch in arg[1]:
                total |= _members(walker, flatten(branch), ci)
        elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
            total |= _members(walker, flatten(arg[2]), ci)
    return total


def _check(walker: Walker, nodes: Any, ci: bool, outer: int, found: list[str]) -> None:
    previous: frozenset[int] | None = None
    for node in nodes:
        op, arg = node
        if op in (C.MAX_REPEAT, C.MIN_REPEAT):
            least, most, body = arg
            unbounded = most is C.MAXREPEAT
            times = LONG * LONG if unbounded else most
            if times > 1 and outer > 1 and times * outer > MAX_NESTED and walker.width(body)[1] > 0:
                found.append("nested repeats whose product is too large; bound them")
            if unbounded:
                members = _members(walker, flatten(body), ci)
                if previous is not None and previous & members:
                    found.append("two unbounded repeats over overlapping bytes stand side by side; bound one or separate them")
                previous = members
            elif least > 0 and previous is not None and not (previous & _members(walker, flatten(body), ci)):
                previous = None
            _check(walker, flatten(body), ci, max(outer, 1) * max(times, 1), found)
        elif op is C.SUBPATTERN:
            _check(walker, flatten(arg[3]), _flags(ci, arg), outer, found)
            if previous is not None and walker.width([node])[0] > 0 and not (previous & _members(walker, flatten(arg[3]), ci)):
                previous = None
        elif op is C.BRANCH:
            for branch in arg[1]:
                _check(walker, flatten(branch), ci, outer, found)
        elif op in (C.ASSERT, C.ASSERT_NOT):
            _check(walker, flatten(arg[1]), ci, outer, found)
        else:
            one = byte_set(node, ci)
            # A byte that the repeat before it cannot hold ends the overlap.
            if one is not None and previous is not None and not (previous & one):
                previous = None
