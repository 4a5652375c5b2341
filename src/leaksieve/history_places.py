"""Where history's secrets are shown: for every secret and path one object to look at again, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from leaksieve.findings.attribution import Attribution, Message, PathHistory
from leaksieve.gitobjects.authors import Author
from leaksieve.gitobjects.packtable import BLOB, KINDS, TREE
from leaksieve.history_share import Key

# Objects that nothing leads to are all alike: so many of them are shown for one secret.
MOST_DANGLING = 20
# Through which names a person gets at it.
_REACHED = ("ref", "notes", "stash")

Details = Mapping[str, Any]


class Spot(NamedTuple):
    """An object under a path: raw id, kind (blob, tree, commit, tag), raw path.

    For a tree the path is the directory's, ending in "/" or empty; which of its names is meant is seen when it is looked at.
    """

    oid: bytes
    kind: str
    path: bytes


Spots = dict[Spot, dict[Key, Details]]


def attributed(secrets: Iterable[tuple[Key, Mapping[bytes, int], Attribution]], author_of: Callable[[bytes], Author | None], prefix: bytes) -> Spots:
    """Spots of attributed secrets: the version at HEAD where there is one, else the one that brought it in.

    ``secrets`` are (key, objects with their kinds, attribution); ``author_of`` reads a commit's author; ``prefix`` stands before every path.
    """
    spots: Spots = {}
    for key, held, told in secrets:
        by_path = {path.path: path for path in told.paths}
        for path in told.paths:
            # The version at HEAD is the one to edit; of a directory, which changes with everything below it, the one that brought the name in.
            oid = path.first_object if path.path.endswith(b"/") or not path.path else path.head_object or path.first_object
            kind = KINDS[held.get(oid, TREE if path.path.endswith(b"/") or not path.path else BLOB)]
            spots.setdefault(Spot(oid, kind, prefix + path.path), {})[key] = _of_path(oid, kind, told, (path, _origin(path, by_path)), author_of)
        for message in told.messages:
            spots.setdefault(Spot(message.oid, message.kind, b""), {})[key] = _of_message(told, message)
        for path_, oid in told.indexed:
            spots.setdefault(Spot(oid, "blob", prefix + path_), {})[key] = _loose(oid, "blob", "index", told)
        for oid in told.dangling[:MOST_DANGLING]:
            kind = KINDS[held[oid]]
            spots.setdefault(Spot(oid, kind, b""), {})[key] = _loose(oid, kind, "dangling", told)
        if told.where in _REACHED and not (told.paths or told.messages):
            # A name leads straight to the blob or the tree, without any commit.
            for oid, number in held.items():
                spots.setdefault(Spot(oid, KINDS[number], b""), {})[key] = _loose(oid, KINDS[number], told.where, told)
    return spots


def unattributed(found: Mapping[Key, Mapping[bytes, int]]) -> Spots:
    """Spots when nobody asked for commits: of all objects that hold the same secrets, one."""
    holders: dict[bytes, tuple[int, set[Key]]] = {}
    for key, held in found.items():
        for oid, kind in held.items():
            holders.setdefault(oid, (kind, set()))[1].add(key)
    groups: dict[tuple[int, frozenset[Key]], list[bytes]] = {}
    for oid, (kind, several) in holders.items():
        groups.setdefault((kind, frozenset(several)), []).append(oid)
    spots: Spots = {}
    for (kind, keys), oids in groups.items():
        first = min(oids)
        # Nobody asked where these are, so nothing is said of it.
        details = dict.fromkeys(("commit", "author", "date", "refs", "first_seen", "last_seen", "at_head", "reachable"))
        details |= {"object": first.hex(), "object_type": KINDS[kind], "objects": len(oids)}
        spots.setdefault(Spot(first, KINDS[kind], b""), {}).update(dict.fromkeys(keys, details))
    return spots


def _origin(path: PathHistory, by_path: Mapping[bytes, PathHistory]) -> PathHistory:
    """Where a secret came to this path from, over renames."""
    for _ in range(len(by_path)):
        before = by_path.get(path.renamed_from) if path.renamed_from is not None else None
        if before is None:
            break
        path = before
    return path


def _of_path(oid: bytes, kind: str, told: Attribution, where: tuple[PathHistory, PathHistory], author_of: Callable[[bytes], Author | None]) -> Details:
    path, origin = where
    details = _details(
        oid,
        kind,
        told.where,
        author_of(origin.first),
        commit=origin.first.hex(),
        **_refs(told.refs, told.ref_count),
        first_seen=told.first_seen or None,
        last_seen=told.last_seen or None,
        first_commit=told.commit.hex() if told.commit is not None else None,
        last_commit=path.last.hex(),
        at_head=path.at_head,
        exposed_hours=told.hours,
        removed=told.removed,
    )
    if path.renamed_from is not None:
        details["renamed_from"] = path.renamed_from.decode("utf-8", "backslashreplace")
        details["renamed_in"] = path.first.hex()
    if told.at_boundary:
        details["at_boundary"] = True
    return details


def _of_message(told: Attribution, message: Message) -> Details:
    seen = message.author.commit_date if message.author is not None else None
    return _details(
        message.oid,
        message.kind,
        message.where,
        message.author,
        commit=message.commit.hex() if message.commit is not None else None,
        **_refs(message.refs, message.ref_count),
        first_seen=told.first_seen or seen,
        last_seen=told.last_seen or seen,
    )


def _loose(oid: bytes, kind: str, where: str, told: Attribution) -> Details:
    return _details(oid, kind, where, None, refs=_texts(told.refs) if where in _REACHED else [])


def _details(oid: bytes, kind: str, where: str, author: Author | None, **known: Any) -> dict[str, Any]:
    """The fields that every occurrence in a history has, null where nothing is known, and what else is."""
    return {
        "object": oid.hex(),
        "object_type": kind,
        "commit": None,
        "author": author.person or None if author is not None else None,
        "date": author.date if author is not None else None,
        "refs": [],
        "first_seen": None,
        "last_seen": None,
        "at_head": False,
        "reachable": where in _REACHED,
        "where": where,
        **known,
    }


def _refs(names: Sequence[bytes], count: int) -> dict[str, Any]:
    """The two fields about references; those that are not named for standing for another one are not counted either."""
    texts = _texts(names)
    return {"refs": texts, "ref_count": count - len(names) + len(texts)}


def _texts(names: Iterable[bytes]) -> list[str]:
    """Names of references; HEADs only where nothing else reaches it, since they stand for a branch that is named as well."""
    names = list(names)
    names = [name for name in names if b"refs/" in name] or names
    return [name.decode("utf-8", "backslashreplace") for name in names]
