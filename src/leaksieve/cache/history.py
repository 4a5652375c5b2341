"""What history scans of one signature keep for later ones of the same repository."""

from __future__ import annotations

from typing import Self

from leaksieve.cache.place import UnusableError, open_place
from leaksieve.cache.sealed import MIB, Sealed

_LIMIT = 16 * MIB

Purpose = tuple[bytes, ...]


class HistoryCache:
    """The cache of one scan signature and one ``repository`` (any bytes that tell it from others).

    ``usable`` is False for a cache that knows nothing and keeps nothing, as it is where there is no place
    for one.  ``notes`` collects sentences for a debug log.
    """

    def __init__(self, sealed: Sealed | None, signature: bytes, repository: bytes = b"") -> None:
        self._sealed = sealed
        self._signature = signature
        self._repository = repository
        self._added: dict[Purpose, bytes] = {}
        self.usable = sealed is not None
        self.notes: list[str] = sealed.notes if sealed else []

    @classmethod
    def open(cls, directory: bytes | None, signature: bytes, repository: bytes = b"") -> Self:
        """Open the cache below ``directory`` (None: the user's cache folder); never raises for input or output."""
        try:
            return cls(Sealed(open_place(directory)), signature, repository)
        except UnusableError as error:
            return cls.without(str(error))
        except OSError as error:
            return cls.without(f"the cache directory cannot be used: {error.strerror}")

    @classmethod
    def without(cls, *notes: str) -> Self:
        """Return a cache that knows nothing and keeps nothing."""
        cache = cls(None, b"")
        cache.notes += notes
        return cache

    def derived(self, name: str, key: bytes) -> bytes | None:
        """Return what :meth:`put_derived` was last given for this name and key, by this run or another; None when nothing is known."""
        purpose = self._purpose(name, key)
        if purpose in self._added:
            return self._added[purpose]
        return self._sealed.read(purpose, _LIMIT) if self._sealed else None

    def put_derived(self, name: str, key: bytes, data: bytes) -> None:
        """Keep a result of at most 16 MiB; the caller vouches that no secret is in it.  Kept by :meth:`save`."""
        if len(data) <= _LIMIT:
            self._added[self._purpose(name, key)] = data

    def save(self) -> None:
        """Write what was added.  Never raises for input or output.

        What runs save at once is not mixed: of the same name and key, what was saved last holds.
        """
        if self._sealed and self._added:
            try:
                with self._sealed.lock():
                    self._write(self._sealed)
            except OSError as error:
                self.notes.append(f"the cache was not saved in full: {error.strerror}")
        self._added.clear()

    def close(self) -> None:
        """Save, and let go of the directory."""
        self.save()
        if self._sealed:
            self._sealed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, sealed: Sealed) -> None:
        """Write what is not on disk yet."""
        changed = False
        for purpose, data in self._added.items():
            if sealed.read(purpose, _LIMIT) != data:
                sealed.write(purpose, data)
                changed = True
        if changed:
            sealed.trim()

    def _purpose(self, name: str, key: bytes) -> Purpose:
        return (self._signature, b"derived", self._repository, name.encode(), key)
