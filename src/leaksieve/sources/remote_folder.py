"""The private folder a clone lives in: made for this run, removed after it, however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from leaksieve.errors import SourceError

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = "leaksieve-clone-"
_LOCK = "in-use"
_STALE_SECONDS = 24 * 3600


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM, or the terminal went away); treated like Ctrl-C, so that everything is cleaned up."""


@contextmanager
def private_folder() -> Iterator[str]:
    """Yield an empty folder only this user can enter, in the user's temporary directory; remove it with all it holds.

    While it exists, SIGTERM and SIGHUP raise :class:`Terminated` in the main thread (unless somebody
    handles them already), so that they clean up too.  What killed runs left behind more than a day
    ago is removed on the way in.  Raises SourceError when it cannot be made or removed.
    """
    with _signals_raise():
        remove_leftovers()
        owner = os.getpid()
        folder = ""
        lock = -1
        try:
            try:
                folder = tempfile.mkdtemp(prefix=PREFIX)
                # Held as long as this process and its workers live: tells a leftover from a long scan.
                lock = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                if fcntl is not None:
                    fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                raise SourceError(
                    f"no temporary folder can be made ({error.strerror})", where=tempfile.gettempdir(), hint="set TMPDIR to one with room"
                ) from None
            yield folder
        finally:
            # A forked worker that unwinds must not take away what its parent reads.
            if folder and os.getpid() == owner:
                with _signals_wait():
                    shutil.rmtree(folder, ignore_errors=True)
                    if lock >= 0:
                        os.close(lock)
                if os.path.lexists(folder):
                    raise SourceError("the clone could not be removed completely", where=folder, hint="remove it by hand")


def remove_leftovers(*, now: float | None = None) -> int:
    """Remove this user's folders of runs that were killed more than a day ago; return how many.

    Only real directories with our name, our owner and our mode that no living process holds; links
    are never followed.  What cannot be removed is left alone.
    """
    if fcntl is None or not shutil.rmtree.avoids_symlink_attacks:
        return 0
    now = time.time() if now is None else now
    count = 0
    try:
        entries = [entry for entry in os.scandir(tempfile.gettempdir()) if entry.name.startswith(PREFIX)]
    except OSError:
        return 0
    for entry in entries:
        try:
            info = os.lstat(entry.path)
            ours = stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and stat.S_IMODE(info.st_mode) == 0o700
            if not ours or now - info.st_mtime < _STALE_SECONDS or _in_use(entry.path):
                continue
            shutil.rmtree(entry.path)
            count += 1
        except OSError:
            continue
    return count


def _in_use(folder: str) -> bool:
    try:
        lock = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextmanager
def _signals_raise() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    owner = os.getpid()

    def end(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != owner:
            # A worker forked meanwhile has nothing to clean up.
            os._exit(128 + number)
        raise Terminated

    wanted = [each for each in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if each is not None and signal.getsignal(each) is signal.SIG_DFL]
    for each in wanted:
        signal.signal(each, end)
    try:
        yield
    finally:
        if os.getpid() == owner:
            for each in wanted:
                signal.signal(each, signal.SIG_DFL)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Impatience must not leave half a clone behind: removing takes moments."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler that is not Python's own cannot be put back; it is None and left alone.
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is not None}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
