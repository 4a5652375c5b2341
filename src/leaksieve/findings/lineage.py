"""What each commit holds of each secret, and so where it came, went, and moved.

Workers report where objects come and go relative to first parents (``gitobjects/treetrace.py``); from
that alone the state of every commit follows, since what a commit holds is what its first parent held
with those changes applied.  One pass over all commits, parents first, then compares each commit's
state with those of all its parents.

A *slot* is one path of one secret; states are sets of slots, as bits of an integer.
"""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.reached import NOWHERE, Tips, bits
from leaksieve.gitobjects.treetrace import Moved

# Slots a commit empties, those it fills, and with what, relative to its first parent.
_Change = tuple[int, int, dict[int, bytes]]


class Slot:
    """One path of one secret; what is known by rank of the commit."""

    __slots__ = ("first", "last", "path", "secret")

    def __init__(self, secret: int, path: bytes) -> None:
        self.secret = secret
        self.path = path
        # Rank -> (commit, object, slot it was renamed from or -1).
        self.first: dict[int, tuple[int, bytes, int]] = {}
        self.last: dict[int, int] = {}


class Story:
    """What is known of one secret, by rank of the commit."""

    __slots__ = ("first", "last", "mask", "removed", "seen", "slots")

    def __init__(self) -> None:
        self.mask = 0
        self.slots: list[int] = []
        self.seen: set[bytes] = set()
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        # Rank -> time of the latest commit that no longer holds it though a parent did.
        self.removed: dict[int, int] = {}


class Lineage:
    """The course of all secrets.

    ``of`` is object -> numbers of the secrets it holds, of which there are ``count``; ``moved`` is
    what the workers reported.  ``held`` are the slots filled, by rank, in trees of references and of
    commits without children that are as well reached; ``head_state`` those in HEAD's tree.
    """

    def __init__(self, log: CommitLog, tips: Tips, of: Mapping[bytes, list[int]], count: int, moved: dict[int, list[Moved]]) -> None:
        self._log = log
        self._of = of
        self._tips = tips
        self.slots: list[Slot] = []
        self.stories = [Story() for _ in range(count)]
        self.head_state = 0
        self.held = [0, 0, 0, 0]
        self._sweep(self._changes(moved))

    def _changes(self, moved: dict[int, list[Moved]]) -> dict[int, _Change]:
        """Commit -> (slots it empties, slots it fills, and with what), relative to its first parent."""
        slot_of: dict[tuple[int, bytes], int] = {}
        slots, stories, of = self.slots, self.stories, self._of

        def slot(secret: int, path: bytes) -> int:
            found = slot_of.get((secret, path))
            if found is None:
                found = slot_of[secret, path] = len(slots)
                slots.append(Slot(secret, path))
                stories[secret].mask |= 1 << found
                stories[secret].slots.append(found)
            return found

        changes = {}
        for commit, paths in moved.items():
            empties = fills = 0
            brought: dict[int, bytes] = {}
            for path, old, new in paths:
                if old is not None:
                    for secret in of[old]:
                        empties |= 1 << slot(secret, path)
                        stories[secret].seen.add(old)
                if new is not None:
                    for secret in of[new]:
                        here = slot(secret, path)
                        fills |= 1 << here
                        brought[here] = new
                        stories[secret].seen.add(new)
            changes[commit] = (empties & ~fills, fills, brought)
        return changes

    def _sweep(self, changes: dict[int, _Change]) -> None:
        """Know every commit's state, parents first, and note where it differs from theirs."""
        log, rank = self._log, self._tips.rank
        first, others = log.first, log.others
        count = len(log)
        # Until when a state is needed: the last child; and how well the best of the children is reached.
        last_use = [-1] * count
        best_child = bytearray([NOWHERE + 1]) * count
        for number in range(count):
            parent = first[number]
            if parent >= 0:
                own = rank[number]
                last_use[parent] = number
                best_child[parent] = min(best_child[parent], own)
                if number in others:
                    for parent in others[number]:
                        last_use[parent] = number
                        best_child[parent] = min(best_child[parent], own)
        tips = self._tips.at
        states: dict[int, int] = {}
        for number in range(count):
            parent = first[number]
            inherited = states.get(parent, 0)
            state = inherited
            change = changes.get(number)
            if change is not None:
                state = state & ~change[0] | change[1]
            further = others.get(number)
            if further is not None:
                before = [inherited, *[states.get(each, 0) for each in further]]
                if any(each != state for each in before):
                    self._compare(number, state, [parent, *further], before, change)
            elif state != inherited:
                self._compare(number, state, [parent], [inherited], change)
            if state:
                if last_use[number] >= 0:
                    states[number] = state
                ends = best_child[number] > rank[number] or number in self._tips.kept
                if ends:
                    self._end(number, state)
                if ends or number in tips:
                    self.held[rank[number]] |= state
                    if number == self._tips.head:
                        self.head_state = state
            for each in (parent, *further) if further is not None else (parent,):
                if each >= 0 and last_use[each] == number:
                    states.pop(each, None)

    def _compare(self, number: int, state: int, parents: list[int], before: list[int], change: _Change | None) -> None:
        """Note what a commit brings in, which no parent had, and what it no longer has, which some had."""
        slots, stories = self.slots, self.stories
        rank, time = self._tips.rank[number], self._log.times[number]
        union = 0
        for each in before:
            union |= each
        fresh, gone = state & ~union, union & ~state
        touched: set[int] = set()
        for bit in bits(fresh):
            slot = slots[bit]
            touched.add(slot.secret)
            if rank not in slot.first:
                # What no parent had, the first parent had not: so it stands among the changes.
                assert change is not None
                slot.first[rank] = (number, change[2][bit], self._origin(bit, gone))
        for bit in bits(gone):
            slot = slots[bit]
            touched.add(slot.secret)
            for parent, each in zip(parents, before, strict=True):
                if each >> bit & 1:
                    self._note_last(slot.last, parent, number)
        for secret in touched:
            story = stories[secret]
            mask = story.mask
            if state & mask:
                if rank not in story.first and not union & mask:
                    story.first[rank] = number
                continue
            for parent, each in zip(parents, before, strict=True):
                if each & mask:
                    self._note_last(story.last, parent, number)
                    story.removed[rank] = max(story.removed.get(rank, time), time)

    def _note_last(self, last: dict[int, int], parent: int, number: int) -> None:
        """Note that ``parent`` holds what its child does not; by the child's rank, since a better-reached parent may have worse children."""
        rank = self._tips.rank[number]
        last[rank] = max(last.get(rank, -1), parent)

    def _origin(self, bit: int, gone: int) -> int:
        """The slot of the same secret that the same commit emptied, if it did: the likeliest by name; else -1."""
        slot = self.slots[bit]
        sources = [*bits(gone & self.stories[slot.secret].mask)] if gone else []
        if not sources:
            return -1
        name = slot.path.rpartition(b"/")[2]
        return max(sources, key=lambda each: (self.slots[each].path.rpartition(b"/")[2] == name, -each))

    def _end(self, number: int, state: int) -> None:
        """Note what a commit holds that has no children, or none as well reached as itself."""
        rank = self._tips.rank[number]
        for bit in bits(state):
            slot = self.slots[bit]
            slot.last[rank] = max(slot.last.get(rank, -1), number)
            story = self.stories[slot.secret]
            story.last[rank] = max(story.last.get(rank, -1), number)
