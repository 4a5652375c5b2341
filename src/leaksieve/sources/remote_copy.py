"""A ``file://`` repository: its object store and references are copied as they are; runs in the cloning process.

Nothing interprets the repository on the way (its configuration could name programs to run), so the
copy also holds what no reference leads to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from leaksieve.errors import SourceError
from leaksieve.gitobjects.files import is_inside, open_regular, read_regular, shown
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.refs import head_commit, head_target, is_safe_name, resolve
from leaksieve.gitobjects.repository import Repository, discover
from leaksieve.sources.remote_child import Failed, Order
from leaksieve.sources.remote_fetch import make_bare, write_references

_PACK = re.compile(rb"pack-[0-9a-f]{40,64}\.(pack|idx|promisor)")
_SHARD = re.compile(rb"[0-9a-f]{2}")
_LOOSE = re.compile(rb"[0-9a-f]{38}|[0-9a-f]{62}")
_PIECE = 1 << 20
_PACKED_LIMIT = 1 << 30


def copy_repository(job: Order, meter: Callable[[int, int, int, int], None]) -> dict[str, Any]:
    """Copy the repository at ``job.path``; return counts of references, refused references, files and bytes.  Raises Failed."""
    try:
        return _copy(job, meter)
    except SourceError as error:
        raise Failed(error.line()) from None


def _copy(job: Order, meter: Callable[[int, int, int, int], None]) -> dict[str, Any]:
    repo = _find(os.fsencode(job.path))
    store = ObjectStore(repo)
    folders = store.object_dirs()
    if store.refused:
        raise Failed(f"it borrows objects from outside itself, from {shown(store.refused[0])}", "scan the folder itself instead of the URL")
    kept = {name: value for name, value in repo.extensions.items() if name in ("objectformat", "partialclone") and value.isalnum()}
    extensions = "".join(f"\t{name} = {value}\n" for name, value in sorted(kept.items()))
    make_bare(job.target, f"[core]\n\trepositoryformatversion = {int(bool(kept))}\n\tbare = true\n[extensions]\n{extensions}")
    files = [(os.path.join(folder, name), name) for folder in folders for name in _object_files(repo, folder)]
    if len(files) > job.max_objects:
        raise Failed(f"the clone has more than {job.max_objects:,} objects and was stopped", "allow it more, if that is right")
    size = 0
    for number, (source, name) in enumerate(files, 1):
        size = _copy_file(job, source, os.path.join(os.fsencode(job.target), b"objects", name), size)
        meter(number, len(files), size, number)
    if repo.shallow:
        _copy_file(job, os.path.join(repo.common_dir, b"shallow"), os.path.join(os.fsencode(job.target), b"shallow"), size)
    references, refused = _references(repo)
    target = head_target(repo)
    if target is not None:
        head = b"ref: " + target
    else:
        commit = head_commit(repo)
        head = commit.hex().encode() if commit else b"ref: refs/heads/main"
    write_references(job.target, references, head)
    return {"references": len(references), "refused": refused, "objects": len(files), "bytes": size}


def _find(path: bytes) -> Repository:
    for choice in (path, path + b".git"):
        # A repository somewhere above is not what was named.
        if os.path.lexists(os.path.join(choice, b".git")) or os.path.isdir(os.path.join(choice, b"objects")):
            return discover(choice, allowed_roots=(choice,))
    raise SourceError("not a git repository")


def _object_files(repo: Repository, folder: bytes) -> Iterator[bytes]:
    """Names below an object directory, packs before their indexes."""
    packs = os.path.join(folder, b"pack")
    if os.path.isdir(packs) and repo.allows(packs):
        found = [name for name in os.listdir(packs) if _PACK.fullmatch(name)]
        yield from (os.path.join(b"pack", name) for name in sorted(found, key=lambda name: (not name.endswith(b".pack"), name)))
    for shard in sorted(os.listdir(folder)):
        place = os.path.join(folder, shard)
        if _SHARD.fullmatch(shard) and os.path.isdir(place) and repo.allows(place):
            yield from (os.path.join(shard, name) for name in sorted(os.listdir(place)) if _LOOSE.fullmatch(name))


def _copy_file(job: Order, source: bytes, target: bytes, size: int) -> int:
    """Copy one file; return the bytes copied so far, this one's included."""
    if os.path.lexists(target):
        return size
    if os.path.islink(source) and not is_inside(source, (os.fsencode(job.path), os.fsencode(job.path) + b".git")):
        raise Failed(f"it has a link that leads out of it, {shown(source)}", "scan the folder itself instead of the URL")
    try:
        fd, _ = open_regular(source)
    except OSError as error:
        raise Failed(f"{shown(source)} cannot be read ({error.strerror})") from None
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(fd, "rb", buffering=0) as reading, open(target, "xb", buffering=0) as writing:
        while piece := reading.read(_PIECE):
            size += len(piece)
            if size > job.max_bytes:
                raise Failed(f"the clone is larger than {job.max_bytes:,} bytes and was stopped", "allow it more, if that is right")
            writing.write(piece)
    return size


def _references(repo: Repository) -> tuple[dict[bytes, str], int]:
    names: set[bytes] = set()
    refused = 0
    try:
        packed = read_regular(os.path.join(repo.common_dir, b"packed-refs"), _PACKED_LIMIT)
    except FileNotFoundError:
        packed = b""
    except OSError as error:
        raise Failed(f"its packed-refs cannot be read ({error.strerror})") from None
    width = 2 * repo.hash_size
    found: dict[bytes, str] = {}
    for line in packed.split(b"\n"):
        oid, space, name = line[:width], line[width : width + 1], line[width + 1 :]
        if space != b" " or line[:1] in b"#^" or not re.fullmatch(rb"[0-9a-f]+", oid):
            continue
        if is_safe_name(name) and name.startswith(b"refs/"):
            found[name] = oid.decode()
        else:
            refused += 1
    for folder, _, files in os.walk(os.path.join(repo.common_dir, b"refs")):
        names.update(os.path.relpath(os.path.join(folder, name), repo.common_dir) for name in files)
    for name in names:
        raw = resolve(repo, name) if is_safe_name(name) else None
        if raw is None:
            refused += 1
        else:
            found[name] = raw.hex()
    return found, refused
