"""Scans that remember earlier ones give what scans that do not give, and remember no secret."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gitrepo import GitRepo
from planted import Planted, token
from realrun import Run, leaksieve


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return Planted(tmp_path_factory.mktemp("planted") / "base")


class Pair:
    """One repository, scanned with a cache and without."""

    def __init__(self, top: Path, cache: Path) -> None:
        self.top = top
        self.cache = cache

    def run(self, *options: str, cached: bool = True) -> Run:
        env = {"LEAKSIEVE_CACHE_DIR": str(self.cache)}
        return leaksieve("git", str(self.top), "-f", "json", "--reveal", "--cache" if cached else "--no-cache", *options, cwd=self.top.parent, env=env)

    def check(self, *options: str) -> tuple[int, int]:
        """Hold the cached run against the other; returns how many objects were known, of how many."""
        plain, cached = self.run(*options, cached=False), self.run(*options)
        assert cached.code == plain.code, cached
        known, coverage = receipt(cached.report)
        assert cached.report["findings"] == plain.report["findings"]
        assert coverage == receipt(plain.report)[1]
        return known, sum(source["scanned"]["objects"] for source in coverage["sources"])


def receipt(report: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """How many objects were known, and the rest of the receipt without what differs from run to run."""
    coverage = json.loads(json.dumps(report["coverage"]))
    for name in ("seconds", "started", "engine"):
        del coverage[name]
    for source in coverage["sources"]:
        source["skipped"].sort(key=repr)
    return sum(source["scanned"].pop("cached", 0) for source in coverage["sources"]), coverage


@pytest.fixture
def pair(planted: Planted, tmp_path: Path) -> Pair:
    shutil.copytree(planted.repo.top, tmp_path / "repo", symlinks=True)
    return Pair(tmp_path / "repo", tmp_path / "cache")


def grown(repo: GitRepo, number: int, secret: str) -> None:
    repo.add(f"grown/{number}.env", f"key = {secret}\n")
    repo.commit(f"grown {number}")


def test_a_second_scan_reads_nothing(pair: Pair) -> None:
    assert pair.check()[0] == 0
    known, objects = pair.check()
    assert known == objects > 100


def test_what_changes_is_read_and_nothing_else(pair: Pair) -> None:
    repo = GitRepo(pair.top, init=False)
    _, before = pair.check()

    def step(*options: str) -> tuple[int, int]:
        nonlocal before
        found = pair.check(*options)
        # Git renews the times of a loose object that it would have written again.
        assert before - 2 <= found[0] <= before
        before = found[1]
        return found

    grown(repo, 1, token(700))
    assert step()[1] == before
    # One that is known already, in a new place.
    grown(repo, 2, token(700))
    step()
    repo("branch", "another", "HEAD~2")
    step()
    repo("branch", "-D", "another")
    step()
    repo("branch", f"with/{token(701)}")
    step()
    repo.write("grown/1.env", f"key = {token(702)}\n")
    repo("stash")
    step()
    repo("stash", "drop")
    step()
    repo.add("staged.env", f"key = {token(703)}\n")
    step()
    repo("rm", "-q", "--cached", "staged.env")
    step()
    repo("tag", "-a", "-m", f"says {token(704)}", "late")
    step()
    # What stands in a pack as well counts there.
    repo("repack", "-q")
    pair.check()
    known, objects = pair.check()
    assert known == objects


def test_packs_that_are_written_anew(pair: Pair) -> None:
    repo = GitRepo(pair.top, init=False)
    repo("gc", "-q", "--prune=never")
    pair.check()
    assert pair.check()[0] > 100
    grown(repo, 1, token(700))
    repo("repack", "-q", "-d")
    assert pair.check()[0] > 100
    repo("repack", "-q", "-a", "-d", "-f", "--depth=3")
    pair.check()
    known, objects = pair.check()
    assert known == objects
    # The pack that all the others were counted after is gone, and its objects are loose.
    pack = next(pair.top.glob(".git/objects/pack/*.pack"))
    aside = pack.rename(pair.top / "aside.pack")
    for path in pair.top.glob(".git/objects/pack/*"):
        path.unlink()
    repo("unpack-objects", "-q", stdin=aside.read_bytes())
    assert pair.check()[0] < 50
    known, objects = pair.check()
    assert known == objects


def test_a_fetched_pack(pair: Pair, tmp_path: Path) -> None:
    top = pair.top
    GitRepo(top, init=False)("gc", "-q")
    _, before = pair.check()
    shutil.copytree(top, tmp_path / "other", symlinks=True)
    other = GitRepo(tmp_path / "other", init=False)
    for number in range(3):
        grown(other, number, token(710 + number % 2))
    GitRepo(top, init=False)("-c", "fetch.unpackLimit=1", "-c", "protocol.file.allow=always", "fetch", "-q", str(other.top), "main:refs/remotes/other/main")
    known, objects = pair.check()
    assert known == before < objects
    known, again = pair.check()
    assert known == again == objects


def test_other_settings_know_nothing_of_each_other(pair: Pair) -> None:
    pair.check()
    for options in (("--disable", "generic-*"), ("--max-file-size", "1KiB"), ("--no-names",), ("--no-attribution",)):
        assert pair.check(*options)[0] == 0, options
        assert pair.check(*options)[0] > 0, options
    # These only choose from what was found.
    for options in (("--confidence", "low", "--exclude", "src/"), ("--engine", "hyperscan")):
        assert pair.check(*options)[0] > 0, options


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:-9] + bytes((data[-9] ^ 1,)) + data[-8:]])
def test_damaged_cache_files(pair: Pair, damage: Callable[[bytes], bytes]) -> None:
    pair.check()
    files = [path for path in pair.cache.rglob("*") if path.is_file() and len(path.read_bytes()) > 40]
    assert len(files) > 1
    for path in files:
        before = path.read_bytes()
        path.write_bytes(damage(before))
    pair.check()
    known, objects = pair.check()
    assert known == objects


def test_a_cache_that_cannot_be_written(pair: Pair) -> None:
    pair.cache.write_bytes(b"a file where the folder would be")
    assert pair.check() == (0, pair.check()[1])
    assert "cache" in pair.run("-v").err


def test_what_is_corrupt_is_said_again(pair: Pair) -> None:
    repo = GitRepo(pair.top, init=False)
    grown(repo, 1, token(700))
    oid = repo.id("HEAD:grown/1.env")
    path = pair.top / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:20])
    pair.check()
    assert any(oid in str(skip) for skip in pair.run().failed)
    known, objects = pair.check()
    assert 0 < known <= objects


def test_a_corrupt_pack_entry_is_said_again(planted: Planted, tmp_path: Path) -> None:
    top = tmp_path / "repo"
    shutil.copytree(planted.repo.top, top, symlinks=True)
    repo = GitRepo(top, init=False)
    repo("gc", "-q", "--prune=now")
    listing = repo("verify-pack", "-v", str(next(top.glob(".git/objects/pack/*.idx")))).decode().split("\n")
    rows = [line.split() for line in listing if " blob " in line]
    offset = max(int(row[4]) for row in rows if len(row) == 5)
    pack = next(top.glob(".git/objects/pack/*.pack"))
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    data[offset + 6] ^= 0x55
    pack.write_bytes(data)
    pair = Pair(top, tmp_path / "cache")
    pair.check()
    pair.check()
    assert pair.run().failed


def test_a_timed_out_scan_keeps_what_it_read(pair: Pair) -> None:
    # No time is long enough for the whole of it.
    pair.run("--timeout", "10ms")
    pair.check("--timeout", "1h")
    known, objects = pair.check()
    assert known == objects


def test_nothing_in_the_cache_is_a_secret(planted: Planted, pair: Pair) -> None:
    pair.check()
    pair.check()
    content = b"".join(path.read_bytes() for path in pair.cache.rglob("*") if path.is_file())
    assert len(content) > 10_000
    shown = content.decode("latin-1").lower()
    for plant in planted.plants.values():
        value = plant.token.encode()
        digest = hashlib.sha256(value)
        for form in (value, value[4:24], value[::-1], digest.digest(), hashlib.sha1(value).digest()):
            assert form not in content, plant.name
        for cut in range(3):
            assert base64.b64encode(value)[4:-4] not in content
            assert base64.b64encode(b"x" * cut + value)[4:-4] not in content, plant.name
        for text in (value.hex(), digest.hexdigest(), digest.hexdigest()[:16], hashlib.sha1(value).hexdigest()):
            assert text not in shown, plant.name


def test_strangers_repositories_are_not_remembered(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from leaksieve.pipeline import Plan

    assert Plan((), None).cache is False  # type: ignore[arg-type]  # whoever calls the library gets no cache unasked
    if os.geteuid():
        pytest.skip("only the superuser can give files away")
    env = {"LEAKSIEVE_CACHE_DIR": str(pair.cache)}
    for path in (pair.top, *pair.top.rglob("*")):
        os.chown(path, 12345, -1, follow_symlinks=False)
    for known in (False, False):
        run = leaksieve("git", str(pair.top), "-f", "json", cwd=pair.top.parent, env=env)
        assert bool(receipt(run.report)[0]) is known
    assert not pair.cache.exists()


@pytest.mark.parametrize("seed", range(2))
def test_random_work(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    repo = GitRepo(tmp_path / "repo", "--template=")
    pair = Pair(repo.top, tmp_path / "cache")
    repo.add("file", "first\n")
    repo.commit("first")
    for number in range(8):
        for _ in range(rng.randint(0, 3)):
            secret = token(rng.randrange(730, 736))
            repo.add(rng.choice(("file", "a/b", "a/c", f"{secret}.txt")), f"{rng.random()}\nkey = {secret}\n")
            repo.commit(rng.choice(("change", f"with {token(rng.randrange(730, 736))}")))
        match rng.randrange(6):
            case 0:
                repo("repack", "-q", "-d")
            case 1:
                repo("gc", "-q", "--prune=now")
            case 2:
                repo("branch", f"b{number}", "HEAD")
            case 3:
                repo("reset", "-q", "--hard", "HEAD~1") if number > 3 else None
            case 4:
                repo("switch", "-q", "-C", "side", "HEAD")
            case 5:
                repo("reflog", "expire", "--expire=now", "--all")
        pair.check()
