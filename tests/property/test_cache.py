"""Whatever happens to its files, the cache never claims more than it was told; its tables agree with plain sets."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.cache import bits
from leaksieve.cache.history import HistoryCache

WIDTH = 2
COUNT = 99
BITS = b"\x10\x02" * 6 + b"\x01"
LOOSE = {b"l" * 16, b"m" * 16}
IDS = b"aabbcc"

# Few different ids, so that tables meet; runs, so that whole groups agree.
ids = st.one_of(
    st.sets(st.integers(0, 2000), max_size=40),
    st.tuples(st.integers(0, 600), st.integers(0, 600), st.sets(st.integers(0, 1200), max_size=5)).map(
        lambda drawn: set(range(drawn[0], sum(drawn[:2]))) ^ drawn[2]
    ),
)


def table(numbers: set[int]) -> bytes:
    return b"".join(number.to_bytes(WIDTH) for number in sorted(numbers))


def numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[start : start + WIDTH]) for start in range(0, len(data), WIDTH)]


def bitmap(flags: list[bool]) -> bytes:
    return sum(flag << position for position, flag in enumerate(flags)).to_bytes(bits.length(len(flags)), "little")


@given(ids, ids)
def test_tables_agree_with_sets(one: set[int], two: set[int]) -> None:
    shared = bits.within(table(one), table(two), WIDTH)
    assert shared == bitmap([number in two for number in sorted(one)])
    assert numbers(bits.select(table(one), shared, WIDTH)) == sorted(one & two)
    assert numbers(bits.select(table(one), bits.invert(len(one), shared), WIDTH)) == sorted(one - two)
    assert numbers(bits.merge(table(one), table(two), WIDTH)) == sorted(one | two)


@given(st.lists(st.integers(0, 300), max_size=300), st.lists(st.integers(0, 300), max_size=300))
def test_a_table_out_of_order_gains_nothing(one: list[int], two: list[int]) -> None:
    found = bits.within(*(b"".join(number.to_bytes(WIDTH) for number in part) for part in (one, two)), WIDTH)
    assert all(number in two for position, number in enumerate(one) if found[position >> 3] >> (position & 7) & 1)


def _build() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    holder = tempfile.TemporaryDirectory()
    folder = Path(holder.name) / "whole"
    with HistoryCache.open(os.fsencode(folder), b"s") as cache:
        cache.add(b"p", COUNT, BITS)
        cache.add(b"q", COUNT, bytes(12) + b"\x04")
        cache.add_loose(LOOSE)
        cache.add_ids(IDS, WIDTH, b"\x07")
        cache.put_derived("n", b"k", b"value")
    return holder, folder


_HOLDER, WHOLE = _build()
FILES = sorted(path.name for path in (WHOLE / "history-1").iterdir())


@settings(max_examples=300)
@given(
    st.sampled_from(FILES),
    st.one_of(
        st.tuples(st.just("flip"), st.integers(0, 100), st.integers(1, 255)),
        st.tuples(st.just("cut"), st.integers(0, 100), st.just(0)),
        st.tuples(st.just("grow"), st.integers(1, 100), st.integers(0, 255)),
        st.tuples(st.just("swap"), st.integers(0, len(FILES) - 1), st.just(0)),
    ),
)
def test_no_damage_makes_a_bit(name: str, damage: tuple[str, int, int]) -> None:
    kind, where, value = damage
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(WHOLE, place, dirs_exist_ok=True)
        path = Path(place) / "history-1" / name
        data = bytearray(path.read_bytes())
        if kind == "flip" and data:
            data[where % len(data)] ^= value
        elif kind == "cut":
            del data[where:]
        elif kind == "grow":
            data += bytes([value]) * where
        elif kind == "swap":
            data[:] = (path.parent / FILES[where]).read_bytes()
        path.write_bytes(data)
        with HistoryCache.open(os.fsencode(place), b"s") as cache:
            assert cache.usable
            assert cache.clean(b"p", COUNT) in (None, BITS)
            assert cache.clean(b"q", COUNT) in (None, bytes(12) + b"\x04")
            assert cache.clean_loose() in (set(), LOOSE)
            assert cache.clean_ids(b"aabbccdd", WIDTH) in (None, b"\x07")
            assert cache.derived("n", b"k") in (None, b"value")
            cache.add(b"p", COUNT, BITS)
        with HistoryCache.open(os.fsencode(place), b"s") as cache:
            assert cache.clean(b"p", COUNT) == BITS
