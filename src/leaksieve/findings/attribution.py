"""What there is to say of who brought a secret in, when, along which paths, and whether it is still there."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.gitobjects.authors import Author

# Paths told of one secret; all are counted.
MOST_PATHS = 200


class PathHistory(NamedTuple):
    """One path that held a secret.

    ``path`` is raw; that of a directory (whose entries' names hold the secret) ends in "/" and is
    empty for the top one.  ``first`` is the raw id of the commit that brought it to this path,
    ``first_object`` what it brought; ``last`` the newest commit whose tree has it there.
    ``head_object`` is what HEAD's tree has there, None unless it is one that holds the secret.
    ``renamed_from`` is the path of which the same commit removed the secret, None when it did not.
    """

    path: bytes
    first: bytes
    first_object: bytes
    last: bytes
    head_object: bytes | None
    renamed_from: bytes | None

    @property
    def at_head(self) -> bool:
        """Whether HEAD's tree has the secret at this path."""
        return self.head_object is not None


class Message(NamedTuple):
    """A commit or a tag that holds a secret itself, in its message or its headers.

    ``kind`` is "commit" or "tag", ``where`` as in :class:`Attribution`, ``commit`` the raw id of the
    commit (for a tag, the one it leads to, None when it leads to something else).  ``refs`` are
    names that reach it, as in :class:`Attribution`.
    """

    oid: bytes
    kind: str
    where: str
    commit: bytes | None
    author: Author | None
    refs: tuple[bytes, ...]
    ref_count: int


class Attribution(NamedTuple):
    """What history says of one secret.

    ``where`` is the best of: "ref" (a branch, a tag, HEAD or another reference reaches it), "notes",
    "stash", "index" (staged only), "unreachable" (commits that no reference reaches), "dangling"
    (an object in no commit's tree).  Dates, commits and paths are of the commits that are no worse than that.

    ``commit`` is the first commit that brought it in, the raw id, None when no commit did;
    ``author`` its author; ``first_seen`` its committer date; ``at_boundary`` says that it was there
    already where the history that this clone has begins, so an earlier commit may have brought it in.
    ``last`` is the newest commit whose tree holds it, ``last_seen`` that one's committer date.
    ``at_head``: HEAD's tree holds it.  ``removed`` is the committer date of the commit after which no
    tree held it any more, None while HEAD's, some reference's or, where no reference reaches it, some
    last commit's tree does; ``hours`` the time until then.

    ``refs`` are names of references and tags that reach the first commit, the first MOST_REFS of
    ``ref_count``.  ``paths`` the first MOST_PATHS of ``path_count``, oldest first.  ``messages`` are
    commits and tags that hold it themselves.  ``indexed`` are (path, raw id) of objects that only the
    index holds, ``dangling`` objects that no commit's tree holds, nor the index, nor a reference.
    """

    where: str
    commit: bytes | None
    author: Author | None
    first_seen: str
    at_boundary: bool
    last: bytes | None
    last_seen: str
    at_head: bool
    removed: str | None
    hours: float | None
    refs: tuple[bytes, ...]
    ref_count: int
    paths: tuple[PathHistory, ...]
    path_count: int
    messages: tuple[Message, ...]
    indexed: tuple[tuple[bytes, bytes], ...]
    dangling: tuple[bytes, ...]
