"""What real git says of every object of a repository: the truth that scans are held to.

Objects are listed and read with ``git cat-file --batch-all-objects``, which sees loose and packed
objects, alternates and unreachable ones.  Everything else is worked out from their content here, by
the simplest means, so that it shares no code and no idea with the program.
"""

from __future__ import annotations

from functools import cached_property
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
        held = self.holders(oid)
        return {commit for commit in held if not held.intersection(self.parents[commit])}

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
        """Full name of every ref -> the id it stands for, tags peeled."""
        lines = self.repo("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)").decode().splitlines()
        return {name: rest[-1] for name, *rest in map(str.split, lines)}

    @cached_property
    def reachable(self) -> set[str]:
        """Every object a ref or HEAD leads to, as git lists them."""
        listed = self.repo("rev-list", "--objects", "--all", "HEAD", "--missing=allow-any", check=False).decode("utf-8", "surrogateescape")
        named = self.repo("for-each-ref", "--format=%(objectname)").decode().split()
        return {line.split(" ", 1)[0] for line in listed.splitlines()} | set(named)

    @cached_property
    def heads(self) -> set[str]:
        """The commits that HEAD, and HEAD of each linked worktree, stands for."""
        listed = self.repo("worktree", "list", "--porcelain").decode().splitlines()
        return {line[5:] for line in listed if line.startswith("HEAD ") and line[5:].strip("0")}

    @cached_property
    def head(self) -> dict[str, set[bytes]]:
        """Object -> paths in HEAD's tree; empty while HEAD is unborn."""
        commit = self.repo("rev-parse", "-q", "--verify", "HEAD^{commit}", check=False).decode().strip()
        return self.contents.get(commit, {})

    def containing(self, commits: set[str]) -> set[str]:
        """Full names of the refs from which one of the commits is reachable."""
        return {name for name, tip in self.refs.items() if commits & self.ancestors(tip)}

    def person(self, commit: str, role: str = "author") -> tuple[str, int]:
        """(``Name <e-mail>``, seconds since the epoch) of a commit's author or committer."""
        line = next(line for line in self.objects[commit].data.split(b"\n") if line.startswith(role.encode() + b" "))
        who, seconds, _ = line[len(role) + 1 :].decode("utf-8", "replace").rsplit(" ", 2)
        return who, int(seconds)
