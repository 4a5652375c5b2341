"""Where a report is written: a file that appears whole or not at all, standard output, or a special file."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from leaksieve.errors import UsageError
from leaksieve.reports.render import visible


class _ReportFile(io.FileIO):
    """A raw file whose write errors name the report, apart from errors of whatever else runs meanwhile."""

    label = ""

    def write(self, data: object, /) -> int:
        try:
            return super().write(data) or 0  # type: ignore[arg-type]  # typeshed's Buffer is not importable before 3.12
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _failure(self.label, error) from error


def _failure(label: str, error: OSError) -> UsageError:
    return UsageError(f"cannot write the report: {error.strerror or error}", where=visible(label), hint="choose another --output")


def _is_special(path: str) -> bool:
    # /dev/stdout may lead to a regular file, but renaming something over it would miss the open descriptor.
    if os.path.abspath(path).startswith(("/dev/", "/proc/")):
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _text(raw: _ReportFile) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", newline="\n")


@contextmanager
def open_output(path: str | None, *, private: bool = False) -> Iterator[TextIO]:
    """Yield a UTF-8 text stream for a report; ``None`` and ``-`` mean standard output.

    A regular file is written beside its place under a temporary name and renamed when the block
    ends well; after any exception nothing is left and an older report stays as it was.  A
    symbolic link in its place is replaced, not followed, since a scanned repository may have put
    it there.  ``private`` (secrets are revealed) makes it readable by the owner alone.  Pipes
    and devices are written directly.  Raises UsageError when it cannot be written.
    """
    if path is None or path in ("-", "/dev/stdout"):
        yield from _stdout()
    elif _is_special(path):
        yield from _special(path)
    else:
        yield from _atomic(path, private=private)


def _stdout() -> Iterator[TextIO]:
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        # Whatever the locale: a path outside Latin-1 must not end the scan.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        yield stream
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # A long report fails while it is being written, a short one when it is flushed.
        silence_stdout()
        raise _failure("standard output", error) from error


def _special(path: str) -> Iterator[TextIO]:
    try:
        raw = _ReportFile(path, "wb")
    except OSError as error:
        raise _failure(path, error) from error
    raw.label = path
    stream = _text(raw)
    try:
        yield stream
        stream.flush()
    finally:
        with suppress(OSError, UsageError):
            stream.close()


def _atomic(path: str, *, private: bool) -> Iterator[TextIO]:
    temporary = os.path.join(os.path.dirname(path), f".leaksieve-{os.urandom(8).hex()}.tmp")
    try:
        if os.path.isdir(path):
            raise IsADirectoryError(21, "Is a directory")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600 if private else 0o666)
    except OSError as error:
        raise _failure(path, error) from error
    raw = _ReportFile(descriptor, "wb")
    raw.label = path
    stream = _text(raw)
    try:
        yield stream
        stream.flush()
        if not private:
            _keep_mode(path, descriptor)
        try:
            stream.close()
            os.replace(temporary, path)
        except OSError as error:
            raise _failure(path, error) from error
    except BaseException:
        with suppress(OSError, UsageError):
            stream.close()
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _keep_mode(path: str, descriptor: int) -> None:
    """Give the new file the permissions of the report it replaces, so that replacing does not widen or narrow them."""
    if not hasattr(os, "fchmod"):
        return
    with suppress(OSError):
        old = os.lstat(path)
        if stat.S_ISREG(old.st_mode):
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)


def silence_stdout() -> None:
    """After a broken pipe: point standard output at nothing, so that the interpreter's last flush stays quiet.

    For the CLI's handler of BrokenPipeError; the reader closing its end is a graceful end.
    """
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


__all__ = ["open_output", "silence_stdout"]
