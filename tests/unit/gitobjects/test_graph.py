"""Walks over commits: the same sets as git's where git is right, and right where dates are wrong."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.graph import History, between, reachable, shallow_boundary
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import discover

Parents = list[list[int]]


def history(repo: GitRepo, **options: bool) -> History:
    return History(ObjectStore(discover(repo.path)), **options)


def imported(repo: GitRepo, parents: Parents, dates: list[int], branch: str = "") -> list[bytes]:
    """Make commits (number -> numbers of its parents) with one file each, each on a branch of its own or all on one; return their ids."""
    lines = []
    for number, above in enumerate(parents):
        lines.append(
            f"commit refs/heads/{branch or f'c{number}'}\nmark :{number + 1}\ncommitter A <a@example.com> {dates[number]} +0000\ndata {len(str(number))}\n{number}\n"
        )
        lines += [f"{'from' if not place else 'merge'} :{parent + 1}\n" for place, parent in enumerate(above)]
        lines.append(f"M 644 inline f{number % 10}\ndata 1\nx\n\n")
    repo("fast-import", "--quiet", "--force", f"--export-marks={repo.top}/marks", stdin="".join(lines).encode())
    marks = dict(line.split() for line in (repo.top / "marks").read_text().splitlines())
    return [bytes.fromhex(marks[f":{number + 1}"]) for number in range(len(parents))]


def ancestors(parents: Parents, tips: list[int], first_parent: bool = False) -> set[int]:
    found: set[int] = set()
    pending = list(tips)
    while pending:
        at = pending.pop()
        if at not in found:
            found.add(at)
            pending += parents[at][:1] if first_parent else parents[at]
    return found


def random_graph(rng: random.Random, count: int) -> Parents:
    """Mostly a line, with branches off anywhere, merges, octopuses and further roots."""
    graph: Parents = [[]]
    for number in range(1, count):
        kinds = rng.random()
        recent = list(range(max(0, number - 6), number))
        if kinds < 0.03:
            graph.append([])
        elif kinds < 0.6:
            graph.append([rng.choice(recent)])
        elif kinds < 0.7:
            graph.append([rng.randrange(number)])
        else:
            most = rng.choice((2, 2, 2, 3, 4))
            graph.append(list(dict.fromkeys(rng.choice((rng.choice(recent), rng.randrange(number))) for _ in range(most))))
    return graph


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("with_graph_file", [False, True])
def test_any_graph_with_any_dates(tmp_path: Path, seed: int, with_graph_file: bool) -> None:
    """Dates run forwards, backwards, or wildly: what lies between two commits does not depend on them."""
    rng = random.Random(seed)
    count = 200
    graph = random_graph(rng, count)
    dates = {
        0: list(range(1_700_000_000, 1_700_000_000 + count)),
        1: list(range(1_700_000_000, 1_700_000_000 - count, -1)),
        2: [1_700_000_000] * count,
    }.get(seed, [rng.randrange(1, 4_000_000_000) for _ in range(count)])
    repo = GitRepo(tmp_path / "repo")
    ids = imported(repo, graph, dates)
    if with_graph_file:
        # Of the older half only, as after some weeks without maintenance.
        text = "".join(f"{ids[number].hex()}\n" for number in range(count // 2))
        repo("commit-graph", "write", "--stdin-commits", stdin=text.encode())
        assert (repo.top / ".git/objects/info/commit-graph").exists()
    numbers = {oid: number for number, oid in enumerate(ids)}
    known = history(repo)
    for _ in range(40):
        tips = [rng.randrange(count) for _ in range(rng.choice((1, 1, 2, 3)))]
        left = [rng.randrange(count) for _ in range(rng.choice((0, 1, 1, 2)))]
        first = rng.random() < 0.3
        walk = between(rng.choice((known, history(repo))), [ids[at] for at in tips], [ids[at] for at in left], first_parent=first)
        found = [numbers[oid] for oid in walk.commits]
        wanted = ancestors(graph, tips, first) - ancestors(graph, left)
        if first:
            # What is left out ends the way down.
            wanted = set()
            pending = [at for at in tips if at not in ancestors(graph, left)]
            while pending:
                at = pending.pop()
                if at not in wanted:
                    wanted.add(at)
                    pending += [parent for parent in graph[at][:1] if parent not in ancestors(graph, left)]
        assert set(found) == wanted
        assert len(found) == len(wanted)
        places = {number: place for place, number in enumerate(found)}
        assert all(places[parent] < places[at] for at in found for parent in graph[at] if parent in places)
        one, other = rng.randrange(count), rng.randrange(count)
        assert (not between(known, [ids[one]], [ids[other]]).commits) == (one in ancestors(graph, [other]))


def test_of_a_criss_cross_the_merge_alone_is_left(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    ids = imported(repo, [[], [0], [0], [1, 2], [2, 1]], [5, 4, 3, 2, 1])
    assert between(history(repo), [ids[4]], [ids[3]]).commits == [ids[4]]


def test_a_long_history_is_not_read_for_a_short_range(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    count = 2000
    ids = imported(repo, [[], *[[number] for number in range(count - 1)]], list(range(1_700_000_000, 1_700_000_000 + count)), "line")
    found = history(repo, use_commit_graph=False)
    walk = between(found, [ids[-1]], [ids[-20]])
    assert walk.commits == ids[-19:]
    assert len(found._nodes) < 200


def test_a_replaced_commit_is_seen_as_it_is(tmp_path: Path) -> None:
    """A replacement that hides a commit from git's log does not hide it here."""
    repo = GitRepo(tmp_path / "repo")
    ids = imported(repo, [[], [0], [1], [2]], [1, 2, 3, 4])
    repo("replace", "--graft", ids[3].hex(), ids[0].hex())
    assert repo("rev-list", "--count", f"{ids[0].hex()}..{ids[3].hex()}").strip() == b"1"
    assert between(history(repo), [ids[3]], [ids[0]]).commits == ids[1:]


