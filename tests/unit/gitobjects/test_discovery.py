"""Where a repository is found, and what its links may lead to."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.repository import bounded, discover, read_settings


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("a.txt", "a\n")
    made.commit()
    return made


def test_found_from_below_and_from_a_file(repo: GitRepo) -> None:
    (repo.top / "x/y").mkdir(parents=True)
    for start in (repo.path, repo.path + b"/x/y", repo.path + b"/a.txt"):
        found = discover(start)
        assert (found.git_dir, found.common_dir, found.worktree) == (repo.path + b"/.git", repo.path + b"/.git", repo.path)
        assert (found.bare, found.shallow, found.hash_name, found.hash_size) == (False, False, "sha1", 20)
        assert not found.is_foreign_owned
        assert found.index_path == repo.path + b"/.git/index"


def test_found_from_inside_the_git_directory(repo: GitRepo) -> None:
    found = discover(repo.path + b"/.git/refs")
    assert found.worktree == repo.path


def test_crosses_process_borders(repo: GitRepo) -> None:
    found = discover(repo.path)
    assert pickle.loads(pickle.dumps(found)) == found


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        discover(os.fsencode(tmp_path / "nowhere"))
    with pytest.raises(SourceError, match="not a git repository"):
        discover(os.fsencode(tmp_path))
    (tmp_path / ".git").mkdir()
    with pytest.raises(SourceError, match="not a git repository"):
        discover(os.fsencode(tmp_path), git_dir=b".git")


def test_bare(tmp_path: Path) -> None:
    bare = GitRepo(tmp_path / "b.git", "--bare")
    for found in (discover(bare.path), discover(bare.path + b"/objects"), discover(bare.path, git_dir=b"."), discover(os.fsencode(tmp_path), git_dir=b"b.git")):
        assert found.bare
        assert found.git_dir == bare.path
    assert discover(bare.path, work_tree=b"..").worktree == os.fsencode(tmp_path)


def test_a_linked_worktree(repo: GitRepo, tmp_path: Path) -> None:
    repo("worktree", "add", "-q", "../linked")
    linked = os.fsencode(tmp_path / "linked")
    expected = (repo.path + b"/.git/worktrees/linked", repo.path + b"/.git", linked)
    for found in (
        discover(linked),
        discover(linked, git_dir=expected[0]),
        discover(linked, git_dir=b".git"),
        discover(expected[0]),
    ):
        assert (found.git_dir, found.common_dir, found.worktree) == expected
        assert found.index_path == expected[0] + b"/index"


def test_named_places(repo: GitRepo, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    found = discover(os.fsencode(elsewhere), git_dir=b"../repo/.git")
    assert found.worktree == os.fsencode(elsewhere)
    found = discover(os.fsencode(elsewhere), git_dir=repo.path + b"/.git", work_tree=b"../repo", index_file=b"my-index")
    assert (found.worktree, found.index_path, found.index_named) == (repo.path, os.fsencode(elsewhere / "my-index"), True)


def test_shallow(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit()
    repo("clone", "-q", "--depth=1", f"file://{repo.top}", "../shallow")
    assert discover(os.fsencode(tmp_path / "shallow")).shallow


def test_the_pointer_of_a_worktree_leads_outside_only_when_allowed(repo: GitRepo, tmp_path: Path) -> None:
    repo("worktree", "add", "-q", "../linked")
    linked = os.fsencode(tmp_path / "linked")
    with pytest.raises(SourceError, match="outside"):
        discover(linked, allowed_roots=(linked,))
    assert discover(linked, allowed_roots=(linked, repo.path)).common_dir == repo.path + b"/.git"
    with pytest.raises(SourceError, match="outside"):
        discover(linked, allowed_roots=(linked, repo.path + b"/.git/worktrees"))


def pointing(tree: Path, target: Path | str) -> bytes:
    tree.mkdir(parents=True)
    (tree / ".git").write_text(f"gitdir: {target}\n")
    return os.fsencode(tree)


def test_a_pointer_to_a_repository_that_knows_nothing_of_the_tree(repo: GitRepo, tmp_path: Path) -> None:
    evil = pointing(tmp_path / "evil", "../repo/.git")
    with pytest.raises(SourceError, match="not this tree's own") as caught:
        discover(evil)
    assert caught.value.where == os.fsdecode(evil + b"/.git")
    assert str(repo.top / ".git") in caught.value.line()
    assert "GIT_DIR" in caught.value.hint
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(pointing(tmp_path / "evil/below", "../../repo/.git"))
    for named in (repo.path + b"/.git", b".git"):
        assert discover(evil, git_dir=named).git_dir == repo.path + b"/.git"
    assert discover(evil, allowed_roots=(evil, repo.path)).git_dir == repo.path + b"/.git"


def test_a_pointer_to_the_worktree_of_another_tree(repo: GitRepo, tmp_path: Path) -> None:
    repo("worktree", "add", "-q", "../linked")
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(pointing(tmp_path / "evil", repo.top / ".git/worktrees/linked"))
    second = tmp_path / "second"
    second.mkdir()
    (second / ".git").symlink_to(tmp_path / "linked/.git")
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(os.fsencode(second))
    (tmp_path / "alias").symlink_to(tmp_path / "linked")
    assert discover(os.fsencode(tmp_path / "alias")).worktree == os.fsencode(tmp_path / "linked")


def test_a_submodule(repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    inner.add("x.txt", "x\n")
    inner.commit()
    repo("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.top), "deep/vendored")
    repo.commit()
    assert discover(repo.path + b"/deep/vendored").git_dir == repo.path + b"/.git/modules/deep/vendored"
    repo("worktree", "add", "-q", "../linked")
    linked = GitRepo(tmp_path / "linked", init=False)
    linked("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
    assert discover(linked.path + b"/deep/vendored").git_dir == repo.path + b"/.git/worktrees/linked/modules/deep/vendored"
    # The modules of a repository that is not above the tree are another's.
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(pointing(tmp_path / "evil", repo.top / ".git/modules/deep/vendored"))


def test_links_among_the_modules_lead_nowhere_else(repo: GitRepo, tmp_path: Path) -> None:
    outer = GitRepo(tmp_path / "outer")
    (outer.top / ".git/modules").mkdir()
    (outer.top / ".git/modules/x").symlink_to(repo.top / ".git")
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(pointing(outer.top / "x", "../.git/modules/x"))
    other = GitRepo(tmp_path / "other")
    (tmp_path / "store").mkdir()
    (other.top / ".git/modules").symlink_to(tmp_path / "store")
    repo("clone", "-q", "--bare", str(repo.top), "../store/x")
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(pointing(other.top / "x", "../.git/modules/x"))


def test_a_separate_git_directory_has_to_be_named(repo: GitRepo, tmp_path: Path) -> None:
    repo("clone", "-q", "--separate-git-dir=../apart.git", str(repo.top), "../tree")
    tree = os.fsencode(tmp_path / "tree")
    with pytest.raises(SourceError, match="not this tree's own") as caught:
        discover(tree)
    assert "set GIT_DIR" in caught.value.hint
    assert discover(tree, git_dir=os.fsencode(tmp_path / "apart.git")).worktree == tree
    (tmp_path / "whole").mkdir()
    repo("init", "-q", "--separate-git-dir=../whole/own.git", "../whole")
    whole = os.fsencode(tmp_path / "whole")
    assert discover(whole).git_dir == whole + b"/own.git"


def test_a_common_directory_that_is_not_the_repositorys_own(repo: GitRepo, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    (evil / ".git").mkdir(parents=True)
    (evil / ".git/HEAD").write_text("ref: refs/heads/main\n")
    for target in ("../../repo/.git", str(repo.top / ".git")):
        (evil / ".git/commondir").write_text(target + "\n")
        with pytest.raises(SourceError, match="no part of"):
            discover(os.fsencode(evil))
        with pytest.raises(SourceError, match="no part of"):
            discover(os.fsencode(evil), git_dir=b".git")
        assert discover(os.fsencode(evil), allowed_roots=(os.fsencode(evil), repo.path)).common_dir == repo.path + b"/.git"


def test_a_linked_git_directory_is_an_outside_one(repo: GitRepo, tmp_path: Path) -> None:
    """Unpacked from an archive it would lead to whatever repository its maker guessed the place of."""
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / ".git").symlink_to(repo.top / ".git")
    with pytest.raises(SourceError, match="not this tree's own"):
        discover(os.fsencode(trap))
    with pytest.raises(SourceError, match="outside"):
        discover(os.fsencode(trap), allowed_roots=(os.fsencode(trap),))
    assert discover(os.fsencode(trap), further_roots=(repo.path,)).worktree == os.fsencode(trap)


def test_a_git_directory_linked_inside_its_tree(repo: GitRepo) -> None:
    (repo.top / ".git").rename(repo.top / "elsewhere")
    (repo.top / ".git").symlink_to("elsewhere")
    assert discover(repo.path).worktree == repo.path


def test_what_the_user_named_bounds_the_rest(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit()
    repo("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = os.fsencode(tmp_path / "linked")
    found = bounded(discover(linked), linked)
    assert found.allows(repo.path + b"/.git/objects/12/34")
    assert found.allows(linked + b"/a")
    assert not found.allows(repo.path + b"/a")
    assert not found.allows(os.fsencode(tmp_path))
    assert bounded(discover(linked), linked, (os.fsencode(tmp_path),)).allows(repo.path + b"/a")


@pytest.mark.parametrize("text", [b"", b"gitdir: ", b"hello", b"gitdir: /nowhere\n", b"gitdir: a\0b\n"])
def test_pointers_that_lead_nowhere(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".git").write_bytes(text)
    with pytest.raises(SourceError):
        discover(os.fsencode(tmp_path))


def test_a_pipe_in_place_of_a_file_does_not_hang(repo: GitRepo) -> None:
    (repo.top / ".git/config").unlink()
    os.mkfifo(repo.top / ".git/config")
    with pytest.raises(SourceError, match="cannot be read"):
        discover(repo.path)


def test_the_settings_read_and_those_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "; comment\n[core]\n\tbare = true # yes\n\tfsmonitor = rm -rf x\n[include]\n\tpath = other\n"
        '[Extensions] ObjectFormat = "sha256"\n[extensions "x"]\n\tobjectformat = sha1\n[broken\nnonsense\n[extensions]\n\tworktreeConfig\n'
    )
    (tmp_path / "other").write_text("[extensions]\nobjectformat = sha1\n")
    assert read_settings(os.fsencode(file)) == {"core.bare": "true", "extensions.objectformat": "sha256", "extensions.worktreeconfig": "true"}
    assert read_settings(os.fsencode(tmp_path / "missing")) == {}


def test_an_unknown_object_format(repo: GitRepo) -> None:
    repo.write(".git/config", "[extensions]\nobjectFormat = sha3\n")
    with pytest.raises(SourceError, match="sha3"):
        discover(repo.path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only the superuser gives files away")
@pytest.mark.parametrize("place", [".", ".git"])
def test_foreign_owned(repo: GitRepo, place: str) -> None:
    os.chown(repo.top / place, 4242, 4242)
    assert discover(repo.path).is_foreign_owned
