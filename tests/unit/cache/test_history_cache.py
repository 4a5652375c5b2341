"""What goes into the history cache comes out again, for the same scan of the same files only."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leaksieve.cache import sealed
from leaksieve.cache.history import HistoryCache
from leaksieve.cache.sealed import MIB

SIGNATURE = b"s" * 32
PACK = b"p" * 32
COUNT = 20
BITS = b"\x01\x80\x05"


def reopen(folder: Path, signature: bytes = SIGNATURE, repository: bytes = b"") -> HistoryCache:
    cache = HistoryCache.open(os.fsencode(folder), signature, repository)
    assert cache.usable, cache.notes
    return cache


def fill(folder: Path, bits: bytes = BITS) -> None:
    with reopen(folder) as cache:
        cache.add(PACK, COUNT, bits)


def entries(folder: Path) -> list[Path]:
    return [path for path in (folder / "history-1").iterdir() if path.name not in ("key", "lock")]


def inode(folder: Path) -> int:
    (path,) = entries(folder)
    return path.stat().st_ino


def test_bits_are_kept_and_joined(tmp_path: Path) -> None:
    with reopen(tmp_path) as cache:
        assert cache.clean(PACK, COUNT) is None
        cache.add(PACK, COUNT, b"\x01\x00\x00")
        cache.add(PACK, COUNT, bytearray(b"\x00\x80\x00"))
    with reopen(tmp_path) as cache:
        assert cache.clean(PACK, COUNT) == b"\x01\x80\x00"
        cache.add(PACK, COUNT, b"\x00\x00\x05")
        cache.save()
        assert cache.clean(PACK, COUNT) == BITS
        assert cache.notes == []


def test_bits_past_the_count_are_dropped(tmp_path: Path) -> None:
    fill(tmp_path, b"\xff\xff\xff")
    assert reopen(tmp_path).clean(PACK, COUNT) == b"\xff\xff\x0f"


def test_other_scans_packs_and_counts_know_nothing(tmp_path: Path) -> None:
    fill(tmp_path)
    assert reopen(tmp_path, b"t" * 32).clean(PACK, COUNT) is None
    assert reopen(tmp_path).clean(b"q" * 32, COUNT) is None
    assert reopen(tmp_path).clean(PACK, COUNT + 1) is None


def test_a_file_under_another_name_is_not_believed(tmp_path: Path) -> None:
    fill(tmp_path)
    (path,) = entries(tmp_path)
    with reopen(tmp_path, b"t" * 32) as cache:
        cache.add(PACK, COUNT, b"\x02\x00\x00")
    (other,) = set(entries(tmp_path)) - {path}
    other.write_bytes(path.read_bytes())
    cache = reopen(tmp_path, b"t" * 32)
    assert cache.clean(PACK, COUNT) is None
    assert "verify" in cache.notes[0]


def test_a_key_of_another_machine_opens_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "a")
    fill(tmp_path / "b", b"\x02\x00\x00")
    (ours,) = entries(tmp_path / "b")
    (theirs,) = entries(tmp_path / "a")
    ours.write_bytes(theirs.read_bytes())
    assert reopen(tmp_path / "b").clean(PACK, COUNT) is None


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    fill(tmp_path)
    before = inode(tmp_path)
    fill(tmp_path)
    with reopen(tmp_path) as cache:
        cache.clean(PACK, COUNT)
        cache.add(PACK, COUNT, b"\x01\x00\x00")
    assert inode(tmp_path) == before


def test_a_bitmap_of_the_wrong_length_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 bytes long"):
        reopen(tmp_path).add(PACK, COUNT, b"\x00")
    with pytest.raises(ValueError, match="cut off"):
        reopen(tmp_path).clean_ids(b"12345", 4)


def test_loose_records_belong_to_one_repository(tmp_path: Path) -> None:
    one, two = b"1" * 16, b"2" * 16
    with reopen(tmp_path, repository=b"a") as cache:
        cache.add_loose({one})
    with reopen(tmp_path, repository=b"a") as cache:
        cache.add_loose({two})
    assert reopen(tmp_path, repository=b"a").clean_loose() == {one, two}
    assert reopen(tmp_path, repository=b"b").clean_loose() == set()


def test_ids_carry_over_to_another_pack(tmp_path: Path) -> None:
    with reopen(tmp_path) as cache:
        assert cache.clean_ids(b"aabbcc", 2) is None
        cache.add_ids(b"aabbcc", 2, b"\x05")
    with reopen(tmp_path) as cache:
        cache.add_ids(b"aadd", 2, b"\x02")
    cache = reopen(tmp_path)
    assert cache.clean_ids(b"aabbccddee", 2) == b"\x0d"
    assert cache.clean_ids(b"aab", 3) is None


def test_derived_results_are_told_apart_by_name_and_key(tmp_path: Path) -> None:
    with reopen(tmp_path) as cache:
        cache.put_derived("refs", b"k", b"value")
        assert cache.derived("refs", b"k") == b"value"
        cache.put_derived("large", b"", bytes(17 * MIB))
    cache = reopen(tmp_path)
    assert cache.derived("refs", b"k") == b"value"
    assert cache.derived("ref", b"sk") is None
    assert cache.derived("large", b"") is None


def test_without_a_place_nothing_is_known_or_kept() -> None:
    cache = HistoryCache.without("why")
    assert not cache.usable
    assert cache.notes == ["why"]
    cache.add(PACK, COUNT, BITS)
    cache.add_loose({b"1" * 16})
    cache.add_ids(b"aa", 2, b"\x01")
    cache.put_derived("a", b"", b"")
    cache.close()
    assert (cache.clean(PACK, COUNT), cache.clean_loose(), cache.clean_ids(b"aa", 2), cache.derived("a", b"")) == (None, set(), None, None)


def test_long_unused_and_surplus_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    made: list[Path] = []
    with reopen(tmp_path) as cache:
        for number in range(4):
            cache.put_derived("n", bytes([number]), bytes(1000))
            cache.save()
            made += set(entries(tmp_path)) - set(made)
    # Unused for 91 days, half a year ahead of time, two hours and one hour old.
    for path, age in zip(made, (91 * 86400, -180 * 86400, 7200, 3600), strict=True):
        os.utime(path, (now - age, now - age))
    folder = tmp_path / "history-1"
    (folder / ("tmp-" + "0" * 24)).write_bytes(b"cut off")
    os.utime(folder / ("tmp-" + "0" * 24), (now - 7200, now - 7200))
    (folder / "not ours").write_bytes(b"")
    monkeypatch.setattr(sealed.Sealed.trim, "__defaults__", (2500, 10))
    with reopen(tmp_path) as cache:
        cache.put_derived("m", b"", b"")
    cache = reopen(tmp_path)
    assert [cache.derived("n", bytes([number])) is not None for number in range(4)] == [False, False, True, True]
    assert cache.derived("m", b"") == b""
    assert (folder / "not ours").exists()
    assert not list(folder.glob("tmp-*"))


def test_use_keeps_a_file_young(tmp_path: Path) -> None:
    fill(tmp_path)
    (path,) = entries(tmp_path)
    os.utime(path, (time.time() - 80 * 86400,) * 2)
    reopen(tmp_path).clean(PACK, COUNT)
    assert path.stat().st_mtime > time.time() - 60


CHILD = """
import sys
from leaksieve.cache.history import HistoryCache
folder, number = sys.argv[1].encode(), int(sys.argv[2])
for turn in range(10):
    with HistoryCache.open(folder, b"s" * 32) as cache:
        bit = turn * 4 + number
        cache.add(b"p" * 32, 40, (1 << bit).to_bytes(5, "little"))
        cache.add_loose({bytes([bit]) * 16})
        cache.add_ids(bytes([bit]) * 20, 20, b"\\x01")
    assert not cache.notes, cache.notes
