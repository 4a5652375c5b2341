"""Every rule's pattern over whole files, without prefilter, gates or filters: what does the engine miss?"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks import corpus, figures
from benchmarks.machine import cores
from benchmarks.measure import say
from benchmarks.session import Section, Session, Unavailable

PREFILTERS = ("aho-corasick", "hyperscan")
# Larger objects are left out: a few of them would make up the sample.
MAX_OBJECT = 4 * 1024 * 1024
BATCH = 2 * 1024 * 1024
SHOWN = 20


class Batch(NamedTuple):
    """Objects of one repository, to be read by the worker; ``size`` in bytes."""

    repository: str
    objects: tuple[str, ...]
    size: int


class Answer(NamedTuple):
    """What a batch gave.

    ``missed`` and ``extra`` name (prefilter, object, rule, start, end); ``brute`` and ``engine`` are
    seconds, ``by_rule`` seconds of brute force per rule.
    """

    size: int
    files: int
    matches: int
    missed: list[tuple[str, str, str, int, int]]
    extra: list[tuple[str, str, str, int, int]]
    timed_out: int
    brute: float
    engine: float
    by_rule: dict[str, float]


class Brute:
    """The patterns of all rules, and an engine for each prefilter that is installed."""

    def __init__(self, ruleset: Any) -> None:
        import regex

        from leaksieve.engine.matcher import Engine
        from leaksieve.ruleset.named import Names

        self.patterns = [
            (rule["id"], regex.compile(rule["pattern"].encode("latin-1")), Names(rule["named"], [(0,)] * len(rule["named"])) if rule["named"] else None)
            for rule in map(ruleset.rule, range(len(ruleset.ids)))
        ]
        self.engines = [Engine(ruleset, prefilter=name, decode_depth=0, timeout=600.0) for name in installed()]
        self.by_rule: dict[str, float] = {}

    def matches(self, data: bytes) -> set[tuple[str, int, int]]:
        """(rule, start, end of the secret) of every match of every pattern."""
        found = set()
        for rule, pattern, names in self.patterns:
            began = time.perf_counter()
            for match in pattern.finditer(data):
                if names is None or named(names, data, match.start()):
                    found.add((rule, *match.span("secret")))
            self.by_rule[rule] = self.by_rule.get(rule, 0.0) + time.perf_counter() - began
        return found


def named(names: Any, data: bytes, start: int) -> bool:
    """Whether a rule's own name begins at ``start``, in an assigned name that also holds a credential word: it is by definition known by both."""
    from leaksieve.ruleset.named import assigned_name, opened

    low, high = assigned_name(data, start, 0)
    return opened(data, start) and any(low + offset == start for _, offset in names.within(data[low:high]))


def installed() -> list[str]:
    """The prefilters this installation has."""
    return [name for name, module in zip(PREFILTERS, ("ahocorasick", "hyperscan"), strict=True) if find_spec(module)]


def told(engine: Any, data: bytes) -> tuple[set[tuple[str, int, int]], int]:
    """What the engine says of a buffer, dropped candidates included, and how many rules timed out."""
    result = engine.scan(data)
    return {(match.rule_id, *match.secret_span) for match in result.matches if not match.decoded}, len(result.skips)


_brute: Brute | None = None


def _start() -> None:
    global _brute  # noqa: PLW0603  one per worker process
    from leaksieve.ruleset.load import load

    _brute = Brute(load())


def _work(batch: Batch) -> Answer:
    assert _brute is not None
    _brute.by_rule = {}
    brute = scan = 0.0
    matches = timed_out = files = 0
    missed, extra = [], []
    for name, data in read(batch):
        files += 1
        began = time.perf_counter()
        expected = _brute.matches(data)
        brute += time.perf_counter() - began
        matches += len(expected)
        for engine in _brute.engines:
            began = time.perf_counter()
            found, late = told(engine, data)
            scan += time.perf_counter() - began
            timed_out += late
            missed += [(engine.name, name, *one) for one in sorted(expected - found)]
            extra += [(engine.name, name, *one) for one in sorted(found - expected)]
    return Answer(batch.size, files, matches, missed, extra, timed_out, brute, scan / max(len(_brute.engines), 1), _brute.by_rule)


def read(batch: Batch) -> Iterator[tuple[str, bytes]]:
    """(object id, content) of a batch, as git gives them."""
    done = corpus.git(batch.repository, "cat-file", "--batch", stdin="\n".join(batch.objects).encode() + b"\n")
    place = 0
    while place < len(done):
        end = done.index(b"\n", place)
        head = done[place:end].decode("ascii").split()
        place = end + 1
        if len(head) == 3:
            size = int(head[2])
            yield head[0], done[place : place + size]
            place += size + 1


