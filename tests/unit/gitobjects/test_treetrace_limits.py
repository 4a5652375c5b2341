"""Paths of crafted trees: as many as are told, in bounded time and memory."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import packcraft as craft
from gitrepo import GitRepo

from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.treetrace import MOST_PATHS, Tracer, decode

BLOB = craft.whole("blob", b"hello")


def _tracer(top: Path, entries: list[craft.Entry], wanted: bytes) -> Tracer:
    repo = GitRepo(top, "--template=")
    craft.write_pack(repo.top / ".git/objects", entries)
    return Tracer(discover(repo.path), CommitLog.from_packed([], frozenset()), frozenset([wanted]))


def test_two_ways_down_at_every_one_of_many_levels(tmp_path: Path) -> None:
    entries = [BLOB, craft.whole("tree", craft.tree(("100644", "a", BLOB.oid)))]
    for _ in range(5000):
        entries.append(craft.whole("tree", craft.tree(("40000", "a", entries[-1].oid), ("40000", "b", entries[-1].oid))))
    assert _tracer(tmp_path / "deep", entries, BLOB.oid).listed(entries[-1].oid) == []
    assert len(_tracer(tmp_path / "less", entries, BLOB.oid).listed(entries[14].oid)) == min(2**13, MOST_PATHS)


def test_a_tree_that_contains_itself(tmp_path: Path) -> None:
    own = b"\xab" * 20
    inner = craft.Entry("tree", craft.tree(("100644", "a", BLOB.oid), ("40000", "self" * 100, own)), own)
    listed = _tracer(tmp_path / "repo", [BLOB, inner], BLOB.oid).listed(own)
    assert 10 < len(listed) < MOST_PATHS
    assert sum(len(path) for path, _, _ in listed) < 16 << 20


def test_what_is_not_followed_is_trouble(tmp_path: Path) -> None:
    from leaksieve.gitobjects.commitlog import pack_commit

    own = b"\xab" * 20
    inner = craft.Entry("tree", craft.tree(("100644", "a", BLOB.oid), ("40000", "self", own)), own)
    data = craft.commit(own)
    tip = craft.whole("commit", data)
    repo = GitRepo(tmp_path / "repo", "--template=")
    craft.write_pack(repo.top / ".git/objects", [BLOB, inner, tip])
    tracer = Tracer(discover(repo.path), CommitLog.from_packed([pack_commit(tip.oid, data)], frozenset()), frozenset([BLOB.oid]))
    told = decode(tracer((0, 1)))
    assert [trouble.reason for trouble in told.troubles] == ["too-many-paths"]
    assert told.moved[0][1][0] == (b"a", None, BLOB.oid)
