"""A part of the history, commit by commit: what each brings in against all its parents, its message, its new names.

Every (path, content) is scanned once, under the first commit that brings it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from leaksieve.coverage import SourceCoverage
from leaksieve.gitobjects.blobcache import BlobCache
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.graph import History
from leaksieve.gitobjects.links import COMMIT_LIMIT
from leaksieve.gitobjects.objects import ObjectStore, blob_of
from leaksieve.gitobjects.partial import is_partial
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.revisions import TAG_LIMIT
from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.sources.base import Unit, is_lfs_pointer
from leaksieve.sources.between import Between
from leaksieve.sources.commits_plan import By, Plan, Wanted, skipped
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.renames import most_similar
from leaksieve.sources.view import View

_BASE_LIMIT = 100 * 1024 * 1024


class CommitsSource:
    """One view of a repository's history (see :class:`leaksieve.sources.view.View` and :class:`leaksieve.sources.between.Between`).

    ``max_file_size`` in bytes.  ``paths`` restricts it to files and directories from the top of the tree; messages of
    commits that change nothing there are then left out, and so are tags.  ``exclude`` leaves out files that gitignore patterns name.  ``names`` says whether new file names are
    scanned too.  ``requested`` is what the user typed, for the receipt.  Raises UsageError for a view that cannot be meant.

    Chunks have ``object_type`` "blob", "commit" and "tag" (the raw objects, the latter two without a path) or "tree" (a
    name: the chunk is the path itself, ``object`` the commit's top tree), and ``where`` "ref-name" for names of references.  Objects, blobs, commits and tags are expected
    on the receipt; :meth:`counts` says what a chunk adds to the scanned ones.
    """

    def __init__(
        self,
        repo: Repository,
        *,
        view: View | Between,
        max_file_size: int,
        paths: tuple[bytes, ...] = (),
        exclude: tuple[bytes, ...] = (),
        names: bool = True,
        requested: str,
    ) -> None:
        view.check()
        self.coverage = SourceCoverage("git", requested)
        self._repo = repo
        self._view = view
        self._store = ObjectStore(repo)
        self._cache: BlobCache | None = None
        self._max_file_size = max_file_size
        self._paths = tuple(dict.fromkeys(b"/".join(part for part in path.split(b"/") if part not in (b"", b".")) for path in paths))
        self._exclude = Scope.root(IgnoreList(b"\n".join(exclude))) if exclude else None
        self.names = names
        # A partial clone lacks objects on purpose; nobody says which, so all that are missing count as such.
        self._partial = is_partial(self._store)

    @property
    def _objects(self) -> BlobCache:
        """This process's own reader of objects."""
        if self._cache is None:
            self._cache = BlobCache(self._store)
        return self._cache

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_cache": None}

    def units(self) -> Iterator[Unit]:
        """Plan ("commits", entries): what commits say, then files, the versions of each together.  Raises SourceError for a view that does not resolve."""
        coverage = self.coverage
        coverage.shallow = self._repo.shallow
        coverage.partial = self._partial
        history = History(self._store)
        selection = self._view.select(history)
        coverage.resolved = selection.resolved
        for skip in selection.skips:
            coverage.skip(skip)
        wanted = Wanted(self._paths, self._max_file_size, self._exclude, self.names, self._view.first_parent, self._partial)
        return Plan(wanted, coverage, history, selection).units()

    def read(self, unit: Unit) -> Iterator[Chunk | Skip]:
        """Yield the chunks of one unit, a Skip in place of each that cannot be read, and one beside each pointer to large file storage."""
        for entry in cast("tuple[tuple[Any, ...], ...]", unit[1]):
            kind, path, oid, at_head, by = entry[:5]
            if kind == "ref":
                yield Chunk(path, Provenance("git", path, _of_reference(path, oid)))
                continue
            if kind == "tree":
                yield Chunk(path, Provenance("git", path, _details(kind, oid, by, at_head)))
                continue
            try:
                found, data = self._objects.read(oid, self._max_file_size if kind == "blob" else max(COMMIT_LIMIT, TAG_LIMIT))
            except ObjectError as error:
                yield skipped(path or oid.hex().encode(), error, partial=self._partial)
                continue
            if found != kind:
                yield Skip("failed", path or oid.hex().encode(), "corrupt-object", f"object {oid.hex()} is a {found} where a {kind} should stand")
                continue
            if kind != "blob":
                yield Chunk(data, Provenance("git", b"", _details(kind, oid, by, at_head)))
                continue
            before, origins = entry[5:]
            yield Chunk(data, Provenance("git", path, _details(kind, oid, by, at_head)), self._base(data, before, origins))
            if is_lfs_pointer(data):
                yield Skip("excluded", path, "lfs-pointer", "the pointer was scanned, the content it stands for was not")

    @staticmethod
    def counts(chunk: Chunk) -> tuple[tuple[str, int], ...]:
        """Return what a scanned chunk adds to the receipt, as (unit, number) pairs: a name is no object and no file."""
        kind = chunk.provenance.details["object_type"]
        if kind == "tree" or chunk.provenance.details.get("where") == "ref-name":
            return ()
        size = ("bytes", len(chunk.data))
        if kind == "blob":
            return ("objects", 1), ("blobs", 1), ("files", 1), size
        return ("objects", 1), (f"{kind}s", 1), size

    def _base(self, data: bytes, before: tuple[bytes, ...], origins: tuple[bytes, ...]) -> Callable[[], bytes | None] | None:
        if before:
            return lambda: self._joined(before)
        if origins:
            return lambda: most_similar(data, origins, self._blob)
        return None

    def _joined(self, before: tuple[bytes, ...]) -> bytes | None:
        """The versions of all parents, one after the other: a line of any of them was there before."""
        texts = [text for text in (self._blob(oid, max(self._max_file_size, _BASE_LIMIT)) for oid in before) if text is not None]
        return b"\n".join(texts) if texts else None

    def _blob(self, oid: bytes, limit: int) -> bytes | None:
        return blob_of(self._objects, oid, limit)


def _details(kind: str, oid: bytes, by: By, at_head: bool) -> dict[str, object]:
    """What is known of a place: the commit that brought it in; where it went from there is a question for the whole history."""
    commit, author, date, committed = by
    return {
        "object": oid.hex(),
        "object_type": kind,
        "commit": commit or None,
        "author": author or None,
        "date": date or None,
        "refs": None,
        "first_seen": committed or None,
        "last_seen": None,
        "at_head": at_head,
        "reachable": True,
    }


def _of_reference(name: bytes, oid: bytes) -> dict[str, object]:
    """What is known of a name of a reference; the same as in a whole history."""
    shown = name.decode("utf-8", "backslashreplace")
    return {"object": oid.hex(), "object_type": "commit", "refs": [shown], "at_head": False, "reachable": True, "where": "ref-name"}
