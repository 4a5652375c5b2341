"""References: what they lead to, and where they may not lead."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.refs import head_commit, head_target, is_safe_name, resolve
from leaksieve.gitobjects.repository import discover


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("a.txt", "a\n")
    made.commit()
    return made


def test_head_on_a_branch_detached_and_unborn(repo: GitRepo) -> None:
    commit = bytes.fromhex(repo.id("HEAD"))
    assert (head_commit(discover(repo.path)), head_target(discover(repo.path))) == (commit, b"refs/heads/main")
    repo("checkout", "-q", "--detach")
    assert (head_commit(discover(repo.path)), head_target(discover(repo.path))) == (commit, None)
    repo("checkout", "-q", "--orphan", "fresh")
    assert (head_commit(discover(repo.path)), head_target(discover(repo.path))) == (None, b"refs/heads/fresh")


def test_packed_and_loose(repo: GitRepo) -> None:
    old = repo.id("HEAD")
    repo("branch", "other")
    repo("branch", "main-2")
    repo("tag", "-a", "-m", "x", "v1")
    repo("pack-refs", "--all", "--prune")
    found = discover(repo.path)
    for name in (b"refs/heads/main", b"refs/heads/other", b"refs/heads/main-2"):
        assert resolve(found, name) == bytes.fromhex(old)
    assert resolve(found, b"refs/tags/v1") == bytes.fromhex(repo.id("v1"))
    assert resolve(found, b"refs/heads/mai") is None
    assert resolve(found, b"refs/heads") is None
    new = repo.commit()
    assert resolve(found, b"refs/heads/main") == bytes.fromhex(new) == head_commit(found)
    assert resolve(found, b"MERGE_HEAD") is None


def test_references_of_a_linked_worktree(repo: GitRepo, tmp_path: Path) -> None:
    repo("worktree", "add", "-q", "../linked", "-b", "feature")
    linked = GitRepo(tmp_path / "linked", init=False)
    commit = linked.commit()
    found = discover(linked.path)
    assert head_commit(found) == bytes.fromhex(commit)
    linked("update-ref", "refs/worktree/mine", commit)
    assert resolve(found, b"refs/worktree/mine") == bytes.fromhex(commit)
    assert resolve(discover(repo.path), b"refs/worktree/mine") is None


def test_symbolic_references_are_followed_so_far(repo: GitRepo) -> None:
    commit = bytes.fromhex(repo.id("HEAD"))
    for number in range(9):
        repo.write(f".git/refs/heads/s{number + 1}", f"ref: refs/heads/s{number}\n")
    repo("update-ref", "refs/heads/s0", commit.hex())
    found = discover(repo.path)
    assert resolve(found, b"refs/heads/s5") == commit
    with pytest.raises(SourceError, match="without end"):
        resolve(found, b"refs/heads/s9")
    repo.write(".git/HEAD", "ref: HEAD\n")
    with pytest.raises(SourceError, match="without end"):
        head_commit(found)


@pytest.mark.parametrize(
    "target",
    [
        "../../outside",
        "/etc/passwd",
        "refs/heads/../../../outside",
        "refs//x",
        "refs/heads/",
        "refs/heads/.x",
        "refs/heads/x.lock",
        "refs/heads/a..b",
        "refs/heads/a@{1}",
        "refs/heads/a b",
        "objects/x",
        "",
    ],
)
def test_names_that_lead_out_are_refused(repo: GitRepo, target: str) -> None:
    repo.write(".git/HEAD", f"ref: {target}\n")
    with pytest.raises(SourceError, match="invalid reference"):
        head_commit(discover(repo.path))
    assert not is_safe_name(target.encode())
    with pytest.raises(SourceError, match="not a valid reference"):
        resolve(discover(repo.path), target.encode())


def test_links_in_place_of_references(repo: GitRepo, tmp_path: Path) -> None:
    commit = repo.id("HEAD")
    (tmp_path / "outside").write_text(commit + "\n")
    found = discover(repo.path)
    head = repo.top / ".git/HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")
    assert head_commit(found) == bytes.fromhex(commit)
    for link, target in (("refs/heads/leaf", tmp_path / "outside"), ("refs/out", tmp_path), ("packed-refs", tmp_path / "packed")):
        (repo.top / ".git" / link).symlink_to(target)
    (tmp_path / "packed").write_text(f"{commit} refs/heads/packed\n")
    for name in (b"refs/heads/leaf", b"refs/out/outside", b"refs/heads/packed"):
        with pytest.raises(SourceError, match="leads out"):
            resolve(found, name)


@pytest.mark.parametrize("text", [b"", b"abc\n", b"g" * 40, b"a" * 41, b"\0" * 40, b"a" * 100_000])
def test_references_that_do_not_parse(repo: GitRepo, text: bytes) -> None:
    repo.write(".git/refs/heads/main", text)
    with pytest.raises(SourceError):
        head_commit(discover(repo.path))


def test_a_packed_line_that_does_not_parse(repo: GitRepo) -> None:
    repo.write(".git/packed-refs", "aa refs/heads/short\n" + "b" * 40 + " refs/heads/good")
    found = discover(repo.path)
    assert resolve(found, b"refs/heads/good") == b"\xbb" * 20
    with pytest.raises(SourceError, match="does not parse"):
        resolve(found, b"refs/heads/short")


def test_a_pipe_in_place_of_head_does_not_hang(repo: GitRepo) -> None:
    found = discover(repo.path)
    (repo.top / ".git/HEAD").unlink()
    os.mkfifo(repo.top / ".git/HEAD")
    with pytest.raises(SourceError, match="not a regular file"):
        head_commit(found)


def test_reference_storage_that_cannot_be_read_says_so(repo: GitRepo) -> None:
    repo.write(".git/config", "[extensions]\nrefStorage = reftable\n")
    with pytest.raises(SourceError, match=r"reftable.*refs migrate"):
        head_commit(discover(repo.path))
