"""Files as they stand or stood: what another scanner's entry by place speaks of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leaksieve.errors import LeaksieveError

if TYPE_CHECKING:
    from leaksieve.gitobjects.graph import History
    from leaksieve.gitobjects.repository import Repository


class Places:
    """Reads files of one project; what cannot be had is None."""

    def __init__(self, root: str, repository: Repository | None, limit: int) -> None:
        self._root = os.path.realpath(os.fsencode(root))
        self._repository = repository
        self._limit = limit
        self._history: History | None = None
        self._kept: dict[tuple[str, str], bytes | None] = {}

    def content(self, path: str, commit: str) -> bytes | None:
        """Return a file of a commit, "" for the file as it stands."""
        key = (path, commit)
        if key not in self._kept:
            try:
                self._kept[key] = self._then(path, commit) if commit else self._now(path)
            except (OSError, ValueError, LeaksieveError):
                self._kept[key] = None
        return self._kept[key]

    def normal(self, path: str) -> str:
        """Return a path as a scan of the project reports it: tools write it from their own working directory, or with the project's folder before it."""
        path = path.replace("\\", "/") if "/" not in path else path
        own = os.fsdecode(self._root).rstrip("/") + "/"
        path = os.path.normpath(path.removeprefix(own))
        parts = path.lstrip("/").split("/")
        for start in range(len(parts)):
            if self.content("/".join(parts[start:]), "") is not None:
                return "/".join(parts[start:])
        return path

    def _now(self, path: str) -> bytes | None:
        full = os.path.realpath(os.path.join(self._root, os.fsencode(path)))
        if not full.startswith(self._root.rstrip(b"/") + b"/") or not os.path.isfile(full):
            return None
        with open(full, "rb") as file:
            return file.read(self._limit)

    def _then(self, path: str, commit: str) -> bytes | None:
        if self._repository is None:
            return None
        from leaksieve.gitobjects.commits import parse_commit
        from leaksieve.gitobjects.graph import History
        from leaksieve.gitobjects.objects import ObjectStore, blob_of
        from leaksieve.gitobjects.revisions import Revisions
        from leaksieve.gitobjects.treediff import find_entry

        if self._history is None:
            self._history = History(ObjectStore(self._repository))
        store = self._history.store
        oid = parse_commit(store.read(Revisions(self._history).commit(commit))[1], store.hash_size).tree
        for name in os.fsencode(path).split(b"/"):
            found = find_entry(store.read(oid)[1], name, store.hash_size)
            if found is None:
                return None
            oid = found[1]
        return blob_of(store, oid, self._limit)
