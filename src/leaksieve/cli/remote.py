"""Scans of repositories on other machines: cloned into a private folder, scanned, removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leaksieve.cli.execute import progress_for, talk_for
from leaksieve.cli.history import Extent, scan_repository
from leaksieve.cli.places import names_image
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle

if TYPE_CHECKING:
    from leaksieve.sources.remote_url import RemoteUrl

# What makes a target worth looking at as a URL: reading URLs costs imports that local paths need not pay for.
_MARKS = ("://", "@", ":")


def remote_of(target: str, *, allow_http: bool = False) -> RemoteUrl | None:
    """What a target names on another machine, None for a path.  Raises UsageError for what looks like a URL and may not be used."""
    if os.path.lexists(target) or not any(mark in target for mark in _MARKS) or names_image(target):
        return None
    from leaksieve.sources.remote_url import parse_remote

    return parse_remote(target, allow_http=allow_http)


def scan_remote(options: Options, url: RemoteUrl, extent: Extent | None = None) -> int:
    """Clone a repository, scan its history, remove the clone; also after Ctrl-C."""
    talk = talk_for(options)
    # Nothing that comes from there configures the scan or waves anything through.
    found = settle(options, [], foreign=True)
    from leaksieve.gitobjects.repository import discover
    from leaksieve.sources.remote import CloneProgress, clone

    _, show, clear = progress_for(talk)

    def on_progress(event: CloneProgress) -> None:
        if show is not None:
            from leaksieve.pipeline import ProgressEvent

            show(ProgressEvent(event.objects, event.total, event.size, 0, "objects fetched"))

    with clone(url, progress=on_progress, timeout=found.config.timeout or 3600.0) as copy:
        clear()
        if copy.refused:
            talk.note(f"{copy.refused} references have names that git does not allow; they were not fetched")
        repository = discover(copy.path, git_dir=copy.path)
        return scan_repository(options, found, repository, extent or Extent(), requested=copy.shown, root=None)
