"""The index (staging area), versions 2 to 4, split and sparse ones included.

Entries are found first and decoded only when asked for: a staged scan looks at a handful of them.
The trailing checksum is not verified (git itself does so only when asked, and may write zeroes).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import repeat

from leaksieve.errors import SourceError
from leaksieve.gitobjects.cachetree import CacheTree, parse_cache_tree
from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.ewah import read_ewah
from leaksieve.gitobjects.files import read_regular, shown
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.trees import GITLINK, TREE

# (path, raw object id, mode, stage, flags).  A sparse directory's path ends with "/", its mode is a tree's.
IndexEntry = tuple[bytes, bytes, int, int, int]

# Of an entry's flags; the extended ones of version 3 stand above the first sixteen bits.
INTENT_TO_ADD = 0x2000 << 16

_LIMIT = 1 << 31
_EXTENDED = 0x40
_LONG_NAME = 0xFFF
# Extensions a reader must understand have a lower-case first letter; these are the ones understood.
_SPLIT = b"link"
_SPARSE = b"sdir"


class Index:
    """A parsed index; a sequence of entries sorted by (path, stage).

    ``cache_tree`` is None when there is none; ``sparse`` says that some entries may stand for
    directories; ``link`` is the raw extension of a split index not yet joined with its shared one.
    """

    __slots__ = ("_data", "_entries", "_positions", "_width", "cache_tree", "link", "sparse", "version")

    def __init__(self, data: bytes, hash_size: int) -> None:
        if data[:4] != b"DIRC":
            raise BadDataError("not a git index")
        self.version = int.from_bytes(data[4:8])
        if self.version not in (2, 3, 4):
            raise BadDataError(f"index version {self.version} is not known")
        count = int.from_bytes(data[8:12])
        # Every entry takes at least its fixed part, so a count that cannot be true is caught before the walk.
        if count * (42 + hash_size) > len(data):
            raise BadDataError("the index is cut off")
        self._data = data
        self._width = hash_size
        self._positions: list[int] = []
        self._entries: list[IndexEntry] | None = None
        self.cache_tree: CacheTree | None = None
        self.link: bytes | None = None
        self.sparse = False
        try:
            if self.version == 4:
                self._entries, at = _unpack(data, count, hash_size, self._positions.append)
            else:
                at = self._locate(count)
        except (IndexError, ValueError) as error:
            raise BadDataError("the entries of the index do not parse") from error
        self._read_extensions(at)

    def _locate(self, count: int) -> int:
        data = self._data
        flags = 40 + self._width
        low = flags + 1
        least = flags + 10
        append = self._positions.append
        at = 12
        for _ in repeat(None, count):
            append(at)
            high = data[at + flags]
            if not high & (_EXTENDED | 15):
                # Nearly every entry: a path under 256 bytes, no extended flags.
                at += (data[at + low] + least) & -8
                continue
            length = (high & 15) << 8 | data[at + low]
            if length == _LONG_NAME:
                start = at + flags + (4 if high & _EXTENDED else 2)
                length = data.index(b"\0", start) - start
            if high & _EXTENDED:
                length += 2
            at += (length + least) & -8
        return at

    def _read_extensions(self, at: int) -> None:
        data = self._data
        end = len(data) - self._width
        if at > end:
            raise BadDataError("the index is cut off")
        while at + 8 <= end:
            name = data[at : at + 4]
            size = int.from_bytes(data[at + 4 : at + 8])
            at += 8
            if at + size > end:
                raise BadDataError("an extension of the index is cut off")
            if name == b"TREE":
                self.cache_tree = parse_cache_tree(data[at : at + size], self._width) if size else None
            elif name == _SPLIT:
                self.link = data[at : at + size]
            elif name == _SPARSE:
                self.sparse = True
            elif not 65 <= name[0] <= 90:
                raise BadDataError(f"the index needs an extension that is not known ({name!r})")
            at += size

    def __len__(self) -> int:
        return len(self._positions) if self._entries is None else len(self._entries)

    def __getitem__(self, number: int) -> IndexEntry:
        if self._entries is not None:
            return self._entries[number]
        data = self._data
        at = self._positions[number]
        flags_at = at + 40 + self._width
        flags = data[flags_at] << 8 | data[flags_at + 1]
        start = flags_at + 2
        if flags & 0x4000:
            flags |= data[start] << 24 | data[start + 1] << 16
            start += 2
        length = flags & _LONG_NAME
        end = data.index(b"\0", start) if length == _LONG_NAME else start + length
        return data[start:end], data[at + 40 : flags_at], int.from_bytes(data[at + 24 : at + 28]), flags >> 12 & 3, flags

    def __iter__(self) -> Iterator[IndexEntry]:
        return iter(self._entries) if self._entries is not None else map(self.__getitem__, range(len(self._positions)))

    def remembered(self, number: int) -> tuple[int, int, int]:
        """Return how an entry's file was when git last looked: (seconds, nanoseconds, size), the times those of its change; zeroes once joined."""
        if not self._positions:
            return 0, 0, 0
        data, at = self._data, self._positions[number]
        return int.from_bytes(data[at + 8 : at + 12]), int.from_bytes(data[at + 12 : at + 16]), int.from_bytes(data[at + 36 : at + 40])

    def paths(self) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Return the paths of files (links among them), of gitlinks and of sparse directories; faster than going through the entries."""
        found: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
        files, gitlinks, directories = found
        if self._entries is not None:
            for path, _, mode, _, _ in self._entries:
                (gitlinks if mode == GITLINK else directories if mode == TREE else files).append(path)
            return found
        data = self._data
        flags = 40 + self._width
        for number, at in enumerate(self._positions):
            # The third byte of the mode tells the kinds apart.
            kind = data[at + 26]
            if kind in (0xE0, 0x40) or data[at + flags] & (_EXTENDED | 15):
                path = self[number][0]
                (gitlinks if kind == 0xE0 else directories if kind == 0x40 else files).append(path)
            else:
                start = at + flags + 2
                files.append(data[start : start + data[start - 1]])
        return found

    def join(self, shared: Index) -> None:
        """Become the whole of a split index: ``shared`` entries, less the deleted, with the replaced and the added.  Raises BadDataError."""
        link = self.link or b""
        own = list(self)
        deleted: list[int] = []
        replaced: list[int] = []
        if len(link) > self._width:
            deleted, at = read_ewah(link, self._width, len(shared))
            replaced, _ = read_ewah(link, at, len(shared))
        if len(replaced) > len(own):
            raise BadDataError("the split index replaces more entries than it holds")
        joined: list[IndexEntry | None] = list(shared)
        for number, place in enumerate(replaced):
            path = shared[place][0]
            joined[place] = (path, *own[number][1:])
        for place in deleted:
            joined[place] = None
        entries = [entry for entry in joined if entry is not None]
        added = own[len(replaced) :]
        if added:
            entries += added
            entries.sort(key=lambda entry: (entry[0], entry[3]))
        self._entries = entries
        self._positions = []
        self.sparse = self.sparse or shared.sparse
        self.link = None


def _unpack(data: bytes, count: int, hash_size: int, note: Callable[[int], None]) -> tuple[list[IndexEntry], int]:
    """Version 4: each path is given as how much of the one before to drop, and what to add.  ``note`` is told where each entry begins."""
    entries: list[IndexEntry] = []
    append = entries.append
    find = data.index
    decode = int.from_bytes
    fixed = 40 + hash_size
    at = 12
    path = b""
    for _ in repeat(None, count):
        note(at)
        flags_at = at + fixed
        flags = data[flags_at] << 8 | data[flags_at + 1]
        start = flags_at + 2
        if flags & 0x4000:
            flags |= data[start] << 24 | data[start + 1] << 16
            start += 2
        byte = data[start]
        start += 1
        drop = byte & 127
        while byte & 128:
            byte = data[start]
            start += 1
            drop = (drop + 1) << 7 | byte & 127
        end = find(b"\0", start)
        if drop > len(path):
            raise BadDataError("the index drops more of a path than there is")
        path = path[: len(path) - drop] + data[start:end]
        append((path, data[at + 40 : flags_at], decode(data[at + 24 : at + 28]), flags >> 12 & 3, flags))
        at = end + 1
    return entries, at


def read_index(repo: Repository) -> Index | None:
    """Read the repository's index; None when it has none.

    Raises SourceError when it does not parse, or when the caller named an index that is not there.
    """
    path = repo.index_path
    if not repo.index_named and not repo.allows(path):
        raise SourceError("the index lies outside the directories this scan may read", where=shown(path))
    try:
        data = read_regular(path, _LIMIT)
    except (FileNotFoundError, NotADirectoryError) as error:
        if repo.index_named:
            raise SourceError("this index file does not exist", where=shown(path), hint="check GIT_INDEX_FILE") from error
        return None
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=shown(path)) from error
    try:
        index = Index(data, repo.hash_size)
        if index.link is not None:
            _join_shared(index, repo)
    except (BadDataError, IndexError) as error:
        raise SourceError(str(error), where=shown(path), hint="`git status` may repair it") from error
    return index


def _join_shared(index: Index, repo: Repository) -> None:
    link = index.link or b""
    oid = link[: repo.hash_size]
    if len(oid) != repo.hash_size:
        raise BadDataError("the split index names no shared one")
    if not any(oid):
        # git writes this while the shared part is empty.
        index.link = None
        return
    path = os.path.join(repo.git_dir, b"sharedindex." + oid.hex().encode())
    try:
        if not repo.allows(path):
            raise BadDataError("the shared index lies outside the directories this scan may read")
        shared = Index(read_regular(path, _LIMIT), repo.hash_size)
    except OSError as error:
        raise BadDataError(f"the shared index {shown(path)} cannot be read ({error.strerror})") from error
    if shared.link is not None:
        raise BadDataError("the shared index is itself split")
    index.join(shared)
