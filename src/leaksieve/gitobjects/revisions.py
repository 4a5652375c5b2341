"""What a revision or a range stands for, by git's rules, worked out without git.

Understood: full and abbreviated ids, names of references by git's search order, ``@``, ``NAME@{N}``,
what ``git describe`` prints, and behind any of them ``~N``, ``^N``, ``^{}``, ``^{commit}``, ``^{tree}``, ``^{tag}``,
``^{blob}`` and ``^{object}``.  Not understood, and said so: dates, upstreams, paths and searches.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from leaksieve.errors import SourceError, UsageError
from leaksieve.gitobjects.abbreviations import LEAST, candidates, is_hex
from leaksieve.gitobjects.allrefs import all_refs
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.files import shown
from leaksieve.gitobjects.graph import History
from leaksieve.gitobjects.reflogs import reflog
from leaksieve.gitobjects.refs import head_target, is_safe_name, resolve

TAG_LIMIT = 16 * 1024 * 1024
_RULES = (b"%b", b"refs/%b", b"refs/tags/%b", b"refs/heads/%b", b"refs/remotes/%b", b"refs/remotes/%b/HEAD")
_BRANCH_RULES = (b"refs/heads/%b", b"refs/remotes/%b", b"%b", b"refs/%b", b"refs/tags/%b", b"refs/remotes/%b/HEAD")
_PEELED = ("commit", "tree", "blob", "tag")
# Tags of tags of tags: nobody makes more than two.
_MAX_TAGS = 1000
_NAMED = 8
UNSHALLOW = "this clone is shallow: give actions/checkout `fetch-depth: 0` (GitLab: GIT_DEPTH: 0), or run `git fetch --unshallow origin` first"


class RevisionError(SourceError):
    """A revision or range does not stand for anything that can be scanned.  ``reason`` is the stable code a Skip carries."""

    reason = "unresolved-revision"


class AmbiguousRevisionError(RevisionError):
    """An abbreviated id fits several objects; ``candidates`` holds their hex ids."""

    reason = "ambiguous-revision"

    def __init__(self, what: str, found: tuple[str, ...], *, where: str, hint: str) -> None:
        self.candidates = found
        super().__init__(what, where=where, hint=hint)


class ShallowError(RevisionError):
    """It lies, or leads, beyond where a shallow clone ends."""

    reason = "shallow-boundary"


class EmptyRangeError(RevisionError):
    """Both ends exist and there is no commit between them."""

    reason = "empty-range"


class Range(NamedTuple):
    """A range's ends as raw ids of commits: scan what ``tips`` reach and none of ``left_out`` does.

    ``tips`` is empty for the deletion of a branch.  ``resolved`` is how to show it on a receipt.
    """

    tips: tuple[bytes, ...]
    left_out: tuple[bytes, ...]
    resolved: str


class Revisions:
    """Resolves revisions in one repository.  All methods raise RevisionError, or another SourceError for references that cannot be read."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._store = history.store
        self._repo = history.store.repository

    def commit(self, text: str) -> bytes:
        """Return the raw id of the commit a revision stands for; tags are followed."""
        return self._to_commit(self.object(text), text)

    def branch(self, text: str) -> bytes:
        """The same for the name of a branch, which comes before a tag of that name."""
        name = os.fsencode(text)
        for rule in _BRANCH_RULES:
            found = self._reference(rule % name)
            if found is not None:
                return self._to_commit(found, text)
        return self.commit(text)

    def object(self, text: str) -> bytes:
        """Return the raw id of the object a revision stands for, tags not followed; the object exists."""
        raw = os.fsencode(text)
        if not raw or b"\0" in raw or raw.startswith(b"-"):
            raise self._error(text, "is not a revision")
        if b":" in raw:
            raise self._error(text, "a path or a search is not understood here", hint="name a branch, a tag or a commit")
        ends = [at for at in (raw.find(b"~"), raw.find(b"^")) if at >= 0]
        start = min(ends, default=len(raw))
        oid = self._base(raw[:start], text)
        try:
            self._store.header(oid)
        except ObjectError as error:
            raise self._missing(text, f"names {oid.hex()}, which {error.detail}") from error
        return self._follow(oid, raw[start:], text)

    def _follow(self, oid: bytes, suffix: bytes, text: str) -> bytes:
        at = 0
        while at < len(suffix):
            mark = suffix[at : at + 1]
            at += 1
            if mark == b"^" and suffix[at : at + 1] == b"{":
                end = suffix.find(b"}", at)
                wanted = os.fsdecode(suffix[at + 1 : end])
                if end < 0 or wanted not in ("", "object", *_PEELED):
                    raise self._error(text, "what stands behind ^ is not understood", hint="^{commit}, ^{tree}, ^{} and ^N are")
                oid = self._peel(oid, wanted, text)
                at = end + 1
                continue
            if mark not in (b"~", b"^"):
                raise self._error(text, "is not a revision")
            first = at
            while suffix[at : at + 1].isdigit():
                at += 1
            if at - first > 9:
                raise self._error(text, "goes back further than any history")
            number = int(suffix[first:at] or b"1")
            oid = self._to_commit(oid, text)
            if mark == b"^":
                oid = self._parent(oid, number, text) if number else oid
            else:
                for _ in range(number):
                    oid = self._parent(oid, 1, text)
        return oid

    def _parent(self, oid: bytes, number: int, text: str) -> bytes:
        try:
            parents = self._history.node(oid).parents
        except ObjectError as error:
            raise self._missing(text, f"passes {oid.hex()}, which {error.detail}") from error
        if number <= len(parents):
            return parents[number - 1]
        if self._history.is_cut(oid):
            raise ShallowError("goes back further than this clone does", where=_quoted(text), hint=UNSHALLOW)
        raise self._error(text, f"commit {oid.hex()} has {len(parents) or 'no'} parent{'s' if len(parents) > 1 else ''}")

    def _peel(self, oid: bytes, wanted: str, text: str) -> bytes:
        """Follow tags to an object of a kind; "" for whatever they lead to, "object" for no step at all."""
        for _ in range(_MAX_TAGS):
            try:
                kind, _ = self._store.header(oid)
                if wanted in (kind, "object") or (not wanted and kind != "tag"):
                    return oid
                if kind == "commit" and wanted == "tree":
                    return self._history.node(oid).tree
                if kind != "tag":
                    raise self._error(text, f"leads to a {kind}, and a {wanted} is needed")
                oid = tagged(self._store.read(oid, TAG_LIMIT)[1], self._repo.hash_size)
            except ObjectError as error:
                raise self._missing(text, f"leads to {error.oid.hex()}, which {error.detail}") from error
            except ValueError as error:
                raise self._error(text, f"leads to a tag that does not parse, {oid.hex()}") from error
        raise self._error(text, "leads from tag to tag without end")

    def _to_commit(self, oid: bytes, text: str) -> bytes:
        return self._peel(oid, "commit", text)

    def _base(self, name: bytes, text: str) -> bytes:
        """Resolve what stands before any ~ and ^."""
        start = name.find(b"@{")
        if start >= 0:
            return self._from_log(name[:start], name[start:], text)
        digits = name.lower()
        if len(digits) == 2 * self._repo.hash_size and is_hex(digits):
            return bytes.fromhex(digits.decode())
        name = b"HEAD" if name in (b"", b"@") else name
        if name == b"HEAD":
            found = resolve(self._repo, name)
            if found is None:
                raise self._error(text, "HEAD's branch has no commit yet", hint="there is nothing to scan before the first commit")
            return found
        for rule in _RULES:
            found = self._reference(rule % name)
            if found is not None:
                return found
        if name.startswith((b"worktrees/", b"main-worktree/")):
            found = all_refs(self._repo).get(name)
            if found is not None:
                return found
        described = digits.rpartition(b"-g")[2] if b"-g" in digits else b""
        for part in (described, digits):
            if LEAST <= len(part) < 2 * self._repo.hash_size and is_hex(part):
                return self._abbreviated(part, text)
        raise self._missing(text, "no such branch, tag or commit")

    def _reference(self, name: bytes) -> bytes | None:
        return resolve(self._repo, name) if is_safe_name(name) else None

    def _abbreviated(self, digits: bytes, text: str) -> bytes:
        found = candidates(self._store, digits)
        if not found:
            raise self._missing(text, "no such branch, tag or commit")
        if len(found) == 1:
            return found[0]
        kinds: dict[bytes, str] = {}
        for oid in found:
            try:
                kinds[oid] = self._store.header(oid)[0]
            except ObjectError:
                kinds[oid] = "unreadable"
        # As git: where a commit is asked for, a tree or blob that begins alike does not count.
        fitting = [oid for oid in found if kinds[oid] in ("commit", "tag")]
        if len(fitting) == 1:
            return fitting[0]
        listed = ", ".join(f"{oid.hex()} ({kinds[oid]})" for oid in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise AmbiguousRevisionError(
            f"fits {len(found)} objects: {listed}{more}", tuple(oid.hex() for oid in found), where=_quoted(text), hint="give more digits of the id"
        )

    def _from_log(self, name: bytes, braces: bytes, text: str) -> bytes:
        digits = braces[2:-1]
        if not braces.endswith(b"}") or not digits.isdigit() or len(digits) > 9:
            raise self._error(text, "only a number is understood in @{...}", hint="name the branch, tag or commit itself")
        if not name:
            names = [head_target(self._repo) or b"HEAD"]
        else:
            names = [b"HEAD"] if name in (b"HEAD", b"@") else [rule % name for rule in _RULES]
        for full in names:
            entries = reflog(self._repo, full)
            if entries is None:
                continue
            number = int(digits)
            found = b""
            if number < len(entries):
                found = entries[-1 - number][1]
            elif number == len(entries) and entries:
                found = entries[0][0]
            if not any(found):
                raise self._error(
                    text, f"the log of {shown(full)} has only {len(entries)} entries", hint="a fresh clone has no older ones; give the commit's id"
                )
            return found
        raise self._missing(text, "there is no such reference with a log")

    def range(self, text: str, *, known: tuple[bytes, ...] = (b"refs/remotes/",)) -> Range:
        """Resolve ``A..B``: what B reaches and A does not; an end left out is HEAD.

        ``A...B`` begins where the two parted, as a code host's comparison does, and so names the same
        commits.  An A of all zeros, which hosts and hooks give for a new branch, stands for what the
        references whose names begin with one of ``known`` reach, those aside that reach B as well;
        a B of all zeros is the deletion of a branch.  Raises UsageError when it is not a range.
        """
        old, dots, new = text.partition("..")
        is_symmetric = new.startswith(".")
        new = new[1:] if is_symmetric else new
        if not dots or ".." in new or new.startswith(".") or not (old or new):
            raise UsageError("is not a range", where=_quoted(text), hint="write A..B: what B has and A has not")
        sign = "..." if is_symmetric else ".."
        if _is_zero(new):
            if _is_zero(old):
                raise self._error(text, "has no commit on either side")
            return Range((), (), f"{self._shown_end(old)}{sign}{new} (a deleted branch)")
        tip = self.commit(new or "HEAD")
        if not _is_zero(old):
            base = self.commit(old or "HEAD")
            return Range((tip,), (base,), f"{base.hex()}{sign}{tip.hex()}")
        left_out = self._elsewhere(tip, known)
        return Range((tip,), left_out, f"{tip.hex()} (a new branch, without what {len(left_out)} known references reach)")

    def _shown_end(self, text: str) -> str:
        try:
            return self.commit(text or "HEAD").hex()
        except SourceError:
            # What was deleted need not be here any more.
            return text

    def _elsewhere(self, tip: bytes, known: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Return the commits of known references, without those that reach the tip."""
        from leaksieve.gitobjects.graph import between, reachable

        commits: dict[bytes, None] = {}
        for name, oid in all_refs(self._repo).items():
            if name.startswith(known):
                try:
                    commits[self._to_commit(oid, shown(name))] = None
                except RevisionError:
                    continue
        if not commits or tip in between(self._history, (tip,), commits).commits:
            return tuple(commits)
        reaching = {tip}
        for oid in reachable(self._history, commits).commits:
            if not reaching.isdisjoint(self._history.node(oid).parents):
                reaching.add(oid)
        return tuple(oid for oid in commits if oid not in reaching)

    def _error(self, text: str, what: str, hint: str = "") -> RevisionError:
        return RevisionError(what, where=_quoted(text), hint=hint)

    def _missing(self, text: str, what: str) -> RevisionError:
        """Build the error for something that is not here, which in CI most often means that too little was fetched."""
        if self._history.boundary:
            return ShallowError(what, where=_quoted(text), hint=UNSHALLOW)
        hint = (
            f"fetch it first: `git fetch origin {text.removeprefix('origin/')}`"
            if text.replace("/", "").replace("-", "").replace(".", "").isalnum()
            else "fetch it first"
        )
        return RevisionError(what, where=_quoted(text), hint=f"{hint}; actions/checkout needs `fetch-depth: 0` to have more than one commit")


def tagged(data: bytes, hash_size: int) -> bytes:
    """Return the raw id of what a tag object names; raises ValueError when it does not parse."""
    if not data.startswith(b"object "):
        raise ValueError("not a tag")
    oid = bytes.fromhex(data[7 : 7 + 2 * hash_size].decode("ascii"))
    if len(oid) != hash_size or data[7 + 2 * hash_size : 8 + 2 * hash_size] != b"\n":
        raise ValueError("not a tag")
    return oid


def _is_zero(text: str) -> bool:
    return len(text) in (40, 64) and not text.strip("0")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 200 else text[:200] + "...")
