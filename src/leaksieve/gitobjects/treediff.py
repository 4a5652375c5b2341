"""What differs between two trees, without parsing what they share.

Neighbouring versions of a directory differ in one entry of hundreds.  The equal bytes in front and
behind are found by comparing slices; only the entries between are parsed.

The one thing that cannot be known from the middle of a tree is where an entry begins: an object id
may hold any bytes, those of an entry included.  A beginning is therefore guessed a few entries
before the first difference and has to prove itself by parsing, entry after entry, up to it; if
anything does not fit, the trees are parsed from their start.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from leaksieve.gitobjects.errors import BadDataError

# How far the first difference is looked for to begin with, how far the next ones, and how closely: bytes.
_STRIDE = 1024
_STEP = 64
_FINE = 16
# How far before the first difference an entry's beginning is looked for: some five entries.
_BACK = 224
_MODES = (b"100644 ", b"100755 ", b"40000 ")
_TREE_DIGITS = (b"40000 ", b"040000 ")

# One entry of a tree as it stands there: digits of the mode, a space, the name, a NUL, the raw id.
RawEntry = bytes


class _Patterns:
    """What finds entries in trees of one id length: one with its name, as many as fit, all of them."""

    __slots__ = ("all", "entry", "run", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.entry = re.compile(rb"[0-7]{5,6} ([^\0]++)\0.{%d}" % width, re.DOTALL).match
        one = rb"[0-7]{5,6} [^\0]++\0.{%d}" % width
        # It matches where there is no entry, too: never None.  An atomic group: before 3.11.5 Python forgets, behind a possessive one (`*+`),
        # to go back to where its last whole turn ended.
        self.run = cast("Callable[..., re.Match[bytes]]", re.compile(rb"(?>(?:%b)*)" % one, re.DOTALL).match)
        self.all = re.compile(one, re.DOTALL).findall


_PATTERNS: dict[int, _Patterns] = {}


def _patterns(width: int) -> _Patterns:
    found = _PATTERNS.get(width)
    if found is None:
        found = _PATTERNS[width] = _Patterns(width)
    return found


def differing(old: bytes, new: bytes, width: int) -> tuple[list[RawEntry], list[RawEntry]]:
    """Return the entries only the tree ``old`` has and those only ``new`` has, each in its tree's order.

    Both are trees' raw contents (empty for no tree), ``width`` is the length of an id in bytes.
    Raises BadDataError when a tree does not parse; the parts both have in common are not looked at.
    """
    if old == new:
        return [], []
    patterns = _PATTERNS.get(width) or _patterns(width)
    if not old or not new:
        return _split(old, patterns), _split(new, patterns)
    try:
        return _from(old, new, _boundary(old, 0, _alike(old, 0, new, 0, _STRIDE), patterns), patterns)
    except BadDataError:
        # A beginning guessed wrong, or a tree that does not parse, which this will tell.
        return _from(old, new, 0, patterns)


def _boundary(data: bytes, floor: int, most: int, patterns: _Patterns) -> int:
    """Return the last place up to ``most`` where an entry begins; at ``floor`` one does."""
    start = most - _BACK
    if start > floor:
        # An entry begins behind an earlier one's id, which a NUL precedes.
        for mode in _MODES:
            if (found := data.find(mode, start, most)) >= 0:
                break
        start = found
        if start > 0 and not data[start - patterns.width - 1]:
            end = patterns.run(data, start, most).end()
            if end > start:
                return end
    return patterns.run(data, floor, most).end()


def _from(old: bytes, new: bytes, at: int, patterns: _Patterns) -> tuple[list[RawEntry], list[RawEntry]]:
    """Compare from ``at`` on, where both trees have the beginning of an entry."""
    match = patterns.entry
    other = at
    old_end, new_end = len(old), len(new)
    before: list[RawEntry] = []
    after: list[RawEntry] = []
    while True:
        one = match(old, at)
        two = match(new, other)
        if one is None or two is None:
            if (one is None and at < old_end) or (two is None and other < new_end):
                raise BadDataError("the tree does not parse")
            break
        first, second = one[0], two[0]
        if first == second:
            at, other = one.end(), two.end()
        else:
            order = 0 if one[1] == two[1] else 1 if _sort_key(one) > _sort_key(two) else -1
            if order <= 0:
                before.append(first)
                at = one.end()
            if order >= 0:
                after.append(second)
                other = two.end()
            if old_end - at == new_end - other and old[at:] == new[other:]:
                break
        alike = _alike(old, at, new, other, _STEP)
        if alike > patterns.width + 8:
            alike = _boundary(old, at, at + alike, patterns) - at
            at += alike
            other += alike
    if old_end - at != new_end - other:
        # One tree is at its end.
        before += _split(old[at:], patterns)
        after += _split(new[other:], patterns)
    if len(before) + len(after) > 2:
        # Trees out of order, and those that list a name twice, still give differences alone.
        kept = set(before).intersection(after)
        if kept:
            before = [entry for entry in before if entry not in kept]
            after = [entry for entry in after if entry not in kept]
    return before, after


def _alike(old: bytes, old_at: int, new: bytes, new_at: int, step: int) -> int:
    """How many bytes are the same from two places on, to within a few: steps grow until one differs, then shrink."""
    most = min(len(old) - old_at, len(new) - new_at)
    done = 0
    while done < most:
        here, there = old_at + done, new_at + done
        if old[here : here + step] != new[there : there + step]:
            break
        done += step
        step += step
    while (step := step >> 1) >= _FINE:
        here, there = old_at + done, new_at + done
        if old[here : here + step] == new[there : there + step]:
            done += step
    return min(done, most)


def _sort_key(entry: re.Match[bytes]) -> bytes:
    """What a tree's entries are sorted by: directories as if their names ended in a slash."""
    return entry[1] + b"/" if entry[0].startswith(_TREE_DIGITS) else entry[1]


def _split(data: bytes, patterns: _Patterns) -> list[RawEntry]:
    """All entries of a tree; raises BadDataError."""
    if not data:
        return []
    if patterns.run(data).end() != len(data):
        raise BadDataError("the tree does not parse")
    return patterns.all(data)


def is_tree(entry: RawEntry) -> bool:
    """Whether a raw entry stands for a directory."""
    return entry.startswith(_TREE_DIGITS)


def name_of(entry: RawEntry, width: int) -> bytes:
    """Return a raw entry's name."""
    return entry[entry.index(b" ") + 1 : -width - 1]


def find_entry(data: bytes, name: bytes, width: int) -> tuple[int, bytes] | None:
    """Return (mode, raw id) of the entry called ``name`` in a tree's raw content, or None; raises BadDataError."""
    patterns = _patterns(width)
    place = data.find(b" " + name + b"\0")
    while place >= 0:
        # An entry's beginning is only known from the start: a name may stand inside another one or an id.
        start = patterns.run(data, 0, place).end()
        entry = patterns.entry(data, start)
        if entry is None:
            raise BadDataError("the tree does not parse")
        if entry[1] == name:
            return int(entry[0][: entry[0].index(b" ")], 8), entry[0][-width:]
        place = data.find(b" " + name + b"\0", place + 1)
    return None
