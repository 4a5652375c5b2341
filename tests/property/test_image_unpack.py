"""What compressed layers hold, in one stream or many, whole or not."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagecraft import PACKINGS

from leaksieve.archives.limits import DamagedError, LimitError
from leaksieve.oci.unpack import packing, unpacked

KINDS = {name.lstrip("+"): pack for name, pack in PACKINGS.items() if name}
SKIPPED = b"\x5e\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"other"


class Slow(io.BytesIO):
    """Gives a few bytes at a time."""

    def __init__(self, data, step):
        super().__init__(data)
        self.step = step

    def read(self, size=-1):
        return super().read(min(self.step, size) if size > 0 else self.step)


@given(st.sampled_from(sorted(KINDS)), st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 700), st.integers(0, 2))
def test_streams_one_behind_the_other(kind, parts, step, zeros):
    data = b"".join(KINDS[kind](part) for part in parts) + bytes(zeros * 512)
    assert packing(data) == kind
    assert b"".join(unpacked(kind, Slow(data, step).read)) == b"".join(parts)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(1, 700))
def test_frames_of_zstd_that_hold_nothing(parts, step):
    data = SKIPPED + b"".join(KINDS["zstd"](part) + SKIPPED for part in parts)
    assert packing(data) == "zstd"
    assert b"".join(unpacked("zstd", Slow(data, step).read)) == b"".join(parts)


@given(st.sampled_from(sorted(KINDS)), st.binary(min_size=1, max_size=3000), st.integers(1, 400))
def test_what_is_cut_short_is_told_after_what_there_was(kind, content, cut):
    data = KINDS[kind](content)
    given_ = []
    with pytest.raises(DamagedError):
        given_.extend(unpacked(kind, io.BytesIO(data[: -min(cut, len(data) - 5)]).read))
    assert content.startswith(b"".join(given_))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_something_else_behind_the_end(kind):
    given_ = []
    with pytest.raises(DamagedError, match="behind the end"):
        given_.extend(unpacked(kind, io.BytesIO(KINDS[kind](b"content") + b"no stream").read))


def test_what_is_packed_too_tightly_is_stopped():
    data, made = KINDS["zstd"](bytes(100 << 20)), []
    with pytest.raises(LimitError):
        made.extend(map(len, unpacked("zstd", io.BytesIO(data).read)))
    assert sum(made) < 20 << 20
