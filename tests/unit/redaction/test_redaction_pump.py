"""From one descriptor to another: processes that die, sources that fail, and what the totals say."""

from __future__ import annotations

import os
import re

import pytest

from leaksieve.redaction.blocks import Cutter
from leaksieve.redaction.marks import Edit
from leaksieve.redaction.pump import Pump, ReadError, Totals
from leaksieve.redaction.spotter import NOTHING_SPOTTED, Spotted


class Stub:
    """Takes every ``SECRET``; in another process it does as told."""

    def __init__(self, elsewhere: str = "") -> None:
        self.elsewhere = elsewhere
        self.home = os.getpid()
        self.bulk = False

    def go_bulk(self) -> None:
        self.bulk = True

    def spot(self, data: memoryview, since: int = 0) -> Spotted:
        if os.getpid() != self.home and self.elsewhere == "die":
            os._exit(3)
        if os.getpid() != self.home and self.elsewhere == "fail":
            raise ValueError("nobody sees this")
        edits = [Edit(match.start(), match.end(), b"[X]", False, 2) for match in re.finditer(rb"SECRET", bytes(data)) if match.start() >= since]
        return Spotted(edits, len(edits)) if edits else NOTHING_SPOTTED


@pytest.fixture
def moved(tmp_path):
    def move(data: bytes, stub: Stub, jobs: int) -> tuple[bytes, Totals]:
        (tmp_path / "in").write_bytes(data)
        source, sink = os.open(tmp_path / "in", os.O_RDONLY), os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            totals = Pump(source, sink, stub, jobs=jobs, cutter=Cutter(2 + 2 * jobs, block=8192, lead=256, tail=256)).run()
        finally:
            os.close(source)
            os.close(sink)
        return (tmp_path / "out").read_bytes(), totals

    return move


DATA = b"".join(b"%d: some text SECRET and more\n" % number for number in range(5000))


@pytest.mark.parametrize(("jobs", "elsewhere"), [(1, ""), (2, ""), (2, "die"), (3, "fail")])
def test_all_comes_through(moved, jobs, elsewhere):
    stub = Stub(elsewhere)
    out, totals = moved(DATA, stub, jobs)
    assert out == DATA.replace(b"SECRET", b"[X]")
    assert (totals.places, totals.severity) == (5000, 2)
    assert totals.failed >= 5000
    assert stub.bulk


def test_little_is_not_bulk(moved):
    stub = Stub()
    assert moved(b"one SECRET\n", stub, 2) == (b"one [X]\n", Totals(1, 2, 1))
    assert not stub.bulk
    assert moved(b"", stub, 2) == (b"", Totals(0, -1, 0))


def test_source_that_cannot_be_read(tmp_path):
    source = os.open(tmp_path, os.O_RDONLY)
    sink = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    try:
        with pytest.raises(ReadError):
            Pump(source, sink, Stub()).run()
    finally:
        os.close(source)
        os.close(sink)


def test_sink_that_cannot_be_written(tmp_path):
    (tmp_path / "in").write_bytes(b"text\n")
    source = os.open(tmp_path / "in", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="Bad file descriptor"):
            Pump(source, source, Stub()).run()
    finally:
        os.close(source)
