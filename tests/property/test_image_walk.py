"""Walking a tar quickly: what tarfile sees, wherever a stream or the work is cut, and whatever bytes there are."""

from __future__ import annotations

import io
import tarfile

import imagecraft as craft
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaksieve.archives.limits import DamagedError
from leaksieve.archives.tarwalk import Cursor, borders
from leaksieve.image_members import Members

MARK = b"needle"
names = st.one_of(
    st.text("abc/.", min_size=1, max_size=12),
    st.integers(90, 260).map(lambda length: ("d" * 80 + "/") * 2 + "n" * (length - 90)),
    st.sampled_from(["./a/b", "/etc/x", "a//b", "etc/.wh.x", "d/.wh..wh..opq", "ü/é", "x" * 100, "y" * 99 + "/z"]),
).filter(lambda name: name.strip("/.") != "")
contents = st.one_of(st.none(), st.binary(max_size=40), st.sampled_from([b"", b"x" * 511, b"x" * 512, b"x" * 513, MARK, b"x" * 506 + MARK, b"y" * 5000 + MARK]))
kinds = st.sampled_from(
    [{}, {}, {}, {"type": b"2", "linkname": "to/there"}, {"type": b"1", "linkname": "l" * 150}, {"mtime": 1.5}, {"uid": 8**9}, {"type": b"6"}]
)


def packed(entries, form):
    prepared = []
    for name, data, fields in entries:
        if form == tarfile.USTAR_FORMAT and (not name.isascii() or len(name) > 99 or len(str(fields.get("linkname", ""))) > 99 or fields):
            name, fields = "plain", {}
        if fields.get("type"):
            data = b""
        prepared.append((name, data, fields))
    return craft.layer(prepared, form)


layers = st.builds(
    packed, st.lists(st.tuples(names, contents, kinds), max_size=8), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
)


class Eye:
    """Finds a word, and notes what it was shown."""

    def __init__(self, *, together):
        self.together = together
        self.seen = set()

    def ends(self, data):
        if not self.together:
            return None
        raw, found, at = bytes(data), [], 0
        while (at := raw.find(MARK, at)) >= 0:
            at += len(MARK)
            found.append((0, at))
        return found

    def hits(self, data):
        return MARK in data

    def take(self, chunk, ends):
        if MARK in chunk.data:
            assert ends is None or {to for _, to in ends} == {at + len(MARK) for at in range(len(chunk.data)) if chunk.data.startswith(MARK, at)}
            self.seen.add((chunk.provenance.path, chunk.data, chunk.provenance.details.get("member")))

    def open(self, chunk, kind):
        self.seen.add((chunk.provenance.path, chunk.data, kind))


def walked(data, how):
    eye = Eye(together=True)
    members = Members(eye, {}, 1 << 20)
    how(members, data)
    return eye.seen, members.names.names()._replace(folders=b""), members.files, members.size, set(members.names.parents)


@given(layers)
def test_tarfile_sees_the_same(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [
            (info.name, archive.extractfile(info).read() if info.isreg() else None, info.linkname if info.issym() or info.islnk() else "") for info in archive
        ]
    found = [
        (item.name.decode().rstrip("/"), data[item.begin : item.end] if item.has_content else None, item.link.decode())
        for item in Cursor().items(data, 0, len(data), final=True)
    ]
    assert found == [(name.rstrip("/"), content, link) for name, content, link in expected]


@given(layers, st.lists(st.integers(1, 3000), max_size=6), st.integers(512, 4096))
def test_however_it_is_cut_the_same_is_seen(data, cuts, step):
    whole = walked(data, lambda members, given: members.mapped(given, 0, len(given)))

    def pieces(members, given):
        parts, at = [], 0
        for cut in cuts:
            parts.append(given[at : at + cut])
            at += cut
        members.streamed(iter([*parts, given[at:]]))

    assert walked(data, pieces) == whole
    assert walked(data, lambda members, given: members.streamed(iter([given[at : at + 97] for at in range(0, len(given), 97)]))) == whole
    alone = Eye(together=False)
    Members(alone, {}, 1 << 20).mapped(data, 0, len(data))
    assert alone.seen == whole[0]
    # In parts, each walked by itself: all but the numbers.
    places = [0, *borders(data, 0, len(data), step), len(data)]
    seen, files = set(), 0
    for low, high in zip(places, places[1:], strict=False):
        eye = Eye(together=True)
        part = Members(eye, {}, 1 << 20)
        part.mapped(data, low, high)
        seen |= eye.seen
        files += part.files
    assert (seen, files) == (whole[0], whole[2])


@settings(max_examples=150)
@given(layers, st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), max_size=12), st.integers(0, 8000))
@example(b"\xff" * 600, [], 600)
def test_damage_raises_nothing_else(data, changes, length):
    broken = bytearray(data[:length] if length % 3 else data)
    for place, value in changes:
        if place < len(broken):
            broken[place] = value
    given_ = bytes(broken)
    results = []
    for how in (
        lambda members: members.mapped(given_, 0, len(given_)),
        lambda members: members.streamed(iter([given_[at : at + 200] for at in range(0, len(given_), 200)])),
    ):
        eye = Eye(together=True)
        members = Members(eye, {}, 1 << 20)
        try:
            how(members)
            wrong = False
        except DamagedError:
            wrong = True
        results.append((eye.seen, members.files, wrong))
    assert results[0] == results[1]
    list(borders(given_, 0, len(given_), 600))


def test_long_files_are_read_in_blocks(monkeypatch):
    monkeypatch.setattr("leaksieve.image_members.HELD", 4000)
    long = b"x" * 3000 + MARK + b"\n" + b"y" * 9000
    data = craft.layer([("a", MARK), ("long", long), ("large", b"z" * 30_000), ("b", MARK + b"!")])
    for how in (
        lambda members: members.mapped(data, 0, len(data)),
        lambda members: members.streamed(iter([data[at : at + 700] for at in range(0, len(data), 700)])),
    ):
        eye = Eye(together=True)
        members = Members(eye, {}, 20_000)
        how(members)
        assert {path for path, *_ in eye.seen} == {b"a", b"long", b"b"}
        assert [(skip.where, skip.reason) for skip in members.skips] == [(b"large", "too-large")]
        assert (members.files, len(members.names)) == (3, 4)
