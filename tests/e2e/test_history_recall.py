"""Nothing in a repository's history is missed, however git keeps it, and each secret is said to be where git says it is."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import layouts
from gitfacts import Facts
from gitrepo import GitRepo
from planted import Plant, Planted, token
from realrun import Run, history

pytestmark = pytest.mark.e2e

# What stands in an archive, under which name and on which line.
PACKED = {
    "gzip": ("notes", 1),
    "zip": ("b/.env", 2),
    "zip-changed": ("b/.env", 2),
    "tar.gz": ("c/settings.ini", 3),
}
# Planted, but not in any object: found in the names of references.
NAMES_OF_REFS = frozenset({"branch-name"})


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return Planted(tmp_path_factory.mktemp("planted") / "base")


def expected(planted: Planted, facts: Facts) -> dict[str, Plant]:
    """The plants whose objects this layout still has, by name."""
    names = {name for ref in facts.refs for name, plant in planted.plants.items() if plant.kind == "ref" and plant.token in ref}
    return {name: plant for name, plant in planted.plants.items() if plant.oid in facts.objects or name in names}


def check_found(run: Run, plants: dict[str, Plant]) -> None:
    assert run.code == 1, run
    found = {finding["secret"] for finding in run.report["findings"]}
    assert {name for name, plant in plants.items() if plant.token not in found} == set(), run
    assert found - {plant.token for plant in plants.values()} == set()
    assert run.failed == []
    assert run.report["coverage"]["complete"] is True


def check_attributed(run: Run, plants: dict[str, Plant], facts: Facts) -> None:
    """Every place of every secret against what git says of the object and the path named there."""
    wrong = []
    for name, plant in plants.items():
        occurrences = run.secrets[plant.token]["occurrences"]
        if plant.kind == "ref":
            assert [occurrence["source"]["where"] for occurrence in occurrences] == ["ref-name"]
            continue
        for occurrence in occurrences:
            wrong += [f"{name}: {line}" for line in disagreements(occurrence, plant, facts)]
        if plant.kind == "blob":
            told = {occurrence["path"].encode() for occurrence in occurrences}
            known = {path for commit in facts.best(facts.holders(plant.oid)) for path in facts.contents[commit][plant.oid]}
            if not known <= told:
                wrong.append(f"{name}: paths {sorted(told)}, git has {sorted(known)}")
    assert wrong == []


def disagreements(occurrence: dict[str, Any], plant: Plant, facts: Facts) -> list[str]:
    source = occurrence["source"]
    oid, path = source["object"], occurrence["path"].encode()
    thing = facts.objects.get(oid)
    if thing is None or (plant.token.encode() not in thing.data and oid != plant.oid) or source["object_type"] != thing.kind or source["kind"] != "git":
        return [f"object is {source!r}, git has {thing and thing.kind}"]
    told: list[str] = []

    def differ(what: str, git: object) -> None:
        if source[what] != git:
            told.append(f"{what} is {source[what]!r}, git says {git!r}")

    if thing.kind == "tag":
        differ("author", facts.person(oid, "tagger")[0])
        differ("date", rfc3339(facts.person(oid, "tagger")[1]))
        differ("at_head", False)
        differ("reachable", oid in facts.reachable)
        return told
    # Names stand in trees that change with everything beside them: there the path says it all.
    held = {oid} if thing.kind == "commit" else facts.best(facts.holding(path, None if thing.kind == "tree" else oid))
    first = min(facts.first_of(held), key=facts.committed, default=None)
    if plant.kind == "blob" and source.get("renamed_from"):
        # A new name does not make it new: that commit is told which brought it in under the old one.
        first = min(facts.first_of(facts.best(facts.holders(oid))), key=facts.committed)
    differ("commit", first)
    differ("reachable", oid in facts.reachable)
    differ("at_head", thing.kind != "commit" and any(path in paths for paths in ([facts.head.get(oid, ())] if thing.kind == "blob" else facts.head.values())))
    if first is None:
        return told
    differ("author", facts.person(first)[0])
    differ("date", rfc3339(facts.person(first)[1]))
    refs = facts.containing({first})
    # A HEAD says nothing that its branch does not; it counts where it stands alone.
    refs = {ref for ref in refs if not ref.endswith("HEAD")} or refs
    if sorted(source["refs"]) != sorted(refs):
        told.append(f"refs are {source['refs']}, git says {sorted(refs)}")
    if thing.kind == "blob":
        # Wherever it was: a rename does not end it.
        anywhere = facts.best(facts.holders(oid))
        differ("first_seen", rfc3339(min(map(facts.committed, anywhere))))
        differ("last_seen", rfc3339(max(map(facts.committed, anywhere))))
    return told


def rfc3339(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def test_each_token_is_where_the_generator_says(planted: Planted) -> None:
    facts = Facts(planted.repo)
    tokens = [plant.token for plant in planted.plants.values()]
    assert len(set(tokens)) == len(tokens) > 50
    for name, plant in planted.plants.items():
        holding = {oid for oid, thing in facts.objects.items() if plant.token.encode() in thing.data}
        if plant.kind == "ref":
            assert holding == set(), name
            assert any(plant.token in ref for ref in facts.refs), name
            continue
        assert facts.objects[plant.oid].kind == plant.kind, name
        if name not in {"utf-16", "base64", *PACKED}:
            assert plant.oid in holding, name
            # Trees change with anything below them, everything else holds its token alone.
            assert len(holding) == 1 or plant.kind == "tree", name
        # What the generator calls the bringing commit is what git's history says.
        if plant.kind == "blob" and name in planted.commits and facts.introducers(plant.oid):
            assert planted.commits[name] in facts.introducers(plant.oid), name
    unreachable = {name for name, plant in planted.plants.items() if plant.oid and plant.oid not in facts.reachable}
    assert unreachable == {
        "amended", "dangling-blob", "dangling-tag", "dangling-tree", "deleted-branch", "deleted-branch-message", "deleted-branch-no-reflog", "orphan",
        "staged", "worktree-staged",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in layouts.ALL if name != "loose"])
def test_layouts_keep_what_they_should(planted: Planted, tmp_path: Path, name: str) -> None:
    repo = layouts.ALL[name](planted.repo, tmp_path / "copy")
    facts = Facts(repo)
    objects = layouts.objects_dir(repo)
    gone = {each for each, plant in planted.plants.items() if plant.oid and plant.oid not in facts.objects}
    assert (len(gone) > 5) if name == "gc-prune" else gone == set()
    packs = len(list(objects.glob("pack/*.pack")))
    unpacked = ("alternate-inside", "bare", "separate-git-dir", "unborn-head", "detached-head")
    assert packs == (0 if name in unpacked else {"several-packs": 3, "multi-pack-index": 2}.get(name, 1))
    if name in ("packed", "ref-deltas", "index-v1", "large-offsets", "multi-pack-index"):
        assert list(objects.glob("??/*")) == []


@pytest.mark.parametrize("name", layouts.ALL)
def test_everything_is_found_and_attributed(planted: Planted, tmp_path: Path, name: str) -> None:
    repo = layouts.ALL[name](planted.repo, tmp_path / "copy")
    facts = Facts(repo)
    plants = expected(planted, facts)
    assert len(plants) > 40
    run = history(repo.top)
    check_found(run, plants)
    check_attributed(run, plants, facts)
    check_counts(run, facts)


def check_counts(run: Run, facts: Facts) -> None:
    """The receipt counts what git counts."""
    receipt = run.source
    assert receipt["expected"]["objects"] == receipt["scanned"]["objects"] == len(facts.objects)
    assert receipt["scanned"]["commits"] == len(facts.parents)


def test_sha256(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "long", "--object-format=sha256")
    for name in ("loose", "packed"):
        repo = layouts.ALL[name](planted.repo, tmp_path / name)
        facts = Facts(repo)
        assert facts.width == 32
        plants = expected(planted, facts)
        run = history(repo.top)
        check_found(run, plants)
        check_attributed(run, plants, facts)
        check_counts(run, facts)


@pytest.mark.parametrize("layout", ["loose", "packed"])
def test_what_is_packed_in_a_blob_is_found_under_its_name(planted: Planted, tmp_path: Path, layout: str) -> None:
    repo = layouts.ALL[layout](planted.repo, tmp_path / "copy")
    run = history(repo.top)
    for name, (member, line) in PACKED.items():
        place = run.secrets[planted.plants[name].token]["occurrences"][0]
        assert (place["archive_path"], place["start_line"]) == (member, line), name
        assert place["path"].encode() in planted.plants[name].paths
    (place,) = run.secrets[planted.plants["member-name"].token]["occurrences"]
    assert place["source"]["member"] == "name"
    assert planted.plants["member-name"].token in place["archive_path"]  # revealed on demand
    assert (run.source["scanned"]["archives"], run.source["scanned"]["members"]) == (5, 7)


def test_archives_stay_closed_where_they_are_to(planted: Planted) -> None:
    run = history(planted.repo.top, "--max-archive-depth", "0")
    assert not {planted.plants[name].token for name in PACKED} & set(run.secrets)
    (skip,) = {(skip["class"], skip["reason"]) for skip in run.source["skipped"] if skip["reason"].startswith("archive")}
    assert skip == ("excluded", "archive-not-opened")
    assert sum(skip["count"] for skip in run.source["skipped"] if skip["reason"] == "archive-not-opened") == 5
    assert "archives" not in run.source["scanned"]


def test_without_attribution_the_same_is_found(planted: Planted) -> None:
    facts = Facts(planted.repo)
    run = history(planted.repo.top, "--no-attribution")
    check_found(run, expected(planted, facts))
    check_counts(run, facts)
    for finding in run.report["findings"]:
        for occurrence in finding["occurrences"]:
            assert not occurrence["source"].get("commit") or occurrence["source"]["object_type"] == "commit"


def test_without_names_names_are_not_looked_at(planted: Planted) -> None:
    plants = expected(planted, Facts(planted.repo))
    names = {name for name, plant in plants.items() if plant.kind in ("tree", "ref")} | {"member-name"}
    assert len(names) > 4
    check_found(history(planted.repo.top, "--no-names"), {name: plant for name, plant in plants.items() if name not in names})


def test_from_a_linked_worktree_all_of_the_repository_is_scanned(planted: Planted) -> None:
    run = history(planted.linked.top)
    check_found(run, expected(planted, Facts(planted.repo)))
    # HEAD is the worktree's own here.
    assert run.secrets[planted.plants["worktree-head"].token]["occurrences"][0]["source"]["at_head"] is True


def test_a_submodule_has_a_history_of_its_own(tmp_path: Path) -> None:
    upstream = GitRepo(tmp_path / "upstream", "--template=")
    secret = token(9001)
    upstream.add("a.env", f"key = {secret}\n")
    upstream.commit()
    upstream("rm", "-q", "a.env")
    upstream.commit()
    outer = GitRepo(tmp_path / "outer", "--template=")
    own = token(9002)
    outer.add("b.env", f"key = {own}\n")
    outer("submodule", "--quiet", "add", str(upstream.top), "lib")
    outer.commit()
    for place in (outer.top / "lib", outer.top / ".git/modules/lib"):
        run = history(place)
        assert set(run.secrets) == {secret}, run
        assert run.secrets[secret]["occurrences"][0]["source"]["at_head"] is False
    run = history(outer.top)
    assert own in run.secrets
    assert run.source["submodules"] == ["lib"]


def test_a_shallow_clone_is_scanned_and_known_as_such(planted: Planted, tmp_path: Path) -> None:
    planted.repo("clone", "-q", "--depth=3", planted.repo.top.as_uri(), str(tmp_path / "shallow"))
    repo = GitRepo(tmp_path / "shallow", init=False)
    facts = Facts(repo)
    plants = {name: plant for name, plant in expected(planted, facts).items() if plant.kind != "ref"}
    assert "normal" in plants
    assert "commit-message" not in plants
    run = history(repo.top)
    found = set(run.secrets)
    assert {name for name, plant in plants.items() if plant.token not in found} == set()
    assert (run.code, run.failed, run.source["shallow"]) == (1, [], True), run


def test_a_partial_clone_misses_nothing_it_has(planted: Planted, tmp_path: Path) -> None:
    planted.repo("config", "uploadpack.allowFilter", "true")
    planted.repo("clone", "-q", "--bare", "--filter=blob:none", planted.repo.top.as_uri(), str(tmp_path / "partial"))
    repo = GitRepo(tmp_path / "partial", init=False)
    facts = Facts(repo)
    # Only those that a tag names.
    assert sum(thing.kind == "blob" for thing in facts.objects.values()) == 2
    plants = {name: plant for name, plant in expected(planted, facts).items() if plant.kind in ("commit", "tag", "tree")}
    run = history(repo.top)
    assert {name for name, plant in plants.items() if plant.token not in run.secrets} == set(), run
    assert (run.code, run.failed) == (1, []), run


def test_a_shared_clone_outside_the_named_folder_is_never_silently_short(planted: Planted, tmp_path: Path) -> None:
    planted.repo("clone", "-q", "--shared", str(planted.repo.top), str(tmp_path / "clone"))
    repo = GitRepo(tmp_path / "clone", init=False)
    own = token(9003)
    repo.add("own.env", f"key = {own}\n")
    repo.commit()
    run = history(repo.top)
    assert own in run.secrets
    lost = {name for name, plant in expected(planted, Facts(repo)).items() if plant.token not in run.secrets}
    assert lost == set() or run.failed, (lost, run)


def test_what_a_partial_clone_has_not_is_counted(planted: Planted, tmp_path: Path) -> None:
    planted.repo("config", "uploadpack.allowFilter", "true")
    planted.repo("clone", "-q", "--bare", "--filter=blob:none", planted.repo.top.as_uri(), str(tmp_path / "partial"))
    run = history(tmp_path / "partial")
    assert run.source["partial"] is True
    assert sum(skip["count"] for skip in run.source["skipped"] if skip["class"] == "excluded") > 20, run.source


def test_an_empty_repository_is_a_clean_one(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "empty")
    run = history(repo.top)
    assert (run.code, run.report["findings"], run.failed) == (0, [], []), run
    assert run.source["expected"].get("objects", 0) == 0


def test_a_git_directory_moved_away_is_scanned_when_it_is_named(planted: Planted, tmp_path: Path) -> None:
    shutil.copytree(planted.repo.top, tmp_path / "tree", symlinks=True)
    (tmp_path / "tree/.git").rename(tmp_path / "kept")
    (tmp_path / "tree/.git").write_text(f"gitdir: {tmp_path / 'kept'}\n")
    facts = Facts(GitRepo(tmp_path / "tree", init=False))
    check_found(history(tmp_path / "kept"), expected(planted, facts))
    run = history(tmp_path / "tree")
    assert run.code == 1 or (run.code == 3 and "name that repository itself" in run.err), run


def test_nothing_is_written_into_the_repository(planted: Planted, tmp_path: Path) -> None:
    repo = layouts.packed(planted.repo, tmp_path / "copy")

    def state() -> dict[str, tuple[int, int]]:
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in repo.top.rglob("*")}

    before = state()
    assert history(repo.top).code == 1
    assert state() == before
