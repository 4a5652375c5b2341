"""The walk over packs finds in each object exactly what scanning that object alone finds."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parents[2]))

import layouts
import packcraft as craft
import rulebook
import versions
from benchmarks.equivalence import Answer, compare, main, walk
from gitrepo import GitRepo
from planted import Planted, token

from leaksieve.ruleset.load import Ruleset, load

HYPERSCAN = importlib.util.find_spec("hyperscan") is not None
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not HYPERSCAN, reason="the walk takes its short cuts with Hyperscan only")]


@pytest.fixture(scope="module")
def rules() -> Ruleset:
    return load()


def same(answer: Answer) -> None:
    assert (answer.missed, answer.extra, answer.lost) == ([], [], [])
    assert answer.found


def test_in_every_layout(tmp_path: Path, rules: Ruleset) -> None:
    planted = Planted(tmp_path / "base")
    for name, other in (("packed", "aho-corasick"), ("repack-250", "hyperscan"), ("several-packs", "aho-corasick")):
        answer = compare(str(layouts.ALL[name](planted.repo, tmp_path / name).top), ruleset=rules, other=other)
        same(answer)
        assert answer.found >= len(planted.plants)


def repository(top: Path, entries: list[craft.Entry]) -> str:
    repo = GitRepo(top, "--template=")
    craft.write_pack(top / ".git/objects", entries)
    return str(repo.top)


def secrets(seed: int) -> list[bytes]:
    """Examples of a dozen rules, some of them encoded."""
    rng = random.Random(seed)
    return [versions.dressed(rng, example) for _, example in rng.sample(rulebook.examples(), 12)]


@pytest.mark.parametrize("seed", range(3))
def test_in_files_that_change_near_their_secrets(tmp_path: Path, rules: Ruleset, seed: int) -> None:
    answer = compare(
        repository(tmp_path / "repo", versions.pack_of_versions(seed, secrets(seed), documents=2, versions=25)), ruleset=rules, other=rulebook.BOTH[seed % 2]
    )
    same(answer)
    assert answer.found > 100


@pytest.mark.parametrize("seed", range(2))
def test_in_names_of_trees_that_change(tmp_path: Path, rules: Ruleset, seed: int) -> None:
    rng = random.Random(seed)
    names = [name for _, name in rng.sample(rulebook.examples(), 40) if b"\0" not in name and len(name) < 250]
    answer = compare(repository(tmp_path / "repo", versions.pack_of_trees(seed, names, families=2, versions=25)), ruleset=rules, other=rulebook.BOTH[seed % 2])
    same(answer)


@pytest.mark.parametrize("longest", [0xFFFF, 0x10000, 0xFFFFFF])
def test_behind_long_copies(tmp_path: Path, rules: Ruleset, longest: int) -> None:
    """git copies at most 64 KiB at a time, but the format can say more; what stands behind must not be taken for part of the instruction."""
    base = b"a plain line of text\n" * 12_000
    entries = [craft.Entry("blob", base, craft.object_id("blob", base))]
    for number, cut in enumerate((0x10000, 0x10001, 0x1FFFF, 0x20141, 250_000)):
        tail = b"\1\0\0\xbf\x41\1\0\0\xff\xff" + f"\nheld: {token(500 + number)}\n".encode()
        data = base[:cut] + tail
        delta = craft.delta(len(base), len(data), *versions.copies(0, cut, longest), craft.literal(tail))
        entries.append(craft.Entry("ofs", delta, craft.object_id("blob", data), 0))
    answer = compare(repository(tmp_path / "repo", entries), ruleset=rules)
    same(answer)
    assert answer.found == 5


# git itself refuses what follows, or reads it in part only: here the expected is known beforehand.


def values(top: str, rules: Ruleset) -> set[str]:
    found, _, _ = walk(top, rules, "hyperscan", 1)
    return {value.decode() for _, _, value, _ in found}


def test_on_an_empty_base_outside_the_pack(tmp_path: Path, rules: Ruleset) -> None:
    data = f"held: {token(510)}\n".encode()
    empty = craft.object_id("blob", b"")
    entries = [craft.Entry("ref", craft.delta(0, len(data), craft.literal(data)), craft.object_id("blob", data), empty)]
    top = repository(tmp_path / "repo", entries)
    GitRepo(Path(top), init=False)("hash-object", "-w", "--stdin", stdin=b"")
    # Seven bits of a literal's length stand before the value: were the delta itself taken for the blob, it would be found as well.
    found, lost, _ = walk(top, rules, "hyperscan", 1)
    assert [value for _, _, value, _ in found] == [token(510).encode()]
    assert lost == []
    worker = scanned_sizes(top)
    assert sorted(worker) == [0, len(data)]


def scanned_sizes(top: str) -> list[int]:
    """The sizes of the objects that the walk builds."""
    import os

    from leaksieve.config import Config
    from leaksieve.gitobjects.repository import discover
    from leaksieve.history_work import HistoryWorker
    from leaksieve.sources.history import HistorySource

    source = HistorySource(discover(os.fsencode(top)), requested=top, max_file_size=1 << 20, chain_limit=1 << 20)
    worker = HistoryWorker(source, load(), Config(), "hyperscan")
    return [worker.scan(unit).size for unit in source.units(1)]


def test_on_a_base_outside_the_pack(tmp_path: Path, rules: Ruleset) -> None:
    """A chain that hangs on a loose object, through another pack and back."""
    base = b"some line\n" * 1000 + f"held: {token(511)}\n".encode() + b"other line\n" * 1000
    before = craft.object_id("blob", base)
    entries = []
    data = base
    for number in range(6):
        fresh = data[:3000] + f"\nheld: {token(520 + number)}\n".encode() + data[3500:]
        made = craft.object_id("blob", fresh)
        entries.append(craft.Entry("ref", versions.plain_delta(data, fresh), made, before))
        data, before = fresh, made
    top = repository(tmp_path / "repo", entries[1::2])
    craft.write_pack(Path(top) / ".git/objects", entries[::2])
    GitRepo(Path(top), init=False)("hash-object", "-w", "--stdin", stdin=base)
    assert values(top, rules) == {token(511), *(token(520 + number) for number in range(6))}


def test_of_two_copies_a_damaged_one_costs_nothing(tmp_path: Path, rules: Ruleset) -> None:
    """A packed object may stand in another pack, or loose, as well; git reads whichever is whole."""
    blobs = [craft.whole("blob", f"held: {token(530 + number)}\n".encode()) for number in range(3)]
    # Before the packs: git writes nothing that it has already.
    GitRepo(tmp_path / "repo", "--template=")("hash-object", "-w", "--stdin", stdin=blobs[2].data)
    top = repository(tmp_path / "repo", blobs)
    second = craft.write_pack(Path(top) / ".git/objects", blobs[:2])
    first = next(path for path in second.parent.glob("*.pack") if path != second)
    whole = first.read_bytes()
    first.write_bytes(whole[:13] + bytes(len(whole) - 13 - 20) + whole[-20:])
    assert values(top, rules) == {token(530), token(531), token(532)}


def test_a_short_cut_that_goes_too_far_is_seen(tmp_path: Path, rules: Ruleset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail."""
    import leaksieve.history_work as work

    def too_much(base: bytes, data: bytes, delta: bytes, start: int) -> list[tuple[int, int, int]]:
        return [(0, len(data) // 2, 0)]

    monkeypatch.setattr(work, "kept_runs", too_much)
    assert compare(repository(tmp_path / "repo", versions.pack_of_versions(1, secrets(1), documents=1, versions=25)), ruleset=rules).missed


def test_the_command_tells_what_it_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blob = craft.whole("blob", f"held: {token(540)}\n".encode())
    assert main([repository(tmp_path / "repo", [blob])]) == 0
    assert "| repo | 1 | 0 | 1 | 0 | 0 | 0 |" in capsys.readouterr().out
