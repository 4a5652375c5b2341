"""Searching with a pattern in Go's syntax: the quick form where the text is ASCII, the exact one elsewhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from leaksieve.ruleset.foreign_print import printed
from leaksieve.ruleset.foreign_regex import read_regex

# Seconds for a small pattern on a path, a value or a line.
SMALL = 1.0


class GoPattern:
    """A pattern that was read before; both forms are compiled when first needed, with `regex`, whose searches can be ended."""

    __slots__ = ("_narrow", "_source", "_wide")

    def __init__(self, source: str) -> None:
        self._source = source
        self._narrow: Any = None
        self._wide: Any = None

    def compiled(self, *, narrow: bool) -> Any:
        """One of its two forms."""
        known = self._narrow if narrow else self._wide
        if known is None:
            import regex

            known = regex.compile(printed(read_regex(self._source).tree, narrow=narrow).encode())
            if narrow:
                self._narrow = known
            else:
                self._wide = known
        return known

    def found_in(self, text: bytes) -> bool:
        """Whether it matches somewhere in a short text; not, where that takes too long."""
        try:
            return self.compiled(narrow=text.isascii()).search(text, timeout=SMALL) is not None
        except TimeoutError:
            return False


@lru_cache(maxsize=4096)
def go_pattern(source: str) -> GoPattern:
    """The pattern with this source."""
    return GoPattern(source)
