"""Who made a commit or a tag, and when."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.gitobjects.errors import CorruptObjectError, ObjectError
from leaksieve.gitobjects.links import COMMIT_LIMIT
from leaksieve.gitobjects.objects import ObjectStore


class Author(NamedTuple):
    """Who made a commit: name and address as text, and both dates in RFC 3339 with the offset they were made in."""

    name: str
    email: str
    date: str
    commit_date: str

    @property
    def person(self) -> str:
        """``Name <address>``, as git prints it; empty when neither is known."""
        return f"{self.name} <{self.email}>" if self.email else self.name


def author_of(store: ObjectStore, oid: bytes) -> Author:
    """Read a commit's author; what does not parse is empty.  Raises an ObjectError."""
    kind, data = store.read(oid, COMMIT_LIMIT)
    if kind != "commit":
        raise CorruptObjectError(oid, f"is a {kind} where a commit is needed")
    return author_in(data)


class Authors:
    """Authors of commits by raw id, each read once; None for a commit that cannot be read."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._known: dict[bytes, Author | None] = {}

    def __call__(self, oid: bytes) -> Author | None:
        """The author of one commit."""
        if oid not in self._known:
            try:
                self._known[oid] = author_of(self._store, oid)
            except ObjectError:
                self._known[oid] = None
        return self._known[oid]


def author_in(data: bytes) -> Author:
    """Say who made a commit, or (from its tagger line) a tag, by its raw content."""
    head = data.partition(b"\n\n")[0]
    people: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        word, _, rest = line.partition(b" ")
        if word in (b"author", b"committer", b"tagger"):
            people.setdefault(word, rest)
    author = people.get(b"author", people.get(b"tagger", b""))
    who, _, when = author.rpartition(b"> ")
    name, _, email = who.rpartition(b"<")
    committer = people.get(b"committer", author).rpartition(b"> ")[2]
    return Author(_text(name.strip()), _text(email.strip()), rfc3339(when), rfc3339(committer))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def rfc3339(stamp: bytes) -> str:
    """Spell git's "seconds offset" as RFC 3339; empty when it does not parse or lies outside the years 1 to 9999."""
    from datetime import UTC, datetime, timedelta, timezone

    try:
        seconds, _, zone = stamp.partition(b" ")
        offset = 0
        if zone:
            sign = -1 if zone.startswith(b"-") else 1
            digits = int(zone.lstrip(b"+-"))
            offset = sign * (digits // 100 * 60 + digits % 100)
        if abs(offset) >= 24 * 60:
            offset = 0
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
        return moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    except (ValueError, OverflowError):
        return ""
