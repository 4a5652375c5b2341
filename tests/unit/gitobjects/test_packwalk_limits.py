"""Limits of the walk over packs: nothing is built that is too large, whatever an entry claims, and all that is lost is counted."""

from __future__ import annotations

import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from forest import Forest, Node, index
from packcraft import Entry, copy, delta, literal, whole, write_pack, zeros

from leaksieve.gitobjects import packwalk
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packtable import build_small
from leaksieve.gitobjects.packtable_bulk import build_bulk
from leaksieve.gitobjects.packwalk import Shares, walk

MB = 1 << 20
BOTH = pytest.mark.parametrize("build", [build_small, build_bulk])


class Told:
    """What a walk over a whole pack said, by raw id."""

    def __init__(self, path: Path, build: Any = build_small, *, limit: int = MB, chain_limit: int = 4 * MB) -> None:
        table = build(Pack(bytes(path.with_suffix("")), 20))
        self.found: dict[bytes, bytes] = {}
        self.lost: dict[bytes, tuple[str, int]] = {}
        self.longest = 0

        def visit(position: int, data: bytes, *_: object) -> int:
            self.found[table.oid(position)] = bytes(data)
            return position

        def lost(position: int, reason: str, _: str, further: int) -> None:
            assert table.oid(position) not in self.lost
            self.lost[table.oid(position)] = (reason, further)

        columns = [getattr(table, name)[:].tolist() for name in ("at", "end", "size", "base")]
        walk(table.pack.data, Shares(0, *columns), visit, lost, limit=limit, chain_limit=chain_limit, outside=lambda _: None, broken=table.broken)
        assert len(self.found) + len(self.lost) + sum(further for _, further in self.lost.values()) == table.pack.count


def named(number: int) -> bytes:
    return bytes((number,)) * 20


BASE = b"the base of it all\n" * 10


