"""Accepting findings by fingerprint: what a reason may say, until when, and which file it is written to."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.config import AllowEntry
from leaksieve.config.discover import NAMES, PYPROJECT, PYPROJECT_TABLE, discover, load, shown
from leaksieve.config.values import date, text
from leaksieve.errors import UsageError

if TYPE_CHECKING:
    from leaksieve.config.accept import Accepted
    from leaksieve.engine.matcher import Engine

_DAYS = re.compile(r"([0-9]{1,5})d")


class Place(NamedTuple):
    """The configuration file that entries go to; ``allow`` are those it has, ``exists`` whether it is there yet."""

    path: str
    allow: tuple[AllowEntry, ...]
    exists: bool


def place_for(root: str, named: str | None) -> Place:
    """Return the file that counts for a project: the one named, the one that is found at its root, else a new one there.

    Raises UsageError where the project's own file belongs to someone else and so does not count, ConfigError for one that does not hold.
    """
    if named is not None:
        if not os.path.lexists(named) and os.path.basename(named) != PYPROJECT:
            return Place(named, (), exists=False)
        return Place(named, load(named).config.allow, exists=True)
    found = discover(root)
    if found.path is not None:
        return Place(found.path, found.config.allow, exists=True)
    if found.notes:
        raise UsageError(found.notes[0], hint="name the file to write to with --config")
    return Place(os.path.join(root, NAMES[0]), (), exists=False)


def add(place: Place, added: Sequence[Accepted]) -> None:
    """Write entries to the file, whole or not at all.  Raises UsageError or ConfigError."""
    from leaksieve.cli.outputs import behind, put
    from leaksieve.config.accept import with_entries

    data = b""
    if place.exists:
        try:
            with open(place.path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise UsageError(f"cannot be read: {error.strerror}", where=shown(place.path)) from None
    table = PYPROJECT_TABLE if os.path.basename(place.path) == PYPROJECT else ()
    made = with_entries(data, shown(place.path), added, table=table)
    put(behind(place.path), made, shown(place.path))


def brief(path: str) -> str:
    """Return a path for a message, from the current directory where that is shorter."""
    near = os.path.relpath(path)
    return shown(near if len(near) < len(path) else path)


def holding(place: Place, fingerprint: str) -> AllowEntry | None:
    """Return the entry that accepts a fingerprint already, whatever else is in the file; None where there is none or its term is over."""
    for entry in place.allow:
        plain = not (entry.paths or entry.rules or entry.regexes or entry.stop_words)
        if plain and fingerprint in entry.fingerprints and not entry.is_expired(today()):
            return entry
    return None


def today() -> str:
    """YYYY-MM-DD, in UTC."""
    from time import gmtime, strftime

    return strftime("%Y-%m-%d", gmtime())


def worded(value: str, where: str) -> str:
    """Return a reason or an owner that may be written down.  Raises UsageError for one that is empty, holds control characters or a secret."""
    try:
        checked = text(value.strip())
    except ValueError as error:
        raise UsageError(str(error), where=where) from None
    # People paste the very value they mean to accept.
    if any(not match.rejected for match in _engine().scan(checked.encode("utf-8", "surrogateescape")).matches):
        raise UsageError("holds what looks like a secret, and would be written to a file", where=where, hint="say it in other words")
    return checked


@cache
def _engine() -> Engine:
    from leaksieve.engine.matcher import Engine
    from leaksieve.ruleset.load import load as load_rules

    return Engine(load_rules())


def last_day(value: str) -> str:
    """Return the last day an entry holds: ``2027-01-31``, or from ``90d`` that many days from now.  Raises UsageError for a day that is over."""
    import datetime as dt

    days = _DAYS.fullmatch(value)
    try:
        until = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=int(days[1]))).isoformat() if days else date(value)
    except (ValueError, OverflowError):
        raise UsageError(f"must be a day such as 2027-01-31, or a number of days such as 90d (got {value!a})", where="--expires") from None
    if until < today():
        raise UsageError(f"{until} is over", where="--expires")
    return until
