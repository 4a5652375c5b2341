"""The cache is private to its user, or it is not used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from leaksieve import userdirs
from leaksieve.cache.history import HistoryCache
from leaksieve.cache.sealed import Sealed

SIGNATURE = b"s" * 32
DATA = b"what was learnt"


def use(folder: Path | None) -> HistoryCache:
    with HistoryCache.open(None if folder is None else os.fsencode(folder), SIGNATURE) as cache:
        cache.put_derived("n", b"k", DATA)
    return cache


def refused(folder: Path | None) -> str:
    cache = use(folder)
    assert not cache.usable
    return cache.notes[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert use(tmp_path / "a/b").usable
    finally:
        os.umask(before)
    folder = tmp_path / "a/b/history-1"
    assert mode(folder) == 0o700
    assert mode(tmp_path / "a/b") == 0o700
    files = list(folder.iterdir())
    assert len(files) == 3
    assert {mode(path) for path in files} == {0o600}


def test_a_folder_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    use(tmp_path)
    (tmp_path / "history-1").chmod(0o755)
    assert use(tmp_path).usable
    assert mode(tmp_path / "history-1") == 0o700


def test_a_folder_others_may_write_is_refused(tmp_path: Path) -> None:
    use(tmp_path)
    (tmp_path / "history-1").chmod(0o770)
    assert "can be written by other users" in refused(tmp_path)


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    use(tmp_path / "real")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/history-1").symlink_to(tmp_path / "real/history-1")
    assert "cannot be used" in refused(tmp_path / "cache")


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "history-1").write_bytes(b"")
    assert "cannot be used" in refused(tmp_path)
    assert "cannot be used" in refused(tmp_path / "history-1")
    assert "cannot be used" in refused(Path("a\0b"))


def test_a_folder_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert "belongs to another user" in refused(tmp_path)
    # As under sudo: nothing is made in another user's home either.
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(home))
    assert "another user's folder" in refused(None)
    assert list(home.iterdir()) == []


def test_files_of_someone_else_are_not_believed(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    use(tmp_path)
    folder = tmp_path / "history-1"
    (entry,) = [path for path in folder.iterdir() if path.name not in ("key", "lock")]
    os.chown(entry, 12345, -1)
    cache = HistoryCache.open(os.fsencode(tmp_path), SIGNATURE)
    assert cache.derived("n", b"k") is None
    os.chown(folder / "key", 12345, -1)
    assert "starts anew" in HistoryCache.open(os.fsencode(tmp_path), SIGNATURE).notes[0]


@pytest.mark.parametrize("content", [b"", b"short", b"k" * 33])
def test_a_key_that_does_not_hold_is_replaced(tmp_path: Path, content: bytes) -> None:
    use(tmp_path)
    key = tmp_path / "history-1/key"
    key.write_bytes(content)
    cache = HistoryCache.open(os.fsencode(tmp_path), SIGNATURE)
    assert "starts anew" in cache.notes[0]
    assert cache.derived("n", b"k") is None
    assert len(key.read_bytes()) == 32
    use(tmp_path)
    assert HistoryCache.open(os.fsencode(tmp_path), SIGNATURE).derived("n", b"k") == DATA


def test_a_key_made_by_another_run_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(tmp_path)
    real = Sealed._read_key
    answers = [None]
    monkeypatch.setattr(Sealed, "_read_key", lambda self: answers.pop() if answers else real(self))
    assert HistoryCache.open(os.fsencode(tmp_path), SIGNATURE).derived("n", b"k") == DATA


def test_a_refused_folder_is_closed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_):
        raise OSError(5, "Input/output error")

    use(tmp_path)
    before = os.listdir("/dev/fd")
    (tmp_path / "history-1").chmod(0o770)
    refused(tmp_path)
    (tmp_path / "history-1").chmod(0o700)
    monkeypatch.setattr(Sealed, "_read_key", fail)
    assert "Input/output error" in refused(tmp_path)
    assert len(os.listdir("/dev/fd")) == len(before)


def test_a_key_others_may_read_is_replaced(tmp_path: Path) -> None:
    use(tmp_path)
    key = tmp_path / "history-1/key"
    before = key.read_bytes()
    key.chmod(0o640)
    assert HistoryCache.open(os.fsencode(tmp_path), SIGNATURE).derived("n", b"k") is None
    assert key.read_bytes() != before
    assert mode(key) == 0o600


@pytest.mark.parametrize("name", ["key", "lock", "entry"])
@pytest.mark.parametrize("what", ["pipe", "link", "folder"])
def test_what_is_not_a_file_does_no_harm(tmp_path: Path, name: str, what: str) -> None:
    use(tmp_path)
    folder = tmp_path / "history-1"
    (entry,) = [path for path in folder.iterdir() if path.name not in ("key", "lock")]
    target = entry if name == "entry" else folder / name
    outside = tmp_path / "outside"
    outside.write_bytes(target.read_bytes())
    before = outside.read_bytes()
    target.unlink()
    {"pipe": lambda: os.mkfifo(target), "link": lambda: target.symlink_to(outside), "folder": target.mkdir}[what]()
    with HistoryCache.open(os.fsencode(tmp_path), SIGNATURE) as cache:
        assert cache.derived("n", b"k") == (DATA if name == "lock" else None)
        cache.put_derived("n", b"k", b"other")
    assert outside.read_bytes() == before


def test_a_read_only_cache_still_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(tmp_path)
    real = os.open

    def read_only(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(30, "Read-only file system")
        return real(path, flags, *rest, **options)

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", read_only)
    for call in ("mkdir", "utime", "unlink"):
        monkeypatch.setattr(os, call, refuse)
    with HistoryCache.open(os.fsencode(tmp_path), SIGNATURE) as cache:
        assert cache.derived("n", b"k") == DATA
        cache.put_derived("n", b"k", b"other")
    assert "not saved in full: Read-only" in cache.notes[0]
    assert "Read-only" in refused(tmp_path / "absent")
    (tmp_path / "history-1/key").chmod(0o644)
    assert "cannot be written: Read-only" in refused(tmp_path)


def test_the_users_folder_is_found_without_platformdirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "platformdirs", None)
    monkeypatch.setattr(userdirs.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert use(None).usable
    assert (tmp_path / "xdg/leaksieve/history-1/key").exists()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/not/allowed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert use(None).usable
    assert (tmp_path / "home/.cache/leaksieve/history-1/key").exists()


def test_the_users_folder_is_the_one_platformdirs_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs import user_cache_dir

    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv(name, str(tmp_path / name))
        assert os.fsdecode(userdirs.user_cache()) == user_cache_dir("leaksieve")


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _: "~/.cache/leaksieve")
    assert "no home directory" in refused(None)
