"""Single objects: limits before bytes, damage as values, alternates only where allowed."""

from __future__ import annotations

import os
import shutil
import sys
import zlib
from hashlib import sha1
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.gitobjects.commits import parse_commit
from leaksieve.gitobjects.errors import CorruptObjectError, MissingObjectError, ObjectTooLargeError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.trees import parse_tree


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "repo")
    made.add("a.txt", "a\n")
    made.commit()
    return made


def store_of(repo: GitRepo) -> ObjectStore:
    return ObjectStore(discover(repo.path))


def put_loose(repo: GitRepo, name: str, plain: bytes) -> bytes:
    repo.write(f".git/objects/{name[:2]}/{name[2:]}", zlib.compress(plain))
    return bytes.fromhex(name)


def test_missing(repo: GitRepo) -> None:
    store = store_of(repo)
    assert b"\1" * 20 not in store
    for oid in (b"\1" * 20, b"", b"\1" * 32):
        with pytest.raises(MissingObjectError):
            store.read(oid)


@pytest.mark.parametrize(
    "plain", [b"", b"blob", b"blob 3\0", b"blob 3\0abcd", b"blob -1\0", b"blob x\0", b"tree\x003", b"what 1\0a", b"blob 99999999999999999999999\0"]
)
def test_loose_objects_that_do_not_hold(repo: GitRepo, plain: bytes) -> None:
    oid = put_loose(repo, "ab" * 20, plain)
    with pytest.raises(CorruptObjectError):
        store_of(repo).read(oid)


def test_a_size_is_believed_before_the_bytes_are_inflated(repo: GitRepo) -> None:
    oid = put_loose(repo, "ab" * 20, b"blob 1099511627776\0" + bytes(1000))
    store = store_of(repo)
    assert store.header(oid) == ("blob", 1 << 40)
    with pytest.raises(ObjectTooLargeError) as caught:
        store.read(oid)
    assert caught.value.size == 1 << 40
    liar = put_loose(repo, "cd" * 20, b"blob 10\0" + bytes(1 << 24))
    with pytest.raises(CorruptObjectError, match="more"):
        store.read(liar)


def entry(kind: int, size: int, extra: bytes = b"") -> bytes:
    head = bytearray()
    byte = kind << 4 | size & 15
    size >>= 4
    while size:
        head.append(byte | 128)
        byte = size & 127
        size >>= 7
    head.append(byte)
    return bytes(head) + extra


def put_pack(repo: GitRepo, entries: list[tuple[bytes, bytes]], name: str = "made") -> None:
    """Write a pack of (raw id, entry bytes) and its index, whatever nonsense they are."""
    body = b"PACK" + (2).to_bytes(4) + len(entries).to_bytes(4)
    offsets = {}
    for oid, data in entries:
        offsets[oid] = len(body)
        body += data
    ordered = sorted(offsets)
    fanout = b"".join(sum(oid[0] <= first for oid in ordered).to_bytes(4) for first in range(256))
    table = b"\xfftOc" + (2).to_bytes(4) + fanout + b"".join(ordered) + bytes(4 * len(ordered)) + b"".join(offsets[oid].to_bytes(4) for oid in ordered)
    repo.write(f".git/objects/pack/pack-{name}.pack", body + sha1(body).digest())
    repo.write(f".git/objects/pack/pack-{name}.idx", table + bytes(40))


A, B, C = b"\x0a" * 20, b"\x0b" * 20, b"\x0c" * 20
# Eight bytes that announce a result of 8 GiB.
HUGE_DELTA = b"\x05\x80\x80\x80\x80\x20" + b"\x90\x05"


def test_a_delta_that_asks_for_too_much_is_refused_before_it_is_applied(repo: GitRepo) -> None:
    put_pack(repo, [(A, entry(3, 5) + zlib.compress(b"hello")), (B, entry(7, len(HUGE_DELTA), A) + zlib.compress(HUGE_DELTA))])
    store = store_of(repo)
    assert store.read(A) == ("blob", b"hello")
    assert store.header(B) == ("blob", 1 << 33)
    with pytest.raises(ObjectTooLargeError):
        store.read(B)


def test_what_a_chain_passes_through_is_bounded_too(repo: GitRepo) -> None:
    # C is one byte long, but built on B, which asks for 8 GiB.
    small = b"\x80\x80\x80\x80\x20\x01\x01x"
    put_pack(
        repo,
        [
            (A, entry(3, 5) + zlib.compress(b"hello")),
            (B, entry(7, len(HUGE_DELTA), A) + zlib.compress(HUGE_DELTA)),
            (C, entry(7, len(small), B) + zlib.compress(small)),
        ],
    )
    store = store_of(repo)
    assert store.header(C) == ("blob", 1)
    with pytest.raises(CorruptObjectError, match="limit"):
        store.read(C)


def test_deltas_in_a_circle(repo: GitRepo) -> None:
    delta = b"\x05\x05\x90\x05"
    packed = zlib.compress(delta)
    put_pack(repo, [(A, entry(7, 4, B) + packed), (B, entry(7, 4, A) + packed), (C, entry(7, 4, C) + packed)])
    for oid in (A, B, C):
        with pytest.raises(CorruptObjectError, match="does not end"):
            store_of(repo).read(oid)


