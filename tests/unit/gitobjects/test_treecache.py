from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.gitobjects import treecache
from leaksieve.gitobjects.errors import CorruptObjectError, MissingObjectError, ObjectTooLargeError
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import discover
from leaksieve.gitobjects.treecache import EMPTY_TREES, TreeCache


def history(repo: GitRepo, commits: int = 12) -> None:
    stream = []
    for number in range(commits):
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.com> {1700000000 + number} +0000\ndata 1\nm")
        names = range(120) if not number else [number, 119 - number]
        stream += [f"M 100644 inline dir/file-{name:03}\ndata 2\n{chr(97 + number % 26)}{name % 10}" for name in names]
    repo("fast-import", "--quiet", stdin=("\n".join(stream) + "\n").encode())


def trees(repo: GitRepo) -> dict[bytes, bytes]:
    lines = repo("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)").decode().splitlines()
    oids = [line.split()[0] for line in lines if line.endswith(" tree")]
    return {bytes.fromhex(oid): repo("cat-file", "tree", oid) for oid in oids}


def opened(repo: GitRepo, kept: int = treecache.DEFAULT_KEPT) -> TreeCache:
    store = ObjectStore(discover(repo.path))
    return TreeCache(store, store.packs(), kept)


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
@pytest.mark.parametrize("layout", ["loose", "packed", "two packs", "version 1"])
@pytest.mark.parametrize("kept", [1 << 25, 20_000, 0])
def test_every_tree_as_git_reads_it(tmp_path: Path, options: tuple[str, ...], layout: str, kept: int) -> None:
    repo = GitRepo(tmp_path / "repo", *options)
    if layout == "loose":
        repo("config", "fastimport.unpackLimit", "100000")
    history(repo)
    if layout != "loose":
        version = ["-c", "pack.indexVersion=1"] if layout == "version 1" else []
        repo(*version, "repack", "-adfq", "--depth=50")
    if layout == "two packs":
        repo("checkout", "-q", "main")
        repo.add("dir/file-003", "new\n")
        repo.commit()
        repo("repack", "-q")
    expected = trees(repo)
    cache = opened(repo, kept)
    for _ in range(2):
        assert {oid: cache.read(oid) for oid in expected} == expected
    assert {oid: cache.read(oid) for oid in reversed(expected)} == expected


def test_what_cannot_be_read(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    history(repo)
    repo("repack", "-adfq")
    cache = opened(repo)
    with pytest.raises(MissingObjectError):
        cache.read(b"\1" * 20)
    with pytest.raises(MissingObjectError):
        cache.read(b"\1" * 32)
    for other in ("main", "main:dir/file-001"):
        with pytest.raises(CorruptObjectError):
            cache.read(bytes.fromhex(repo.id(other)))
    for oid in EMPTY_TREES:
        assert cache.read(oid) == b""


def test_a_broken_pack_is_told_of_and_another_copy_is_used(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    history(repo)
    repo("repack", "-adfq")
    wanted = trees(repo)
    (pack,) = (repo.top / ".git" / "objects" / "pack").glob("*.pack")
    copies = {oid.hex(): repo("cat-file", "tree", oid.hex()) for oid in list(wanted)[:3]}
    data = bytearray(pack.read_bytes())
    for at in range(2000, len(data) - 40, 50):
        data[at] ^= 0x55
    pack.chmod(0o600)
    pack.write_bytes(data)
    cache = opened(repo)
    failed = 0
    for oid, content in wanted.items():
        try:
            assert cache.read(oid) == content
        except CorruptObjectError:
            failed += 1
    assert failed
    for content in copies.values():
        repo("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=content)
    # git does not write what it believes to have; by hand then.
    elsewhere = GitRepo(tmp_path / "elsewhere")
    for content in copies.values():
        elsewhere("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=content)
    (repo.top / ".git" / "objects" / "info" / "alternates").write_text(str(elsewhere.top / ".git" / "objects") + "\n")
    cache = opened(repo)
    assert {oid: cache.read(bytes.fromhex(oid)) for oid in copies} == copies


def test_sizes_are_looked_at_before_anything_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = GitRepo(tmp_path / "repo")
    history(repo)
    repo("repack", "-adfq")
    monkeypatch.setattr(treecache, "TREE_LIMIT", 1000)
    with pytest.raises(ObjectTooLargeError):
        opened(repo).read(bytes.fromhex(repo.id("main:dir")))
