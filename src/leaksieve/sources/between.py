"""What several references bring in that others do not have: a push, or the change that a CI job is run for."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.errors import SourceError
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.graph import History, between
from leaksieve.gitobjects.revisions import TAG_LIMIT, UNSHALLOW, EmptyRangeError, ShallowError, tagged
from leaksieve.model import Skip
from leaksieve.sources.view import Selection, Tips

_MOST_TAGS = 1000


class Between(NamedTuple):
    """What ``tips`` reach and nothing of ``left_out`` does; a view for :class:`leaksieve.sources.commits.CommitsSource`.

    ``tips`` are (name for the receipt, raw id) of commits, tags, trees or blobs.  ``left_out`` are raw ids; those that
    are not here, or lead to no commit, leave nothing out.  ``resolved`` is for the receipt.  ``skips`` are recorded there, too.
    ``may_be_empty`` says that there need not be a commit, ``may_be_cut`` that the other side has what lies behind the end
    of a shallow clone.  ``names`` are (name, raw id) of references whose names are new as well.
    """

    tips: tuple[tuple[bytes, bytes], ...]
    left_out: tuple[bytes, ...]
    resolved: str = ""
    skips: tuple[Skip, ...] = ()
    may_be_empty: bool = True
    may_be_cut: bool = False
    names: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def first_parent(self) -> bool:
        """All parents are followed."""
        return False

    def check(self) -> None:
        """Nothing is wrong with any of these."""

    def select(self, history: History) -> Selection:
        """Find the commits, tags and other objects.  Raises SourceError rather than give less than was asked for."""
        tips = Tips()
        for name, oid in self.tips:
            tips.add(history, name, oid)
        known: set[bytes] = set()
        left_out = dict.fromkeys(end for oid in self.left_out if (end := _commit_of(history, oid, known)) is not None)
        walk = between(history, tips.commits, left_out)
        where = self.resolved
        if walk.cut and not self.may_be_cut:
            raise ShallowError(f"leads beyond where this clone ends (at {walk.cut[0].hex()})", where=where, hint=UNSHALLOW)
        if not (self.may_be_empty or walk.commits or walk.missing):
            raise EmptyRangeError("has no commits", where=where, hint="the second end must have something that the first has not; were they swapped?")
        skips = [*self.skips, *tips.skips]
        skips += [Skip("excluded", oid.hex().encode(), "shallow-boundary", "the history before this commit is not in this clone") for oid in walk.cut]
        skips += [
            Skip("failed", error.oid.hex().encode(), error.reason, f"a commit {error.detail}; what it leads to was not scanned") for error in walk.missing
        ]
        tags = [(tag, name) for tag, (name, _, _) in tips.tags.items() if tag not in known]
        loose = [(oid, kind, name) for oid, (kind, name) in tips.loose.items() if oid not in known]
        return Selection(walk.commits, tags, loose, skips, where, self.names)


def _commit_of(history: History, oid: bytes, known: set[bytes]) -> bytes | None:
    """The commit that an object is or a tag leads to, None for anything else and where it is not here; what is passed is added to ``known``."""
    try:
        for _ in range(_MOST_TAGS):
            known.add(oid)
            kind, _ = history.store.header(oid)
            if kind != "tag":
                return oid if kind == "commit" else None
            oid = tagged(history.store.read(oid, TAG_LIMIT)[1], history.store.hash_size)
    except (ObjectError, SourceError, ValueError):
        pass
    return None
