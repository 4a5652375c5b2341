"""Commit objects."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.links import parse_links


class Commit(NamedTuple):
    """A parsed commit; ids are raw.

    ``author`` and ``committer`` are the raw "Name <mail>" bytes, their dates seconds since 1970 (0
    when the line does not parse), ``message`` where the message begins in the object's bytes.
    """

    tree: bytes
    parents: tuple[bytes, ...]
    author: bytes
    author_date: int
    committer: bytes
    commit_date: int
    message: int


def parse_commit(data: bytes, hash_size: int) -> Commit:
    """Parse a commit; raises BadDataError when tree or parents do not hold.  Unknown headers are passed over."""
    tree, parents = parse_links(data, hash_size)
    if tree is None:
        raise BadDataError("the commit names no tree")
    end = data.find(b"\n\n")
    head = data if end < 0 else data[:end]
    people: dict[bytes, tuple[bytes, int]] = {}
    for line in head.split(b"\n"):
        word, _, rest = line.partition(b" ")
        if word in (b"author", b"committer") and word not in people:
            people[word] = _person(rest)
    author, author_date = people.get(b"author", (b"", 0))
    committer, commit_date = people.get(b"committer", (b"", 0))
    return Commit(tree, parents, author, author_date, committer, commit_date, len(data) if end < 0 else end + 2)


def _person(line: bytes) -> tuple[bytes, int]:
    who, _, when = line.rpartition(b"> ")
    stamp = when.split(b" ", 1)[0]
    return (who + b">" if who else line), int(stamp) if stamp.removeprefix(b"-").isdigit() and len(stamp) < 20 else 0
