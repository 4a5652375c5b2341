"""Moves a stream from one descriptor to another, redacted, without keeping a line longer than need be."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from collections import deque
from typing import NamedTuple

from leaksieve.redaction.blocks import Block, Cutter, Mender
from leaksieve.redaction.crew import Member, recruit
from leaksieve.redaction.spotter import Spotted, Spotter

# Seconds: how long nothing must come for the source to pause, and how long a line may wait while more keeps coming.
QUIET = 0.005
PATIENCE = 0.02
# A block of so many bytes, or a full one, is bulk, and the preparations for it are worth while.
BULKY = 256 * 1024
# Blocks under way for each process.
AHEAD = 2
_PIPE = 1024 * 1024


class ReadError(OSError):
    """The source cannot be read; what came before was written."""


class Totals(NamedTuple):
    """What a run did: ``places`` replaced, rank of the highest ``severity`` among them (-1: none), how often looking ``failed``."""

    places: int
    severity: int
    failed: int


class Pump:
    """One run.  ``jobs`` is how many processes may look at blocks once there is much to do."""

    def __init__(self, source: int, sink: int, spotter: Spotter, *, jobs: int = 1, cutter: Cutter | None = None) -> None:
        self._source, self._sink = source, sink
        self._spotter = spotter
        self._jobs = jobs if hasattr(os, "fork") else 1
        self._cutter = cutter or Cutter(2 + AHEAD * max(self._jobs, 1))
        self._mender = Mender()
        self._under_way: deque[tuple[Block, Member]] = deque()
        self._crew: list[Member] = []
        self._bulk = False
        # A file does not pause, it is only slow at times.
        self._steady = stat.S_ISREG(os.fstat(source).st_mode)
        self._turn = 0
        self._failed = 0
        self._waiting_since = 0.0
        self._poll = _poll(source)

    def run(self) -> Totals:
        """Move everything.  Raises ReadError or KeyboardInterrupt after what was read is written, OSError when the sink breaks."""
        for descriptor in (self._source, self._sink):
            _widen(descriptor)
        try:
            try:
                while self._step():
                    pass
            except (KeyboardInterrupt, ReadError):
                self._end()
                raise
            self._end()
        finally:
            for member in self._crew:
                member.close()
        return Totals(self._mender.places, self._mender.severity, self._failed)

    def _step(self) -> bool:
        """Read once, or write the oldest block, or see that the source pauses; False at the end of the stream."""
        cutter = self._cutter
        if not cutter.ready:
            self._collect()
            return True
        wait = self._wait()
        ready = self._ready(wait)
        if ready is None:
            self._pause()
            return True
        if self._source not in ready:
            self._collect()
            return True
        count = _read(self._source, cutter.room())
        if count is None:
            return True
        if not count:
            return False
        if not self._waiting_since:
            self._waiting_since = time.monotonic()
        block = cutter.filled(count)
        if block is not None:
            self._waiting_since = time.monotonic()
            self._dispatch(block, full=True)
        elif not self._steady and (self._poll is None or time.monotonic() - self._waiting_since > PATIENCE):
            self._pause()
        return True

    def _wait(self) -> float | None:
        """How long to wait for more, in seconds; None is for ever."""
        return None if self._steady or not self._cutter.pending or self._cutter.looked else QUIET

    def _ready(self, wait: float | None) -> list[int] | None:
        """Which descriptors can be read; None when none could in time."""
        if self._poll is None:
            return [self._source]
        oldest = self._under_way[0][1].results if self._under_way else -1
        if oldest >= 0:
            self._poll.register(oldest, select.POLLIN)
        found = self._poll.poll(None if wait is None else wait * 1000)
        if oldest >= 0:
            self._poll.unregister(oldest)
        return [descriptor for descriptor, _ in found] or None

    def _pause(self) -> None:
        self._waiting_since = 0.0
        block = self._cutter.pause()
        if block is not None:
            self._dispatch(block)

    def _end(self) -> None:
        while not self._cutter.ready:
            self._collect()
        block = self._cutter.finish()
        if block is not None:
            self._dispatch(block)
        while self._under_way:
            self._collect()

    def _dispatch(self, block: Block, *, full: bool = False) -> None:
        if not self._bulk and (full or block.end - block.body >= BULKY):
            self._bulk = True
            self._spotter.go_bulk()
            if self._jobs > 1:
                self._crew = recruit(self._jobs, self._spot)
        if self._crew:
            member = self._crew[self._turn % len(self._crew)]
            self._turn += 1
            member.give(block)
            self._under_way.append((block, member))
        else:
            self._write(block, self._spot(block))

    def _spot(self, block: Block) -> Spotted:
        return self._spotter.spot(self._cutter.view(block), block.since)

    def _collect(self) -> None:
        """Wait for the oldest block under way and write it."""
        block, member = self._under_way.popleft()
        spotted = member.take()
        # A process that died takes nothing with it: the block is here.
        self._write(block, spotted if spotted is not None else self._spot(block))

    def _write(self, block: Block, spotted: Spotted) -> None:
        self._failed += spotted.failed
        buffers = self._mender.mend(self._cutter, block, spotted.edits)
        if buffers:
            # What is untouched is written from where it was read; a line is written in one piece.
            _write(self._sink, buffers[0] if len(buffers) == 1 else b"".join(buffers))
        self._cutter.done(block)


def _poll(source: int) -> select.poll | None:
    """What waits for the source; None where that cannot be done, and each read is taken for the last of a burst."""
    if not hasattr(select, "poll"):
        return None
    poll = select.poll()
    poll.register(source, select.POLLIN | select.POLLHUP)
    return poll


def _read(descriptor: int, room: memoryview) -> int | None:
    """How many bytes came, 0 at the end, None if there are none just now."""
    try:
        if hasattr(os, "readv"):
            return os.readv(descriptor, [room])
        data = os.read(descriptor, len(room))
    except BlockingIOError:
        return None
    except OSError as error:
        raise ReadError(error.errno, error.strerror) from error
    room[: len(data)] = data
    return len(data)


def _write(descriptor: int, buffer: memoryview | bytes) -> None:
    """Write all of a buffer."""
    view = memoryview(buffer)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def _widen(descriptor: int) -> None:
    """Make a pipe hold more, where the system lets us: fewer changes between the processes at its ends."""
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE)
        except OSError:
            return
