"""A commit's check: one changed file in repositories of two sizes."""

from __future__ import annotations

import os

from benchmarks import fixtures, tools
from benchmarks.session import Section, Session, Unavailable

SIZES = (1600, 4800)
RUNS = 15


def bench(session: Session) -> list[Section]:
    """Every fixture in every repository, all tools."""
    slow = tools.uncompiled(session.leaksieve, session.environment)
    if slow:
        raise Unavailable(f"these modules have no bytecode, so every start would compile them: {', '.join(slow[:8])}; run `python -m compileall` on them")
    sections = []
    for size in SIZES:
        repository = os.path.join(session.folder("staged"), f"repository{size}")
        fixtures.build(repository, size)
        for change in fixtures.CHANGES:
            files = fixtures.stage(repository, change)
            commands = [tool.staged(repository, files) for tool in session.scanners]
            if change == fixtures.FINDING:
                # A scanner that finds nothing here did other work than the rest.
                commands = [command._replace(clean=frozenset()) for command in commands]
            sections.append(session.compare(f"Staged: {change}, repository of {size} files", commands, RUNS))
    return sections
