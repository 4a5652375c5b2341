"""Reflogs: what references led to before."""

from __future__ import annotations

import os
from collections.abc import Iterator

from leaksieve.errors import SourceError
from leaksieve.gitobjects.files import is_inside, read_regular, shown
from leaksieve.gitobjects.refs import PER_WORKTREE, directory, is_safe_name, require_files
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.worktrees import Broken, files_below, worktree_places

_REFLOG_LIMIT = 1 << 28


def reflog_ids(repo: Repository, broken: list[Broken] | None = None) -> dict[bytes, tuple[bytes, ...]]:
    """Name of the reference -> the distinct raw ids, old and new, that its reflog holds, oldest entry first.

    Names are spelled as by :func:`~leaksieve.gitobjects.allrefs.all_refs`; logs of other worktrees and of references that are gone
    are read as well.  Lines and files that do not parse are left out and noted in ``broken``.  Raises SourceError.
    """
    require_files(repo)
    noted: list[Broken] = [] if broken is None else broken
    found: dict[bytes, tuple[bytes, ...]] = {}
    nothing = bytes(repo.hash_size)
    for prefix, place in worktree_places(repo):
        for name, path in _log_files(place, noted):
            shared = name.startswith(b"refs/") and not name.startswith(PER_WORKTREE)
            full = name if shared else prefix + name
            ids: dict[bytes, None] = {}
            for old, new in _log_entries(repo, path, full, noted):
                ids[old] = ids[new] = None
            ids.pop(nothing, None)
            if ids:
                found[full] = tuple(ids)
    return found


def reflog(repo: Repository, name: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return the (old, new) raw ids of one reference's reflog, oldest first, or None when it has none; raises SourceError."""
    if not is_safe_name(name):
        return None
    base = directory(repo, name)
    path = os.path.join(base, b"logs", name)
    if not os.path.isfile(path):
        return None
    if not is_inside(path, (base,)):
        raise SourceError("this reflog is a link that leads out of the repository", where=shown(path))
    noted: list[Broken] = []
    entries = list(_log_entries(repo, path, name, noted))
    if noted:
        raise SourceError(noted[0][1], where=shown(path))
    return entries


def _log_files(place: bytes, noted: list[Broken]) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name of the reference, path of its log) for every reflog of a directory."""
    for name, path, is_link in files_below(place, b"logs", noted):
        if is_link:
            noted.append((name, "is a link, which is not followed"))
        elif is_safe_name(name[5:]):
            yield name[5:], path


def _log_entries(repo: Repository, path: bytes, name: bytes, noted: list[Broken]) -> Iterator[tuple[bytes, bytes]]:
    width = repo.hash_size * 2
    try:
        text = read_regular(path, _REFLOG_LIMIT)
    except OSError as error:
        noted.append((b"logs/" + name, f"cannot be read ({error.strerror})"))
        return
    failed = 0
    for line in text.split(b"\n"):
        if not line:
            continue
        try:
            old, new = bytes.fromhex(line[:width].decode("ascii")), bytes.fromhex(line[width + 1 : 2 * width + 1].decode("ascii"))
        except ValueError:
            old = new = b""
        if len(old) == len(new) == repo.hash_size and line[width : width + 1] == b" ":
            yield old, new
        else:
            failed += 1
    if failed:
        noted.append((b"logs/" + name, f"{failed} of its lines do not parse"))
