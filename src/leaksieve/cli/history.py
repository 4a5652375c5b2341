"""Scans of a repository's history: ``leaksieve git`` without ``--staged``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.cli.execute import execute, talk_for
from leaksieve.cli.gate import open_repository
from leaksieve.cli.places import root_of
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.config import Config
from leaksieve.config.discover import Found

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.sources.commits import CommitsSource
    from leaksieve.sources.history import HistorySource

# Objects on the way to others (the base of a delta) may be this long, bytes.
CHAIN_LIMIT = 512 * 1024 * 1024


class Extent(NamedTuple):
    """What of the history is asked for; the defaults mean "all of it".

    ``narrow`` holds the fields of :class:`leaksieve.sources.view.View` where a part was asked for.
    """

    attribution: bool = True
    names: bool = True
    narrow: tuple[str, str, str, str, bool, bool] | None = None
    allow_http: bool = False


def scan_history(options: Options, repo: str | None, extent: Extent) -> int:
    """Scan the history of a repository (default: that of the current directory), or a part of it."""
    from leaksieve.cli.remote import remote_of, scan_remote

    requested = repo or "."
    url = remote_of(requested, allow_http=extent.allow_http)
    if url is not None:
        return scan_remote(options, url, extent)
    repository = open_repository(requested, options.allow_root)
    root = root_of(requested, repository)
    found = settle(options, [root], foreign=repository.is_foreign_owned)
    return scan_repository(options, found, repository, extent, requested=requested, root=root)


def scan_repository(options: Options, found: Found, repository: Repository, extent: Extent, *, requested: str, root: str | None) -> int:
    """Scan an opened repository; ``root`` is the project's folder, None for a clone of our own."""
    talk_for(options)
    if extent.narrow is not None:
        return execute(options, found, lambda config: (_part(repository, config, extent, requested),), root=root, repository=repository, whole=False)
    return execute(
        options,
        found,
        lambda _: (),
        root=root,
        repository=repository,
        histories=lambda config: (history_source(repository, config, requested),),
        attribution=extent.attribution,
        names=extent.names,
        # A clone of our own is gone after the run.
        cache=options.cache if root is not None else False,
    )


def _part(repository: Repository, config: Config, extent: Extent, requested: str) -> CommitsSource:
    from leaksieve.sources.commits import CommitsSource
    from leaksieve.sources.view import View

    assert extent.narrow is not None
    exclude = tuple(os.fsencode(pattern) for pattern in config.exclude)
    return CommitsSource(repository, view=View(*extent.narrow), max_file_size=config.max_file_size, exclude=exclude, names=extent.names, requested=requested)


def history_source(repository: Repository, config: Config, requested: str, *, prefix: bytes = b"") -> HistorySource:
    """Build the source of a repository's whole object store; ``prefix`` stands before its paths where several are scanned."""
    from leaksieve.sources.history import HistorySource

    source = HistorySource(repository, requested=requested, max_file_size=config.max_file_size, chain_limit=CHAIN_LIMIT, prefix=prefix)
    source.coverage.resolved = os.fsdecode(repository.common_dir)
    return source
