"""Who brought a secret in, when, along which paths, and whether it is still there.

A secret is a set of objects.  Workers report where these come and go relative to first parents
(``gitobjects/treetrace.py``); from that alone the state of every commit follows, since what a commit
holds is what its first parent held with those changes applied.  One pass over all commits, parents
first, then compares each commit's state with those of all its parents.

A *slot* is one path of one secret; states are sets of slots, as bits of an integer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from leaksieve.errors import SourceError
from leaksieve.gitobjects.commitlog import Author, CommitLog, author_in, author_of, rfc3339
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.index import read_index
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.refs import is_lasting
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treediff import find_entry
from leaksieve.gitobjects.treetrace import Moved, Tracer, Trouble, decode

# Names of references listed for a secret; all are counted.
MOST_REFS = 20
# Paths told of one secret; all are counted.
MOST_PATHS = 200
_MESSAGE_LIMIT = 16 * 1024 * 1024
_TAG_DEPTH = 16
_HOUR = 3600
# Commits whose references are looked for together.
_AT_ONCE = 1024

# Ranks of commits, best first: the place where a secret is said to be is the best that holds it.
REF, NOTES, STASH, NOWHERE = range(4)
WHERE = ("ref", "notes", "stash", "unreachable")


class PathHistory(NamedTuple):
    """One path that held a secret.

    ``path`` is raw; that of a directory (whose entries' names hold the secret) ends in "/" and is
    empty for the top one.  ``first`` is the raw id of the commit that brought it to this path,
    ``first_object`` what it brought; ``last`` the newest commit whose tree has it there, with
    ``last_object``.  ``head_object`` is what HEAD's tree has there, None unless it is one that holds the secret.
    ``renamed_from`` is the path of which the same commit removed the secret, None when it did not.
    """

    path: bytes
    first: bytes
    first_object: bytes
    last: bytes
    last_object: bytes
    head_object: bytes | None
    renamed_from: bytes | None

    @property
    def at_head(self) -> bool:
        """Whether HEAD's tree has the secret at this path."""
        return self.head_object is not None


class Message(NamedTuple):
    """A commit or a tag that holds a secret itself, in its message or its headers.

    ``kind`` is "commit" or "tag", ``where`` as in :class:`Attribution`, ``commit`` the raw id of the
    commit (for a tag, the one it leads to, None when it leads to something else).  ``refs`` are
    names that reach it, as in :class:`Attribution`.
    """

    oid: bytes
    kind: str
    where: str
    commit: bytes | None
    author: Author | None
    refs: tuple[bytes, ...]
    ref_count: int


class Attribution(NamedTuple):
    """What history says of one secret.

    ``where`` is the best of: "ref" (a branch, a tag, HEAD or another reference reaches it), "notes",
    "stash", "index" (staged only), "unreachable" (commits that no reference reaches), "dangling"
    (an object in no commit's tree).  Dates, commits and paths are of the commits that are no worse than that.

    ``commit`` is the first commit that brought it in, the raw id, None when no commit did;
    ``author`` its author; ``first_seen`` its committer date; ``at_boundary`` says that it was there
    already where the history that this clone has begins, so an earlier commit may have brought it in.
    ``last`` is the newest commit whose tree holds it, ``last_seen`` that one's committer date.
    ``at_head``: HEAD's tree holds it.  ``still_held``: HEAD's, some reference's or, where no reference
    reaches it, some last commit's tree does.  ``removed`` is the committer date of the commit after
    which no tree held it any more, None while still held; ``hours`` the time until then.

    ``refs`` are names of references and tags that reach the first commit, the first MOST_REFS of
    ``ref_count``.  ``paths`` the first MOST_PATHS of ``path_count``, oldest first.  ``messages`` are
    commits and tags that hold it themselves.  ``indexed`` are (path, raw id) of objects that only the
    index holds, ``dangling`` objects that no commit's tree holds, nor the index, nor a reference.
    """

    where: str
    commit: bytes | None
    author: Author | None
    first_seen: str
    at_boundary: bool
    last: bytes | None
    last_seen: str
    at_head: bool
    still_held: bool
    removed: str | None
    hours: float | None
    refs: tuple[bytes, ...]
    ref_count: int
    paths: tuple[PathHistory, ...]
    path_count: int
    messages: tuple[Message, ...]
    indexed: tuple[tuple[bytes, bytes], ...]
    dangling: tuple[bytes, ...]


class _Slot:
    """One path of one secret; what is known by rank of the commit."""

    __slots__ = ("first", "last", "path", "secret")

    def __init__(self, secret: int, path: bytes) -> None:
        self.secret = secret
        self.path = path
        # Rank -> (commit, object, slot it was renamed from or -1).
        self.first: dict[int, tuple[int, bytes, int]] = {}
        self.last: dict[int, int] = {}


class _Story:
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


class Attributor:
    """Finds out about all secrets of a run at once.

    Usage: run the instance over :meth:`units` in forked workers, hand every answer to :meth:`take`,
    then ask for :meth:`finish`.  Nothing is read before the first unit.

    ``secrets`` holds, for each secret, the raw ids of the objects that hold it: blobs, trees (all
    that list the name it stands in), commits and tags.  ``refs`` are those of ``refs.all_refs``,
    ``reflogs`` of ``refs.reflog_ids``.
    """

    def __init__(
        self,
        repository: Repository,
        log: CommitLog,
        secrets: Sequence[Collection[bytes]],
        refs: Mapping[bytes, bytes],
        reflogs: Mapping[bytes, tuple[bytes, ...]],
    ) -> None:
        self._repository = repository
        self._log = log
        self._refs = refs
        self._reflogs = reflogs
        self._of: dict[bytes, list[int]] = {}
        for number, oids in enumerate(secrets):
            for oid in oids:
                self._of.setdefault(oid, []).append(number)
        self._count = len(secrets)
        self._commits = log.numbers(self._of) if self._of else {}
        self._tracer = Tracer(repository, log, frozenset(self._of.keys() - self._commits.keys()))
        self._moved: dict[int, list[Moved]] = {}
        self._troubles: dict[bytes, Trouble] = {}

    def units(self) -> Iterator[tuple[int, int]]:
        """Deal out the work; none when there is nothing to look for."""
        return self._tracer.units()

    def __call__(self, unit: Any) -> bytes:
        """Do one unit (in a worker)."""
        return self._tracer(unit)

    def take(self, unit: tuple[int, int], answer: bytes | None) -> None:
        """Take a unit's answer; None when the worker died over it, which :meth:`finish` reports."""
        if answer is None:
            self._troubles[b"%d" % unit[0]] = Trouble(unit[0], self._log.oid(unit[0]), "crashed-worker", f"{unit[1] - unit[0]} commits could not be looked at")
            return
        moved, troubles = decode(answer)
        self._moved.update(moved)
        for trouble in troubles:
            self._troubles.setdefault(trouble.oid, trouble)

    def finish(self) -> tuple[list[Attribution], list[Trouble]]:
        """Return an attribution for each secret, in their order, and what could not be read.  Call it once."""
        if not self._count:
            return [], []
        return _Reckoning(self._repository, self._log, self._of, self._count, self._tips(), self._tracer).run(self._moved, self._commits), [
            *self._troubles.values()
        ]

    def _tips(self) -> _Tips:
        return _Tips(ObjectStore(self._repository), self._log, self._refs, self._reflogs)


class _Tips:
    """Which commits names lead to, and how well each commit is reached.

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
                peeled[oid] = _peel(store, oid)
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
            ranked[_rank_of(name)].append(number)
        self.head = numbers.get(lasting.get(b"HEAD", b""))
        reached = [log.reach(tips) for tips in ranked]
        self.rank = bytearray(REF if one else NOTES if two else STASH if three else NOWHERE for one, two, three in zip(*reached, strict=True))


def _rank_of(name: bytes) -> int:
    return STASH if name.endswith(b"refs/stash") else NOTES if b"refs/notes/" in name else REF


def _peel(store: ObjectStore, oid: bytes) -> tuple[bytes, ...]:
    """The ids of a tag, of what it tags, and so on to what is no tag."""
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


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class _Reckoning:
    def __init__(self, repository: Repository, log: CommitLog, of: dict[bytes, list[int]], count: int, tips: _Tips, tracer: Tracer) -> None:
        self._repository = repository
        self._log = log
        self._of = of
        self._tips = tips
        self._tracer = tracer
        self._slots: list[_Slot] = []
        self._stories = [_Story() for _ in range(count)]
        self._head_state = 0
        # What the trees of references, and of commits without children, hold: by rank.
        self._held = [0, 0, 0, 0]

    def run(self, moved: dict[int, list[Moved]], commits: dict[bytes, int]) -> list[Attribution]:
        """Go through all commits, then tell."""
        self._sweep(self._changes(moved))
        ranks = [self._rank(story) for story in self._stories]
        firsts = {story.first[rank] for story, rank in zip(self._stories, ranks, strict=True) if rank in story.first}
        names = self._reaching(firsts | set(commits.values()))
        messages = self._messages(commits, names)
        indexed, loose, named = self._outside(commits)
        return [
            self._tell(number, rank, names, messages.get(number, []), indexed.get(number, []), loose.get(number, []), named.get(number, []))
            for number, rank in enumerate(ranks)
        ]

    def _changes(self, moved: dict[int, list[Moved]]) -> dict[int, tuple[int, int, dict[int, bytes]]]:
        """Commit -> (slots it empties, slots it fills, and with what), relative to its first parent."""
        slot_of: dict[tuple[int, bytes], int] = {}
        slots, stories, of = self._slots, self._stories, self._of

        def slot(secret: int, path: bytes) -> int:
            found = slot_of.get((secret, path))
            if found is None:
                found = slot_of[secret, path] = len(slots)
                slots.append(_Slot(secret, path))
                stories[secret].mask |= 1 << found
                stories[secret].slots.append(found)
            return found

        changes = {}
        for commit, paths in moved.items():
            empties = fills = 0
            brought: dict[int, bytes] = {}
            for path, old, new in paths:
                for secret in of[old] if old is not None else ():
                    empties |= 1 << slot(secret, path)
                    stories[secret].seen.add(old)  # type: ignore[arg-type]
                for secret in of[new] if new is not None else ():
                    here = slot(secret, path)
                    fills |= 1 << here
                    brought[here] = new  # type: ignore[assignment]
                    stories[secret].seen.add(new)  # type: ignore[arg-type]
            changes[commit] = (empties & ~fills, fills, brought)
        return changes

    def _sweep(self, changes: dict[int, tuple[int, int, dict[int, bytes]]]) -> None:
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
                ends = best_child[number] > rank[number]
                if ends:
                    self._end(number, state)
                if ends or number in tips:
                    self._held[rank[number]] |= state
                    if number == self._tips.head:
                        self._head_state = state
            for each in (parent, *further) if further is not None else (parent,):
                if each >= 0 and last_use[each] == number:
                    states.pop(each, None)

    def _compare(self, number: int, state: int, parents: list[int], before: list[int], change: tuple[int, int, dict[int, bytes]] | None) -> None:
        """Note what a commit brings in, which no parent had, and what it no longer has, which some had."""
        slots, stories = self._slots, self._stories
        rank, time = self._tips.rank[number], self._log.times[number]
        union = 0
        for each in before:
            union |= each
        fresh, gone = state & ~union, union & ~state
        touched: set[int] = set()
        for bit in _bits(fresh):
            slot = slots[bit]
            touched.add(slot.secret)
            if rank not in slot.first:
                # What no parent had, the first parent had not: so it stands among the changes.
                assert change is not None
                slot.first[rank] = (number, change[2][bit], self._origin(bit, gone))
        for bit in _bits(gone):
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
        slot = self._slots[bit]
        sources = [*_bits(gone & self._stories[slot.secret].mask)] if gone else []
        if not sources:
            return -1
        name = slot.path.rpartition(b"/")[2]
        return max(sources, key=lambda each: (self._slots[each].path.rpartition(b"/")[2] == name, -each))

    def _end(self, number: int, state: int) -> None:
        """Note what a commit holds that has no children, or none as well reached as itself."""
        rank = self._tips.rank[number]
        for bit in _bits(state):
            slot = self._slots[bit]
            slot.last[rank] = max(slot.last.get(rank, -1), number)
            story = self._stories[slot.secret]
            story.last[rank] = max(story.last.get(rank, -1), number)

    @staticmethod
    def _rank(story: _Story) -> int:
        return min(story.first, default=-1)

    def _reaching(self, commits: set[int]) -> dict[int, tuple[tuple[bytes, ...], int]]:
        """For each of the commits, the first few names that reach it and how many there are."""
        ordered = sorted(commits)
        found: dict[int, tuple[tuple[bytes, ...], int]] = {}
        for start in range(0, len(ordered), _AT_ONCE):
            found.update(self._reaching_some(ordered[start : start + _AT_ONCE]))
        return found

    def _reaching_some(self, commits: list[int]) -> Iterator[tuple[int, tuple[tuple[bytes, ...], int]]]:
        log, tips = self._log, self._tips.at
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
        named.sort(key=lambda item: _name_order(item[0]))
        # Counters of all commits side by side: plane n holds bit n of each.
        planes: list[int] = []
        lists: list[list[bytes]] = [[] for _ in commits]
        lacking = (1 << len(commits)) - 1
        for name, mask in named:
            for bit in _bits(mask & lacking):
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

    def _messages(self, commits: dict[bytes, int], names: dict[int, tuple[tuple[bytes, ...], int]]) -> dict[int, list[Message]]:
        """Secret -> the commits and tags that hold it themselves."""
        found: dict[int, list[Message]] = {}
        store, log = self._tips.store, self._log
        seen = set().union(*[story.seen for story in self._stories])
        for oid, secrets in self._of.items():
            number = commits.get(oid)
            if number is not None:
                refs, count = names[number]
                message = Message(oid, "commit", WHERE[self._tips.rank[number]], oid, _author(store, oid), refs, count)
            elif oid in seen:
                continue
            else:
                tag = self._tag(oid)
                if tag is None:
                    continue
                message = tag
            for secret in secrets:
                found.setdefault(secret, []).append(message)
        for messages in found.values():
            messages.sort(key=lambda message: (WHERE.index(message.where), commits.get(message.oid, len(log)), message.oid))
        return found

    def _tag(self, oid: bytes) -> Message | None:
        """What there is to say of a tag; None when the object is none."""
        store = self._tips.store
        try:
            if store.header(oid)[0] != "tag":
                return None
            data = store.read(oid, _MESSAGE_LIMIT)[1]
        except ObjectError:
            return None
        end = _peel(store, oid)[-1]
        names = sorted(self._tips.tags.get(oid, []), key=_name_order)
        commit = end if self._log.numbers([end]) else None
        where = WHERE[min(map(_rank_of, names))] if names else WHERE[NOWHERE]
        return Message(oid, "tag", where, commit, author_in(data), tuple(names[:MOST_REFS]), len(names))

    def _outside(self, commits: dict[bytes, int]) -> tuple[dict[int, list[tuple[bytes, bytes]]], dict[int, list[bytes]], dict[int, list[bytes]]]:
        """Objects in no commit's tree, by secret: (path, id) of the index's, ids of dangling ones, names that lead straight to some."""
        indexed: dict[int, list[tuple[bytes, bytes]]] = {}
        loose: dict[int, list[bytes]] = {}
        named: dict[int, list[bytes]] = {}
        left = {oid: secrets for oid, secrets in self._of.items() if oid not in commits and any(oid not in self._stories[each].seen for each in secrets)}
        if not left:
            return indexed, loose, named
        staged: dict[bytes, list[bytes]] = {}
        try:
            for path, oid, *_ in read_index(self._repository) or ():
                if oid in left:
                    staged.setdefault(oid, []).append(path)
        except SourceError:
            # Whoever scans the index says that it cannot be read.
            pass
        # Names may lead to a tree or a blob without a commit.
        direct: dict[bytes, list[bytes]] = {}
        for oid, names in self._tips.other.items():
            if oid in left:
                direct.setdefault(oid, []).extend(names)
            for _, _, inside in self._listed(oid):
                if inside in left:
                    direct.setdefault(inside, []).extend(names)
        for oid, secrets in left.items():
            if self._is_tag(oid):
                continue
            for secret in secrets:
                if oid in direct:
                    named.setdefault(secret, []).extend(direct[oid])
                elif oid in staged:
                    indexed.setdefault(secret, []).extend((path, oid) for path in staged[oid])
                else:
                    loose.setdefault(secret, []).append(oid)
        return indexed, loose, named

    def _listed(self, oid: bytes) -> list[Moved]:
        try:
            return self._tracer.listed(oid) if self._tips.store.header(oid)[0] == "tree" else []
        except ObjectError:
            return []

    def _is_tag(self, oid: bytes) -> bool:
        try:
            return self._tips.store.header(oid)[0] == "tag"
        except ObjectError:
            return False

    def _tell(
        self,
        number: int,
        rank: int,
        names: dict[int, tuple[tuple[bytes, ...], int]],
        messages: list[Message],
        indexed: list[tuple[bytes, bytes]],
        loose: list[bytes],
        named: list[bytes],
    ) -> Attribution:
        """Put together what is known of one secret."""
        story, log = self._stories[number], self._log
        places = [WHERE[rank]] if rank >= 0 else []
        places += [message.where for message in messages]
        if named:
            places.append(WHERE[min(map(_rank_of, named))])
        if indexed:
            places.append("index")
        order = (*WHERE[:NOWHERE], "index", WHERE[NOWHERE])
        where = min(places, key=order.index, default="dangling")
        extra = (tuple(messages), tuple(indexed), tuple(loose))
        if rank < 0:
            refs = sorted({*named, *[name for message in messages for name in message.refs]}, key=_name_order)
            count = max(len(refs), *[message.ref_count for message in messages]) if messages else len(refs)
            author = messages[0].author if messages else None
            commit = messages[0].commit if messages else None
            seen = author.commit_date if author is not None else ""
            reached = where != WHERE[NOWHERE] and where != "dangling"
            return Attribution(where, commit, author, seen, False, None, "", False, reached, None, None, tuple(refs[:MOST_REFS]), count, (), 0, *extra)
        first = story.first[rank]
        last = max(at for each, at in story.last.items() if each <= rank)
        held = 0
        for each in range(rank + 1):
            held |= self._held[each]
        still = bool(held & story.mask)
        until = None if still else max([time for each, time in story.removed.items() if each <= rank], default=None)
        refs_, count = names[first]
        oid, last_oid = log.oid(first), log.oid(last)
        paths, path_count = self._paths(story, rank)
        author = _author(self._tips.store, oid)
        return Attribution(
            where=where,
            commit=oid,
            author=author,
            first_seen=author.commit_date if author is not None else _utc(log.times[first]),
            at_boundary=first in log.cut or first in log.missing,
            last=last_oid,
            last_seen=_utc(log.times[last]),
            at_head=bool(self._head_state & story.mask),
            still_held=still,
            removed=_utc(until) if until is not None else None,
            hours=round((until - log.times[first]) / _HOUR, 1) if until is not None else None,
            refs=refs_,
            ref_count=count,
            paths=paths,
            path_count=path_count,
            messages=extra[0],
            indexed=extra[1],
            dangling=extra[2],
        )

    def _paths(self, story: _Story, rank: int) -> tuple[tuple[PathHistory, ...], int]:
        """Tell of a secret's paths, oldest first, as seen from commits no worse than the secret's own rank."""
        told = []
        for bit in story.slots:
            slot = self._slots[bit]
            firsts = [at for each, at in slot.first.items() if each <= rank]
            if firsts:
                told.append((min(firsts)[:2], bit, min(firsts)[2]))
        told.sort(key=lambda item: (item[0][0], self._slots[item[1]].path))
        single = next(iter(story.seen)) if len(story.seen) == 1 else None
        paths = []
        for (first, brought), bit, origin in told[:MOST_PATHS]:
            slot = self._slots[bit]
            last = max([at for each, at in slot.last.items() if each <= rank], default=first)
            at_head = self._head_state >> bit & 1
            paths.append(
                PathHistory(
                    slot.path,
                    self._log.oid(first),
                    brought,
                    self._log.oid(last),
                    single or self._object_at(last, slot.path) or brought,
                    None if not at_head or self._tips.head is None else single or self._object_at(self._tips.head, slot.path) or brought,
                    self._slots[origin].path if origin >= 0 else None,
                )
            )
        return tuple(paths), len(told)

    def _object_at(self, number: int, path: bytes) -> bytes | None:
        """What a commit's tree has at a path."""
        oid = self._log.tree(number)
        cache = self._tracer.cache
        try:
            for name in path.split(b"/"):
                if not name:
                    break
                found = find_entry(cache.read(oid), name, self._log.size)
                if found is None:
                    return None
                oid = found[1]
        except (ObjectError, BadDataError):
            return None
        return oid


def _name_order(name: bytes) -> tuple[int, bytes]:
    """HEAD and branches come first, tags after them, remote ones next, the rest last."""
    for place, start in enumerate((b"HEAD", b"refs/heads/", b"refs/tags/", b"refs/remotes/")):
        if name.startswith(start):
            return place, name
    return 9, name


def _author(store: ObjectStore, oid: bytes) -> Author | None:
    try:
        return author_of(store, oid)
    except ObjectError:
        return None


def _utc(time: int) -> str:
    return rfc3339(b"%d +0000" % time)
