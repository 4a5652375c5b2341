"""Puts together what is known of each secret: its first commit, its paths, the messages that hold it, and what no commit has."""

from __future__ import annotations

from leaksieve.findings.attribution import MOST_PATHS, Attribution, Message, PathHistory
from leaksieve.findings.lineage import Lineage, Story
from leaksieve.findings.outside import outside
from leaksieve.gitobjects.authors import Authors, author_in, rfc3339
from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.reached import MOST_REFS, NOWHERE, WHERE, Tips, name_order, names_reaching, peel, rank_of
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treediff import find_entry
from leaksieve.gitobjects.treetrace import Tracer

_MESSAGE_LIMIT = 16 * 1024 * 1024
_HOUR = 3600
# Places a secret may be said to be in, best first.
_BEST = (*WHERE[:NOWHERE], "index", WHERE[NOWHERE])


class Account:
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
        self._author = Authors(tips.store)

    def give(self) -> list[Attribution]:
        """Tell of every secret."""
        stories = self._lineage.stories
        ranks = [min(story.first, default=-1) for story in stories]
        firsts = {story.first[rank] for story, rank in zip(stories, ranks, strict=True) if rank >= 0}
        names = names_reaching(self._log, self._tips.at, firsts | set(self._commits.values()))
        messages = self._messages(names)
        apart = outside(self._repository, self._left(), self._tips, self._tracer)
        return [
            self._tell(number, rank, names, messages.get(number, []), apart.indexed.get(number, []), apart.loose.get(number, []), apart.named.get(number, []))
            for number, rank in enumerate(ranks)
        ]

    def _left(self) -> dict[bytes, list[int]]:
        """Objects that are no commits and not all accounted for by commits' trees, with their secrets."""
        stories = self._lineage.stories
        return {oid: secrets for oid, secrets in self._of.items() if oid not in self._commits and any(oid not in stories[each].seen for each in secrets)}

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


def _utc(time: int) -> str:
    return rfc3339(b"%d +0000" % time)
