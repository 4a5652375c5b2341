"""The git directories of a repository's worktrees, and the files below a directory of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from leaksieve.gitobjects.repository import Repository

# Directories of references, and of the names within, are never nested this deep by git.
_MAX_NESTING = 64

# (name of the reference or file, what is wrong with it)
Broken = tuple[bytes, str]


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


def files_below(place: bytes, top: bytes, noted: list[Broken]) -> Iterator[tuple[bytes, bytes, bool]]:
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
