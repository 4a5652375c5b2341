"""Names in trees that are stored as changes to one another: every tree that lists a telling name is told, however it was written down."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import packcraft as craft
from gitrepo import GitRepo
from planted import token
from versions import odd_delta, plain_delta

from leaksieve.config import Config
from leaksieve.gitobjects.delta import delta_sizes
from leaksieve.gitobjects.kept import kept_runs
from leaksieve.gitobjects.packtable import TREE
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.treenames import changed_parts
from leaksieve.history_work import HistoryWorker
from leaksieve.ruleset.load import load
from leaksieve.sources.history import HistorySource

Entry = tuple[str, str, bytes]
LEAKING = [f"{token(number)}.txt" for number in range(700, 704)]


def directory(rng: random.Random, size: int) -> list[Entry]:
    return [(rng.choice(("100644", "40000", "160000")), f"{number:03} {rng.randbytes(rng.randint(1, 12)).hex()}", rng.randbytes(20)) for number in range(size)]


def changed(rng: random.Random, entries: list[Entry]) -> list[Entry]:
    """The next version: other ids, names that come, go or are another's, now and then one that leaks."""
    entries = list(entries)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(entries))
        mode, name, oid = entries[at]
        match rng.randrange(6):
            case 0 | 1:
                entries[at] = (mode, name, rng.choice((rng.randbytes(20), bytes(20), b"\0" * 10 + b"100644 a\0\0", oid[:10] + rng.randbytes(10))))
            case 2:
                entries.insert(at, (mode, rng.choice((rng.choice(LEAKING), name + "x", rng.choice(LEAKING)[:-4])), oid))
            case 3:
                entries[at : at + 1] = entries[at : at + 1] if len(entries) == 1 else []
            case 4:
                there = rng.randrange(len(entries))
                entries[at], entries[there] = entries[there], entries[at]
            case 5:
                cut = rng.randrange(len(name))
                entries[at] = (mode, name[:cut] + rng.choice(LEAKING) + name[cut:], oid)
    return entries


@pytest.mark.parametrize("seed", range(40))
def test_what_is_new_of_a_tree_holds_every_new_name_whole(seed: int) -> None:
    rng = random.Random(seed)
    old = directory(rng, rng.choice((1, 5, 40, 150)))
    new = changed(rng, old)
    base, data = craft.tree(*old), craft.tree(*new)
    delta = plain_delta(base, data) if rng.random() < 0.5 else odd_delta(rng, base, data)
    parts = changed_parts(data, kept_runs(base, data, delta, delta_sizes(delta)[2]), 20)
    names = {name for _, name, _ in old}
    for _, name, _ in new:
        if name not in names:
            assert any(f"{name}\0".encode() in part for part in parts)
    assert len(data) < 6000 or sum(map(len, parts)) < len(data)


@pytest.mark.parametrize("seed", range(6))
def test_every_tree_that_lists_a_telling_name_is_told(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    repo = GitRepo(tmp_path / "repo", "--template=")
    trees = [directory(rng, rng.choice((3, 40, 150)))]
    packed = [craft.whole("tree", craft.tree(*trees[0]))]
    for _ in range(40):
        below = rng.randrange(max(len(trees) - 4, 0), len(trees))
        new = changed(rng, trees[below])
        base, data = craft.tree(*trees[below]), craft.tree(*new)
        delta = plain_delta(base, data) if rng.random() < 0.7 else odd_delta(rng, base, data)
        trees.append(new)
        packed.append(craft.Entry("ofs", delta, craft.object_id("tree", data), below))
    # One of them loose.
    lone = changed(rng, [*trees[-1], ("100644", LEAKING[0], bytes(20))])
    repo("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=craft.tree(*lone))
    craft.write_pack(repo.top / ".git/objects", packed)
    trees.append(lone)

    source = HistorySource(discover(repo.path, allowed_roots=(repo.path,)), requested="repo", max_file_size=1 << 20, chain_limit=1 << 20)
    source.build()
    worker = HistoryWorker(source, load(), Config(reveal=True), "hyperscan")
    told: dict[bytes, set[bytes]] = {}
    for unit in source.units(1):
        answer = worker.scan(unit)
        for oid, kind, numbers in answer.held:
            assert kind == TREE
            told.setdefault(oid, set()).update(answer.keys[number][1] for number in numbers)
        assert not [skip for skip in answer.skips if skip.kind == "failed"]

    # The same by looking at every name of every tree by itself.
    expected = {}
    for entries in trees:
        held = {key[1] for _, name, _ in entries for key in worker.keys_in(name.encode())}
        if held:
            expected[craft.object_id("tree", craft.tree(*entries))] = held
    assert expected
    assert told == expected
