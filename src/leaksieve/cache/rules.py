"""Compiled rules of a user's files, kept so that thousands of them are not compiled for each run."""

from __future__ import annotations

from leaksieve.cache.place import UnusableError, open_place
from leaksieve.cache.sealed import MIB, Sealed

_LIMIT = 64 * MIB


class RuleCache:
    """Keeps compiled rules in the cache below ``directory`` (None: the user's cache folder); where it cannot be used, nothing is kept.

    Never raises for input or output.
    """

    def __init__(self, directory: bytes | None) -> None:
        self._directory = directory

    def get(self, key: bytes) -> bytes | None:
        """Return what was last put under the key, None when nothing is known."""
        sealed = self._open()
        if sealed is None:
            return None
        try:
            return sealed.read((b"rules", key), _LIMIT)
        finally:
            sealed.close()

    def put(self, key: bytes, data: bytes) -> None:
        """Keep compiled rules of at most 64 MiB."""
        sealed = self._open() if len(data) <= _LIMIT else None
        if sealed is None:
            return
        try:
            with sealed.lock():
                sealed.write((b"rules", key), data)
                sealed.trim()
        except OSError:
            pass  # the next run compiles them again
        finally:
            sealed.close()

    def _open(self) -> Sealed | None:
        try:
            return Sealed(open_place(self._directory))
        except (UnusableError, OSError):
            return None
