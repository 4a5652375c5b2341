"""Where a file of an earlier commit is today: what the repository says of renames, committed or not.

First parents are walked from HEAD to the commit that still has the file, and from there forward
again: the commit that takes it away and adds a file with half of its lines has renamed it.
"""

from __future__ import annotations

import os
from contextlib import suppress

from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.links import parse_links
from leaksieve.gitobjects.objects import ObjectStore, blob_of
from leaksieve.gitobjects.refs import head_commit
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treediff import differing, find_entry, is_tree, name_of
from leaksieve.gitobjects.trees import TREE
from leaksieve.sources.renames import CANDIDATE_LIMIT, most_similar

# How far back, and among how many files of one commit, a file is looked for.
MOST_COMMITS = 5000
MOST_ADDED = 5000
# No file is called so.
GONE = b""
_CANDIDATES = 50
_TREE_LIMIT = 64 * 1024 * 1024
# Less than a commit may have elsewhere: somebody waits while up to MOST_COMMITS of them are read.
_COMMIT_LIMIT = 1024 * 1024
_KEPT_TREES = 2048


class Folder:
    """A folder that is in no repository: which files there are is all that is known."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def exists(self, path: bytes) -> bool:
        """Whether there is such a file."""
        return os.path.lexists(os.path.join(self._root, path))

    def now(self, _path: bytes) -> bytes | None:
        """Return None: nobody knows."""
        return None

    def leads(self, _old: bytes, _new: bytes, _staged: str) -> bool | None:
        """Return None: nobody knows."""
        return None

    def passed(self, _old: bytes, _new: bytes) -> bool:
        """Return False: nobody knows."""
        return False


class Followed:
    """Follows files of one repository; whatever cannot be read is not known."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._store = ObjectStore(repository)
        self._trees: dict[bytes, bytes] = {}
        self._read: list[bytes] = []
        self._next: bytes | None = None
        with suppress(SourceError):
            self._next = head_commit(repository)
        self._names: dict[bytes, bytes | None] = {}
        # What a path was called from then on.
        self._passed: dict[bytes, set[bytes]] = {}

    def exists(self, path: bytes) -> bool:
        """Whether there is such a file now: in the working tree, or at HEAD of a bare repository."""
        top = self._repository.worktree
        if top is not None:
            return os.path.lexists(os.path.join(top, path))
        return self._has(0, path) is not None

    def leads(self, old: bytes, new: bytes, staged: str) -> bool | None:
        """Whether the file that was called ``old`` is called ``new`` now; None when nobody can say.

        For renames that are not committed yet its bytes are read: as they are staged if ``staged`` is the blob's id, else in the working tree.
        """
        name = self.now(old)
        if name is None:
            return None
        if name == new:
            return True
        if name == GONE or self._has(0, new) is not None or self.exists(name):
            return False
        data = self._content(new, staged)
        oid = self._has(0, name)
        if data is None or oid is None:
            return None
        return most_similar(data, (oid,), self._blob) is not None

    def passed(self, old: bytes, new: bytes) -> bool:
        """Whether the file that was called ``old`` has been called ``new`` since."""
        self.now(old)
        return new in self._passed[old]

    def _content(self, path: bytes, staged: str) -> bytes | None:
        if staged:
            return self._blob(bytes.fromhex(staged), CANDIDATE_LIMIT)
        from leaksieve.gitobjects.files import read_regular

        top = self._repository.worktree
        try:
            return read_regular(os.path.join(top, path), CANDIDATE_LIMIT) if top is not None else None
        except OSError:
            return None

    def now(self, path: bytes) -> bytes | None:
        """Return what a file of an earlier commit is called at HEAD, ``GONE`` where it was deleted, None when no commit within reach has it."""
        if path not in self._names:
            self._names[path] = self._follow(path)
        return self._names[path]

    def _follow(self, path: bytes) -> bytes | None:
        passed = self._passed[path] = {path}
        at = 0
        while (tree := self._tree(at)) is not None and self._entry(tree, path) is None:
            at += 1
        if tree is None:
            return None
        name = path
        while at:
            at -= 1
            if self._has(at, name) is None:
                name = self._renamed(at, name)
                if name == GONE:
                    break
                passed.add(name)
        return name

    def _tree(self, number: int) -> bytes | None:
        """Return the tree of the commit so many first parents before HEAD."""
        while len(self._read) <= number:
            if self._next is None or len(self._read) >= MOST_COMMITS:
                return None
            try:
                tree, parents = parse_links(self._store.read(self._next, _COMMIT_LIMIT)[1], self._store.hash_size)
            except (ObjectError, BadDataError):
                tree, parents = None, ()
            self._next = parents[0] if parents else None
            if tree is None:
                return None
            self._read.append(tree)
        return self._read[number]

    def _has(self, number: int, path: bytes) -> bytes | None:
        tree = self._tree(number)
        return self._entry(tree, path) if tree is not None else None

    def _entry(self, tree: bytes, path: bytes) -> bytes | None:
        """Return the raw id of the file at a path in a tree."""
        *folders, name = path.split(b"/")
        at: bytes = tree
        try:
            for folder in folders:
                found = find_entry(self._content_of(at), folder, self._store.hash_size)
                if found is None or found[0] != TREE:
                    return None
                at = found[1]
            found = find_entry(self._content_of(at), name, self._store.hash_size)
        except (ObjectError, BadDataError):
            return None
        return found[1] if found is not None and found[0] != TREE else None

    def _content_of(self, tree: bytes) -> bytes:
        known = self._trees.get(tree)
        if known is None:
            if len(self._trees) >= _KEPT_TREES:
                self._trees.clear()
            known = self._trees[tree] = self._store.read(tree, _TREE_LIMIT)[1]
        return known

    def _renamed(self, number: int, path: bytes) -> bytes:
        """Return the file that a commit adds and that was ``path`` before it: the same content, else the most similar; ``GONE`` where there is none."""
        before = self._has(number + 1, path)
        old, new = self._tree(number + 1), self._tree(number)
        if before is None or old is None or new is None:
            return GONE
        added: list[tuple[bytes, bytes]] = []
        try:
            self._added(old, new, b"", added)
        except (ObjectError, BadDataError):
            return GONE
        folder, _, name = path.rpartition(b"/")
        suffix = name.rpartition(b".")[2]

        def likeness(each: tuple[bytes, bytes]) -> tuple[bool, bool, bool, bool, bytes]:
            there, _, called = each[0].rpartition(b"/")
            return each[1] != before, called != name, there != folder, called.rpartition(b".")[2] != suffix, each[0]

        added.sort(key=likeness)
        if added and added[0][1] == before:
            return added[0][0]
        data = self._blob(before, CANDIDATE_LIMIT)
        if data is None:
            return GONE
        ids = {oid: place for place, oid in reversed(added[:_CANDIDATES])}
        texts: dict[bytes, bytes] = {}

        def read(oid: bytes, limit: int) -> bytes | None:
            text = self._blob(oid, limit)
            if text is not None:
                texts.setdefault(text, oid)
            return text

        best = most_similar(data, tuple(ids), read)
        return ids[texts[best]] if best is not None else GONE

    def _added(self, old: bytes, new: bytes, prefix: bytes, found: list[tuple[bytes, bytes]]) -> None:
        """Collect the files only ``new`` has, as (path, raw id); empty ids stand for no tree."""
        width = self._store.hash_size
        before, after = differing(self._content_of(old) if old else b"", self._content_of(new), width)
        names = {name_of(entry, width): entry for entry in before}
        for entry in after:
            name = name_of(entry, width)
            was = names.get(name)
            if is_tree(entry):
                self._added(was[-width:] if was is not None and is_tree(was) else b"", entry[-width:], prefix + name + b"/", found)
            elif was is None or is_tree(was):
                found.append((prefix + name, entry[-width:]))
            if len(found) > MOST_ADDED:
                return

    def _blob(self, oid: bytes, limit: int) -> bytes | None:
        return blob_of(self._store, oid, limit)
