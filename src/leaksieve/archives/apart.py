"""Reading an archive by a library in a process of its own, which may take so much memory and time, and may write no file.

What others' code does with hostile bytes is not in our hands: it is stopped from outside.  Entries come back through a
pipe, one at a time.  Where processes cannot be forked they are read in this one, within the bounds of the budget alone.
"""

from __future__ import annotations

import io
import marshal
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any, Final, NoReturn

from leaksieve.archives.entries import Entry
from leaksieve.archives.limits import MEBIBYTE, Budget, DamagedError, LimitError, SpentError

# Beyond what the process has when it starts.
_MEMORY: Final = 384 * MEBIBYTE
# Of processor time, and what large archives may have besides: nothing decompresses slower than this (bytes a second).
_SECONDS: Final = 7
_PACE: Final = 2 * MEBIBYTE
# Time on the clock is no measure on a busy machine; it only ends what waits for ever.
_PATIENCE: Final = 10
_HEAD: Final = Struct("<IQ")
_MOST_OPEN: Final = 1 << 20
_ENDS: Final[dict[str, type[Exception]]] = {"damaged": DamagedError, "limit": LimitError, "spent": SpentError}


def entries(make: Callable[[], Iterator[Entry]], size: int, budget: Budget) -> Iterator[Entry]:
    """Yield what ``make()`` yields of an archive of ``size`` bytes.

    Raises DamagedError and LimitError as it does, DamagedError for whatever else it raises, LimitError when it takes too much.
    """
    if not hasattr(os, "fork"):
        yield from _here(make)
        return
    seconds = _SECONDS + size // _PACE
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(make, into, seconds)
    os.close(into)
    pipe = _Pipe(out, time.monotonic() + _PATIENCE * seconds)
    try:
        while True:
            head = pipe.read(_HEAD.size)
            if len(head) < _HEAD.size:
                slow = pipe.late
                if not slow:
                    # Its end was closed, so it is gone, or about to be.
                    _, status = os.waitpid(child, 0)
                    child = 0
                    slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
                raise LimitError(f"takes more than {seconds} seconds" if slow else "breaks its reader")
            told_size, data_size = _HEAD.unpack(head)
            told: Any = marshal.loads(pipe.read(told_size))  # noqa: S302  written by a process of our own
            if isinstance(told, str):
                kind, _, text = told.partition(" ")
                if kind == "end":
                    return
                raise _ENDS[kind](text)
            name, has_data, texts, skip, rows = told
            data = pipe.content(data_size) if has_data else None
            if data is not None and len(data) < data_size:
                continue
            budget.inflated(data_size)
            yield Entry(name, data, texts, skip, rows)
    finally:
        os.close(out)
        if child:
            _reap(child)


class _Pipe:
    """The end that is read; ``late`` is true once nothing came in time."""

    def __init__(self, descriptor: int, deadline: float) -> None:
        self._descriptor = descriptor
        self._deadline = deadline
        self.late = False

    def content(self, size: int) -> bytes:
        """Return so many bytes, read straight into what is returned; they come without waiting."""
        # A buffer of one byte holds nothing back.
        with open(self._descriptor, "rb", buffering=0, closefd=False) as raw:
            return io.BufferedReader(raw, 1).read(size)

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer where it ends."""
        parts = []
        while size > 0:
            ready, _, _ = select.select([self._descriptor], [], [], max(self._deadline - time.monotonic(), 0))
            self.late = not ready
            piece = os.read(self._descriptor, min(size, MEBIBYTE)) if ready else b""
            if not piece:
                break
            parts.append(piece)
            size -= len(piece)
        return b"".join(parts)


def _here(make: Callable[[], Iterator[Entry]]) -> Iterator[Entry]:
    try:
        yield from make()
    except (DamagedError, LimitError, GeneratorExit):
        raise
    except MemoryError:
        raise LimitError("takes more memory than there is") from None
    except Exception:
        raise DamagedError("cannot be read") from None


def _serve(make: Callable[[], Iterator[Entry]], into: int, seconds: int) -> NoReturn:
    """The other process's life.  Never returns into the caller's code, and never shows a traceback: it could show what was scanned."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Pipes of the process it came from must end with that one; what libraries print goes nowhere.
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.closerange(3, into)
        last = os.sysconf("SC_OPEN_MAX")
        os.closerange(into + 1, last if 0 < last <= _MOST_OPEN else _MOST_OPEN)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  ends with the process
        _bound(seconds)
        end = "end "
        try:
            for name, data, texts, skip, rows in _here(make):
                _send(into, (name, data is not None, texts, skip, rows), data or b"")
        except DamagedError as error:
            end = f"damaged {error}"
        except LimitError as error:
            end = f"{'spent' if error.final else 'limit'} {error}"
        _send(into, end, b"")
    finally:
        os._exit(0)


def _bound(seconds: int) -> None:
    import resource

    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", "rb") as file:
            now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + _MEMORY, now + _MEMORY))
    except (OSError, ValueError):
        # Elsewhere than on Linux nobody keeps to this bound.
        pass


def _send(into: int, told: Any, data: bytes) -> None:
    head = marshal.dumps(told)
    for part in (_HEAD.pack(len(head), len(data)) + head, data):
        view = memoryview(part)
        while view:
            view = view[os.write(into, view) :]


def _reap(child: int) -> None:
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
