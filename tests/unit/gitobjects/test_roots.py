"""The first root commit: the same from every full clone, and never a guess."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import packcraft as craft
from gitrepo import GitRepo

from leaksieve.gitobjects import roots
from leaksieve.gitobjects.commitgraph import read_commit_graph
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.roots import first_root_commit


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo")


def grow(repo: GitRepo, count: int, branch: str = "main") -> str:
    """Make a branch of many commits at once; return its root's id."""
    text = [f"commit refs/heads/{branch}\ncommitter A <a@example.com> {1700000000 + number} +0000\ndata {len(branch)}\n{branch}\n" for number in range(count)]
    repo("fast-import", "--quiet", stdin="".join(text).encode())
    return repo("rev-list", "--max-parents=0", branch).decode().strip()


def find(repo: GitRepo, tmp_path: Path) -> str | None:
    return first_root_commit(discover(repo.path), cache_dir=os.fsencode(tmp_path / "cache"))


def cache_files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache/roots").glob("*"))


def test_unborn_and_single(repo: GitRepo, tmp_path: Path) -> None:
    assert find(repo, tmp_path) is None
    root = repo.commit()
    assert find(repo, tmp_path) == root


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_first_parents_decide_among_several_roots(tmp_path: Path, options: tuple[str, ...]) -> None:
    repo = GitRepo(tmp_path / "repo", *options)
    root = grow(repo, 3)
    other = grow(repo, 3, "other")
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "merge", "other")
    for _ in range(2):
        assert find(repo, tmp_path) == root
        repo("checkout", "-q", "other")
        assert find(repo, tmp_path) == other
        repo("checkout", "-q", "main")
        repo("commit-graph", "write", "--reachable")
    repo.commit("after the graph was written")
    assert find(repo, tmp_path) == root


def test_a_merge_of_many_parents(repo: GitRepo, tmp_path: Path) -> None:
    root = repo.commit()
    tree = repo.id("HEAD^{tree}")
    parents = [repo("commit-tree", "-m", f"{number}", "-p", root, tree).decode().strip() for number in range(9)]
    merge = repo("commit-tree", "-m", "merge", *[word for parent in parents for word in ("-p", parent)], tree).decode().strip()
    repo("update-ref", "refs/heads/main", merge)
    assert find(repo, tmp_path) == root


