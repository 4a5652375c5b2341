"""What real git says of every object of a repository: the truth that scans are held to.

Objects are listed and read with ``git cat-file --batch-all-objects``, which sees loose and packed
objects, alternates and unreachable ones.  Everything else is worked out from their content here, by
the simplest means, so that it shares no code and no idea with the program.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gitrepo import GitRepo


class Thing(NamedTuple):
    """One object."""

    kind: str
    data: bytes


class Facts:
    """A repository's objects (hex id -> :class:`Thing`) and what follows from them.  Missing promised objects are left out."""

    def __init__(self, repo: GitRepo) -> None:
        self.repo = GitRepo(repo.top, init=False)
        # Replaced objects are two objects, and both are there.
        self.repo.environment["GIT_NO_REPLACE_OBJECTS"] = "1"
        self.width = len(repo("hash-object", "--stdin").strip()) // 2
        text = self.repo("cat-file", "--batch-all-objects", "--batch", "--unordered")
        self.objects: dict[str, Thing] = {}
        at = 0
        while at < len(text):
            end = text.index(b"\n", at)
            oid, kind, size = text[at:end].decode().split()
            at = end + 1 + int(size) + 1
            self.objects[oid] = Thing(kind, text[end + 1 : at - 1])

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """Commit -> parents, in order, as the commit itself says."""
        out = {}
        for oid, thing in self.objects.items():
            if thing.kind == "commit":
                head = thing.data.split(b"\n\n", 1)[0].split(b"\n")
                out[oid] = [line[7:].decode() for line in head if line.startswith(b"parent ")]
        return out

    @cached_property
    def contents(self) -> dict[str, dict[str, set[bytes]]]:
        """Commit -> object id -> paths, for everything below its tree (trees included; the top tree stands at the empty path)."""
        below: dict[str, dict[str, set[bytes]]] = {}
        out = {}
        for oid, thing in self.objects.items():
            if thing.kind == "commit":
                tree = thing.data[5 : 5 + 2 * self.width].decode()
                out[oid] = self._below(tree, below)
        return out

    def _below(self, tree: str, known: dict[str, dict[str, set[bytes]]]) -> dict[str, set[bytes]]:
        if tree not in known:
            out: dict[str, set[bytes]] = {tree: {b""}}
            for mode, name, oid in self.entries(tree):
                out.setdefault(oid, set()).add(name)
                if mode == b"40000":
                    for inner, paths in self._below(oid, known).items():
                        out.setdefault(inner, set()).update(name + b"/" + path for path in paths if path)
            known[tree] = out
        return known[tree]

    def entries(self, tree: str) -> list[tuple[bytes, bytes, str]]:
        """(Mode, name, id) of a tree's entries."""
        data = self.objects[tree].data if tree in self.objects else b""
        out = []
        at = 0
        while at < len(data):
            space, nul = data.index(b" ", at), data.index(b"\0", at)
            out.append((data[at:space], data[space + 1 : nul], data[nul + 1 : nul + 1 + self.width].hex()))
            at = nul + 1 + self.width
        return out

    def holders(self, oid: str) -> set[str]:
        """Commits in whose tree the object stands (for a commit: itself)."""
        if oid in self.parents:
            return {oid}
        return {commit for commit, inside in self.contents.items() if oid in inside}

    def introducers(self, oid: str) -> set[str]:
        """Commits that hold the object and none of whose parents do."""
        return self.first_of(self.holders(oid))

    def first_of(self, commits: set[str]) -> set[str]:
        """Those none of whose parents are among them."""
        return {commit for commit in commits if not commits.intersection(self.parents[commit])}

    def holding(self, path: bytes, oid: str | None) -> set[str]:
        """Commits in whose tree the object stands at a path; without an object, those that have anything there."""
        out = set()
        for commit, inside in self.contents.items():
            places = inside.get(oid, ()) if oid is not None else self._paths(commit)
            if path in places:
                out.add(commit)
        return out

    def _paths(self, commit: str) -> set[bytes]:
        return {path for paths in self.contents[commit].values() for path in paths}

    def ancestors(self, *tips: str) -> set[str]:
        """Commits reachable from ``tips``, themselves included."""
        seen: set[str] = set()
        pending = [tip for tip in tips if tip in self.parents]
        while pending:
            commit = pending.pop()
            if commit not in seen:
                seen.add(commit)
                pending += [parent for parent in self.parents[commit] if parent in self.parents]
        return seen

    @cached_property
    def refs(self) -> dict[str, str]:
        """Full name of every ref -> the id it leads to, tags of tags peeled."""
        out = {}
        for line in self.repo("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines():
            name, oid = line.split()
            while oid in self.objects and self.objects[oid].kind == "tag":
                oid = self.objects[oid].data[7 : 7 + 2 * self.width].decode()
            out[name] = oid
        return out

    @cached_property
    def ranks(self) -> list[set[str]]:
        """Commits that a branch, a tag, any HEAD or another reference reaches; those that only notes do; those that only the stash and its reflog do; the rest."""
        notes = {tip for name, tip in self.refs.items() if name.startswith("refs/notes/")}
        stash = set(self.repo("reflog", "show", "--format=%H", "refs/stash", "--", check=False).decode().split())
        others = {tip for name, tip in self.refs.items() if not name.startswith(("refs/notes/", "refs/stash"))}
        known: set[str] = set()
        out = []
        for tips in (others | set(self.heads.values()), notes, stash, set(self.parents)):
            fresh = self.ancestors(*tips) - known
            known |= fresh
            out.append(fresh)
        return out

    def best(self, commits: set[str]) -> set[str]:
        """The commits of the best rank that has any of them."""
        return next((rank & commits for rank in self.ranks if rank & commits), set())

    @cached_property
    def reachable(self) -> set[str]:
        """Every object that a reference, a HEAD or the stash's reflog leads to, as git lists them."""
        stash = self.repo("reflog", "show", "--format=%H", "refs/stash", "--", check=False).decode().split()
        head = self.repo("rev-parse", "-q", "--verify", "HEAD", check=False).decode().split()
        listed = self.repo("rev-list", "--objects", "--missing=allow-any", "--all", *head, *stash).decode("utf-8", "surrogateescape")
        named = self.repo("for-each-ref", "--format=%(objectname)").decode().split()
        return {line.split(" ", 1)[0] for line in listed.splitlines()} | set(named)

    @cached_property
    def heads(self) -> dict[str, str]:
        """The commits that HEAD, and HEAD of each linked worktree, stands for, by the name that leads there."""
        out = {}
        for place in [self.common, *self.common.glob("worktrees/*")]:
            git_dir = "" if place == self.common else f"{place.relative_to(self.common)}/"
            oid = self.repo("--git-dir", str(place), "rev-parse", "-q", "--verify", "HEAD^{commit}", check=False).decode().strip()
            if oid:
                out[f"{git_dir}HEAD"] = oid
        return out

    @cached_property
    def common(self) -> Path:
        """The git directory that linked worktrees share."""
        return (self.repo.top / os.fsdecode(self.repo("rev-parse", "--git-common-dir").strip())).resolve()

    @cached_property
    def head(self) -> dict[str, set[bytes]]:
        """Object -> paths in HEAD's tree; empty while HEAD is unborn."""
        commit = self.repo("rev-parse", "-q", "--verify", "HEAD^{commit}", check=False).decode().strip()
        return self.contents.get(commit, {})

    def containing(self, commits: set[str]) -> set[str]:
        """Full names of the refs, and the HEADs, from which one of the commits is reachable."""
        return {name for name, tip in {**self.refs, **self.heads}.items() if commits & self.ancestors(tip)}

    def person(self, oid: str, role: str = "author") -> tuple[str, int]:
        """(``Name <e-mail>``, seconds since the epoch) of a commit's author or committer, or a tag's tagger."""
        line = next(line for line in self.objects[oid].data.split(b"\n") if line.startswith(role.encode() + b" "))
        who, seconds, _ = line[len(role) + 1 :].decode("utf-8", "replace").rsplit(" ", 2)
        return who, int(seconds)

    def committed(self, commit: str) -> int:
        """When a commit was made, seconds since the epoch."""
        return self.person(commit, "committer")[1]
