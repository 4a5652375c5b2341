"""Local files that hold images: a folder, or a tar that is read where it lies.  Members are found by name; nothing is unpacked."""

from __future__ import annotations

import mmap
import os
import posixpath
from collections.abc import Iterator
from stat import S_ISREG
from typing import Protocol

from leaksieve.archives.limits import DamagedError
from leaksieve.archives.tarwalk import LINK, SYMLINK, Cursor
from leaksieve.errors import SourceError
from leaksieve.oci.model import BlobError
from leaksieve.oci.provider import Extent

# Links that lead to links.
_HOPS = 8
# An archive of images has some hundreds of members, and a few thousand at most.
_MOST = 200_000


class Files(Protocol):
    """What holds an image's files."""

    def find(self, name: str) -> Extent | None:
        """Return where a file's content lies; None for what is not there, or leads outside.  Raises BlobError."""
        ...


class Folder:
    """A folder; links inside it are followed as long as they stay inside."""

    def __init__(self, path: bytes) -> None:
        self._root = os.path.realpath(path)

    def find(self, name: str) -> Extent | None:
        """See :class:`Files`."""
        try:
            path = os.path.realpath(os.path.join(self._root, os.fsencode(name)))
            if not path.startswith(self._root.rstrip(b"/") + b"/"):
                return None
            info = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise BlobError("unreadable", getattr(error, "strerror", None) or "it cannot be found") from None
        if not S_ISREG(info.st_mode):
            raise BlobError("unreadable", "it is no file")
        return Extent(path, 0, info.st_size)


class Tar:
    """An uncompressed tar; of a name that stands in it twice the last one counts.

    ``problem`` says why its end could not be read, "" where it could.  Raises SourceError for a file that cannot be read at all.
    """

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._files: dict[str, Extent] = {}
        self._links: dict[str, str] = {}
        self.problem = ""
        try:
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size:
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                        self._read(data, size)
        except OSError as error:
            raise SourceError((error.strerror or "it cannot be read").lower(), where=os.fsdecode(path)) from None

    def _read(self, data: mmap.mmap, size: int) -> None:
        cursor = Cursor()
        try:
            for count, item in enumerate(cursor.items(data, 0, size, final=True)):
                if count == _MOST:
                    self.problem = f"more than {_MOST} members"
                    return
                name = normal(item.name)
                if item.kind in (LINK, SYMLINK):
                    target = os.fsdecode(item.link)
                    self._links[name] = normal(item.link) if item.kind == LINK else posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
                elif item.has_content:
                    self._links.pop(name, None)
                    self._files[name] = Extent(self._path, item.begin, min(item.end, size) - item.begin)
                    if item.end > size:
                        self.problem = "cut short"
        except DamagedError as damage:
            self.problem = str(damage)

    def names(self) -> Iterator[str]:
        """Yield the names of files."""
        yield from self._files

    def find(self, name: str) -> Extent | None:
        """See :class:`Files`."""
        name = posixpath.normpath(name)
        for _ in range(_HOPS):
            target = self._links.get(name)
            if target is None:
                break
            name = target
        return self._files.get(name)


def normal(name: bytes) -> str:
    """Return a member's name without what may stand before it."""
    return posixpath.normpath(os.fsdecode(name).lstrip("/")) if name else ""


class FileStream:
    """A stretch of a file from front to end."""

    def __init__(self, extent: Extent) -> None:
        self._left = extent.size
        self._file = open(extent.path, "rb", buffering=0)  # noqa: SIM115  closed by its user
        self._file.seek(extent.at)

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        piece = self._file.read(min(size, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def contents(extent: Extent, limit: int) -> bytes:
    """Return a small file's bytes.  Raises BlobError."""
    if extent.size > limit:
        raise BlobError("too-large", f"{extent.size} bytes, more than {limit}")
    try:
        stream = FileStream(extent)
        try:
            return stream.read(extent.size)
        finally:
            stream.close()
    except OSError as error:
        raise BlobError("unreadable", error.strerror or "it cannot be read") from None
