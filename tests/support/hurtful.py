"""Packs that git would not write: circles, bombs, lies and depths."""

from __future__ import annotations

from typing import NamedTuple

import packcraft as craft
from planted import token

GIGABYTE = 1 << 30


class Crafted(NamedTuple):
    """Entries to add to the sound repository, the tokens that must be found in them, whether something fails."""

    entries: list[craft.Entry]
    found: tuple[str, ...] = ()
    failed: bool | None = True
    tip: bytes = b""


SECRET = token(460)
BLOB = craft.whole("blob", f"key = {SECRET}\n".encode())
GONE = bytes.fromhex("ab" * 20)
OTHER = bytes.fromhex("cd" * 20)


def _tip(top: bytes, *parents: bytes) -> craft.Entry:
    return craft.whole("commit", craft.commit(top, *parents))


def _small_delta(base: int) -> bytes:
    return craft.delta(base, 5, craft.literal(b"hello"))


def _delta_base_missing() -> Crafted:
    return Crafted([BLOB, craft.Entry("ref", _small_delta(9), OTHER, GONE)], (SECRET,))


def _delta_circle() -> Crafted:
    return Crafted([BLOB, craft.Entry("ref", _small_delta(5), GONE, OTHER), craft.Entry("ref", _small_delta(5), OTHER, GONE)], (SECRET,))


def _delta_of_itself() -> Crafted:
    return Crafted([BLOB, craft.Entry("ref", _small_delta(5), GONE, GONE)], (SECRET,))


def _delta_before_the_pack() -> Crafted:
    return Crafted([BLOB, craft.Entry("ofs", _small_delta(5), GONE, 0, back=100_000)], (SECRET,))


def _delta_into_an_entry() -> Crafted:
    return Crafted([BLOB, craft.Entry("ofs", _small_delta(5), GONE, 0, back=7)], (SECRET,))


def _delta_of_another_size() -> Crafted:
    return Crafted([BLOB, craft.Entry("ofs", _small_delta(999), GONE, 0)], (SECRET,))


def _delta_claims_a_gigabyte() -> Crafted:
    return Crafted([BLOB, craft.Entry("ofs", craft.delta(len(BLOB.data), GIGABYTE, craft.copy(0, 10)), GONE, 0)], (SECRET,), failed=None)


def _delta_makes_a_gigabyte() -> Crafted:
    megabytes = 15
    base = craft.Entry("blob", b"", OTHER, size=megabytes << 20, stream=craft.zeros(megabytes << 20))
    copies = [craft.copy(0, megabytes << 20)] * 68
    return Crafted([BLOB, base, craft.Entry("ofs", craft.delta(megabytes << 20, 68 * megabytes << 20, *copies), GONE, 1)], (SECRET,), failed=None)


def _delta_family_of_large_ones() -> Crafted:
    """A chain in which each is 90 MB: no limit is met by any one of them."""
    size = 90 << 20
    entries = [BLOB, craft.Entry("blob", b"", OTHER, size=size, stream=craft.zeros(size))]
    copies = [craft.copy(at << 20, 10 << 20) for at in range(0, 90, 10)]
    entries += [craft.Entry("ofs", craft.delta(size, size, *copies), bytes([number]) * 20, number) for number in range(1, 9)]
    return Crafted(entries, (SECRET,), failed=None)


def _bomb_that_lies() -> Crafted:
    return Crafted([BLOB, craft.Entry("blob", b"", GONE, size=100, stream=craft.zeros(GIGABYTE))], (SECRET,))


def _bomb_that_is_honest() -> Crafted:
    return Crafted([BLOB, craft.Entry("blob", b"", GONE, size=GIGABYTE, stream=craft.zeros(GIGABYTE))], (SECRET,), failed=False)


def _bomb_for_a_commit() -> Crafted:
    return Crafted([BLOB, craft.Entry("commit", b"", GONE, size=GIGABYTE, stream=craft.zeros(GIGABYTE))], (SECRET,), failed=None)


