"""All names a repository has for objects: references of every worktree, and what commands keep ids in."""

from __future__ import annotations

import os

from leaksieve.errors import SourceError
from leaksieve.gitobjects.files import read_regular
from leaksieve.gitobjects.refs import (
    LOOSE_LIMIT,
    MAX_DEPTH,
    PACKED_LIMIT,
    PER_WORKTREE,
    is_safe_name,
    object_id,
    packed_text,
    read_loose,
    require_files,
    symbolic_target,
)
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.worktrees import Broken, files_below, worktree_places

# What git keeps an id in besides those whose name ends in HEAD; a command in progress needs its objects.
_OTHER_HOLDERS = frozenset({b"AUTO_MERGE", b"MERGE_AUTOSTASH", b"BISECT_EXPECTED_REV"})
_IN_PROGRESS = (
    b"rebase-merge/orig-head",
    b"rebase-merge/onto",
    b"rebase-merge/autostash",
    b"rebase-apply/orig-head",
    b"rebase-apply/autostash",
    b"sequencer/head",
    b"sequencer/abort-safety",
)
# References by id, and symbolic ones by the name they lead to.
_Into = tuple[dict[bytes, bytes], dict[bytes, bytes]]


def all_refs(repo: Repository, broken: list[Broken] | None = None) -> dict[bytes, bytes]:
    """Every name a repository has for an object -> raw id; tags are not peeled, and the objects may be missing.

    Names are as git spells them: ``refs/...`` loose or packed (tags, notes, stash, replace and
    remote-tracking references among them), ``HEAD``, ``ORIG_HEAD`` and the like, and those of other
    worktrees under ``worktrees/ID/`` or ``main-worktree/``.  A file with several ids, as FETCH_HEAD
    may be, gives ``FETCH_HEAD``, ``FETCH_HEAD:2`` and so on; :func:`is_lasting` tells such files from
    references.  Unborn and dangling symbolic references are left out.  What does not parse is left
    out and noted in ``broken``.  Raises SourceError when references cannot be read at all.
    """
    require_files(repo)
    noted: list[Broken] = [] if broken is None else broken
    found: dict[bytes, bytes] = {}
    symbolic: dict[bytes, bytes] = {}
    _read_packed(repo, found, noted)
    for prefix, place in worktree_places(repo):
        names = (b"refs/bisect", b"refs/worktree", b"refs/rewritten") if prefix or place != repo.common_dir else (b"refs",)
        for top in names:
            _read_tree(repo, prefix, place, top, (found, symbolic), noted)
        _read_holders(repo, prefix, place, (found, symbolic), noted)
        if place != repo.common_dir and not prefix:
            _read_tree(repo, b"", repo.common_dir, b"refs", (found, symbolic), noted)
    for name, target in symbolic.items():
        for _ in range(MAX_DEPTH):
            if target not in symbolic:
                break
            target = symbolic[target]
        if target in symbolic:
            noted.append((name, "leads in a circle, or over too many others"))
        if target in found:
            found[name] = found[target]
        else:
            found.pop(name, None)
    return found


def is_lasting(name: bytes) -> bool:
    """Whether a name of :func:`all_refs` is a reference or a HEAD, and not left over from some command."""
    return b"refs/" in name or name.rpartition(b"/")[2] == b"HEAD"


def _read_packed(repo: Repository, found: dict[bytes, bytes], noted: list[Broken]) -> None:
    width = repo.hash_size * 2
    failed = 0
    for line in packed_text(repo).split(b"\n"):
        if not line or line[0] in b"#^":
            continue
        name = line[width + 1 :].rstrip(b"\r")
        try:
            if line[width : width + 1] == b" " and is_safe_name(name):
                found[name] = bytes.fromhex(line[:width].decode("ascii"))
                continue
        except ValueError:
            pass
        failed += 1
    if failed:
        noted.append((b"packed-refs", f"{failed} of its lines do not parse"))


def _read_tree(repo: Repository, prefix: bytes, place: bytes, top: bytes, into: _Into, noted: list[Broken]) -> None:
    """Read the loose references below one directory."""
    for name, path, is_link in files_below(place, top, noted):
        if not is_safe_name(name):
            # git passes over these, too: locks, and what file managers leave behind.
            continue
        if not prefix and place == repo.common_dir and place != repo.git_dir and name.startswith(PER_WORKTREE):
            continue
        if is_link and prefix:
            noted.append((prefix + name, "is a link"))
            continue
        try:
            text = read_loose(repo, name) if is_link else read_regular(path, LOOSE_LIMIT)
        except (FileNotFoundError, IsADirectoryError):
            continue
        except OSError as error:
            noted.append((prefix + name, f"cannot be read ({error.strerror})"))
            continue
        except SourceError as error:
            noted.append((prefix + name, error.what))
            continue
        if text is not None:
            _take(repo, prefix, name, text, into, noted)


def _take(repo: Repository, prefix: bytes, name: bytes, text: bytes, into: _Into, noted: list[Broken]) -> None:
    """Enter one reference by what its file holds."""
    found, symbolic = into
    try:
        target = symbolic_target(repo, name, text)
        if target is None:
            found[prefix + name] = object_id(repo, name, text)
        else:
            symbolic[prefix + name] = prefix + target if not target.startswith(b"refs/") or target.startswith(PER_WORKTREE) else target
    except SourceError as error:
        # A packed one of the same name is hidden by this, for git as well.
        found.pop(prefix + name, None)
        noted.append((prefix + name, error.what))


def _read_holders(repo: Repository, prefix: bytes, place: bytes, into: _Into, noted: list[Broken]) -> None:
    """Read HEAD and the files in which commands keep ids."""
    try:
        names = sorted(os.listdir(place))
    except OSError as error:
        noted.append((prefix or b".", f"cannot be listed ({error.strerror})"))
        return
    width = repo.hash_size * 2
    for name in [*(name for name in names if is_safe_name(name) and (name.endswith(b"HEAD") or name in _OTHER_HOLDERS)), *_IN_PROGRESS]:
        path = os.path.join(place, name)
        try:
            if os.path.islink(path):
                link = os.readlink(path)
                if not link.startswith(b"refs/"):
                    noted.append((prefix + name, "is a link"))
                    continue
                text = b"ref: " + link
            else:
                text = read_regular(path, PACKED_LIMIT if name == b"FETCH_HEAD" else LOOSE_LIMIT)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            noted.append((prefix + name, f"cannot be read ({error.strerror})"))
            continue
        if name == b"HEAD" or text.startswith(b"ref:"):
            _take(repo, prefix, name, text, into, noted)
            continue
        ids: dict[bytes, None] = {}
        for line in text.split(b"\n"):
            try:
                oid = bytes.fromhex(line[:width].decode("ascii"))
            except ValueError:
                continue
            if len(oid) == repo.hash_size and not line[width : width + 1].strip():
                ids[oid] = None
        for number, oid in enumerate(ids, 1):
            into[0][prefix + name + (b":%d" % number if number > 1 else b"")] = oid
