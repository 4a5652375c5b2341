"""Verdicts of earlier runs, kept in the user's cache: under a keyed hash of table and credential, never the credential."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from leaksieve.cache.place import UnusableError, open_place
from leaksieve.cache.sealed import Sealed
from leaksieve.secret import Secret
from leaksieve.verifiers.base import STATES, Verdict

_LIMIT = 64 * 1024
# Raised when what is kept changes.
_EDITION = b"verdict-1"


class Memory:
    """Verdicts no older than ``age`` seconds, below ``directory`` (None: the user's cache folder).

    Where the cache cannot be used nothing is kept; never raises for input or output.
    """

    def __init__(self, directory: bytes | None, age: float, clock: Callable[[], float]) -> None:
        self._age = age
        self._clock = clock
        try:
            self._sealed: Sealed | None = Sealed(open_place(directory)) if age > 0 else None
        except (UnusableError, OSError):
            self._sealed = None

    def close(self) -> None:
        """Trim the cache and leave it."""
        if self._sealed is not None:
            with suppress(OSError):
                self._sealed.trim()
            self._sealed.close()
            self._sealed = None

    def get(self, key: tuple[Secret, ...]) -> tuple[Verdict, float] | None:
        """The verdict under a key, and when it was given (seconds since 1970); None when none is known or it is too old."""
        if self._sealed is None:
            return None
        content = self._sealed.read((_EDITION, *[field.reveal() for field in key]), _LIMIT)
        if content is None:
            return None
        given, *fields = json.loads(content)
        if not 0 <= self._clock() - given <= self._age:
            return None
        verdict = Verdict(*fields)
        return (verdict, given) if verdict.state in STATES else None

    def put(self, key: tuple[Secret, ...], verdict: Verdict) -> None:
        """Keep a verdict.  The key goes through a keyed hash; of it nothing is written."""
        if self._sealed is None:
            return
        content = json.dumps([self._clock(), *[_plain(field) for field in verdict]]).encode()
        try:
            with self._sealed.lock():
                self._sealed.write((_EDITION, *[field.reveal() for field in key]), content)
        except OSError:
            pass  # the next run asks again

    def forget(self, key: tuple[Secret, ...]) -> None:
        """Keep nothing under a key: what was known holds no more."""
        if self._sealed is not None:
            self._sealed.forget((_EDITION, *[field.reveal() for field in key]))


def _plain(field: Any) -> Any:
    return dict(field) if hasattr(field, "keys") else field
