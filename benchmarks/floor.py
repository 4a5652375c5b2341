"""What reading a repository's objects costs by itself: headers, inflating and applying deltas, no scanning.

    python benchmarks/floor.py REPOSITORY [-j N]

The same stock taking, the same shares and the same workers as a scan; each object is built, counted and let go.
Prints what it did as JSON: workers, objects, bytes, and the seconds of its two phases.
"""

from __future__ import annotations

import argparse
import gc
import json
import marshal
import os
import time
from collections.abc import Iterator
from typing import Any

from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.packwalk import walk
from leaksieve.gitobjects.repository import discover
from leaksieve.parallel import forked
from leaksieve.sources.history import HistorySource

# What a scan allows by default, so that nothing is built that a scan would leave out.
LIMIT = 100 * 1024 * 1024
CHAIN_LIMIT = 512 * 1024 * 1024


class Reader:
    """Builds the objects of a share; callable with a unit, returns (objects, bytes, lost) marshalled."""

    def __init__(self, source: HistorySource) -> None:
        self._source = source
        self._store: ObjectStore | None = None

    def __call__(self, unit: Any) -> bytes:
        """Build one share."""
        # As a scan does.
        gc.disable()
        return marshal.dumps(self._loose(unit[1]) if unit[0] == "loose" else self._packed(unit))

    def _store_of_this_process(self) -> ObjectStore:
        if self._store is None:
            self._store = ObjectStore(self._source.repository)
        return self._store

    def _packed(self, unit: Any) -> tuple[int, int, int]:
        inventory = self._source.inventory
        table, unwanted = inventory.tables[unit[1]], inventory.unwanted[unit[1]]
        shares, _, _ = self._source.share(unit)
        objects = size = lost = 0

        def visit(position: int, data: bytes, *_how: Any) -> None:
            nonlocal objects, size
            if unwanted is None or not unwanted[position]:
                objects += 1
                size += len(data)

        def on_lost(_position: int, _reason: str, _detail: str, further: int) -> None:
            nonlocal lost
            lost += 1 + further

        def outside(position: int) -> bytes | None:
            oid = table.outside.get(position)
            return self._store_of_this_process().read(oid, CHAIN_LIMIT)[1] if oid is not None else None

        walk(table.pack.data, shares, visit, on_lost, limit=LIMIT, chain_limit=CHAIN_LIMIT, outside=outside, broken=table.broken)
        return objects, size, lost

    def _loose(self, oids: tuple[bytes, ...]) -> tuple[int, int, int]:
        contents = [self._store_of_this_process().read(oid, LIMIT)[1] for oid in oids]
        return len(contents), sum(map(len, contents)), 0


def read(repository: str, jobs: int) -> dict[str, float]:
    """Build every object of a repository once; counts and seconds."""
    began = time.perf_counter()
    source = HistorySource(discover(os.fsencode(repository)), requested=repository, max_file_size=LIMIT, chain_limit=CHAIN_LIMIT)
    source.take_stock()
    stocked = time.perf_counter()
    reader = Reader(source)
    units = source.units(jobs)
    answers: Iterator[bytes | None] = map(reader, units) if jobs == 1 else (result for _, result in forked(units, reader, jobs))
    totals = [0, 0, 0]
    for packed in answers:
        if packed is None:
            raise SystemExit("a worker died")
        for place, value in enumerate(marshal.loads(packed)):
            totals[place] += value
    objects, size, lost = totals
    return {"jobs": jobs, "objects": objects, "bytes": size, "lost": lost, "stock": stocked - began, "walk": time.perf_counter() - stocked}


def main() -> None:
    """The command line."""
    out = argparse.ArgumentParser(prog="floor.py")
    out.add_argument("repository")
    out.add_argument("-j", "--jobs", type=int, default=0, metavar="N", help="workers (default: as many as a scan would start)")
    options = out.parse_args()
    jobs = options.jobs
    if not jobs:
        from leaksieve.cli.jobs import available

        jobs = available()
    print(json.dumps(read(options.repository, jobs)))


if __name__ == "__main__":
    main()
