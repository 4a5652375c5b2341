"""Answers are bound to the scan's settings and to the files that gave them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from gitrepo import GitRepo

from leaksieve.cache import identity
from leaksieve.cache.identity import loose_record, pack_identity, signature
from leaksieve.config import AllowEntry, Config


def test_what_decides_changes_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    base = signature("hash", Config())
    others = [
        signature("other", Config()),
        signature("hash", Config(), b"names"),
        signature("hash", Config(max_file_size=1)),
        signature("hash", Config(max_decode_depth=1)),
        signature("hash", Config(max_archive_depth=1)),
        signature("hash", Config(rule_timeout=1)),
    ]
    monkeypatch.setattr(identity, "__version__", "0")
    others.append(signature("hash", Config()))
    assert len({base, *others}) == 8


def test_what_only_changes_the_report_does_not() -> None:
    base = signature("hash", Config())
    for changed in (Config(jobs=3), Config(engine="hyperscan"), Config(allow=(AllowEntry("known"),)), Config(reveal=True), Config(confidence="low")):
        assert signature("hash", changed) == base


def test_every_setting_left_out_is_one() -> None:
    assert set(Config._fields) >= identity._WITHOUT_EFFECT


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    pack, index = tmp_path / "a.pack", tmp_path / "a.idx"
    pack.write_bytes(b"PACK" + bytes(100))
    index.write_bytes(b"index" + bytes(100))
    return pack, index


def identify(pack: Path, index: Path) -> bytes:
    return pack_identity(os.fsencode(pack), os.fsencode(index))


def test_a_pack_is_the_same_until_its_files_change(pair: tuple[Path, Path]) -> None:
    pack, index = pair
    before = identify(pack, index)
    assert identify(pack, index) == before
    os.utime(pack, (1, 1))  # git freshens a pack it meets again
    assert identify(pack, index) == before
    with pack.open("rb") as one, index.open("rb") as two:
        assert pack_identity(one.fileno(), two.fileno()) == before


def test_a_pack_of_another_user_is_known_by_its_times_too(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    before = identify(*pair)
    assert identify(*pair) == before
    os.utime(pair[0], (1, 1))
    assert identify(*pair) != before


def test_git_meeting_an_object_again_changes_nothing_and_a_repack_does(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.add("file", b"content")
    repo.commit()
    repo("repack", "-adq")
    (pack,) = (repo.top / ".git/objects/pack").glob("*.pack")
    os.utime(pack, (1, 1))
    before = identify(pack, pack.with_suffix(".idx"))
    repo("hash-object", "-w", "--stdin", stdin=b"content")
    assert pack.stat().st_mtime > 1
    assert identify(pack, pack.with_suffix(".idx")) == before
    repo.commit()
    repo("repack", "-adq")
    (other,) = (repo.top / ".git/objects/pack").glob("*.pack")
    assert identify(other, other.with_suffix(".idx")) != before


@pytest.mark.parametrize("which", [0, 1])
def test_a_copy_or_a_changed_file_is_another(pair: tuple[Path, Path], which: int) -> None:
    seen = {identify(*pair)}
    path = pair[which]
    shutil.copy2(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    seen.add(identify(*pair))
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    seen.add(identify(*pair))
    with path.open("ab") as file:
        file.write(b"x")
    seen.add(identify(*pair))
    assert len(seen) == 4


def test_a_missing_pack_is_an_error(pair: tuple[Path, Path]) -> None:
    pair[0].unlink()
    with pytest.raises(FileNotFoundError):
        identify(*pair)


def test_a_loose_object_put_in_anothers_place_is_another(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"one")
    first = loose_record(b"i" * 20, path.stat())
    assert len(first) == identity.RECORD
    assert loose_record(b"j" * 20, path.stat()) != first
    times = path.stat()
    (tmp_path / "new").write_bytes(b"two")
    (tmp_path / "new").replace(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert loose_record(b"i" * 20, path.stat()) != first
