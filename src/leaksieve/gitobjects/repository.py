"""Where a repository's files are.

Nothing here runs ``git``, and of git's configuration only ``[extensions]`` and ``core.bare`` are
looked at: without the former the object format is unknown, and neither names a program or a path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from leaksieve.errors import SourceError
from leaksieve.gitobjects.files import is_inside, read_regular, shown

_HASH_SIZES = {"sha1": 20, "sha256": 32}
_POINTER_LIMIT = 64 * 1024
_CONFIG_LIMIT = 1024 * 1024


class Repository(NamedTuple):
    """A repository's places and format; plain values, so it crosses process borders.

    Directories are absolute.  ``common_dir`` differs from ``git_dir`` in a linked worktree.
    ``worktree`` is None for a bare repository.  ``index_named`` says the caller chose ``index_path``.
    ``hash_size`` is the length of a raw object id.  ``object_dirs`` are searched besides the
    repository's own.  ``allowed_roots`` bounds what links inside the repository may lead to; None
    means anything, which suits a repository the user named on their own machine.
    ``extensions`` has lower-case keys.
    """

    git_dir: bytes
    common_dir: bytes
    worktree: bytes | None
    index_path: bytes
    index_named: bool
    hash_name: str
    hash_size: int
    shallow: bool
    is_foreign_owned: bool
    extensions: Mapping[str, str]
    object_dirs: tuple[bytes, ...] = ()
    allowed_roots: tuple[bytes, ...] | None = None

    @property
    def bare(self) -> bool:
        """Whether there is no working tree."""
        return self.worktree is None

    def allows(self, path: bytes) -> bool:
        """Whether a path, all links resolved, stays inside the allowed roots and the object directories the caller named."""
        return self.allowed_roots is None or is_inside(path, (*self.allowed_roots, *self.object_dirs))


def discover(
    start: bytes,
    *,
    git_dir: bytes | None = None,
    work_tree: bytes | None = None,
    index_file: bytes | None = None,
    object_dirs: tuple[bytes, ...] = (),
    allowed_roots: tuple[bytes, ...] | None = None,
    further_roots: tuple[bytes, ...] = (),
) -> Repository:
    """Find the repository that ``start`` (a directory or file) belongs to.

    ``git_dir``, ``work_tree`` and ``index_file`` are what GIT_DIR, GIT_WORK_TREE and GIT_INDEX_FILE
    say, relative ones taken from ``start`` as from the current directory; the environment itself is
    not read.  A relative ``index_file`` may also be relative to the working tree or the git directory.
    A ``.git`` file or link may lead out of its tree only to the tree's own repository (a linked worktree's or
    a submodule's), to one that ``git_dir`` names, or into ``allowed_roots``; where these are None, into ``further_roots``.
    Raises SourceError when there is no repository, or when reading it would leave these bounds.
    """
    start = os.path.abspath(start)
    if not os.path.exists(start):
        raise SourceError("no such file or directory", where=shown(start))
    if not os.path.isdir(start):
        start = os.path.dirname(start)
    if git_dir is not None:
        found = os.path.join(start, git_dir)
        found = _follow_pointer(found) if os.path.isfile(found) else os.path.abspath(found)
        if not _is_git_dir(found):
            raise SourceError("not a git repository", where=shown(found))
        worktree = _worktree_of_named(start, found)
    else:
        found, worktree = _search_upwards(start, allowed_roots, further_roots)
    if work_tree is not None:
        worktree = os.path.abspath(os.path.join(start, work_tree))
    _require_inside(found, allowed_roots)
    common = _common_dir(found, allowed_roots, further_roots)
    settings = read_settings(os.path.join(common, b"config"))
    if work_tree is None and git_dir is not None and common == found and settings.get("core.bare", "false") in ("true", "yes", "on", "1", ""):
        worktree = None
    extensions = {key[11:]: value for key, value in settings.items() if key.startswith("extensions.")}
    hash_name = extensions.get("objectformat", "sha1").lower()
    if hash_name not in _HASH_SIZES:
        raise SourceError(f"object format {hash_name!r} is not known", where=shown(common), hint="sha1 and sha256 can be read")
    return Repository(
        git_dir=found,
        common_dir=common,
        worktree=worktree,
        index_path=_index_path(index_file, start, worktree, found),
        index_named=index_file is not None,
        hash_name=hash_name,
        hash_size=_HASH_SIZES[hash_name],
        shallow=_size_of(os.path.join(common, b"shallow")) > 0,
        is_foreign_owned=_is_foreign(found, common, worktree),
        extensions=extensions,
        object_dirs=tuple(os.path.abspath(os.path.join(start, each)) for each in object_dirs),
        allowed_roots=allowed_roots,
    )


def bounded(repository: Repository, named: bytes, further: tuple[bytes, ...] = ()) -> Repository:
    """Return the repository with links and alternates confined to what the user named.

    That is the directory ``named``, the repository's own places, and ``further`` directories.
    """
    places = (named, repository.worktree, repository.git_dir, repository.common_dir, *further)
    return repository._replace(allowed_roots=tuple(dict.fromkeys(os.path.realpath(place) for place in places if place is not None)))


def _search_upwards(start: bytes, roots: tuple[bytes, ...] | None, further: tuple[bytes, ...]) -> tuple[bytes, bytes | None]:
    here = os.path.realpath(start)
    while True:
        dot_git = os.path.join(here, b".git")
        if _is_git_dir(dot_git):
            if roots is None and os.path.islink(dot_git):
                _require_own(dot_git, os.path.realpath(dot_git), further)
            return dot_git, here
        if os.path.isfile(dot_git):
            target = _follow_pointer(dot_git)
            if roots is None:
                _require_own(dot_git, target, further)
            _require_inside(target, roots)
            if not _is_git_dir(target):
                raise SourceError("names a directory that is not a git repository", where=shown(dot_git))
            return target, here
        if _is_git_dir(here):
            return here, _worktree_of_named(here, here)
        parent = os.path.dirname(here)
        if parent == here:
            raise SourceError("not a git repository, nor is any directory above", where=shown(start), hint="scan plain directories with `leaksieve dir`")
        here = parent


def _worktree_of_named(start: bytes, git_dir: bytes) -> bytes | None:
    """Where the working tree of a git directory is that was named, or in which ``start`` lies.

    git's own rule for GIT_DIR is the current directory; from inside the git directory that cannot
    be, so there the layout decides.
    """
    real = os.path.realpath(git_dir)
    if not is_inside(start, (real,)):
        return start
    pointer = os.path.join(git_dir, b"gitdir")
    if os.path.isfile(pointer):
        try:
            return os.path.dirname(os.path.join(git_dir, read_regular(pointer, _POINTER_LIMIT).rstrip(b"\r\n")))
        except OSError as error:
            raise SourceError(f"cannot be read ({error.strerror})", where=shown(pointer)) from error
    return os.path.dirname(real) if os.path.basename(real) == b".git" else None


def _is_git_dir(path: bytes) -> bool:
    if not os.path.lexists(os.path.join(path, b"HEAD")):
        return False
    if os.path.isfile(os.path.join(path, b"commondir")):
        return True
    return os.path.isdir(os.path.join(path, b"objects")) and os.path.isdir(os.path.join(path, b"refs"))


def _follow_pointer(file: bytes) -> bytes:
    """Where a ``.git`` file (``gitdir: PATH``) leads."""
    try:
        text = read_regular(file, _POINTER_LIMIT)
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=shown(file)) from error
    if not text.startswith(b"gitdir: ") or not (target := text[8:].rstrip(b"\r\n")) or b"\0" in target:
        raise SourceError("is not a git directory and does not name one", where=shown(file))
    return os.path.normpath(os.path.join(os.path.dirname(file), target))


def _require_own(file: bytes, target: bytes, further: tuple[bytes, ...]) -> None:
    """Refuse a ``.git`` file or link that leads out of its tree to a repository that knows nothing of the tree.

    Anyone can put such a file into an archive; following it would read a repository nobody named.
    """
    tree = os.path.dirname(file)
    if not (is_inside(target, (tree, *further)) or _points_back(target, tree) or _is_submodule(target, tree)):
        raise SourceError(
            f"leads to a repository that is not this tree's own, {shown(target)}",
            where=shown(file),
            hint="if they belong together, name that repository itself, set GIT_DIR to it in this directory, or allow it with --allow-root DIR",
        )


def _points_back(git_dir: bytes, tree: bytes) -> bool:
    """Whether the git directory is that of a linked worktree and says so of this very tree."""
    try:
        back = read_regular(os.path.join(git_dir, b"gitdir"), _POINTER_LIMIT).rstrip(b"\r\n")
    except OSError:
        return False
    if b"\0" in back:
        return False
    # The last part is compared by name: a ".git" that links to another tree's would resolve to that one's.
    place, name = os.path.split(os.path.join(git_dir, back))
    return name == b".git" and os.path.realpath(place) == os.path.realpath(tree)


def _is_submodule(git_dir: bytes, tree: bytes) -> bool:
    """Whether the git directory is kept among the modules of a repository above the tree."""
    real = os.path.realpath(git_dir)
    here = os.path.realpath(tree)
    while (parent := os.path.dirname(here)) != here:
        here = parent
        above = os.path.join(here, b".git")
        if os.path.isfile(above):
            # Linked worktrees keep modules of their own.
            try:
                above = os.path.realpath(_follow_pointer(above))
            except SourceError:
                continue
            if not _points_back(above, here):
                continue
        # Not resolved: links in the repository above must not lead elsewhere either.
        if real.startswith(os.path.join(above, b"modules", b"")):
            return True
    return False


def _common_dir(git_dir: bytes, roots: tuple[bytes, ...] | None, further: tuple[bytes, ...]) -> bytes:
    file = os.path.join(git_dir, b"commondir")
    try:
        target = read_regular(file, _POINTER_LIMIT).rstrip(b"\r\n")
    except (FileNotFoundError, NotADirectoryError):
        return git_dir
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=shown(file)) from error
    if not target or b"\0" in target:
        raise SourceError("does not name a directory", where=shown(file))
    path = os.path.normpath(os.path.join(git_dir, target))
    _require_inside(path, roots)
    if roots is None and not _holds_worktree(path, git_dir) and not is_inside(path, further):
        raise SourceError(
            f"leads to a repository that this directory is no part of, {shown(path)}",
            where=shown(file),
            hint="if it is yours, name that repository itself, or allow it with --allow-root DIR",
        )
    if not os.path.isdir(os.path.join(path, b"objects")):
        raise SourceError("names a directory that is not a git repository", where=shown(file))
    return path


def _holds_worktree(common: bytes, git_dir: bytes) -> bool:
    """Whether the git directory stands where its repository keeps those of linked worktrees, or holds the shared part itself."""
    store = os.path.dirname(os.path.realpath(git_dir))
    return (os.path.basename(store) == b"worktrees" and os.path.realpath(common) == os.path.dirname(store)) or is_inside(common, (git_dir,))


def _require_inside(path: bytes, roots: tuple[bytes, ...] | None) -> None:
    if roots is not None and not is_inside(path, roots):
        raise SourceError(
            "the repository's files lie outside the directories this scan may read", where=shown(path), hint="name that directory too, if it is yours"
        )


def _index_path(index_file: bytes | None, start: bytes, worktree: bytes | None, git_dir: bytes) -> bytes:
    if index_file is None:
        return os.path.join(git_dir, b"index")
    choices = [os.path.join(base, index_file) for base in (start, worktree, git_dir) if base is not None]
    return next((choice for choice in choices if os.path.isfile(choice)), choices[0])


def _size_of(path: bytes) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _is_foreign(*places: bytes | None) -> bool:
    """Whether any place belongs to another user.  The superuser's files are foreign to others, and theirs to it."""
    if not hasattr(os, "geteuid"):
        return False
    user = os.geteuid()
    for place in places:
        try:
            if place is not None and os.stat(place).st_uid != user:
                return True
        except OSError:
            return True
    return False


def read_settings(file: bytes) -> dict[str, str]:
    """Return the ``[extensions]`` settings and ``core.bare`` of a git configuration file, keys in lower case.

    Tolerant: lines that do not parse are passed over, included files are not followed.  A missing
    file has no settings.  Raises SourceError when it cannot be read.
    """
    try:
        text = read_regular(file, _CONFIG_LIMIT).decode("utf-8", "replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=shown(file)) from error
    found: dict[str, str] = {}
    section = ""
    # Not splitlines(): that would also break at characters git does not take for a newline.
    for raw in text.split("\n"):
        line = raw.strip()
        if line.startswith("["):
            name, closed, line = line[1:].partition("]")
            section = name.strip().lower() if closed else ""
            line = line.strip()
        if section not in ("extensions", "core") or not line or line[0] in "#;":
            continue
        key, equals, value = line.partition("=")
        name = f"{section}.{key.split('#')[0].split(';')[0].strip().lower()}"
        if section == "extensions" or name == "core.bare":
            # A key alone, without "=", is git's way to say true.
            found[name] = value.split("#")[0].split(";")[0].strip().strip('"') if equals else "true"
    return found
