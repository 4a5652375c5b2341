"""What objects name is noted, from whole trees and from what changed of them, and nothing that nobody names."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import packcraft as craft
from gitrepo import GitRepo

from leaksieve.gitobjects.inventory import Inventory
from leaksieve.gitobjects.packtable import BLOB, COMMIT, TAG
from leaksieve.gitobjects.presence import Named, Presence
from leaksieve.gitobjects.repository import Repository, discover


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return discover(GitRepo(tmp_path / "repo", "--template=").path)


def _ids(seed: int, count: int) -> list[bytes]:
    # Bytes that mean something in a tree are frequent.
    chance = random.Random(seed)
    return [bytes(chance.choice(b"\0\0104 \xfe\xffabc") for _ in range(20)) for _ in range(count)]


@pytest.mark.parametrize("seed", range(20))
def test_every_change_of_a_tree_is_seen(repository: Repository, seed: int) -> None:
    chance = random.Random(seed)
    ids = _ids(seed, 60)
    modes = [chance.choice(("100644", "40000", "100755", "120000", "160000")) for _ in ids]
    entries = [(mode, "n" * chance.randrange(1, 60), oid) for mode, oid in zip(modes, ids, strict=True)]
    data = craft.tree(*entries)
    wanted = {oid for mode, _, oid in entries if mode != "160000"}
    named = Named(repository)
    named.by_tree(data, 0, len(data))
    assert named.take() == wanted
    assert named.take() == set()
    at = 0
    for mode, name, oid in entries:
        # One byte of an entry, whichever, is enough to see it.
        end = at + len(craft.tree((mode, name, oid)))
        place = chance.randrange(at, end)
        named.by_tree(data, place, place + 1)
        told = named.take()
        assert (mode == "160000") is (oid not in told)
        assert told <= wanted
        at = end


def test_stretches_that_are_cut_off_give_no_ids(repository: Repository) -> None:
    data = craft.tree(("100644", "a", _ids(1, 1)[0]), ("100644", "b", b"\1" * 20))
    for cut in range(len(data)):
        named = Named(repository)
        for _ in range(3):
            named.by_tree(data[:cut], 0, cut)
        assert named.take() <= {_ids(1, 1)[0]}


def test_messages(repository: Repository) -> None:
    one, two, three = _ids(2, 3)
    named = Named(repository)
    named.by_message(COMMIT, craft.commit(one, two, three))
    assert named.take() == {one, two, three}
    named.by_message(TAG, b"object " + one.hex().encode() + b"\ntype commit\n")
    named.by_message(BLOB, craft.commit(two))
    named.by_message(COMMIT, b"tree xyz\nparent " + two.hex().encode())
    assert named.take() == {one}
    shallow = Named(repository._replace(shallow=True))
    shallow.by_message(COMMIT, craft.commit(one, two))
    assert shallow.take() == {one}


def test_what_is_there_in_packs_and_loose(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    blobs = [craft.whole("blob", b"%d" % number) for number in range(500)]
    craft.write_pack(repo.top / ".git/objects", blobs[:300])
    craft.write_pack(repo.top / ".git/objects", blobs[200:])
    repo.add("loose", "loose")
    inventory = Inventory(discover(repo.path))
    inventory.build()
    assert np.__name__ in sys.modules
    there = {blob.oid for blob in blobs} | {bytes.fromhex(repo.id(":loose"))}
    for missing in (set(), {b"\0" * 20, b"\xff" * 20, blobs[0].oid[:-1] + b"?" * 1}):
        absent = Presence(inventory).absent(there | missing)
        few = [oid for oid in missing if Presence(inventory).absent({oid})]
        assert set(few) == missing
        assert set(absent) <= missing
        assert {b"\0" * 20, b"\xff" * 20} & missing <= set(absent)


def test_the_empty_tree_is_known_without_being_there(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    inventory = Inventory(discover(repo.path))
    inventory.build()
    assert Presence(inventory).absent({bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")}) == []
