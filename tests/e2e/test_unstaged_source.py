"""Unstaged changes: what lies in the working tree and is not what the index has."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.repository import discover
from leaksieve.model import Skip
from leaksieve.sources.unstaged import UnstagedSource

pytestmark = pytest.mark.e2e

OLD = 1_600_000_000


@pytest.fixture(params=["2", "4", "split"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo", "--object-format=sha256" if request.param == "4" else "--object-format=sha1")
    made("config", "core.splitIndex" if request.param == "split" else "index.version", "true" if request.param == "split" else request.param)
    for name in ("same.txt", "touched.txt", "changed.txt", "gone.txt", "dir/deep.txt"):
        made.write(name, f"{name}\n")
    made("add", ".")
    made.commit()
    return made


def seen(repo: GitRepo, **options: object) -> tuple[dict[str, tuple[bytes, bytes | None]], set[tuple[str, str, str]], UnstagedSource]:
    """Path -> (content, base's content); skips; the source."""
    source = UnstagedSource(discover(repo.path), **{"max_file_size": 1 << 20, "requested": "x", **options})
    found = {}
    for unit in source.units():
        for item in source.read(unit):
            if isinstance(item, Skip):
                source.coverage.skip(item)
            else:
                path = os.fsdecode(item.provenance.path)
                assert path not in found
                found[path] = (item.data, item.base() if item.base else None)
    return found, {(skip.kind, os.fsdecode(skip.where), skip.reason) for skip in source.coverage.skips}, source


def test_changed_files_and_no_others(repo: GitRepo) -> None:
    repo.write("changed.txt", "changed.txt\nnew line\n")
    repo.write("dir/deep.txt", "dir/deep.tyt\n")  # as long as before
    os.utime(repo.top / "touched.txt", (OLD, OLD))
    (repo.top / "gone.txt").unlink()
    repo.write("untracked.txt", "untracked\n")
    found, skips, source = seen(repo)
    assert found == {
        "changed.txt": (b"changed.txt\nnew line\n", b"changed.txt\n"),
        "dir/deep.txt": (b"dir/deep.tyt\n", b"dir/deep.txt\n"),
    }
    assert not skips
    assert source.coverage.expected == {"files": 2, "bytes": 34}


def test_a_change_within_the_moment_the_index_was_written(repo: GitRepo) -> None:
    """Same size, same times: only looking tells, and git would look as well."""
    for number in range(20):
        repo.write("changed.txt", f"text {number:02}\n")
        repo("add", "changed.txt")
        stamp = (repo.top / "changed.txt").stat()
        repo.write("changed.txt", f"TEXT {number:02}\n")
        os.utime(repo.top / "changed.txt", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        index = repo.top / ".git" / "index"
        os.utime(index, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
        assert "changed.txt" in seen(repo)[0]


def test_unchanged_files_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = GitRepo(tmp_path / "repo")
    for number in range(5):
        os.utime(repo.write(f"f{number}.txt", "x\n"), (OLD, OLD))
    repo("add", ".")
    repo.write("f0.txt", "changed\n")
    opened = []
    original = UnstagedSource._present
    monkeypatch.setattr(UnstagedSource, "_present", lambda self, path, is_link: opened.append(path) or original(self, path, is_link))
    assert set(seen(repo)[0]) == {"f0.txt"}
    assert opened in ([], [b"f0.txt"])


def test_line_ends_alone_are_no_change(repo: GitRepo) -> None:
    repo.write("changed.txt", "changed.txt\r\n")
    repo.write("same.txt", "same.txt\r\nreally new\r\n")
    assert seen(repo)[0] == {"same.txt": (b"same.txt\r\nreally new\r\n", b"same.txt\n")}


def test_no_filter_is_run(repo: GitRepo, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    repo.write(".gitattributes", "*.txt filter=bad diff=bad eol=crlf\n")
    repo("config", "filter.bad.clean", f"touch {proof}")
    repo("config", "diff.bad.textconv", f"touch {proof}")
    repo("config", "core.fsmonitor", f"touch {proof}")
    repo.write("changed.txt", "other\n")
    assert seen(repo)[0]["changed.txt"] == (b"other\n", b"changed.txt\n")
    assert not proof.exists()


def test_links_kinds_and_conflicts(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    (repo.top / "link").symlink_to("first")
    (repo.top / "same-link").symlink_to("same")
    for name in ("file", "becomes-link", "becomes-pipe", "becomes-dir", "d/inside", "both"):
        repo.write(name, "text\n")
    repo("add", ".")
    repo.commit()
    repo("checkout", "-q", "-b", "side")
    repo.add("both", "side\n")
    repo.commit()
    repo("checkout", "-q", "main")
    repo.add("both", "main\n")
    repo.commit()
    repo("merge", "-q", "side", check=False)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "inside").write_text("not of this tree\n")
    for name in ("link", "becomes-link", "becomes-pipe", "becomes-dir", "d/inside"):
        (repo.top / name).unlink()
    (repo.top / "link").symlink_to("second")
    (repo.top / "becomes-link").symlink_to("/etc/passwd")
    os.mkfifo(repo.top / "becomes-pipe")
    repo.write("becomes-dir/untracked", "x\n")
    (repo.top / "d").rmdir()
    (repo.top / "d").symlink_to(outside)
    found, skips, _ = seen(repo)
    assert found["link"] == (b"second", b"first")
    assert found["becomes-link"] == (b"/etc/passwd", b"text\n")
    assert b"<<<<<<<" in found["both"][0]
    assert set(found) == {"link", "becomes-link", "both"}
    assert skips == {("excluded", "becomes-pipe", "special-file"), ("excluded", "d/inside", "symlink")}


def test_what_git_was_told_to_ignore_and_what_is_only_intended(repo: GitRepo) -> None:
    repo.write("same.txt", "hidden change\n")
    repo("update-index", "--assume-unchanged", "same.txt")
    repo.write("new.txt", "new\n")
    repo("add", "-N", "new.txt")
    found, _, _ = seen(repo)
    assert found["same.txt"] == (b"hidden change\n", b"same.txt\n")
    assert found["new.txt"] == (b"new\n", None)


def test_large_excluded_and_unknown_paths(repo: GitRepo) -> None:
    repo.write("changed.txt", "x" * 5000)
    repo.write("same.txt", "other\n")
    repo.write("dir/deep.txt", "other\n")
    found, skips, _ = seen(repo, max_file_size=4096, exclude=(b"dir/",))
    assert set(found) == {"same.txt"}
    assert skips == {("excluded", "changed.txt", "too-large"), ("excluded", "dir/deep.txt", "excluded-by-config")}
    found, skips, _ = seen(repo, paths=(b"dir", b"none"))
    assert set(found) == {"dir/deep.txt"}
    assert skips == {("failed", "none", "unresolved-path")}


def test_a_bare_repository_has_none(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "bare.git", "--bare")
    with pytest.raises(SourceError, match="no working tree"):
        seen(repo)


def test_a_linked_worktree_has_its_own(repo: GitRepo, tmp_path: Path) -> None:
    repo("worktree", "add", "-q", "../linked", "-b", "feature")
    linked = GitRepo(tmp_path / "linked", init=False)
    linked.write("changed.txt", "in the linked one\n")
    assert set(seen(linked)[0]) == {"changed.txt"}
    assert not seen(repo)[0]
