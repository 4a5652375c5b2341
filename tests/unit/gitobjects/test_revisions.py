"""Revisions and ranges: what git makes of them, and what is said when there is nothing to be made of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import ExitCode, SourceError, UsageError
from leaksieve.gitobjects.graph import History
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.revisions import AmbiguousRevisionError, RevisionError, Revisions, ShallowError


def revisions(repo: GitRepo) -> Revisions:
    return Revisions(History(ObjectStore(discover(repo.path))))


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def rich(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    """A merge, tags of all sorts, a stash, remote-tracking references; one half packed."""
    repo = GitRepo(tmp_path_factory.mktemp("rich") / "repo", f"--object-format={request.param}")
    repo.add("dir/a.txt", "a\n")
    repo.commit("one")
    repo("checkout", "-q", "-b", "feature/x")
    repo.add("b.txt", "b\n")
    repo.commit("two")
    repo("checkout", "-q", "main")
    repo.add("c.txt", "c\n")
    repo.commit("three")
    repo("merge", "-q", "--no-ff", "-m", "merge", "feature/x")
    repo("tag", "-a", "-m", "x", "v1")
    repo("tag", "-a", "-m", "x", "v1-again", "v1")
    repo("tag", "light", "HEAD~1")
    repo("tag", "-a", "-m", "x", "of-tree", "HEAD^{tree}")
    repo("tag", "of-blob", "HEAD:c.txt")
    repo("-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never", "gc", "-q")
    repo.commit("four")
    repo("branch", "both", "HEAD~1")
    repo("tag", "both", "HEAD~2")
    repo("update-ref", "refs/remotes/origin/main", "HEAD~1")
    repo("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.write("c.txt", "changed\n")
    repo("stash")
    repo.write("c.txt", "changed again\n")
    repo("stash")
    repo("branch", "cafe", "HEAD~1")
    return repo


SPELLINGS = (
    "HEAD", "@", "main", "heads/main", "refs/heads/main", "feature/x", "v1", "v1-again", "v1^{}", "v1-again^{}", "v1^{commit}", "v1^0", "light", "both",
    "HEAD~", "HEAD~1", "HEAD~2", "HEAD~1^2", "HEAD~1^1", "HEAD^^2", "HEAD~0", "HEAD^0", "v1~1", "v1^2~1", "@~1", "@^", "v1^{tag}", "v1^{object}",
    "HEAD^{tree}", "v1^{tree}", "of-tree", "of-tree^{}", "of-tree^{tree}", "of-blob", "of-blob^{blob}", "origin", "origin/main", "origin/HEAD",
    "remotes/origin/main", "stash", "stash@{0}", "stash@{1}", "stash^2", "stash@{1}^1", "HEAD@{1}", "@{0}", "@{1}", "main@{2}", "@{1}~1", "cafe", "tags/v1",
)  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_same_as_git(rich: GitRepo, spelling: str) -> None:
    assert revisions(rich).object(spelling).hex() == rich.id(spelling)


def test_ids_whole_and_abbreviated(rich: GitRepo) -> None:
    found = revisions(rich)
    for spelling in ("HEAD", "HEAD~2", "v1", "stash"):
        whole = rich.id(spelling)
        for digits in (whole, whole.upper(), whole[:12], whole[:10].upper(), f"v1-3-g{whole[:12]}", f"{whole[:12]}~0"):
            assert found.commit(digits).hex() == rich.id(f"{whole}^{{commit}}")


def test_a_branch_comes_before_a_tag_where_a_branch_was_asked_for(rich: GitRepo) -> None:
    assert revisions(rich).branch("both").hex() == rich.id("refs/heads/both")
    assert revisions(rich).commit("both").hex() == rich.id("refs/tags/both")
    assert revisions(rich).branch("HEAD~1").hex() == rich.id("HEAD~1")


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("nowhere", "no such branch, tag or commit; fetch it first: `git fetch origin nowhere`"),
        ("0123abc", "no such branch, tag or commit"),
        ("12" * 20, "12121212"),
        ("HEAD~99", "has no parent"),
        ("HEAD^3", "has 1 parent"),
        ("HEAD~9999999999", "further than any history"),
        ("of-tree", "leads to a tree, and a commit is needed"),
        ("of-blob", "leads to a blob"),
        ("HEAD^{nothing}", "not understood"),
        ("HEAD^{commit", "not understood"),
        ("HEAD:c.txt", "a path or a search"),
        (":/four", "a path or a search"),
        ("main@{upstream}", "only a number"),
        ("@{yesterday}", "only a number"),
        ("main@{99}", "only"),
        ("light@{0}", "no such reference with a log"),
        ("", "not a revision"),
        ("--all", "not a revision"),
        ("a\0b", "not a revision"),
        ("../../etc/passwd", "no such branch"),
        ("refs/heads/../../config", "no such branch"),
        ("config", "no such branch"),
    ],
)
def test_what_does_not_resolve_is_exit_3_and_says_how_to_go_on(rich: GitRepo, spelling: str, words: str) -> None:
    with pytest.raises(RevisionError, match="(?s)" + __import__("re").escape(words)) as caught:
        revisions(rich).commit(spelling)
    assert caught.value.exit_code == ExitCode.INCOMPLETE
    assert caught.value.where


def test_an_ambiguous_id_names_what_it_may_be(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a.txt", "a\n")
    head = repo.commit()
    # Blobs until two begin alike; then a commit is told from a blob by what is asked for.
    seen: dict[str, str] = {}
    pair: tuple[str, str] | None = None
    from hashlib import sha1

    for number in range(5000):
        text = f"{number}\n".encode()
        digits = sha1(b"blob %d\0" % len(text) + text).hexdigest()
        if digits[:4] in seen:
            pair = (seen[digits[:4]], text.decode())
            break
        seen[digits[:4]] = text.decode()
    assert pair is not None
    ids = sorted(repo("hash-object", "-w", "--stdin", stdin=text.encode()).decode().strip() for text in pair)
    with pytest.raises(AmbiguousRevisionError, match="fits 2 objects") as caught:
        revisions(repo).commit(ids[0][:4])
    assert list(caught.value.candidates) == ids
    assert all(oid in caught.value.line() for oid in ids)
    for number in range(200_000):
        text = f"x{number}\n".encode()
        if sha1(b"blob %d\0" % len(text) + text).hexdigest().startswith(head[:4]):
            repo("hash-object", "-w", "--stdin", stdin=text)
            break
    assert revisions(repo).commit(head[:4]).hex() == head


def test_hostile_references_do_nothing(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a.txt", "a\n")
    repo.commit()
    (tmp_path / "outside").write_text(repo.id("HEAD"))
    heads = repo.top / ".git" / "refs" / "heads"
    contents = {
        "loop": b"ref: refs/heads/loop2\n",
        "loop2": b"ref: refs/heads/loop\n",
        "up": b"ref: ../../../outside\n",
        "absolute": b"ref: " + bytes(tmp_path / "outside") + b"\n",
        "nul": b"\0" * 41,
        "long": b"a" * (1 << 20),
    }
    for name, text in contents.items():
        (heads / name).write_bytes(text)
    (heads / "link").symlink_to(tmp_path / "outside")
    for name in [*contents, "link"]:
        with pytest.raises(SourceError):
            revisions(repo).commit(name)


def test_a_chain_of_tags_has_an_end(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a.txt", "a\n")
    at, kind = repo.commit(), "commit"
    head = at
    for number in range(30):
        body = f"object {at}\ntype {kind}\ntag t{number}\ntagger A <a@example.com> 1700000000 +0000\n\nx\n"
        at, kind = repo("hash-object", "-t", "tag", "-w", "--stdin", stdin=body.encode()).decode().strip(), "tag"
    assert revisions(repo).commit(at).hex() == head
    broken = repo("hash-object", "-t", "tag", "--literally", "-w", "--stdin", stdin=b"object nothing\n").decode().strip()
    with pytest.raises(RevisionError, match="does not parse"):
        revisions(repo).commit(broken)


def test_unborn_head(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    with pytest.raises(RevisionError, match="no commit yet"):
        revisions(repo).commit("HEAD")


def test_another_storage_of_references_is_said(rich: GitRepo, tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo("config", "core.repositoryFormatVersion", "1")
    repo("config", "extensions.refStorage", "reftable")
    with pytest.raises(SourceError, match="reftable"):
        revisions(repo).range("main..HEAD")


def test_ranges(rich: GitRepo) -> None:
    found = revisions(rich)
    head, old = bytes.fromhex(rich.id("HEAD")), bytes.fromhex(rich.id("light"))
    for text in ("light..HEAD", "light..", "light..@", "light...HEAD"):
        assert found.range(text)[:2] == ((head,), (old,))
    assert found.range("..light")[:2] == ((old,), (head,))
    zeros = "0" * len(rich.id("HEAD"))
    assert found.range(f"HEAD..{zeros}").tips == ()
    assert found.range(f"{'12' * 20}..{zeros}").tips == ()
    for text in ("HEAD", "..", "...", "a..b..c", "a....b", ""):
        with pytest.raises(UsageError, match="not a range"):
            found.range(text)
    with pytest.raises(RevisionError, match="either side"):
        found.range(f"{zeros}..{zeros}")
    with pytest.raises(RevisionError, match="no such branch"):
        found.range("gone..HEAD")


def test_a_new_branch_is_held_against_what_the_remote_has(rich: GitRepo) -> None:
    zeros = "0" * len(rich.id("HEAD"))
    found = revisions(rich)
    # The remote has one commit less.
    assert [oid.hex() for oid in found.range(f"{zeros}..HEAD").left_out] == [rich.id("origin/main")]
    # What the remote has already, as CI finds it after the push, is not held against itself.
    assert found.range(f"{zeros}..origin/main")[:2] == ((bytes.fromhex(rich.id("origin/main")),), ())
    assert found.range(f"{zeros}..HEAD~2").left_out == ()


def test_beyond_a_shallow_clone(rich: GitRepo, tmp_path: Path) -> None:
    rich("clone", "-q", "--depth=1", f"file://{rich.top}", str(tmp_path / "shallow"))
    shallow = GitRepo(tmp_path / "shallow", init=False)
    found = revisions(shallow)
    for text in ("HEAD~1", "HEAD^", "HEAD^2", rich.id("HEAD~2"), "v1"):
        with pytest.raises(ShallowError, match=r"fetch-depth: 0.*--unshallow"):
            found.commit(text)
    assert found.commit("HEAD").hex() == rich.id("HEAD")
