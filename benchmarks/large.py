"""A tree of about 97,000 files and 1 GB: speed beside a plain read, and whether memory stays flat."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from benchmarks import corpus, figures
from benchmarks.measure import Command, Measured, alternate, say
from benchmarks.session import Section, Session

VARIABLE = "LEAKSIEVE_BENCH_LARGE"
FILES = 97_000
BYTES = 1_000_000_000
# A tenth of the tree; big enough for bulk matching and for every worker to have something to do.
SHARE = 10
RUNS = 3

BARE = ("--enable", "github-classic-token", "--max-archive-depth", "0", "--max-decode-depth", "0")

READ = """
import os
for place, _, files in os.walk("."):
    for name in files:
        path = os.path.join(place, name)
        if not os.path.islink(path):
            with open(path, "rb", 0) as file:
                file.read()
"""


def bench(session: Session) -> list[Section]:
    """All tools but detect-secrets (hours) on the large tree, and leaksieve's memory on it and on a tenth."""
    large = tree(session)
    sizes = [os.lstat(os.path.join(place, file)).st_size for place, _, files in os.walk(large) for file in files]
    commands = [tool.tree(large) for tool in session.scanners if tool.name != "detect-secrets"]
    # What reading, one rule in bulk and the processes cost, and what archives add.
    commands.append(session.leaksieve.tree(large, *BARE)._replace(name="leaksieve, one rule, nothing opened or decoded"))
    commands.append(session.leaksieve.tree(large, "--max-archive-depth", "0")._replace(name="leaksieve, archives closed"))
    commands.append(Command("plain read", (sys.executable, "-c", READ), large, "python: open and read every file"))
    title = f"Large tree: {len(sizes):,} files, {sum(sizes) / 1e6:.0f} MB"
    left_out = tuple("detect-secrets left out: it would take hours" for tool in session.peers if tool.name == "detect-secrets")
    sections = [session.compare(title, commands, RUNS, memory_runs=1, notes=left_out)]
    if VARIABLE in os.environ:
        return sections
    small = _made(session, "small", FILES // SHARE, BYTES // SHARE)
    say("Memory: the large tree beside a tenth of it")
    commands = [session.leaksieve.tree(small)._replace(name="tenth"), session.leaksieve.tree(large)._replace(name="whole")]
    return [*sections, flatness(("a tenth", "the whole"), alternate(commands, session.environment, session.runs or 1, 3))]


def tree(session: Session) -> str:
    """The large tree: the user's, or one made of the clones once a session."""
    return os.environ.get(VARIABLE) or _made(session, "large", FILES, BYTES)


def flatness(names: Sequence[str], measured: Sequence[Measured]) -> Section:
    """Peaks of two trees and how many times the second's the first's is."""
    rows, peaks = [], []
    for name, one in zip(names, measured, strict=True):
        found = figures.figures(one, one)
        peaks.append(found.anonymous)
        peak = found.anonymous / figures.MEGABYTE if found.anonymous is not None else None
        rows.append((name, one.void or figures.number(peak, 1), figures.number(found.wall, 2)))
    if len(peaks) == 2 and peaks[0] and peaks[1]:
        rows.append(("the whole / a tenth", figures.number(peaks[1] / peaks[0], 2), ""))
    return Section("Memory over the size of the tree", figures.table(("tree", "anonymous MB", "wall s"), rows), figures.raw(measured))


def _made(session: Session, name: str, files: int, size: int) -> str:
    target = os.path.join(session.temp, name)
    if not os.path.isdir(target):
        say(f"making a tree of {files:,} files")
        corpus.replicate(corpus.clones(), target, files, size)
    return target
