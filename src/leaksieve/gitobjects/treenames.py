"""Names in a tree's raw bytes, found without parsing the whole of it."""

from __future__ import annotations

import re

from leaksieve.gitobjects.kept import Run

# How an entry for a submodule begins: its mode.
SUBMODULE = b"160000 "
# The longest name that is looked at; file systems take 255 bytes, git itself any number.
LONGEST = 320
_MODE = re.compile(rb"[0-7]{5,6} ")


def entries(hash_size: int) -> re.Pattern[bytes]:
    """A tree's entries one behind the other: mode, name (the first group), raw id."""
    return re.compile(rb"[0-7]{5,6} ([^\0]+)\0[\0-\xff]{%d}" % hash_size)


def name_at(data: bytes, place: int, hash_size: int) -> bytes:
    """The name of the tree entry that a place lies in; empty when it lies in an id or a mode."""
    behind = data.find(b"\0", place, place + LONGEST)
    if behind < 0:
        return b""
    # An entry begins at the very start or an id's length behind the NUL of the one before.  Ids may hold NULs, too: try each.
    before = behind
    while True:
        before = data.rfind(b"\0", max(place - LONGEST, 0), before)
        mode = _MODE.match(data, before + 1 + hash_size if before >= 0 else 0, place)
        if mode is not None and data.find(b"\0", mode.end(), behind + 1) == behind:
            return data[mode.end() : behind]
        if before < 0:
            return b""


def changed_parts(data: bytes, runs: list[Run], hash_size: int) -> list[bytes]:
    """The parts of a tree in which a name may stand that its base does not have, whole names all of them.

    ``runs`` are what it keeps of the base (see :mod:`leaksieve.gitobjects.kept`).  A part goes on to the NULs around what
    changed, and far enough before for the id behind the first.
    """
    parts: list[bytes] = []
    at = expected = 0
    for start, end, shift in runs:
        if start > at or shift != expected:
            parts.append(_widened(data, at, start, hash_size))
        at, expected = end, shift
    if at < len(data):
        parts.append(_widened(data, at, len(data), hash_size))
    return parts


def _widened(data: bytes, low: int, high: int, hash_size: int) -> bytes:
    behind = data.find(b"\0", high) + 1
    return data[max(data.rfind(b"\0", 0, low) - hash_size, 0) : behind or len(data)]


def add_submodules(names: set[bytes], part: bytes, hash_size: int) -> None:
    """Note the submodules that a tree, or a part of one, names."""
    at = 0
    while (at := part.find(SUBMODULE, at)) >= 0:
        # Names and ids may hold these bytes, too: an entry begins behind the id of the one before.
        begins = not at or (at > hash_size and not part[at - hash_size - 1])
        at += len(SUBMODULE)
        if begins:
            behind = part.find(b"\0", at)
            if behind < 0:
                return
            names.add(part[at:behind])
