"""Standard input in one block or many: nothing missed, nothing told twice, places right."""

import io
import random
import re

import pytest

from leaksieve.errors import SourceError
from leaksieve.model import Provenance, Span
from leaksieve.sources.stream import LEAD, TAIL, StreamSource, owns

BLOCK = 2 * (LEAD + TAIL)
TOKEN = re.compile(rb"(?<![a-z])key-[0-9]{1,40}(?![0-9])")


def chunks(data, **options):
    source = StreamSource(io.BytesIO(data), **options)
    return [chunk for unit in source.units() for chunk in source.read(unit)], source


def found(data, **options):
    """Matches of the whole stream as (offset, line, text), put together from its chunks."""
    result = []
    for chunk in chunks(data, **options)[0]:
        details = chunk.provenance.details
        for match in TOKEN.finditer(chunk.data):
            if owns(chunk, Span(*match.span())):
                line = details.get("line", 1) + chunk.data.count(b"\n", 0, match.start())
                result.append((details.get("offset", 0) + match.start(), line, match.group()))
    return result


def expected(data):
    return [(match.start(), data.count(b"\n", 0, match.start()) + 1, match.group()) for match in TOKEN.finditer(data)]


def test_a_short_stream_is_one_chunk_without_details():
    (chunk,), source = chunks(b"one\ntwo\n", path=b"a/b.txt")
    assert chunk.data == b"one\ntwo\n"
    assert chunk.provenance == Provenance("stdin", b"a/b.txt")
    assert source.coverage.expected == {"files": 1, "bytes": 8}
    assert owns(chunk, Span(0, 3))


def test_an_empty_stream_is_one_empty_chunk():
    (chunk,), source = chunks(b"")
    assert chunk.data == b""
    assert chunk.provenance.path == b"<stdin>"
    assert source.coverage.expected == {"files": 1, "bytes": 0}


@pytest.mark.parametrize("ending", [b"\n", b"", b"\n\n" * 300])
def test_every_match_of_a_long_stream_is_found_once_and_in_its_place(ending):
    rng = random.Random(7)
    parts = [b"x" * rng.randint(0, 3000) + b" key-%d" % number + b"\n" * rng.randint(0, 2) for number in range(600)]
    data = b"".join(parts) + ending
    assert len(data) > 3 * BLOCK
    assert found(data, block=BLOCK) == expected(data)


@pytest.mark.parametrize("shift", [*range(-45, 3), TAIL, LEAD + TAIL, 2 * LEAD + TAIL])
@pytest.mark.parametrize("filler", [b".", b"\n"])
def test_a_match_across_any_border_is_found_once(shift, filler):
    token = b"key-" + b"7" * 40
    for edge in (BLOCK, BLOCK - TAIL, BLOCK - TAIL - LEAD):
        data = bytearray(filler * (2 * BLOCK))
        at = edge + shift
        data[at : at + len(token)] = token
        assert found(bytes(data), block=BLOCK) == expected(data)


def test_a_word_cut_at_the_start_of_a_chunk_does_not_look_whole():
    """One endless line: the later chunk begins inside a word, and what it owns begins well behind that."""
    data = b"z" * (BLOCK - TAIL - LEAD) + b"key-12345 " + b"." * BLOCK
    assert found(data, block=BLOCK) == []


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - LEAD - TAIL, 3 * BLOCK])
def test_bodies_tile_the_stream(size):
    rng = random.Random(size)
    data = bytes(rng.choice(b"ab\n") for _ in range(1000)) * (size // 1000 + 1)
    data = data[:size]
    at = 0
    parts, source = chunks(data, block=BLOCK)
    for chunk in parts:
        details = chunk.provenance.details
        offset = details.get("offset", 0)
        start, end = details.get("body", (0, len(chunk.data)))
        assert data[offset : offset + len(chunk.data)] == chunk.data
        assert offset + start == at
        at = offset + end
    assert at == size == source.coverage.expected["bytes"]


def test_utf_16_stays_aligned_across_cuts():
    data = ("ab\n" * BLOCK).encode("utf-16-le")
    for chunk in chunks(data, block=BLOCK)[0]:
        assert chunk.provenance.details["offset"] % 2 == 0


class Dribble:
    """A pipe: gives little at a time, and may break."""

    def __init__(self, parts):
        self.parts = list(parts)

    def read(self, size, /):
        part = self.parts.pop(0) if self.parts else b""
        if isinstance(part, Exception):
            raise part
        return part


def test_short_reads_are_put_together():
    source = StreamSource(Dribble([b"a", b"bc", b"d"]))
    (unit,) = source.units()
    assert [chunk.data for chunk in source.read(unit)] == [b"abcd"]


def test_a_stream_that_breaks_off_is_scanned_so_far_and_said_to_have_failed():
    source = StreamSource(Dribble([b"secret", OSError(5, "Input/output error")]))
    (unit,) = source.units()
    assert [chunk.data for chunk in source.read(unit)] == [b"secret"]
    (skip,) = source.coverage.skips
    assert (skip.kind, skip.reason) == ("failed", "unreadable")


def test_a_stream_that_cannot_be_read_is_an_error():
    with pytest.raises(SourceError, match="stdin: input/output error"):
        list(StreamSource(Dribble([OSError(5, "Input/output error")])).units())
