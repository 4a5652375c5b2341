"""Says on stderr what was looked at and is no finding: counts under ``-v``, each candidate under ``-vv``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from leaksieve.cli.talk import Talk, harmless


class Dropped:
    """``clear`` wipes a progress line before anything is written over it."""

    def __init__(self, talk: Talk, clear: Callable[[], None]) -> None:
        self.each = talk.verbosity > 1
        self._talk = talk
        self._clear = clear
        self._counts: dict[str, int] = {}

    def add(self, counts: Mapping[str, int], lines: Sequence[str]) -> None:
        """Take what one unit gave; the lines are masked already."""
        for reason, count in counts.items():
            self._counts[reason] = self._counts.get(reason, 0) + count
        if lines:
            self._clear()
            self._talk.block("\n".join(f"leaksieve: {harmless(line)}" for line in lines))

    def finish(self) -> None:
        """Say the counts, the most frequent reason first."""
        counts = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{count:,} {reason}" for reason, count in counts)
        if told:
            self._talk.detail(f"candidates that were dropped: {told}" + ("" if self.each else " (-vv says each of them)"))
