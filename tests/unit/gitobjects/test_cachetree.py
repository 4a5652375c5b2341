"""The cache-tree: which directory is whose, and what its numbers are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.gitobjects.cachetree import CacheTree, parse_cache_tree
from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.index import read_index
from leaksieve.gitobjects.repository import discover


def flat(node: CacheTree, prefix: bytes = b"") -> dict[bytes, tuple[int, bytes]]:
    found = {prefix: (node.count, node.oid)}
    for name, child in node.children.items():
        found |= flat(child, prefix + name + b"/")
    return found


def test_nested_directories_are_told_apart() -> None:
    a, b = b"a" * 20, b"b" * 20
    data = b"\0-1 3\n" + b"x\x004 1\n" + a + b"deep\x002 0\n" + b + b"y\0-1 1\n" + b"deep\x001 0\n" + a + b"z\x001 0\n" + b
    expected = {b"": (-1, b""), b"x/": (4, a), b"x/deep/": (2, b), b"y/": (-1, b""), b"y/deep/": (1, a), b"z/": (1, b)}
    assert flat(parse_cache_tree(data, 20)) == expected


@pytest.mark.parametrize("data", [b"", b"\0", b"\x001 0\nshort", b"\0-1 1\n", b"\0-1 -1\n", b"\0x 0\n"])
def test_what_does_not_hold(data: bytes) -> None:
    with pytest.raises(BadDataError):
        parse_cache_tree(data, 20)


def test_as_git_writes_it(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    for path in ("a/b/c.txt", "a/b/d/e.txt", "a/f.txt", "g/h.txt", "i.txt"):
        repo.write(path, path)
    repo("add", ".")
    repo.commit()
    index = read_index(discover(repo.path))
    assert index is not None
    assert index.cache_tree is not None
    expected = {b"": (5, repo.id("HEAD^{tree}"))}
    for path, count in (("a", 3), ("a/b", 2), ("a/b/d", 1), ("g", 1)):
        expected[path.encode() + b"/"] = (count, repo.id(f"HEAD:{path}"))
    assert {path: (count, oid.hex()) for path, (count, oid) in flat(index.cache_tree).items()} == expected
    repo.add("a/b/c.txt", "changed")
    index = read_index(discover(repo.path))
    assert index is not None
    assert index.cache_tree is not None
    assert {path for path, (count, _) in flat(index.cache_tree).items() if count < 0} == {b"", b"a/", b"a/b/"}
