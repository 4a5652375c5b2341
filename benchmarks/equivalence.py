"""Does the walk over packs find what reading every object by its id and scanning it alone finds?

``git cat-file --batch-all-objects`` reads them, so nothing of the walk's own reader is shared; the
engine is, and whether that finds everything is another benchmark's question (bruteforce).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks import corpus, figures
from benchmarks.machine import cores
from benchmarks.measure import say
from benchmarks.session import Section, Session, Unavailable

SHOWN = 20
LIMIT = 100 * 1024 * 1024
# (object id, rule, value, decoders passed)
Found = tuple[str, str, bytes, tuple[str, ...]]


class Answer(NamedTuple):
    """What one repository gave; ``lost`` are (object id or path, reason) of what the walk could not read."""

    repository: str
    objects: int
    size: int
    found: int
    missed: list[Found]
    extra: list[Found]
    lost: list[tuple[str, str]]
    walk: float
    alone: float


def compare(repository: str, *, prefilter: str = "hyperscan", other: str = "hyperscan", ruleset: Any = None, jobs: int = 1) -> Answer:
    """Scan a repository (its work tree or git directory) both ways, the walk with ``prefilter``, single objects with ``other``."""
    from leaksieve.ruleset.load import load

    rules = ruleset or load()
    began = time.perf_counter()
    walked, lost, scanned = walk(repository, rules, prefilter, jobs)
    middle = time.perf_counter()
    single, objects, size = alone(repository, rules, other)
    if scanned != objects:
        lost.append(("", f"git has {objects} objects, the walk scanned {scanned}"))
    done = time.perf_counter()
    return Answer(repository, objects, size, len(single), sorted(single - walked), sorted(walked - single), lost, middle - began, done - middle)


def walk(repository: str, ruleset: Any, prefilter: str, jobs: int) -> tuple[set[Found], list[tuple[str, str]], int]:
    """What the walk finds, what it could not read, and how many objects it scanned."""
    from leaksieve.config import Config
    from leaksieve.gitobjects.repository import discover
    from leaksieve.history_share import decode
    from leaksieve.history_work import HistoryWorker
    from leaksieve.parallel import forked
    from leaksieve.sources.history import HistorySource

    # No rule runs out of time, so that both ways give the same on a slow machine.  Archives are neither way's business.
    config = Config(rule_timeout=600.0, max_archive_depth=0)
    source = HistorySource(discover(os.fsencode(repository)), requested=repository, max_file_size=LIMIT, chain_limit=512 * 1024 * 1024)
    source.take_stock()
    lost = [(os.fsdecode(skip.where), skip.reason) for skip in source.coverage.skips]
    worker = HistoryWorker(source, ruleset, config, prefilter)
    units = source.units(jobs)
    answers = (worker(unit) for unit in units) if jobs == 1 else (_whole(result) for _, result in forked(units, worker, jobs))
    found: set[Found] = set()
    scanned = 0
    for packed in answers:
        answer = decode(packed)
        scanned += sum(answer.counts.values())
        lost += [(os.fsdecode(skip.where), skip.reason) for skip in answer.skips if skip.kind == "failed"]
        for held in answer.held:
            found.update((held.oid.hex(), rule, value, tuple(decoded)) for rule, value, decoded in (answer.keys[key] for key in held.keys))
    return found, lost, scanned


def _whole(result: bytes | None) -> bytes:
    if result is None:
        raise Unavailable("a worker died")
    return result


def alone(repository: str, ruleset: Any, prefilter: str) -> tuple[set[Found], int, int]:
    """What scanning each object by itself finds, how many objects there are, and how many bytes."""
    from leaksieve.engine.matcher import Engine

    engine = Engine(ruleset, prefilter=prefilter, timeout=600.0)
    found: set[Found] = set()
    objects = size = 0
    clean: set[bytes] = set()
    for oid, kind, data in read(repository):
        if len(data) > LIMIT:
            continue
        objects += 1
        size += len(data)
        for piece in tree_names(data, len(oid) // 2) if kind == "tree" else (data,):
            if kind == "tree" and piece in clean:
                continue
            values = said(engine, piece)
            found.update((oid, *value) for value in values)
            if kind == "tree" and not values:
                clean.add(piece)
    return found, objects, size


def said(engine: Any, data: bytes) -> set[tuple[str, bytes, tuple[str, ...]]]:
    """(Rule, value, decoders) of what the engine says of a buffer.

    Both what it reports and its candidates, before matches that overlap and rules that are bound to
    paths are weighed: the walk does not know where an object lies.
    """
    from leaksieve.engine.filters import MAYBE

    hits = engine.prefilter.hits(data)
    candidates = engine.candidates(data, hits).matches if any(hits) else []
    matches = [match for match in candidates if match.rejected in MAYBE]
    if candidates:
        matches += [match for match in engine.scan(data).matches if not match.rejected]
    return {(match.rule_id, match.secret.reveal(), match.decoded) for match in matches}


def tree_names(data: bytes, width: int) -> Iterator[bytes]:
    """The names in a tree."""
    at = 0
    while at < len(data):
        nul = data.index(b"\0", at)
        yield data[data.index(b" ", at) + 1 : nul]
        at = nul + 1 + width


def read(repository: str) -> Iterator[tuple[str, str, bytes]]:
    """(Id, kind, content) of every object, as git gives them."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1"}
    call = ["git", "-c", "safe.directory=*", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"]
    with subprocess.Popen(call, cwd=repository, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while line := process.stdout.readline():
            oid, kind, *size = line.decode("ascii").split()
            if not size:
                # "missing": git cannot read it.
                continue
            yield oid, kind, process.stdout.read(int(size[0]))
            process.stdout.read(1)
    if process.returncode:
        raise Unavailable(f"git cat-file failed in {repository}")


def bench(_session: Session) -> list[Section]:
    """Every clone in the folder the user named."""
    if not find_spec("leaksieve"):
        raise Unavailable("run it with a Python that has leaksieve installed")
    return [section([_told(repository) for repository in corpus.clones()])]


def _told(repository: str) -> Answer:
    say(f"Equivalence: {os.path.basename(repository)}")
    answer = compare(repository, jobs=cores())
    say(f"  {answer.found:,} found, {len(answer.missed)} missed, {len(answer.extra)} too many, walk {answer.walk:.1f} s, one by one {answer.alone:.1f} s")
    return answer


def section(answers: list[Answer]) -> Section:
    """The table; what differs is named by object and rule, never by its bytes."""
    rows = []
    notes: list[str] = []
    for answer in answers:
        name = os.path.basename(answer.repository.rstrip("/"))
        numbers = (answer.objects, answer.size // 1_000_000, answer.found, len(answer.missed), len(answer.extra), len(answer.lost))
        rows.append((name, *(f"{number:,}" for number in numbers), f"{answer.walk:.1f} s", f"{answer.alone:.1f} s"))
        notes += [f"MISSED in {name}: {rule} in {oid}" for oid, rule, *_ in answer.missed[:SHOWN]]
        notes += [f"only the walk, in {name}: {rule} in {oid}" for oid, rule, *_ in answer.extra[:SHOWN]]
        notes += [f"not read in {name}: {where} {reason}" for where, reason in answer.lost[:SHOWN]]
    head = ("repository", "objects", "MB", "found one by one", "missed by the walk", "found by the walk alone", "not read", "walk", "one by one")
    data = [{"repository": row[0], "missed": len(answer.missed), "extra": len(answer.extra)} for row, answer in zip(rows, answers, strict=True)]
    return Section(
        "The walk against one by one", figures.table(head, rows), data, tuple(notes), failed=any(answer.missed or answer.extra for answer in answers)
    )


def main(repositories: list[str]) -> int:
    """Compare the named repositories, or the folder of clones; 1 when anything differs."""
    done = section([_told(each) for each in repositories or corpus.clones()])
    print("\n".join((done.table, *done.notes)))
    return int(done.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
