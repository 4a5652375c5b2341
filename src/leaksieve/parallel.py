"""Workers for one target: units go out, small results come back, and a worker that dies loses one unit.

On platforms that fork, workers inherit the compiled engine and start in milliseconds; elsewhere
(or when asked for by name) joblib's process pool does the same work, each process building its own
engine once.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import selectors
import signal
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

Unit = tuple[Any, ...]
Work = Callable[[Any], bytes]
# Units a worker holds: one in hand and some to go on with while the parent is busy planning.
AHEAD = 4
# New objects (that hold others) between two looks for unreachable circles in a worker.
COLLECT = 100_000
_HEAD = struct.Struct("<I")


class Done(NamedTuple):
    """A unit's result, or None when the worker that held it died."""

    unit: Unit
    result: bytes | None


class _Worker:
    """The parent's side of one forked worker."""

    def __init__(self, pid: int, tasks: int, results: int) -> None:
        self.pid = pid
        self.tasks = tasks
        self.results = results
        self.held: deque[Unit] = deque()
        self.outgoing = bytearray()
        self.incoming = bytearray()

    def give(self, unit: Unit) -> None:
        payload = marshal.dumps(unit)
        self.outgoing += _HEAD.pack(len(payload)) + payload
        self.held.append(unit)
        self.push()

    def push(self) -> None:
        """Write what fits; the pipe does not block, so a worker that is busy answering cannot lock the parent up."""
        try:
            while self.outgoing:
                del self.outgoing[: os.write(self.tasks, self.outgoing[: 1 << 16])]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.outgoing.clear()  # it died; reading its results will tell

    def pull(self) -> tuple[list[bytes], bool]:
        """Read what is there: whole results, and whether the worker is gone."""
        data = os.read(self.results, 1 << 16)  # what a pipe holds; asking for more costs a buffer of that size each time
        self.incoming += data
        found = []
        while len(self.incoming) >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self.incoming)
            if len(self.incoming) < _HEAD.size + size:
                break
            found.append(bytes(self.incoming[_HEAD.size : _HEAD.size + size]))
            del self.incoming[: _HEAD.size + size]
        return found, not data

    def close(self) -> None:
        for descriptor in (self.tasks, self.results):
            os.close(descriptor)


