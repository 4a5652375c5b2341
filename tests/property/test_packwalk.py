"""Tables of packs and the walk over them, for every forest of deltas that can be written, sound or not."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from forest import WRONG, WRONG_DELTAS, Forest, Node, index
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.inventory import _copies
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packtable import PackTable, build_small
from leaksieve.gitobjects.packtable_bulk import build_bulk, copies
from leaksieve.gitobjects.packwalk import Shares, walk

PLENTY = 1 << 30
SOUND = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def nodes(draw: st.DrawFn, wrong: bool = True, most: int = 14) -> list[Node]:
    count = draw(st.integers(1, most))
    found = []
    for number in range(count):
        how = draw(st.sampled_from(["whole", "ofs", "ofs", "ref", "ref"]))
        if how == "ofs" and not number:
            how = "whole"
        base = -1 if how == "whole" else draw(st.integers(0, number - 1)) if how == "ofs" else draw(st.integers(-3 if wrong else -2, count - 1))
        if how == "ref" and base == -1:
            how = "whole"
        bad = draw(st.sampled_from(["", "", "", "", "", *WRONG, *(WRONG_DELTAS if base != -1 else ())])) if wrong else ""
        found.append(Node(base, how, draw(st.sampled_from([0, 1, 15, 40, 90, 300])), bad, draw(st.sampled_from([0, 0, 0, 7]))))
    return found


def told(table: PackTable) -> list[object]:
    """A table's columns in a form that compares; what is wrong with an entry may be said in other words."""
    columns = [getattr(table, name).tolist() for name in ("place", "at", "end", "size", "base")]
    return [*columns, *(column.tolist() for column in table.families), table.outside, sorted(table.broken)]


def both(pack: Pack) -> PackTable | None:
    """The table, the same from both ways of building it; None when both say that the pack is of no use."""
    results: list[PackTable | None] = []
    for build in (build_small, build_bulk):
        try:
            results.append(build(pack))
        except BadDataError:
            results.append(None)
    one, other = results
    assert (one is None) == (other is None)
    if one is None or other is None:
        return None
    assert told(one) == told(other)
    return one


