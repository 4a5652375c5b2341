"""What the decoders cost: the same tree with them on and off."""

from __future__ import annotations

from benchmarks.session import Section, Session
from benchmarks.tree import exported

RUNS = 9


def bench(session: Session) -> list[Section]:
    """Leaksieve with its default beside ``--max-decode-depth 0`` on every repository; the ratio is the cost of decoding."""
    sections = []
    for name, folder, files, size in exported(session):
        commands = [session.leaksieve.tree(folder), session.leaksieve.tree(folder, "--max-decode-depth", "0")._replace(name="no decoding")]
        sections.append(session.compare(f"Decoders: {name}, {files:,} files, {size / 1e6:.1f} MB", commands, RUNS))
    return sections
