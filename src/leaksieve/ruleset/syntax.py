"""What a pattern can match, worked out from its syntax tree.

The ruleset compiler proves with it that keywords are necessary, whether a rule can look past a
line, how far before its keyword a match may begin, and that matching is linear.  The tree comes
from the standard library's parser; it is used when rules are compiled or checked, never while scanning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from re import _constants as C  # type: ignore[attr-defined]
from re import _parser as P  # type: ignore[attr-defined]
from typing import Any

Node = tuple[Any, Any]
ALL_BYTES = frozenset(range(256))
WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
DIGIT = frozenset(b"0123456789")
SPACE = frozenset(b" \t\n\r\f\v")
_CATEGORIES = {
    C.CATEGORY_WORD: WORD,
    C.CATEGORY_NOT_WORD: ALL_BYTES - WORD,
    C.CATEGORY_DIGIT: DIGIT,
    C.CATEGORY_NOT_DIGIT: ALL_BYTES - DIGIT,
    C.CATEGORY_SPACE: SPACE,
    C.CATEGORY_NOT_SPACE: ALL_BYTES - SPACE,
}
UNBOUNDED = 1 << 20


def parse(pattern: str) -> Any:
    """Parse a bytes pattern written as text; ValueError with a clear line if it does not parse."""
    try:
        return P.parse(pattern.encode("latin-1"))
    except (re.error, UnicodeEncodeError) as error:
        raise ValueError(f"pattern does not compile: {error}") from None


_SINGLE = [frozenset((byte,)) for byte in range(256)]
_EITHER_CASE = [frozenset(bytes((byte,)).lower() + bytes((byte,)).upper()) for byte in range(256)]


def byte_set(node: Node, ignore_case: bool) -> frozenset[int] | None:
    """The bytes a one-byte node can match, or None if the node is not a one-byte node."""
    op, arg = node
    if op is C.LITERAL:
        return (_EITHER_CASE if ignore_case else _SINGLE)[arg]
    if op is C.NOT_LITERAL:
        return ALL_BYTES - (_EITHER_CASE if ignore_case else _SINGLE)[arg]
    if op is C.ANY:
        return ALL_BYTES - {10}
    if op is C.IN:
        found: set[int] = set()
        negate = False
        for kind, value in arg:
            if kind is C.NEGATE:
                negate = True
            elif kind is C.LITERAL:
                found.add(value)
            elif kind is C.RANGE:
                found.update(range(value[0], value[1] + 1))
            else:  # a category; there is nothing else in a class
                found |= _CATEGORIES[value]
        if ignore_case:
            members = bytes(found)
            found = {*members.lower(), *members.upper()}
        return ALL_BYTES - found if negate else frozenset(found)
    return None


class Walker:
    """Flattened view of a parsed pattern; ``ignore_case`` follows scoped flags."""

    def __init__(self, pattern: str) -> None:
        self.tree = parse(pattern)
        self.ignore_case = bool(self.tree.state.flags & re.IGNORECASE)
        self.names = dict(self.tree.state.groupdict)

    def width(self, nodes: Iterable[Node] | None = None) -> tuple[int, int]:
        """Least and greatest number of bytes matched (greatest is UNBOUNDED when there is no limit)."""
        tree = self.tree if nodes is None else nodes
        low = high = 0
        for op, arg in tree:
            if op in (C.LITERAL, C.NOT_LITERAL, C.ANY, C.IN):
                one = (1, 1)
            elif op is C.SUBPATTERN:
                one = self.width(arg[3])
            elif op is C.BRANCH:
                widths = [self.width(branch) for branch in arg[1]]
                one = (min(w[0] for w in widths), max(w[1] for w in widths))
            elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
                least, most, body = arg
                inner = self.width(body)
                one = (least * inner[0], UNBOUNDED if most is C.MAXREPEAT and inner[1] else (0 if most is C.MAXREPEAT else most * inner[1]))
            elif op in (C.ASSERT, C.ASSERT_NOT, C.AT):
                one = (0, 0)
            else:
                raise ValueError(f"pattern uses {str(op).lower()}, which rules may not use")
            low += one[0]
            high += one[1]
        return low, min(high, UNBOUNDED)

    def crosses_lines(self) -> bool:
        """Whether the pattern can consume a line break or tell one from the end of the text."""
        return self._crosses(self.tree, self.ignore_case)

    def _crosses(self, nodes: Iterable[Node], ci: bool) -> bool:
        for op, arg in nodes:
            one = byte_set((op, arg), ci)
            if one is not None:
                if 10 in one:
                    return True
            elif op is C.SUBPATTERN:
                if self._crosses(arg[3], _flags(ci, arg)):
                    return True
            elif op is C.BRANCH:
                if any(self._crosses(branch, ci) for branch in arg[1]):
                    return True
            elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
                if self._crosses(arg[2], ci):
                    return True
            elif op is C.ASSERT or op is C.ASSERT_NOT:
                # A positive look must not need a line break, a negative one must not forbid it: then
                # a line break and the end of the text read alike.
                inner = self._first_bytes(arg[1], ci)
                wants = op is C.ASSERT
                if inner is None or (10 in inner) or (wants and self._nullable(arg[1])):
                    return True
        return False

    def _nullable(self, nodes: Iterable[Node]) -> bool:
        return self.width(nodes)[0] == 0

    def _first_bytes(self, nodes: Iterable[Node], ci: bool) -> frozenset[int] | None:
        """Every byte that a look-around of width one or more may read; None when it cannot be told."""
        total: frozenset[int] = frozenset()
        for op, arg in nodes:
            one = byte_set((op, arg), ci)
            if one is not None:
                total |= one
            elif op is C.SUBPATTERN:
                inner = self._first_bytes(arg[3], _flags(ci, arg))
                if inner is None:
                    return None
                total |= inner
            elif op is C.BRANCH:
                for branch in arg[1]:
                    inner = self._first_bytes(branch, ci)
                    if inner is None:
                        return None
                    total |= inner
            elif op is C.ASSERT and arg[0] < 0:
                # What must stand before: a line break there is read as any other byte is.
                inner = self._first_bytes(arg[1], ci)
                if inner is None:
                    return None
                total |= inner
            elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
                inner = self._first_bytes(arg[2], ci)
                if inner is None:
                    return None
                total |= inner
            elif op is not C.AT:
                return None
        return total


def _flags(ci: bool, arg: Any) -> bool:
    _, add, drop, _ = arg
    if add & re.IGNORECASE:
        return True
    if drop & re.IGNORECASE:
        return False
    return ci


def flatten(nodes: Sequence[Node]) -> Sequence[Node]:
    """The nodes as a list (the parser's sequences do not slice)."""
    return [nodes[i] for i in range(len(nodes))]


def always_holds(walker: Walker, group: str) -> bool:
    """Whether every match takes part in the named group, with a byte or more in it."""
    wanted = walker.names[group]

    def holds(nodes: Any) -> bool:
        for op, arg in nodes:
            if op is C.SUBPATTERN:
                if arg[0] == wanted:
                    return walker.width(arg[3])[0] > 0
                if holds(arg[3]):
                    return True
            elif op in (C.MAX_REPEAT, C.MIN_REPEAT) and arg[0] > 0 and holds(arg[2]):
                return True
            # A name stands once in a pattern, so a choice always has a branch without it.
        return False

    return holds(walker.tree)
