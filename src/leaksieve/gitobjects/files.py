"""Opening files of a repository that may be hostile: regular files only, bounded, never waiting on a pipe."""

from __future__ import annotations

import errno
import mmap
import os
import stat

# Without O_NONBLOCK, opening a FIFO that someone put in place of HEAD would hang the scan.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_SMALL = 128 * 1024

Buffer = bytes | mmap.mmap


def open_regular(path: bytes) -> tuple[int, int]:
    """Open a regular file for reading; return (descriptor, size in bytes).

    Raises OSError, which is IsADirectoryError for a directory and EINVAL for anything else that is not a regular file.
    """
    fd = os.open(path, _FLAGS)
    try:
        info = os.fstat(fd)
        if stat.S_ISDIR(info.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
    except OSError:
        os.close(fd)
        raise
    return fd, info.st_size


def read_regular(path: bytes, limit: int) -> bytes:
    """Read a whole regular file of at most ``limit`` bytes; raises OSError (EFBIG when it is longer)."""
    fd, size = open_regular(path)
    try:
        if size > limit:
            raise OSError(errno.EFBIG, f"longer than {limit} bytes", path)
        data = os.read(fd, size + 1) if size else b""
        if len(data) == size:
            return data
        parts = [data]
        while data and size <= limit:
            data = os.read(fd, 1 << 20)
            parts.append(data)
            size = sum(map(len, parts))
        return b"".join(parts)
    finally:
        os.close(fd)


def map_regular(path: bytes) -> Buffer:
    """Map a regular file into memory, read-only; a small one is read.  Raises OSError."""
    fd, size = open_regular(path)
    try:
        # A mapping keeps its descriptor, and a neglected repository has more packs than a process may have those.
        if size <= _SMALL and len(data := os.read(fd, size + 1)) == size:
            return data
        return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error), path) from error
    finally:
        os.close(fd)


def is_inside(path: bytes, roots: tuple[bytes, ...]) -> bool:
    """Whether a path, all links resolved, is one of ``roots`` (resolved too) or lies below one."""
    real = os.path.realpath(path)
    for root in roots:
        top = os.path.realpath(root)
        if real == top or real.startswith(top.rstrip(os.sep.encode()) + os.sep.encode()):
            return True
    return False


def shown(path: bytes) -> str:
    """Show a path as text for a message."""
    return os.fsdecode(path)
