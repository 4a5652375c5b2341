from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.gitobjects.authors import author_in, author_of, rfc3339
from leaksieve.gitobjects.commitlog import CommitLog, pack_commit
from leaksieve.gitobjects.errors import BadDataError, MissingObjectError
from leaksieve.gitobjects.links import COMMIT_LIMIT
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.reached import MOST_REFS, bits, names_reaching
from leaksieve.gitobjects.repository import discover


def oid(number: int, size: int = 20) -> bytes:
    return number.to_bytes(size)


def commit(parents: list[int], time: int | str, size: int = 20, tree: int = 7) -> bytes:
    lines = [b"tree " + oid(tree, size).hex().encode(), *[b"parent " + oid(parent, size).hex().encode() for parent in parents]]
    return b"\n".join([*lines, b"author A <a@x> 1 +0000", b"committer A <a@x> %b +0000" % str(time).encode(), b"", b"message\n\ncommitter B <b@x> 99 +0000\n"])


def table(commits: dict[int, tuple[list[int], int]], size: int = 20, shallow: tuple[bytes, ...] = ()) -> CommitLog:
    return CommitLog.from_packed([pack_commit(oid(number, size), commit(parents, time, size)) for number, (parents, time) in commits.items()], shallow)


def listed(log: CommitLog) -> list[int]:
    return [int.from_bytes(log.oid(number)) for number in range(len(log))]


@pytest.mark.parametrize("size", [20, 32])
def test_parents_first_then_by_date_then_by_id(size: int) -> None:
    commits = {5: ([3, 2, 4], 50), 4: ([1], 20), 3: ([1], 20), 2: ([1], 10), 1: ([], 30), 9: ([], 30)}
    log = table(commits, size)
    assert listed(log) == [1, 9, 2, 3, 4, 5]
    assert [log.parents(number) for number in range(6)] == [(), (), (0,), (0,), (0,), (3, 2, 4)]
    assert list(log.times) == [30, 30, 10, 20, 20, 50]
    assert {log.tree(number) for number in range(6)} == {oid(7, size)}
    assert log.numbers([oid(5, size), oid(77, size)]) == {oid(5, size): 5}
    assert bytes(log.reach([4])) == bytes([1, 0, 0, 0, 1, 0])
    assert bytes(log.reach([5])) == bytes([1, 0, 1, 1, 1, 1])
    assert bytes(log.reach([])) == bytes(6)


def test_the_order_of_records_makes_no_difference() -> None:
    rng = random.Random(1)
    commits = {number: (sorted(rng.sample(range(number), min(number, rng.randrange(3)))), rng.randrange(50)) for number in range(200)}
    first = table(commits)
    seen = {}
    for number in range(len(first)):
        assert all(parent < number for parent in first.parents(number))
        seen[first.oid(number)] = sorted(int.from_bytes(first.oid(parent)) for parent in first.parents(number))
    assert seen == {oid(number): parents for number, (parents, _) in commits.items()}
    shuffled = list(commits.items())
    rng.shuffle(shuffled)
    assert listed(table(dict(shuffled))) == listed(first)
    records = [pack_commit(oid(number), commit(parents, time)) for number, (parents, time) in shuffled]
    assert listed(CommitLog.from_packed([b"".join(records), *records[:5]])) == listed(first)


def test_missing_parents_and_shallow_ends() -> None:
    log = table({3: ([2, 8], 30), 2: ([1], 20), 4: ([9], 40)}, shallow=(oid(2),))
    assert listed(log) == [2, 3, 4]
    assert log.cut == {0}
    assert log.missing == {1: (oid(8),), 2: (oid(9),)}
    assert [log.parents(number) for number in range(3)] == [(), (0,), ()]


def test_circles_and_emptiness() -> None:
    log = table({1: ([2], 1), 2: ([3], 1), 3: ([1], 1), 4: ([4], 1)})
    assert sorted(listed(log)) == [1, 2, 3, 4]
    assert all(parent < number for number in range(4) for parent in log.parents(number))
    assert len(CommitLog.from_packed([])) == 0
    assert CommitLog.from_packed([b""]).numbers([oid(1)]) == {}


def test_odd_commits_are_packed_with_patience() -> None:
    plain = pack_commit(oid(1), commit([2], 5))
    assert pack_commit(oid(1), commit([2], 5).replace(b"\nauthor", b"\nencoding x\nauthor")) == plain
    # No committer line in the headers: the one in the message does not count.
    headless = commit([2], 5).replace(b"\ncommitter A <a@x> 5 +0000", b"", 1)
    assert list(CommitLog.from_packed([pack_commit(oid(1), headless)]).times) == [0]
    for time in ("x", "9" * 30, "-3"):
        log = CommitLog.from_packed([pack_commit(oid(1), commit([], time))])
        assert list(log.times) == [-3 if time == "-3" else 0]
    with pytest.raises(BadDataError):
        pack_commit(oid(1), b"parent x")
    with pytest.raises(BadDataError):
        pack_commit(oid(1), b"tree 12\n")


def test_names_that_reach_a_commit_are_counted_beyond_those_listed() -> None:
    log = table({number: ([number - 1] if number > 1 else [], number) for number in range(1, 60)})
    tips = {number: [b"refs/tags/t%02d" % number] for number in range(59)}
    tips[58] += [b"refs/heads/main", b"HEAD"]
    found = names_reaching(log, tips, {0, 50, 58})
    assert found[58] == ((b"HEAD", b"refs/heads/main", b"refs/tags/t58"), 3)
    assert found[50][1] == 11
    assert found[0][1] == 61
    assert found[0][0] == (b"HEAD", b"refs/heads/main", *[b"refs/tags/t%02d" % number for number in range(MOST_REFS - 2)])
    assert names_reaching(log, tips, ()) == {}


def test_bits() -> None:
    assert list(bits(0)) == []
    assert list(bits(1 << 200 | 5)) == [0, 2, 200]


def test_commits_as_git_writes_them(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a", "1\n")
    first = repo.commit()
    second = repo.commit(GIT_AUTHOR_NAME="Zoë", GIT_AUTHOR_DATE="1700000000 -0330")
    store = ObjectStore(discover(repo.path))
    records = [pack_commit(raw, store.read(raw, COMMIT_LIMIT)[1]) for raw in map(bytes.fromhex, (second, first))]
    log = CommitLog.from_packed(records)
    assert [log.oid(number).hex() for number in range(len(log))] == [first, second]
    assert [log.tree(number).hex() for number in range(2)] == [repo.id(f"{each}^{{tree}}") for each in (first, second)]
    assert [log.parents(number) for number in range(2)] == [(), (0,)]
    log = CommitLog.from_packed(records[:1], [bytes.fromhex(second)])
    assert (len(log), log.cut, log.missing) == (1, {0}, {})
    author = author_of(store, bytes.fromhex(second))
    assert author == ("Zoë", "a@example.com", "2023-11-14T18:43:20-03:30", "2023-11-14T22:13:20+00:00")
    with pytest.raises(MissingObjectError):
        author_of(store, oid(5))


def test_authors_that_do_not_parse_are_empty() -> None:
    assert author_in(b"tree x\n\nauthor A <a@x> 1 +0000") == ("", "", "", "")
    assert author_in(b"object x\ntagger A <a@x> 1 +0000\n\n") == ("A", "a@x", "1970-01-01T00:00:01+00:00", "1970-01-01T00:00:01+00:00")
    assert rfc3339(b"99999999999999999 +0000") == ""
    assert rfc3339(b"0 +9999") == "1970-01-01T00:00:00+00:00"
    assert rfc3339(b"") == ""
