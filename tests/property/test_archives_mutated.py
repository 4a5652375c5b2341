"""Archives of every kind changed at random: nothing raises, nothing leaves its bounds, and what lies before the damage is found."""

from __future__ import annotations

import functools
import tempfile

import pytest
from crates import ARCHIVES, DOCUMENTS, STREAMS, sevenzip
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaksieve.archives.limits import Limits
from leaksieve.archives.magic import CLOSED, COMPRESSED, REASONS, STREAMED, VIEWED, kind_of
from leaksieve.archives.stored import Stored
from leaksieve.archives.walk import Member, Rows, Text, Walk
from leaksieve.model import Skip

LIMITS = Limits(3, 1 << 16)
MEMBERS = {f"{number}.txt": b"member %d " % number * 20 for number in range(5)}
KINDS = {*COMPRESSED, *STREAMED, *VIEWED, *CLOSED, "zip", "7z", "sqlite", "pdf"}


@functools.cache
def made(kind: str) -> bytes:
    return {**ARCHIVES, **DOCUMENTS}[kind](MEMBERS)


def given_by(walk: Walk) -> list[Member | Text | Rows | Skip]:
    found = list(walk)
    for one in found:
        assert isinstance(one, Member | Text | Rows | Skip)
        if isinstance(one, Member):
            assert len(one.data) <= LIMITS.member or one.opened
        if isinstance(one, Skip):
            assert one.reason in REASONS
            assert one.kind == "excluded"
    return found


EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8), st.integers(0, 8)), min_size=1, max_size=4)


def edited(data: bytes, edits: list[tuple[float, bytes, int]], first: int = 0) -> bytes:
    for place, fresh, dropped in edits:
        at = first + int(place * (len(data) - first))
        data = data[:at] + fresh + data[at + dropped :]
    return data


@settings(max_examples=60, deadline=None)
@example(kind="sqlite", edits=[(0.0, b"", 0)])
@given(kind=st.sampled_from(sorted(DOCUMENTS)), edits=EDITS)
def test_what_libraries_read_may_be_anything(kind: str, edits: list[tuple[float, bytes, int]]) -> None:
    data = edited(made(kind), edits)
    told = kind_of(data)
    assert told is None or told in KINDS
    if told is not None:
        given_by(Walk(data, told, LIMITS))


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted({*ARCHIVES, "rpm"})), edits=EDITS)
def test_a_file_on_disk_and_a_stream_give_what_memory_gives(kind: str, edits: list[tuple[float, bytes, int]]) -> None:
    data = edited(made(kind), edits, first=600)
    told = kind_of(data)
    if told is None:
        return
    held = given_by(Walk(data, told, LIMITS))
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        stored = Stored(file.fileno())
    assert kind_of(stored) == told
    assert given_by(Walk(stored, told, LIMITS)) == held
    if told in STREAMED:
        # A compressed one is a single archive to whoever made it.
        read = given_by(Walk(STREAMS["gzip"](data), "gzip", LIMITS))
        # Of one that breaks off the last piece may be lost; what is whole is the same.
        if not any(isinstance(one, Skip) for one in held):
            assert read == held


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(["tar", "zip", "cpio", "ar", "rpm plain"]), place=st.floats(0, 1), fresh=st.binary(min_size=1, max_size=30))
def test_members_before_the_damage_are_found(kind: str, place: float, fresh: bytes) -> None:
    from crates import rpm

    data = rpm(MEMBERS, pack=bytes) if kind == "rpm plain" else made(kind)
    at = int(place * len(data))
    changed = data[:at] + fresh + data[at + len(fresh) :]
    told = kind_of(changed)
    if told is None or at < 200:
        return
    found = {one.data for one in given_by(Walk(changed, told, LIMITS)) if isinstance(one, Member)}
    for content in MEMBERS.values():
        end = data.find(content) + len(content) if content in data else 0
        if kind != "zip" and 0 < end <= at:
            assert content in found


@settings(max_examples=25, deadline=None)
@given(cut=st.floats(0, 1))
@pytest.mark.parametrize("kind", ["sqlite", "pdf", "7z"])
def test_what_is_cut_is_said(kind: str, cut: float) -> None:
    data = made(kind)
    data = data[: int(cut * (len(data) - 1))]
    told = kind_of(data)
    if told is not None:
        walk = Walk(data, told, LIMITS)
        found = given_by(walk)
        assert not walk.whole or all(not isinstance(one, Skip) for one in found)


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(max_size=700),
    sign=st.sampled_from([b"", b"{\n", b"%PDF-", b"MZ", b"\xc7\x71", b"7z\xbc\xaf\x27\x1c", b"\xed\xab\xee\xdb", b"SQLite format 3\0", b"Cr24"]),
)
def test_kinds_of_anything(data: bytes, sign: bytes) -> None:
    told = kind_of(sign + data)
    assert told is None or told in KINDS
    if told in STREAMED or told == "zip":
        given_by(Walk(sign + data, told, LIMITS))


def test_every_kind_is_made_here() -> None:
    assert {kind_of(made(kind)) for kind in DOCUMENTS} == set(DOCUMENTS)
    assert kind_of(STREAMS["lz4"](b"x")) == "lz4"
    assert sevenzip({})
