"""One line of progress on stderr: for a person at a terminal, and only when the scan takes a while."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaksieve.pipeline import ProgressEvent

# A scan that ends sooner needs no progress, and a line redrawn more often cannot be read.
QUIET_SECONDS = 1.0
REDRAW_SECONDS = 0.1


class Progress:
    """Draws how far the scan is over what it drew before; :meth:`clear` wipes it before anything else is written."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._next = self._began + QUIET_SECONDS
        self._drawn = 0

    def begin(self) -> None:
        """Say at once that something is going on: a huge repository takes seconds to be listed before there is anything to count."""
        text = "reading ..."
        sys.stderr.write("\r" + text)
        sys.stderr.flush()
        self._drawn = len(text)

    def show(self, event: ProgressEvent) -> None:
        """Draw, unless it is too early."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + REDRAW_SECONDS
        seconds = max(now - self._began, 0.001)
        text = f"{event.files:,} of {event.expected_files:,} {event.unit}, {event.size / 1e6:,.0f} MB ({event.size / 1e6 / seconds:,.0f} MB/s), {event.found:,} found"
        # The number of files grows while the tree is walked; a repository's objects are counted beforehand.
        if event.unit == "objects" and event.files:
            text += f", {_left(seconds * (event.expected_files - event.files) / event.files)} left"
        sys.stderr.write("\r" + text.ljust(self._drawn))
        sys.stderr.flush()
        self._drawn = len(text)

    def clear(self) -> None:
        """Wipe the line."""
        if self._drawn:
            sys.stderr.write("\r" + " " * self._drawn + "\r")
            sys.stderr.flush()
            self._drawn = 0


def _left(seconds: float) -> str:
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def wanted(verbosity: int) -> bool:
    """Whether progress would be seen by a person."""
    return verbosity >= 0 and not os.environ.get("CI") and sys.stderr is not None and sys.stderr.isatty()
