"""Every name a repository has for an object, and every id its reflogs hold."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.allrefs import all_refs, is_lasting
from leaksieve.gitobjects.reflogs import reflog, reflog_ids
from leaksieve.gitobjects.repository import discover


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("a.txt", "a\n")
    made.commit()
    return made


def listed(repo: GitRepo) -> dict[bytes, bytes]:
    """What git itself lists."""
    lines = repo("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return {name: bytes.fromhex(oid.decode()) for name, oid in (line.split(b" ") for line in lines)}


def refs_only(found: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: oid for name, oid in found.items() if name.startswith(b"refs/")}


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_every_kind_of_reference_as_git_lists_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    repo = GitRepo(tmp_path / "repo", *options)
    repo.add("a.txt", "a\n")
    first = repo.commit()
    repo.add("a.txt", "b\n")
    second = repo.commit()
    repo("branch", "deep/er/one", first)
    repo("tag", "light")
    repo("tag", "-a", "-m", "x", "v1")
    repo("tag", "tree", "HEAD^{tree}")
    repo("notes", "add", "-m", "note")
    repo("replace", second, first)
    repo("update-ref", "refs/remotes/origin/main", first)
    repo("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo("symbolic-ref", "refs/remotes/origin/gone", "refs/remotes/origin/nothing")
    repo.write("a.txt", "c\n")
    repo("stash")
    broken: list[tuple[bytes, str]] = []
    loose = all_refs(discover(repo.path), broken)
    assert refs_only(loose) == listed(repo)
    assert loose[b"HEAD"].hex() == second
    assert loose[b"refs/remotes/origin/HEAD"].hex() == first
    repo("pack-refs", "--all", "--prune")
    repo("update-ref", "refs/heads/deep/er/one", second)
    packed = all_refs(discover(repo.path), broken)
    assert refs_only(packed) == listed(repo)
    assert packed[b"refs/heads/deep/er/one"].hex() == second
    assert not broken


def test_unborn_and_detached(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    assert all_refs(discover(repo.path)) == {}
    assert reflog_ids(discover(repo.path)) == {}
    repo.add("a.txt", "a\n")
    commit = repo.commit()
    repo("checkout", "-q", "--detach")
    repo("branch", "-D", "main")
    assert all_refs(discover(repo.path)) == {b"HEAD": bytes.fromhex(commit)}


def test_linked_worktrees_see_each_other(repo: GitRepo, tmp_path: Path) -> None:
    repo("worktree", "add", "-q", "../linked", "-b", "feature")
    linked = GitRepo(tmp_path / "linked", init=False)
    commit = bytes.fromhex(linked.commit("one"))
    linked("update-ref", "refs/worktree/mine", "HEAD")
    linked("update-ref", "refs/bisect/bad", "HEAD~1")
    main = bytes.fromhex(repo.id("HEAD"))
    seen = all_refs(discover(repo.path))
    assert (seen[b"HEAD"], seen[b"worktrees/linked/HEAD"]) == (main, commit)
    assert (seen[b"worktrees/linked/refs/worktree/mine"], seen[b"worktrees/linked/refs/bisect/bad"]) == (commit, main)
    assert refs_only(seen) == listed(repo)
    seen = all_refs(discover(linked.path))
    assert (seen[b"HEAD"], seen[b"main-worktree/HEAD"], seen[b"refs/worktree/mine"]) == (commit, main, commit)
    assert refs_only(seen) == listed(linked)
    assert not any(name.startswith(b"worktrees/linked") for name in seen)
    logs = reflog_ids(discover(repo.path))
    assert commit in logs[b"worktrees/linked/HEAD"]
    assert {b"HEAD", b"refs/heads/main", b"refs/heads/feature"} < set(logs)
    assert set(reflog_ids(discover(linked.path))) == {b"HEAD", b"refs/heads/main", b"refs/heads/feature", b"main-worktree/HEAD"}


def test_commands_in_progress(repo: GitRepo) -> None:
    first = repo.id("HEAD")
    (repo.top / ".git" / "FETCH_HEAD").write_text(f"{first}\t\tbranch 'x' of y\n{'ab' * 20}\tnot-for-merge\tbranch 'z'\nnonsense\n")
    repo("update-ref", "ORIG_HEAD", first)
    found = all_refs(discover(repo.path))
    assert (found[b"FETCH_HEAD"].hex(), found[b"FETCH_HEAD:2"].hex(), found[b"ORIG_HEAD"].hex()) == (first, "ab" * 20, first)
    assert {name for name in found if is_lasting(name)} == {b"HEAD", b"refs/heads/main"}


def test_octopus_merge_in_progress(repo: GitRepo) -> None:
    for name in ("one", "two"):
        repo("checkout", "-q", "-b", name, "main")
        repo.add(f"{name}.txt", name)
        repo.commit(name)
    repo("checkout", "-q", "main")
    repo("merge", "--no-commit", "--no-ff", "one", "two")
    found = all_refs(discover(repo.path))
    assert {found[b"MERGE_HEAD"].hex(), found[b"MERGE_HEAD:2"].hex()} == {repo.id("one"), repo.id("two")}


def test_reflogs_hold_what_was_undone_and_dropped(repo: GitRepo) -> None:
    first = repo.id("HEAD")
    undone = repo.commit("undone")
    repo("reset", "-q", "--hard", first)
    stashes = []
    for text in ("x", "y"):
        repo.write("a.txt", text)
        repo("stash")
        stashes.append(repo.id("stash"))
    logs = reflog_ids(discover(repo.path))
    assert {oid.hex() for oid in logs[b"HEAD"]} >= {first, undone}
    assert [oid.hex() for oid in logs[b"refs/stash"]] == stashes
    assert reflog(discover(repo.path), b"refs/heads/main")[-1] == (bytes.fromhex(undone), bytes.fromhex(first))
    assert reflog(discover(repo.path), b"refs/heads/none") is None


def test_hostile_references_lead_nowhere(repo: GitRepo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "id").write_text("ab" * 20 + "\n")
    heads = repo.top / ".git" / "refs" / "heads"
    (heads / "escape").write_text("ref: ../../outside/id\n")
    (heads / "absolute").write_text(f"ref: {outside}/id\n")
    (heads / "link").symlink_to(outside / "id")
    (heads / "folder").symlink_to(outside)
    (heads / "loop").symlink_to(heads)
    (heads / "nul").write_bytes(b"\0" * 40)
    (heads / "short").write_text("abcd\n")
    (heads / "empty").write_text("")
    (heads / "huge").write_bytes(b"a" * 200_000)
    (heads / "x").write_text("ref: refs/heads/y\n")
    (heads / "y").write_text("ref: refs/heads/x\n")
    (heads / "being.lock").write_text("ab" * 20)
    os.mkfifo(heads / "pipe")
    broken: list[tuple[bytes, str]] = []
    found = all_refs(discover(repo.path), broken)
    assert set(found) == {b"HEAD", b"refs/heads/main"}
    names = {name.rpartition(b"/")[2] for name, _ in broken}
    assert names == {b"escape", b"absolute", b"link", b"folder", b"loop", b"nul", b"short", b"empty", b"huge", b"pipe", b"x", b"y"}


def test_hostile_logs_and_packed_references(repo: GitRepo, tmp_path: Path) -> None:
    logs = repo.top / ".git" / "logs"
    (tmp_path / "secret").write_text("ab" * 20 + " " + "cd" * 20 + " A <a> 1 +0000\tx\n")
    (logs / "refs" / "heads" / "link").symlink_to(tmp_path / "secret")
    (logs / "refs" / "heads" / "torn").write_text("ab" * 20 + " " + "cd" * 19)
    broken: list[tuple[bytes, str]] = []
    assert b"refs/heads/link" not in reflog_ids(discover(repo.path), broken)
    assert {name for name, _ in broken} == {b"logs/refs/heads/link", b"logs/refs/heads/torn"}
    packed = repo.top / ".git" / "packed-refs"
    packed.write_text(f"# pack-refs with: peeled\n{'ab' * 20} refs/heads/ok\n^{'cd' * 20}\nzz refs/heads/bad\n{'ab' * 20} ../../x\n")
    broken = []
    assert all_refs(discover(repo.path), broken)[b"refs/heads/ok"] == b"\xab" * 20
    assert broken == [(b"packed-refs", "2 of its lines do not parse")]
    packed.unlink()
    packed.symlink_to(tmp_path / "secret")
    with pytest.raises(SourceError, match="leads out"):
        all_refs(discover(repo.path))


def test_another_storage_format_is_refused(repo: GitRepo) -> None:
    repo("config", "core.repositoryFormatVersion", "1")
    repo("config", "extensions.refStorage", "reftable")
    for ask in (all_refs, reflog_ids):
        with pytest.raises(SourceError, match="reftable"):
            ask(discover(repo.path))
