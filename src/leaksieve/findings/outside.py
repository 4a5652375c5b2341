"""Objects in no commit's tree: what only an index holds, what a name leads straight to, and what nothing leads to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.index import Index, read_index
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.reached import Tips
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treetrace import Moved, Tracer
from leaksieve.gitobjects.worktrees import worktree_places


class Outside(NamedTuple):
    """By secret: (path, raw id) of what an index holds, ids of what nothing leads to, names that lead straight to some."""

    indexed: dict[int, list[tuple[bytes, bytes]]]
    loose: dict[int, list[bytes]]
    named: dict[int, list[bytes]]


def outside(repository: Repository, left: dict[bytes, list[int]], tips: Tips, tracer: Tracer) -> Outside:
    """Tell of objects, ``left`` with their secrets, that are neither commits nor in a commit's tree; tags among them are passed over."""
    found = Outside({}, {}, {})
    if not left:
        return found
    staged: dict[bytes, list[bytes]] = {}
    for index in _indexes(repository):
        for path, oid, *_ in index:
            if oid in left and path not in staged.get(oid, ()):
                staged.setdefault(oid, []).append(path)
    # Names may lead to a tree or a blob without a commit.
    direct: dict[bytes, list[bytes]] = {}
    for oid, names in tips.other.items():
        if oid in left:
            direct.setdefault(oid, []).extend(names)
        for _, _, inside in _listed(oid, tips.store, tracer):
            if inside in left:
                direct.setdefault(inside, []).extend(names)
    for oid, secrets in left.items():
        if _kind(oid, tips.store) == "tag":
            continue
        for secret in secrets:
            if oid in direct:
                found.named.setdefault(secret, []).extend(direct[oid])
            elif oid in staged:
                found.indexed.setdefault(secret, []).extend((path, oid) for path in staged[oid])
            else:
                found.loose.setdefault(secret, []).append(oid)
    return found


def _indexes(repository: Repository) -> Iterator[Index]:
    """The indexes of all working trees; whoever scans one says that it cannot be read."""
    for number, (_, place) in enumerate(worktree_places(repository)):
        other = repository._replace(git_dir=place, index_path=os.path.join(place, b"index"), index_named=False)
        with suppress(SourceError):
            index = read_index(other if number else repository)
            if index is not None:
                yield index


def _listed(oid: bytes, store: ObjectStore, tracer: Tracer) -> list[Moved]:
    """Wanted objects in a tree; none for anything else."""
    return tracer.listed(oid) if _kind(oid, store) == "tree" else []


def _kind(oid: bytes, store: ObjectStore) -> str | None:
    """What an object is, None for one that cannot be read."""
    try:
        return store.header(oid)[0]
    except ObjectError:
        return None
