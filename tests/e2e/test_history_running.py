"""However a history scan is run (one process, forked workers, a pool of fresh ones), and whatever happens to it on the way."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import packcraft as craft
from gitrepo import GitRepo
from planted import token

from leaksieve import history_run
from leaksieve.cli.history import CHAIN_LIMIT
from leaksieve.config import Config
from leaksieve.engine.increment import Incremental
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.treenames import name_at
from leaksieve.history_run import HistoryRun, Settings
from leaksieve.history_tally import Tally
from leaksieve.ruleset.load import load
from leaksieve.sources import history

pytestmark = pytest.mark.e2e


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """Secrets in packed blobs (deltas among them), names, messages, loose objects and a second pack; shares are small, so that there are many."""
    monkeypatch.setattr(history_run, "SMALL", 0)
    monkeypatch.setattr(history, "_LEAST", 1)
    monkeypatch.setattr(history, "_LOOSE", 2)
    repo = GitRepo(tmp_path / "repo", "--template=")
    for number in range(8):
        lines = [f"line {line} of file {number % 2}" for line in range(400)]
        lines[40 * number] = f"key = {token(600 + number)}"
        repo.add(f"file{number % 2}.txt", "\n".join(lines))
        repo.commit(f"change {number}" + (f" {token(620)}" if number == 3 else ""))
        if number == 5:
            repo("repack", "-q", "-a", "-d")
    repo.add(f"{token(621)}.txt", "named\n")
    repo.commit()
    repo("repack", "-q", "-d")
    repo.add("loose.env", f"key = {token(622)}\n")
    repo.add("version.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 3\n")
    repo.commit("loose")
    return repo


EXPECTED = {token(number).encode() for number in (*range(600, 608), 620, 621, 622)}


class Ran:
    """A run and what it gave."""

    def __init__(self, repo: GitRepo, jobs: int = 2, *, spawn: bool = False, deadline: float | None = None, attribution: bool = False) -> None:
        self.source = history.HistorySource(discover(repo.path, allowed_roots=(repo.path,)), requested="repo", max_file_size=1 << 20, chain_limit=CHAIN_LIMIT)
        settings = Settings(jobs, spawn=spawn, attribution=attribution, names=True, hashes=False, deadline=deadline)
        self.run = HistoryRun(self.source, load(), Config(reveal=True), settings)
        located = self.run.run()
        self.values = {each.secret.reveal() for each in located}
        self.told = sorted((each.rule_id, each.secret.reveal(), each.provenance.path, str(sorted(each.provenance.details.items()))) for each in located)
        self.skips = sorted((skip.kind, skip.where, skip.reason, skip.count) for skip in self.source.coverage.skips)
        self.scanned = self.source.coverage.scanned

    @property
    def failed(self) -> int:
        return sum(count for kind, _, _, count in self.skips if kind == "failed")


def test_workers_of_every_make_give_what_one_process_gives(repo: GitRepo) -> None:
    alone = Ran(repo, 1, attribution=True)
    assert alone.values == EXPECTED
    assert alone.failed == 0
    for other in (Ran(repo, 2, attribution=True), Ran(repo, 2, spawn=True, attribution=True)):
        assert other.told == alone.told
        assert other.skips == alone.skips
        assert other.scanned == alone.scanned


def test_a_worker_that_dies_costs_what_it_died_over(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = craft.whole("blob", b"deadly\n" * 50)
    craft.write_pack(repo.top / ".git/objects", [whole, craft.Entry("ofs", craft.delta(len(whole.data), 3, craft.literal(b"kid")), bytes(range(20)), 0)])
    repo.add("deadly.txt", "deadly, loose\n")
    sound = Ran(repo)
    scan = Incremental.scan
    parent = os.getpid()

    def deadly(self: Incremental, data: bytes) -> Any:
        if data.startswith(b"deadly") and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return scan(self, data)

    monkeypatch.setattr(Incremental, "scan", deadly)
    ran = Ran(repo)
    assert ran.values == EXPECTED
    loose = repo("hash-object", "deadly.txt").strip()
    crashed = {(where, count) for _, where, reason, count in ran.skips if reason == "crashed-worker"}
    assert crashed == {(whole.oid.hex().encode(), 2), (loose, 1)}
    assert ran.scanned["objects"] + 3 == sound.scanned["objects"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_reports_what_was_found_until_then(repo: GitRepo, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    take = Tally.take
    taken = []

    def interrupted(self: Tally, answer: Any) -> int:
        count = take(self, answer)
        taken.append(count)
        if self.found:
            raise KeyboardInterrupt
        return count

    monkeypatch.setattr(Tally, "take", interrupted)
    ran = Ran(repo, jobs, attribution=True)
    assert ran.run.interrupted
    assert ran.values
    assert ran.values < EXPECTED


def test_a_time_limit_ends_the_walk_and_says_so(repo: GitRepo) -> None:
    ran = Ran(repo, 2, deadline=0.0)
    assert [(where, reason) for kind, where, reason, _ in ran.skips if kind == "failed"] == [(b"", "timeout")]
    assert ran.scanned["objects"] < Ran(repo, 2).scanned["objects"]


def test_submodules_are_entries_and_not_words(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    oid = b"\x11" * 20
    tree = craft.tree(("100644", "a 160000 b", oid), ("100644", "x160000 y", b"160000 z" + oid[8:]), ("160000", "real", oid))
    first = craft.tree(("160000", "first", oid))
    craft.write_pack(repo.top / ".git/objects", [craft.whole("tree", tree), craft.whole("tree", first)])
    assert {where for _, where, reason, _ in Ran(repo, 1).skips if reason == "submodule"} == {b"real", b"first"}


def test_names_are_found_whatever_bytes_ids_hold() -> None:
    for oid in (bytes(20), b"\x11" * 20, b"\0" * 10 + b"100644 a\0\0", b"100644 ab\0" * 2, b"40000 " * 3 + b"\0\0"):
        names = ["one", "100644 two", "three.txt", "f" * 200, "last"]
        data = craft.tree(*[("100644" if number % 2 else "40000", name, oid) for number, name in enumerate(names)])
        at = 0
        for name in names:
            at = data.index(name.encode() + b"\0" + oid, at)
            for place in (at, at + len(name) // 2, at + len(name) - 1):
                # An id may look like an entry's beginning: then the end of the name is what is sure.
                assert name_at(data, place, 20).endswith(data[place : at + len(name)])
                if oid == b"\x11" * 20:
                    assert name_at(data, place, 20) == name.encode()


def test_loose_objects_and_packs_that_are_something_else(repo: GitRepo, tmp_path: Path) -> None:
    """A directory, a pipe and a way out in the place of objects are each said, keep nobody waiting and hide nothing."""
    objects = repo.top / ".git/objects"
    (objects / "ab").mkdir(exist_ok=True)
    (objects / "ab" / ("1" * 38)).mkdir()
    os.mkfifo(objects / "ab" / ("2" * 38))
    outside = tmp_path / "outside"
    outside.mkdir()
    away = craft.write_pack(outside, [craft.whole("blob", f"key = {token(630)}\n".encode())])
    for suffix in (".pack", ".idx"):
        (objects / "pack" / away.name).with_suffix(suffix).symlink_to(away.with_suffix(suffix))
    os.mkfifo(objects / "pack" / "pack-pipe.idx")
    ran = Ran(repo)
    assert ran.values == EXPECTED
    failed = [(where, reason) for kind, where, reason, _ in ran.skips if kind == "failed"]
    assert {where for where, _ in failed if len(where) == 40} == {b"ab" + b"1" * 38, b"ab" + b"2" * 38}
    assert any(away.stem.encode() in where for where, _ in failed), failed
    assert any(b"pack-pipe" in where for where, _ in failed)
