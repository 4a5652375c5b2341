"""References: HEAD, loose and packed refs, symbolic refs, reflogs.  Nothing outside the git directory is read."""

from __future__ import annotations

import os
from collections.abc import Iterator

from leaksieve.errors import SourceError
from leaksieve.gitobjects.files import is_inside, read_regular, shown
from leaksieve.gitobjects.repository import Repository

_LOOSE_LIMIT = 64 * 1024
_PACKED_LIMIT = 1 << 30
_MAX_DEPTH = 5  # git's own limit on symbolic refs naming symbolic refs
_PER_WORKTREE = (b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/")
_REFLOG_LIMIT = 1 << 28
# Directories of references, and of the names within, are never nested this deep by git.
_MAX_NESTING = 64
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

# (name of the reference or file, what is wrong with it)
Broken = tuple[bytes, str]


def is_safe_name(name: bytes) -> bool:
    """Whether a full reference name (HEAD, MERGE_HEAD, refs/...) is one git allows and stays inside the git directory."""
    if not name.startswith(b"refs/"):
        return bool(name) and name.replace(b"_", b"A").isalpha() and name.isupper()
    if b".." in name or b"@{" in name or any(byte < 33 or byte in b"\x7f\\~^:?*[" for byte in name):
        return False
    return all(part and not part.startswith(b".") and not part.endswith((b".lock", b".")) for part in name.split(b"/"))


def head_commit(repo: Repository) -> bytes | None:
    """Return the raw id HEAD stands for, or None when its branch has no commit yet.  Raises SourceError."""
    return resolve(repo, b"HEAD")


def head_target(repo: Repository) -> bytes | None:
    """Return the name of the branch HEAD names, or None when it is detached.  Raises SourceError."""
    text = _read_loose(repo, b"HEAD")
    if text is None:
        raise SourceError("has no HEAD", where=shown(repo.git_dir))
    return _symbolic_target(repo, b"HEAD", text)


def resolve(repo: Repository, name: bytes) -> bytes | None:
    """Return the raw object id a full reference name leads to, or None when there is no such reference.

    Raises SourceError for a name that is not allowed, a reference that does not parse, links that lead
    out of the git directory, and chains of symbolic references that are too long.
    """
    _require_files(repo)
    for _ in range(_MAX_DEPTH + 1):
        if not is_safe_name(name):
            raise SourceError(f"not a valid reference name: {shown(name)!r}", where=shown(repo.git_dir))
        text = _read_loose(repo, name)
        if text is None:
            return _packed(repo, name)
        target = _symbolic_target(repo, name, text)
        if target is None:
            return _object_id(repo, name, text)
        name = target
    raise SourceError("symbolic references name each other without end", where=shown(repo.git_dir))


def _require_files(repo: Repository) -> None:
    if repo.extensions.get("refstorage", "files").lower() != "files":
        raise SourceError(
            f"its references are kept as {repo.extensions['refstorage']!r}, which cannot be read yet",
            where=shown(repo.git_dir),
            hint="`git refs migrate --ref-format=files` converts them",
        )


def _directory(repo: Repository, name: bytes) -> bytes:
    shared = name.startswith(b"refs/") and not name.startswith(_PER_WORKTREE)
    return repo.common_dir if shared else repo.git_dir


def _read_loose(repo: Repository, name: bytes) -> bytes | None:
    base = _directory(repo, name)
    path = os.path.join(base, name)
    try:
        if os.path.islink(path):
            # The old form of a symbolic reference: a link whose text is the name.
            link = os.readlink(path)
            if link.startswith(b"refs/") and is_safe_name(link):
                return b"ref: " + link
        if not is_inside(path, (base,)):
            raise SourceError("this reference is a link that leads out of the repository", where=shown(path))
        return read_regular(path, _LOOSE_LIMIT)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot be read ({error})", where=shown(path)) from error


def _symbolic_target(repo: Repository, name: bytes, text: bytes) -> bytes | None:
    if not text.startswith(b"ref:"):
        return None
    target = text[4:].strip()
    if not is_safe_name(target):
        raise SourceError(f"names an invalid reference: {shown(target[:200])!r}", where=shown(os.path.join(repo.git_dir, name)))
    return target


def _object_id(repo: Repository, name: bytes, text: bytes) -> bytes:
    digits = text[: repo.hash_size * 2]
    after = text[repo.hash_size * 2 : repo.hash_size * 2 + 1]
    try:
        oid = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        oid = b""
    if len(oid) != repo.hash_size or after.strip():
        raise SourceError("does not hold an object id", where=shown(os.path.join(repo.git_dir, name)))
    return oid


def _packed(repo: Repository, name: bytes) -> bytes | None:
    if not name.startswith(b"refs/"):
        return None
    data = _packed_text(repo)
    width = repo.hash_size * 2
    if not data.endswith(b"\n"):
        data += b"\n"
    at = data.find(b" " + name + b"\n")
    if at < 0:
        return None
    start = at - width
    if start < 0 or (start > 0 and data[start - 1] != 0x0A):
        raise SourceError("does not parse", where=shown(os.path.join(repo.common_dir, b"packed-refs")))
    return _object_id(repo, name, data[start : start + width])


def _packed_text(repo: Repository) -> bytes:
    """Return what the file of packed references holds, nothing when there is none; raises SourceError."""
    path = os.path.join(repo.common_dir, b"packed-refs")
    if os.path.islink(path) and not is_inside(path, (repo.common_dir,)):
        raise SourceError("is a link that leads out of the repository", where=shown(path))
    try:
        return read_regular(path, _PACKED_LIMIT)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=shown(path)) from error


