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
NAME = "stock"
KEY = b"k" * 32
DATA = b"what was learnt"
OTHER = b"what was learnt later"


def reopen(folder: Path, signature: bytes = SIGNATURE, repository: bytes = b"") -> HistoryCache:
    cache = HistoryCache.open(os.fsencode(folder), signature, repository)
    assert cache.usable, cache.notes
    return cache


def fill(folder: Path, data: bytes = DATA) -> None:
    with reopen(folder) as cache:
        cache.put_derived(NAME, KEY, data)


def entries(folder: Path) -> list[Path]:
    return [path for path in (folder / "history-1").iterdir() if path.name not in ("key", "lock")]


def inode(folder: Path) -> int:
    (path,) = entries(folder)
    return path.stat().st_ino


def test_what_is_put_is_kept_until_it_is_replaced(tmp_path: Path) -> None:
    with reopen(tmp_path) as cache:
        assert cache.derived(NAME, KEY) is None
        cache.put_derived(NAME, KEY, b"first")
        cache.put_derived(NAME, KEY, DATA)
        assert cache.derived(NAME, KEY) == DATA
        assert reopen(tmp_path).derived(NAME, KEY) is None
    with reopen(tmp_path) as cache:
        assert cache.derived(NAME, KEY) == DATA
        cache.put_derived(NAME, KEY, OTHER)
        cache.save()
        assert cache.derived(NAME, KEY) == OTHER
        cache.put_derived(NAME, KEY, b"")
        cache.put_derived(NAME, b"", DATA)
        assert cache.notes == []
    assert reopen(tmp_path).derived(NAME, KEY) == b""
    assert reopen(tmp_path).derived(NAME, b"") == DATA


def test_what_another_run_saves_meanwhile_is_seen(tmp_path: Path) -> None:
    cache = reopen(tmp_path)
    fill(tmp_path)
    assert cache.derived(NAME, KEY) == DATA
    fill(tmp_path, OTHER)
    assert cache.derived(NAME, KEY) == OTHER


def test_other_scans_names_and_keys_know_nothing(tmp_path: Path) -> None:
    fill(tmp_path)
    assert reopen(tmp_path, b"t" * 32).derived(NAME, KEY) is None
    assert reopen(tmp_path).derived("told", KEY) is None
    assert reopen(tmp_path).derived(NAME, b"l" * 32) is None
    # However the parts are cut.
    assert reopen(tmp_path).derived(NAME + "k", KEY[1:]) is None
    assert reopen(tmp_path, SIGNATURE[1:]).derived(NAME, KEY) is None


def test_a_file_under_another_name_is_not_believed(tmp_path: Path) -> None:
    fill(tmp_path)
    (path,) = entries(tmp_path)
    with reopen(tmp_path, b"t" * 32) as cache:
        cache.put_derived(NAME, KEY, OTHER)
    (other,) = set(entries(tmp_path)) - {path}
    other.write_bytes(path.read_bytes())
    cache = reopen(tmp_path, b"t" * 32)
    assert cache.derived(NAME, KEY) is None
    assert "verify" in cache.notes[0]


def test_a_key_of_another_machine_opens_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "a")
    fill(tmp_path / "b", OTHER)
    (ours,) = entries(tmp_path / "b")
    (theirs,) = entries(tmp_path / "a")
    assert ours.name != theirs.name
    ours.write_bytes(theirs.read_bytes())
    assert reopen(tmp_path / "b").derived(NAME, KEY) is None


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    fill(tmp_path)
    before = inode(tmp_path)
    fill(tmp_path)
    with reopen(tmp_path) as cache:
        cache.derived(NAME, KEY)
        cache.put_derived(NAME, KEY, DATA)
    assert inode(tmp_path) == before
    fill(tmp_path, OTHER)
    assert inode(tmp_path) != before


def test_a_shorter_value_takes_a_longer_ones_place(tmp_path: Path) -> None:
    fill(tmp_path, OTHER)
    with reopen(tmp_path) as cache:
        cache.put_derived(NAME, KEY, b"short")
    assert cache.notes == []
    assert reopen(tmp_path).derived(NAME, KEY) == b"short"


def test_what_is_kept_belongs_to_one_repository(tmp_path: Path) -> None:
    with reopen(tmp_path, repository=b"a") as cache:
        cache.put_derived(NAME, b"", DATA)
    assert reopen(tmp_path, repository=b"b").derived(NAME, b"") is None
    assert reopen(tmp_path).derived(NAME, b"") is None
    with reopen(tmp_path, repository=b"b") as cache:
        cache.put_derived(NAME, b"", OTHER)
    assert reopen(tmp_path, repository=b"a").derived(NAME, b"") == DATA
    assert reopen(tmp_path, repository=b"b").derived(NAME, b"") == OTHER


