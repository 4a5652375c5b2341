"""Ranges, branches and the other narrow views find what their commits bring in, no less and no more; git says which commits those are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gitfacts import Facts
from gitrepo import GitRepo
from planted import Planted, token
from realrun import history

pytestmark = pytest.mark.e2e

# What tags and other references name besides commits is a view's own business, tested apart.
APART = frozenset({"branch-name"})
# HEAD of linked worktrees is among them, as git has it.
EVERYTHING = ("--all",)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return Planted(tmp_path_factory.mktemp("views") / "base")


@pytest.fixture(scope="module")
def facts(planted: Planted) -> Facts:
    return Facts(planted.repo)


def brought_in(planted: Planted, facts: Facts, commits: Iterable[str], *, first_parent: bool = False) -> set[str]:
    """Plants that a commit brings in: a file that none of its parents has at that path, a path that none has, or what it says itself."""
    out = set()
    blobs = {oid for oid, thing in facts.objects.items() if thing.kind == "blob"}

    def files(commit: str) -> set[tuple[bytes, str]]:
        return {(path, oid) for oid, paths in facts.contents[commit].items() if oid in blobs for path in paths}

    for commit in commits:
        parents = facts.parents[commit][:1] if first_parent else facts.parents[commit]
        before = set().union(*(files(parent) for parent in parents)) if parents else set()
        fresh = files(commit) - before
        oids = {oid for _, oid in fresh}
        names = b"\n".join({path for path, _ in fresh} - {path for path, _ in before})
        for name, plant in planted.plants.items():
            if plant.kind == "blob":
                found = plant.oid in oids
            elif plant.kind == "tree":
                found = plant.token.encode() in names
            else:
                found = plant.oid == commit
            if found:
                out.add(name)
    return out


def commits_of(planted: Planted, *arguments: str) -> list[str]:
    return planted.repo("rev-list", *arguments, "--", GIT_NO_REPLACE_OBJECTS="1").decode().split()


def found_by(planted: Planted, *options: str) -> set[str]:
    run = history(planted.repo.top, *options)
    assert run.code in (0, 1), run
    assert run.failed == [], run
    found = set(run.secrets)
    assert run.code == bool(found), run
    return {name for name, plant in planted.plants.items() if plant.token in found and plant.kind != "tag" and name not in APART}


# Name: leaksieve's options, git's arguments.  {} stands for a commit by what it brought in.
VIEWS = {
    "range": (("--range", "{renamed}..{octopus-side}"), ("{octopus-side}", "^{renamed}")),
    "range-of-a-merge": (("--range", "{before-merge}..{evil-merge}"), ("{evil-merge}", "^{before-merge}")),
    "range-of-an-octopus": (("--range", "{octopus}^1..{octopus}"), ("{octopus}", "^{octopus}^1")),
    "range-of-a-merge-only": (("--range", "{merge-only}^..{merge-only-deletion}"), ("{merge-only-deletion}", "^{merge-only}^")),
    "range-to-head": (("--range", "main~10..main"), ("main", "^main~10")),
    "range-between-branches": (("--range", "topic..arm0"), ("arm0", "^topic")),
    "range-by-names": (("--range", "tags/tagger~1..refs/heads/main"), ("main", "^tagger~1")),
    "range-of-metadata": (("--range", "{message}~1..{committer-email}"), ("{committer-email}", "^{message}~1")),
    "range-of-names": (("--range", "{file-name}~1..{deleted-name-deletion}"), ("{deleted-name-deletion}", "^{file-name}~1")),
    "range-first-parent": (("--range", "{renamed}..{octopus}", "--first-parent"), ("--first-parent", "{octopus}", "^{renamed}")),
    "since-commit": (("--since-commit", "{octopus}"), (*EVERYTHING, "^{octopus}")),
    "branch": (("--branch", "main"), ("main",)),
    "branch-topic": (("--branch", "topic"), ("topic",)),
    "branch-full-name": (("--branch", "refs/pull/7/head"), ("refs/pull/7/head",)),
    "branch-first-parent": (("--branch", "main", "--first-parent"), ("--first-parent", "main")),
    "first-parent": (("--first-parent",), ("--first-parent", "HEAD")),
    "reachable-only": (("--reachable-only",), EVERYTHING),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_finds_what_its_commits_bring_in(planted: Planted, facts: Facts, name: str) -> None:
    options, arguments = VIEWS[name]
    options = tuple(option.replace("{", "{c[").replace("}", "]}").format(c=planted.commits) for option in options)
    arguments = tuple(argument.replace("{", "{c[").replace("}", "]}").format(c=planted.commits) for argument in arguments)
    commits = commits_of(planted, *arguments)
    assert commits
    wanted = brought_in(planted, facts, commits, first_parent="--first-parent" in arguments) - APART
    if name in ("reachable-only", "since-commit"):
        # What references name that is no commit, and so has no date.
        wanted.add("tagged-blob")
    found = found_by(planted, *options)
    assert (wanted - found, found - wanted) == (set(), set())


def test_the_views_differ_where_they_should(planted: Planted, facts: Facts) -> None:
    """The expectations themselves: what is hidden where."""
    main = brought_in(planted, facts, commits_of(planted, "main"))
    first = brought_in(planted, facts, commits_of(planted, "--first-parent", "main"), first_parent=True)
    assert {"normal", "deleted", "side", "side-transient", "evil-merge", "octopus", "merge-only", "author-name", "file-name"} <= main
    assert {"stash", "note", "hidden-ref", "dangling-blob", "deleted-branch", "staged"}.isdisjoint(main)
    assert main - first == {"side-transient", "side-message"}
    everything = brought_in(planted, facts, commits_of(planted, *EVERYTHING))
    assert everything - main >= {"stash", "note", "hidden-ref", "commit-header", "replaced", "replacement"}
    assert everything.isdisjoint({"dangling-blob", "deleted-branch", "deleted-branch-no-reflog", "orphan", "amended", "staged"})


def test_tags_of_what_is_reachable_are_read(planted: Planted) -> None:
    found = set(history(planted.repo.top, "--reachable-only").secrets)
    tags = {name: plant.token for name, plant in planted.plants.items() if plant.kind == "tag"}
    assert {name for name, secret in tags.items() if secret in found} == set(tags) - {"dangling-tag"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--range", "nothing..main"), "nothing"),
        (("--range", "main..nothing"), "nothing"),
        (("--range", "main..main"), "no commits"),
        (("--range", "main..main~3"), "no commits"),
        (("--range", "1111111111111111111111111111111111111111..main"), "1111111"),
        (("--since-commit", "nothing"), "nothing"),
        (("--branch", "nothing"), "nothing"),
    ],
)
def test_what_does_not_resolve_is_never_green(planted: Planted, options: tuple[str, ...], says: str) -> None:
    run = history(planted.repo.top, *options)
    assert run.code == 3, run
    assert any(says in skip["detail"] for skip in run.failed) or says in run.err, run


def test_a_range_that_a_shallow_clone_cannot_reach_says_how_to_mend_it(planted: Planted, tmp_path: Path) -> None:
    planted.repo("clone", "-q", "--depth=3", "--branch=main", planted.repo.top.as_uri(), str(tmp_path / "shallow"))
    repo = GitRepo(tmp_path / "shallow", init=False)
    inside = history(repo.top, "--range", "HEAD~1..HEAD")
    assert inside.code == 1, inside
    assert planted.plants["last"].token in inside.secrets
    for options in (("--range", f"{planted.commits['octopus']}..HEAD"), ("--range", "HEAD~10..HEAD"), ("--since-commit", planted.commits["octopus"])):
        run = history(repo.top, *options)
        assert run.code == 3, run
        assert "fetch" in str(run.failed) or "fetch" in run.err, run


def test_the_range_of_a_new_branch_and_of_a_deleted_one(tmp_path: Path) -> None:
    """What a pre-push hook is told: all zeros stand for a branch that is not there."""
    repo = GitRepo(tmp_path / "repo", "--template=")
    secret = token(600)
    repo.add("a.env", f"key = {secret}\n")
    head = repo.commit()
    assert set(history(repo.top, "--range", f"{'0' * 40}..{head}").secrets) == {secret}
    gone = history(repo.top, "--range", f"{head}..{'0' * 40}")
    assert gone.code == 0, gone
