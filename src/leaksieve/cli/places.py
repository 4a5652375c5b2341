"""What a target of the command line is: an image by its name, and the repository a path belongs to, as the environment of a git hook describes it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaksieve.cli.talk import Talk
from leaksieve.errors import SourceError

if TYPE_CHECKING:
    from leaksieve.gitobjects.repository import Repository

# What may stand before a reference to an image; a file or folder of such a name can be given as ./docker-archive:x.
SCHEMES = ("docker-archive", "oci-archive", "oci", "registry", "daemon")


def names_image(target: str) -> bool:
    """Whether a target is by its prefix a reference to an image, and no path that is there."""
    scheme, colon, _ = target.partition(":")
    return bool(colon) and scheme in SCHEMES and not os.path.lexists(target)


def repository_of(path: str, allow_root: Sequence[str] = ()) -> Repository:
    """Find the repository a path lies in.  Raises SourceError.

    git describes the repository of the current directory to its hooks in ``GIT_DIR``,
    ``GIT_WORK_TREE`` and ``GIT_INDEX_FILE`` (``commit -a`` stages into an index of its own), and what is
    pushed in ``GIT_OBJECT_DIRECTORY``; a path elsewhere has nothing to do with them.
    Links and alternates that lead out of all these places are followed into ``allow_root`` alone.
    """
    from leaksieve.gitobjects.repository import bounded, discover

    named = os.fsencode(path)
    further = tuple(os.path.abspath(os.fsencode(each)) for each in allow_root)
    if not _same(path, "."):
        found = discover(named, further_roots=further)
    else:
        found = discover(
            named,
            git_dir=_bytes("GIT_DIR"),
            work_tree=_bytes("GIT_WORK_TREE"),
            index_file=_bytes("GIT_INDEX_FILE"),
            object_dirs=_object_dirs(),
            further_roots=further,
        )
    return bounded(found, named if os.path.isdir(named) else os.path.dirname(named), further)


def _object_dirs() -> tuple[bytes, ...]:
    """Return the further directories of objects that the environment names."""
    first = _bytes("GIT_OBJECT_DIRECTORY")
    others = (_bytes("GIT_ALTERNATE_OBJECT_DIRECTORIES") or b"").split(os.fsencode(os.pathsep))
    # git puts quotes around a name that holds the separator; such a one stays apart here and is not found.
    return tuple(each.strip(b'"') for each in (first or b"", *others) if each)


def repository_or_none(path: str, allow_root: Sequence[str] = ()) -> Repository | None:
    """Find the repository a path lies in, ``None`` where there is none; one that cannot be read is said aloud, since its files then count as any others."""
    try:
        return repository_of(path, allow_root)
    except SourceError as error:
        if not error.what.startswith("not a git repository"):
            Talk.current().note(f"scanned without its repository: {error.line()}")
        return None


def root_of(path: str, repository: Repository | None) -> str:
    """Return the folder where a target's configuration is looked for: the repository's root, else the target's."""
    if repository is not None:
        return os.fsdecode(repository.worktree or repository.git_dir)
    return path if os.path.isdir(path) else os.path.dirname(path) or "."


def project_root(path: str) -> str:
    """Return the folder where the configuration of a path is looked for."""
    return root_of(path, repository_or_none(path))


def _same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _bytes(name: str) -> bytes | None:
    value = os.environ.get(name)
    return os.fsencode(value) if value else None
