"""What was found in another scanner's files, in our terms: settings, findings to look for, and what became of each line."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.config import AllowEntry

CARRIED = "carried"
KEPT = "kept"
NOT = "not carried"


class Told(NamedTuple):
    """What became of one thing in a file: ``where`` and ``line`` (0 where it has none), what it is, how it ended (one of the three words) and why or as what."""

    where: str
    line: int
    what: str
    how: str
    why: str


class Known(NamedTuple):
    """A finding that the other scanner was told to accept, and by what it can be found again.

    ``where`` and ``line`` are where that was said.  ``path``, ``at`` (a line, 0 for any) and ``commit`` ("" for the files as
    they stand) are the place; ``digest`` is the name of a hash and its hexadecimal value, ``value`` the value itself: "" where
    the file does not say.  ``reason`` is given where the value was judged to be none to worry about: it is allowed, with
    that reason, and not only put in the baseline.
    """

    where: str
    line: int
    path: str = ""
    at: int = 0
    commit: str = ""
    digest: tuple[str, str] = ("", "")
    value: str = ""
    reason: str = ""


class Edit(NamedTuple):
    """A file whose text changes: from one to the other."""

    path: str
    old: str
    new: str


class Carried:
    """What several files add up to; readers fill it."""

    def __init__(self) -> None:
        self.exclude: list[str] = []
        self.disable: list[str] = []
        self.rules: list[str] = []
        self.allow: list[AllowEntry] = []
        self.known: list[Known] = []
        self.told: list[Told] = []
        self.edits: list[Edit] = []
        # Commands for places that are not edited: CI jobs.
        self.advice: list[str] = []

    def tell(self, where: str, line: int, what: str, how: str, why: str) -> None:
        """Say what became of something."""
        self.told.append(Told(where, line, what, how, why))

    def lost(self, where: str, line: int, what: str, why: str) -> None:
        """Say what could not be carried over, and why."""
        self.tell(where, line, what, NOT, why)


def line_of(text: str, piece: str, start: int = 0) -> int:
    """Return the number of the first line from offset ``start`` on that holds a piece of text, 0 where none does."""
    at = text.find(piece, start) if piece else -1
    return text.count("\n", 0, at) + 1 if at >= 0 else 0
