"""Confirmation of candidates: a rule's full pattern on the whole buffer.

Rules of the package are linear and bounded (the compiler proves it), and their patterns lie in the
subset on which ``re`` and ``regex`` agree; ``re`` confirms them three times as fast and is loaded
anyway.  Rules of users and rules for whole blocks are confirmed by ``regex`` with its timeout.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from leaksieve.ruleset.assign import NAMED_TAIL

# Bytes past the widest match that a look-ahead may read.
LOOKAHEAD = 64
# Up to so many places before a keyword are tried one by one.
NEAR = 64
# A built-in rule whose match may be longer than this is a block (a private key) and has a timeout all the same.
BLOCK = 4096


class TimedOut(Exception):  # noqa: N818  it is a verdict, not an error
    """A rule gave up on a buffer after its time and one longer retry."""


class Confirmer:
    """One rule's compiled pattern.

    ``timeout`` in seconds applies to each single search; 0 means the rule needs none.
    """

    __slots__ = ("_assigned", "_before", "_compiled", "_foreign", "_match", "_timeout", "_width", "index", "parts", "prefix", "rule", "specificity")

    def __init__(self, index: int, rule: dict[str, Any], timeout: float) -> None:
        self.index = index
        self.rule = rule
        self.prefix: bool = rule["prefix"]
        self.specificity: int = rule["specificity"]
        self._before: int = rule["before"]
        self._width: int = rule["width"]
        self._timeout = timeout if rule["width"] > BLOCK or not rule.get("builtin") else 0.0
        self._assigned: bool = rule["assigned"]
        self._compiled: Any = None
        self._match: Any = None
        # The names of the groups beside the secret, once a match has told.
        self.parts: tuple[str, ...] | None = None
        self._foreign: Any = None
        if "foreign" in rule:
            from leaksieve.engine.foreign import ForeignPattern

            self._foreign = ForeignPattern(rule, timeout)

    @property
    def _pattern(self) -> Any:
        """The pattern, compiled when a candidate first needs it: a millisecond that most rules never cost."""
        if self._compiled is None:
            text = self.rule["pattern"].encode("latin-1")
            if self._timeout:
                import regex

                self._compiled = regex.compile(text)
            else:
                self._compiled = re.compile(text)
        return self._compiled

    def warm(self) -> None:
        """Compile the pattern if `re` does, which remembers it for others of the same rule."""
        if not self._timeout and self._foreign is None:
            _ = self._pattern

    def at(self, data: bytes, start: int, length: int) -> Any:
        """The match that begins at ``start`` (for patterns that begin with their keyword), or None.

        ``length`` is the keyword's; 0 when what follows it was looked at already.
        """
        if length and self._assigned and not _named_tail().match(data, start + length):
            return None
        match_at = self._match
        if match_at is None:
            match_at = self._match = self._pattern.match
        return self._timed(match_at, data, start) if self._timeout else match_at(data, start)

    def around(self, data: bytes, start: int, length: int) -> list[Any]:
        """Every match that holds the keyword at ``[start, start + length)``, one for each place where one begins."""
        if self._foreign is not None:
            around: list[Any] = self._foreign.around(data, start, length)
            return around
        found = []
        place = max(start - self._before, 0)
        # No match that holds the keyword reads past this.
        limit = min(start + self._width + LOOKAHEAD, len(data))
        if not self._timeout and self._before <= NEAR:
            # A search would go on behind the keyword, to the limit, for a beginning that is of no use there.
            match_at = self._pattern.match
            matches = (match_at(data, begin, limit) for begin in range(place, start + 1))
            return [match for match in matches if match is not None and match.end() >= start + length]
        while place <= start:
            if self._timeout:
                match = self._timed(self._pattern.search, data, place, limit)
            else:
                match = self._pattern.search(data, place, limit)
            if match is None or match.start() > start:
                break
            if match.end() >= start + length:
                found.append(match)
            place = match.start() + 1
        return found

    def _timed(self, search: Any, *where: Any) -> Any:
        try:
            return search(*where, timeout=self._timeout)
        except TimeoutError:
            pass
        try:
            return search(*where, timeout=self._timeout * 4)
        except TimeoutError:
            raise TimedOut(self.rule["id"]) from None


@cache
def _named_tail() -> Any:
    return re.compile(NAMED_TAIL.encode("latin-1"), re.IGNORECASE)
