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
from collections.abc import Callable, Iterator
from typing import NamedTuple

from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError

# Slices are halved until this many bytes are left: an entry is about as long.
_FINE = 48
# How far before the first difference an entry's beginning is looked for: some five entries.
_BACK = 224
_TREE_DIGITS = (b"40000 ", b"040000 ")

# One entry of a tree as it stands there: digits of the mode, a space, the name, a NUL, the raw id.
RawEntry = bytes


class TreeChange(NamedTuple):
    """One path whose mode or object differs; a mode of 0 and an id of None mean that there is nothing on that side."""

    path: bytes
    old_mode: int
    old_oid: bytes | None
    new_mode: int
    new_oid: bytes | None


class _Patterns:
    """What finds entries in trees of one id length."""

    __slots__ = ("entry", "guess", "run")

    def __init__(self, width: int) -> None:
        one = rb"[0-7]{5,6} [^\0]++\0.{%d}" % width
        self.entry = re.compile(one, re.DOTALL)
        self.run = re.compile(rb"(?:%b)*+" % one, re.DOTALL)
        # Behind an earlier entry's id, which a NUL precedes.
        self.guess = re.compile(rb"(?<=\0.{%d})(?:100644|40000|100755|120000|160000) (?=[^\0/]+\0)" % width, re.DOTALL)


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
        return _split(old, 0, len(old), patterns), _split(new, 0, len(new), patterns)
    # Where the trees are still equal, to within a few bytes.
    low, high = 0, min(len(old), len(new))
    while high - low > _FINE:
        middle = (low + high) >> 1
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle
    start = 0
    if low > _BACK:
        guess = patterns.guess.search(old, low - _BACK, low)
        start = guess.start() if guess is not None else 0
    if low:
        run = patterns.run.match(old, start, low)
        if run is not None and run.end() == start:
            # Nothing bore the guess out.
            run = patterns.run.match(old, 0, low)
        start = run.end() if run is not None else 0
    # The same from behind, no further than where the front ended.
    same, high = 0, min(len(old), len(new)) - start
    old_end, new_end = len(old), len(new)
    while high - same > _FINE:
        middle = (same + high) >> 1
        if old[old_end - middle : old_end - same] == new[new_end - middle : new_end - same]:
            same = middle
        else:
            high = middle
    try:
        return _between(old, new, start, same, patterns)
    except BadDataError:
        if not start:
            raise
    return _between(old, new, 0, 0, patterns)


def _between(old: bytes, new: bytes, start: int, same: int, patterns: _Patterns) -> tuple[list[RawEntry], list[RawEntry]]:
    """Compare from ``start`` to where at most ``same`` equal bytes are left and both trees have an entry's end there."""
    match = patterns.entry.match
    old_at = new_at = start
    # Counted from the ends: behind equal distances to it lie equal bytes, once within `same`.
    old_left, new_left = len(old) - start, len(new) - start
    before: list[RawEntry] = []
    after: list[RawEntry] = []
    while old_left > same or new_left > same or old_left != new_left:
        if old_left >= new_left:
            found = match(old, old_at)
            if found is None:
                raise BadDataError("the tree does not parse")
            before.append(found[0])
            length = len(before[-1])
            old_at += length
            old_left -= length
        else:
            found = match(new, new_at)
            if found is None:
                raise BadDataError("the tree does not parse")
            after.append(found[0])
            length = len(after[-1])
            new_at += length
            new_left -= length
    kept = set(before).intersection(after)
    if kept:
        before = [entry for entry in before if entry not in kept]
        after = [entry for entry in after if entry not in kept]
    return before, after


def _split(data: bytes, start: int, end: int, patterns: _Patterns) -> list[RawEntry]:
    if not data:
        return []
    run = patterns.run.match(data, start, end)
    if run is None or run.end() != end:
        raise BadDataError("the tree does not parse")
    return patterns.entry.findall(data, start, end)


def is_tree(entry: RawEntry) -> bool:
    """Whether a raw entry stands for a directory."""
    return entry.startswith(_TREE_DIGITS)


def name_of(entry: RawEntry, width: int) -> bytes:
    """Return a raw entry's name."""
    return entry[entry.index(b" ") + 1 : -width - 1]


def find_entry(data: bytes, name: bytes, width: int) -> tuple[int, bytes] | None:
    """Return (mode, raw id) of the entry called ``name`` in a tree's raw content, or None; raises BadDataError."""
    # Parsed from the start, so a name inside an id cannot mislead; and not at all when the bytes are nowhere.
    if b" " + name + b"\0" not in data:
        return None
    for entry in _split(data, 0, len(data), _patterns(width)):
        if entry[entry.index(b" ") + 1 : -width - 1] == name:
            return int(entry[: entry.index(b" ")], 8), entry[-width:]
    return None


def tree_changes(read: Callable[[bytes], bytes], old: bytes | None, new: bytes | None) -> Iterator[TreeChange]:
    """Yield what differs between two trees: files, links and submodules at every depth, directories never.

    ``old`` and ``new`` are raw tree ids, None for a tree without entries; ``read`` gives a tree's
    raw content by id and may raise an ObjectError, which passes through.  A file that became a
    directory (or the reverse) is a removed path and added ones.  Raises CorruptObjectError for a
    tree that does not parse.  Paths come in no particular order.  Nothing bounds how many there are:
    a crafted tree can list itself out beyond all measure, so whoever asks stops when it is enough.
    """
    if old == new:
        return
    width = len(old or new or b"")
    pending: list[tuple[bytes, bytes | None, bytes | None]] = [(b"", old, new)]
    while pending:
        prefix, old, new = pending.pop()
        try:
            gone, come = differing(read(old) if old is not None else b"", read(new) if new is not None else b"", width)
        except BadDataError as error:
            raise CorruptObjectError(new or old or b"", str(error)) from error
        before = {name_of(entry, width): entry for entry in gone}
        for entry in come:
            name = name_of(entry, width)
            path = prefix + name
            was = before.pop(name, None)
            oid = entry[-width:]
            if is_tree(entry):
                if was is not None and is_tree(was):
                    if was[-width:] != oid:
                        pending.append((path + b"/", was[-width:], oid))
                    continue
                if was is not None:
                    yield TreeChange(path, _mode(was), was[-width:], 0, None)
                pending.append((path + b"/", None, oid))
            elif was is not None and is_tree(was):
                pending.append((path + b"/", was[-width:], None))
                yield TreeChange(path, 0, None, _mode(entry), oid)
            elif was is not None:
                yield TreeChange(path, _mode(was), was[-width:], _mode(entry), oid)
            else:
                yield TreeChange(path, 0, None, _mode(entry), oid)
        for name, entry in before.items():
            if is_tree(entry):
                pending.append((prefix + name + b"/", entry[-width:], None))
            else:
                yield TreeChange(prefix + name, _mode(entry), entry[-width:], 0, None)


def _mode(entry: RawEntry) -> int:
    return int(entry[: entry.index(b" ")], 8)
