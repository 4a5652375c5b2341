"""Objects of a repository named one by one, as a report names them: read again, under the paths it gave them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from leaksieve.coverage import SourceCoverage
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import Repository
from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.sources.base import Unit

# Object id, type, path.
Named = tuple[bytes, str, bytes]


class NamedObjectsSource:
    """Objects by id; each once for each path.  Of type "tree" it is the path itself that is read: a name that holds a secret.

    ``max_file_size`` in bytes.
    """

    def __init__(self, repository: Repository, objects: Sequence[Named], *, max_file_size: int, requested: str = "named objects") -> None:
        self.coverage = SourceCoverage("git", requested)
        self._store = ObjectStore(repository)
        self._objects = sorted(set(objects))
        self._limit = max_file_size

    def units(self) -> Iterator[Unit]:
        """Plan in order of ids."""
        for one in self._objects:
            self.coverage.expect("objects")
            yield ("object", *one)

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Read one object."""
        _, oid, kind, path = cast("tuple[str, bytes, str, bytes]", unit)
        details = {"object": oid.hex(), "object_type": kind}
        if kind == "tree":
            yield Chunk(path, Provenance("git", path, details))
            return
        try:
            _, data = self._store.read(oid, self._limit)
        except ObjectError as error:
            yield Skip("failed", oid.hex().encode(), "missing-object", str(error))
            return
        yield Chunk(data, Provenance("git", path if kind == "blob" else b"", details))
