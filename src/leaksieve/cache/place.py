"""The private directory the cache lives in: where it is, and whether it may be trusted."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from leaksieve.userdirs import user_cache

# Raised when what the files hold changes; other versions of the program then leave each other alone.
_NAME = b"history-1"
_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# Everything goes through the directory's descriptor, so that a directory swapped for another one later changes nothing.
_SUPPORTED = os.name == "posix" and os.open in os.supports_dir_fd


class UnusableError(Exception):
    """The cache cannot be used here; the text says why, in the form "the cache ... "."""


def open_place(directory: bytes | None) -> int:
    """Make the directory if need be, and return an open descriptor of it, which the caller closes.

    The cache has a folder of its own below ``directory`` (None: the user's cache folder), readable by nobody else.
    Raises UnusableError when it cannot be made, is a link, or others own it or may write to it.
    """
    if not _SUPPORTED:
        raise UnusableError("the cache is not kept on this platform")
    try:
        if directory is None:
            directory = user_cache()
        path = os.path.join(directory, _NAME)
        _make(directory, path)
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise UnusableError(f"the cache directory cannot be used: {getattr(error, 'strerror', None) or error}") from error
    try:
        _check(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise UnusableError(f"the cache directory cannot be used: {error.strerror}") from error
    except UnusableError:
        os.close(descriptor)
        raise
    return descriptor


def _make(directory: bytes, path: bytes) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        with suppress(FileExistsError):  # another run was quicker
            os.mkdir(path, 0o700)
    except OSError as error:
        # A read-only file system says so even where the directory is there.
        if not os.path.isdir(path):
            raise error from None


def _check(descriptor: int) -> None:
    info = os.fstat(descriptor)
    if info.st_uid != os.geteuid():
        raise UnusableError("the cache directory belongs to another user")
    mode = stat.S_IMODE(info.st_mode)
    if mode & 0o022:
        # Tightening it now would not undo what others may have put there.
        raise UnusableError("the cache directory can be written by other users")
    if mode & 0o777 != 0o700:
        os.fchmod(descriptor, 0o700)
