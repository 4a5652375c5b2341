"""Archives in archives: how deep, how much, how they are called, and what is said where it ends."""

import resource
import sys
import time

import pytest
from crates import BOMBS, LIMITS, MEBIBYTE, STREAMS, Walked, nested_bomb, tarred, zipped

from leaksieve.archives import limits
from leaksieve.archives.limits import Limits
from leaksieve.archives.magic import REASONS, kind_of
from leaksieve.archives.walk import Member, Walk


def test_members_are_named_through_all_archives():
    inner = zipped({"d/x.env": b"value"})
    walked = Walked(STREAMS["gzip"](tarred({"lib/in.zip": inner, "y": b"z"})))
    assert walked.members == {b"lib/in.zip!/d/x.env": b"value", b"y": b"z"}
    assert (walked.archives, walked.count) == (2, 3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [(b"dump.sql.gz", b"dump.sql"), (b"a/b/c.log.GZ", b"c.log"), (b"x.svgz", b"x.svg"), (b"plain", b"plain"), (b"", b"content"), (b".gz", b".gz"), (b"k.tgz", b"k.tar")],
)  # fmt: skip
def test_what_a_stream_holds_is_called_after_it(name, expected):
    assert set(Walked(STREAMS["gzip"](b"text\n"), LIMITS, name).members) == {expected}


def test_a_compressed_tar_is_one_archive():
    assert set(Walked(STREAMS["xz"](tarred({"a": b"b"})), Limits(1, 1000)).members) == {b"a"}


def test_depth():
    data = zipped({"c.zip": zipped({"b.zip": zipped({"a.txt": b"text"})})})
    for depth, paths, reasons in (
        (3, {b"c.zip!/b.zip!/a.txt"}, []),
        (2, {b"c.zip!/b.zip"}, ["archive-not-opened"]),
        (1, {b"c.zip"}, ["archive-not-opened"]),
        (0, set(), ["archive-not-opened"]),
    ):
        walked = Walked(data, Limits(depth, 1000))
        assert (set(walked.members), walked.reasons, walked.archives) == (paths, reasons, depth)
        assert {skip.kind for skip in walked.skips} <= {"excluded"}
    assert not Walked(data, Limits(0, 1000)).whole


def test_a_member_over_the_limit_is_said_and_the_next_is_read():
    for archive in (tarred, zipped, lambda members: STREAMS["gzip"](tarred(members))):
        walked = Walked(archive({"large": b"x" * 2000, "next": b"y"}), Limits(3, 1999))
        assert walked.members == {b"next": b"y"}
        (skip,) = walked.skips
        assert (skip.kind, skip.where, skip.reason, skip.detail) == ("excluded", b"large", "member-too-large", "2000 bytes, the limit is 1999")
    walked = Walked(STREAMS["gzip"](b"x" * 2000), Limits(3, 1999))
    assert (walked.members, walked.reasons) == ({}, ["member-too-large"])


def test_an_inner_archive_that_is_not_whole_is_given_as_it_is_too():
    inner = zipped({"a": b"one"})
    walked = Walked(zipped({"in.zip": b"before" + inner, "cut.zip": inner[:-30]}))
    assert walked.opened == {b"in.zip", b"cut.zip"}
    assert walked.members == {b"in.zip!/a": b"one", b"cut.zip!/a": b"one"}
    assert [skip.where for skip in walked.skips] == [b"cut.zip"]
    # The outer one was given in full: its members say what is wrong with them.
    assert walked.whole


def test_the_names_a_gzip_begins_with_are_texts():
    data = b"\x1f\x8b\x08\x1c\0\0\0\0\0\3" + b"\3\0abc" + b"name.txt\0" + b"a comment\0" + STREAMS["gzip"](b"x")[10:]
    assert [text for _, text in Walked(data).texts] == [b"abc", b"name.txt", b"a comment"]


def test_damage_behind_a_tar_s_end_is_damage():
    data = STREAMS["gzip"](tarred({"a": b"b"}))
    walked = Walked(data[:-6] + b"\1\2" + data[-4:])
    assert walked.members == {b"a": b"b"}
    assert walked.reasons == ["archive-damaged"]
    assert not walked.whole


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_quickly_and_with_a_word(name):
    make, reason = BOMBS[name]
    data = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    walk = Walk(data, kind_of(data) or "", LIMITS)
    reasons = set()
    largest = 0
    for given in walk:
        if isinstance(given, Member):
            largest = max(largest, len(given.data))
        elif hasattr(given, "reason"):
            reasons.add(given.reason)
    assert reason in reasons
    assert reasons <= REASONS
    assert time.process_time() - began < 8
    assert largest <= 40 * MEBIBYTE
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


def test_what_is_inflated_in_all_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "TOTAL_FROM", 5 * MEBIBYTE)
    walked = Walked(nested_bomb(2, 60), Limits(3, MEBIBYTE))
    assert "archive-limit" in walked.reasons
    assert len(walked.members) < 12
    assert walked.skips[-1].detail == "more than 10485760 bytes when inflated"


def skipped(content: bytes) -> bytes:
    """A frame of zstd that holds no content."""
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


def test_frames_without_content_stand_before_what_pzstd_packs():
    from backports import zstd

    text = b"a line of text\n" * 1000
    data = skipped(b"\0\1\0\0") + zstd.compress(text) + skipped(b"\0\1\0\0") + zstd.compress(text)
    assert kind_of(data) == "zstd"
    assert Walked(data).members == {b"x": 2 * text}
    # Another format has them, too, and by themselves they are nothing.
    assert kind_of(skipped(b"x") + b"\x04\x22\x4d\x18" + bytes(20)) == "lz4"
    assert kind_of(skipped(b"x") + b"plain text") is None
    assert kind_of(skipped(b"x") * 100_000) is None


def test_words_in_further_streams_are_left_to_the_bytes_as_they_stand():
    from backports import zstd

    packed = STREAMS["gzip"](b"x")
    named = packed[:3] + b"\x08" + packed[4:10] + b"name.txt\0" + packed[10:]
    for data, whole in (
        (packed + packed, True),
        (packed + named, False),
        (zstd.compress(b"x") + zstd.compress(b"y"), True),
        (zstd.compress(b"x") + skipped(b"words"), False),
        (skipped(b"words") + zstd.compress(b"x"), False),
    ):
        kind = kind_of(data)
        assert kind is not None
        walk = Walk(data, kind, Limits(3, 1 << 20), b"a")
        list(walk)
        assert walk.whole is whole, data


def test_words_behind_the_last_member_of_a_tar():
    import io
    import tarfile

    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "said of nothing"}
    head = info.tobuf(tarfile.PAX_FORMAT)[:1024]
    plain = tarfile.TarInfo("first").tobuf()
    assert b"said of nothing" in [text for _, text in Walked(plain + head + bytes(1024)).texts]
    shared = io.BytesIO()
    tarfile.TarFile(mode="w", fileobj=shared, format=tarfile.PAX_FORMAT, pax_headers={"comment": "said of all"})
    assert b"said of all" in [text for _, text in Walked(shared.getvalue() + bytes(1024)).texts]
