"""Which commits, tags and other objects a narrow view of the history takes in."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.errors import SourceError, UsageError
from leaksieve.gitobjects.allrefs import all_refs, is_lasting
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.files import shown
from leaksieve.gitobjects.graph import History, Walk, between
from leaksieve.gitobjects.refs import head_commit
from leaksieve.gitobjects.revisions import TAG_LIMIT, UNSHALLOW, EmptyRangeError, Revisions, ShallowError, tagged
from leaksieve.model import Skip


class View(NamedTuple):
    """What was asked for; the fields are the options of the same names, and combine.

    ``range`` and ``branch`` choose where to begin (otherwise every reference and HEAD; with ``first_parent`` alone, HEAD);
    ``since_commit`` leaves out what a commit reaches, ``since`` what was committed before a moment (YYYY-MM-DD, which is UTC, or RFC 3339).
    """

    range: str = ""
    branch: str = ""
    since_commit: str = ""
    since: str = ""
    first_parent: bool = False
    reachable_only: bool = False

    def check(self) -> None:
        """Raise UsageError for what cannot be meant."""
        if self.range and (self.branch or self.since_commit):
            raise UsageError("a range says both where to begin and where to end", hint="leave out --branch and --since-commit")
        if not any(self):
            raise UsageError("nothing says which part of the history to scan")
        if self.since:
            moment(self.since)

    def select(self, history: History) -> Selection:
        """Find what it takes in; see :func:`select`."""
        return select(self, history)


class Selection(NamedTuple):
    """What a view takes in.

    ``commits`` come parents first.  ``tags`` are (raw id, reference) of annotated tags.  ``loose`` are (raw id, kind, reference)
    of trees and blobs that references name directly.  ``skips`` are for the receipt, as is ``resolved``.  ``names`` are
    (reference, raw id) of those that are new, so that their names are text that nobody has looked at.
    """

    commits: list[bytes]
    tags: list[tuple[bytes, bytes]]
    loose: list[tuple[bytes, str, bytes]]
    skips: list[Skip]
    resolved: str
    names: tuple[tuple[bytes, bytes], ...] = ()


def moment(text: str) -> int:
    """Return the seconds since 1970 of a date; raises UsageError."""
    from datetime import UTC, datetime

    try:
        when = datetime.fromisoformat(text)
        return int((when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise UsageError("is not a date", where=repr(text[:100]), hint="write YYYY-MM-DD, or 2026-01-31T12:00:00Z") from None


class Tips:
    """Where to begin: ``commits``, and what references name besides."""

    def __init__(self) -> None:
        self.commits: dict[bytes, None] = {}
        # (raw id of the tag, reference, raw id of what it leads to, tagger's date)
        self.tags: dict[bytes, tuple[bytes, bytes, int]] = {}
        self.loose: dict[bytes, tuple[str, bytes]] = {}
        self.skips: list[Skip] = []

    def add(self, history: History, name: bytes, oid: bytes, *, tags_only: bool = False) -> None:
        """Follow a reference."""
        chain: list[tuple[bytes, int]] = []
        at = oid
        try:
            kind, _ = history.store.header(at)
            while kind == "tag" and at not in self.tags and len(chain) < 1000:
                data = history.store.read(at, TAG_LIMIT)[1]
                chain.append((at, _tagged_at(data)))
                at = tagged(data, history.store.hash_size)
                kind, _ = history.store.header(at)
        except ObjectError as error:
            self.skips.append(Skip("failed", name, error.reason, f"object {error.oid.hex()}: {error.detail}"))
            return
        except ValueError:
            self.skips.append(Skip("failed", name, "corrupt-object", f"the tag {at.hex()} does not parse"))
            return
        end = self.tags[at][1] if kind == "tag" and at in self.tags else at
        for tag, date in chain:
            self.tags[tag] = (name, end, date)
        if tags_only or kind == "tag":
            return
        if kind == "commit":
            self.commits[at] = None
        else:
            self.loose.setdefault(at, (kind, name))


def _tagged_at(data: bytes) -> int:
    head = data.partition(b"\n\n")[0]
    line = next((line for line in head.split(b"\n") if line.startswith(b"tagger ")), b"")
    stamp = line.rpartition(b"> ")[2].split(b" ")[0]
    return int(stamp) if stamp.isdigit() and len(stamp) < 20 else 0


def select(view: View, history: History) -> Selection:
    """Find what a view takes in.  Raises SourceError (see ``gitobjects.revisions``) rather than give less than was asked for."""
    view.check()
    repo = history.store.repository
    revisions = Revisions(history)
    since = moment(view.since) if view.since else None
    left_out: tuple[bytes, ...] = ()
    tips = Tips()
    broken: list[tuple[bytes, str]] = []
    references = {name: oid for name, oid in all_refs(repo, broken).items() if is_lasting(name)}
    all_tips = False
    first = ""
    if view.range:
        asked = revisions.range(view.range)
        if not asked.tips:
            return Selection(
                [], [], [], [Skip("excluded", view.range.encode(errors="surrogateescape"), "deleted-branch", "a deletion brings nothing in")], asked.resolved
            )
        tips.commits.update(dict.fromkeys(asked.tips))
        left_out, resolved = asked.left_out, asked.resolved
        first = view.range.rpartition("..")[2].lstrip(".")
    elif view.branch:
        tip = revisions.branch(view.branch)
        tips.commits[tip] = None
        resolved = tip.hex()
        first = view.branch
    elif view.first_parent and not (view.reachable_only or view.since_commit or view.since):
        head = head_commit(repo)
        if head is None:
            raise EmptyRangeError("HEAD's branch has no commit yet", where=shown(repo.git_dir), hint="there is nothing to scan before the first commit")
        tips.commits[revisions.commit("HEAD")] = None
        resolved = head.hex()
    else:
        all_tips = True
        for name, oid in references.items():
            tips.add(history, name, oid)
        tips.skips += [Skip("failed", name, "broken-reference", what) for name, what in broken]
        resolved = f"{len(references)} references"
    if not all_tips:
        _add_tags(history, revisions, first, references, tips)
    threshold = since
    if view.since_commit:
        base = revisions.commit(view.since_commit)
        left_out = (base,)
        resolved = f"{resolved}, without what {base.hex()} reaches"
        threshold = max(history.node(base).date, since or 0)
    if since is not None:
        resolved = f"{resolved}, from {view.since} on"
    walk = between(history, tips.commits, left_out, first_parent=view.first_parent)
    _check(view, history, walk, since, tips)
    commits = walk.commits if since is None else [oid for oid in walk.commits if history.node(oid).date >= since]
    wanted = set(commits)
    is_whole = all_tips and not left_out and since is None
    tags = [
        (tag, name)
        for tag, (name, end, date) in tips.tags.items()
        if is_whole or end in wanted or (all_tips and threshold is not None and date >= threshold) or (all_tips and end in tips.loose)
    ]
    return Selection(commits, tags, [(oid, kind, name) for oid, (kind, name) in tips.loose.items()], tips.skips, resolved)


def _add_tags(history: History, revisions: Revisions, first: str, references: dict[bytes, bytes], tips: Tips) -> None:
    """Note annotated tags, those the user named by id included; which of them the view takes in is seen later."""
    quiet = Tips()
    quiet.tags = tips.tags
    for name, oid in references.items():
        if name.startswith(b"refs/tags/"):
            quiet.add(history, name, oid, tags_only=True)
    try:
        oid = revisions.object(first or "HEAD")
    except SourceError:
        return
    quiet.add(history, first.encode(errors="surrogateescape"), oid, tags_only=True)


def _check(view: View, history: History, walk: Walk, since: int | None, tips: Tips) -> None:
    """Refuse what would be a clean result over nothing, or over less than was asked for; note the rest."""
    where = repr(view.range or view.since_commit or view.since)
    cut = walk.cut
    if since is not None and not view.range and not view.since_commit:
        # What lies behind an older commit is older still, as far as anyone can tell.
        cut = [oid for oid in cut if history.node(oid).date >= since]
    if cut and (view.range or view.since_commit or since is not None):
        raise ShallowError(f"leads beyond where this clone ends (at {cut[0].hex()})", where=where, hint=UNSHALLOW)
    for oid in walk.cut:
        tips.skips.append(Skip("excluded", oid.hex().encode(), "shallow-boundary", "the history before this commit is not in this clone"))
    for error in walk.missing:
        tips.skips.append(Skip("failed", error.oid.hex().encode(), error.reason, f"a commit {error.detail}; what it leads to was not scanned"))
    if view.range and not walk.commits and not walk.missing:
        raise EmptyRangeError("has no commits", where=where, hint="the second end must have something that the first has not; were they swapped?")
