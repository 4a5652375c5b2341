"""What the rules cost: the engine of today with all rules beside the same engine with the first ruleset's, on the same files, in one process.

The first ruleset is read out of this repository's own history.
"""

from __future__ import annotations

import gc
import io
import os
import random
import subprocess
import tarfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import figures, large
from benchmarks.measure import say
from benchmarks.session import Section, Session, Unavailable
from benchmarks.tree import exported

# The commit that first had tables of figures: 630 rules.
FIRST = "894ab9e"
RUNS = 7
# Of the large tree so many files are taken; longer ones of any tree are left out.
_FILES = 2500
_LONGEST = 1 << 20

Files = list[tuple[bytes, bytes]]


def bench(session: Session) -> list[Section]:
    """Scan the files of each tree with both rulesets in turns; the best of several rounds counts, in processor time."""
    if not find_spec("leaksieve") or not find_spec("hyperscan"):
        raise Unavailable("leaksieve and hyperscan have to be in this Python")
    from leaksieve.ruleset.compile import compile_folder
    from leaksieve.ruleset.load import Ruleset, load

    rulesets = {"first": Ruleset(compile_folder(_first(session.folder("first")))), "all": load()}
    trees = [(name, folder) for name, folder, _, _ in exported(session)]
    trees.append(("large", large.tree(session)))
    rows, data = [], []
    for name, folder in trees:
        files = _files(folder)
        size = sum(len(content) for content, _ in files) / 1e6
        say(f"Cost of rules: {name}, {len(files)} files, {size:.1f} MB")
        best = dict.fromkeys(rulesets, float("inf"))
        for _ in range(session.runs or RUNS):
            for which in rulesets:
                best[which] = min(best[which], _turn(rulesets, which, files))
        speed = {which: size / seconds for which, seconds in best.items()}
        ratio = speed["all"] / speed["first"]
        rows.append((name, f"{len(files):,}", f"{size:.1f}", f"{speed['first']:.0f}", f"{speed['all']:.0f}", f"{ratio:.2f}"))
        data.append({"tree": name, "files": len(files), "megabytes": size, "seconds": best})
    heads = ("tree", "files", "MB", f"the first {len(rulesets['first'])} rules, MB/s", f"all {len(rulesets['all'])}, MB/s", "all / first")
    return [Section("What the rules cost: one process, hyperscan, each file seen for the first time", figures.table(heads, rows), data)]


def _turn(rulesets: dict[str, Any], which: str, files: Files) -> float:
    """Seconds of processor time to scan all files, with an engine that remembers nothing."""
    from leaksieve.engine.matcher import Engine

    engine = Engine(rulesets[which], prefilter="hyperscan", rejected_alone=False)
    # What is compiled and loaded once is not what is measured.
    for content, path in files[:200]:
        engine.scan(content, path)
    gc.collect()
    gc.disable()
    began = time.process_time()
    for content, path in files:
        engine.scan(content, path)
    seconds = time.process_time() - began
    gc.enable()
    return seconds


def _first(folder: str) -> str:
    here = Path(__file__).resolve().parents[1]
    done = subprocess.run(["git", "archive", FIRST, "rules"], cwd=here, capture_output=True, check=False)
    if done.returncode:
        raise Unavailable(f"commit {FIRST} of this repository is needed, in a clone that is not shallow")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return os.path.join(folder, "rules")


def _files(folder: str) -> Files:
    """Some files of a tree, the same ones each time, with their paths in it."""
    paths = sorted(os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
    random.Random(5).shuffle(paths)
    found = []
    for path in paths[:_FILES]:
        with open(path, "rb") as file:
            content = file.read()
        if len(content) < _LONGEST:
            found.append((content, os.fsencode(os.path.relpath(path, folder))))
    return found
