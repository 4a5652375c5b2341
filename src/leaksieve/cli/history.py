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

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.sources.history import HistorySource

# Objects on the way to others (the base of a delta) may be this long, bytes.
CHAIN_LIMIT = 512 * 1024 * 1024


class View(NamedTuple):
    """What of the history is asked for; a default means "all of it"."""

    attribution: bool = True
    names: bool = True


def scan_history(options: Options, repo: str | None, view: View) -> int:
    """Scan everything the object store of a repository holds (default: that of the current directory)."""
    from leaksieve.cli.remote import remote_of

    requested = repo or "."
    url = remote_of(requested)
    if url is not None:
        from leaksieve.cli.remote import scan_remote

        return scan_remote(options, url, view)
    repository = open_repository(requested)
    root = root_of(requested, repository)
    found = settle(options, [root], foreign=repository.is_foreign_owned)
    talk_for(options)
    return execute(
        options,
        found,
        lambda _: (),
        root=root,
        repository=repository,
        histories=lambda config: (history_source(repository, config, requested),),
        attribution=view.attribution,
        names=view.names,
    )


def history_source(repository: Repository, config: Config, requested: str, *, prefix: bytes = b"") -> HistorySource:
    """Build the source of a repository's whole object store; ``prefix`` stands before its paths where several are scanned."""
    from leaksieve.sources.history import HistorySource

    source = HistorySource(repository, requested=requested, max_file_size=config.max_file_size, chain_limit=CHAIN_LIMIT, prefix=prefix)
    source.coverage.resolved = os.fsdecode(repository.common_dir)
    return source
