"""What becomes of a layer's files in the layers above: whiteouts, opaque folders, replacements, hard links.

Names are kept as eight bytes each, so that those of a million files can be held; they are made the same way in every process.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

WHITEOUT: Final = b".wh."
OPAQUE: Final = b".wh..wh..opq"
# Other names that begin so are a storage driver's own.
_DRIVERS: Final = b".wh..wh."
WIDTH: Final = 8


def normal(name: bytes) -> bytes:
    """Return a path in a layer as one from the root, without what may stand before it; b"" for the root itself."""
    if name[:2] == b"./" or name[:1] == b"/" or b"//" in name or b"/." in name or name[-1:] == b"/" or name[:1] == b".":
        # Leading slashes are two for some.
        name = posixpath.normpath(b"/" + name.lstrip(b"/"))[1:]
    return name


def mark(path: bytes) -> bytes:
    """Return the eight bytes that stand for a path."""
    return blake2b(path, digest_size=WIDTH).digest()


class Names(NamedTuple):
    """The names in one layer.

    ``files`` and ``folders`` hold marks one behind the other, ``files`` of everything but folders and in the order of the layer.
    ``gone`` are the paths that whiteouts take away, ``emptied`` the folders whose former content is hidden, ``links`` hard links
    as (path, what it leads to).
    """

    files: bytes = b""
    folders: bytes = b""
    gone: tuple[bytes, ...] = ()
    emptied: tuple[bytes, ...] = ()
    links: tuple[tuple[bytes, bytes], ...] = ()


class Collector:
    """Names as they are met, in order; ``files`` are the marks of those that are no folders.

    ``parents`` are folders that files lie in, whether or not the layer says so: unpacking makes them.
    """

    def __init__(self) -> None:
        self.files = bytearray()
        self.parents: set[bytes] = set()
        self._gone: list[bytes] = []
        self._emptied: list[bytes] = []
        self._links: list[tuple[bytes, bytes]] = []

    def __len__(self) -> int:
        """Return how many files were met: the number of the next one."""
        return len(self.files) // WIDTH

    def file(self, path: bytes) -> None:
        """Note anything that is no folder and no hard link."""
        if WHITEOUT in path and self._whiteout(path):
            return
        self.files += mark(path)
        self.parents.add(path.rpartition(b"/")[0])

    def folder(self, path: bytes) -> None:
        """Note a folder."""
        self.parents.add(path)

    def link(self, path: bytes, target: bytes) -> None:
        """Note a hard link."""
        self.files += mark(path)
        self.parents.add(path.rpartition(b"/")[0])
        self._links.append((path, target))

    def _whiteout(self, path: bytes) -> bool:
        folder, _, name = path.rpartition(b"/")
        if not name.startswith(WHITEOUT):
            return False
        if name == OPAQUE:
            self._emptied.append(folder)
        elif not name.startswith(_DRIVERS):
            self._gone.append((folder + b"/" if folder else b"") + name[len(WHITEOUT) :])
        return True

    def names(self) -> Names:
        """Return what was met."""
        folders = set(self.parents)
        for path in self.parents:
            for above in _folders(path):
                if above in folders:
                    break
                folders.add(above)
        folders.discard(b"")
        return Names(bytes(self.files), b"".join(map(mark, folders)), tuple(self._gone), tuple(self._emptied), tuple(self._links))


def joined(parts: Sequence[Names]) -> Names:
    """Put the names of a layer's parts together, in order."""
    if len(parts) == 1:
        return parts[0]
    return Names(
        b"".join(part.files for part in parts),
        b"".join(part.folders for part in parts),
        tuple(path for part in parts for path in part.gone),
        tuple(path for part in parts for path in part.emptied),
        tuple(link for part in parts for link in part.links),
    )


class _Above:
    """A layer as those below it see it."""

    def __init__(self, names: Names) -> None:
        # By what they lead to: one file may have a hundred thousand.
        self._links: dict[bytes, list[bytes]] = {}
        for link, target in names.links:
            self._links.setdefault(target, []).append(link)
        self._gone = frozenset(names.gone)
        self._emptied = frozenset(names.emptied)
        self._files = frozenset(_marks(names.files))
        self._folders = frozenset(_marks(names.folders))
        self._last = {each: number for number, each in enumerate(_marks(names.files))}

    def links(self, target: bytes) -> Sequence[bytes]:
        """The hard links that lead to a name, in order."""
        return self._links.get(target, ())

    def removes(self, path: bytes) -> bool:
        """Whether a file of a lower layer is no longer there."""
        if path in self._gone:
            return True
        own = mark(path)
        return own in self._files or own in self._folders or any(self._hides(folder) for folder in _folders(path))

    def _hides(self, folder: bytes) -> bool:
        return folder in self._gone or folder in self._emptied or (bool(folder) and mark(folder) in self._files)

    def overwrites(self, path: bytes, number: int) -> bool:
        """Whether the layer itself has another one of that name behind its file of this number."""
        return self._last.get(mark(path), number) > number

    def number(self, path: bytes) -> int:
        """The number of a hard link: of several of one name, the last one's."""
        return self._last.get(mark(path), 0)


class Stack:
    """The layers of one image, lowest first; asked for what became of a file, which is not before something was found in it."""

    def __init__(self, layers: Sequence[Names]) -> None:
        self._names = layers
        self._above: dict[int, _Above] = {}

    def removed_in(self, layer: int, path: bytes, number: int) -> int | None:
        """Return the layer in which a file's content is last gone from every name it had; None while one is left.

        ``number`` is the file's, counted through its layer.
        """
        ends = [self._end(layer, path, number)]
        # Hard links made while it was there keep the content under a name of their own.
        todo = [(layer, path, ends[0], number)]
        seen = {(layer, path)}
        while todo:
            first, name, end, own = todo.pop()
            for above in range(first, len(self._names)):
                if end is not None and above > end:
                    break
                for link in self._layer(above).links(name):
                    if link == name or (above, link) in seen:
                        continue
                    if above == end and above != first:
                        continue
                    seen.add((above, link))
                    place = self._layer(above).number(link)
                    if above == first and place < own:
                        continue
                    ended = self._end(above, link, place)
                    ends.append(ended)
                    todo.append((above, link, ended, place))
        return None if None in ends else max(end for end in ends if end is not None)

    def links(self, layer: int, path: bytes) -> list[bytes]:
        """Return the hard links of a layer that lead to one of its files."""
        return list(self._layer(layer).links(path))

    def _end(self, layer: int, path: bytes, number: int) -> int | None:
        """The layer that takes a name away or gives it to another file."""
        if self._layer(layer).overwrites(path, number):
            return layer
        return next((above for above in range(layer + 1, len(self._names)) if self._layer(above).removes(path)), None)

    def _layer(self, number: int) -> _Above:
        known = self._above.get(number)
        if known is None:
            known = self._above[number] = _Above(self._names[number])
        return known


def _marks(joined_marks: bytes) -> Iterator[bytes]:
    return (joined_marks[at : at + WIDTH] for at in range(0, len(joined_marks), WIDTH))


def _folders(path: bytes) -> Iterator[bytes]:
    """Yield the folders a path lies in, the root (b"") last."""
    while path:
        path = path.rpartition(b"/")[0]
        yield path