class Walked:
    """What a walk said: contents by place in the index, ids of what was lost, how many are lost beside them."""

    def __init__(self, table: PackTable, outside: bytes | None, *, limit: int = PLENTY, chain_limit: int = PLENTY, parts: int = 1) -> None:
        self.contents: dict[int, bytes] = {}
        self.lost: dict[int, str] = {}
        self.further = 0
        self.most_at_once = 0
        bases = table.base.tolist()
        firsts = table.families.first.tolist()

        def visit(position: int, data: bytes, state: Any, base: bytes | None, delta: bytes, start: int) -> Any:
            place = table.place[position]
            assert place not in self.contents, "visited twice"
            if bases[position] >= 0:
                # The base came first, and is what is given as the base; it has a state only if it was visited itself.
                before = table.place[bases[position]]
                assert base is not None
                assert len(delta) >= start > 0
                assert state == (before if before in self.contents else None)
                assert before not in self.contents or self.contents[before] == base
            else:
                assert state is None
                assert base == (outside if position in table.outside else None)
            self.contents[int(place)] = bytes(data)
            return int(place)

        def lost(position: int, reason: str, phrase: str, further: int) -> None:
            place = int(table.place[position])
            assert place not in self.lost, "lost twice"
            assert reason in ("too-large", "corrupt-object")
            assert phrase
            self.lost[place] = reason
            self.further += further

        def foreign(position: int) -> bytes | None:
            if position not in table.outside:
                return None
            if outside is None:
                raise BadDataError("is nowhere")
            return outside

        families = len(firsts) - 1
        for part in range(parts):
            low, high = firsts[families * part // parts], firsts[families * (part + 1) // parts]
            columns = [getattr(table, name)[low:high].tolist() for name in ("at", "end", "size", "base")]
            walk(table.pack.data, Shares(low, *columns), visit, lost, limit=limit, chain_limit=chain_limit, outside=foreign, broken=table.broken)
        assert not self.contents.keys() & self.lost.keys()
        assert len(self.contents) + len(self.lost) + self.further == len(table.place)


@SOUND
@given(
    nodes=nodes(),
    hash_size=st.sampled_from([20, 32]),
    version=st.sampled_from([1, 2]),
    wide=st.booleans(),
    parts=st.integers(1, 4),
    outside=st.sampled_from([b"", b"entry 1: abc", b"something else"]),
)
def test_a_walk_builds_all_that_can_be_built_and_counts_the_rest(
    nodes: list[Node], hash_size: int, version: int, wide: bool, parts: int, outside: bytes
) -> None:
    # An index of version 1 has no room for offsets past its four bytes, and none needs it.
    forest = Forest(nodes, hash_size=hash_size, outside=outside)
    missing = any(node.base == -3 for node in nodes)
    with tempfile.TemporaryDirectory() as folder:
        path = forest.write(Path(folder), version=version, wide=wide)
        table = both(Pack(bytes(path), hash_size))
        assert table is not None
        # One that is nowhere and one that is outside cannot be told apart by the walk: ask for one kind at a time.
        walked = Walked(table, None if missing else outside, parts=parts)
    built = forest.built(PLENTY, PLENTY)
    if missing:
        built = [ok and _top(forest, number) != -2 for number, ok in enumerate(built)]
    places = {oid: place for place, oid in enumerate(sorted(forest.oids))}
    expected = {places[forest.oids[number]]: forest.content[number] for number, ok in enumerate(built) if ok}
    assert walked.contents == expected


def _top(forest: Forest, number: int) -> int:
    while number >= 0:
        number = forest.parent(number)
    return number


@SOUND
@given(
    nodes=nodes(wrong=False),
    limit=st.sampled_from([0, 10, 40, 100, 1000]),
    chain_limit=st.sampled_from([10, 40, 95, 100, 1000]),
    outside=st.just(b"entry 1: abc"),
)
def test_what_is_too_large_is_not_visited_but_built_for_others(nodes: list[Node], limit: int, chain_limit: int, outside: bytes) -> None:
    forest = Forest(nodes, outside=outside)
    chain_limit = max(limit, chain_limit)
    with tempfile.TemporaryDirectory() as folder:
        table = both(Pack(bytes(forest.write(Path(folder))), 20))
        assert table is not None
        walked = Walked(table, outside, limit=limit, chain_limit=chain_limit)
    places = {oid: place for place, oid in enumerate(sorted(forest.oids))}
    built = forest.built(limit, chain_limit)
    expected = {places[forest.oids[number]]: forest.content[number] for number, ok in enumerate(built) if ok and len(forest.content[number]) <= limit}
    assert walked.contents == expected


@SOUND
@given(
    nodes=nodes(),
    cut=st.integers(0, 400),
    extra=st.lists(st.sampled_from([0, 5, 11, 12, 13, 1 << 31, 1 << 40, (1 << 63) + 3]), max_size=3),
    again=st.integers(0, 3),
)
def test_cut_packs_and_indexes_that_lie_lose_objects_but_no_count(nodes: list[Node], cut: int, extra: list[int], again: int) -> None:
    """Offsets that lead nowhere, places named twice, and a pack that ends too soon."""
    forest = Forest(nodes, outside=b"x")
    with tempfile.TemporaryDirectory() as folder:
        path = forest.write(Path(folder), cut=cut)
        data = path.with_suffix(".pack").read_bytes()
        if len(data) < 12:
            return
        wrong = [(bytes((200, number)) * 10, offset) for number, offset in enumerate(extra)]
        twice = [(bytes((100, number)) * 10, offset) for number, offset in enumerate(forest.offsets[:again])]
        path.with_suffix(".idx").write_bytes(index(sorted([*zip(forest.oids, forest.offsets, strict=True), *wrong, *twice]), bytes(20)))
        pack = Pack(bytes(path), 20)
        table = both(pack)
        if table is None:
            assert len(data) < 32
            return
        walked = Walked(table, b"x")
        names = pack.names()
    known = dict(zip(forest.oids, forest.content, strict=True)) | {oid: forest.content[number] for number, (oid, _) in enumerate(twice)}
    for place, content in walked.contents.items():
        assert known[names[place]] == content
    if not cut:
        built = forest.built(PLENTY, PLENTY)
        assert len(walked.contents) == sum(built) + sum(built[: len(twice)])


@SOUND
@given(st.data())
def test_any_bytes_give_tables_that_agree_and_counts_that_hold(data: st.DataObject) -> None:
    forest = Forest(data.draw(nodes(most=6)), outside=b"x")
    with tempfile.TemporaryDirectory() as folder:
        path = forest.write(Path(folder))
        changed = bytearray(path.with_suffix(".pack").read_bytes())
        for _ in range(data.draw(st.integers(1, 12))):
            changed[data.draw(st.integers(12, len(changed) - 1))] = data.draw(st.sampled_from([0, 0x60, 0x70, 0x7F, 0x80, 0xE0, 0xF0, 0xFF, 0x31]))
        path.with_suffix(".pack").write_bytes(changed)
        table = both(Pack(bytes(path), 20))
        assert table is not None
        Walked(table, b"x")


@settings(SOUND, max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), unique=True, max_size=8), min_size=2, max_size=4))
def test_copies_are_marked_alike_by_both_ways(several: list[list[tuple[int, int]]]) -> None:
    """Ids that share their first bytes are no copies; the first pack's object is the one that stays."""
    with tempfile.TemporaryDirectory() as folder:
        tables = []
        for number, ids in enumerate(several):
            forest = Forest([Node(-1, "whole", 9) for _ in ids])
            forest.oids = [bytes((head,)) * 9 + bytes((tail,)) * 11 for head, tail in ids]
            tables.append(build_small(Pack(bytes(forest.write(Path(folder, str(number)))), 20)))
        marked = copies([table.pack for table in tables])
        assert marked == _copies([table.pack for table in tables])
        kept = [table.pack.name(place) for table, places in zip(tables, marked, strict=True) for place in range(table.pack.count) if place not in places]
        assert sorted(kept) == sorted({name for table in tables for name in table.pack.names()})
