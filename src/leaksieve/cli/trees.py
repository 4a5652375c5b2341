"""Scans of working trees, files and standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.cli.execute import execute, talk_for
from leaksieve.cli.places import names_image, repository_or_none, root_of
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.config import Config
from leaksieve.errors import SourceError, UsageError
from leaksieve.model import Skip

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.sources.base import Source
    from leaksieve.sources.history import HistorySource

# A repository's own folder, as against a folder inside one.
WORKING_TREE = "working tree"
BARE = "bare repository"


class Target(NamedTuple):
    """One path of the command line: what it was taken for, and the repository it lies in."""

    path: str
    kind: str
    repository: Repository | None

    @property
    def root(self) -> str:
        """Where its configuration is looked for."""
        return root_of(self.path, self.repository)


def scan_trees(options: Options, paths: Sequence[str], *, classify: bool, trees: bool = True, histories: bool = True) -> int:
    """Scan paths as they stand (``trees``), and the histories of those that are repositories (``histories``).

    ``classify`` says what each was taken for.  All paths are looked at before anything is scanned.
    """
    talk = talk_for(options)
    targets = [target_of(path, options.allow_root) for path in _without_repeats(_expanded(paths))]
    for target in targets:
        if not trees and target.kind not in (WORKING_TREE, BARE):
            raise UsageError(f"is a {target.kind}, which has no history", where=target.path)
        if target.kind == BARE and not histories:
            raise UsageError("a bare repository has no files to scan", where=target.path, hint="`leaksieve git` scans its history")
    if classify:
        for target in targets:
            talk.note(f"{target.path} is taken for a {target.kind}{_share(target, trees=trees, histories=histories)}")
    roots = [target.root for target in targets]
    found = settle(options, roots, foreign=any(target.repository and target.repository.is_foreign_owned for target in targets))
    alone = len(set(roots)) == 1

    def sources(config: Config) -> list[Source]:
        return [tree_source(target, config, alone=alone) for target in targets if trees and target.kind != BARE]

    def pasts(config: Config) -> list[HistorySource]:
        from leaksieve.cli.history import history_source

        return [
            history_source(target.repository, config, target.path, prefix=b"" if alone else _shown_root(target))
            for target in targets
            if histories and target.kind in (WORKING_TREE, BARE) and target.repository is not None
        ]

    first = targets[0]
    whole = all(target.kind in (WORKING_TREE, BARE) or (target.kind == "folder" and target.repository is None) for target in targets)
    return execute(options, found, sources, root=first.root, repository=first.repository, histories=pasts, cache=options.cache, whole=whole)


def _share(target: Target, *, trees: bool, histories: bool) -> str:
    """Say which part of a repository is scanned."""
    if target.kind != WORKING_TREE:
        return ""
    if trees and histories:
        return " with its history"
    return "" if trees else ", of which the history is scanned"


def tree_source(target: Target, config: Config, *, alone: bool = True) -> Source:
    """Build the source of one path.

    Paths are reported from the root the configuration belongs to, so that its patterns mean the
    same whichever folder is named; with several roots (not ``alone``) the target's name stands before them.
    """
    from leaksieve.sources.worktree import WorktreeSource

    repository = target.repository
    top = repository.worktree if repository is not None else None
    real = os.path.realpath(os.fsencode(target.path))
    prefix = b""
    if top is not None:
        prefix = _below(real if target.kind != "file" else os.path.dirname(real), os.path.realpath(top))
    tracked, unreadable = _tracked(repository, prefix) if repository is not None and config.gitignore else (None, None)
    source = WorktreeSource(
        os.fsencode(target.path),
        requested=target.path,
        max_file_size=config.max_file_size,
        gitignore=config.gitignore,
        tracked=tracked,
        repo_root=top,
        info_exclude=os.path.join(repository.common_dir, b"info", b"exclude") if repository is not None else None,
        exclude=tuple(os.fsencode(pattern) for pattern in config.exclude),
        prefix=prefix if alone else _shown_root(target) + prefix,
    )
    if unreadable is not None:
        source.coverage.skip(unreadable)
    return source


def _tracked(repository: Repository, prefix: bytes) -> tuple[frozenset[bytes] | None, Skip | None]:
    """Return the tracked paths below a prefix, relative to it: git's ignore rules do not hide those."""
    from leaksieve.sources.index import tracked_paths

    try:
        tracked = tracked_paths(repository)
    except SourceError as error:
        # Without it a tracked file that an ignore rule names is taken for ignored: say so.
        return None, Skip("failed", os.path.relpath(repository.index_path, repository.worktree), "unreadable", error.what)
    return frozenset(path[len(prefix) :] for path in (*tracked.files, *tracked.gitlinks) if path.startswith(prefix)), None


