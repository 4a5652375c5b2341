"""Ids are found in a pack's index wherever they stand, however unevenly they are spread."""

from __future__ import annotations

import random
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.gitobjects import pack as packs
from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.pack import Pack

NEAR = packs._NEAR


def opened(offsets: dict[bytes, int], version: int, size: int) -> Pack:
    """A pack of which there is only the index."""
    ids = sorted(offsets)
    fanout = b"".join(sum(oid[0] <= first for oid in ids).to_bytes(4) for first in range(256))
    trailer = bytes(2 * size)
    if version == 1:
        data = fanout + b"".join(offsets[oid].to_bytes(4) + oid for oid in ids) + trailer
    else:
        long = [oid for oid in ids if offsets[oid] >= 1 << 31]
        short = b"".join((1 << 31 | long.index(oid) if oid in long else offsets[oid]).to_bytes(4) for oid in ids)
        data = b"\xfftOc\0\0\0\2" + fanout + b"".join(ids) + bytes(4 * len(ids)) + short + b"".join(offsets[oid].to_bytes(8) for oid in long) + trailer
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack-x.idx"
        path.write_bytes(data)
        return Pack(bytes(path.with_suffix("")), size)


def even(rng: random.Random, size: int) -> set[bytes]:
    return {rng.randbytes(size) for _ in range(rng.choice((0, 1, 30, 3000)))}


def clustered(rng: random.Random, size: int) -> set[bytes]:
    """Crowds far from where an even spread would have them: a few beginnings that many ids share."""
    starts = [rng.choice((b"\0", b"\x7f", b"\xff")) + rng.choice((b"", b"\0\0\0", b"\xff\xff\xff", rng.randbytes(4))) for _ in range(3)]
    return {(rng.choice(starts) + rng.randbytes(size))[:size] for _ in range(600)}


def counted(rng: random.Random, size: int) -> set[bytes]:
    """Neighbours that differ by one, in the last bytes alone."""
    first = rng.choice((0, (1 << 8 * size) - 300, rng.randrange(1 << 8 * size - 1)))
    return {(first + number).to_bytes(size) for number in range(300)}


def across(rng: random.Random, size: int) -> set[bytes]:
    """Ids whose bytes also stand across two others: made of few letters, over and over, or of the ends of neighbours."""
    letters = rng.choice((b"\0\1", b"\xff", b"ab", b"\0\xff"))
    found = {bytes(rng.choice(letters) for _ in range(size - 1)) + bytes([rng.randrange(256)]) for _ in range(200)}
    found |= {letters[:1] * size, letters[-1:] * size}
    ordered = sorted(found)
    cut = rng.randrange(1, size)
    return found | {one[cut:] + two[:cut] for one, two in pairwise(ordered)}


KINDS = (even, clustered, counted, across)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.sets(st.sampled_from(KINDS), min_size=1), st.sampled_from([1, 2]), st.sampled_from([20, 32]), st.sampled_from([1, 2, NEAR]))
def test_as_a_dictionary_would(seed: int, kinds: set, version: int, size: int, near: int) -> None:
    rng = random.Random(seed)
    ids = sorted(set().union(*[kind(rng, size) for kind in sorted(kinds, key=KINDS.index)]))
    places = rng.sample(range(12, 12 + 100 * len(ids) + 100), len(ids))
    offsets = dict(zip(ids, places, strict=True))
    for oid in rng.sample(ids, min(5, len(ids))):
        # Past 2 GiB, which version 1 says in its four bytes, version 2 in a table of its own.
        offsets[oid] += 1 << 31 if version == 1 else 1 << rng.choice((31, 32, 40))
    kept = set(rng.sample(ids, len(ids) * 2 // 3))
    offsets = {oid: offset for oid, offset in offsets.items() if oid in kept}
    asked = set(ids)
    for oid in [*rng.sample(ids, min(50, len(ids))), *ids[:1], *ids[-1:]]:
        number = int.from_bytes(oid)
        asked |= {each.to_bytes(size) for each in (number - 1, number + 1) if 0 <= each < 1 << 8 * size}
    for first in (0, 1, 127, 128, 254, 255):
        asked |= {bytes([first]) + rest * (size - 1) for rest in (b"\0", b"\xff")} | {bytes([first]) + rng.randbytes(size - 1)}
    ordered = sorted(offsets)
    for one, two in pairwise(ordered[:200]):
        # What stands across two neighbours is no id because of that.
        cut = rng.randrange(1, size)
        asked.add(one[cut:] + two[:cut])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs, "_NEAR", near)
        pack = opened(offsets, version, size)
        found = {oid: pack.find(oid) for oid in asked}
    assert found == {oid: offsets.get(oid) for oid in asked}


@pytest.mark.parametrize("version", [1, 2])
def test_an_id_on_its_own_behind_its_own_bytes_across_two_others(version: int) -> None:
    """The first place where the bytes stand is not where the id does."""
    low, wanted = b"\x61\x50" + b"\x61" * 18, b"\x61" * 20
    # In version 1 four bytes of an offset lie between two ids.
    offsets = {low: 100, wanted: 0x61616161, b"\x61" * 19 + b"\x62": 300}
    assert {oid: opened(offsets, version, 20).find(oid) for oid in offsets} == offsets


@pytest.mark.parametrize("version", [1, 2])
def test_a_fanout_that_promises_more_than_there_is(version: int, tmp_path: Path) -> None:
    count = 3
    fanout = bytes(4 * 255) + count.to_bytes(4)
    body = bytes(count * 24) if version == 1 else bytes(count * 28)
    head = b"" if version == 1 else b"\xfftOc\0\0\0\2"
    at = len(head) + 4 * 7
    data = bytearray(head + fanout + body + bytes(40))
    data[at : at + 4] = b"\x7f\xff\xff\xff"
    (tmp_path / "p.idx").write_bytes(data)
    pack = Pack(bytes(tmp_path / "p"), 20)
    with pytest.raises(BadDataError):
        pack.find(b"\7" * 20)
    # The next bucket begins behind its end.
    assert pack.find(b"\x08" * 20) is None
