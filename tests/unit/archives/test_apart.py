"""A library that goes wrong over an archive is stopped from outside, and what it gave before counts."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from leaksieve.archives import apart
from leaksieve.archives.entries import Entry
from leaksieve.archives.limits import MEBIBYTE, Budget, DamagedError, LimitError, Limits, SpentError

LIMITS = Limits(3, 100 * MEBIBYTE)
FIRST = Entry(b"first", b"content", (b"text",), ("archive-damaged", "why"), ((b"1", ((b"c", b"v"),)),))


def read(make, limits=LIMITS, size=1000):
    """What came, and what ended it."""
    found = []
    try:
        found.extend(apart.entries(make, size, Budget(limits, size)))
    except (DamagedError, LimitError) as error:
        return found, error
    return found, None


@pytest.fixture(params=["forked", "here"])
def either(request, monkeypatch):
    if request.param == "here":
        monkeypatch.delattr(os, "fork")
    elif not hasattr(os, "fork"):
        pytest.skip("nothing can be forked here")
    return request.param


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    if hasattr(os, "fork"):
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


def raising(error):
    yield FIRST
    raise error


def test_entries_come_as_they_are(either):
    large = os.urandom(3 * MEBIBYTE)
    assert read(lambda: iter([FIRST, Entry(b"large", large), Entry(b"none"), Entry(b"empty", b"")])) == (
        [FIRST, Entry(b"large", large), Entry(b"none"), Entry(b"empty", b"")],
        None,
    )


@pytest.mark.parametrize(
    ("error", "expected", "text"),
    [
        (DamagedError("why it is"), DamagedError, "why it is"), (LimitError("too much"), LimitError, "too much"), (SpentError("all of it"), SpentError, "all of it"),
        (RuntimeError("with bytes of the file"), DamagedError, "cannot be read"), (RecursionError(), DamagedError, "cannot be read"),
        (MemoryError(), LimitError, "memory"),
    ],
)  # fmt: skip
def test_what_it_raises_is_raised(either, error, expected, text):
    found, raised = read(lambda: raising(error))
    assert found == [FIRST]
    assert type(raised) is expected
    assert text in str(raised)


forked = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing can be forked here")


@forked
@pytest.mark.skipif(sys.platform != "linux", reason="nobody else keeps to this bound")
def test_memory_is_bounded():
    def make():
        yield FIRST
        held = [bytearray(b"x") * (64 * MEBIBYTE) for _ in range(20)]
        yield Entry(b"%d" % len(held))

    found, raised = read(make)
    assert found == [FIRST]
    assert "memory" in str(raised)


@forked
def test_time_is_bounded(monkeypatch):
    monkeypatch.setattr(apart, "_SECONDS", 1)

    def make():
        yield FIRST
        while True:
            pass

    found, raised = read(make)
    assert found == [FIRST]
    assert str(raised) == "takes more than 1 seconds"


@forked
def test_waiting_is_bounded(monkeypatch):
    monkeypatch.setattr(apart, "_SECONDS", 1)
    monkeypatch.setattr(apart, "_PATIENCE", 1)

    def make():
        yield FIRST
        time.sleep(3600)

    found, raised = read(make)
    assert found == [FIRST]
    assert str(raised) == "takes more than 1 seconds"


@forked
def test_one_that_is_killed_leaves_what_it_gave():
    def make():
        yield FIRST
        os.kill(os.getpid(), signal.SIGSEGV)

    found, raised = read(make)
    assert found == [FIRST]
    assert str(raised) == "breaks its reader"


@forked
def test_nothing_can_be_written_and_nothing_is_printed(tmp_path, capfd):
    def make():
        print("a secret")
        os.write(2, b"a secret")
        try:
            (tmp_path / "file").write_bytes(b"x" * 10)
        except OSError:
            yield Entry(b"refused")

    assert read(make) == ([Entry(b"refused")], None)
    assert not (tmp_path / "file").exists() or (tmp_path / "file").stat().st_size == 0
    assert capfd.readouterr() == ("", "")


@forked
def test_pipes_of_its_parent_are_not_held_open():
    out, into = os.pipe()

    def make():
        try:
            os.fstat(into)
        except OSError:
            yield Entry(b"closed")

    try:
        assert read(make) == ([Entry(b"closed")], None)
    finally:
        os.close(out)
        os.close(into)


def test_who_stops_reading_leaves_no_process(either):
    def make():
        while True:
            yield FIRST

    entries = apart.entries(make, 1000, Budget(LIMITS, 1000))
    assert next(entries) == FIRST
    entries.close()


def test_what_comes_counts():
    def make():
        while True:
            yield Entry(b"", bytes(MEBIBYTE))

    if hasattr(os, "fork"):
        found, raised = read(make, Limits(3, MEBIBYTE))
        assert type(raised) is SpentError
        assert 60 < len(found) < 70
