"""Memory of a process and all its descendants, sampled while it runs."""

from __future__ import annotations

import os
import threading
from typing import NamedTuple

INTERVAL = 0.01


class Memory(NamedTuple):
    """Greatest sums over the process tree, in bytes; each field peaks on its own.

    ``anonymous`` is the proportional set size of anonymous pages (a page that N processes share
    counts 1/N in each), ``file_backed`` that of mapped files, ``resident`` the plain resident set size.
    """

    anonymous: int
    file_backed: int
    resident: int


def tree_of(pid: int) -> list[int]:
    """A process and its descendants, as far as they still run."""
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{task}/children", encoding="ascii") as file:
                    todo += map(int, file.read().split())
        except OSError:
            continue
    return found


def parse_rollup(text: str) -> Memory:
    """The sums of one process from the text of its ``smaps_rollup``."""
    fields: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        name, _, value = line.partition(":")
        fields[name] = int(value.split()[0]) * 1024
    # Kernels before 5.9 do not tell anonymous pages apart proportionally.
    anonymous = fields.get("Pss_Anon", fields.get("Anonymous", 0))
    return Memory(anonymous, fields.get("Pss_File", 0) + fields.get("Pss_Shmem", 0), fields.get("Rss", 0))


def memory_of(pid: int) -> Memory:
    """The sums over the tree of a process at this moment."""
    total = [0, 0, 0]
    for member in tree_of(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
                one = parse_rollup(file.read())
        except (OSError, ValueError, IndexError):
            continue  # it ended meanwhile
        for place, value in enumerate(one):
            total[place] += value
    return Memory(*total)


def can_sample() -> bool:
    """Whether this system offers what the sampler reads (Linux does)."""
    return os.path.exists("/proc/self/smaps_rollup")


class Sampler(threading.Thread):
    """Watches a process tree until :meth:`stop`."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._end = threading.Event()
        self.peak = Memory(0, 0, 0)

    def run(self) -> None:
        while True:
            self.peak = Memory(*map(max, self.peak, memory_of(self._pid)))
            if self._end.wait(INTERVAL):
                return

    def stop(self) -> Memory:
        """Stop watching; return the peak."""
        self._end.set()
        self.join()
        return self.peak
