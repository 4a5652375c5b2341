"""Configuration and baselines as they stand in a commit, not in the working tree, which is the change's own.

They are written into a private folder for the time of the scan, so that everything that reads files reads these.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.config.discover import MAX_BYTES, NAMES, PYPROJECT, PYPROJECT_TABLE, Found
from leaksieve.errors import ConfigError
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.trees import GITLINK, SYMLINK, TREE, parse_tree

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository

# Keys of a configuration that name further files.
_NAMING = ("rules", "extends", "baseline", "baselines")
_MOST_FILES = 2000
_TREE_LIMIT = 64 * 1024 * 1024
_BASELINE_LIMIT = 64 * 1024 * 1024


@contextmanager
def settled_at(options: Options, repository: Repository, commit: bytes, *, review: bool) -> Iterator[tuple[Options, Found]]:
    """Yield the options and the configuration in force by what a commit (raw id) holds; the files are gone afterwards.

    Paths of options that lie in the working tree are taken from the commit as well where ``review`` says that the tree is the change's own;
    what the commit does not have yet does not count, and the notes say so.  Raises UsageError or ConfigError.
    """
    with TemporaryDirectory(prefix="leaksieve-") as folder:
        copy = _Copy(repository, commit, os.path.realpath(folder))
        notes: list[str] = []
        short = commit.hex()[:12]
        if review:
            options = _moved(options, repository, copy, notes, short)
        try:
            if options.config is None and options.repo_config:
                copy.configuration()
            found = settle(options._replace(trust_repo_config=True), [copy.folder])
        except ConfigError as error:
            raise type(error)(error.what, where=error.where.replace(copy.folder + os.sep, f"{short}:"), hint=error.hint) from None
        path = found.path.replace(copy.folder + os.sep, f"{short}:") if found.path is not None else None
        yield options, found._replace(path=path, notes=(*found.notes, *notes))


def _moved(options: Options, repository: Repository, copy: _Copy, notes: list[str], short: str) -> Options:
    """Replace paths in the working tree by their copies of the commit."""

    def moved(path: str) -> str | None:
        inner = _within(path, repository)
        if inner is None:
            return path
        if copy.write(inner):
            return os.path.join(copy.folder, os.fsdecode(inner))
        notes.append(f"{path} does not count: commit {short}, which the change is made against, has no such file")
        return None

    config = moved(options.config) if options.config is not None else None
    if config is not None and options.config is not None:
        copy.named_by(os.path.relpath(config, copy.folder)) if config != options.config else None
    baseline = tuple(one for one in map(moved, options.baseline) if one is not None)
    rules = tuple(one for one in map(moved, options.rules) if one is not None)
    # A file that does not count must not make way for another that was not asked for.
    repo_config = options.repo_config and options.config is None
    return options._replace(config=config, baseline=baseline, rules=rules, repo_config=repo_config)


def _within(path: str, repository: Repository) -> bytes | None:
    """A path's place in the working tree, None when it lies elsewhere."""
    if repository.worktree is None:
        return None
    top = os.path.realpath(repository.worktree)
    # The last part is not resolved: a link in the tree is the change's own as well.
    folder, name = os.path.split(os.path.abspath(os.fsencode(path)))
    full = os.path.join(os.path.realpath(folder), name)
    return os.path.relpath(full, top) if full.startswith(top + b"/") else None


class _Copy:
    """Files of one commit, written below ``folder`` as they are wanted."""

    def __init__(self, repository: Repository, commit: bytes, folder: str) -> None:
        self.folder = folder
        self._store = ObjectStore(repository)
        self._size = repository.hash_size
        self._left = _MOST_FILES
        self._done: set[bytes] = set()
        self._tree = self._top(commit)

    def configuration(self) -> None:
        """Write the configuration that would be found at the top, and what it names."""
        for name in (*NAMES, PYPROJECT):
            if self.write(name.encode(), MAX_BYTES):
                self.named_by(name)

    def named_by(self, name: str) -> None:
        """Write the files that a configuration, written already, names."""
        pending = [name]
        while pending:
            name = pending.pop()
            for path in self._names(name):
                inner = os.fsencode(os.path.normpath(os.path.join(os.path.dirname(name), path)))
                if not inner.startswith((b"/", b"..")) and inner not in self._done and self.write(inner) and inner.endswith(b".toml"):
                    pending.append(os.fsdecode(inner))

    def _names(self, name: str) -> list[str]:
        from leaksieve.config import read

        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                values = read.parse(file.read(), name, table=PYPROJECT_TABLE if os.path.basename(name) == PYPROJECT else ())
        except (ConfigError, OSError):
            return []  # whoever reads it next says what is wrong
        found: list[str] = []
        for key in _NAMING:
            value = (values or {}).get(key)
            found += [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str) and each and "\0" not in each]
        return found

    def write(self, path: bytes, limit: int = _BASELINE_LIMIT) -> bool:
        """Write a file, or everything below a folder; whether the commit has it.  Raises ConfigError for what cannot be taken."""
        self._done.add(path)
        mode, oid = TREE, self._tree
        for part in path.split(b"/"):
            entry = self._list(oid).get(part) if mode == TREE else None
            if entry is None:
                return False
            mode, oid = entry
        self._put(path, mode, oid, limit)
        return True

    def _put(self, path: bytes, mode: int, oid: bytes, limit: int) -> None:
        where = path.decode("utf-8", "backslashreplace")
        if mode == GITLINK:
            return
        if mode == SYMLINK:
            raise ConfigError("is a link, which is not followed in a commit", where=where)
        if mode == TREE:
            for name, (kind, inner) in self._list(oid).items():
                if kind != SYMLINK and name not in (b"", b".", b"..") and b"/" not in name:
                    self._put(path + b"/" + name, kind, inner, limit)
            return
        self._left -= 1
        if self._left < 0:
            raise ConfigError(f"names more than {_MOST_FILES} files", where=where)
        try:
            data = self._store.read(oid, limit)[1]
        except ObjectError as error:
            raise ConfigError(f"cannot be read from the commit ({error.detail})", where=where) from None
        target = os.path.join(os.fsencode(self.folder), path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)

    def _list(self, oid: bytes) -> dict[bytes, tuple[int, bytes]]:
        try:
            return parse_tree(self._store.read(oid, _TREE_LIMIT)[1], self._size)
        except (ObjectError, BadDataError) as error:
            raise ConfigError(f"the tree of the commit cannot be read ({error})", where=oid.hex()) from None

    def _top(self, commit: bytes) -> bytes:
        from leaksieve.gitobjects.graph import History

        try:
            return History(self._store).node(commit).tree
        except ObjectError as error:
            raise ConfigError(f"the commit cannot be read ({error.detail})", where=commit.hex()) from None
