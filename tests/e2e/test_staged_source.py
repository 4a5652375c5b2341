"""What a staged scan plans and reads, against repositories made by real git."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.repository import Repository, discover
from leaksieve.model import Chunk, Skip
from leaksieve.sources.index import IndexSource, tracked_paths

pytestmark = pytest.mark.e2e
MEGABYTE = 1 << 20


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("kept.txt", "kept\n")
    made.add("dir/old.txt", "one\ntwo\nthree\n")
    made.add("dir/deep/file.txt", "deep\n")
    made.add("other/file.txt", "other\n")
    made.commit()
    return made


class Scan:
    """A finished staged scan: chunks by path (and stage), skips by path, the receipt."""

    def __init__(self, where: bytes | Repository, max_file_size: int = MEGABYTE, paths: tuple[bytes, ...] = ()) -> None:
        found = where if isinstance(where, Repository) else discover(where)
        self.source = IndexSource(found, max_file_size=max_file_size, paths=paths, requested="here")
        self.coverage = self.source.coverage
        self.units = list(self.source.units())
        self.chunks: list[Chunk] = []
        self.skips: list[Skip] = list(self.coverage.skips)
        for unit in self.units:
            assert all(part is None or type(part) in (bytes, int, tuple) for part in unit)
            for item in self.source.read(unit):
                (self.chunks if isinstance(item, Chunk) else self.skips).append(item)

    @property
    def data(self) -> dict[bytes, bytes]:
        return {chunk.provenance.path: chunk.data for chunk in self.chunks}

    @property
    def bases(self) -> dict[bytes, bytes | None]:
        return {chunk.provenance.path: chunk.base() if chunk.base else None for chunk in self.chunks}

    @property
    def reasons(self) -> dict[bytes, tuple[str, str]]:
        return {skip.where: (skip.kind, skip.reason) for skip in self.skips}


def test_nothing_staged_is_nothing_to_scan(repo: GitRepo) -> None:
    repo.write("kept.txt", "changed, not staged\n")
    scan = Scan(repo.path)
    assert (scan.chunks, scan.skips) == ([], [])
    assert scan.coverage.resolved == repo.id("HEAD")


def test_new_and_modified_files_are_read_from_the_index_not_from_the_tree(repo: GitRepo) -> None:
    repo.add("dir/old.txt", "one\nstaged\n")
    repo.add("new.txt", "new\n")
    repo.write("dir/old.txt", "in the tree only\n")
    scan = Scan(repo.path)
    assert scan.data == {b"dir/old.txt": b"one\nstaged\n", b"new.txt": b"new\n"}
    assert scan.bases == {b"dir/old.txt": b"one\ntwo\nthree\n", b"new.txt": None}
    assert scan.coverage.kind == "index"
    assert scan.coverage.requested == "here"
    assert scan.coverage.expected == {"files": 2, "bytes": 15}
    chunk = next(chunk for chunk in scan.chunks if chunk.provenance.path == b"new.txt")
    assert chunk.provenance.kind == "index"
    assert chunk.provenance.details == {"object": repo.id(":new.txt")}


def test_the_plan_agrees_with_git_on_what_changed(repo: GitRepo) -> None:
    repo.add("dir/deep/file.txt", "deeper\n")
    repo.add("dir/deep/more/x.txt", "x\n")
    repo.add("zzz/a.txt", "a\n")
    repo("rm", "-q", "other/file.txt")
    names = repo("diff", "--cached", "--name-only", "--no-renames", "--diff-filter=d", "-z").split(b"\0")[:-1]
    assert [unit[0] for unit in Scan(repo.path).units] == names


def test_a_deleted_file_is_not_scanned(repo: GitRepo) -> None:
    repo("rm", "-q", "kept.txt")
    assert Scan(repo.path).units == []


def test_an_unchanged_rename_has_its_old_self_for_base(repo: GitRepo) -> None:
    repo("mv", "dir/old.txt", "moved.txt")
    scan = Scan(repo.path)
    assert scan.bases == {b"moved.txt": b"one\ntwo\nthree\n"} == scan.data


def test_a_rename_that_changes_the_line_endings_is_still_one(repo: GitRepo) -> None:
    repo("mv", "dir/old.txt", "dir/new.txt")
    repo.add("dir/new.txt", "one\r\ntwo\r\nthree\r\n")
    [chunk] = [each for each in Scan(os.fsencode(repo.top)).chunks if each.provenance.path == b"dir/new.txt"]
    assert chunk.base is not None
    assert chunk.base() == b"one\ntwo\nthree\n"


def test_a_rename_with_changes_has_the_most_similar_deleted_file_for_base(repo: GitRepo) -> None:
    lines = "".join(f"line {n}\n" for n in range(20))
    repo.add("a.py", lines)
    repo.add("b.py", "nothing alike\n" * 3)
    repo.commit()
    repo("rm", "-q", "b.py")
    repo("mv", "a.py", "elsewhere.py")
    repo.add("elsewhere.py", lines + "added\n")
    assert Scan(repo.path).bases == {b"elsewhere.py": lines.encode()}


def test_a_new_file_unlike_the_deleted_ones_has_no_base(repo: GitRepo) -> None:
    repo("rm", "-q", "dir/old.txt")
    repo.add("fresh.txt", "not at all the same\n")
    assert Scan(repo.path).bases == {b"fresh.txt": None}


def test_a_copy_has_no_base_since_the_original_stays(repo: GitRepo) -> None:
    repo.add("copy.txt", "one\ntwo\nthree\n")
    assert Scan(repo.path).bases == {b"copy.txt": None}


def test_a_file_that_moved_unchanged_is_no_other_files_base(repo: GitRepo) -> None:
    lines = "".join(f"line {n}\n" for n in range(20))
    repo.add("a.py", lines)
    repo.commit()
    repo("mv", "a.py", "b.py")
    repo.add("c.py", lines + "added\n")
    assert Scan(repo.path).bases == {b"b.py": lines.encode(), b"c.py": None}


def test_files_of_a_moved_directory_find_their_bases(repo: GitRepo) -> None:
    repo("mv", "dir", "moved")
    assert Scan(repo.path).bases == {b"moved/old.txt": b"one\ntwo\nthree\n", b"moved/deep/file.txt": b"deep\n"}


def test_a_mode_change_alone_is_not_scanned(repo: GitRepo) -> None:
    repo("update-index", "--chmod=+x", "kept.txt")
    scan = Scan(repo.path)
    assert (scan.units, scan.skips) == ([], [])
    repo.write("kept.txt", "kept\nand changed\n")
    repo("add", "kept.txt")
    assert Scan(repo.path).data == {b"kept.txt": b"kept\nand changed\n"}


def test_a_file_that_became_a_directory_and_the_reverse(repo: GitRepo) -> None:
    repo("rm", "-q", "kept.txt")
    repo("rm", "-rq", "dir")
    repo.add("kept.txt/inner.txt", "kept\n")
    repo.add("dir", "deep\n")
    scan = Scan(repo.path)
    assert scan.data == {b"kept.txt/inner.txt": b"kept\n", b"dir": b"deep\n"}
    assert scan.bases == scan.data


def test_intent_to_add_is_left_out_and_said(repo: GitRepo) -> None:
    repo.write("later.txt", "later\n")
    repo("add", "-N", "later.txt")
    repo.add("now.txt", "now\n")
    scan = Scan(repo.path)
    assert scan.data == {b"now.txt": b"now\n"}
    assert scan.reasons == {b"later.txt": ("excluded", "intent-to-add")}


def conflict(repo: GitRepo) -> None:
    repo("checkout", "-q", "-b", "side")
    repo.add("kept.txt", "theirs\n")
    repo.add("from-side.txt", "side\n")
    repo.commit()
    repo("checkout", "-q", "main")
    repo.add("kept.txt", "ours\n")
    repo.commit()
    repo("merge", "-q", "side", check=False)


def test_both_sides_of_a_conflict_are_scanned(repo: GitRepo) -> None:
    conflict(repo)
    scan = Scan(repo.path)
    sides = [(chunk.data, chunk.provenance.details["stage"]) for chunk in scan.chunks if chunk.provenance.path == b"kept.txt"]
    assert sides == [(b"ours\n", 2), (b"theirs\n", 3)]
    assert scan.bases[b"kept.txt"] == b"ours\n"


def test_a_merge_is_compared_with_its_first_parent(repo: GitRepo) -> None:
    conflict(repo)
    repo.add("kept.txt", "resolved\n")
    scan = Scan(repo.path)
    assert scan.data == {b"from-side.txt": b"side\n", b"kept.txt": b"resolved\n"}
    assert scan.bases == {b"from-side.txt": None, b"kept.txt": b"ours\n"}


def test_a_submodule_is_left_out_and_named(repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    inner.add("x.txt", "x\n")
    inner.commit()
    repo("submodule", "--quiet", "add", str(inner.top), "vendored")
    scan = Scan(repo.path)
    assert list(scan.data) == [b".gitmodules"]
    assert scan.reasons == {b"vendored": ("excluded", "submodule")}
    assert scan.coverage.submodules == ["vendored"]
    tracked = tracked_paths(discover(repo.path))
    assert tracked.gitlinks == {b"vendored"}
    assert b"vendored" not in tracked.files
    GitRepo(repo.top / "vendored", init=False).add("y.txt", "in the submodule\n")
    assert Scan(repo.path + b"/vendored").data == {b"y.txt": b"in the submodule\n"}


def test_a_link_is_scanned_as_the_text_it_names(repo: GitRepo) -> None:
    (repo.top / "link").symlink_to("https://user:word@host/")
    repo("add", "link")
    assert Scan(repo.path).data == {b"link": b"https://user:word@host/"}


def test_skip_worktree_entries_are_read_all_the_same(repo: GitRepo) -> None:
    repo.add("dir/old.txt", "staged\n")
    repo("update-index", "--skip-worktree", "dir/old.txt")
    (repo.top / "dir/old.txt").unlink()
    assert Scan(repo.path).data == {b"dir/old.txt": b"staged\n"}
    assert b"dir/old.txt" in tracked_paths(discover(repo.path)).files


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_every_version_of_the_index(repo: GitRepo, version: str) -> None:
    repo("update-index", "--index-version", version)
    repo.add("dir/a new one.txt", "new\n")
    if version == "3":
        repo("update-index", "--skip-worktree", "kept.txt")
    assert (repo.top / ".git/index").read_bytes()[7] == int(version)
    assert Scan(repo.path).data == {b"dir/a new one.txt": b"new\n"}


def test_a_split_index(repo: GitRepo) -> None:
    repo("config", "splitIndex.maxPercentChange", "100")
    repo("update-index", "--split-index")
    repo.add("dir/old.txt", "replaced\n")
    repo.add("added.txt", "added\n")
    repo("rm", "-q", "other/file.txt")
    assert b"link" in (repo.top / ".git/index").read_bytes()
    assert Scan(repo.path).data == {b"added.txt": b"added\n", b"dir/old.txt": b"replaced\n"}
    assert tracked_paths(discover(repo.path)).files == {b"added.txt", b"dir/deep/file.txt", b"dir/old.txt", b"kept.txt"}
    (shared,) = (repo.top / ".git").glob("sharedindex.*")
    whole = shared.read_bytes()
    shared.chmod(0o644)
    shared.write_bytes(whole[:-20] + b"link\0\0\0\x14" + bytes(40))
    with pytest.raises(SourceError, match="itself split"):
        Scan(repo.path)
    shared.unlink()
    with pytest.raises(SourceError, match="shared index"):
        Scan(repo.path)


def test_a_sparse_index_whose_hidden_directories_differ_from_head(repo: GitRepo) -> None:
    first = repo.id("HEAD")
    repo.add("other/file.txt", "changed\n")
    repo.add("other/sub/more.txt", "more\n")
    repo.commit()
    repo("sparse-checkout", "init", "--cone", "--sparse-index")
    repo("sparse-checkout", "set", "dir")
    assert b"sdir" in (repo.top / ".git/index").read_bytes()
    assert tracked_paths(discover(repo.path)).sparse == (b"other/",)
    assert Scan(repo.path).units == []
    repo.add("dir/old.txt", "staged\n")
    assert Scan(repo.path).data == {b"dir/old.txt": b"staged\n"}
    repo("reset", "-q", "--soft", first)
    assert b"sdir" in (repo.top / ".git/index").read_bytes()
    scan = Scan(repo.path)
    assert scan.data == {b"dir/old.txt": b"staged\n", b"other/file.txt": b"changed\n", b"other/sub/more.txt": b"more\n"}
    assert scan.bases[b"other/file.txt"] == b"other\n"


def test_a_rename_between_hidden_directories_of_a_sparse_index(repo: GitRepo) -> None:
    repo.add("other/leaves.txt", "leaves\n")
    first = repo.commit()
    repo("mv", "other/leaves.txt", "dir/deep/came.txt")
    repo("mv", "other/file.txt", "dir/deep/moved.txt")
    repo("mv", "kept.txt", "other")
    repo.add("other/file.txt/inner.txt", "inner\n")
    repo.commit()
    repo("sparse-checkout", "init", "--cone", "--sparse-index")
    repo("reset", "-q", "--soft", first)
    assert tracked_paths(discover(repo.path)).sparse == (b"dir/", b"other/")
    scan = Scan(repo.path)
    expected = {b"dir/deep/came.txt": b"leaves\n", b"dir/deep/moved.txt": b"other\n", b"other/kept.txt": b"kept\n", b"other/file.txt/inner.txt": b"inner\n"}
    assert scan.data == expected
    assert scan.bases == {**expected, b"other/file.txt/inner.txt": None}


HOOK = """#!/bin/sh
printf '%s\\n' "$GIT_INDEX_FILE" "$GIT_DIR" "$PWD" > "$HOME/hook.txt"
cp "$GIT_INDEX_FILE" "$HOME/index.copy"
"""


@pytest.mark.parametrize("arguments", [("-a",), ("--only", "dir/old.txt")], ids=["all", "only"])
def test_the_index_git_names_to_a_hook(repo: GitRepo, arguments: tuple[str, ...]) -> None:
    hook = repo.write(".git/hooks/pre-commit", HOOK)
    hook.chmod(0o755)
    repo.add("kept.txt", "staged before\n")
    repo.write("dir/old.txt", "not staged\n")
    head = repo.id("HEAD")
    repo("commit", "-q", "-m", "x", *arguments)
    named, _, directory = (repo.top.parent / "hook.txt").read_text().splitlines()
    # Bring back the moment the hook ran in.
    repo("update-ref", "refs/heads/main", head)
    copy = Path(directory, named)
    shutil.copy(repo.top.parent / "index.copy", copy)
    scan = Scan(discover(os.fsencode(directory), index_file=os.fsencode(named)))
    expected = {b"dir/old.txt": b"not staged\n"}
    if arguments == ("-a",):
        expected[b"kept.txt"] = b"staged before\n"
    assert scan.data == expected


def test_a_named_index_relative_to_the_git_directory(repo: GitRepo) -> None:
    repo.add("new.txt", "new\n")
    (repo.top / ".git/index").rename(repo.top / ".git/other")
    assert Scan(discover(repo.path, index_file=b"other")).data == {b"new.txt": b"new\n"}
    with pytest.raises(SourceError, match="does not exist"):
        Scan(discover(repo.path, index_file=b"nowhere"))


def test_an_unborn_head_makes_everything_new(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "unborn")
    assert Scan(repo.path).units == []
    repo.add("a/b.txt", "b\n")
    scan = Scan(repo.path)
    assert scan.data == {b"a/b.txt": b"b\n"}
    assert scan.coverage.resolved == "unborn"


def test_an_absent_index_stages_nothing(repo: GitRepo) -> None:
    (repo.top / ".git/index").unlink()
    assert Scan(repo.path).units == []
    assert tracked_paths(discover(repo.path)).files == frozenset()


def test_an_index_that_does_not_parse_is_an_error(repo: GitRepo) -> None:
    index = repo.top / ".git/index"
    whole = index.read_bytes()
    for broken in (b"", whole[:40], whole[:-30], b"DIRC\0\0\0\x09" + whole[8:], whole[:8] + b"\xff\xff\xff\xff" + whole[12:]):
        index.write_bytes(broken)
        with pytest.raises(SourceError):
            Scan(repo.path)


def test_an_index_that_ends_within_its_last_entry_is_an_error(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "bare-bones")
    repo.add("a", "a\n")
    index = repo.top / ".git/index"
    entry = index.read_bytes()[:76]
    index.write_bytes(entry + bytes(20))
    assert tracked_paths(discover(repo.path)).files == {b"a"}
    index.write_bytes(entry)
    with pytest.raises(SourceError, match="cut off"):
        tracked_paths(discover(repo.path))


def test_an_extension_that_must_be_understood_is_an_error(repo: GitRepo) -> None:
    index = repo.top / ".git/index"
    whole = index.read_bytes()
    index.write_bytes(whole[:-20] + b"XYZW\0\0\0\x02ab" + bytes(20))
    assert Scan(repo.path).units == []
    index.write_bytes(whole[:-20] + b"xyzw\0\0\0\x02ab" + bytes(20))
    with pytest.raises(SourceError, match="xyzw"):
        Scan(repo.path)


def loose(repo: GitRepo, revision: str) -> Path:
    name = repo.id(revision)
    file = repo.top / ".git/objects" / name[:2] / name[2:]
    file.chmod(0o644)
    return file


def test_missing_and_corrupt_blobs_are_failures(repo: GitRepo) -> None:
    for name in ("gone", "broken", "cut", "fine"):
        repo.add(name, f"{name}\n" * 50)
    loose(repo, ":gone").unlink()
    loose(repo, ":broken").write_bytes(b"not zlib at all")
    cut = loose(repo, ":cut")
    cut.write_bytes(cut.read_bytes()[:-4])
    scan = Scan(repo.path)
    assert list(scan.data) == [b"fine"]
    assert scan.reasons == {b"gone": ("failed", "missing-object"), b"broken": ("failed", "corrupt-object"), b"cut": ("failed", "corrupt-object")}
    assert scan.coverage.expected["files"] == 4


def test_something_else_where_a_blob_should_be_is_a_failure(repo: GitRepo) -> None:
    repo("update-index", "-z", "--index-info", stdin=b"100644 " + repo.id("HEAD").encode() + b"\tcommit\0")
    assert Scan(repo.path).reasons == {b"commit": ("failed", "corrupt-object")}


def test_a_large_blob_is_left_out_and_said(repo: GitRepo) -> None:
    repo.add("large", "x" * 101)
    repo.add("fits", "x" * 100)
    scan = Scan(repo.path, max_file_size=100)
    assert list(scan.data) == [b"fits"]
    assert scan.reasons == {b"large": ("excluded", "too-large")}
    assert scan.coverage.expected == {"files": 1, "bytes": 100}


def test_a_pointer_to_large_file_storage_is_scanned_and_said(repo: GitRepo) -> None:
    text = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    repo.add("model.bin", text)
    scan = Scan(repo.path)
    assert scan.data == {b"model.bin": text}
    assert scan.reasons == {b"model.bin": ("excluded", "lfs-pointer")}


def test_a_missing_tree_of_head_fails_and_what_is_below_counts_as_new(repo: GitRepo) -> None:
    repo.add("dir/old.txt", "staged\n")
    loose(repo, "HEAD:dir").unlink()
    scan = Scan(repo.path)
    assert scan.reasons == {b"dir": ("failed", "missing-object")}
    assert scan.data[b"dir/old.txt"] == b"staged\n"


def test_a_missing_commit_or_top_tree_is_an_error(repo: GitRepo) -> None:
    repo.add("kept.txt", "staged\n")
    commit = loose(repo, "HEAD")
    loose(repo, "HEAD^{tree}").unlink()
    with pytest.raises(SourceError, match="HEAD's tree"):
        Scan(repo.path)
    commit.unlink()
    with pytest.raises(SourceError, match="HEAD's commit"):
        Scan(repo.path)


def test_sha256(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "long", "--object-format=sha256")
    repo.add("dir/a.txt", "a\n")
    repo.add("dir/b.txt", "b\n")
    repo.commit()
    repo.add("dir/a.txt", "changed\n")
    scan = Scan(repo.path)
    assert scan.data == {b"dir/a.txt": b"changed\n"}
    assert scan.bases == {b"dir/a.txt": b"a\n"}
    assert len(scan.coverage.resolved) == 64


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only the superuser gives files away")
def test_a_repository_of_another_user_is_scanned_and_known_as_such(repo: GitRepo) -> None:
    repo.add("new.txt", "new\n")
    assert not discover(repo.path).is_foreign_owned
    os.chown(repo.top / ".git", 12345, 12345)
    found = discover(repo.path)
    assert found.is_foreign_owned
    assert Scan(found).data == {b"new.txt": b"new\n"}


def test_a_bare_repository_has_no_index(tmp_path: Path) -> None:
    bare = GitRepo(tmp_path / "bare.git", "--bare")
    with pytest.raises(SourceError, match=r"bare repository.*history"):
        Scan(bare.path)


def test_a_packed_repository_with_a_linked_worktree(repo: GitRepo, tmp_path: Path) -> None:
    repo("gc", "-q")
    repo("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "feature")
    linked = GitRepo(tmp_path / "linked", init=False)
    linked.add("dir/old.txt", "in the linked one\n")
    scan = Scan(linked.path)
    assert scan.data == {b"dir/old.txt": b"in the linked one\n"}
    assert scan.bases == {b"dir/old.txt": b"one\ntwo\nthree\n"}
    assert Scan(repo.path).units == []


def test_named_paths_narrow_the_scan_and_unknown_ones_fail(repo: GitRepo) -> None:
    repo.add("dir/old.txt", "staged\n")
    repo.add("directory.txt", "staged\n")
    repo.add("kept.txt", "staged\n")
    repo("rm", "-q", "other/file.txt")
    scan = Scan(repo.path, paths=(b"dir/", b"./kept.txt", b"other/file.txt", b"typo.txt", b"kept.txt/x"))
    assert list(scan.data) == [b"dir/old.txt", b"kept.txt"]
    assert scan.reasons == {b"typo.txt": ("failed", "unresolved-path"), b"kept.txt/x": ("failed", "unresolved-path")}
    assert len(Scan(repo.path, paths=(b".",)).data) == 3


def test_a_lying_cache_tree_is_not_trusted(repo: GitRepo) -> None:
    repo.add("dir/old.txt", "staged\n")
    index = repo.top / ".git/index"
    whole = index.read_bytes()
    # "other" holds one entry; claim three, which would jump over what follows it.
    assert whole.count(b"other\x001 0\n") == 1
    repo.add("zlast.txt", "last\n")
    index.write_bytes(index.read_bytes().replace(b"other\x001 0\n", b"other\x003 0\n"))
    assert set(Scan(repo.path).data) == {b"dir/old.txt", b"zlast.txt"}


def test_the_source_crosses_a_process_border(repo: GitRepo) -> None:
    repo.add("new.txt", "new\n")
    source = IndexSource(discover(repo.path), max_file_size=MEGABYTE, requested="here")
    units = list(source.units())
    other = pickle.loads(pickle.dumps(source))
    assert [chunk.data for chunk in other.read(units[0])] == [b"new\n"]


def test_paths_that_are_not_text(repo: GitRepo) -> None:
    repo("update-index", "-z", "--index-info", stdin=b"100644 " + repo.id("HEAD:kept.txt").encode() + b"\tb\xff\n\xe9\\\0")
    assert list(Scan(repo.path).data) == [b"b\xff\n\xe9\\"]


def test_a_path_longer_than_its_length_field_holds(repo: GitRepo) -> None:
    long = b"/".join([b"d" * 200] * 25)
    repo("update-index", "-z", "--index-info", stdin=b"100644 " + repo.id("HEAD:kept.txt").encode() + b"\t" + long + b"\0")
    assert len(long) > 0xFFF
    assert list(Scan(repo.path).data) == [long]
    assert long in tracked_paths(discover(repo.path)).files
