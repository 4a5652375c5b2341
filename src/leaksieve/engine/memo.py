"""Memory of what was said about a line, bounded, for inputs that repeat themselves.

Keyed by a number (a gate's or a tail's) and the whole line, so that nothing outside the line can
matter; only tails, and rules that cannot look past a line, are asked through it.  Path, allow lists,
context and decoding are judged after it.
"""

from __future__ import annotations

from typing import Any

# Longer lines are not remembered: one minified file would fill the memory and never repeat.
MAX_LINE = 2048


class Memo:
    """``limit`` in bytes of remembered lines; 0 switches it off.  Forgets everything when full, which costs one pass of work."""

    __slots__ = ("_kept", "_limit", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[tuple[int, bytes], Any] = {}
        self._size = 0

    def get(self, gate: int, line: bytes) -> Any:
        """The remembered verdict (a tuple), or None."""
        return self._kept.get((gate, line))

    def put(self, gate: int, line: bytes, verdict: tuple[Any, ...]) -> None:
        """Remember a verdict."""
        cost = len(line) + 200 * (1 + len(verdict))
        if cost > self._limit:
            return
        if self._size + cost > self._limit:
            self._kept.clear()
            self._size = 0
        self._kept[gate, line] = verdict
        self._size += cost
