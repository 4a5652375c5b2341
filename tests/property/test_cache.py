"""Whatever happens to its files, the cache never claims more than it was told."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.cache.history import HistoryCache

# Long and short, empty, one name with two keys, one key with two names.
KEPT = {
    ("stock", b""): b"\x10\x02" * 6 + b"\x01",
    ("commits 0", b"k"): bytes(range(256)) * 600,
    ("commits 1", b"k"): b"l" * 16,
    ("told", b"k"): b"",
    ("told", b"m"): b"value",
}


def _build() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    holder = tempfile.TemporaryDirectory()
    folder = Path(holder.name) / "whole"
    with HistoryCache.open(os.fsencode(folder), b"s") as cache:
        for (name, key), data in KEPT.items():
            cache.put_derived(name, key, data)
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
def test_no_damage_makes_anything_up(name: str, damage: tuple[str, int, int]) -> None:
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
            for (kept, key), content in KEPT.items():
                assert cache.derived(kept, key) in (None, content)
            assert cache.derived("told", b"n") is None
            for (kept, key), content in KEPT.items():
                cache.put_derived(kept, key, content)
        with HistoryCache.open(os.fsencode(place), b"s") as cache:
            assert {each: cache.derived(*each) for each in KEPT} == KEPT