def test_what_is_too_large_is_neither_kept_nor_read(tmp_path: Path) -> None:
    with reopen(tmp_path) as cache:
        cache.put_derived("large", b"", bytes(16 * MIB))
        cache.put_derived("larger", b"", bytes(16 * MIB + 1))
        cache.put_derived("largest", b"", bytes(17 * MIB))
    cache = reopen(tmp_path)
    assert cache.derived("large", b"") == bytes(16 * MIB)
    assert cache.derived("larger", b"") is None
    assert cache.derived("largest", b"") is None
    (path,) = entries(tmp_path)
    assert cache._sealed.read(cache._purpose("large", b""), 16 * MIB - 1) is None
    with path.open("ab") as file:
        file.write(b"x")
    assert cache.derived("large", b"") is None


def test_results_are_told_apart_by_name_and_key(tmp_path: Path) -> None:
    with reopen(tmp_path) as cache:
        cache.put_derived("refs", b"k", b"value")
        assert cache.derived("refs", b"k") == b"value"
    cache = reopen(tmp_path)
    assert cache.derived("refs", b"k") == b"value"
    assert cache.derived("ref", b"sk") is None


def test_without_a_place_nothing_is_known_or_kept() -> None:
    cache = HistoryCache.without("why")
    assert not cache.usable
    assert cache.notes == ["why"]
    cache.put_derived("a", b"", b"")
    cache.put_derived(NAME, KEY, DATA)
    cache.close()
    assert (cache.derived("a", b""), cache.derived(NAME, KEY)) == (None, None)


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
    assert reopen(tmp_path).derived(NAME, KEY) == DATA
    assert path.stat().st_mtime > time.time() - 60


CHILD = """
import sys
from leaksieve.cache.history import HistoryCache
folder, number = sys.argv[1].encode(), int(sys.argv[2])
for turn in range(10):
    with HistoryCache.open(folder, b"s" * 32) as cache:
        mine = bytes([turn * 4 + number])
        cache.put_derived("one of many", mine, mine * 20)
        # Two that belong together, one of them too long for a single page.
        for name in ("shared", "shared too"):
            seen = cache.derived(name, b"")
            assert seen is None or seen == seen[:1] * 30_000, "torn"
            cache.put_derived(name, b"", mine * 30_000)
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
    for mine in map(bytes, zip(range(40))):
        assert cache.derived("one of many", mine) == mine * 20
    assert cache.derived("one of many", b"\x28") is None
    # Of what all of them wrote, that of a single run holds.
    shared = cache.derived("shared", b"")
    assert shared in [bytes([last]) * 30_000 for last in range(36, 40)]
    assert cache.derived("shared too", b"") == shared
    assert len(entries(tmp_path / "new")) == 42
    assert cache.notes == []


def test_a_stopped_run_that_holds_the_lock_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_PATIENCE", 0.05)
    fill(tmp_path)
    with reopen(tmp_path)._sealed.lock() as held:
        assert held
        fill(tmp_path, OTHER)
    assert reopen(tmp_path).derived(NAME, KEY) == OTHER


LIMITED = """
import resource, sys
from leaksieve.cache.history import HistoryCache
cache = HistoryCache.open(sys.argv[1].encode(), b"s" * 32)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
cache.put_derived("stock", b"k" * 32, b"what was learnt later")
cache.put_derived("stock", b"l" * 32, b"\\xff" * 100_000)
cache.close()
assert "not saved in full" in cache.notes[0], cache.notes
"""


def test_a_file_that_cannot_be_written_whole_is_not_written(tmp_path: Path) -> None:
    fill(tmp_path)
    process = child(LIMITED, tmp_path)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0
    cache = reopen(tmp_path)
    assert cache.derived(NAME, KEY) == OTHER
    assert cache.derived(NAME, b"l" * 32) is None
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
    cache.put_derived(NAME, KEY, OTHER)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        cache.save()
    assert "No space left" in cache.notes[-1]
    assert len(entries(tmp_path)) == 1
    assert reopen(tmp_path).derived(NAME, KEY) == DATA


def test_ctrl_c_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)

    def interrupt(*_):
        raise KeyboardInterrupt

    cache = reopen(tmp_path)
    cache.put_derived(NAME, KEY, OTHER)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cache.save()
    assert len(entries(tmp_path)) == 1
    assert reopen(tmp_path).derived(NAME, KEY) == DATA


def test_long_values_outlive_their_replacement(tmp_path: Path) -> None:
    fill(tmp_path, b"\x0f" * 250_000)
    cache = reopen(tmp_path)
    data = cache.derived(NAME, KEY)
    fill(tmp_path, b"\xff" * 250_000)
    assert data == b"\x0f" * 250_000
    assert reopen(tmp_path).derived(NAME, KEY) == b"\xff" * 250_000


def test_a_file_that_comes_in_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    cache = reopen(tmp_path)
    real = os.read
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", lambda descriptor, size: real(descriptor, min(size, 7)))
        assert cache.derived(NAME, KEY) == DATA
    with monkeypatch.context() as patch:
        # As when it is cut off after it was measured.
        patch.setattr(os, "read", lambda *_: b"")
        assert cache.derived(NAME, KEY) is None
    assert "verify" in cache.notes[0]
