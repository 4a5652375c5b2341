"""Attribution against what git itself says of every commit, and of every place an object can be in."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitrepo import GitRepo

from leaksieve.findings.attribution import Attribution
from leaksieve.findings.attributor import Attributor
from leaksieve.gitobjects import treetrace
from leaksieve.gitobjects.allrefs import all_refs
from leaksieve.gitobjects.commitlog import CommitLog, pack_commit
from leaksieve.gitobjects.graph import shallow_boundary
from leaksieve.gitobjects.reflogs import reflog_ids
from leaksieve.gitobjects.repository import discover
from leaksieve.parallel import forked

pytestmark = pytest.mark.e2e


def objects(repo: GitRepo, kind: str) -> list[str]:
    lines = repo("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)").decode().splitlines()
    return [line.split()[0] for line in lines if line.endswith(" " + kind)]


def contents(repo: GitRepo, oids: list[str]) -> dict[str, bytes]:
    data = repo("cat-file", "--batch", stdin="".join(oid + "\n" for oid in oids).encode())
    found = {}
    at = 0
    for oid in oids:
        end = data.index(b"\n", at)
        size = int(data[at:end].split()[2])
        found[oid] = data[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found


def attribute(repo: GitRepo, secrets: list[set[str]], jobs: int = 0) -> tuple[list[Attribution], list[treetrace.Trouble]]:
    here = discover(repo.path)
    commits = contents(repo, objects(repo, "commit"))
    log = CommitLog.from_packed([pack_commit(bytes.fromhex(oid), data) for oid, data in commits.items()], shallow_boundary(here))
    attributor = Attributor(here, log, [{bytes.fromhex(oid) for oid in secret} for secret in secrets], all_refs(here), reflog_ids(here))
    done = forked(attributor.units(), attributor, jobs) if jobs else ((unit, attributor(unit)) for unit in attributor.units())
    for unit, answer in done:
        attributor.take(unit, answer)
    return attributor.finish()


def only(repo: GitRepo, *oids: str) -> Attribution:
    (found,), troubles = attribute(repo, [set(oids)])
    assert not troubles
    return found


# Random histories --------------------------------------------------------------------------------------------------

_NAMES = ["a", "b", "d/a", "d/b", "d/e/a", "d/e/c", "f/a", "f", "d-", "z/d/e/a"]


def random_history(repo: GitRepo, rng: random.Random, count: int) -> None:
    """Commits with up to four parents, clocks that are wrong at times, contents that come back, moves, several roots."""
    blobs = [f"content {number}\n".encode() for number in range(12)]
    stream = [b"".join(b"blob\nmark :%d\ndata %d\n%b\n" % (number + 1, len(blob), blob) for number, blob in enumerate(blobs))]
    listings: list[dict[str, int]] = []
    for number in range(count):
        parents = rng.sample(range(max(0, number - 8), number), min(number, rng.choice([1, 1, 1, 1, 1, 2, 2, 3, 4]))) if number and rng.random() > 0.04 else []
        listing: dict[str, int] = {}
        for parent in parents:
            for path, blob in listings[parent].items():
                if path not in listing or rng.random() < 0.3:
                    listing[path] = blob
        for _ in range(rng.choice([0, 1, 1, 2, 5])):
            change = rng.random()
            if change < 0.5 or not listing:
                listing[rng.choice(_NAMES)] = rng.randrange(len(blobs))
            elif change < 0.75:
                listing[rng.choice(_NAMES)] = listing.pop(rng.choice(sorted(listing)))
            else:
                del listing[rng.choice(sorted(listing))]
        for path in list(listing):
            # A file cannot stand where a directory is needed.
            if any(other.startswith(path + "/") for other in listing):
                del listing[path]
        listings.append(listing)
        time = 1_600_000_000 + number * 60 + (rng.randrange(-2000, 2000) if rng.random() < 0.2 else 0)
        lines = [f"commit refs/heads/t{number}", f"mark :{1000 + number}", f"committer A <a@example.com> {time} +0100", "data 1", "m"]
        lines += [f"{'merge' if place else 'from'} :{1000 + parent}" for place, parent in enumerate(parents)]
        lines += ["deleteall", *[f"M 100644 :{blob + 1} {path}" for path, blob in listing.items()], ""]
        stream.append("\n".join(lines).encode() + b"\n")
    repo("fast-import", "--quiet", stdin=b"".join(stream))
    heads = [f"t{number}" for number in range(count)]
    kept = rng.sample(heads, 5)
    repo("update-ref", "refs/heads/main", "refs/heads/" + kept[0])
    repo("tag", "-a", "-m", "x", "v1", kept[1])
    repo("update-ref", "refs/notes/other", "refs/heads/" + kept[2])
    for head in heads:
        if head not in kept[3:]:
            repo("update-ref", "-d", "refs/heads/" + head)


class Truth:
    """What git says, and what follows from it by the words of the documentation."""

    def __init__(self, repo: GitRepo) -> None:
        self.parents: dict[str, list[str]] = {}
        self.time: dict[str, int] = {}
        self.listing: dict[str, dict[str, str]] = {}
        for oid, data in contents(repo, objects(repo, "commit")).items():
            head = data.decode().split("\n\n")[0].split("\n")
            self.parents[oid] = [line[7:] for line in head if line.startswith("parent ")]
            self.time[oid] = int(next(line for line in head if line.startswith("committer ")).split()[-2])
            lines = repo("ls-tree", "-r", "-z", oid).decode().split("\0")
            self.listing[oid] = {path: meta.split()[2] for meta, _, path in (line.partition("\t") for line in lines if line)}
        self.date: dict[str, int] = {}
        while len(self.date) < len(self.parents):
            for oid, parents in self.parents.items():
                if oid not in self.date and all(parent in self.date for parent in parents):
                    self.date[oid] = max([self.time[oid], *[self.date[parent] + 1 for parent in parents]])
        self.refs = {name: repo.id(name + "^{commit}") for name in ["HEAD", *repo("for-each-ref", "--format=%(refname)").decode().split()]}
        self.rank = dict.fromkeys(self.parents, 3)
        for rank, chosen in ((1, lambda name: "notes" in name), (0, lambda name: "notes" not in name)):
            for oid in repo("rev-list", *[oid for name, oid in self.refs.items() if chosen(name)]).decode().split():
                self.rank[oid] = rank

    def order(self, oid: str) -> tuple[int, str]:
        return self.date[oid], oid

    def paths(self, oid: str, secret: set[str]) -> set[str]:
        return {path for path, blob in self.listing[oid].items() if blob in secret}

    def check(self, repo: GitRepo, secret: set[str], told: Attribution) -> None:
        held = {oid: self.paths(oid, secret) for oid in self.parents}
        rank = min(self.rank[oid] for oid, paths in held.items() if paths)
        within = [oid for oid in self.parents if self.rank[oid] <= rank]
        holders = [oid for oid in within if held[oid]]
        assert told.where == ("ref", "notes", "stash", "unreachable")[rank]
        first = min((oid for oid in holders if not any(held[parent] for parent in self.parents[oid])), key=self.order)
        assert told.commit is not None
        assert told.commit.hex() == first
        assert told.last is not None
        assert told.last.hex() == max(holders, key=self.order)
        assert told.at_head == bool(held[self.refs["HEAD"]])
        parents = {parent for oid in within for parent in self.parents[oid]}
        tips = {oid for oid in self.refs.values() if oid in within} | {oid for oid in within if oid not in parents}
        still_held = any(held[oid] for oid in tips)
        dropped = [self.time[oid] for oid in within if not held[oid] and any(held[parent] for parent in self.parents[oid])]
        assert (told.removed is None, told.hours is None) == (still_held, still_held)
        if told.hours is not None:
            assert told.hours == round((max(dropped) - self.time[first]) / 3600, 1)
        reaching = {name for name, oid in self.refs.items() if name == "HEAD" or name.startswith("refs/") if self.reaches(oid, first)}
        assert {name.decode() for name in told.refs} == reaching
        assert told.ref_count == len(reaching)
        expected = {}
        for path in {path for oid in holders for path in held[oid]}:
            brought = [oid for oid in holders if path in held[oid] and not any(path in held[parent] for parent in self.parents[oid])]
            start = min(brought, key=self.order)
            end = max((oid for oid in holders if path in held[oid]), key=self.order)
            head = self.listing[self.refs["HEAD"]].get(path) if path in held[self.refs["HEAD"]] else None
            expected[path] = (start, self.listing[start][path], end, head)
        found = {
            each.path.decode(): (
                each.first.hex(),
                each.first_object.hex(),
                each.last.hex(),
                each.head_object.hex() if each.head_object else None,
            )
            for each in told.paths
        }
        assert found == expected
        assert told.path_count == len(expected)
        for each in told.paths:
            start, came = each.first.hex(), each.renamed_from
            lost = {path for parent in self.parents[start] for path in held[parent]} - held[start]
            assert (came is None and not lost) or (came is not None and came.decode() in lost)

    def reaches(self, oid: str, wanted: str) -> bool:
        pending, seen = [oid], set()
        while pending:
            at = pending.pop()
            if at == wanted:
                return True
            if at not in seen:
                seen.add(at)
                pending += self.parents[at]
        return False


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_as_git_lists_them(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    repo = GitRepo(tmp_path / "repo", *(["--object-format=sha256"] if seed == 3 else []))
    random_history(repo, rng, 90)
    if seed == 1:
        repo("repack", "-adfq", "--depth=50", "--window=50", "--keep-unreachable")
    monkeypatch.setattr(treetrace, "SHARE", 16)
    truth = Truth(repo)
    blobs = sorted({blob for listing in truth.listing.values() for blob in listing.values()})
    secrets = [{blob} for blob in blobs] + [set(rng.sample(blobs, size)) for size in (2, 3, 5)]
    told, troubles = attribute(repo, secrets, jobs=2)
    assert not troubles
    assert {each.where for each in told} <= {"ref", "notes", "unreachable"}
    for secret, each in zip(secrets, told, strict=True):
        truth.check(repo, secret, each)


# One place at a time -----------------------------------------------------------------------------------------------


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("readme", "hello\n")
    made.commit("first")
    return made


def put(repo: GitRepo, content: str) -> str:
    return repo("hash-object", "-w", "--stdin", stdin=content.encode()).decode().strip()


def test_author_dates_and_time_exposed(repo: GitRepo) -> None:
    repo.add("conf", "secret\n")
    first = repo.commit(
        "in", GIT_AUTHOR_NAME="Ann Ö", GIT_AUTHOR_EMAIL="ann@example.com", GIT_AUTHOR_DATE="1700000000 +0530", GIT_COMMITTER_DATE="1700003600 -0800"
    )
    repo.add("conf", "no more\n")
    repo.commit("out", GIT_COMMITTER_DATE="1700009000 +0000")
    told = only(repo, repo.id(f"{first}:conf"))
    assert told.author is not None
    assert told.author[:2] == ("Ann Ö", "ann@example.com")
    assert told.author.date == "2023-11-15T03:43:20+05:30"
    assert told.first_seen == "2023-11-14T15:13:20-08:00"
    assert told.removed == "2023-11-15T00:43:20+00:00"
    assert told.hours == 1.5
    assert (told.at_head, told.where) == (False, "ref")
    assert told.refs == (b"HEAD", b"refs/heads/main")


def test_a_rename_is_followed_and_is_no_new_introduction(repo: GitRepo) -> None:
    repo.add("one", "secret\n")
    first = repo.commit()
    repo("mv", "one", "two")
    second = repo.commit(GIT_COMMITTER_DATE="1700000100 +0000")
    (repo.top / "deep").mkdir()
    repo("mv", "two", "deep/two")
    repo.write("deep/two", "secret and more\n")
    repo("add", "-A")
    third = repo.commit(GIT_COMMITTER_DATE="1700000200 +0000")
    told = only(repo, repo.id("HEAD:deep/two"), repo.id(f"{first}:one"))
    assert told.commit is not None
    assert told.commit.hex() == first
    chain = [(each.path, each.renamed_from, each.first.hex(), each.at_head) for each in told.paths]
    assert chain == [(b"one", None, first, False), (b"two", b"one", second, False), (b"deep/two", b"two", third, True)]


def test_what_only_a_merge_holds_is_the_merges_own(repo: GitRepo) -> None:
    base = repo.id("HEAD")
    repo.add("left", "l\n")
    repo.commit()
    repo("checkout", "-q", "-b", "side", base)
    repo.add("right", "r\n")
    repo.commit()
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--no-commit", "--no-ff", "side")
    repo.add("evil", "secret\n")
    repo.add("left", "secret too\n")
    merge = repo.commit("merge")
    for name in ("evil", "left"):
        told = only(repo, repo.id(f"HEAD:{name}"))
        assert told.commit is not None
        assert told.commit.hex() == merge


def test_stash_with_untracked_files(repo: GitRepo) -> None:
    repo.write("readme", "changed\n")
    repo.write("untracked", "secret\n")
    repo("stash", "push", "-q", "-u")
    blobs = [repo.id("stash:readme"), repo.id("stash^3:untracked")]
    for blob in blobs:
        told = only(repo, blob)
        assert (told.where, told.refs) == ("stash", (b"refs/stash",))
    repo.write("readme", "again\n")
    repo("stash", "push", "-q")
    # Now only the stash's log leads there.
    for blob in blobs:
        told = only(repo, blob)
        assert (told.where, told.refs, told.removed) == ("stash", (), None)
    repo("stash", "clear")
    assert [only(repo, blob).where for blob in blobs] == ["unreachable", "unreachable"]


def test_notes_messages_and_tags(repo: GitRepo) -> None:
    repo("notes", "add", "-m", "secret note")
    assert only(repo, repo("rev-parse", "refs/notes/commits^{tree}").decode().strip(), put(repo, "secret note\n")).where == "notes"
    commit = repo.commit("the secret is here")
    told = only(repo, commit)
    assert told.commit is not None
    assert (told.where, told.commit.hex(), told.paths, told.removed) == ("ref", commit, (), None)
    assert [(each.kind, each.where, each.refs) for each in told.messages] == [("commit", "ref", (b"HEAD", b"refs/heads/main"))]
    repo("tag", "-a", "-m", "secret", "v1")
    tag = repo.id("v1")
    told = only(repo, tag)
    assert told.commit is not None
    assert (told.where, told.commit.hex(), told.refs) == ("ref", commit, (b"refs/tags/v1",))
    assert told.author is not None
    assert told.author.name == "A"
    repo("tag", "-d", "v1")
    assert only(repo, tag).where == "unreachable"
    repo("reset", "-q", "--hard", "HEAD~")
    told = only(repo, commit)
    assert (told.where, told.messages[0].where) == ("unreachable", "unreachable")


def test_in_no_commit(repo: GitRepo) -> None:
    dangling = put(repo, "dangling\n")
    told = only(repo, dangling)
    assert (told.where, told.commit, told.dangling) == ("dangling", None, (bytes.fromhex(dangling),))
    repo.add("staged", "staged\n")
    staged = repo.id(":staged")
    told = only(repo, staged, dangling)
    assert (told.where, told.indexed, told.dangling) == ("index", ((b"staged", bytes.fromhex(staged)),), (bytes.fromhex(dangling),))
    repo("tag", "straight", dangling)
    told = only(repo, dangling)
    assert (told.where, told.refs, told.dangling) == ("ref", (b"refs/tags/straight",), ())


def test_an_amended_commit_is_not_what_a_reachable_one_is_dated_by(repo: GitRepo) -> None:
    repo.add("conf", "secret\n")
    before = repo.commit("typo")
    blob = repo.id("HEAD:conf")
    repo("commit", "-q", "--amend", "-m", "better", GIT_COMMITTER_DATE="1700000500 +0000")
    told = only(repo, blob)
    assert told.commit is not None
    assert told.commit.hex() == repo.id("HEAD") != before
    repo("reset", "-q", "--hard", "HEAD~")
    told = only(repo, blob)
    assert told.commit is not None
    assert (told.where, told.commit.hex(), told.refs) == ("unreachable", before, ())


def test_a_name_is_followed_by_the_trees_that_list_it(repo: GitRepo) -> None:
    repo.add("dir/secret-name", "1\n")
    first = repo.commit()
    repo.add("dir/secret-name", "2\n")
    repo.commit(GIT_COMMITTER_DATE="1700000100 +0000")
    told = only(repo, repo.id("HEAD:dir"), repo.id("HEAD~:dir"))
    assert told.commit is not None
    assert (told.commit.hex(), told.at_head, [each.path for each in told.paths]) == (first, True, [b"dir/"])
    told = only(repo, repo.id("HEAD^{tree}"))
    assert [(each.path, each.at_head) for each in told.paths] == [(b"", True)]


def test_a_shallow_clone_says_where_its_history_begins(repo: GitRepo, tmp_path: Path) -> None:
    repo.add("conf", "secret\n")
    repo.commit()
    blob = repo.id("HEAD:conf")
    repo.add("other", "x\n")
    cut = repo.commit()
    repo.add("other", "y\n")
    repo.commit()
    assert not only(repo, blob).at_boundary
    repo("clone", "-q", "--depth=2", f"file://{repo.top}", str(tmp_path / "shallow"))
    told = only(GitRepo(tmp_path / "shallow", init=False), blob)
    assert told.commit is not None
    assert (told.commit.hex(), told.at_boundary) == (cut, True)


def test_a_missing_tree_is_reported_and_the_rest_still_found(repo: GitRepo) -> None:
    repo.add("dir/conf", "secret\n")
    first = repo.commit()
    repo.add("dir/other", "x\n")
    lost = repo.commit(GIT_COMMITTER_DATE="1700000100 +0000")
    repo.add("more", "secret two\n")
    last = repo.commit(GIT_COMMITTER_DATE="1700000200 +0000")
    blobs = [repo.id("HEAD:dir/conf"), repo.id("HEAD:more")]
    tree = repo.id(f"{lost}^{{tree}}")
    (repo.top / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    told, troubles = attribute(repo, [{blob} for blob in blobs])
    assert [(trouble.oid.hex(), trouble.reason) for trouble in troubles] == [(tree, "missing-object")]
    assert [each.commit.hex() for each in told if each.commit is not None] == [first, last]


def test_a_tree_that_lists_itself_out_without_end_is_gone_through_once(repo: GitRepo) -> None:
    blob = put(repo, "secret\n")
    tree = repo("mktree", stdin=f"100644 blob {blob}\tf\n".encode()).decode().strip()
    for _ in range(12):
        tree = repo("mktree", stdin="".join(f"040000 tree {tree}\t{number}\n" for number in range(10)).encode()).decode().strip()
    commit = repo("commit-tree", "-m", "bomb", tree).decode().strip()
    repo("update-ref", "refs/heads/main", commit)
    (told,), troubles = attribute(repo, [{blob}])
    assert told.commit is not None
    assert told.commit.hex() == commit
    assert (len(told.paths), told.path_count) == (200, treetrace.MOST_PATHS)
    assert [trouble.reason for trouble in troubles] == ["too-many-paths"]


def test_nothing_to_look_for_is_no_work(repo: GitRepo) -> None:
    assert attribute(repo, []) == ([], [])
    repo("tag", "-a", "-m", "secret", "v1")
    here = discover(repo.path)
    commit, tag = repo.id("HEAD"), bytes.fromhex(repo.id("v1"))
    log = CommitLog.from_packed([pack_commit(bytes.fromhex(commit), contents(repo, [commit])[commit])])
    attributor = Attributor(here, log, [{bytes.fromhex(commit), tag}], all_refs(here), reflog_ids(here), tags=[tag])
    assert list(attributor.units()) == []
    (told,), troubles = attributor.finish()
    assert [message.kind for message in told.messages] == ["commit", "tag"]
    assert not troubles
    # A worker that died is told of.
    attributor.take((0, 1), None)
    assert [trouble.reason for trouble in attributor.finish()[1]] == ["crashed-worker"]


@pytest.mark.parametrize("asked", ["repo", "linked"])
def test_what_is_staged_in_any_working_tree_has_its_path(tmp_path: Path, asked: str) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit()
    repo("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = GitRepo(tmp_path / "linked", init=False)
    repo.add("here.txt", "one")
    linked.add("there.txt", "two")
    one, two = repo.id(":here.txt"), linked.id(":there.txt")
    (first, second), _ = attribute(repo if asked == "repo" else linked, [{one}, {two}])
    assert (first.where, first.indexed, first.dangling) == ("index", ((b"here.txt", bytes.fromhex(one)),), ())
    assert (second.where, second.indexed, second.dangling) == ("index", ((b"there.txt", bytes.fromhex(two)),), ())
    # An index that cannot be read hides none of the others.
    (tmp_path / "repo/.git/index").write_bytes(b"garbage")
    told, _ = attribute(repo if asked == "repo" else linked, [{two}])
    assert told[0].where == "index"
