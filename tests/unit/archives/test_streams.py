"""Compressed streams give all they hold, as much of it as can be read when they are damaged, and never more than is allowed."""

import random
import zlib

import pytest
from crates import LIMITS, MEBIBYTE, STREAMS, gzip_bomb

from leaksieve.archives import inflate, limits
from leaksieve.archives.limits import Budget, LimitError, Limits, SpentError
from leaksieve.archives.stored import Stored
from leaksieve.archives.streams import Inflating, Reader

TEXT = b"".join(b"line %d of something that is packed %d\n" % (number, number * number) for number in range(9000))
NOISE = random.Random(7).randbytes(300_000)


def inflating(kind, data, limits=LIMITS):
    return Inflating(kind, data, Budget(limits, len(data)))


@pytest.fixture(params=["isal", "zlib"])
def machines(request, monkeypatch):
    if request.param == "zlib":
        monkeypatch.setitem(__import__("sys").modules, "isal.igzip_lib", None)
        monkeypatch.setitem(__import__("sys").modules, "isal", None)
    return request.param


@pytest.mark.parametrize("content", [b"", b"x", TEXT, NOISE, bytes(3 * MEBIBYTE)], ids=["empty", "byte", "text", "noise", "zeros"])
@pytest.mark.parametrize("kind", STREAMS)
def test_all_of_it_is_read(kind, content, machines):
    reader = inflating(kind, STREAMS[kind](content))
    assert reader.read(len(content) + 10) == content
    assert (reader.error, reader.trailing, reader.read(1)) == ("", False, b"")


@pytest.mark.parametrize("kind", STREAMS)
def test_reading_in_steps_looking_ahead_and_passing_over(kind, machines):
    reader = inflating(kind, STREAMS[kind](TEXT))
    at = 0
    for step in (1, 7, 512, 100_000):
        assert reader.peek(600) == TEXT[at : at + 600]
        assert reader.read(step) == TEXT[at : at + step]
        at += step
        assert reader.skip(step)
        at += step
    assert reader.read(1 << 30) == TEXT[at:]
    assert not reader.skip(1)


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_streams_that_follow_one_another(kind, machines):
    pack = STREAMS[kind]
    reader = inflating(kind, pack(TEXT) + pack(b"") + pack(b"more") + (bytes(512) + pack(b"padded") if kind in ("gzip", "xz") else b""))
    assert reader.read(1 << 30) == TEXT + b"more" + (b"padded" if kind in ("gzip", "xz") else b"")
    assert (reader.error, reader.trailing) == ("", False)


@pytest.mark.parametrize("kind", STREAMS)
def test_what_stands_behind_the_end_is_known(kind, machines):
    reader = inflating(kind, STREAMS[kind](TEXT) + b"something else")
    assert reader.read(1 << 30) == TEXT
    assert (reader.error, reader.trailing) == ("", True)
    reader = inflating(kind, STREAMS[kind](TEXT) + bytes(1000))
    assert reader.read(1 << 30) == TEXT
    assert (reader.error, reader.trailing) == ("", False)


