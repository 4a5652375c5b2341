"""Working trees of real repositories."""

from __future__ import annotations

import os

from benchmarks import corpus
from benchmarks.session import Section, Session

RUNS = 7


def exported(session: Session) -> list[tuple[str, str, int, int]]:
    """(name, folder, files, bytes) of a copy of every repository, made once a session."""
    found = []
    for repository in corpus.clones():
        name = os.path.basename(repository)
        folder = os.path.join(session.temp, "trees", name)
        if not os.path.isdir(folder):
            os.makedirs(folder)
            corpus.export(repository, folder)
        sizes = [os.path.getsize(os.path.join(place, file)) for place, _, files in os.walk(folder) for file in files]
        found.append((name, folder, len(sizes), sum(sizes)))
    return found


def bench(session: Session) -> list[Section]:
    """All tools on every repository's tracked files."""
    return [
        session.compare(f"Tree: {name}, {files:,} files, {size / 1e6:.1f} MB", [tool.tree(folder) for tool in session.scanners], RUNS)
        for name, folder, files, size in exported(session)
    ]
