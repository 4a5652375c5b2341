"""Single objects of a repository under the paths they are known by: where history's findings are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from leaksieve.coverage import SourceCoverage
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import Repository
from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.sources.base import Unit


class Place(NamedTuple):
    """An object to show: its raw id, its kind, the path it stands under (empty for messages and where it is not known).

    ``details`` are the further fields of the occurrence's ``source``.  For a tree it is the last part of ``path`` that is shown, for a "name" the whole of it.
    """

    oid: bytes
    kind: str
    path: bytes
    details: Mapping[str, Any]


class PlacesSource:
    """Reads places; ``limit`` bounds an object in bytes."""

    def __init__(self, repository: Repository, places: list[Place], *, limit: int) -> None:
        self.coverage = SourceCoverage("git", "")
        self._store = ObjectStore(repository)
        self._places = places
        self._limit = limit

    def units(self) -> Iterator[Unit]:
        """One unit for each place."""
        for place in self._places:
            yield (place.oid, place.kind, place.path, dict(place.details))

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Yield the object's content, or a Skip."""
        oid, kind, path, details = unit
        if kind in ("tree", "name"):
            yield Chunk(path.rpartition(b"/")[2] if kind == "tree" else path, Provenance("git", path, details))
            return
        try:
            _, data = self._store.read(oid, self._limit)
        except ObjectError as error:
            yield Skip("failed", oid.hex().encode(), error.reason, error.detail)
            return
        yield Chunk(data, Provenance("git", path, details))
