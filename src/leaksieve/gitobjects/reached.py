"""How well each commit is reached, and by which names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from leaksieve.gitobjects.allrefs import is_lasting
from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.objects import ObjectStore

# Names listed for a commit; all are counted.
MOST_REFS = 20
_TAG_DEPTH = 16
# Commits whose references are looked for together.
_AT_ONCE = 1024

# Ranks of commits, best first: by a branch, a tag or another reference, by notes, by the stash or its log, by none.
REF, NOTES, STASH, NOWHERE = range(4)
WHERE = ("ref", "notes", "stash", "unreachable")


class Tips:
    """Which commits names lead to, and how well each commit is reached.

    ``refs`` are those of ``refs.all_refs``, ``reflogs`` of ``refs.reflog_ids``; what some command left
    over (ORIG_HEAD and the like) does not count as a reference.  ``rank`` is a byte for each commit.
    ``head`` is the commit of HEAD, None without one.  ``kept`` are commits that keep what they hold although their children do not.

    ``at`` is commit number -> names; ``tags`` is id of a tag object -> names that lead to it;
    ``other`` is id of a blob or tree a name leads to -> names.
    """

    def __init__(self, store: ObjectStore, log: CommitLog, refs: Mapping[bytes, bytes], reflogs: Mapping[bytes, tuple[bytes, ...]]) -> None:
        self.store = store
        self.at: dict[int, list[bytes]] = {}
        self.tags: dict[bytes, list[bytes]] = {}
        self.other: dict[bytes, list[bytes]] = {}
        lasting = {name: oid for name, oid in refs.items() if is_lasting(name)}
        stashed = [oid for name, oids in reflogs.items() if name.endswith(b"refs/stash") for oid in oids]
        peeled: dict[bytes, tuple[bytes, ...]] = {}
        direct = log.numbers([*lasting.values(), *stashed])
        for oid in lasting.values():
            if oid not in direct and oid not in peeled:
                peeled[oid] = peel(store, oid)
        numbers = {**direct, **log.numbers([chain[-1] for chain in peeled.values()])}
        ranked: tuple[list[int], list[int], list[int]] = ([], [], [numbers[oid] for oid in stashed if oid in numbers])
        for name in sorted(lasting):
            oid = lasting[name]
            chain = peeled.get(oid, (oid,))
            for tag in chain[:-1]:
                self.tags.setdefault(tag, []).append(name)
            number = numbers.get(chain[-1])
            if number is None:
                self.other.setdefault(chain[-1], []).append(name)
                continue
            self.at.setdefault(number, []).append(name)
            ranked[rank_of(name)].append(number)
        # A stash keeps the index and the untracked files as commits beside its own tree.
        self.kept = {parent for number in ranked[STASH] for parent in log.parents(number)[1:]}
        self.head = numbers.get(lasting.get(b"HEAD", b""))
        reached = [log.reach(tips) for tips in ranked]
        self.rank = bytearray(REF if one else NOTES if two else STASH if three else NOWHERE for one, two, three in zip(*reached, strict=True))


def rank_of(name: bytes) -> int:
    """Return the rank of what a reference of this name reaches."""
    return STASH if name.endswith(b"refs/stash") else NOTES if b"refs/notes/" in name else REF


def peel(store: ObjectStore, oid: bytes) -> tuple[bytes, ...]:
    """Return the ids of a tag, of what it tags, and so on to what is no tag."""
    chain = [oid]
    for _ in range(_TAG_DEPTH):
        try:
            kind, data = store.peek(chain[-1], 512)
        except ObjectError:
            break
        if kind != "tag" or not data.startswith(b"object "):
            break
        try:
            chain.append(bytes.fromhex(data[7 : 7 + 2 * len(oid)].decode("ascii")))
        except ValueError:
            break
    return tuple(chain)


def name_order(name: bytes) -> tuple[int, bytes]:
    """Sort key for names: HEAD and branches come first, tags after them, remote ones next, the rest last."""
    for place, start in enumerate((b"HEAD", b"refs/heads/", b"refs/tags/", b"refs/remotes/")):
        if name.startswith(start):
            return place, name
    return 9, name


def bits(mask: int) -> Iterator[int]:
    """The numbers of the set bits."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def names_reaching(log: CommitLog, tips: Mapping[int, list[bytes]], commits: Collection[int]) -> dict[int, tuple[tuple[bytes, ...], int]]:
    """Return, for each of the commits, the first MOST_REFS names that reach it and how many there are; ``tips`` is commit -> names."""
    ordered = sorted(commits)
    found: dict[int, tuple[tuple[bytes, ...], int]] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        found.update(_some(log, tips, ordered[start : start + _AT_ONCE]))
    return found


def _some(log: CommitLog, tips: Mapping[int, list[bytes]], commits: list[int]) -> Iterator[tuple[int, tuple[tuple[bytes, ...], int]]]:
    first, others = log.first, log.others
    bit_of = {number: 1 << bit for bit, number in enumerate(commits)}
    masks = [0] * len(log)
    named: list[tuple[bytes, int]] = []
    for number in range(commits[0], len(log)):
        parent = first[number]
        mask = masks[parent] if parent >= 0 else 0
        if number in others:
            for parent in others[number]:
                mask |= masks[parent]
        if number in bit_of:
            mask |= bit_of[number]
        masks[number] = mask
        if number in tips:
            named += [(name, mask) for name in tips[number]]
    named.sort(key=lambda item: name_order(item[0]))
    # Counters of all commits side by side: plane n holds bit n of each.
    planes: list[int] = []
    lists: list[list[bytes]] = [[] for _ in commits]
    lacking = (1 << len(commits)) - 1
    for name, mask in named:
        for bit in bits(mask & lacking):
            lists[bit].append(name)
            if len(lists[bit]) == MOST_REFS:
                lacking ^= 1 << bit
        carry = mask
        for number, plane in enumerate(planes):
            planes[number], carry = plane ^ carry, plane & carry
        if carry:
            planes.append(carry)
    for bit, number in enumerate(commits):
        yield number, (tuple(lists[bit]), sum((plane >> bit & 1) << power for power, plane in enumerate(planes)))
