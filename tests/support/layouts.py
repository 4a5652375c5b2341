"""The same repository kept in the many ways git can keep one.

Each layout takes a source repository and a place, makes a copy there, and returns the repository to
scan.  What a layout holds afterwards is git's business: ask :class:`gitfacts.Facts`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from gitrepo import GitRepo

Layout = Callable[[GitRepo, Path], GitRepo]
KEEP = ("-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never")


def copied(source: GitRepo, place: Path) -> GitRepo:
    """Loose objects, as they were made."""
    shutil.copytree(source.top, place, symlinks=True)
    return GitRepo(place, init=False)


def everything(repo: GitRepo) -> list[str]:
    """Ids of all objects."""
    return repo("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").decode().split()


def pack(repo: GitRepo, objects: list[str], *options: str) -> str:
    """Put objects, reachable or not, into a pack; return its name without suffix."""
    name = repo("pack-objects", "-q", *options, str(objects_dir(repo) / "pack/pack"), stdin="\n".join(objects).encode()).decode().strip()
    return f"pack-{name}"


def objects_dir(repo: GitRepo) -> Path:
    """Where the objects are."""
    return (repo.top / os.fsdecode(repo("rev-parse", "--git-common-dir").strip()) / "objects").resolve()


def packed(source: GitRepo, place: Path) -> GitRepo:
    """One pack with everything, the unreachable too, and nothing loose."""
    repo = copied(source, place)
    pack(repo, everything(repo), "--delta-base-offset")
    repo("prune-packed", "-q")
    return repo


def collected(source: GitRepo, place: Path) -> GitRepo:
    """After git gc."""
    repo = copied(source, place)
    repo(*KEEP, "gc", "-q")
    return repo


def pruned(source: GitRepo, place: Path) -> GitRepo:
    """After git gc that drops what is unreachable, reflogs included: less is there."""
    repo = copied(source, place)
    repo("reflog", "expire", "--expire-unreachable=now", "--all")
    repo("gc", "-q", "--prune=now")
    return repo


def repacked(source: GitRepo, place: Path) -> GitRepo:
    """Long chains of deltas; unreachable objects stay loose."""
    repo = copied(source, place)
    repo("repack", "-adfq", "--window=250", "--depth=250")
    return repo


def ref_deltas(source: GitRepo, place: Path) -> GitRepo:
    """Deltas that name their bases by id."""
    repo = copied(source, place)
    pack(repo, everything(repo))
    repo("prune-packed", "-q")
    return repo


def several(source: GitRepo, place: Path) -> GitRepo:
    """Three packs that overlap, and loose copies of what is packed too."""
    repo = copied(source, place)
    every = everything(repo)
    for number in range(3):
        pack(repo, [oid for at, oid in enumerate(every) if at % 3 != number])
    return repo


def multi(source: GitRepo, place: Path) -> GitRepo:
    """Two packs, a multi-pack index with bitmaps, a commit-graph, a reverse index on disk."""
    repo = copied(source, place)
    every = everything(repo)
    half = pack(repo, every[: len(every) // 2], "--delta-base-offset")
    pack(repo, every, "--delta-base-offset")
    repo("prune-packed", "-q")
    repo("multi-pack-index", "write", "--bitmap", f"--preferred-pack={half}.pack")
    repo("commit-graph", "write", "--reachable")
    return repo


def bitmapped(source: GitRepo, place: Path) -> GitRepo:
    """A pack with a bitmap of its own, packed refs."""
    repo = copied(source, place)
    repo("repack", "-adbq")
    repo("pack-refs", "--all")
    return repo


def index_v1(source: GitRepo, place: Path) -> GitRepo:
    """A pack whose index has the old format."""
    repo = copied(source, place)
    pack(repo, everything(repo), "--index-version=1")
    repo("prune-packed", "-q")
    return repo


def large_offsets(source: GitRepo, place: Path) -> GitRepo:
    """An index that keeps most offsets in its table of 8-byte ones, as a pack past 2 GiB has it."""
    repo = copied(source, place)
    pack(repo, everything(repo), "--index-version=2,64")
    repo("prune-packed", "-q")
    return repo


def borrowed(source: GitRepo, place: Path) -> GitRepo:
    """Objects in another store inside the named folder."""
    repo = copied(source, place)
    store = place / "store"
    objects_dir(repo).rename(store)
    objects = place / ".git/objects"
    (objects / "info").mkdir(parents=True)
    (objects / "pack").mkdir()
    (objects / "info/alternates").write_text("../../store\n")
    return repo


def bare(source: GitRepo, place: Path) -> GitRepo:
    """No working tree."""
    shutil.copytree(source.top / ".git", place, symlinks=True)
    repo = GitRepo(place, init=False)
    repo("config", "core.bare", "true")
    return repo


def separate(source: GitRepo, place: Path) -> GitRepo:
    """A .git file that names a directory elsewhere in the tree."""
    repo = copied(source, place)
    (place / ".git").rename(place / ".kept")
    (place / ".git").write_text("gitdir: .kept\n")
    return repo


def unborn(source: GitRepo, place: Path) -> GitRepo:
    """HEAD names a branch without commits."""
    repo = copied(source, place)
    repo("symbolic-ref", "HEAD", "refs/heads/nothing-yet")
    return repo


def detached(source: GitRepo, place: Path) -> GitRepo:
    """HEAD is a commit, not a branch."""
    repo = copied(source, place)
    repo("update-ref", "--no-deref", "HEAD", repo.id("HEAD~2"))
    return repo


ALL: dict[str, Layout] = {
    "loose": copied,
    "packed": packed,
    "gc": collected,
    "gc-prune": pruned,
    "repack-250": repacked,
    "ref-deltas": ref_deltas,
    "several-packs": several,
    "multi-pack-index": multi,
    "bitmap": bitmapped,
    "index-v1": index_v1,
    "large-offsets": large_offsets,
    "alternate-inside": borrowed,
    "bare": bare,
    "separate-git-dir": separate,
    "unborn-head": unborn,
    "detached-head": detached,
}
