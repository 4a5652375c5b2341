"""7z, by py7zr: in a process of its own, and a piece at a time."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from leaksieve.archives import apart
from leaksieve.archives.entries import Entry, too_large
from leaksieve.archives.limits import MEBIBYTE, Budget, DamagedError, LimitError
from leaksieve.archives.streams import Buffer

_ENCRYPTED: Final = ("encrypted-member", "its content is encrypted")


def entries(data: Buffer, budget: Budget) -> Iterator[Entry]:
    """Yield members, those of each solid block together.  Raises DamagedError and LimitError."""
    # Here, so that the processes inherit it.
    import_module("py7zr")
    return apart.entries(lambda: _entries(data, budget), len(data), budget)


class _File(io.RawIOBase):
    """Bytes in memory or on disk as a file, without a copy."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = max(offset + (0, self._at, len(self._data))[whence], 0)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _entries(data: Buffer, budget: Budget) -> Iterator[Entry]:
    from py7zr import SevenZipFile
    from py7zr.compressor import SupportedMethods
    from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError

    file: io.BufferedReader[Any] = io.BufferedReader(_File(data), MEBIBYTE)
    try:
        archive = SevenZipFile(file, "r")
    except PasswordRequired:
        yield Entry(b"", None, (), ("encrypted-member", "the names of its members are encrypted"))
        return
    except UnsupportedCompressionMethodError:
        yield Entry(b"", None, (), ("archive-unsupported", "a 7z whose directory is packed in a way that is not known"))
        return
    for member in getattr(archive, "files", ()):
        if member.emptystream:
            yield Entry(_name(member))
    streams = getattr(archive.header, "main_streams", None)
    if streams is None:
        return
    for number, folder in enumerate(streams.unpackinfo.folders):
        members = list(folder.files or ())
        skip: tuple[str, str] | None = None
        if SupportedMethods.needs_password(folder.coders):
            skip = _ENCRYPTED
        if skip is None:
            file.seek(archive.afterheader + streams.packinfo.packpositions[number])
        for member in members:
            if member.emptystream:
                continue
            if skip is not None:
                yield Entry(_name(member), None, (), skip)
                continue
            try:
                entry = _member(member, folder, file, budget)
            except UnsupportedCompressionMethodError:
                entry = Entry(_name(member), None, (), ("archive-unsupported", "a member packed in a way that is not known"))
            yield entry
            # Members of one block are one stream: behind damage nothing can be read.
            if entry.skip is not None and entry.skip[0] in ("archive-damaged", "archive-unsupported"):
                skip = entry.skip


def _member(member: Any, folder: Any, file: io.BufferedReader[Any], budget: Budget) -> Entry:
    size, limit, name = int(member.uncompressed), budget.member_limit, _name(member)
    machine = folder.get_decompressor(member.compressed)
    # Joining pieces would hold all of it twice.
    content = io.BytesIO()
    left, crc = size, 0
    try:
        while left > 0:
            before = file.tell()
            piece = machine.decompress(file, min(left, MEBIBYTE))
            if not piece and file.tell() == before:
                raise DamagedError("cut short")
            left -= len(piece)
            budget.inflated(len(piece))
            crc = zlib.crc32(piece, crc)
            # One that is over the limit is read all the same: what comes behind it may hang on it.
            if size <= limit:
                content.write(piece)
    except (LimitError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "UnsupportedCompressionMethodError":
            raise
        return Entry(name, content.getvalue(), (), ("archive-damaged", "does not inflate"))
    if size > limit:
        return Entry(name, None, (), too_large(size, limit))
    data = content.getvalue()
    if member.crc32 is not None and crc != member.crc32:
        return Entry(name, data, (), ("archive-damaged", "wrong checksum"))
    if member.is_symlink:
        return Entry(name, None, (data[:MEBIBYTE],))
    return Entry(name, data)


def _name(member: Any) -> bytes:
    return str(member.filename).encode("utf-8", "surrogatepass")
