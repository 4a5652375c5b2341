"""What a commit brings in: the files that stand in its tree as in none of its parents' trees.

All parents are compared at once, directory by directory; what equals any parent's is passed over whole,
so that a clean merge costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, ObjectError
from leaksieve.gitobjects.treediff import RawEntry, differing, is_tree, name_of

# Entries looked at for one commit: a crafted tree can list itself out beyond all measure.
MOST = 2_000_000
# How many files of deleted directories are listed as possible origins of new ones.
_DELETED = 1000


class Brought(NamedTuple):
    """One file, link or submodule.  ``before`` holds the raw ids of the files that parents have at that path, distinct, first parent's first."""

    path: bytes
    mode: int
    oid: bytes
    before: tuple[bytes, ...]


class BroughtIn:
    """What one commit brings in against its parents' trees.

    Iterate once over it; then ``deleted`` yields files that the first parent has and the commit lacks, and
    ``unreadable`` holds (directory, error) of trees that could not be read.  A parent's directory that is
    not readable counts as empty.  ``beyond`` says that there was more than is ever looked at.
    """

    def __init__(self, read: Callable[[bytes], bytes], parents: tuple[bytes, ...], tree: bytes) -> None:
        self._read = read
        self._parents = parents
        self._tree = tree
        self._gone: list[tuple[bytes, RawEntry]] = []
        self.unreadable: list[tuple[bytes, ObjectError]] = []
        self.beyond = False

    def __iter__(self) -> Iterator[Brought]:
        if self._tree in self._parents:
            return
        width = len(self._tree)
        left = MOST
        pending: list[tuple[bytes, tuple[bytes | None, ...], bytes]] = [(b"", self._parents or (None,), self._tree)]
        while pending:
            prefix, olds, new = pending.pop()
            try:
                data = self._read(new)
                gone, came = differing(self._content(prefix, olds[0]), data, width)
                # Far from the other parents of a merge much differs, and little of it matters: a plain list is quicker.
                others = [self._content(prefix, old) if came else b"" for old in olds[1:]]
                listings = [set(differing(b"", other, width)[1]) for other in others]
            except ObjectError as error:
                self.unreadable.append((prefix, error))
                continue
            except BadDataError as error:
                self.unreadable.append((prefix, CorruptObjectError(new, str(error))))
                if any(old is not None for old in olds):
                    # Perhaps it is a parent's that is broken: then all of this one counts as new.
                    pending.append((prefix, (None,) * len(olds), new))
                continue
            present = {name_of(entry, width) for entry in came}
            befores = [{name_of(entry, width): entry for entry in gone}]
            self._gone += [(prefix + name, entry) for name, entry in befores[0].items() if name not in present]
            for listing in listings:
                came = [entry for entry in came if entry not in listing]
            for other, listing in zip(others, listings, strict=True):
                befores.append(_named(other, listing, (name_of(entry, width) for entry in came), width))
            left -= len(came)
            if left < 0:
                self.beyond = True
                return
            for entry in came:
                name = name_of(entry, width)
                were = [before.get(name) for before in befores]
                oid = entry[-width:]
                if is_tree(entry):
                    below = tuple(was[-width:] if was is not None and is_tree(was) else None for was in were)
                    if were[0] is not None and not is_tree(were[0]):
                        self._gone.append((prefix + name, were[0]))
                    # Equal ids under another mode's spelling: the same directory.
                    if oid not in below:
                        pending.append((prefix + name + b"/", below, oid))
                    continue
                if were[0] is not None and is_tree(were[0]):
                    self._gone.append((prefix + name, were[0]))
                files = dict.fromkeys(was[-width:] for was in were if was is not None and _is_file(was))
                if oid not in files:
                    yield Brought(prefix + name, int(entry[: entry.index(b" ")], 8), oid, tuple(files))

    def _content(self, prefix: bytes, old: bytes | None) -> bytes:
        if old is None:
            return b""
        try:
            return self._read(old)
        except ObjectError as error:
            self.unreadable.append((prefix, error))
            return b""

    def deleted(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield (path, raw id) of regular files that are gone, those in deleted directories too, as far as the limit goes."""
        width = len(self._tree)
        pending = self._gone[::-1]
        left = trees = _DELETED
        while pending and left:
            path, entry = pending.pop()
            if is_tree(entry):
                trees -= 1
                if trees < 0:
                    return
                try:
                    listing = differing(b"", self._read(entry[-width:]), width)[1]
                except (ObjectError, BadDataError):
                    continue
                pending += [(path + b"/" + name_of(each, width), each) for each in reversed(listing)]
            elif _is_file(entry):
                left -= 1
                yield path, entry[-width:]


def _named(data: bytes, listing: set[RawEntry], names: Iterable[bytes], width: int) -> dict[bytes, RawEntry]:
    """Name -> entry, of the names a tree has; ``listing`` are the entries of the tree ``data``."""
    found: dict[bytes, RawEntry] = {}
    for name in names:
        mark = b" " + name + b"\0"
        at = data.find(mark)
        while at >= 0 and name not in found:
            # Such bytes may also stand at the end of another name, or in an id: only what the listing has is an entry.
            for digits in (6, 5):
                entry = data[max(at - digits, 0) : at + len(mark) + width]
                if entry in listing:
                    found[name] = entry
            at = data.find(mark, at + 1)
    return found


def _is_file(entry: RawEntry) -> bool:
    return entry.startswith((b"100", b"120"))
