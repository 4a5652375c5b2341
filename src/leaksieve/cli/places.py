"""Finds the repository a path belongs to, as the environment of a git hook describes it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leaksieve.cli.talk import Talk
from leaksieve.errors import SourceError

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository


def repository_of(path: str) -> Repository:
    """Find the repository a path lies in.  Raises SourceError.

    git describes the repository of the current directory to its hooks in ``GIT_DIR``,
    ``GIT_WORK_TREE`` and ``GIT_INDEX_FILE`` (``commit -a`` stages into an index of its own); a path
    elsewhere has nothing to do with them.
    """
    from leaksieve.gitobjects.repository import discover

    if not _same(path, "."):
        return discover(os.fsencode(path))
    return discover(os.fsencode(path), git_dir=_bytes("GIT_DIR"), work_tree=_bytes("GIT_WORK_TREE"), index_file=_bytes("GIT_INDEX_FILE"))


def repository_or_none(path: str) -> Repository | None:
    """Find the repository a path lies in, ``None`` where there is none; one that cannot be read is said aloud, since its files then count as any others."""
    try:
        return repository_of(path)
    except SourceError as error:
        if not error.what.startswith("not a git repository"):
            Talk.current().note(f"scanned without its repository: {error.line()}")
        return None


def root_of(path: str, repository: Repository | None) -> str:
    """Return the folder where a target's configuration is looked for: the repository's root, else the target's."""
    if repository is not None:
        return os.fsdecode(repository.worktree or repository.git_dir)
    return path if os.path.isdir(path) else os.path.dirname(path) or "."


def project_root(path: str) -> str:
    """Return the folder where the configuration of a path is looked for."""
    return root_of(path, repository_or_none(path))


def _same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _bytes(name: str) -> bytes | None:
    value = os.environ.get(name)
    return os.fsencode(value) if value else None
