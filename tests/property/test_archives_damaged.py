"""Archives that were cut, changed or put together at random: nothing raises, nothing exceeds the bounds, and what is whole is found."""

import pytest
from crates import ARCHIVES, MEBIBYTE, STREAMS, Walked
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaksieve.archives.limits import Budget, Limits
from leaksieve.archives.magic import REASONS, kind_of
from leaksieve.archives.walk import Member, Text, Walk
from leaksieve.model import Skip

KINDS = sorted(ARCHIVES)
CONTENTS = st.dictionaries(st.from_regex(r"[a-z]{1,20}(/[a-z]{1,100})?\.txt", fullmatch=True), st.binary(max_size=3000), min_size=1, max_size=6)
LIMITS = Limits(3, 1 << 16)
# What a member can begin with: anything, or something that is an archive itself.
EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=12), st.integers(0, 12)), max_size=6)


class Counted(Budget):
    """A budget that knows what was spent."""

    spent = 0

    def inflated(self, count):
        super().inflated(count)
        Counted.spent += count


def walked(data, limits=LIMITS):
    kind = kind_of(data)
    if kind is None:
        return []
    walk = Walk(data, kind, limits, b"name.gz")
    found = list(walk)
    for one in found:
        assert isinstance(one, Member | Text | Skip)
        if isinstance(one, Member):
            assert len(one.data) <= limits.member
        if isinstance(one, Skip):
            assert one.reason in REASONS
            assert one.kind == "excluded"
    assert sum(isinstance(one, Member) and not one.opened for one in found) <= walk.members
    if not walk.whole:
        return found
    assert not [one for one in found if isinstance(one, Skip) and not one.where]
    return found


def edited(data, edits):
    for place, fresh, dropped in edits:
        at = int(place * len(data))
        data = data[:at] + fresh + data[at + dropped :]
    return data


@settings(max_examples=150)
@example(kind="zip streamed", members={"a.txt": b""}, edits=[(0.125, b"", 1)])
@given(kind=st.sampled_from(KINDS), members=CONTENTS, edits=EDITS)
def test_nothing_raises(kind, members, edits):
    walked(edited(ARCHIVES[kind](members), edits))


@settings(max_examples=80)
@given(kind=st.sampled_from(KINDS), members=CONTENTS, cut=st.floats(0, 1))
def test_a_cut_archive_gives_members_as_they_were_or_their_beginning(kind, members, cut):
    whole = ARCHIVES[kind](members)
    contents = [data for data in members.values() if data]
    for one in walked(whole[: int(cut * len(whole))]):
        if isinstance(one, Member) and not one.opened and b"!/" not in one.path and one.path not in (b"/", b"name"):
            assert any(data.startswith(one.data) or one.data.startswith(data) for data in contents)


@settings(max_examples=80)
@given(members=CONTENTS, number=st.integers(0, 100), flip=st.integers(0, 100_000))
@pytest.mark.parametrize("kind", ["zip", "zip stored"])
def test_members_that_were_not_touched_are_all_found(kind, members, number, flip):
    """A byte is changed in one member's content: the others are given as they were, and the loss is said."""
    whole = bytearray(ARCHIVES[kind](members))
    names = [name for name in members if members[name]]
    if not names:
        return
    import io
    import zipfile

    victim = zipfile.ZipFile(io.BytesIO(bytes(whole))).getinfo(names[number % len(names)])
    begin = victim.header_offset + 30 + len(victim.filename)
    whole[begin + flip % victim.compress_size] ^= 0x55
    found = walked(bytes(whole))
    given_ = {one.path: one.data for one in found if isinstance(one, Member)}
    for name in names:
        if name != victim.filename and kind_of(members[name]) is None:
            assert given_[name.encode()] == members[name]
    assert [one for one in found if isinstance(one, Skip) and one.reason == "archive-damaged" and one.where == victim.filename.encode()]


@settings(max_examples=60)
@given(kind=st.sampled_from(KINDS), members=CONTENTS, layers=st.lists(st.sampled_from(sorted(STREAMS)), max_size=2))
def test_whole_archives_in_streams_give_all(kind, members, layers):
    data = ARCHIVES[kind](members)
    for layer in layers:
        data = STREAMS[layer](data)
    found = Walked(data, Limits(8, MEBIBYTE))
    assert not [skip for skip in found.skips if skip.kind == "failed" and not any(kind_of(one) for one in members.values())]
    values = set(found.members.values())
    assert {one for one in members.values() if one and kind_of(one) is None} <= values


@settings(max_examples=60)
@given(
    data=st.binary(max_size=2000),
    head=st.sampled_from([b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08\0", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"!<arch>\n", b"070701", b"]\0\0"]),
)
def test_anything_behind_a_sign(data, head):
    walked(head + data)


@settings(max_examples=40)
@given(kind=st.sampled_from(KINDS), members=CONTENTS, edits=EDITS)
def test_the_budget_holds(kind, members, edits):
    import leaksieve.archives.walk as walking
    from leaksieve.archives import limits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "TOTAL_FROM", 2000)
        patch.setattr(walking, "Budget", Counted)
        Counted.spent = 0
        data = edited(ARCHIVES[kind](members), edits)
        walked(data, Limits(3, 150))
        assert Counted.spent <= 2000
