"""Where an earlier scan's secrets are shown and what it said of each, kept without their text.

Authors are read again from their commits, references are numbers in the list of names, and a path is kept
only where nothing in it looks like a secret.  What cannot be put that way is not kept at all.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from leaksieve.gitobjects.authors import Author, author_in
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.gitobjects.links import COMMIT_LIMIT
from leaksieve.gitobjects.treetrace import Moved
from leaksieve.history_places import Details, Spot, Spots
from leaksieve.history_share import Key

# Gives an object's kind and content: (raw id, most bytes).  Raises an ObjectError.
Read = Callable[[bytes, int], tuple[str, bytes]]
# What a detail is kept by: an id to read the author from, places in the list of names, or the value itself.
_PLAIN = frozenset(
    {
        *("object", "object_type", "commit", "ref_count", "first_seen", "last_seen", "first_commit", "last_commit", "at_head"),
        *("reachable", "where", "exposed_hours", "removed", "renamed_in", "at_boundary"),
    }
)
# Spots that are there only because the index does or does not hold an object.
_OF_INDEX = ("index", "dangling")


def pack_spots(spots: Spots, keys: Sequence[Key], names: Iterable[bytes], read: Read, is_plain: Callable[[bytes], bool]) -> bytes | None:
    """Put spots into bytes without any text that may hold a secret; None where that cannot be done.

    ``keys`` are all keys in an order that :func:`unpack_spots` is given as well, ``names`` those of all references.
    ``is_plain`` says whether a path may be kept.
    """
    numbers = {key: number for number, key in enumerate(keys)}
    refs = _numbered(names)
    people = _People(read)
    packed: list[tuple[object, ...]] = []
    for spot, told in spots.items():
        if not is_plain(spot.path):
            return None
        rows = []
        for key, details in told.items():
            row = _row(details, refs, people, is_plain)
            if row is None or key not in numbers:
                return None
            rows.append((numbers[key], row))
        packed.append((*spot, rows))
    return marshal.dumps((len(keys), packed))


def unpack_spots(data: bytes, keys: Sequence[Key], names: Iterable[bytes], read: Read) -> Spots | None:
    """Bring spots back; None when they do not fit."""
    texts = list(_numbered(names))
    people = _People(read)
    spots: Spots = {}
    try:
        count, packed = marshal.loads(data)  # noqa: S302  only this user's runs can have written it
        if count != len(keys):
            return None
        for oid, kind, path, rows in packed:
            spots[Spot(oid, kind, path)] = {keys[number]: _details(row, texts, people) for number, row in rows}
    except (ValueError, TypeError, EOFError, IndexError, KeyError, ObjectError):
        return None
    return spots


def shown_in(data: bytes) -> frozenset[bytes]:
    """The ids of the objects that packed spots show."""
    try:
        return frozenset(row[0] for row in marshal.loads(data)[1])  # noqa: S302  only this user's runs can have written it
    except (ValueError, TypeError, EOFError, IndexError):
        return frozenset()


def asks_index(spots: Spots) -> bool:
    """Whether what is told depends on the index."""
    return any(details.get("where") in _OF_INDEX for told in spots.values() for details in told.values())


def _numbered(names: Iterable[bytes]) -> dict[str, int]:
    return {text: number for number, text in enumerate(dict.fromkeys(name.decode("utf-8", "backslashreplace") for name in names))}


class _People:
    """Authors by the id of the commit or tag that names them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[bytes, Author] = {}

    def __getitem__(self, oid: bytes) -> Author:
        if oid not in self._known:
            kind, data = self._read(oid, COMMIT_LIMIT)
            if kind not in ("commit", "tag"):
                raise ValueError(f"{kind} has no author")
            self._known[oid] = author_in(data)
        return self._known[oid]


def _row(details: Details, refs: Mapping[str, int], people: _People, is_plain: Callable[[bytes], bool]) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    for name, value in details.items():
        if name in _PLAIN:
            row[name] = value
        elif name == "refs":
            if any(ref not in refs for ref in value):
                return None
            row[name] = [refs[ref] for ref in value]
        elif name == "renamed_from":
            if not is_plain(value.encode()):
                return None
            row[name] = value
        elif name == "author":
            source = details["object"] if details["object_type"] == "tag" else details["commit"]
            try:
                if value is not None and people[bytes.fromhex(source)].person != value:
                    return None
            except (ObjectError, ValueError, TypeError):
                return None
            row[name] = bytes.fromhex(source) if value is not None else None
        elif name == "date":
            row[name] = value
        else:
            return None
    return row


def _details(row: dict[str, Any], texts: Sequence[str], people: _People) -> Details:
    details = dict(row)
    if "refs" in row:
        details["refs"] = [texts[number] for number in row["refs"]]
    if row.get("author") is not None:
        details["author"] = people[row["author"]].person
    return details


def pack_traces(traces: Mapping[bytes, list[Moved]], is_plain: Callable[[bytes], bool]) -> bytes | None:
    """Put what came and went into bytes; None when a path may not be kept."""
    if not all(is_plain(path) for path in {path for moved in traces.values() for path, _, _ in moved}):
        return None
    return marshal.dumps(list(traces.items()))


def unpack_traces(data: bytes | None) -> dict[bytes, list[Moved]] | None:
    """Bring it back; None when there is nothing, or it does not parse."""
    if data is None:
        return None
    try:
        return dict(marshal.loads(data))  # noqa: S302  only this user's runs can have written it
    except (ValueError, TypeError, EOFError):
        return None