"""


def child(*arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(sealed.__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", *map(str, arguments)], env=environment, stderr=subprocess.PIPE)


def test_concurrent_runs_lose_nothing(tmp_path: Path) -> None:
    # They start in a place that is not there yet, so that making the key is part of the race.
    children = [child(CHILD, tmp_path / "new", number) for number in range(4)]
    for process in children:
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode == 0
    cache = reopen(tmp_path / "new")
    assert cache.clean(b"p" * 32, 40) == b"\xff" * 5
    assert len(cache.clean_loose()) == 40
    assert cache.clean_ids(b"".join(bytes([bit]) * 20 for bit in range(41)), 20) == b"\xff" * 5 + b"\x00"


def test_a_stopped_run_that_holds_the_lock_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_PATIENCE", 0.05)
    fill(tmp_path)
    with reopen(tmp_path)._sealed.lock() as held:
        assert held
        fill(tmp_path, b"\x02\x00\x00")
    assert reopen(tmp_path).clean(PACK, COUNT) == b"\x03\x80\x05"


LIMITED = """
import resource, sys
from leaksieve.cache.history import HistoryCache
cache = HistoryCache.open(sys.argv[1].encode(), b"s" * 32)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
cache.add(b"p" * 32, 20, b"\\x02\\x00\\x00")
cache.add(b"q" * 32, 800_000, b"\\xff" * 100_000)
cache.close()
assert "not saved in full" in cache.notes[0], cache.notes
"""


def test_a_file_that_cannot_be_written_whole_is_not_written(tmp_path: Path) -> None:
    fill(tmp_path)
    process = child(LIMITED, tmp_path)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0
    cache = reopen(tmp_path)
    assert cache.clean(PACK, COUNT) == b"\x03\x80\x05"
    assert cache.clean(b"q" * 32, 800_000) is None
    assert len(entries(tmp_path)) == 1


@pytest.mark.parametrize("call", ["open", "write", "close", "replace"])
def test_no_call_that_fails_leaves_anything_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    fill(tmp_path)
    real = getattr(os, call)

    def full(*arguments, **options):
        if call == "open" and not arguments[0].startswith(b"tmp-"):
            return real(*arguments, **options)
        if call == "close":
            real(*arguments)
        raise OSError(28, "No space left on device")

    cache = reopen(tmp_path)
    cache.add(PACK, COUNT, b"\x02\x00\x00")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        cache.save()
    assert "No space left" in cache.notes[-1]
    assert len(entries(tmp_path)) == 1
    assert reopen(tmp_path).clean(PACK, COUNT) == BITS


def test_ctrl_c_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)

    def interrupt(*_):
        raise KeyboardInterrupt

    cache = reopen(tmp_path)
    cache.add(PACK, COUNT, b"\x02\x00\x00")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cache.save()
    assert len(entries(tmp_path)) == 1


def test_long_bitmaps_are_mapped_and_outlive_their_replacement(tmp_path: Path) -> None:
    count = 2_000_000
    with reopen(tmp_path) as cache:
        cache.add(PACK, count, b"\x0f" * (count // 8))
    cache = reopen(tmp_path)
    bits = cache.clean(PACK, count)
    with reopen(tmp_path) as other:
        other.add(PACK, count, b"\xff" * (count // 8))
    assert bits == b"\x0f" * (count // 8)
    assert reopen(tmp_path).clean(PACK, count) == b"\xff" * (count // 8)
