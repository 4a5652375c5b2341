"""What the decoders cost: the same tree with them on and off.

On a small tree that is mostly the longer list of words to compile, on a large one the search for them.
"""

from __future__ import annotations

from benchmarks import large
from benchmarks.session import Section, Session
from benchmarks.tree import exported

RUNS = 9


def bench(session: Session) -> list[Section]:
    """Leaksieve with its default beside ``--max-decode-depth 0`` on every repository and the large tree; the ratio is the cost of decoding."""
    trees = [(f"{name}, {files:,} files, {size / 1e6:.1f} MB", folder, RUNS) for name, folder, files, size in exported(session)]
    trees.append(("the large tree", large.tree(session), large.RUNS))
    sections = []
    for name, folder, runs in trees:
        commands = [session.leaksieve.tree(folder), session.leaksieve.tree(folder, "--max-decode-depth", "0")._replace(name="no decoding")]
        sections.append(session.compare(f"Decoders: {name}", commands, runs, memory_runs=1))
    return sections
