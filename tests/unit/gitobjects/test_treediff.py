from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError
from leaksieve.gitobjects.treediff import differing, find_entry
from leaksieve.gitobjects.treetrace import _Walk

_WIDTHS = st.sampled_from([20, 32])


def entry(mode, name, oid):
    return b"%o %b\0%b" % (mode, name, oid)


def parsed(data, width):
    """Name -> (digits of the mode, id), parsed from the start."""
    found = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        nul = data.index(b"\0", space)
        found[data[space + 1 : nul]] = (data[at:space], data[nul + 1 : nul + 1 + width])
        at = nul + 1 + width
    return found


class Trees:
    """Nested dictionaries (name -> bytes for a file's id, dict for a directory) kept as trees."""

    def __init__(self, width):
        self.width = width
        self.kept = {}
        self.number = 0

    def put(self, listing):
        parts = []
        for name, value in sorted(listing.items(), key=lambda item: item[0] + (b"/" if isinstance(item[1], dict) else b"")):
            parts.append(entry(0o40000, name, self.put(value)) if isinstance(value, dict) else entry(0o100644, name, value))
        data = b"".join(parts)
        for oid, known in self.kept.items():
            if known == data:
                return oid
        self.number += 1
        oid = self.number.to_bytes(self.width)
        self.kept[oid] = data
        return oid


def leaves(listing, prefix=b""):
    found = {}
    for name, value in listing.items():
        if isinstance(value, dict):
            found.update(leaves(value, prefix + name + b"/"))
        else:
            found[prefix + name] = value
    return found


# Ids made to look like entries, names made to look like modes: what a guessed beginning could trip over.
_NASTY = [b"100644 a\0", b"40000 b\0", b"\0100644 ", b"160000 c", b"\0\0\0\0", b"100755 "]


def oids(width):
    plain = st.binary(min_size=width, max_size=width)
    crafted = st.lists(st.sampled_from(_NASTY), min_size=1, max_size=4).map(lambda parts: b"".join(parts)[:width].rjust(width, b"\0"))
    return plain | crafted


_NAMES = st.sampled_from([b"a", b"b", b"dir", b"x100644 y", b"100644 z", b"a-rather-long-name-of-a-file.txt", b"\xff", b"0"]) | st.from_regex(
    rb"[a-f]{1,3}\.[ch]", fullmatch=True
)


@st.composite
def pairs(draw):
    """Two trees of many entries with a few differences."""
    width = draw(_WIDTHS)
    mode = st.sampled_from([0o100644, 0o40000, 0o100755, 0o160000, 0o120000])
    filler = [(b"f%03d" % number, (0o100644, bytes([number % 251] * width))) for number in range(draw(st.sampled_from([0, 3, 40])))]
    old = dict(filler)
    old.update(draw(st.dictionaries(_NAMES, st.tuples(mode, oids(width)), max_size=6)))
    gone = draw(st.sets(st.integers(0, len(old)), max_size=3))
    new = {name: value for number, (name, value) in enumerate(old.items()) if number not in gone}
    new.update(draw(st.dictionaries(_NAMES, st.tuples(mode, oids(width)), max_size=4)))

    def spell(listing):
        return b"".join(entry(mode, name, oid) for name, (mode, oid) in sorted(listing.items()))

    return width, spell(old), spell(new)


@given(pairs())
@settings(max_examples=60)
def test_the_same_differences_as_by_parsing_both_whole(case):
    width, old, new = case
    before, after = parsed(old, width), parsed(new, width)
    gone, come = differing(old, new, width)
    assert parsed(b"".join(gone), width) == {name: value for name, value in before.items() if after.get(name) != value}
    assert parsed(b"".join(come), width) == {name: value for name, value in after.items() if before.get(name) != value}


@given(pairs())
@settings(max_examples=40)
def test_entries_are_found_by_name(case):
    width, old, new = case
    listing = parsed(old, width)
    for name in {**listing, **parsed(new, width)}:
        expected = (int(listing[name][0], 8), listing[name][1]) if name in listing else None
        assert find_entry(old, name, width) == expected


_LISTINGS = st.recursive(
    st.dictionaries(st.sampled_from([b"a", b"a.b", b"ab", b"c"]), st.integers(1, 4).map(lambda n: bytes([200 + n] * 20)), max_size=4),
    lambda below: st.dictionaries(st.sampled_from([b"a", b"a-", b"c", b"d"]), below | st.just(b"\xee" * 20), max_size=4),
    max_leaves=12,
)


def moved(kept, wanted, old, new):
    """(path, old id, new id) of all the wanted that differs between two trees, and what could not be read."""
    walk = _Walk(SimpleNamespace(read=kept.__getitem__), frozenset(wanted), len(old or new))
    return walk.changes(old, new), walk.errors


@given(_LISTINGS, _LISTINGS, st.data())
@settings(max_examples=60)
def test_changes_of_whole_trees(old, new, data):
    trees = Trees(20)
    before, after = leaves(old), leaves(new)
    everything = {*before.values(), *after.values()}
    wanted = data.draw(st.just(everything) | st.sets(st.sampled_from(sorted(everything)))) if everything else everything
    expected = {}
    for path in {*before, *after}:
        pair = before.get(path), after.get(path)
        if pair[0] != pair[1] and not wanted.isdisjoint(pair):
            expected[path] = tuple(oid if oid in wanted else None for oid in pair)
    found, errors = moved(trees.kept, wanted, trees.put(old), trees.put(new))
    assert {path: (was, now) for path, was, now in found} == expected
    assert (len(found), errors) == (len(expected), [])


def test_a_file_that_becomes_a_directory_and_back():
    trees = Trees(32)
    one, two = b"\1" * 32, b"\2" * 32
    file, folder = trees.put({b"x": one}), trees.put({b"x": {b"y": two}})
    for wanted, old, new, expected in (
        ((one, two), file, folder, {(b"x", one, None), (b"x/y", None, two)}),
        ((one, two), folder, file, {(b"x/y", two, None), (b"x", None, one)}),
        ((one, two), None, folder, {(b"x/y", None, two)}),
        ((one, two), file, None, {(b"x", one, None)}),
        ((two,), file, folder, {(b"x/y", None, two)}),
        ((one, folder), file, folder, {(b"", None, folder), (b"x", one, None)}),
    ):
        found, errors = moved(trees.kept, wanted, old, new)
        assert (set(found), len(found), errors) == (expected, len(expected), [])


def test_a_mode_alone_is_a_change():
    oid = b"\7" * 20
    kept = {b"1" * 20: entry(0o100644, b"x", oid), b"2" * 20: entry(0o100755, b"x", oid)}
    assert moved(kept, [oid], b"1" * 20, b"2" * 20) == ([(b"x", oid, oid)], [])


@pytest.mark.parametrize("broken", [b"100644 x\0short", b"no mode\0" + b"\1" * 20, b"100644 x", entry(0o100644, b"x", b"\1" * 20) + b"1"])
def test_a_tree_that_does_not_parse(broken):
    whole = entry(0o100644, b"w", b"\2" * 20)
    with pytest.raises(BadDataError):
        differing(whole, broken, 20)
    with pytest.raises(BadDataError):
        differing(b"", broken, 20)
    found, errors = moved({b"1" * 20: whole, b"2" * 20: broken}, [b"\1" * 20], b"1" * 20, b"2" * 20)
    assert found == []
    assert [(type(error), error.oid) for error in errors] == [(CorruptObjectError, b"2" * 20)]
