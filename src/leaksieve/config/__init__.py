"""One validated, immutable configuration, wherever its values came from.

This module holds the record alone, because every scan imports it.  ``config.fields`` says what
each key means and accepts, ``config.read`` turns TOML into values, ``config.discover`` finds the
file and decides whether it is trusted, ``config.schema`` describes the file to editors.
Nothing here reads the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from leaksieve.model import EMPTY

MIB = 1024 * 1024


class AllowEntry(NamedTuple):
    """Findings that are known and accepted, and why.

    A finding is allowed when every criterion that is not empty holds; within one criterion any
    item is enough.  ``paths`` are patterns in gitignore syntax, ``regexes`` are searched in the
    secret, ``stop_words`` are looked for in it without regard to case, ``rules`` are rule ids or
    globs, ``fingerprints`` whole fingerprints.  ``owner`` is who answers for it; ``expires`` (YYYY-MM-DD)
    is the last day it holds, in UTC, "" for an entry without a term.
    """

    reason: str
    paths: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    stop_words: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    owner: str = ""
    expires: str = ""

    def is_expired(self, today: str) -> bool:
        """Whether its last day is over on another one (YYYY-MM-DD)."""
        return bool(self.expires) and self.expires < today

    def text(self) -> str:
        """Return the reason, with who answers for it and until when."""
        more = ", ".join(filter(None, (self.owner, f"until {self.expires}" if self.expires else "")))
        return f"{self.reason} ({more})" if more else self.reason

    def told(self, today: str, places: int) -> dict[str, object]:
        """Return what the receipt says of it: ``places`` are those it hid, or would have hidden had it not expired."""
        expired = self.is_expired(today)
        return {"reason": self.reason, "owner": self.owner or None, "expires": self.expires or None, "expired": expired, "places": places}


class Config(NamedTuple):
    """Every setting of a scan.  Sizes are bytes, times seconds; build one with :func:`build`."""

    engine: str = "auto"
    jobs: int | None = None
    max_file_size: int = 100 * MIB
    max_decode_depth: int = 3
    max_archive_depth: int = 3
    rule_timeout: float = 2.0
    timeout: float | None = None
    confidence: str = "medium"
    severity: str = "info"
    fail_on: str = "medium"
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    rules_lock: str | None = None
    exclude: tuple[str, ...] = ()
    allow: tuple[AllowEntry, ...] = ()
    project: str | None = None
    inline_allow: bool = True
    require_reason: bool = False
    gitignore: bool = True
    dedupe: bool = True
    reveal: bool = False
    require_complete: str = ""
    allow_incomplete: bool = False
    exit_zero: bool = False
    verify: Mapping[str, object] = EMPTY
    # The files that were extended; sections for folders are turned into exclusions and allow entries when they are read.
    extends: tuple[str, ...] = ()
    directory: tuple[()] = ()


DEFAULTS = Config()
