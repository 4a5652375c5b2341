"""Words in small texts, without an automaton.

Building an automaton of thousands of words takes longer than a commit's change takes to read.  For
a few kilobytes a table from the first three characters to the words is made in a tenth of that time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Trigrams:
    """Finds every occurrence of every word, overlapping ones included, as an automaton does."""

    __slots__ = ("_short", "_table", "_words")

    def __init__(self, words: Sequence[str]) -> None:
        table: dict[str, list[int]] = {}
        for number, word in enumerate(words):
            table.setdefault(word[:3], []).append(number)
        self._words = words
        self._short = [(key, table.pop(key)) for key in [key for key in table if len(key) < 3]]
        self._table = table

    def iter(self, text: str) -> Iterator[tuple[int, int]]:
        """(number, start) of every occurrence, in no particular order."""
        words, get = self._words, self._table.get
        for start in range(len(text) - 2):
            numbers = get(text[start : start + 3])
            if numbers is not None:
                for number in numbers:
                    if text.startswith(words[number], start):
                        yield number, start
        for word, numbers in self._short:
            start = text.find(word) if word else -1
            while start >= 0:
                for number in numbers:
                    yield number, start
                start = text.find(word, start + 1)
