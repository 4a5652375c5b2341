"""Commit objects."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.gitobjects.errors import BadDataError


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


def parse_links(data: bytes, hash_size: int) -> tuple[bytes | None, tuple[bytes, ...]]:
    """Return the tree and the parents at the head of a commit, whose end may be missing; raises BadDataError."""
    width = 2 * hash_size
    tree: bytes | None = None
    parents: list[bytes] = []
    try:
        at = 0
        if data.startswith(b"tree "):
            tree = bytes.fromhex(data[5 : 5 + width].decode("ascii"))
            at = 6 + width
        while data.startswith(b"parent ", at):
            parents.append(bytes.fromhex(data[at + 7 : at + 7 + width].decode("ascii")))
            at += 8 + width
    except ValueError as error:
        raise BadDataError("the commit holds an id that does not parse") from error
    if (tree is not None and len(tree) != hash_size) or any(len(parent) != hash_size for parent in parents):
        raise BadDataError("the commit is cut off")
    return tree, tuple(parents)


def _person(line: bytes) -> tuple[bytes, int]:
    who, _, when = line.rpartition(b"> ")
    stamp = when.split(b" ", 1)[0]
    return (who + b">" if who else line), int(stamp) if stamp.removeprefix(b"-").isdigit() and len(stamp) < 20 else 0
