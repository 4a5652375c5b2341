"""The process that clones: it talks to the server, and its parent can end it at any moment.

It is started with a clean environment, reads its orders (credentials among them) from standard input
and answers on standard output, a JSON object a line: ``{"progress": [received, total, bytes, indexed]}``, then
``{"done": {...}}`` or ``{"error": what, "hint": ...}``.  When its standard input ends, its parent is
gone: it removes the folder and ends as well.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

_MEMORY = 4 << 30
_REDRAW_SECONDS = 0.1


class Failed(Exception):  # noqa: N818  the end of a clone, for whatever reason
    """The clone failed: why, and what to do about it.  Neither holds a credential."""

    def __init__(self, what: str, hint: str = "") -> None:
        self.what = what
        self.hint = hint
        super().__init__(what)


class Order(NamedTuple):
    """What to clone.  ``folder`` exists and goes when the parent dies; the clone is made at ``target`` in it."""

    url: str
    scheme: str
    host: str
    port: int | None
    path: str
    authorities: list[str | None]
    folder: str
    target: str
    pull_refs: bool
    max_bytes: int
    max_objects: int
    idle_seconds: float
    user: str
    password: str | None
    origin: str
    agent: bool
    keys: list[str]
    passphrase: str | None


def main(order: dict[str, Any]) -> NoReturn:
    """Carry out one order and exit."""
    job = Order(**order)
    channel = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    threading.Thread(target=_watch_parent, args=(job.folder,), daemon=True).start()
    _limit_resources(job.max_bytes)

    def say(message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(channel, data) :]
        except OSError:
            os._exit(1)

    try:
        say({"done": _carry_out(job, _Meter(say))})
    except Failed as failure:
        say({"error": failure.what, "hint": failure.hint})
    except MemoryError:
        say({"error": f"the clone needs more than {_MEMORY >> 30} GiB of memory", "hint": "clone it yourself and scan the folder"})
    except OSError as error:
        say({"error": f"the clone cannot be written ({error.strerror})", "hint": "set TMPDIR to a place with room"})
    except Exception as error:
        # Its text may hold anything, the credential included.
        say({"error": f"the clone failed ({type(error).__name__})", "hint": ""})
    # The watching thread cannot be joined; nothing is buffered.
    os._exit(0)


def _carry_out(job: Order, meter: _Meter) -> dict[str, Any]:
    if job.scheme == "file":
        from leaksieve.sources.remote_copy import copy_repository

        return copy_repository(job, meter)
    from leaksieve.sources.remote_fetch import fetch

    return fetch(job, meter)


class _Meter:
    """Passes progress on, not too often."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        from time import monotonic

        self._say = say
        self._clock = monotonic
        self._next = 0.0

    def __call__(self, received: int, total: int, size: int, indexed: int) -> None:
        now = self._clock()
        if now >= self._next or indexed == total:
            self._next = now + _REDRAW_SECONDS
            self._say({"progress": [received, total, size, indexed]})


def _watch_parent(folder: str) -> None:
    while True:
        try:
            if os.read(0, 4096):
                continue
        except OSError:
            pass
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def _limit_resources(max_bytes: int) -> None:
    """The last line of defence, should a limit be passed where nothing of ours looks."""
    try:
        import resource
    except ImportError:  # pragma: no cover  Windows
        return
    for what, limit in ((resource.RLIMIT_DATA, _MEMORY), (resource.RLIMIT_FSIZE, max_bytes + (64 << 20)), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or hard > limit:
            try:
                resource.setrlimit(what, (limit, limit))
            except (ValueError, OSError):
                continue


def start() -> NoReturn:
    """Read the orders and follow them (what the new interpreter calls)."""
    data = bytearray()
    # Byte by byte: what follows the line belongs to the thread that watches.
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        data += byte
    if not data:
        sys.exit(1)
    main(json.loads(data))