def sample(repositories: list[str], limit: int) -> list[Batch]:
    """Batches of up to ``limit`` bytes of blobs: each repository's share of its current files first, then of its history.

    Within both, objects are taken in the order of their ids, which is as good as chance and the same every time.
    """
    chosen: dict[str, tuple[str, int]] = {}
    pools = []
    for repository in repositories:
        listed = corpus.git(repository, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname) %(objectsize)").decode().splitlines()
        sizes = {name: int(size) for kind, name, size in map(str.split, listed) if kind == "blob" and 0 < int(size) <= MAX_OBJECT}
        current = {line.split()[2] for line in corpus.git(repository, "ls-tree", "-r", "--full-tree", "HEAD").decode("utf-8", "surrogateescape").splitlines()}
        order = sorted(sizes, key=lambda name, current=current: (name not in current, name))  # type: ignore[misc]
        pools.append((repository, iter([(name, sizes[name]) for name in order])))
    total = 0
    while pools and total < limit:
        for pool in list(pools):
            repository, names = pool
            name, size = next(names, ("", 0))
            if not name:
                pools.remove(pool)
            elif name not in chosen and total < limit:
                chosen[name] = (repository, size)
                total += size
    return _batched(chosen)


def _batched(chosen: dict[str, tuple[str, int]]) -> list[Batch]:
    batches: list[Batch] = []
    open_: dict[str, tuple[list[str], int]] = {}
    for name, (repository, size) in chosen.items():
        names, total = open_.get(repository, ([], 0))
        names.append(name)
        open_[repository] = names, total + size
        if total + size >= BATCH:
            batches.append(Batch(repository, tuple(names), total + size))
            del open_[repository]
    return batches + [Batch(repository, tuple(names), total) for repository, (names, total) in open_.items()]


def bench(session: Session) -> list[Section]:
    """Sample, search on all cores, compare."""
    if not find_spec("leaksieve"):
        raise Unavailable("run it with a Python that has leaksieve installed")
    batches = sample(corpus.clones(), session.megabytes * 1_000_000)
    size = sum(batch.size for batch in batches)
    say(f"Brute force: {size / 1e6:.1f} MB in {sum(len(batch.objects) for batch in batches):,} objects, {cores()} processes")
    answers: list[Answer] = []
    began = time.perf_counter()
    done = 0
    with ProcessPoolExecutor(cores(), multiprocessing.get_context("spawn"), _start) as pool:
        for future in as_completed([pool.submit(_work, batch) for batch in batches]):
            answer = future.result()
            answers.append(answer)
            done += answer.size
            passed = time.perf_counter() - began
            missed = sum(len(one.missed) for one in answers)
            left = passed / max(done, 1) * (size - done)
            say(f"  {done / 1e6:7.1f} of {size / 1e6:.1f} MB, {passed:.0f} s, about {left:.0f} s to go, missed so far: {missed}")
    return [section(answers, time.perf_counter() - began)]


def section(answers: list[Answer], seconds: float) -> Section:
    """The table, with what was missed by name of object, rule and place (never the bytes themselves)."""
    missed = [one for answer in answers for one in answer.missed]
    extra = [one for answer in answers for one in answer.extra]
    slow: dict[str, float] = {}
    for answer in answers:
        for rule, spent in answer.by_rule.items():
            slow[rule] = slow.get(rule, 0.0) + spent
    rows = [
        ("bytes", f"{sum(answer.size for answer in answers) / 1e6:.1f} MB in {sum(answer.files for answer in answers):,} objects"),
        ("prefilters", ", ".join(installed())),
        ("matches of brute force", f"{sum(answer.matches for answer in answers):,}"),
        ("missed by the engine", f"{len(missed):,}"),
        ("found by the engine alone", f"{len(extra):,}"),
        ("rules that timed out", f"{sum(answer.timed_out for answer in answers):,}"),
        ("seconds, wall", f"{seconds:.0f}"),
        ("seconds of brute force over all processes", f"{sum(answer.brute for answer in answers):.0f}"),
        ("seconds of the engine, per prefilter", f"{sum(answer.engine for answer in answers):.1f}"),
        ("slowest patterns", ", ".join(f"{rule} {spent:.0f} s" for rule, spent in sorted(slow.items(), key=lambda item: -item[1])[:3])),
    ]
    notes = tuple(f"MISSED by {name}: {rule} at bytes {start}-{end} of {where}" for name, where, rule, start, end in missed[:SHOWN])
    notes += tuple(f"only {name}: {rule} at bytes {start}-{end} of {where}" for name, where, rule, start, end in extra[:SHOWN])
    data = {"missed": missed, "extra": extra, "seconds": seconds, "by_rule": slow}
    return Section("Brute force over real files", figures.table(("", ""), rows), json.loads(json.dumps(data)), notes, failed=bool(missed))
