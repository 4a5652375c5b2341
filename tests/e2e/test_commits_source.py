"""Narrow views of the history: what each takes in, in real repositories."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitfacts import Facts
from gitrepo import GitRepo

from leaksieve.errors import UsageError
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.revisions import EmptyRangeError, RevisionError, ShallowError
from leaksieve.model import Chunk, Skip
from leaksieve.sources.commits import CommitsSource
from leaksieve.sources.view import View

pytestmark = pytest.mark.e2e


class Seen:
    """All that one view yields."""

    def __init__(self, repo: GitRepo, **options: object) -> None:
        names = View._fields
        view = View(**{name: value for name, value in options.items() if name in names})
        rest = {name: value for name, value in options.items() if name not in names}
        rest.setdefault("max_file_size", 1 << 20)
        self.source = CommitsSource(discover(repo.path), view=view, requested="test", **rest)
        self.chunks: list[Chunk] = []
        for unit in self.source.units():
            for item in self.source.read(unit):
                if isinstance(item, Skip):
                    self.source.coverage.skip(item)
                else:
                    self.chunks.append(item)
                    for name, count in self.source.counts(item):
                        self.source.coverage.scan(name, count)

    def of(self, kind: str) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.provenance.details["object_type"] == kind]

    @property
    def blobs(self) -> dict[tuple[str, bytes], str]:
        """(path, content) -> the commit it is put down to."""
        found = {}
        for chunk in self.of("blob"):
            key = (os.fsdecode(chunk.provenance.path), chunk.data)
            assert key not in found, "scanned twice"
            found[key] = str(chunk.provenance.details.get("commit", ""))
        return found

    @property
    def commits(self) -> list[str]:
        return [str(chunk.provenance.details["object"]) for chunk in self.of("commit")]

    @property
    def names(self) -> set[str]:
        return {os.fsdecode(chunk.data) for chunk in self.of("tree")}

    @property
    def skips(self) -> set[tuple[str, str, str]]:
        return {(skip.kind, os.fsdecode(skip.where), skip.reason) for skip in self.source.coverage.skips}

    def base(self, path: str, content: bytes) -> bytes | None:
        chunk = next(chunk for chunk in self.of("blob") if (os.fsdecode(chunk.provenance.path), chunk.data) == (path, content))
        return chunk.base() if chunk.base else None


def brute(facts: Facts, commits: set[str], first_parent: bool = False) -> set[tuple[str, bytes]]:
    """(path, content) that some of the commits has as none of its parents has."""
    found = set()
    for commit in commits:
        parents = facts.parents[commit][:1] if first_parent else facts.parents[commit]
        here = {(path, oid) for oid, paths in facts.contents[commit].items() for path in paths if oid in facts.objects and facts.objects[oid].kind == "blob"}
        for path, oid in here:
            if all(path not in facts.contents[parent].get(oid, ()) for parent in parents):
                found.add((os.fsdecode(path), facts.objects[oid].data))
    return found


@pytest.fixture(params=["sha1", "sha256"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo", f"--object-format={request.param}")
    made.add("base.txt", "base\n")
    made.add("dir/deep/er.txt", "one\n")
    made.commit("root", GIT_COMMITTER_DATE="1600000000 +0000")
    return made


@pytest.fixture
def plain(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("base.txt", "base\n")
    made.commit("root")
    return made


def test_a_range_with_merges_as_brute_force_has_it(repo: GitRepo) -> None:
    start = repo.id("HEAD")
    repo("checkout", "-q", "-b", "side")
    repo.add("side.txt", "side\n")
    repo.add("dir/deep/er.txt", "two\n")
    repo.commit("side")
    repo("checkout", "-q", "main")
    repo.add("main.txt", "main\n")
    repo.commit("main")
    repo("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.add("only-in-merge.txt", "merge\n")
    repo.add("base.txt", "base\nevil\n")
    merge = repo.commit("merge")
    repo("rm", "-q", "main.txt")
    repo.commit("gone")
    seen = Seen(repo, range=f"{start}..HEAD")
    facts = Facts(repo)
    commits = set(repo("rev-list", f"{start}..HEAD").decode().split())
    assert set(seen.commits) == commits
    assert set(seen.blobs) == brute(facts, commits)
    assert seen.blobs["only-in-merge.txt", b"merge\n"] == seen.blobs["base.txt", b"base\nevil\n"] == merge
    assert seen.base("base.txt", b"base\nevil\n") == b"base\n"
    assert seen.base("only-in-merge.txt", b"merge\n") is None
    assert seen.base("dir/deep/er.txt", b"two\n") == b"one\n"
    assert seen.names == {"side.txt", "main.txt", "only-in-merge.txt"}
    coverage = seen.source.coverage
    assert coverage.expected == coverage.scanned
    assert (coverage.expected["commits"], coverage.expected["files"], coverage.expected["objects"]) == (4, 5, 9)
    assert coverage.resolved == f"{start}..{repo.id('HEAD')}"
    first = Seen(repo, range=f"{start}..HEAD", first_parent=True)
    commits = set(repo("rev-list", "--first-parent", f"{start}..HEAD").decode().split())
    assert set(first.commits) == commits
    assert set(first.blobs) == brute(facts, commits, first_parent=True)
    assert first.blobs["side.txt", b"side\n"] == merge


def test_an_octopus_and_a_criss_cross(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    for name in "abc":
        plain("checkout", "-q", "-b", name, start)
        plain.add(f"{name}.txt", name)
        plain.commit(name)
    plain("checkout", "-q", "main")
    plain("merge", "-q", "--no-ff", "-m", "octopus", "a", "b", "c")
    plain("rm", "-q", "a.txt")
    plain.add("octopus.txt", "only here\n")
    plain("commit", "-q", "--amend", "-m", "octopus")
    plain("checkout", "-q", "-b", "x", "a")
    plain("merge", "-q", "--no-ff", "-m", "b into a", "b")
    plain("checkout", "-q", "-b", "y", "b")
    plain("merge", "-q", "--no-ff", "-m", "a into b", "a")
    plain.add("y.txt", "y\n")
    plain.commit("y")
    facts = Facts(plain)
    for text in (f"{start}..main", "x..y", "y..main", "x...main"):
        seen = Seen(plain, range=text)
        commits = set(plain("rev-list", text.replace("...", "..")).decode().split())
        assert set(seen.commits) == commits, text
        assert set(seen.blobs) == brute(facts, commits), text
    assert ("octopus.txt", b"only here\n") in Seen(plain, range=f"{start}..main").blobs


def test_a_line_of_either_parent_was_there_before(plain: GitRepo) -> None:
    plain.add("both.txt", "1\n2\n3\n4\n5\n")
    start = plain.commit()
    plain("checkout", "-q", "-b", "side")
    plain.add("both.txt", "1\n2\n3\n4\nside\n")
    plain.commit()
    plain("checkout", "-q", "main")
    plain.add("both.txt", "main\n2\n3\n4\n5\n")
    plain.commit()
    plain("merge", "-q", "--no-ff", "-m", "merge", "side")
    seen = Seen(plain, range=f"{start}..HEAD")
    base = seen.base("both.txt", b"main\n2\n3\n4\nside\n")
    assert base is not None
    assert {b"main", b"side"} <= set(base.split(b"\n"))


def test_renames_have_the_deleted_file_for_a_base(plain: GitRepo) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    plain.add("old/name.txt", text)
    plain.add("old/moved.txt", "as it was\n")
    start = plain.commit()
    plain("mv", "old", "new")
    plain.add("new/name.txt", text + "more\n")
    plain.add("new/other.txt", "nothing alike\n")
    plain.commit()
    seen = Seen(plain, range=f"{start}..HEAD")
    assert seen.base("new/name.txt", (text + "more\n").encode()) == text.encode()
    assert seen.base("new/moved.txt", b"as it was\n") == b"as it was\n"
    assert seen.base("new/other.txt", b"nothing alike\n") is None


def test_every_path_and_content_once_and_under_the_first_commit(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain.add("a.txt", "x\n")
    first = plain.commit()
    plain.add("a.txt", "y\n")
    plain.commit()
    plain.add("a.txt", "x\n")
    plain.add("b.txt", "x\n")
    last = plain.commit()
    blobs = Seen(plain, range=f"{start}..HEAD").blobs
    assert blobs["a.txt", b"x\n"] == first
    assert blobs["b.txt", b"x\n"] == last
    assert len(blobs) == 3


def test_what_a_place_says_of_itself(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain.add("a.txt", "x\n")
    commit = plain.commit(GIT_AUTHOR_NAME="Änne", GIT_AUTHOR_DATE="1700000000 +0130")
    plain.add("a.txt", "y\n")
    plain.commit()
    seen = Seen(plain, range=f"{start}..HEAD")
    details = {chunk.data: chunk.provenance for chunk in seen.of("blob")}
    old = details[b"x\n"]
    assert (old.kind, old.path) == ("git", b"a.txt")
    assert old.details == {
        "object": plain.id(f"{commit}:a.txt"),
        "object_type": "blob",
        "commit": commit,
        "author": "Änne <a@example.com>",
        "date": "2023-11-14T23:43:20+01:30",
        "at_head": False,
        "reachable": True,
        "refs": None,
        "first_seen": "2023-11-14T22:13:20+00:00",
        "last_seen": None,
    }
    assert details[b"y\n"].details["at_head"] is True
    name = seen.of("tree")[0].provenance
    assert (name.path, name.details["object"], name.details["commit"]) == (b"a.txt", plain.id(f"{commit}^{{tree}}"), commit)
    message = next(chunk for chunk in seen.of("commit") if chunk.provenance.details["commit"] == commit)
    assert message.provenance.path == b""
    assert message.data == plain("cat-file", "commit", commit)
    assert Seen(plain, range=f"{start}..HEAD", names=False).names == set()


def test_empty_and_unresolved_ranges_are_never_clean(plain: GitRepo) -> None:
    plain.commit("second")
    for text in ("HEAD..HEAD", "HEAD..HEAD~1", "main..HEAD", "HEAD...HEAD~1"):
        with pytest.raises(EmptyRangeError, match="has no commits"):
            Seen(plain, range=text)
    for view in ({"range": "gone..HEAD"}, {"branch": "gone"}, {"since_commit": "gone"}):
        with pytest.raises(RevisionError, match="no such branch"):
            Seen(plain, **view)
    for view in ({"since": "last week"}, {"range": "a..b", "branch": "c"}, {}, {"range": "HEAD"}):
        with pytest.raises(UsageError):
            Seen(plain, **view)


def test_a_deleted_branch_has_nothing_new_and_says_so(plain: GitRepo) -> None:
    seen = Seen(plain, range=f"main..{'0' * 40}")
    assert not seen.chunks
    assert [skip[2] for skip in seen.skips] == ["deleted-branch"]
    assert "deleted branch" in seen.source.coverage.resolved


def test_a_new_branch_is_scanned_without_what_the_remote_has(plain: GitRepo, tmp_path: Path) -> None:
    plain("clone", "-q", str(plain.top), str(tmp_path / "clone"))
    clone = GitRepo(tmp_path / "clone", init=False)
    clone("checkout", "-q", "-b", "topic")
    clone.add("new.txt", "new\n")
    commit = clone.commit()
    assert Seen(clone, range=f"{'0' * 40}..{commit}").commits == [commit]
    # A branch of which the remote has everything is scanned whole rather than not at all.
    assert len(Seen(clone, range=f"{'0' * 40}..main").commits) == 1


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_range_across_a_shallow_boundary_fails_with_the_way_out(plain: GitRepo, tmp_path: Path, depth: int) -> None:
    base = plain.id("HEAD")
    for number in range(3):
        plain.add(f"f{number}.txt", "x\n")
        plain.commit()
    plain("clone", "-q", f"--depth={depth}", f"file://{plain.top}", str(tmp_path / "shallow"))
    shallow = GitRepo(tmp_path / "shallow", init=False)
    for view in ({"range": f"{base}..HEAD"}, {"since_commit": base}):
        with pytest.raises(ShallowError, match="fetch-depth: 0"):
            Seen(shallow, **view)
    whole = Seen(shallow, reachable_only=True)
    assert len(whole.commits) == depth
    assert ("excluded", plain.id(f"HEAD~{depth - 1}"), "shallow-boundary") in whole.skips
    assert not [skip for skip in whole.skips if skip[0] == "failed"]
    assert whole.source.coverage.shallow
    if depth > 1:
        assert Seen(shallow, range="HEAD~1..HEAD").commits == [plain.id("HEAD")]
        # Another line of history, of which the clone has the tip alone, never meets the first.
        other = shallow("commit-tree", "-m", "x", "HEAD^{tree}").decode().strip()
        with pytest.raises(ShallowError, match="beyond where this clone ends"):
            Seen(shallow, range=f"{other}..HEAD")


def test_since_a_date_in_a_shallow_clone(plain: GitRepo, tmp_path: Path) -> None:
    for number in range(3):
        plain.add(f"f{number}.txt", "x\n")
        plain.commit(GIT_COMMITTER_DATE=f"{1_750_000_000 + number * 86400} +0000")
    plain("clone", "-q", "--depth=2", f"file://{plain.top}", str(tmp_path / "shallow"))
    shallow = GitRepo(tmp_path / "shallow", init=False)
    assert Seen(shallow, since="2025-06-17").commits == [plain.id("HEAD")]
    with pytest.raises(ShallowError, match="fetch-depth"):
        Seen(shallow, since="2025-06-01")


def test_since_a_commit_looks_at_every_reference(plain: GitRepo, tmp_path: Path) -> None:
    old = plain.id("HEAD")
    plain("checkout", "-q", "-b", "topic")
    plain.add("topic.txt", "topic\n")
    plain.commit("topic")
    plain("checkout", "-q", "main")
    plain.write("base.txt", "stashed\n")
    plain("stash")
    plain("notes", "add", "-m", "noted", old)
    plain("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = GitRepo(tmp_path / "linked", init=False)
    linked.add("linked.txt", "linked\n")
    linked.commit("linked")
    plain.add("lost.txt", "lost\n")
    plain.commit("lost")
    plain("reset", "-q", "--hard", old)
    seen = Seen(plain, since_commit=old)
    contents = {content for _, content in seen.blobs}
    assert contents == {b"topic\n", b"stashed\n", b"noted\n", b"linked\n"}
    assert seen.base("base.txt", b"stashed\n") == b"base\n"
    assert {content for _, content in Seen(plain, reachable_only=True).blobs} == contents | {b"base\n"}
    assert Seen(plain, since_commit=old, branch="topic").blobs == {("topic.txt", b"topic\n"): plain.id("topic")}


def test_since_a_date_does_not_stop_at_an_old_commit(plain: GitRepo) -> None:
    """The clock of whoever made the last commit was wrong: what lies behind it is still looked at."""
    plain.add("a.txt", "a\n")
    new = plain.commit(GIT_COMMITTER_DATE="1750000000 +0000")
    plain.add("b.txt", "b\n")
    plain.commit(GIT_COMMITTER_DATE="1000000000 +0000")
    assert Seen(plain, since="2025-06-01").commits == [new]
    assert Seen(plain, since="2025-06-15T15:06:40Z").commits == [new]
    assert Seen(plain, since="2025-06-15T15:06:41Z").commits == []


def test_a_branch_and_a_detached_head(plain: GitRepo) -> None:
    plain("checkout", "-q", "--detach")
    plain.add("a.txt", "a\n")
    detached = plain.commit("detached")
    plain("checkout", "-q", "-b", "topic", "main")
    plain.add("t.txt", "t\n")
    plain.commit("topic")
    plain("checkout", "-q", detached)
    assert len(Seen(plain, branch="topic").commits) == 2
    assert len(Seen(plain, branch="main").commits) == 1
    assert len(Seen(plain, first_parent=True).commits) == 2
    assert {content for _, content in Seen(plain, reachable_only=True).blobs} == {b"base\n", b"a\n", b"t\n"}


def test_no_commit_yet(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    assert not Seen(repo, reachable_only=True).chunks
    for view in ({"first_parent": True}, {"range": "..HEAD~1"}, {"branch": "main"}):
        with pytest.raises(RevisionError):
            Seen(repo, **view)


def test_tags_of_tags_trees_and_blobs(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain("tag", "-a", "-m", "before", "before")
    plain.add("a.txt", "a\n")
    plain.commit()
    plain("tag", "-a", "-m", "first", "v1")
    plain("tag", "-a", "-m", "again", "v1-again", "v1")
    blob = plain("hash-object", "-w", "--stdin", stdin=b"tagged blob\n").decode().strip()
    tree = plain("mktree", stdin=f"100644 blob {blob}\tin-tree.txt\n".encode()).decode().strip()
    plain("tag", "of-blob", blob)
    plain("tag", "-a", "-m", "a tree", "of-tree", tree)
    messages = lambda seen: {chunk.data.partition(b"\n\n")[2] for chunk in seen.of("tag")}  # noqa: E731
    assert messages(Seen(plain, range=f"{start}..HEAD")) == {b"first\n", b"again\n"}
    assert messages(Seen(plain, branch="main")) == {b"before\n", b"first\n", b"again\n"}
    seen = Seen(plain, reachable_only=True)
    assert messages(seen) == {b"before\n", b"first\n", b"again\n", b"a tree\n"}
    assert {("refs/tags/of-blob", b"tagged blob\n"), ("in-tree.txt", b"tagged blob\n")} <= set(seen.blobs)
    assert seen.of("tag")[0].provenance.details["author"] == "A <a@example.com>"
    assert seen.source.coverage.expected == seen.source.coverage.scanned


def test_submodules_pointers_links_and_large_files(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain("update-index", "--add", "--cacheinfo", f"160000,{'12' * 20},vendor/lib")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 12345\n"
    plain.add("big.bin", pointer)
    (plain.top / "link").symlink_to("target-text")
    plain("add", "link")
    plain.add("large.txt", b"x" * 5000)
    plain.commit()
    plain("update-index", "--cacheinfo", f"160000,{'34' * 20},vendor/lib")
    plain.commit()
    seen = Seen(plain, range=f"{start}..HEAD", max_file_size=4096)
    assert seen.skips == {("excluded", "vendor/lib", "submodule"), ("excluded", "big.bin", "lfs-pointer"), ("excluded", "large.txt", "too-large")}
    assert seen.source.coverage.submodules == ["vendor/lib"]
    assert set(seen.blobs) == {("big.bin", pointer.encode()), ("link", b"target-text")}
    assert seen.source.coverage.expected == seen.source.coverage.scanned


def test_only_the_paths_asked_for(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain.add("src/a.txt", "a\n")
    plain.commit("in src")
    plain.add("docs/b.txt", "b\n")
    commit = plain.commit("in docs")
    seen = Seen(plain, range=f"{start}..HEAD", paths=(b"./docs/",))
    assert (set(seen.blobs), seen.commits, seen.names) == ({("docs/b.txt", b"b\n")}, [commit], {"docs/b.txt"})
    assert not seen.skips
    assert not Seen(plain, range=f"{start}..HEAD", paths=(b"base.txt",)).skips
    assert Seen(plain, range=f"{start}..HEAD", paths=(b"nowhere",)).skips == {("failed", "nowhere", "unresolved-path")}
    plain("rm", "-q", "base.txt")
    plain.commit()
    assert not Seen(plain, range="HEAD~1..HEAD", paths=(b"base.txt",)).skips
    excluded = Seen(plain, range=f"{start}..HEAD", exclude=(b"docs/",))
    assert set(excluded.blobs) == {("src/a.txt", b"a\n")}
    assert excluded.skips == {("excluded", "docs/b.txt", "excluded-by-config")}


def test_missing_objects_of_a_full_and_of_a_partial_clone(plain: GitRepo, tmp_path: Path) -> None:
    start = plain.id("HEAD")
    plain.add("a.txt", "a\n")
    plain.commit()
    plain.add("b.txt", "b\n")
    plain.commit()
    plain("config", "uploadpack.allowFilter", "true")
    plain("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{plain.top}", str(tmp_path / "partial"))
    partial = Seen(GitRepo(tmp_path / "partial", init=False), range=f"{start}..HEAD")
    assert partial.source.coverage.partial
    assert partial.skips == {("excluded", "a.txt", "promised-object"), ("excluded", "b.txt", "promised-object")}
    assert len(partial.commits) == 2
    plain("clone", "-q", "--no-checkout", "--filter=tree:0", f"file://{plain.top}", str(tmp_path / "treeless"))
    treeless = Seen(GitRepo(tmp_path / "treeless", init=False), range=f"{start}..HEAD")
    assert {skip[::2] for skip in treeless.skips} == {("excluded", "promised-object")}
    oid = plain.id("HEAD:b.txt")
    (plain.top / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    full = Seen(plain, range=f"{start}..HEAD")
    assert full.skips == {("failed", "b.txt", "missing-object")}
    assert set(full.blobs) == {("a.txt", b"a\n")}
    assert full.source.coverage.expected["blobs"] == 2
    tree = plain.id("HEAD^{tree}")
    (plain.top / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    broken = Seen(plain, range=f"{start}..HEAD")
    assert [skip[::2] for skip in broken.skips] == [("failed", "missing-object")]


def test_a_missing_commit_and_a_broken_reference_are_failures(plain: GitRepo) -> None:
    commit = plain.commit("second")
    plain.commit("third")
    (plain.top / ".git" / "refs" / "heads" / "broken").write_text("nonsense\n")
    (plain.top / ".git" / "refs" / "heads" / "nothing").write_text("12" * 20 + "\n")
    (plain.top / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    seen = Seen(plain, reachable_only=True)
    assert seen.skips == {
        ("failed", "refs/heads/broken", "broken-reference"),
        ("failed", "refs/heads/nothing", "missing-object"),
        ("failed", commit, "missing-object"),
    }


def test_replacements_hide_nothing(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain.add("secret.txt", "secret\n")
    bad = plain.commit("bad")
    plain.add("fine.txt", "fine\n")
    plain.commit("fine")
    innocent = plain("commit-tree", "-m", "innocent", "-p", start, f"{start}^{{tree}}").decode().strip()
    plain("replace", bad, innocent)
    assert ("secret.txt", b"secret\n") in Seen(plain, range=f"{start}..HEAD").blobs


def test_a_commit_graph_file_that_lies_is_a_failure(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    plain.add("secret.txt", "secret\n")
    bad = plain.commit("bad")
    plain("commit-graph", "write", "--reachable")
    path = plain.top / ".git/objects/info/commit-graph"
    path.chmod(0o644)
    data = path.read_bytes()
    honest, lie = (bytes.fromhex(plain.id(f"{name}^{{tree}}")) for name in (bad, start))
    assert data.count(honest) == 1
    path.write_bytes(data.replace(honest, lie))
    assert ("failed", bad, "wrong-commit-graph") in Seen(plain, range=f"{start}..HEAD").skips


def test_a_packed_history_with_long_chains_of_changes(plain: GitRepo) -> None:
    start = plain.id("HEAD")
    lines = [f"line {number}" for number in range(400)]
    texts = set()
    for number in range(30):
        lines[number * 7] = f"changed {number}"
        text = "\n".join(lines) + "\n"
        texts.add(("long.txt", text.encode()))
        plain.add("long.txt", text)
        plain.commit(f"{number}")
    plain("repack", "-adfq", "--depth=50")
    seen = Seen(plain, range=f"{start}..HEAD")
    assert set(seen.blobs) == texts
    assert seen.source.coverage.expected == seen.source.coverage.scanned


def test_the_source_goes_to_another_process(plain: GitRepo) -> None:
    import marshal
    import pickle

    source = CommitsSource(discover(plain.path), view=View(branch="main"), max_file_size=1 << 20, requested="x")
    units = marshal.loads(marshal.dumps(list(source.units())))
    assert list(source.read(units[0]))
    there = pickle.loads(pickle.dumps(source))
    assert [chunk.data for unit in units for chunk in there.read(unit)] == [chunk.data for unit in units for chunk in source.read(unit)]