def test_a_delta_on_an_object_elsewhere(repo: GitRepo) -> None:
    loose = bytes.fromhex(repo.id("HEAD:a.txt"))
    delta = b"\x02\x03\x90\x02\x01!"
    put_pack(repo, [(A, entry(7, len(delta), loose) + zlib.compress(delta))], "one")
    delta = b"\x03\x04\x90\x03\x01?"
    put_pack(repo, [(B, entry(7, len(delta), A) + zlib.compress(delta)), (C, entry(7, len(delta), b"\x77" * 20) + zlib.compress(delta))], "two")
    store = store_of(repo)
    assert store.read(B) == ("blob", b"a\n!?")
    assert store.header(B) == ("blob", 4)
    with pytest.raises(CorruptObjectError, match="base"):
        store.read(C)


@pytest.mark.parametrize("bad", [entry(0, 3), entry(5, 3), entry(3, 3), entry(6, 3, b"\x7f"), entry(6, 3, b"\0"), b"\xff" * 60], ids=str)
def test_pack_entries_that_do_not_hold(repo: GitRepo, bad: bytes) -> None:
    put_pack(repo, [(A, bad)])
    store = store_of(repo)
    with pytest.raises(CorruptObjectError):
        store.read(A)


def test_a_whole_copy_stands_in_for_a_broken_one(repo: GitRepo) -> None:
    put_pack(repo, [(A, entry(3, 5) + zlib.compress(b"hello"))])
    put_loose(repo, A.hex(), b"blob 77\0no")
    assert store_of(repo).read(A) == ("blob", b"hello")


def test_a_pack_that_appears_during_the_scan_is_seen(repo: GitRepo) -> None:
    store = store_of(repo)
    oid = bytes.fromhex(repo.id("HEAD:a.txt"))
    assert A not in store
    repo("gc", "-q")
    assert store.read(oid) == ("blob", b"a\n")


def test_alternates(repo: GitRepo, tmp_path: Path) -> None:
    repo("clone", "-q", "--shared", str(repo.top), "../borrower")
    borrower = GitRepo(tmp_path / "borrower", init=False)
    oid = bytes.fromhex(repo.id("HEAD:a.txt"))
    assert ObjectStore(discover(borrower.path)).read(oid) == ("blob", b"a\n")
    narrow = ObjectStore(discover(borrower.path, allowed_roots=(borrower.path,)))
    with pytest.raises(MissingObjectError):
        narrow.read(oid)
    assert narrow.refused == [repo.path + b"/.git/objects"]
    wide = ObjectStore(discover(borrower.path, allowed_roots=(borrower.path, repo.path)))
    assert wide.read(oid) == ("blob", b"a\n")
    # In a circle, relative, with a comment.
    repo.write(".git/objects/info/alternates", "# nothing\n../../../borrower/.git/objects\n/nowhere\n")
    assert b"\1" * 20 not in ObjectStore(discover(borrower.path))


def test_links_to_objects_outside_are_followed_only_when_allowed(repo: GitRepo, tmp_path: Path) -> None:
    repo("gc", "-q")
    oid = bytes.fromhex(repo.id("HEAD:a.txt"))
    shutil.move(repo.top / ".git/objects/pack", tmp_path / "pack")
    (repo.top / ".git/objects/pack").symlink_to(tmp_path / "pack")
    assert oid in ObjectStore(discover(repo.path))
    assert oid not in ObjectStore(discover(repo.path, allowed_roots=(repo.path,)))


def test_further_object_directories_named_by_the_caller(repo: GitRepo, tmp_path: Path) -> None:
    other = GitRepo(tmp_path / "other")
    other.add("b.txt", "b\n")
    found = discover(repo.path, object_dirs=(other.path + b"/.git/objects",), allowed_roots=(repo.path,))
    assert ObjectStore(found).read(bytes.fromhex(other.id(":b.txt"))) == ("blob", b"b\n")


def test_a_commit_and_a_tree(repo: GitRepo) -> None:
    first = bytes.fromhex(repo.id("HEAD"))
    second = repo.commit("second\n\nbody", GIT_AUTHOR_NAME="Ä", GIT_AUTHOR_DATE="1600000000 +0200")
    store = store_of(repo)
    data = store.read(bytes.fromhex(second))[1]
    commit = parse_commit(data, 20)
    assert commit.parents == (first,)
    assert commit.tree == bytes.fromhex(repo.id("HEAD^{tree}"))
    assert (commit.author, commit.author_date, commit.commit_date) == ("Ä <a@example.com>".encode(), 1600000000, 1700000000)
    assert data[commit.message :] == b"second\n\nbody\n"
    assert parse_tree(store.read(commit.tree)[1], 20) == {b"a.txt": (0o100644, bytes.fromhex(repo.id("HEAD:a.txt")))}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_place_of_an_object_does_not_hang(repo: GitRepo) -> None:
    folder = repo.top / ".git/objects/ab"
    folder.mkdir()
    os.mkfifo(folder / ("ab" * 19))
    with pytest.raises(CorruptObjectError):
        store_of(repo).read(b"\xab" * 20)