def _below(path: bytes, top: bytes) -> bytes:
    """Return a folder relative to the top, ending in a slash, or nothing for the top itself and for what lies elsewhere."""
    relative = os.path.relpath(path, top)
    return b"" if relative == b"." or relative.split(b"/")[0] == b".." else relative + b"/"


def _shown_root(target: Target) -> bytes:
    """Name a target's root the way a person tells several apart: from the current folder, or by its last name."""
    root = os.path.realpath(os.fsencode(target.root))
    return _below(root, os.path.realpath(b".")) or (os.path.basename(root) + b"/" if root != os.path.realpath(b".") else b"")


def scan_stdin(options: Options, name: str) -> int:
    """Scan standard input, reported under a name."""
    if not name or "\0" in name:
        raise UsageError("must be a path", where="--stdin-path")
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    repository = repository_or_none(".", options.allow_root)
    root = root_of(".", repository)
    found = settle(options, [root], foreign=repository is not None and repository.is_foreign_owned)

    def sources(_: Config) -> list[Source]:
        from leaksieve.sources.stream import StreamSource

        return [StreamSource(sys.stdin.buffer, path=os.fsencode(name))]

    return execute(options, found, sources, root=root, repository=repository, whole=False)


def target_of(path: str, allow_root: Sequence[str]) -> Target:
    """Say what a path is.  Raises UsageError for what is not there or cannot be scanned yet."""
    if names_image(path):
        raise UsageError("is a container image", where=path, hint="`leaksieve image` scans it")
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError("no such file or directory", where=path) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be scanned: {getattr(error, 'strerror', None) or type(error).__name__}", where=path) from None
    repository = repository_or_none(path, allow_root)
    if stat.S_ISREG(mode):
        return Target(path, "file", repository)
    if not stat.S_ISDIR(mode):
        raise UsageError("neither a file nor a folder", where=path, hint="`leaksieve stdin` scans what is piped in")
    if repository is None:
        return Target(path, "folder", None)
    if repository.bare and os.path.samefile(path, repository.git_dir):
        return Target(path, BARE, repository)
    is_top = repository.worktree is not None and os.path.samefile(path, repository.worktree)
    return Target(path, WORKING_TREE if is_top else "folder", repository)


def _expanded(paths: Sequence[str]) -> list[str]:
    """Put what a pattern stands for in its place, as a shell would have: not every shell does, and hooks and jobs have none.  Raises UsageError for one that stands for nothing."""
    out: list[str] = []
    for path in paths:
        if os.path.lexists(path) or not any(char in path for char in "*?["):
            out.append(path)
            continue
        from glob import glob

        found = sorted(glob(path, recursive=True))
        if not found:
            raise UsageError("no file or directory is called so", where=path)
        out += found
    return out


def _without_repeats(paths: Sequence[str]) -> list[str]:
    """Drop paths named twice; one inside another stays, since naming it overrules ignore files."""
    first: dict[str, str] = {}
    for path in paths:
        first.setdefault(os.path.realpath(path), path)
    return list(first.values())
