"""The objects commits lead to, as git lists them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.gitobjects.commitread import open_packs
from leaksieve.gitobjects.graph import History, reachable
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.reachable import reachable_objects
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.treecache import TreeCache


def found(repo: GitRepo, tip: str) -> tuple[set[str], list[str]]:
    store = ObjectStore(discover(repo.path))
    history = History(store)
    missing: list = []
    ids = reachable_objects(TreeCache(store, open_packs(store)).read, history, reachable(history, [bytes.fromhex(repo.id(tip))]).commits, (), missing)
    return {oid.hex() for oid in ids}, [error.oid.hex() for error in missing]


def made(repo: GitRepo) -> None:
    repo.add("a/b/c.txt", "1\n")
    repo.add("a/d.txt", "1\n")
    repo.commit()
    repo("checkout", "-q", "-b", "side")
    repo.add("a/b/c.txt", "2\n")
    repo.add("a/e/f.txt", "2\n")
    repo.commit()
    repo("checkout", "-q", "main")
    repo("rm", "-q", "-r", "a/b")
    repo.add("a/b", "a file now\n")
    repo("update-index", "--add", "--cacheinfo", f"160000,{repo.id('HEAD')},module")
    repo.commit()
    repo("merge", "-q", "-s", "ours", "-m", "merge", "side")
    repo.add("z.txt", "z\n")
    repo.commit()
    repo("checkout", "-q", "--orphan", "other")
    repo.add("other.txt", "o\n")
    repo.commit()


def test_as_git_lists_them(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    made(repo)
    for packed in (False, True):
        for tip in ("main", "side", "other", "main~1"):
            listed = {line.split(b" ")[0].decode() for line in repo("rev-list", "--objects", tip).splitlines()}
            listed -= set(repo("rev-list", tip).decode().split())
            assert found(repo, tip) == (listed, []), (packed, tip)
        repo("gc", "-q")


def test_what_is_missing_is_told_and_the_rest_found(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    made(repo)
    whole, _ = found(repo, "main")
    lost = repo.id("side:a/e")
    (repo.top / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    rest, missing = found(repo, "main")
    content = repo("hash-object", "--stdin", stdin=b"2\n").decode().strip()
    assert missing == [lost]
    assert whole - rest <= {content}
