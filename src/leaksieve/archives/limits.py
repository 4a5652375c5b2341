"""The bounds that walking an archive keeps to, and what is raised when one is met."""

from __future__ import annotations

from typing import Final, NamedTuple

MEBIBYTE: Final = 1024 * 1024
# Members of one archive, those of archives inside it included, and joined streams of a gzip.
MOST_MEMBERS: Final = 100_000
# All that is inflated of one archive may be so many times the limit for one file, and at least what is said below.
TOTAL_TIMES: Final = 10
# Nothing sane is packed tighter than this (deflate cannot do more than 1,032).  Small ones cost nothing and may be anything.
RATIO: Final = 500
RATIO_FROM: Final = 16 * MEBIBYTE
TOTAL_FROM: Final = 64 * MEBIBYTE
# What decompressors may take for their window.
WINDOW: Final = 128 * MEBIBYTE
# Names and other texts of an archive's own are looked at up to here, and shown up to there.
TEXT: Final = MEBIBYTE
NAME: Final = 1024


class Limits(NamedTuple):
    """``depth`` archives inside each other are opened (0: none), ``member`` is the most bytes of one member."""

    depth: int
    member: int


class DamagedError(Exception):
    """The archive does not hold together from here on; the text says why, without anything out of the archive."""


class LimitError(Exception):
    """A bound was met: this stream is not read further."""

    final = False


class SpentError(LimitError):
    """A bound for the archive as a whole was met: nothing of it is read further."""

    final = True


class UnsupportedError(Exception):
    """A way of packing that is not known here."""


class Budget:
    """What is left of the bounds of one archive, whatever lies inside it included.  ``size`` is the archive's own, in bytes."""

    def __init__(self, limits: Limits, size: int) -> None:
        self.member_limit = limits.member
        self._bytes = max(TOTAL_FROM, min(TOTAL_TIMES * max(limits.member, size), RATIO * size))
        self._total = self._bytes
        self._members = MOST_MEMBERS

    def inflated(self, count: int) -> None:
        """Take what was inflated.  Raises SpentError."""
        self._bytes -= count
        if self._bytes < 0:
            raise SpentError(f"more than {self._total} bytes when inflated")

    def member(self) -> None:
        """Take one member.  Raises SpentError."""
        self._members -= 1
        if self._members < 0:
            raise SpentError(f"more than {MOST_MEMBERS} members")
