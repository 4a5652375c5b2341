"""One reference by its name: HEAD, loose and packed refs, symbolic refs.  Nothing outside the git directory is read."""

from __future__ import annotations

import os

from leaksieve.errors import SourceError
from leaksieve.gitobjects.files import is_inside, read_regular, shown
from leaksieve.gitobjects.repository import Repository

LOOSE_LIMIT = 64 * 1024
PACKED_LIMIT = 1 << 30
MAX_DEPTH = 5  # git's own limit on symbolic refs naming symbolic refs
PER_WORKTREE = (b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/")


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
    text = read_loose(repo, b"HEAD")
    if text is None:
        raise SourceError("has no HEAD", where=shown(repo.git_dir))
    return symbolic_target(repo, b"HEAD", text)


def resolve(repo: Repository, name: bytes) -> bytes | None:
    """Return the raw object id a full reference name leads to, or None when there is no such reference.

    Raises SourceError for a name that is not allowed, a reference that does not parse, links that lead
    out of the git directory, and chains of symbolic references that are too long.
    """
    require_files(repo)
    for _ in range(MAX_DEPTH + 1):
        if not is_safe_name(name):
            raise SourceError(f"not a valid reference name: {shown(name)!r}", where=shown(repo.git_dir))
        text = read_loose(repo, name)
        if text is None:
            return _packed(repo, name)
        target = symbolic_target(repo, name, text)
        if target is None:
            return object_id(repo, name, text)
        name = target
    raise SourceError("symbolic references name each other without end", where=shown(repo.git_dir))


def require_files(repo: Repository) -> None:
    """Raise SourceError unless references are kept as files."""
    if repo.extensions.get("refstorage", "files").lower() != "files":
        raise SourceError(
            f"its references are kept as {repo.extensions['refstorage']!r}, which cannot be read yet",
            where=shown(repo.git_dir),
            hint="`git refs migrate --ref-format=files` converts them",
        )


def directory(repo: Repository, name: bytes) -> bytes:
    """The git directory that a reference lies in: the worktree's own or the one all share."""
    shared = name.startswith(b"refs/") and not name.startswith(PER_WORKTREE)
    return repo.common_dir if shared else repo.git_dir


def read_loose(repo: Repository, name: bytes) -> bytes | None:
    """Return what a reference's own file holds, None when it has none; raises SourceError."""
    base = directory(repo, name)
    path = os.path.join(base, name)
    try:
        if os.path.islink(path):
            # The old form of a symbolic reference: a link whose text is the name.
            link = os.readlink(path)
            if link.startswith(b"refs/") and is_safe_name(link):
                return b"ref: " + link
        if not is_inside(path, (base,)):
            raise SourceError("this reference is a link that leads out of the repository", where=shown(path))
        return read_regular(path, LOOSE_LIMIT)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot be read ({error})", where=shown(path)) from error


def symbolic_target(repo: Repository, name: bytes, text: bytes) -> bytes | None:
    """Return the name that a reference's text leads to, None when it is not symbolic; raises SourceError."""
    if not text.startswith(b"ref:"):
        return None
    target = text[4:].strip()
    if not is_safe_name(target):
        raise SourceError(f"names an invalid reference: {shown(target[:200])!r}", where=shown(os.path.join(repo.git_dir, name)))
    return target


def object_id(repo: Repository, name: bytes, text: bytes) -> bytes:
    """Return the raw id in a reference's text; raises SourceError."""
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
    data = packed_text(repo)
    width = repo.hash_size * 2
    if not data.endswith(b"\n"):
        data += b"\n"
    at = data.find(b" " + name + b"\n")
    if at < 0:
        return None
    start = at - width
    if start < 0 or (start > 0 and data[start - 1] != 0x0A):
        raise SourceError("does not parse", where=shown(os.path.join(repo.common_dir, b"packed-refs")))
    return object_id(repo, name, data[start : start + width])


def packed_text(repo: Repository) -> bytes:
    """Return what the file of packed references holds, nothing when there is none; raises SourceError."""
    path = os.path.join(repo.common_dir, b"packed-refs")
    if os.path.islink(path) and not is_inside(path, (repo.common_dir,)):
        raise SourceError("is a link that leads out of the repository", where=shown(path))
    try:
        return read_regular(path, PACKED_LIMIT)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=shown(path)) from error
