"""What a commit brings in, from trees made up here."""

from __future__ import annotations

from hashlib import sha1

import pytest

from leaksieve.gitobjects import brought
from leaksieve.gitobjects.brought import BroughtIn
from leaksieve.gitobjects.errors import MissingObjectError

FILE, DIRECTORY = b"100644", b"40000"


class Trees:
    """Trees by id."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}

    def add(self, *entries: tuple[bytes, bytes, bytes]) -> bytes:
        data = b"".join(b"%b %b\0%b" % entry for entry in entries)
        oid = sha1(data).digest()
        self.kept[oid] = data
        return oid

    def read(self, oid: bytes) -> bytes:
        if oid not in self.kept:
            raise MissingObjectError(oid, "is not in the repository")
        return self.kept[oid]


def blob(text: bytes) -> bytes:
    return sha1(text).digest()


def test_an_entry_that_ends_as_another_is_not_taken_for_it() -> None:
    """A file called "x100644 name" holds the very bytes of an entry called "name"."""
    trees = Trees()
    first = trees.add((FILE, b"a", blob(b"a")))
    second = trees.add((FILE, b"x100644 name", blob(b"new")), (FILE, b"y name", blob(b"other")))
    merge = trees.add((FILE, b"a", blob(b"a")), (FILE, b"name", blob(b"new")))
    assert [(item.path, item.before) for item in BroughtIn(trees.read, (first, second), merge)] == [(b"name", ())]


def test_what_either_parent_had_is_known() -> None:
    trees = Trees()
    first = trees.add((FILE, b"f", blob(b"1")))
    second = trees.add((DIRECTORY, b"d", trees.add((FILE, b"g", blob(b"g")))), (FILE, b"f", blob(b"2")))
    merge = trees.add((DIRECTORY, b"d", trees.add((FILE, b"g", blob(b"G")), (FILE, b"h", blob(b"h")))), (FILE, b"f", blob(b"3")))
    found = {item.path: item.before for item in BroughtIn(trees.read, (first, second), merge)}
    assert found == {b"f": (blob(b"1"), blob(b"2")), b"d/g": (blob(b"g"),), b"d/h": ()}
    assert not list(BroughtIn(trees.read, (first, merge), merge))


def test_a_file_that_became_a_directory_is_gone() -> None:
    trees = Trees()
    old = trees.add((FILE, b"x", blob(b"file")), (DIRECTORY, b"y", trees.add((FILE, b"in", blob(b"in")))))
    new = trees.add((DIRECTORY, b"x", trees.add((FILE, b"in", blob(b"new")))), (FILE, b"y", blob(b"y")))
    change = BroughtIn(trees.read, (old,), new)
    assert {item.path for item in change} == {b"x/in", b"y"}
    assert sorted(change.deleted()) == [(b"x", blob(b"file")), (b"y/in", blob(b"in"))]


@pytest.mark.parametrize("broken", [None, b"nonsense"])
def test_a_parent_that_cannot_be_read_hides_nothing(broken: bytes | None) -> None:
    trees = Trees()
    old = trees.add((FILE, b"a", blob(b"a")))
    new = trees.add((FILE, b"a", blob(b"a")), (FILE, b"b", blob(b"b")))
    if broken is None:
        del trees.kept[old]
    else:
        trees.kept[old] = broken
    change = BroughtIn(trees.read, (old,), new)
    assert {item.path for item in change} == {b"a", b"b"}
    assert change.unreadable


def test_a_tree_that_lists_itself_out_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "MOST", 1000)
    trees = Trees()
    at = trees.add((FILE, b"leaf", blob(b"leaf")))
    for _ in range(60):
        at = trees.add((DIRECTORY, b"a", at), (DIRECTORY, b"b", at))
    change = BroughtIn(trees.read, (), at)
    assert sum(1 for _ in change) <= 1000
    assert change.beyond