def test_where_a_shallow_clone_ends(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    ids = imported(repo, [[], [0], [1], [2], [3]], [1, 2, 3, 4, 5])
    repo("symbolic-ref", "HEAD", "refs/heads/c4")
    repo("clone", "-q", "--depth=3", f"file://{repo.top}", str(tmp_path / "shallow"))
    shallow = GitRepo(tmp_path / "shallow", init=False)
    found = history(shallow)
    assert found.boundary == {ids[2]} == shallow_boundary(discover(shallow.path))
    assert reachable(found, [ids[4]])[:2] == (ids[2:], [ids[2]])
    assert between(found, [ids[4]], [ids[2]])[:2] == (ids[3:], [])
    (shallow.top / ".git" / "shallow").write_text("nonsense\n")
    with pytest.raises(SourceError, match="shallow clone ends"):
        history(shallow)


def test_a_clone_cut_at_its_true_root_is_whole(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    ids = imported(repo, [[], [0]], [1, 2])
    (repo.top / ".git" / "shallow").write_text(ids[0].hex() + "\n")
    assert reachable(history(repo), [ids[1]]).cut == []


def test_commits_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("a.txt", "a\n")
    first = repo.commit("one")
    second = repo.commit("two")
    third = repo.commit("three")
    (repo.top / ".git" / "objects" / second[:2] / second[2:]).unlink()
    walk = reachable(history(repo), [bytes.fromhex(third)])
    assert [oid.hex() for oid in walk.commits] == [third]
    assert [error.oid.hex() for error in walk.missing] == [second]
    # On the side left out nothing is lost by it.
    walk = between(history(repo), [bytes.fromhex(third)], [bytes.fromhex(second)])
    assert ([oid.hex() for oid in walk.commits], walk.missing) == ([third], [])
    with pytest.raises(ObjectError, match="is a blob"):
        history(repo).node(bytes.fromhex(repo.id(f"{first}:a.txt")))


def test_a_forged_circle_in_the_commit_graph_ends(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    count = 200
    ids = imported(repo, [[], *[[number] for number in range(count - 1)]], [1_700_000_000] * count)
    repo("commit-graph", "write", "--reachable")
    path = repo.top / ".git/objects/info/commit-graph"
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    graph = history(repo)._graph
    assert graph is not None
    layer = graph._layers[0]
    # The root gets the newest commit for a parent.
    root, newest = graph.find(ids[0]), graph.find(ids[-1])
    at = layer.commits + root * 36 + 20
    data[at : at + 4] = newest.to_bytes(4, "big")
    path.write_bytes(bytes(data))
    assert set(reachable(history(repo), [ids[-1]]).commits) == set(ids)
    between(history(repo), [ids[-1]], [ids[100]])
    assert history(repo, use_commit_graph=False).node(ids[0]).parents == ()
