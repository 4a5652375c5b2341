"""Packs made to hang, crash or mislead a scan: the rest is scanned, memory stays bounded, what is broken is said."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import packcraft as craft
from gitrepo import GitRepo
from hurtful import CRAFTED, Crafted
from planted import token
from wreck import check, scanned

pytestmark = pytest.mark.e2e


def test_git_reads_what_is_written_by_hand(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    blob = craft.whole("blob", b"hello, world\n" * 40)
    results = [b"".join((blob.data[:300], b"x" * 200)), b"hello"]
    deltas = [craft.delta(520, 500, craft.copy(0, 300), craft.literal(b"x" * 200)), craft.delta(500, 5, craft.copy(0, 5))]
    ids = [craft.object_id("blob", data) for data in results]
    large = craft.Entry("blob", b"", craft.object_id("blob", bytes(3 << 20)), size=3 << 20, stream=craft.zeros(3 << 20))
    entries = [blob, craft.Entry("ofs", deltas[0], ids[0], 0), craft.Entry("ref", deltas[1], ids[1], ids[0]), large]
    path = craft.write_pack(repo.top / ".git/objects", entries)
    for oid, data in zip(ids, results, strict=True):
        assert repo("cat-file", "blob", oid.hex()) == data
    assert repo("cat-file", "blob", large.oid.hex()) == bytes(3 << 20)
    repo("index-pack", "--strict", str(path), "-o", str(tmp_path / "fresh.idx"))


@pytest.mark.parametrize("made", CRAFTED)
def test_git_finds_the_planted_blob_in_each(tmp_path: Path, made: Callable[[], Crafted]) -> None:
    case = made()
    repo = GitRepo(tmp_path / "repo", "--template=")
    craft.write_pack(repo.top / ".git/objects", case.entries)
    assert repo("cat-file", "blob", case.entries[0].oid.hex()) == case.entries[0].data


@pytest.mark.parametrize("made", CRAFTED)
def test_a_pack_made_to_hurt(tmp_path: Path, made: Callable[[], Crafted]) -> None:
    repo = GitRepo(tmp_path / "repo", "--template=")
    case = made()
    loose = token(463)
    repo.add("loose.env", f"key = {loose}\n")
    craft.write_pack(repo.top / ".git/objects", case.entries)
    if case.tip:
        repo.write(".git/refs/heads/main", case.tip.hex() + "\n")
    check(scanned(repo.top, timeout=20), {loose, *case.found}, failed=case.failed)
