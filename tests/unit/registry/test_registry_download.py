"""Downloads over connections that are cut anywhere: what arrives is what was sent, or it is said that it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.oci.model import BlobError
from leaksieve.registry.download import Download
from leaksieve.registry.failure import WebError
from leaksieve.registry.settings import Reach

DATA = bytes(range(256)) * 8
CUT = WebError("connection", "cut", passing=True)
REACH = Reach(backoff=0.0, tries=3)


class Reply:
    """An answer that gives ``data`` in pieces of ``step`` bytes, and breaks off after ``cut`` bytes (-1: never, and it ends well)."""

    def __init__(self, data: bytes, headers: dict[str, str], status: int, *, cut: int = -1, step: int = 100, known: bool = True) -> None:
        self.status = status
        self.headers = headers
        self.length = len(data) if known else -1
        self._data = data
        self._left = cut
        self._step = step

    def read(self, size: int) -> bytes:
        if self._left == 0:
            raise CUT
        count = min(size, self._step, len(self._data), self._left if self._left > 0 else size)
        piece, self._data = self._data[:count], self._data[count:]
        self._left -= count if self._left > 0 else 0
        return piece

    def discard(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


class Far:
    """A registry that has DATA, and cuts each answer after the next of ``cuts``."""

    def __init__(self, cuts: list[int], *, ranges: bool = True, step: int = 100, known: bool = True) -> None:
        self.cuts = iter(cuts)
        self.ranges = ranges
        self.step = step
        self.known = known
        self.asked: list[int] = []

    def __call__(self, headers):
        begin = int(headers["Range"].removeprefix("bytes=").removesuffix("-")) if headers else 0
        self.asked.append(begin)
        if not self.ranges:
            begin = 0
        data = DATA[begin:]
        told = {"Content-Range": f"bytes {begin}-{len(DATA) - 1}/{len(DATA)}"} if begin else {}
        return Reply(data, told, 206 if begin else 200, cut=next(self.cuts, -1), step=self.step, known=self.known)


def whole(stream: Download, size: int = 77) -> bytes:
    parts = []
    while piece := stream.read(size):
        assert len(piece) <= size
        parts.append(piece)
    return b"".join(parts)


@given(st.lists(st.integers(1, 700), max_size=6), st.integers(1, 900), st.booleans())
def test_however_it_is_cut_it_is_whole(cuts, step, known):
    assert whole(Download(Far(cuts, step=step, known=known), REACH, len(DATA))) == DATA


@given(st.lists(st.integers(1, len(DATA)), max_size=2), st.integers(1, 900))
def test_without_ranges_as_well(cuts, step):
    assert whole(Download(Far(cuts, ranges=False, step=step), REACH, len(DATA))) == DATA


def test_without_a_size_in_the_manifest():
    far = Far([300, 200])
    assert whole(Download(far, REACH, -1)) == DATA
    assert far.asked == [0, 300, 500]


def test_a_cut_behind_the_last_byte_does_not_matter():
    far = Far([len(DATA)])
    assert whole(Download(far, REACH, len(DATA))) == DATA
    assert far.asked == [0]


def test_no_progress_is_given_up():
    far = Far([500, 0, 0, 0, 0])
    with pytest.raises(BlobError, match="broke off after 500 bytes") as caught:
        whole(Download(far, REACH, len(DATA)))
    assert caught.value.reason == "download-failed"
    assert far.asked == [0, 500, 500]


def test_less_and_more_than_the_manifest_says():
    assert whole(Download(Far([]), REACH, len(DATA) + 1)) == DATA
    assert whole(Download(Far([]), REACH, len(DATA) - 100)) == DATA[: len(DATA) - 99]
    assert whole(Download(Far([]), REACH, 0)) == DATA[:1]


def test_what_goes_on_at_another_place_is_refused():
    far = Far([500])

    def wrong(headers):
        answer = far(headers)
        if headers:
            answer.headers = {"Content-Range": "bytes 400-2047/2048"}
        return answer

    with pytest.raises(BlobError, match="another place"):
        whole(Download(wrong, REACH, len(DATA)))


def test_what_does_not_pass_is_not_tried_again():
    asked = []

    def gone(headers):
        asked.append(headers)
        if headers:
            raise WebError("denied", "no")
        return Reply(DATA, {}, 200, cut=10)

    with pytest.raises(BlobError, match="no"):
        whole(Download(gone, REACH, len(DATA)))
    assert len(asked) == 2
