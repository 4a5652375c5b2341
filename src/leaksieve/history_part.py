"""What is kept of packs and of loose objects: what was read, what was in it, and where, without any secret.

Of every pack, and of every loose object, is kept how much was in it and which objects held
something: their ids, and for each key (rule, value, decoders) the rule, the decoders and a number.  Two
objects with the same number hold the same value; what value, only reading one of them again tells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from leaksieve.archives.magic import REASONS
from leaksieve.history_share import Held, Key, ShareAnswer
from leaksieve.model import Skip

Range = tuple[int, int]
# Gives the keys of an object again: (raw id, kind).  Raises an ObjectError.
Reader = Callable[[bytes, int], Iterable[Key]]


class Part:
    """What some objects gave, as far as it may be kept.

    ``counts`` by kind, ``size`` in bytes, ``pointers`` of Git LFS, ``large`` objects as (id, phrase), ``links`` names of
    submodules, ``missing`` ids that these name and that were not there, ``inside`` what was skipped in archives (an object's id,
    a reason, never a member's name), ``archives`` and ``members`` how many were opened.  ``held`` are (raw id, kind, numbers of keys), sorted so that reading the object again tells which is which;
    ``keys`` is empty for a part that was kept until :meth:`recall` has filled it.
    """

    __slots__ = ("_numbers", "archives", "classes", "counts", "held", "inside", "keys", "large", "links", "members", "missing", "pointers", "size")

    def __init__(self, plain: tuple[Any, ...] | None = None) -> None:
        self.counts: dict[int, int]
        self.size: int
        self.pointers: int
        self.large: list[tuple[bytes, str]]
        self.links: list[bytes]
        self.missing: list[bytes]
        self.classes: list[tuple[str, tuple[str, ...]]]
        self.held: list[tuple[bytes, int, tuple[int, ...]]]
        self.inside: list[tuple[Any, ...]]
        self.archives: int
        self.members: int
        self.counts, self.size, self.pointers, self.large, self.links, self.missing, self.classes, self.held, self.inside, self.archives, self.members = (
            plain or ({}, 0, 0, [], [], [], [], [], [], 0, 0)
        )
        self.keys: list[Key] = []
        self._numbers: dict[Key, int] = {}

    def plain(self) -> tuple[Any, ...]:
        """As plain values, without any value of a key."""
        told = (self.inside, self.archives, self.members)
        return (self.counts, self.size, self.pointers, self.large, self.links, self.missing, self.classes, self.held, *told)

    @property
    def objects(self) -> int:
        """How many objects it stands for: those scanned, and those too large to be."""
        return sum(self.counts.values()) + len(self.large)

    def add(self, answer: ShareAnswer) -> None:
        """Add a share; ``keys`` must be known by now."""
        for kind, count in answer.counts.items():
            if count:
                self.counts[kind] = self.counts.get(kind, 0) + count
        self.size += answer.size
        self.archives += answer.archives
        self.members += answer.members
        for skip in answer.skips:
            if skip.reason == "lfs-pointer":
                self.pointers += skip.count
            elif skip.reason in REASONS:
                self.inside.append(tuple(skip))
            else:
                self.large.append((skip.where, skip.detail))
        self.links = sorted({*self.links, *answer.submodules})
        self.missing = sorted({*self.missing, *answer.missing})
        for oid, kind, numbers in answer.held:
            keys = sorted((answer.keys[number] for number in numbers), key=_order)
            self.held.append((oid, kind, tuple([self._number(key) for key in keys])))

    def answer(self, missing: list[bytes]) -> ShareAnswer:
        """The share it was, without records of commits; of what it named, ``missing`` is not there now."""
        skips = [Skip("excluded", oid, "too-large", phrase) for oid, phrase in self.large]
        if self.pointers:
            skips.append(Skip("excluded", b"", "lfs-pointer", "", self.pointers))
        skips += [Skip(*skip) for skip in self.inside]
        held = [Held(*each) for each in self.held]
        return ShareAnswer(self.keys, held, skips, self.counts, self.size, [], self.links, missing, self.archives, self.members)

    def _number(self, key: Key) -> int:
        number = self._numbers.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
            self.classes.append((key[0], key[2]))
        return number

    def recall(self, read: Reader, shown: Collection[bytes] = ()) -> bool:
        """Find out the keys by reading some of the objects again, ``shown`` ones first; False when what they hold now does not fit."""
        learnt: dict[int, Key] = {}
        # Then those that hold most: fewer have to be read.
        for oid, kind, numbers in sorted(self.held, key=lambda each: (each[0] not in shown, -len(each[2]))):
            if all(number in learnt for number in numbers):
                continue
            keys = sorted(read(oid, kind), key=_order)
            if len(keys) != len(numbers):
                return False
            for number, key in zip(numbers, keys, strict=True):
                if self.classes[number] != (key[0], key[2]) or learnt.setdefault(number, key) != key:
                    return False
        self._numbers = {key: number for number, key in learnt.items()}
        if len(learnt) != len(self.classes) or len(self._numbers) != len(learnt):
            return False
        self.keys = [learnt[number] for number in range(len(learnt))]
        return True


def _order(key: Key) -> tuple[str, tuple[str, ...], bytes]:
    return (key[0], key[2], key[1])


class Known:
    """A pack: what tells it from others, its distinct objects, and which of its families are known."""

    __slots__ = ("by_kind", "commits", "count", "distinct", "families", "identity", "part", "ranges", "size")

    def __init__(self, identity: bytes, count: int) -> None:
        self.identity = identity
        self.count = count
        self.distinct = 0
        self.by_kind: dict[str, int] = {}
        self.families = -1
        self.ranges: list[Range] = []
        self.part = Part()
        # Bytes of the commits' records in the cache, and those that are new in this run.
        self.size = 0
        self.commits: list[bytes] = []

    @property
    def settled(self) -> bool:
        """Whether nothing of it is left to read."""
        return self.families == 0 or self.ranges == [(0, self.families)]

    def plain(self) -> tuple[Any, ...]:
        """As plain values, for :meth:`of`."""
        size = self.size + sum(map(len, self.commits))
        return (self.identity, self.count, self.distinct, self.by_kind, self.families, self.ranges, self.part.plain(), size)

    @classmethod
    def of(cls, plain: tuple[Any, ...]) -> Known:
        """Bring it back; raises what values of another shape lead to."""
        known = cls(plain[0], plain[1])
        _, _, known.distinct, known.by_kind, known.families, known.ranges, part, known.size = plain
        known.part = Part(part)
        return known


def joined(ranges: list[Range]) -> list[Range]:
    """Ranges in order, neighbours made one."""
    joined: list[Range] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined
