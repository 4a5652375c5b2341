"""Who brought a secret in, when, along which paths, and whether it is still there.

Driven by whoever has workers to run: see :class:`Attributor`.  A secret is a set of objects.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from leaksieve.errors import SourceError
from leaksieve.findings.lineage import Lineage, Story
from leaksieve.gitobjects.commitlog import Author, CommitLog, author_in, author_of, rfc3339
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.index import Index, read_index
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.reached import MOST_REFS, NOWHERE, WHERE, Tips, name_order, names_reaching, peel, rank_of
from leaksieve.gitobjects.refs import worktree_places
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treediff import find_entry
from leaksieve.gitobjects.treetrace import Moved, Tracer, Trouble, decode

# Paths told of one secret; all are counted.
MOST_PATHS = 200
_MESSAGE_LIMIT = 16 * 1024 * 1024
_HOUR = 3600
# Places a secret may be said to be in, best first.
_BEST = (*WHERE[:NOWHERE], "index", WHERE[NOWHERE])


class PathHistory(NamedTuple):
    """One path that held a secret.

    ``path`` is raw; that of a directory (whose entries' names hold the secret) ends in "/" and is
    empty for the top one.  ``first`` is the raw id of the commit that brought it to this path,
    ``first_object`` what it brought; ``last`` the newest commit whose tree has it there.
    ``head_object`` is what HEAD's tree has there, None unless it is one that holds the secret.
    ``renamed_from`` is the path of which the same commit removed the secret, None when it did not.
    """

    path: bytes
    first: bytes
    first_object: bytes
    last: bytes
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
    ``at_head``: HEAD's tree holds it.  ``removed`` is the committer date of the commit after which no
    tree held it any more, None while HEAD's, some reference's or, where no reference reaches it, some
    last commit's tree does; ``hours`` the time until then.

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
    removed: str | None
    hours: float | None
    refs: tuple[bytes, ...]
    ref_count: int
    paths: tuple[PathHistory, ...]
    path_count: int
    messages: tuple[Message, ...]
    indexed: tuple[tuple[bytes, bytes], ...]
    dangling: tuple[bytes, ...]


class Attributor:
    """Finds out about all secrets of a run at once.

    Usage: run the instance over :meth:`units` in forked workers, hand every answer to :meth:`take`,
    then ask for :meth:`finish`.  Nothing is read before the first unit.

    ``secrets`` holds, for each secret, the raw ids of the objects that hold it: blobs, trees (all
    that list the name it stands in), commits and tags.  ``refs`` are those of ``refs.all_refs``,
    ``reflogs`` of ``refs.reflog_ids``.  ``tags`` may name those of the objects that are known to be
    tags: these and commits are in no tree, and with nothing else to look for there is no work.

    ``known`` is what :attr:`moved` was for the same objects in an earlier run; then only the ``fresh`` commits (raw ids) are
    looked at.  It must not be given where an object was missing then: one that holds a secret may have been.
    """

    def __init__(
        self,
        repository: Repository,
        log: CommitLog,
        secrets: Sequence[Collection[bytes]],
        refs: Mapping[bytes, bytes],
        reflogs: Mapping[bytes, tuple[bytes, ...]],
        tags: Collection[bytes] = (),
        known: Mapping[bytes, list[Moved]] | None = None,
        fresh: Collection[bytes] = (),
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
        self._tracer = Tracer(
            repository, log, frozenset(self._of.keys() - self._commits.keys() - set(tags)), None if known is None else log.numbers(fresh).values()
        )
        self._moved: dict[int, list[Moved]] = {number: (known or {})[oid] for oid, number in log.numbers(known or {}).items()}
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

    @property
    def moved(self) -> dict[bytes, list[Moved]]:
        """What came and went, by raw id of the commit; complete once every unit's answer was taken and :meth:`finish` names no trouble."""
        return {self._log.oid(number): changes for number, changes in self._moved.items()}

    def finish(self) -> tuple[list[Attribution], list[Trouble]]:
        """Return an attribution for each secret, in their order, and what could not be read.  Call it once."""
        if not self._count:
            return [], []
        tips = Tips(ObjectStore(self._repository), self._log, self._refs, self._reflogs)
        lineage = Lineage(self._log, tips, self._of, self._count, self._moved)
        account = _Account(self._repository, self._log, self._of, self._commits, tips, lineage, self._tracer)
        return account.give(), [*self._troubles.values()]


class _Account:
    """Puts together what is known."""

    def __init__(
        self, repository: Repository, log: CommitLog, of: dict[bytes, list[int]], commits: dict[bytes, int], tips: Tips, lineage: Lineage, tracer: Tracer
    ) -> None:
        self._repository = repository
        self._log = log
        self._of = of
        # Those of the objects that are commits, with their numbers.
        self._commits = commits
        self._tips = tips
        self._lineage = lineage
        self._tracer = tracer
        self._authors: dict[bytes, Author | None] = {}

    def give(self) -> list[Attribution]:
        """Tell of every secret."""
        stories = self._lineage.stories
        ranks = [min(story.first, default=-1) for story in stories]
        firsts = {story.first[rank] for story, rank in zip(stories, ranks, strict=True) if rank >= 0}
        names = names_reaching(self._log, self._tips.at, firsts | set(self._commits.values()))
        messages = self._messages(names)
        indexed, loose, named = self._outside()
        return [
            self._tell(number, rank, names, messages.get(number, []), indexed.get(number, []), loose.get(number, []), named.get(number, []))
            for number, rank in enumerate(ranks)
        ]

    def _messages(self, names: dict[int, tuple[tuple[bytes, ...], int]]) -> dict[int, list[Message]]:
        """Secret -> the commits and tags that hold it themselves."""
        found: dict[int, list[Message]] = {}
        log, commits = self._log, self._commits
        seen = set().union(*[story.seen for story in self._lineage.stories])
        told = []
        for oid in self._of:
            number = commits.get(oid)
            if number is not None:
                refs, count = names[number]
                told.append(Message(oid, "commit", WHERE[self._tips.rank[number]], oid, self._author(oid), refs, count))
            elif oid not in seen:
                tag = self._tag(oid)
                if tag is not None:
                    told.append(tag)
        ends = log.numbers([message.commit for message in told if message.kind == "tag" and message.commit is not None])
        for message in told:
            if message.kind == "tag" and message.commit not in ends:
                message = message._replace(commit=None)
            for secret in self._of[message.oid]:
                found.setdefault(secret, []).append(message)
        for messages in found.values():
            messages.sort(key=lambda message: (WHERE.index(message.where), commits.get(message.oid, len(log)), message.oid))
        return found

    def _tag(self, oid: bytes) -> Message | None:
        """What there is to say of a tag, what it leads to taken for a commit; None when the object is none."""
        store = self._tips.store
        try:
            if store.header(oid)[0] != "tag":
                return None
            data = store.read(oid, _MESSAGE_LIMIT)[1]
        except ObjectError:
            return None
        names = sorted(self._tips.tags.get(oid, []), key=name_order)
        where = WHERE[min(map(rank_of, names))] if names else WHERE[NOWHERE]
        return Message(oid, "tag", where, peel(store, oid)[-1], author_in(data), tuple(names[:MOST_REFS]), len(names))

    def _indexes(self) -> Iterator[Index]:
        """The indexes of all working trees; whoever scans one says that it cannot be read."""
        for number, (_, place) in enumerate(worktree_places(self._repository)):
            repository = self._repository._replace(git_dir=place, index_path=os.path.join(place, b"index"), index_named=False)
            with suppress(SourceError):
                index = read_index(repository if number else self._repository)
                if index is not None:
                    yield index

    def _outside(self) -> tuple[dict[int, list[tuple[bytes, bytes]]], dict[int, list[bytes]], dict[int, list[bytes]]]:
        """Objects in no commit's tree, by secret: (path, id) of the index's, ids of dangling ones, names that lead straight to some."""
        indexed: dict[int, list[tuple[bytes, bytes]]] = {}
        loose: dict[int, list[bytes]] = {}
        named: dict[int, list[bytes]] = {}
        left = {
            oid: secrets
            for oid, secrets in self._of.items()
            if oid not in self._commits and any(oid not in self._lineage.stories[each].seen for each in secrets)
        }
        if not left:
            return indexed, loose, named
        staged: dict[bytes, list[bytes]] = {}
        for index in self._indexes():
            for path, oid, *_ in index:
                if oid in left and path not in staged.get(oid, ()):
                    staged.setdefault(oid, []).append(path)
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
        story, log, tips = self._lineage.stories[number], self._log, self._tips
        places = [WHERE[rank]] if rank >= 0 else []
        places += [message.where for message in messages]
        if named:
            places.append(WHERE[min(map(rank_of, named))])
        if indexed:
            places.append("index")
        where = min(places, key=_BEST.index, default="dangling")
        # A tree may have held it first, or a commit's own message.
        firsts = [(rank, story.first[rank])] if rank >= 0 else []
        numbers = [self._commits[message.oid] for message in messages if message.kind == "commit"]
        firsts += [(tips.rank[each], each) for each in numbers]
        commit, author, at_boundary = None, None, False
        _, first = min(firsts, default=(NOWHERE, -1))
        if first >= 0:
            commit = log.oid(first)
            author = self._author(commit)
            refs, count = names[first]
            at_boundary = rank >= 0 and first == story.first[rank] and (first in log.cut or first in log.missing)
        else:
            if messages:
                commit, author = messages[0].commit, messages[0].author
            known = sorted({*named, *[name for message in messages for name in message.refs]}, key=name_order)
            refs, count = tuple(known[:MOST_REFS]), max([len(known), *[message.ref_count for message in messages]])
        last = max([at for each, at in story.last.items() if each <= rank], default=first)
        held = 0
        for each in range(rank + 1):
            held |= self._lineage.held[each]
        # A message stays as long as its commit or tag does.
        still = bool(held & story.mask) or any(message.where == where for message in messages) or bool(named)
        until = None if still else max([time for each, time in story.removed.items() if each <= rank], default=None)
        paths, path_count = self._paths(story, rank)
        return Attribution(
            where=where,
            commit=commit,
            author=author,
            first_seen=author.commit_date if author is not None else _utc(log.times[first]) if first >= 0 else "",
            at_boundary=at_boundary,
            last=log.oid(last) if last >= 0 else None,
            last_seen=_utc(log.times[last]) if last >= 0 else "",
            at_head=bool(self._lineage.head_state & story.mask),
            removed=_utc(until) if until is not None else None,
            hours=round((until - log.times[first]) / _HOUR, 1) if until is not None else None,
            refs=refs,
            ref_count=count,
            paths=paths,
            path_count=path_count,
            messages=tuple(messages),
            indexed=tuple(indexed),
            dangling=tuple(loose),
        )

    def _paths(self, story: Story, rank: int) -> tuple[tuple[PathHistory, ...], int]:
        """Tell of a secret's paths, oldest first, as seen from commits no worse than the secret's own rank."""
        told = []
        for bit in story.slots:
            slot = self._lineage.slots[bit]
            firsts = [at for each, at in slot.first.items() if each <= rank]
            if firsts:
                told.append((min(firsts)[:2], bit, min(firsts)[2]))
        told.sort(key=lambda item: (item[0][0], self._lineage.slots[item[1]].path))
        single = next(iter(story.seen)) if len(story.seen) == 1 else None
        paths = []
        for (first, brought), bit, origin in told[:MOST_PATHS]:
            slot = self._lineage.slots[bit]
            last = max([at for each, at in slot.last.items() if each <= rank], default=first)
            at_head = self._lineage.head_state >> bit & 1
            paths.append(
                PathHistory(
                    slot.path,
                    self._log.oid(first),
                    brought,
                    self._log.oid(last),
                    None if not at_head or self._tips.head is None else single or self._object_at(self._tips.head, slot.path) or brought,
                    self._lineage.slots[origin].path if origin >= 0 else None,
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

    def _author(self, oid: bytes) -> Author | None:
        if oid not in self._authors:
            try:
                self._authors[oid] = author_of(self._tips.store, oid)
            except ObjectError:
                self._authors[oid] = None
        return self._authors[oid]


def _utc(time: int) -> str:
    return rfc3339(b"%d +0000" % time)