@pytest.mark.parametrize("split", [False, True])
def test_the_commit_graph_saves_reading_commits(repo: GitRepo, tmp_path: Path, split: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    root = grow(repo, 40)
    repo("commit-graph", "write", "--reachable", *(["--split=no-merge"] if split else []))
    for _ in range(2):
        repo.commit()
        if split:
            repo("commit-graph", "write", "--reachable", "--split=no-merge")
    assert (repo.top / ".git/objects/info/commit-graphs").exists() == split
    reads = []
    real = roots._parents
    monkeypatch.setattr(roots, "_parents", lambda store, oid: reads.append(oid) or real(store, oid))
    assert find(repo, tmp_path) == root
    assert len(reads) <= 3


def test_positions_count_across_the_layers_of_a_split_graph(repo: GitRepo, tmp_path: Path) -> None:
    other = grow(repo, 20, "other")
    repo("commit-graph", "write", "--reachable", "--split=no-merge")
    root = grow(repo, 10)
    repo("commit-graph", "write", "--reachable", "--split=no-merge")
    graph = read_commit_graph(discover(repo.path))
    assert graph is not None
    assert len(graph) == 30
    for branch, first in (("main", root), ("other", other)):
        line = [bytes.fromhex(name) for name in repo("rev-list", branch).decode().split()]
        positions = [graph.find(oid) for oid in line]
        assert None not in positions
        assert [graph.oid(position) for position in positions if position is not None] == line
        assert [graph.first_parent(position) for position in positions if position is not None] == [*positions[1:], None]
        assert line[-1].hex() == first
    assert graph.find(b"\0" * 20) is None


def test_a_lying_commit_graph_is_not_believed(repo: GitRepo, tmp_path: Path) -> None:
    root = grow(repo, 5)
    repo("commit-graph", "write", "--reachable")
    graph = repo.top / ".git/objects/info/commit-graph"
    graph.chmod(0o644)
    whole = graph.read_bytes()
    # Say of every commit that it has no parent.
    at = whole.index(b"CDAT")
    table = int.from_bytes(whole[at + 4 : at + 12])
    changed = bytearray(whole)
    for number in range(5):
        changed[table + number * 36 + 20 : table + number * 36 + 24] = (0x70000000).to_bytes(4)
    for broken in (bytes(changed), b"", whole[:50], whole[: len(whole) // 2], whole.replace(b"CDAT", b"XXXX")):
        graph.write_bytes(broken)
        assert find(repo, tmp_path) == root


def test_a_shallow_clone_has_no_known_root(repo: GitRepo, tmp_path: Path) -> None:
    root = grow(repo, 5)
    repo("checkout", "-q", "main")
    for depth, expected in ((2, None), (5, root)):
        repo("clone", "-q", f"--depth={depth}", f"file://{repo.top}", f"../depth{depth}")
        assert find(GitRepo(tmp_path / f"depth{depth}", init=False), tmp_path) == expected


def test_a_boundary_counts_even_where_the_history_behind_it_is_at_hand(repo: GitRepo, tmp_path: Path) -> None:
    grow(repo, 5)
    repo.write(".git/shallow", repo.id("main~2") + "\n")
    assert find(repo, tmp_path) is None


def test_a_broken_history_has_no_known_root(repo: GitRepo, tmp_path: Path) -> None:
    for number in range(3):
        repo.commit(str(number))
    middle = repo.id("HEAD~1")
    (repo.top / ".git/objects" / middle[:2] / middle[2:]).unlink()
    assert find(repo, tmp_path) is None
    repo.write(".git/HEAD", "nonsense")
    assert find(repo, tmp_path) is None


def test_forged_commits_that_are_each_others_parents_have_no_root(repo: GitRepo, tmp_path: Path) -> None:
    empty = craft.whole("tree", b"")
    one, two = b"\xab" * 20, b"\xcd" * 20
    craft.write_pack(
        repo.top / ".git/objects", [empty, craft.Entry("commit", craft.commit(empty.oid, two), one), craft.Entry("commit", craft.commit(empty.oid, one), two)]
    )
    repo.write(".git/refs/heads/main", one.hex() + "\n")
    assert find(repo, tmp_path) is None


def test_what_was_found_is_remembered_and_checked(repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = grow(repo, 1500)
    assert find(repo, tmp_path) == root
    (file,) = cache_files(tmp_path)
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    reads = []
    real = roots._parents
    monkeypatch.setattr(roots, "_parents", lambda store, oid: reads.append(oid) or real(store, oid))
    assert find(repo, tmp_path) == root
    assert len(reads) == roots._WORTH_REMEMBERING + 1
    repo("update-ref", "refs/heads/main", "main~600")
    reads.clear()
    assert find(repo, tmp_path) == root
    assert len(reads) < 600
    # The file claims that HEAD itself leads to a commit that is no root: not believed.
    lines = file.read_text().split()
    for content in (
        repo.id("main~1") + "\n" + repo.id("main") + "\n",
        "f" * 40 + "\n" + repo.id("main") + "\n",
        "nonsense",
        "ab\n",
        "\n".join([lines[0][:-1], *lines[1:]]),
    ):
        file.write_text(content)
        assert find(repo, tmp_path) == root


def test_another_branch_with_another_root_is_not_mistaken(repo: GitRepo, tmp_path: Path) -> None:
    root = grow(repo, 100)
    other = grow(repo, 100, "other")
    assert find(repo, tmp_path) == root
    repo("symbolic-ref", "HEAD", "refs/heads/other")
    assert find(repo, tmp_path) == other
    repo("symbolic-ref", "HEAD", "refs/heads/main")
    assert find(repo, tmp_path) == root


def test_a_cache_that_cannot_be_kept_is_no_trouble(repo: GitRepo, tmp_path: Path) -> None:
    root = grow(repo, 100)
    (tmp_path / "cache").write_text("a file where the directory should be")
    assert find(repo, tmp_path) == root


def test_a_cache_others_may_write_to_is_not_used(repo: GitRepo, tmp_path: Path) -> None:
    grow(repo, 100)
    (tmp_path / "cache/roots").mkdir(parents=True)
    (tmp_path / "cache/roots").chmod(0o777)
    assert find(repo, tmp_path) is not None
    assert cache_files(tmp_path) == []


def test_nothing_is_kept_where_no_home_is_known_or_it_is_another_users(repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    root = grow(repo, roots._WORTH_REMEMBERING + 5)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _: "~/.cache/leaksieve")
    assert first_root_commit(discover(repo.path)) == root
    assert [one.name for one in tmp_path.iterdir()] == ["repo"]
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert first_root_commit(discover(repo.path)) == root
    assert list(home.iterdir()) == []
    monkeypatch.setattr(os, "geteuid", lambda: mine)
    assert first_root_commit(discover(repo.path)) == root
    assert list(home.glob(".cache/leaksieve/roots/*"))