def _read_exactly(descriptor: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def _serve(tasks: int, results: int, work: Work) -> NoReturn:
    """A worker's life: until its tasks end or its parent is gone.  Never returns into the parent's code."""
    code = 1
    # What was inherited stays for good, and next to nothing of what scanning makes hangs in circles: looking for those took a twentieth of the time.
    gc.freeze()
    gc.set_threshold(COLLECT)
    try:
        while head := _read_exactly(tasks, _HEAD.size):
            unit = marshal.loads(_read_exactly(tasks, *_HEAD.unpack(head)))  # noqa: S302  written by the parent of this very process
            answer = work(unit)
            view = memoryview(_HEAD.pack(len(answer)) + answer)
            while view:
                view = view[os.write(results, view) :]
        code = 0
    except BrokenPipeError:
        code = 0
    finally:
        # No exit handlers, no flush of streams inherited from the parent, and no traceback that could show scanned bytes.
        os._exit(code)


def _fork(work: Work, others: Iterable[_Worker]) -> _Worker:
    task_out, task_in = os.pipe()
    result_out, result_in = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            # Ctrl-C reaches the whole group: the parent decides what happens then.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(task_in)
            os.close(result_out)
            for other in others:
                other.close()
        except BaseException:
            os._exit(1)
        _serve(task_out, result_in, work)
    os.close(task_out)
    os.close(result_in)
    os.set_blocking(task_in, False)
    return _Worker(pid, task_in, result_out)


def forked(units: Iterator[Unit], work: Work, jobs: int, ahead: int = AHEAD) -> Iterator[Done]:
    """Run ``work`` over ``units`` in ``jobs`` forked workers; results come in any order.

    ``ahead`` units are handed to each: 1 where units are few and large, so that none waits behind another.
    A unit whose worker died is handed back with no result, and a new worker takes the dead one's place.
    """
    workers: list[_Worker] = []
    selector = selectors.DefaultSelector()
    more = True

    def hire() -> _Worker:
        worker = _fork(work, workers)
        workers.append(worker)
        selector.register(worker.results, selectors.EVENT_READ, worker)
        return worker

    try:
        for _ in range(jobs):
            hire()
        while True:
            if more:
                hungry = min(workers, key=lambda worker: len(worker.held))
                if len(hungry.held) < ahead:
                    unit = next(units, None)
                    if unit is None:
                        more = False
                    else:
                        hungry.give(unit)
                        # Planning goes on while nobody has answered; otherwise results are taken first.
                        if not selector.select(0):
                            continue
            if not more and not any(worker.held for worker in workers):
                return
            for worker in workers:
                if worker.outgoing:
                    worker.push()
            # A pipe holds little and a block of a stream is large: go on as soon as there is room, or there is an answer.
            stuck = [worker for worker in workers if worker.outgoing]
            for worker in stuck:
                selector.register(worker.tasks, selectors.EVENT_WRITE)
            ready = selector.select()
            for worker in stuck:
                selector.unregister(worker.tasks)
            for key, _ in ready:
                worker = key.data
                if worker is None:
                    continue
                answers, gone = worker.pull()
                for answer in answers:
                    yield Done(worker.held.popleft(), answer)
                if gone:
                    selector.unregister(worker.results)
                    workers.remove(worker)
                    worker.close()
                    os.waitpid(worker.pid, 0)
                    replacement = hire()
                    if worker.held:
                        yield Done(worker.held.popleft(), None)
                    while worker.held:
                        replacement.give(worker.held.popleft())
    finally:
        selector.close()
        for worker in workers:
            worker.close()
            if worker.held:
                os.kill(worker.pid, signal.SIGKILL)
        for worker in workers:
            os.waitpid(worker.pid, 0)


def pooled(units: Iterator[Unit], recipe: Callable[[], Work], jobs: int) -> Iterator[Done]:
    """The same without forking, through joblib; ``recipe`` builds the work in each process and must pickle."""
    from joblib import Parallel, delayed

    def tagged(unit: Unit) -> Any:
        return delayed(_pooled_unit)(recipe, unit)

    for unit, answer in Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch=2 * jobs, batch_size=1)(tagged(unit) for unit in units):
        yield Done(unit, answer)


_built: dict[bytes, Work] = {}


def _pooled_unit(recipe: Callable[[], Work], unit: Unit) -> tuple[Unit, bytes | None]:
    import pickle

    key = pickle.dumps(recipe)
    work = _built.get(key)
    if work is None:
        work = _built[key] = recipe()
    return unit, work(unit)


class Computation:
    """``compute(one)`` in a forked process that sends its result back packed.

    A process that fails or dies costs nothing but its time: the result is then computed here.
    """

    def __init__(self, one: Any, compute: Callable[[Any], Any], pack: Callable[[Any], bytes], unpack: Callable[[bytes], Any]) -> None:
        self._one = one
        self._compute = compute
        self._unpack = unpack
        self._pipe, writable = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                os.close(self._pipe)
                view = memoryview(pack(compute(one)))
                while view:
                    view = view[os.write(writable, view) :]
            finally:
                os._exit(0)
        os.close(writable)

    def ready(self) -> bool:
        """Whether the result begins to arrive (or the process is gone)."""
        return bool(select.select([self._pipe], [], [], 0)[0])

    def result(self) -> Any:
        """The result, waited for."""
        pieces = []
        while piece := os.read(self._pipe, 1 << 20):
            pieces.append(piece)
        os.close(self._pipe)
        os.waitpid(self._pid, 0)
        packed = b"".join(pieces)
        try:
            return self._unpack(packed) if packed else self._compute(self._one)
        except Exception:
            return self._compute(self._one)