def _bomb_for_a_tree() -> Crafted:
    return Crafted([BLOB, craft.Entry("tree", b"", GONE, size=GIGABYTE, stream=craft.zeros(GIGABYTE))], (SECRET,), failed=None)


def _bomb_for_a_delta() -> Crafted:
    return Crafted([BLOB, craft.Entry("ofs", b"", GONE, 0, size=GIGABYTE, stream=craft.zeros(GIGABYTE))], (SECRET,))


def _announces_more() -> Crafted:
    return Crafted([BLOB, craft.Entry("blob", b"short", GONE, size=1 << 40)], (SECRET,), failed=None)


def _announces_too_many_digits() -> Crafted:
    return Crafted([BLOB, craft.Entry("blob", b"short", GONE, size=1 << 200)], (SECRET,), failed=None)


def _unknown_type() -> Crafted:
    return Crafted([BLOB, craft.Entry("blob", b"five", GONE, number=5), craft.Entry("blob", b"zero", OTHER, number=0)], (SECRET,))


def _commit_without_its_tree() -> Crafted:
    tip = _tip(GONE)
    return Crafted([BLOB, tip], (SECRET,), tip=tip.oid)


def _tree_without_its_blob() -> Crafted:
    top = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid), ("100644", "b.env", GONE)))
    tip = _tip(top.oid)
    return Crafted([BLOB, top, tip], (SECRET,), tip=tip.oid)


def _tree_of_garbage() -> Crafted:
    top = craft.whole("tree", b"this is no tree at all \xff\0\1\2 \0")
    tip = _tip(top.oid)
    return Crafted([BLOB, top, tip], (SECRET,), tip=tip.oid)


def _tree_cut_off() -> Crafted:
    top = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid), ("100644", "b.env", BLOB.oid))[:-9])
    tip = _tip(top.oid)
    return Crafted([BLOB, top, tip], (SECRET,), tip=tip.oid)


def _blob_for_a_tree() -> Crafted:
    tip = _tip(BLOB.oid)
    return Crafted([BLOB, tip], (SECRET,), failed=None, tip=tip.oid)


def _tree_for_a_blob() -> Crafted:
    inner = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid)))
    top = craft.whole("tree", craft.tree(("100644", "is-a-tree", inner.oid), ("40000", "is-a-blob", BLOB.oid)))
    tip = _tip(top.oid)
    return Crafted([BLOB, inner, top, tip], (SECRET,), failed=None, tip=tip.oid)


def _commit_of_nothing() -> Crafted:
    top = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid)))
    empty, odd, headless = craft.whole("commit", b""), craft.whole("commit", b"tree xyz\n\n"), craft.whole("commit", f"\n\nkey {token(461)}".encode())
    tip = _tip(top.oid, empty.oid, odd.oid, headless.oid)
    return Crafted([BLOB, top, empty, odd, headless, tip], (SECRET, token(461)), failed=None, tip=tip.oid)


def _commits_in_a_circle() -> Crafted:
    top = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid)))
    first = craft.Entry("commit", craft.commit(top.oid, OTHER), GONE)
    second = craft.Entry("commit", craft.commit(top.oid, GONE), OTHER)
    own = bytes.fromhex("ef" * 20)
    third = craft.Entry("commit", craft.commit(top.oid, own, GONE), own)
    return Crafted([BLOB, top, first, second, third], (SECRET,), failed=None, tip=own)


def _trees_in_a_circle() -> Crafted:
    first = craft.Entry("tree", craft.tree(("100644", "a.env", BLOB.oid), ("40000", "down", OTHER), ("40000", "self", GONE)), GONE)
    second = craft.Entry("tree", craft.tree(("40000", "up", GONE)), OTHER)
    tip = _tip(GONE)
    return Crafted([BLOB, first, second, tip], (SECRET,), failed=None, tip=tip.oid)


