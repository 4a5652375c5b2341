"""Processes that look at blocks side by side: they share the memory the blocks are read into, and send back what is to be replaced."""

from __future__ import annotations

import gc
import marshal
import os
import signal
import struct
from collections.abc import Callable
from typing import NoReturn

from leaksieve.redaction.blocks import Block
from leaksieve.redaction.marks import Edit
from leaksieve.redaction.spotter import Spotted

_TASK = struct.Struct("<5I?")
_HEAD = struct.Struct("<I")

Spot = Callable[[Block], Spotted]


class Member:
    """The parent's side of one process."""

    def __init__(self, pid: int, tasks: int, results: int) -> None:
        self.pid = pid
        self.tasks = tasks
        self.results = results

    def give(self, block: Block) -> None:
        """Hand over a block.  A process that died is noticed when its answer is taken."""
        try:
            os.write(self.tasks, _TASK.pack(*block))
        except BrokenPipeError:
            return

    def take(self) -> Spotted | None:
        """Wait for the answer to the oldest block; None if the process is gone."""
        head = _exactly(self.results, _HEAD.size)
        data = _exactly(self.results, _HEAD.unpack(head)[0]) if head is not None else None
        if data is None:
            return None
        edits, failed = marshal.loads(data)  # noqa: S302  written by a process of this run
        return Spotted([Edit(*edit) for edit in edits], failed)

    def close(self) -> None:
        """Let it end, and wait for that."""
        os.close(self.tasks)
        os.close(self.results)
        os.waitpid(self.pid, 0)


def recruit(count: int, spot: Spot) -> list[Member]:
    """Fork so many processes that answer with ``spot``."""
    members: list[Member] = []
    # Ctrl-C between the fork and the child's first line would run the parent's course in the child.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for _ in range(count):
            members.append(_recruited(members, spot))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    return members


def _recruited(members: list[Member], spot: Spot) -> Member:
    tasks_in, tasks_out = os.pipe()
    results_in, results_out = os.pipe()
    gc.freeze()  # what is shared stays shared
    pid = os.fork()
    if not pid:
        for member in members:
            os.close(member.tasks)
            os.close(member.results)
        os.close(tasks_out)
        os.close(results_in)
        _work(tasks_in, results_out, spot)
    os.close(tasks_in)
    os.close(results_out)
    return Member(pid, tasks_out, results_in)


def _work(tasks: int, results: int, spot: Spot) -> NoReturn:
    # Ctrl-C is for the parent, which finishes what it has read.
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        while (task := _exactly(tasks, _TASK.size)) is not None:
            spotted = spot(Block(*_TASK.unpack(task)))
            data = marshal.dumps(([tuple(edit) for edit in spotted.edits], spotted.failed))
            answer = memoryview(_HEAD.pack(len(data)) + data)
            while answer:
                answer = answer[os.write(results, answer) :]
        code = 0
    finally:
        os._exit(code)


def _exactly(descriptor: int, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            return None
        data += piece
    return data
