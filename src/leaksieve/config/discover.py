"""Finds the configuration file of a target and decides whether it counts.

The first of ``--config``, ``leaksieve.toml``, ``.leaksieve.toml`` and ``[tool.leaksieve]`` in
``pyproject.toml`` wins.  Finding none costs three failed calls of open(2) and imports nothing.
A file that came with the scanned repository may say what is scanned and what is accepted; it can
never show secrets, load rules from elsewhere or stand outside the repository.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from leaksieve.config import DEFAULTS, Config
from leaksieve.errors import ConfigError

NAMES = ("leaksieve.toml", ".leaksieve.toml")
PYPROJECT = "pyproject.toml"
PYPROJECT_TABLE = ("tool", "leaksieve")
MAX_BYTES = 4 * 1024 * 1024


class Found(NamedTuple):
    """The configuration in force before options are laid over it.

    ``origin`` is one of defaults, option (named with ``--config``), repository.  ``notes`` are
    sentences for the receipt (a configuration that was there and did not count).
    """

    config: Config
    path: str | None = None
    origin: str = "defaults"
    notes: tuple[str, ...] = ()


def load(path: str) -> Found:
    """Read the file the user named.  Raises ConfigError."""
    from leaksieve.config import read

    try:
        data = _bytes(path)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or type(error).__name__}", where=shown(path)) from None
    table = PYPROJECT_TABLE if os.path.basename(path) == PYPROJECT else ()
    values = read.parse(data, shown(path), table=table)
    if values is None:
        raise ConfigError("holds no [tool.leaksieve] table", where=shown(path))
    return Found(read.build(values, shown(path), folder=os.path.dirname(os.path.abspath(path)), path=path), path, "option")


def discover(root: str, *, trusted: bool | None = None) -> Found:
    """Look for a configuration at the root of the target.

    ``trusted`` forces the answer to "does it count"; by default it counts when the root and the file
    belong to the user running the scan.  Raises ConfigError for a file that counts and does not hold.
    """
    for name in (*NAMES, PYPROJECT):
        path = os.path.join(root, name)
        try:
            data = _bytes(path, inside=root)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            if name == PYPROJECT:
                # It belongs to other tools; being unreadable says nothing about our table.
                continue
            raise ConfigError(f"cannot be read: {error.strerror or type(error).__name__}", where=shown(path)) from None
        if name == PYPROJECT and b"tool.leaksieve" not in data:
            continue
        if not (is_own(root, path) if trusted is None else trusted):
            return Found(DEFAULTS, notes=(f"the repository's configuration ({name}) was ignored: it belongs to another user; --trust-repo-config uses it",))
        from leaksieve.config import read

        table = PYPROJECT_TABLE if name == PYPROJECT else ()
        values = read.parse(data, shown(path), table=table)
        if values is not None:
            return Found(read.build(values, shown(path), folder=root, inside=root, trusted=False, path=path), path, "repository")
    return Found(DEFAULTS)


def is_own(*paths: str) -> bool:
    """Whether the user running the scan owns all of the paths (always, where files have no owner)."""
    if not hasattr(os, "geteuid"):
        return True
    own = os.geteuid()
    return all(os.stat(path).st_uid == own for path in paths)


def shown(path: str) -> str:
    """Render a path for a message: relative where that is shorter, control characters escaped."""
    if any(not char.isprintable() for char in path):
        path = ascii(path)[1:-1]
    return path


def _bytes(path: str, *, inside: str | None = None) -> bytes:
    """Read a regular file of bounded size; with ``inside``, one that does not lead out of that folder."""
    if inside is not None:
        _refuse_way_out(path, inside)
    # O_NONBLOCK: a FIFO of that name must not hang the scan.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise OSError(errno.EFBIG, "larger than 4 MiB")
    return data


def _refuse_way_out(path: str, inside: str) -> None:
    if not os.path.islink(path):
        return
    from leaksieve.config.read import is_inside

    if not is_inside(os.path.realpath(path), os.path.realpath(inside)):
        raise ConfigError("is a link that leads outside the repository", where=shown(path), hint="name the file with --config to use it")
