"""Real files to measure on: clones the user has, and trees made of their files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

from benchmarks.session import Unavailable, folder_from

VARIABLE = "LEAKSIEVE_BENCH_REPOS"
# Some scanners obey these and others do not; without them all read the same files.
LEFT_OUT = (b".gitignore", b".ignore")
LARGE = 256 * 1024


def clones() -> list[str]:
    """The git checkouts in the folder the user named (or that folder itself), sorted; Unavailable where there are none."""
    top = folder_from(VARIABLE, "a folder that holds git clones")
    found = [path for path in [top, *sorted(entry.path for entry in os.scandir(top) if entry.is_dir())] if os.path.exists(os.path.join(path, ".git"))]
    if not found:
        raise Unavailable(f"{VARIABLE}: there is no git clone in {top}")
    return found


def git(repository: str, *arguments: str, stdin: bytes = b"") -> bytes:
    """Output of a git command, without anybody's configuration."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_NO_LAZY_FETCH": "1"}
    call = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(call, cwd=repository, env=environment, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def tracked(repository: str) -> Iterator[tuple[bytes, str]]:
    """(path below the top, where it lies) of every tracked regular file that is there."""
    for name in sorted(set(git(repository, "ls-files", "-z").split(b"\0"))):
        path = os.path.join(os.fsencode(repository), name)
        if name and os.path.basename(name) not in LEFT_OUT and os.path.isfile(path) and not os.path.islink(path):
            yield name, os.fsdecode(path)


def export(repository: str, target: str) -> tuple[int, int]:
    """Copy the tracked files, without ``.git``; number of files and bytes."""
    files = size = 0
    for name, path in tracked(repository):
        copy = os.path.join(os.fsencode(target), name)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(path, copy)
        files += 1
        size += os.path.getsize(copy)
    return files, size


def marked(data: bytes, mark: bytes) -> bytes:
    """A copy in which every line ends in a mark: no scanner profits from having seen the file, or a line of it, before."""
    if b"\0" in data[:8000]:
        return data + mark
    return data.replace(b"\r\n", b"\n").replace(b"\n", b" " + mark + b"\n") + mark


def replicate(repositories: list[str], target: str, files: int, size: int) -> tuple[int, int]:
    """Fill a folder with marked copies of the repositories' files up to a number of files, or to a third more than ``size`` bytes.

    Returns what it holds.  Files over 256 KB are used once only, so that a few large ones do not make up the tree.
    """
    made = total = copy = 0
    originals = [(os.path.basename(repository), name, path) for repository in repositories for name, path in tracked(repository)]
    while originals:
        for repository, name, path in originals:
            with open(path, "rb") as file:
                data = file.read()
            data = marked(data, b"c%d" % copy) if copy else data
            place = os.path.join(os.fsencode(target), b"%04d" % copy, os.fsencode(repository), name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(data)
            made += 1
            total += len(data)
            if made >= files or total >= size * 4 // 3:
                return made, total
        originals = [one for one in originals if os.path.getsize(one[2]) <= LARGE] if not copy else originals
        copy += 1
    raise Unavailable(f"{VARIABLE}: the clones hold no small files to make a tree of")