@pytest.fixture
def no_building(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes the sizes that compiled code is asked for."""
    asked: list[int] = []
    inner, apply = packwalk.decompress, packwalk.apply_delta

    def decompress(data: Any, bits: int, size: int) -> bytes:
        asked.append(size)
        return inner(data, bits, size)

    def counted(base: bytes, made: bytes) -> Any:
        from leaksieve.gitobjects.delta import delta_sizes

        asked.append(delta_sizes(made)[1])
        return apply(base, made)

    monkeypatch.setattr(packwalk, "decompress", decompress)
    monkeypatch.setattr(packwalk, "apply_delta", counted)
    return asked


@BOTH
@pytest.mark.parametrize("claim", [5 * MB, 1 << 30, 1 << 40, 1 << 62])
def test_a_delta_that_claims_too_much_is_not_built(tmp_path: Path, build: Any, claim: int, no_building: list[int]) -> None:
    # 65,536 bytes an instruction of one byte: what such bombs are made of.
    bomb = Entry("ofs", delta(len(BASE), claim, *[copy(0, len(BASE))] * 50), named(2), 0)
    kid = Entry("ofs", delta(claim, 3, literal(b"kid")), named(3), 1)
    told = Told(write_pack(tmp_path, [Entry("blob", BASE, named(1)), bomb, kid]), build)
    assert told.found == {named(1): BASE}
    assert told.lost == {named(2): ("too-large", 1)}
    assert max(no_building) <= 4 * MB


@BOTH
@pytest.mark.parametrize("claim", [1 << 30, 1 << 40, 1 << 62, (1 << 63) - 1])
def test_a_delta_whose_own_size_is_absurd_costs_nothing(tmp_path: Path, build: Any, claim: int, no_building: list[int]) -> None:
    lie = Entry("ofs", delta(len(BASE), 3, literal(b"abc")), named(2), 0, size=claim)
    told = Told(write_pack(tmp_path, [Entry("blob", BASE, named(1)), lie]), build)
    assert told.found == {named(1): BASE}
    assert told.lost == {named(2): ("corrupt-object", 0)}
    assert max(no_building) <= 4 * MB


@BOTH
@pytest.mark.parametrize("claim", [1 << 63, 1 << 64, 1 << 68, 1 << 90])
@pytest.mark.parametrize("kind", ["blob", "ofs"])
def test_a_size_that_fits_no_number_is_said_of_that_entry_alone(tmp_path: Path, build: Any, claim: int, kind: str) -> None:
    lie = Entry(kind, delta(len(BASE), 3, literal(b"abc")), named(2), 0, size=claim)
    told = Told(write_pack(tmp_path, [Entry("blob", BASE, named(1)), lie]), build)
    assert told.found == {named(1): BASE}
    assert told.lost == {named(2): ("corrupt-object", 0)}


@BOTH
@pytest.mark.parametrize("announced", [None, 1000, 63 * MB, 300 * MB])
def test_a_stream_that_inflates_to_more_than_allowed_is_cut_short(tmp_path: Path, build: Any, announced: int | None) -> None:
    bomb = Entry("blob", b"", named(1), size=200 * MB if announced is None else announced, stream=zeros(200 * MB))
    started = time.perf_counter()
    told = Told(write_pack(tmp_path, [bomb, Entry("blob", BASE, named(2))]), build)
    assert told.found == {named(2): BASE}
    assert told.lost[named(1)][0] == ("corrupt-object" if announced == 1000 else "too-large")
    assert time.perf_counter() - started < 2


def test_a_delta_that_is_a_bomb_itself(tmp_path: Path) -> None:
    bomb = Entry("ofs", b"", named(2), 0, size=200 * MB, stream=zeros(200 * MB))
    told = Told(write_pack(tmp_path, [Entry("blob", BASE, named(1)), bomb]))
    assert told.lost == {named(2): ("corrupt-object", 0)}


@BOTH
def test_members_that_are_too_large_are_skipped_and_their_children_built(tmp_path: Path, build: Any) -> None:
    large = bytes(2 * MB)
    entries = [
        Entry("blob", BASE, named(1)),
        Entry("ofs", delta(len(BASE), 2 * MB, *[literal(bytes(127))] * (2 * MB // 127), literal(bytes(2 * MB % 127))), named(2), 0),
        Entry("ofs", delta(2 * MB, 5, copy(0, 2), literal(b"end")), named(3), 1),
        # As large, with nothing built on it: not built at all.
        Entry("ofs", delta(len(BASE), 2 * MB, literal(b"no such")), named(4), 0),
        Entry("blob", large, named(5)),
        Entry("ofs", delta(2 * MB, 2, copy(7, 2)), named(6), 4),
        Entry("blob", bytes(5 * MB), named(7)),
        Entry("ofs", delta(5 * MB, 2, copy(7, 2)), named(8), 6),
        Entry("ofs", delta(2, 2, copy(0, 2)), named(9), 7),
    ]
    told = Told(write_pack(tmp_path, entries), build)
    assert told.found == {named(1): BASE, named(3): b"\0\0end", named(6): b"\0\0"}
    assert told.lost == {named(2): ("too-large", 0), named(4): ("too-large", 0), named(5): ("too-large", 0), named(7): ("too-large", 2)}


@BOTH
def test_counts_hold_when_bases_stand_behind_what_is_built_on_them(tmp_path: Path, build: Any) -> None:
    nodes = [Node(1, "ref", 9), Node(2, "ref", 9), Node(3, "ref", 9), Node(-1, "whole", 9, "stream")]
    forest = Forest(nodes)
    told = Told(forest.write(tmp_path), build)
    assert told.found == {}
    assert told.lost == {forest.oids[3]: ("corrupt-object", 3)}


@BOTH
@pytest.mark.parametrize("length", [1, 2, 3, 4, 8])
def test_circles_of_deltas_are_lost_and_said_to_be(tmp_path: Path, build: Any, length: int) -> None:
    circle = [Node((number + 1) % length, "ref", 9) for number in range(length)]
    tail = [Node(0, "ref", 9), Node(length, "ref", 9), Node(-1, "whole", 9)]
    forest = Forest([*circle, *tail])
    told = Told(forest.write(tmp_path), build)
    assert list(told.found) == [forest.oids[-1]]
    assert told.lost.keys() == set(forest.oids[:length])


def test_the_memory_of_a_chain_is_bounded_and_what_is_lost_to_that_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A chain in which every member has two built on it, so that all of it has to be held.
    nodes = [Node(-1, "whole", 300)]
    nodes += [Node((number - 1) // 2, "ofs", 300) for number in range(1, 31)]
    path = Forest(nodes).write(tmp_path)
    assert len(Told(path).found) == 31
    monkeypatch.setattr(packwalk, "_HELD", 700)
    told = Told(path)
    assert 2 < len(told.found) < 31
    assert {reason for reason, _ in told.lost.values()} == {"too-large"}


@BOTH
def test_entries_past_two_and_four_gigabytes(tmp_path: Path, build: Any) -> None:
    path = write_pack(tmp_path, [whole("blob", BASE)])
    places = [(whole("blob", BASE).oid, 12)]
    with path.open("r+b") as file:
        for number, at in enumerate((3 << 30, 5 << 30)):
            file.seek(at)
            text = b"far %d" % number
            file.write(bytes((0x30 | len(text),)) + zlib.compress(text))
            places.append((named(number), at))
        file.write(bytes(20))
    path.with_suffix(".idx").write_bytes(index(sorted(places), bytes(20)))
    told = Told(path, build)
    assert sorted(told.found.values()) == sorted([BASE, b"far 0", b"far 1"])


@pytest.mark.parametrize("error", [MemoryError, SystemError])
def test_memory_that_is_short_costs_the_objects_it_is_short_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    made = packwalk.apply_delta

    def short(base: bytes, instructions: bytes) -> Any:
        if instructions.endswith(b"large"):
            raise error
        return made(base, instructions)

    monkeypatch.setattr(packwalk, "apply_delta", short)
    base = whole("blob", BASE)
    entries = [base, *(Entry("ofs", delta(len(BASE), 5, literal(text)), named(at + 1), 0) for at, text in enumerate((b"small", b"large", b"other")))]
    told = Told(write_pack(tmp_path, entries))
    assert set(told.found.values()) == {BASE, b"small", b"other"}
    assert told.lost == {named(2): ("out-of-memory", 0)}