@pytest.mark.parametrize("kind", ["gzip", "zlib", "xz", "lzma"])
def test_of_a_truncated_stream_all_that_is_there_is_read(kind, machines):
    whole = STREAMS[kind](TEXT)
    reader = inflating(kind, whole[: len(whole) * 2 // 3])
    found = reader.read(1 << 30)
    assert TEXT.startswith(found)
    assert len(found) > len(TEXT) // 2
    assert reader.error == "cut short"


@pytest.mark.parametrize("kind", ["gzip", "zlib"])
def test_what_comes_before_the_damage_is_read(kind, machines):
    whole = bytearray(STREAMS[kind](TEXT))
    place = len(whole) - 600
    whole[place : place + 60] = b"\xff" * 60
    reader = inflating(kind, bytes(whole))
    found = reader.read(1 << 30)
    assert reader.error in ("does not inflate", "wrong checksum")
    same = next((number for number, (one, other) in enumerate(zip(found, TEXT, strict=False)) if one != other), len(found))
    assert same > len(TEXT) * 0.9


def test_a_wrong_checksum_is_seen(machines):
    whole = STREAMS["gzip"](TEXT)
    reader = inflating("gzip", whole[:-8] + b"\1\2\3\4" + whole[-4:])
    assert reader.read(1 << 30) == TEXT
    assert reader.error == "wrong checksum" or machines == "zlib"
    assert reader.error


def test_what_is_packed_too_tightly_is_not_read_on(machines):
    reader = inflating("gzip", gzip_bomb(64 * MEBIBYTE))
    with pytest.raises(LimitError, match="packed more than 500 to 1"):
        reader.skip(1 << 40)
    assert reader.read(1) == b""


def test_a_budget_ends_it(machines, monkeypatch):
    monkeypatch.setattr(limits, "TOTAL_FROM", MEBIBYTE)
    data = STREAMS["gzip"](TEXT * 20)
    assert len(data) < 10 * MEBIBYTE // 8
    reader = Inflating("gzip", data, Budget(Limits(1, MEBIBYTE // 8), 1))
    with pytest.raises(SpentError, match="more than 1048576 bytes when inflated"):
        reader.skip(1 << 40)


class Watched(Reader):
    """Bytes in memory that know how many were asked for together at most."""

    largest = 0

    def read(self, size):
        self.largest = max(self.largest, size)
        return super().read(size)


@pytest.mark.parametrize("where", ["reader", "disk", "inflated"])
@pytest.mark.parametrize("kind", STREAMS)
def test_wherever_it_lies_it_is_read_as_from_memory(kind, where, machines, tmp_path):
    data = STREAMS[kind](TEXT) + (STREAMS[kind](b"more") if kind in ("gzip", "bzip2", "xz", "zstd", "lz4") else b"")
    packed = {"reader": lambda: Watched(data), "disk": lambda: on_disk(tmp_path, data), "inflated": lambda: inflating("gzip", STREAMS["gzip"](data))}[where]()
    expected, reader = inflating(kind, data), Inflating(kind, packed, Budget(LIMITS, len(data)))
    assert reader.peek(9) == expected.peek(9)
    assert reader.skip(100_000)
    assert expected.skip(100_000)
    assert reader.read(1 << 30) == expected.read(1 << 30)
    assert (reader.error, reader.trailing) == ("", expected.trailing)
    # Of what is packed twice it is the place in the outer one.
    assert where == "inflated" or reader.at == expected.at
    assert where != "reader" or 0 < packed.largest <= MEBIBYTE


def test_what_is_wrong_with_the_stream_around_it_is_said(machines):
    whole = bytearray(STREAMS["gzip"](zlib.compress(TEXT, 0)))
    whole[-600:-540] = b"\xff" * 60
    reader = Inflating("zlib", inflating("gzip", bytes(whole)), Budget(LIMITS, len(whole)))
    assert reader.read(len(TEXT) * 9 // 10) == TEXT[: len(TEXT) * 9 // 10]
    assert not reader.skip(1 << 30)
    assert reader.error in ("does not inflate", "wrong checksum")


def on_disk(folder, data):
    path = folder / "data"
    path.write_bytes(data)
    with path.open("rb") as file:
        return Stored(file.fileno())


@pytest.mark.parametrize("where", ["memory", "disk", "inflated"])
def test_readers_of_all_kinds_are_alike(where, tmp_path):
    data = bytes(range(256)) * 10
    reader = {"memory": lambda: Reader(data), "disk": lambda: Reader(on_disk(tmp_path, data)), "inflated": lambda: inflating("gzip", STREAMS["gzip"](data))}[
        where
    ]()
    assert reader.read(3) == b"\0\1\2"
    assert reader.peek(2) == b"\3\4"
    assert reader.skip(252)
    assert reader.read(2) == b"\xff\0"
    reader.back(b"\xff\0")
    assert reader.peek(1) == b"\xff"
    # Of what is packed it is the place in there.
    assert where == "inflated" or reader.at == 255
    assert not reader.skip(10_000)
    assert (reader.read(1), reader.peek(1), reader.error) == (b"", b"", "")


def test_empty_streams_without_end_are_bounded():
    reader = inflating("gzip", STREAMS["gzip"](b"") * 150_000)
    with pytest.raises(SpentError, match="joined streams"):
        reader.read(10)


def test_bytes_in_memory():
    reader = Reader(b"0123456789", 2, 8)
    assert (reader.peek(3), reader.read(2), reader.skip(2), reader.read(9), reader.skip(1)) == (b"234", b"23", True, b"67", False)


def test_without_zstd_it_is_said(monkeypatch):
    monkeypatch.setattr(inflate, "_zstd_module", lambda: None)
    with pytest.raises(inflate.UnsupportedError, match="needs Python"):
        inflate.decompressor("zstd")


def test_a_window_that_is_too_large_is_refused():
    import lzma

    data = lzma.compress(b"x" * 1000, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])
    # The dictionary's size is a byte of the block header: 40 is 4 GiB.
    place = data.index(b"\x21\x01") + 2
    header_end = 12 + (data[12] + 1) * 4
    import zlib

    block = bytearray(data[12 : header_end - 4])
    block[place - 12] = 40
    bad = data[:12] + bytes(block) + zlib.crc32(block).to_bytes(4, "little") + data[header_end:]
    reader = inflating("xz", bad)
    assert reader.read(10) == b""
    assert reader.error == "does not inflate"