def all_refs(repo: Repository, broken: list[Broken] | None = None) -> dict[bytes, bytes]:
    """Every name a repository has for an object -> raw id; tags are not peeled, and the objects may be missing.

    Names are as git spells them: ``refs/...`` loose or packed (tags, notes, stash, replace and
    remote-tracking references among them), ``HEAD``, ``ORIG_HEAD`` and the like, and those of other
    worktrees under ``worktrees/ID/`` or ``main-worktree/``.  A file with several ids, as FETCH_HEAD
    may be, gives ``FETCH_HEAD``, ``FETCH_HEAD:2`` and so on; :func:`is_lasting` tells such files from
    references.  Unborn and dangling symbolic references are left out.  What does not parse is left
    out and noted in ``broken``.  Raises SourceError when references cannot be read at all.
    """
    _require_files(repo)
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
        for _ in range(_MAX_DEPTH):
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


def reflog_ids(repo: Repository, broken: list[Broken] | None = None) -> dict[bytes, tuple[bytes, ...]]:
    """Name of the reference -> the distinct raw ids, old and new, that its reflog holds, oldest entry first.

    Names are spelled as by :func:`all_refs`; logs of other worktrees and of references that are gone
    are read as well.  Lines and files that do not parse are left out and noted in ``broken``.  Raises SourceError.
    """
    _require_files(repo)
    noted: list[Broken] = [] if broken is None else broken
    found: dict[bytes, tuple[bytes, ...]] = {}
    nothing = bytes(repo.hash_size)
    for prefix, place in worktree_places(repo):
        for name, path in _log_files(place, noted):
            shared = name.startswith(b"refs/") and not name.startswith(_PER_WORKTREE)
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
    base = _directory(repo, name)
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


def worktree_places(repo: Repository) -> Iterator[tuple[bytes, bytes]]:
    """Yield (prefix of names, git directory) for this worktree, the main one and every linked one."""
    yield b"", repo.git_dir
    if repo.git_dir != repo.common_dir:
        yield b"main-worktree/", repo.common_dir
    store = os.path.join(repo.common_dir, b"worktrees")
    try:
        names = sorted(os.listdir(store))
    except OSError:
        return
    here = os.path.realpath(repo.git_dir)
    for name in names:
        place = os.path.join(store, name)
        # A link is none of git's making, and could lead anywhere.
        if not os.path.islink(place) and os.path.isdir(place) and os.path.realpath(place) != here:
            yield b"worktrees/%b/" % name, place


def _read_packed(repo: Repository, found: dict[bytes, bytes], noted: list[Broken]) -> None:
    width = repo.hash_size * 2
    failed = 0
    for line in _packed_text(repo).split(b"\n"):
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


def _read_tree(repo: Repository, prefix: bytes, place: bytes, top: bytes, into: tuple[dict[bytes, bytes], dict[bytes, bytes]], noted: list[Broken]) -> None:
    """Read the loose references below one directory."""
    for name, path, is_link in _files(place, top, noted):
        if not is_safe_name(name):
            # git passes over these, too: locks, and what file managers leave behind.
            continue
        if not prefix and place == repo.common_dir and place != repo.git_dir and name.startswith(_PER_WORKTREE):
            continue
        if is_link and prefix:
            noted.append((prefix + name, "is a link"))
            continue
        try:
            text = _read_loose(repo, name) if is_link else read_regular(path, _LOOSE_LIMIT)
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


def _take(repo: Repository, prefix: bytes, name: bytes, text: bytes, into: tuple[dict[bytes, bytes], dict[bytes, bytes]], noted: list[Broken]) -> None:
    """Enter one reference by what its file holds."""
    found, symbolic = into
    try:
        target = _symbolic_target(repo, name, text)
        if target is None:
            found[prefix + name] = _object_id(repo, name, text)
        else:
            symbolic[prefix + name] = prefix + target if not target.startswith(b"refs/") or target.startswith(_PER_WORKTREE) else target
    except SourceError as error:
        # A packed one of the same name is hidden by this, for git as well.
        found.pop(prefix + name, None)
        noted.append((prefix + name, error.what))


def _read_holders(repo: Repository, prefix: bytes, place: bytes, into: tuple[dict[bytes, bytes], dict[bytes, bytes]], noted: list[Broken]) -> None:
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
                text = read_regular(path, _PACKED_LIMIT if name == b"FETCH_HEAD" else _LOOSE_LIMIT)
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


def _files(place: bytes, top: bytes, noted: list[Broken]) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield (name, path, whether it is a link) of what lies below a directory that is not a directory; links to directories are not followed."""
    start = os.path.join(place, top)
    if os.path.islink(start):
        noted.append((top, "is a link, which is not followed"))
        return
    pending = [(top, start)]
    while pending:
        folder, path = pending.pop()
        try:
            with os.scandir(path) as entries:
                inside = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            noted.append((folder, f"cannot be listed ({error.strerror})"))
            continue
        for entry in reversed(inside):
            name = folder + b"/" + entry.name
            if entry.is_symlink():
                if os.path.isdir(entry.path):
                    noted.append((name, "is a link to a directory, which is not followed"))
                else:
                    yield name, entry.path, True
            elif not entry.is_dir(follow_symlinks=False):
                yield name, entry.path, False
        folders = [(folder + b"/" + entry.name, entry.path) for entry in inside if entry.is_dir(follow_symlinks=False)]
        if folders and folder.count(b"/") >= _MAX_NESTING:
            noted.append((folder, "is nested too deep"))
        else:
            pending += folders


def _log_files(place: bytes, noted: list[Broken]) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name of the reference, path of its log) for every reflog of a directory."""
    for name, path, is_link in _files(place, b"logs", noted):
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
