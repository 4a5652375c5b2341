"""Staged scans: ``leaksieve git --staged`` and the pre-commit hook."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaksieve.cli.execute import execute, talk_for
from leaksieve.cli.places import repository_of, root_of
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.cli.talk import Talk
from leaksieve.config import Config
from leaksieve.config.discover import Found
from leaksieve.errors import SourceError, UsageError

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.sources.base import Source


def scan_staged(options: Options, repo: str | None) -> int:
    """Scan what is staged in the repository of a path (default: the current directory)."""
    repository = open_repository(repo or ".", options.allow_root)
    return _staged(options, repository, requested=repo or ".")


def scan_unstaged(options: Options, repo: str | None) -> int:
    """Scan changes to tracked files that are not staged, in the repository of a path (default: the current directory)."""
    repository = open_repository(repo or ".", options.allow_root)
    talk_for(options)

    def sources(config: Config) -> list[Source]:
        from leaksieve.sources.unstaged import UnstagedSource

        exclude = tuple(os.fsencode(pattern) for pattern in config.exclude)
        return [UnstagedSource(repository, max_file_size=config.max_file_size, exclude=exclude, requested=repo or ".")]

    return execute(options, _settle(options, repository), sources, root=root_of(".", repository), repository=repository, whole=False)


def check_commit(options: Options, files: Sequence[str], *, locked: bool = False) -> int:
    """Scan what is about to be committed, or the named files.

    ``locked`` reads the index that a commit in progress is writing: in a container nothing of what git says to its hooks
    arrives, and without that ``git commit -a`` would pass by what was staged before.

    Under ``pre-commit run --all-files`` nothing is staged, and passing then would say that files
    were checked that were not; so what is not staged is scanned as it stands.
    """
    repository = open_repository(".", options.allow_root)
    lock = repository.index_path + b".lock"
    if locked and not os.environ.get("GIT_INDEX_FILE") and os.path.isfile(lock) and os.path.getsize(lock):
        return _staged(options, repository._replace(index_path=lock, index_named=True), paths=_relative(repository, files))
    # git itself gives its hooks the index to look at; whoever runs the hook by hand does not.
    if os.environ.get("GIT_INDEX_FILE"):
        return _staged(options, repository, paths=_relative(repository, files))
    talk = talk_for(options)
    if not files:
        if not os.environ.get("PRE_COMMIT") or _staged_paths(repository):
            return _staged(options, repository)
        talk.note("nothing is staged (pre-commit run --all-files?), so the working tree is scanned as it stands")
        return _mixed(options, repository, (), (b"",))
    named = _relative(repository, files)
    staged = _staged_paths(repository)
    rest = tuple(path for path in named if path not in staged)
    if rest:
        talk.note(f"{len(rest)} of {len(named)} named files are not staged, so they are scanned as they stand")
    return _mixed(options, repository, tuple(path for path in named if path in staged), rest)


def open_repository(path: str, allow_root: Sequence[str] = ()) -> Repository:
    """Find the repository of a path.  Raises UsageError when there is nothing, SourceError when it cannot be read."""
    if not os.path.exists(path):
        raise UsageError("no such file or directory", where=path)
    try:
        return repository_of(path, allow_root)
    except SourceError as error:
        if error.what.startswith("not a git repository"):
            raise UsageError(error.what, where=error.where, hint=error.hint) from None
        raise


def _settle(options: Options, repository: Repository) -> Found:
    root = root_of(".", repository)
    return settle(options, [root], foreign=repository.is_foreign_owned)


def _staged(options: Options, repository: Repository, *, requested: str = "staged changes", paths: tuple[bytes, ...] = ()) -> int:
    return _run(options, repository, requested, paths, None)


def _mixed(options: Options, repository: Repository, staged: tuple[bytes, ...], standing: tuple[bytes, ...]) -> int:
    return _run(options, repository, "named files", staged, standing)


def _run(options: Options, repository: Repository, requested: str, staged: tuple[bytes, ...], standing: tuple[bytes, ...] | None) -> int:
    """Scan staged paths (none given: all) and, if ``standing`` is not None, those paths of the working tree instead of all."""
    talk = talk_for(options)

    def sources(config: Config) -> list[Source]:
        made: list[Source] = []
        if staged or standing is None:
            made.append(_index(repository, config, staged, requested))
        if standing:
            made.append(_standing(repository, config, standing))
        return made

    found = _settle(options, repository)
    _say_options(talk, options)
    return execute(options, found, sources, root=root_of(".", repository), repository=repository, staged=standing is None or bool(staged), whole=False)


def _say_options(talk: Talk, options: Options) -> None:
    if options.cache:
        talk.detail("a cache is kept for histories alone")


def _index(repository: Repository, config: Config, paths: tuple[bytes, ...], requested: str) -> Source:
    if config.exclude:
        from leaksieve.sources.index_filtered import FilteredIndexSource

        patterns = tuple(os.fsencode(pattern) for pattern in config.exclude)
        return FilteredIndexSource(repository, max_file_size=config.max_file_size, paths=paths, requested=requested, exclude=patterns)
    from leaksieve.sources.index import IndexSource

    return IndexSource(repository, max_file_size=config.max_file_size, paths=paths, requested=requested)


def _standing(repository: Repository, config: Config, paths: tuple[bytes, ...]) -> Source:
    """Build the source of files of the working tree; the empty path stands for all of it."""
    top = repository.worktree
    assert top is not None
    if paths == (b"",):
        from leaksieve.cli.trees import WORKING_TREE, Target, tree_source

        return tree_source(Target(os.fsdecode(top), WORKING_TREE, repository), config)
    from leaksieve.sources.named import NamedFilesSource

    return NamedFilesSource(top, paths, max_file_size=config.max_file_size, exclude=tuple(os.fsencode(pattern) for pattern in config.exclude))


def _staged_paths(repository: Repository) -> set[bytes]:
    """Return the paths whose staged content differs from HEAD's."""
    from leaksieve.sources.index import IndexSource

    probe = IndexSource(repository, max_file_size=1 << 40, requested="")
    found = {path for path, *_ in probe.units() if isinstance(path, bytes)}
    return found | {skip.where for skip in probe.coverage.skips if skip.reason not in {"intent-to-add", "submodule"}}


def _relative(repository: Repository, files: Sequence[str]) -> tuple[bytes, ...]:
    """Return the files' paths relative to the top of the working tree.  Raises UsageError for one outside it."""
    if not files:
        return ()
    if repository.worktree is None:
        raise UsageError("a bare repository has no files", where=os.fsdecode(repository.git_dir))
    top = os.path.realpath(repository.worktree)
    # Links in the files' own names stay as they are: a tracked link is checked as a link.
    here = os.path.realpath(b".")
    found = []
    for name in files:
        path = os.path.relpath(os.path.normpath(os.path.join(here, os.fsencode(name))), top)
        if path.split(b"/")[0] == b"..":
            raise UsageError("lies outside the repository", where=name)
        found.append(path)
    return tuple(found)
