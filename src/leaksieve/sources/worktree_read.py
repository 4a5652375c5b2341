"""Reading the files of a tree in a worker: few system calls a file, and no trust in what planning saw.

Between planning and reading anything may happen to a file: it can vanish, turn into a link or a
pipe, grow without end.  Each of these ends in a chunk, in a skip, or in both; never in an error.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from stat import S_ISREG
from typing import Any, Final, cast

from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.sources.base import Unit

# Not blocking: opening a pipe that took a file's place must not wait for a writer.
FILE_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
DIRECTORY_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# The kernel takes at most 4,096 bytes of path in one call (PATH_MAX, the closing NUL included); macOS takes 1,024.
ONE_CALL: Final = 4095 if os.name != "posix" or os.uname().sysname == "Linux" else 1023
# How much of a file of unknown length (size 0, as in /proc) is asked for at a time.
_BLOCK: Final = 1 << 16


def open_below(root: bytes, path: bytes, flags: int) -> int:
    """Open ``path`` under ``root`` however deep it lies, in steps that one system call can take.

    Follows no link below ``root``.  Raises OSError.
    """
    steps: list[bytes] = []
    for component in path.split(b"/"):
        if steps and len(steps[-1]) + 1 + len(component) < ONE_CALL // 2:
            steps[-1] += b"/" + component
        else:
            steps.append(component)
    at = os.open(root, DIRECTORY_FLAGS & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        for step in steps[:-1]:
            below = os.open(step, DIRECTORY_FLAGS, dir_fd=at)
            os.close(at)
            at = below
        return os.open(steps[-1], flags, dir_fd=at)
    finally:
        os.close(at)


def read_files(unit: Unit, limit: int, prefix: bytes) -> Iterator[Chunk | Skip]:
    """Yield a chunk or a skip (or a chunk and what is wrong with it) for every file of a unit.

    ``unit`` is ``("files", root, ((path, size, changed), ...))`` with the time of the last change in
    nanoseconds as planning saw it (or without it), or ``("file", path, name, size)`` for one file to
    be reported under another name; ``limit`` is the most bytes of one file to read, and ``prefix``
    is put before the reported paths.
    """
    if unit[0] == "file":
        _, root, name, _ = unit
        assert isinstance(root, bytes)
        assert isinstance(name, bytes)
        entries: Any = ((b"", 0),)
        prefix += name
    else:
        _, root, entries = unit
        assert isinstance(root, bytes)
        assert isinstance(entries, tuple)
        root = root if root.endswith(b"/") else root + b"/"
    no_flags = FILE_FLAGS
    for path, planned, *changed in entries:
        where = prefix + path
        try:
            try:
                fd = os.open(root + path, no_flags)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG or not path:
                    raise
                fd = open_below(root, path, no_flags)
        except OSError as error:
            yield _not_opened(where, error)
            continue
        try:
            if changed and planned:
                # Nothing has happened to most files since planning: one look at the end tells, and saves the one before.
                try:
                    data = os.read(fd, planned + 1)
                except OSError:
                    data = b""
                before = os.fstat(fd)
                if len(data) == planned == before.st_size and before.st_mtime_ns == changed[0] and S_ISREG(before.st_mode):
                    yield Chunk(data, Provenance("file", where))
                    continue
            before = os.fstat(fd)
            size = before.st_size
            if not S_ISREG(before.st_mode):
                yield Skip("failed", where, "vanished", "something that is not a regular file took its place")
                continue
            if size > limit:
                yield _archive(fd, where) if is_archive(fd) else too_large(where, size, limit)
                continue
            if changed and planned:
                os.lseek(fd, 0, os.SEEK_SET)
            data = os.read(fd, size + 1) if size else b""
            after = os.fstat(fd)
            if size == len(data) == after.st_size and size and before.st_mtime_ns == after.st_mtime_ns:
                yield Chunk(data, Provenance("file", where))
            else:
                yield from _read_moving(fd, where, data, before, limit)
        except OSError as error:
            yield Skip("failed", where, "unreadable", error.strerror or str(error))
        finally:
            os.close(fd)


def too_large(where: bytes, size: int, limit: int) -> Skip:
    """Return the skip of a file over the size limit."""
    return Skip("excluded", where, "too-large", f"{size} bytes, the limit is {limit}")


def is_archive(fd: int) -> bool:
    """Whether an open file is an archive that can be walked where it lies, a member at a time, however large it is."""
    from leaksieve.archives.magic import COMPRESSED, STREAMED, kind_of
    from leaksieve.archives.stored import Stored

    if not hasattr(os, "pread"):
        return False
    kind = kind_of(Stored(fd))
    return kind in COMPRESSED or kind in STREAMED or kind in ("zip", "7z")


def _archive(fd: int, where: bytes) -> Chunk:
    from leaksieve.archives.stored import Stored

    # Whoever opens archives takes these for bytes; nobody else sees them.
    return Chunk(cast("bytes", Stored(fd)), Provenance("file", where))


def _not_opened(where: bytes, error: OSError) -> Skip:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Skip("failed", where, "vanished", "gone between listing and reading")
    if error.errno in (errno.ELOOP, getattr(errno, "EMLINK", errno.ELOOP)):
        return Skip("failed", where, "vanished", "a symbolic link took its place")
    if error.errno == errno.ENXIO:
        return Skip("failed", where, "vanished", "something that is not a regular file took its place")
    if error.errno == errno.ENAMETOOLONG:
        return Skip("failed", where, "path-too-long", "longer than the system can open")
    return Skip("failed", where, "unreadable", error.strerror or str(error))


def _read_moving(fd: int, where: bytes, data: bytes, before: os.stat_result, limit: int) -> Iterator[Chunk | Skip]:
    """Read what did not come out as its size promised: empty, without a length, or being written to."""
    data = _read_on(fd, data, before.st_size, limit)
    after = os.fstat(fd)
    if _changed(before, after):
        os.lseek(fd, 0, os.SEEK_SET)
        before, data = after, _read_on(fd, b"", after.st_size, limit)
        after = os.fstat(fd)
    provenance = Provenance("file", where)
    whole = len(data) <= limit
    yield Chunk(data if whole else data[:limit], provenance)
    if _changed(before, after):
        yield Skip("failed", where, "changed-while-read", "it was written to while it was read, twice; what was read is scanned")
    elif not whole:
        yield Skip("excluded", where, "too-large", f"it says {before.st_size} bytes and holds more; the first {limit} are scanned")


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return before.st_size != after.st_size or before.st_mtime_ns != after.st_mtime_ns


def _read_on(fd: int, data: bytes, size: int, limit: int) -> bytes:
    """Read up to the end, but at most one byte over the limit."""
    parts = [data]
    total = len(data)
    while total <= limit:
        block = os.read(fd, min(max(size - total, _BLOCK), limit - total + 1))
        if not block:
            break
        parts.append(block)
        total += len(block)
    return b"".join(parts)
