"""The repository's first root commit: the default key of its fingerprints.

It is where following first parents from HEAD ends.  Every full clone at the same branch gives the
same answer.  A shallow clone in which the walk meets the boundary gives none: its last commit only
looks like a root.
"""

from __future__ import annotations

import os

from leaksieve.errors import SourceError
from leaksieve.gitobjects.commitgraph import read_commit_graph
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.files import read_regular
from leaksieve.gitobjects.links import parse_links
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.refs import head_commit
from leaksieve.gitobjects.repository import Repository
from leaksieve.userdirs import user_cache

_LIMIT = 16 * 1024 * 1024
# Commits remembered on the way, so that the next walk, from whichever branch, soon meets one.
_STRIDE = 512
_REMEMBERED = 4096
_WORTH_REMEMBERING = 64
# "tree ID", "parent ID" with SHA-256 ids: what a walk needs of a commit.
_HEAD_BYTES = 160


def first_root_commit(repo: Repository, *, cache_dir: bytes | None = None, store: ObjectStore | None = None) -> str | None:
    """Return the hex id of the first root commit, or None when there is none to be known.

    None for a branch without commits, a shallow boundary on the way, a missing or broken commit, and
    a HEAD that does not parse.  What is found is remembered below ``cache_dir`` (default: the user's
    cache directory); trouble with that file costs time, never the answer.
    """
    try:
        head = head_commit(repo)
    except SourceError:
        return None
    if head is None:
        return None
    store = store or ObjectStore(repo)
    boundary = _shallow_commits(repo)
    if boundary is None:
        return None
    root = None if boundary else _from_graph(repo, store, head)
    if root is None:
        root = _walk(repo, store, head, boundary, cache_dir)
    return root.hex() if root is not None else None


def _from_graph(repo: Repository, store: ObjectStore, head: bytes) -> bytes | None:
    graph = read_commit_graph(repo)
    if graph is None:
        return None
    try:
        # Commits made since the graph was written are read one by one until it knows one.
        for _ in range(_STRIDE):
            position = graph.find(head)
            if position is not None:
                break
            parents = _parents(store, head)
            if not parents:
                return head if parents == () else None
            head = parents[0]
        else:
            return None
        for _ in range(len(graph)):
            parent = graph.first_parent(position)
            if parent is None:
                root = graph.oid(position)
                return root if _parents(store, root) == () else None
            position = parent
    except (BadDataError, IndexError):
        pass
    return None


def _walk(repo: Repository, store: ObjectStore, head: bytes, boundary: frozenset[bytes], cache_dir: bytes | None) -> bytes | None:
    cache: _Cache | None = None
    root: bytes | None = None
    passed: list[bytes] = []
    steps = 0
    at = head
    # Ids are not recomputed, so a forged commit may name a child of its own as its parent: such a history has no root.
    seen: set[bytes] = set()
    while at not in seen:
        seen.add(at)
        if steps == _WORTH_REMEMBERING and not boundary:
            # A short history is walked before the cache directory's name is known.
            cache = _Cache(repo, cache_dir)
        if cache is not None and at in cache.checkpoints and _parents(store, cache.root) == ():
            root = cache.root
            break
        parents = _parents(store, at)
        if parents is None or (parents and at in boundary):
            return None
        if steps % _STRIDE == 0 or steps == _WORTH_REMEMBERING:
            passed.append(at)
        steps += 1
        if not parents:
            root = at
            break
        at = parents[0]
    if cache is not None and root is not None and steps > _WORTH_REMEMBERING:
        cache.write(root, passed)
    return root


def _parents(store: ObjectStore, oid: bytes) -> tuple[bytes, ...] | None:
    """Return a commit's parents (of many, perhaps only the first ones); None when it cannot be read or is no commit."""
    try:
        kind, data = store.peek(oid, _HEAD_BYTES)
        if kind != "commit":
            return None
        tree, parents = parse_links(data, store.hash_size)
    except ObjectError:
        return None
    except BadDataError:
        # The cut may have fallen inside a further parent's line.
        try:
            tree, parents = parse_links(store.read(oid, _LIMIT)[1], store.hash_size)
        except (ObjectError, BadDataError):
            return None
    return parents if tree is not None else None


def _shallow_commits(repo: Repository) -> frozenset[bytes] | None:
    """Return the commits where a shallow clone's history was cut; None when the list cannot be read."""
    if not repo.shallow:
        return frozenset()
    try:
        lines = read_regular(os.path.join(repo.common_dir, b"shallow"), _LIMIT).split()
        return frozenset(bytes.fromhex(line.decode("ascii")) for line in lines)
    except (OSError, ValueError):
        return None


class _Cache:
    """What earlier walks found: the root, and commits known to lead to it.

    A file per git directory, named by a digest of its real path: the root's id, then the others', one a line.
    """

    __slots__ = ("checkpoints", "path", "root")

    def __init__(self, repo: Repository, cache_dir: bytes | None) -> None:
        self.root = b""
        self.checkpoints: frozenset[bytes] = frozenset()
        self.path: bytes | None = None
        try:
            from hashlib import sha256

            if cache_dir is None:
                cache_dir = user_cache()
            name = sha256(os.path.realpath(repo.git_dir)).hexdigest()[:40].encode()
            folder = os.path.join(cache_dir, b"roots")
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if not _is_private(folder):
                return
            self.path = os.path.join(folder, name)
            lines = read_regular(self.path, _LIMIT).split()
            ids = [bytes.fromhex(line.decode("ascii")) for line in lines]
            if ids and all(len(oid) == repo.hash_size for oid in ids):
                self.root = ids[0]
                self.checkpoints = frozenset(ids)
        except (OSError, ValueError):
            return

    def write(self, root: bytes, passed: list[bytes]) -> None:
        """Remember ``passed`` commits as leading to ``root``; silently not, when it cannot be done."""
        if self.path is None:
            return
        known = self.checkpoints - {root} if root == self.root else frozenset()
        ids = [root, *passed, *sorted(known.difference(passed))][:_REMEMBERED]
        temporary = self.path + b".%d" % os.getpid()
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(b"".join(oid.hex().encode() + b"\n" for oid in ids))
                os.replace(temporary, self.path)
            except OSError:
                os.unlink(temporary)
        except OSError:
            return


def _is_private(folder: bytes) -> bool:
    """Whether only this user can write there; another's hints are not worth believing."""
    if not hasattr(os, "geteuid"):
        return True
    info = os.stat(folder)
    return info.st_uid == os.geteuid() and not info.st_mode & 0o022