def _tree_bomb() -> Crafted:
    """Ten folders in ten folders, ten times: ten billion paths to one blob."""
    entries = [BLOB, craft.whole("tree", craft.tree(*((("100644"), f"f{n}", BLOB.oid) for n in range(10))))]
    for _ in range(9):
        entries.append(craft.whole("tree", craft.tree(*(("40000", f"d{n}", entries[-1].oid) for n in range(10)))))
    tip = _tip(entries[-1].oid)
    return Crafted([*entries, tip], (SECRET,), failed=None, tip=tip.oid)


def _deep_folders() -> Crafted:
    entries = [BLOB, craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid)))]
    for _ in range(3000):
        entries.append(craft.whole("tree", craft.tree(("40000", "d", entries[-1].oid))))
    tip = _tip(entries[-1].oid)
    return Crafted([*entries, tip], (SECRET,), failed=None, tip=tip.oid)


def _deep_deltas() -> Crafted:
    entries = [BLOB, craft.whole("blob", b"x" * 40)]
    entries += [craft.Entry("ofs", craft.delta(40, 40, craft.copy(0, 40)), number.to_bytes(20), number) for number in range(1, 20_000)]
    last = f"key = {token(462)} "[:60].encode()
    entries.append(craft.Entry("ofs", craft.delta(40, len(last), craft.literal(last)), GONE, len(entries) - 1))
    return Crafted(entries, (SECRET, token(462)), failed=None)


def _deep_tags() -> Crafted:
    entries = [BLOB]
    kind = "blob"
    for number in range(3000):
        entries.append(craft.whole("tag", f"object {entries[-1].oid.hex()}\ntype {kind}\ntag t{number}\ntagger A <a@mail.invalid> 1 +0000\n\nx\n".encode()))
        kind = "tag"
    return Crafted(entries, (SECRET,), failed=None, tip=entries[-1].oid)


def _many_parents() -> Crafted:
    top = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid)))
    empty = craft.whole("tree", b"")
    roots = [craft.whole("commit", craft.commit(empty.oid, message=str(number))) for number in range(2000)]
    tip = _tip(top.oid, *(root.oid for root in roots))
    return Crafted([BLOB, top, empty, *roots, tip], (SECRET,), failed=None, tip=tip.oid)


def _dates_from_nowhere() -> Crafted:
    top = craft.whole("tree", craft.tree(("100644", "a.env", BLOB.oid)))
    raw = craft.commit(top.oid)
    first = craft.whole("commit", raw.replace(b"1700000000 +0000", b"99999999999999999999 +9999"))
    second = craft.whole("commit", craft.commit(top.oid, first.oid).replace(b"1700000000 +0000", b"-5 -0000"))
    third = craft.whole("commit", craft.commit(top.oid, second.oid).replace(b"1700000000 +0000", b"soon"))
    return Crafted([BLOB, top, first, second, third], (SECRET,), failed=None, tip=third.oid)


CRAFTED = [
    _delta_base_missing, _delta_circle, _delta_of_itself, _delta_before_the_pack, _delta_into_an_entry, _delta_of_another_size, _delta_claims_a_gigabyte,
    _delta_makes_a_gigabyte, _delta_family_of_large_ones, _bomb_that_lies, _bomb_that_is_honest, _bomb_for_a_commit, _bomb_for_a_tree, _bomb_for_a_delta,
    _announces_more, _announces_too_many_digits, _unknown_type, _commit_without_its_tree, _tree_without_its_blob, _tree_of_garbage, _tree_cut_off,
    _blob_for_a_tree, _tree_for_a_blob, _commit_of_nothing, _commits_in_a_circle, _trees_in_a_circle, _tree_bomb, _deep_folders, _deep_deltas, _deep_tags,
    _many_parents, _dates_from_nowhere,
]  # fmt: skip
