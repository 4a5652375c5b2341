"""A repository made by real git with one distinct token in every place history can hide one."""

from __future__ import annotations

import base64
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gitrepo import GitRepo

from leaksieve.ruleset.template import expand

START = 1_700_000_000
HOUR = 3600
LINES = 120


def token(number: int) -> str:
    """A token with right check digits that nobody was ever given; the same number gives the same one."""
    return expand("ghp_<crc32-github:30>", 1000 + number).decode()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of these, deflated, the same every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """A tar of these, the same every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Plant(NamedTuple):
    """One planted token.  ``oid`` is the object whose bytes hold it ("" for a reference's name), ``paths`` the names it ever had."""

    name: str
    token: str
    kind: str
    oid: str
    paths: frozenset[bytes] = frozenset()


class Planted:
    """The repository and what is in it: ``plants`` by name, ``commits`` by the name of what they brought."""

    def __init__(self, top: Path, *options: str) -> None:
        self.repo = GitRepo(top, "--template=", *options)
        self.plants: dict[str, Plant] = {}
        self.commits: dict[str, str] = {}
        self.clock = 0
        self.tokens = 0
        self._trunk()
        self._merges()
        self._metadata()
        self._names()
        self._encoded()
        self._refs()
        self._unreachable()
        self._elsewhere()

    # -- making

    def token(self) -> str:
        """A fresh token."""
        self.tokens += 1
        return token(self.tokens)

    def _now(self, **more: str) -> dict[str, str]:
        """The environment of the next commit: an hour after the one before."""
        self.clock += 1
        stamp = f"{START + self.clock * HOUR} +0000"
        return {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp, **more}

    def commit(self, name: str, message: str = "change", **environment: str) -> str:
        """Commit what is staged."""
        self.commits[name] = self.repo.commit(message, **self._now(**environment))
        return self.commits[name]

    def blob(self, name: str, secret: str, oid: str, *paths: str | bytes, kind: str = "blob") -> None:
        """Write down a plant."""
        known = frozenset(path.encode() if isinstance(path, str) else path for path in paths)
        self.plants[name] = Plant(name, secret, kind, oid, known)

    def add(self, name: str, path: str, content: str | bytes | None = None) -> str:
        """Stage a file with a fresh token (``content`` may hold ``{}`` for it)."""
        secret = self.token()
        text = "key = {}\n" if content is None else content
        self.repo.add(path, text.replace("{}", secret) if isinstance(text, str) else text.replace(b"{}", secret.encode()))
        self.blob(name, secret, self.repo.id(f":{path}"), path)
        return secret

    # -- places

    def _trunk(self) -> None:
        repo = self.repo
        repo.add("README", "hello\n")
        repo.add("app.log", "".join(f"line {n} of a file that changes a little every time\n" for n in range(LINES)))
        self.commit("root")
        self.add("normal", "src/settings.env")
        self.commit("normal")
        lines = repo.top.joinpath("app.log").read_text().splitlines(keepends=True)
        # One line in the middle of a long file: a delta in a pack, in both directions.
        repo.write("app.log", "".join(lines[:60]))
        self.add("delta", "app.log", "".join([*lines[:60], "key = {}\n", *lines[60:]]))
        self.commit("delta")
        repo.add("app.log", "".join([*lines[:60], "the key is gone\n", *lines[60:], "and more\n"]))
        self.add("renamed", "old/place.txt", "first\nkey = {}\n" + "".join(f"filler {n}\n" for n in range(30)))
        self.commit("renamed")
        repo.write("new/place.txt", "")
        repo("mv", "-f", "old/place.txt", "new/place.txt")
        self._also("renamed", b"new/place.txt")
        self.add("deleted", "gone.env")
        self.commit("deleted")
        repo("rm", "-q", "gone.env")
        self.commit("deletion")
        # Two paths, one blob.
        secret = self.add("twice", "one/copy.env")
        repo.add("two/copy.env", f"key = {secret}\n")
        self._also("twice", b"two/copy.env")
        self.commit("twice")
        # Deleted, and back again with the same content.
        self.add("returned", "back.env")
        self.commit("returned")
        kept = repo.top.joinpath("back.env").read_bytes()
        repo("rm", "-q", "back.env")
        self.commit("returned-deletion")
        repo.add("back.env", kept)
        self.commit("returned-again")

    def _also(self, name: str, *paths: bytes) -> None:
        plant = self.plants[name]
        self.plants[name] = plant._replace(paths=plant.paths | frozenset(paths))

    def _merges(self) -> None:
        repo = self.repo
        repo("switch", "-q", "-c", "topic")
        self.add("side", "topic/feature.env")
        self.commit("side")
        self.add("side-transient", "topic/short.env")
        message = self.token()
        side = self.commit("side-transient", f"wip {message}")
        self.blob("side-message", message, side, kind="commit")
        repo("rm", "-q", "topic/short.env")
        self.commit("side-transient-deletion")
        repo("switch", "-q", "main")
        repo.add("README", "hello, world\n")
        self.commit("before-merge")
        repo("merge", "-q", "--no-ff", "--no-commit", "topic", **self._now())
        self.add("evil-merge", "merged.env")
        # The same in a file that both parents have, in a state that neither has.
        self.add("evil-merge-change", "src/merged-too.env")
        self.commit("evil-merge", "merge")
        for number in range(3):
            repo("switch", "-q", "-c", f"arm{number}", "main~1" if number else "main")
            repo.add(f"arms/{number}.txt", f"arm {number}\n")
            self.commit(f"arm{number}")
        repo("switch", "-q", "main")
        self.add("octopus-side", "arms/own.env")
        self.commit("octopus-side")
        repo("merge", "-q", "--no-ff", "--no-commit", "arm0", "arm1", "arm2", **self._now())
        self.add("octopus", "octopus.env")
        self.commit("octopus", "octopus")
        # A merge whose result takes a file from neither side, and whose next commit drops it again.
        repo("switch", "-q", "-c", "passing")
        repo.add("passing.txt", "x\n")
        self.commit("passing")
        repo("switch", "-q", "main")
        repo("merge", "-q", "--no-ff", "--no-commit", "passing", **self._now())
        self.add("merge-only", "only-in-merge.env")
        self.commit("merge-only", "merge again")
        repo("rm", "-q", "only-in-merge.env")
        self.commit("merge-only-deletion")

    def _metadata(self) -> None:
        message, author, email, committer, committer_email, header = (self.token() for _ in range(6))
        oid = self.commit("message", f"Deploys\n\nuses {message} for now")
        self.blob("commit-message", message, oid, kind="commit")
        for name, secret, variable, value in (
            ("author-name", author, "GIT_AUTHOR_NAME", author),
            ("author-email", email, "GIT_AUTHOR_EMAIL", f"{email}@mail.invalid"),
            ("committer-name", committer, "GIT_COMMITTER_NAME", committer),
            ("committer-email", committer_email, "GIT_COMMITTER_EMAIL", f"{committer_email}@mail.invalid"),
        ):
            self.blob(name, secret, self.commit(name, **{variable: value}), kind="commit")
        # A header git does not know, such as a signature or a merged tag has.
        self.commit("before-odd-header")
        raw = self.repo("cat-file", "commit", "HEAD").replace(b"\n\n", b"\nx-note " + header.encode() + b"\n\n", 1)
        odd = self.repo("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw).decode().strip()
        self.repo("update-ref", "refs/heads/odd-header", odd)
        self.commits["odd-header"] = odd
        self.blob("commit-header", header, odd, kind="commit")

    def _names(self) -> None:
        repo = self.repo
        file, folder, deep = self.token(), self.token(), self.token()
        repo.add(f"names/{file}.txt", "plain\n")
        repo.add(f"{folder}/plain.txt", "plain too\n")
        self.commit("file-name")
        self.blob("file-name", file, repo.id("HEAD:names"), f"names/{file}.txt", kind="tree")
        self.blob("directory-name", folder, repo.id("HEAD^{tree}"), folder, f"{folder}/plain.txt", kind="tree")
        repo.add(f"names/{deep}.bak", "plain again\n")
        self.commit("deleted-name")
        self.blob("deleted-name", deep, repo.id("HEAD:names"), f"names/{deep}.bak", kind="tree")
        repo("rm", "-q", f"names/{deep}.bak")
        self.commit("deleted-name-deletion")
        target = self.token()
        os.symlink(f"/srv/{target}/data", repo.top / "link")
        repo("add", "link")
        self.commit("symlink")
        self.blob("symlink", target, repo.id("HEAD:link"), "link")

    def _encoded(self) -> None:
        # Each stands in a commit of its own, so that attribution has something to tell apart.
        self.add("utf-16", "encoded/utf16.txt", "")
        secret = self.plants["utf-16"].token
        self._encode("utf-16", "encoded/utf16.txt", f"a line\nkey = {secret}\nmore\n".encode("utf-16"))
        secret = self.add("base64", "encoded/base64.txt", "")
        self._encode("base64", "encoded/base64.txt", b"payload: " + base64.b64encode(f"key = {secret} and more\n".encode()) + b"\n")
        secret = self.add("gzip", "encoded/notes.gz", "")
        self._encode("gzip", "encoded/notes.gz", gzip.compress(f"key = {secret}\n".encode() * 3, mtime=0))
        secret = self.add("zip", "encoded/kit.zip", "")
        self._encode("zip", "encoded/kit.zip", zipped({"a/notes.txt": b"nothing\n", "b/.env": f"first\nkey = {secret}\n".encode() * 9}))
        # The next version of it: what stays the same in packed bytes says nothing.
        secret = self.add("zip-changed", "encoded/kit.zip", "")
        self._encode("zip-changed", "encoded/kit.zip", zipped({"a/notes.txt": b"nothing\n", "b/.env": f"first\nkey = {secret}\n".encode() * 9}))
        secret = self.add("tar.gz", "encoded/kit.tar.gz", "")
        self._encode("tar.gz", "encoded/kit.tar.gz", gzip.compress(tarred({"c/settings.ini": f"[a]\n\nkey = {secret}\n".encode()}), mtime=0))
        secret = self.add("member-name", "encoded/names.tar", "")
        self._encode("member-name", "encoded/names.tar", tarred({f"d/{secret}.txt": b"plain\n"}))
        self.add("binary", "encoded/data.bin", b"\0\1\2\xff\xfe key = {} \0\x80\n")
        self.commit("binary")
        self.add("long-line", "encoded/long.json", '{"a":"' + "x" * 200_000 + '","key":"{}"}')
        self.commit("long-line")
        self.add("attributed", "encoded/attributed.env")
        # Filters and line endings are git's business on checkout; what is stored is what counts.
        self.repo.add(".gitattributes", "*.env text eol=crlf working-tree-encoding=UTF-16\n*.bin binary -diff\n")
        self.commit("attributed")
        self.repo("rm", "-q", ".gitattributes")
        self.commit("attributes-deletion")

    def _encode(self, name: str, path: str, content: bytes) -> None:
        self.repo.add(path, content)
        self.commit(name)
        self.plants[name] = self.plants[name]._replace(oid=self.repo.id(f":{path}"))

    def _refs(self) -> None:
        repo = self.repo
        for name, tagged in (("tag-message", "HEAD~3"), ("tag-of-blob", "HEAD:README"), ("tag-of-tag", "tag-message")):
            secret = self.token()
            repo("tag", "-a", name, "-m", f"release with {secret}", tagged, **self._now())
            self.blob(name, secret, repo.id(f"refs/tags/{name}"), kind="tag")
        tagger = self.token()
        repo("tag", "-a", "tagger", "-m", "release", **self._now(GIT_COMMITTER_NAME=tagger))
        self.blob("tagger", tagger, repo.id("refs/tags/tagger"), kind="tag")
        # A blob that stands in no tree, held by a tag.
        secret = self.token()
        lone = self._hash(f"key = {secret}\n")
        repo("tag", "lone-blob", lone)
        self.blob("tagged-blob", secret, lone)
        secret = self.token()
        repo("notes", "add", "-m", f"reviewed with {secret}", "HEAD", **self._now())
        note = repo("notes", "list", "HEAD").decode().split()[0]
        self.commits["note"] = repo.id("refs/notes/commits")
        self.blob("note", secret, note, repo.id("HEAD"))
        secret = self.token()
        repo("branch", f"leak/{secret}", "HEAD")
        self.blob("branch-name", secret, "", kind="ref")
        secret = self.token()
        odd = self._tree_commit("hidden.env", secret, "main~2")
        repo("update-ref", "refs/pull/7/head", odd)
        self._plain("hidden-ref", secret, odd, "hidden.env")
        # What replaces a commit is read, and so is what was replaced.
        old, new = self.token(), self.token()
        replaced = self._tree_commit("replaced.env", old, "main")
        repo("update-ref", "refs/heads/replaced", replaced)
        self._plain("replaced", old, replaced, "replaced.env")
        instead = self._tree_commit("instead.env", new, "main")
        repo("update-ref", f"refs/replace/{replaced}", instead)
        self._plain("replacement", new, instead, "instead.env")

    def _hash(self, text: str, kind: str = "blob") -> str:
        return self.repo("hash-object", "-t", kind, "-w", "--stdin", stdin=text.encode()).decode().strip()

    def _plain(self, name: str, secret: str, commit: str, path: str) -> None:
        self.commits[name] = commit
        self.blob(name, secret, self.repo.id(f"{commit}:{path}"), path)

    def _tree_commit(self, path: str, secret: str, parent: str | None, message: str = "change") -> str:
        """A commit with one file, made without touching index, HEAD or any reflog."""
        tree = self._tree(f"100644 blob {self._hash(f'key = {secret}' + chr(10))}\t{path}\n")
        parents = ("-p", parent) if parent else ()
        return self.repo("commit-tree", tree, *parents, "-m", message, **self._now()).decode().strip()

    def _tree(self, listing: str) -> str:
        return self.repo("mktree", stdin=listing.encode()).decode().strip()

    def _unreachable(self) -> None:
        repo = self.repo
        secret = self.token()
        repo("switch", "-q", "-c", "doomed")
        repo.add("doomed.env", f"key = {secret}\n")
        oid = self.commit("deleted-branch")
        self._plain("deleted-branch", secret, oid, "doomed.env")
        message = self.token()
        oid = self.commit("deleted-branch-message", f"with {message}")
        self.blob("deleted-branch-message", message, oid, kind="commit")
        repo("switch", "-q", "main")
        repo("branch", "-q", "-D", "doomed")
        secret = self.token()
        oid = self._tree_commit("traceless.env", secret, "main~4")
        repo("update-ref", "refs/heads/traceless", oid)
        repo("update-ref", "-d", "refs/heads/traceless")
        self._plain("deleted-branch-no-reflog", secret, oid, "traceless.env")
        # A history of its own that nothing leads to.
        secret = self.token()
        orphan = self._tree_commit("orphan.env", secret, None)
        self._tree_commit("other.txt", "nothing", orphan)
        self._plain("orphan", secret, orphan, "orphan.env")
        secret = self.token()
        self.blob("dangling-blob", secret, self._hash(f"key = {secret}\n"))
        secret, inner = self.token(), self._hash("plain in a dangling tree\n")
        self.blob("dangling-tree", secret, self._tree(f"100644 blob {inner}\t{secret}\n"), secret, kind="tree")
        secret = self.token()
        raw = f"object {repo.id('HEAD')}\ntype commit\ntag lost\ntagger A <a@mail.invalid> {START} +0000\n\n{secret}\n"
        self.blob("dangling-tag", secret, self._hash(raw, "tag"), kind="tag")
        # Amended away: the first version stands in the reflog of HEAD alone.
        self.add("amended", "amended.env")
        self.commit("amended")
        repo.add("amended.env", "key = from the environment\n")
        repo("commit", "-q", "--amend", "--no-edit", **self._now())
        self.add("stash-untracked", "untracked.env")
        repo("rm", "-q", "--cached", "untracked.env")
        repo("stash", "push", "-q", "-u", **self._now())
        self.commits["stash-untracked"] = repo.id("stash@{0}^3")
        secret = self.token()
        repo.write("README", f"hello\nkey = {secret}\n")
        repo("stash", "push", "-q", "-m", "work", **self._now())
        self.commits["stash"] = repo.id("stash@{0}")
        self.blob("stash", secret, repo.id("stash@{0}:README"), "README")

    def _elsewhere(self) -> None:
        """The index, and a linked worktree with an index and a HEAD of its own."""
        repo = self.repo
        # HEAD's last change, told from everything before; ranges end here.
        self.add("last", "last.env")
        self.commit("last")
        linked = repo.top.parent / f"{repo.top.name}-linked"
        repo("worktree", "add", "-q", "--detach", str(linked), "main")
        self.linked = GitRepo(linked, init=False)
        secret = self.token()
        self.linked.add("detached.env", f"key = {secret}\n")
        oid = self.linked.commit("detached", **self._now())
        self._plain("worktree-head", secret, oid, "detached.env")
        secret = self.token()
        self.linked.add("linked-staged.env", f"key = {secret}\n")
        self.blob("worktree-staged", secret, self.linked.id(":linked-staged.env"), "linked-staged.env")
        self.add("staged", "staged.env")
