"""Not hammering: how often, how many at a time and how many in all a provider is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from leaksieve.verifiers.base import Failed

# So many failures in a row, and a host is left alone for the rest of the run.
PATIENCE = 5
# What is said of those who are left then.
LEFT_ALONE = "it failed before, so it was not asked again"
_SILENT = {"timeout", "connection", "rate-limited", "server-error", "unresolved", "tls", "proxy", "malformed", "private-address"}


class Pace:
    """The pace of one host: ``rate`` requests a second, evenly spaced, ``concurrency`` at a time."""

    def __init__(self, rate: float, concurrency: int) -> None:
        self._gap = 1 / rate
        self._next = 0.0
        self._slots = asyncio.Semaphore(concurrency)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slot and for its time."""
        async with self._slots:
            now = asyncio.get_running_loop().time()
            start = max(now, self._next)
            self._next = start + self._gap
            if start > now:
                await asyncio.sleep(start - now)
            yield

    def hold(self, seconds: float) -> None:
        """Let nobody start before so many seconds are over: the host asked for it."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)


class Budget:
    """What one provider still gets in this run, and which of its hosts do not answer."""

    def __init__(self, requests: int) -> None:
        self._left = requests
        self._failures: dict[str, tuple[int, Failed]] = {}

    def check(self, host: str) -> None:
        """Raises Failed where no request is left, or where the host has failed so often that it is left alone."""
        failures, last = self._failures.get(host, (0, Failed("limit")))
        if failures >= PATIENCE:
            raise Failed(last.reason, LEFT_ALONE)
        if self._left <= 0:
            raise Failed("limit", "so many requests to one provider are enough for a run")

    def spend(self, host: str) -> None:
        """Count a request.  Raises Failed as :meth:`check` does."""
        self.check(host)
        self._left -= 1

    def tell(self, host: str, failure: Failed | None) -> None:
        """Learn how a request ended: with an answer, or without."""
        if failure is None:
            self._failures.pop(host, None)
        elif failure.reason in _SILENT:
            self._failures[host] = (self._failures.get(host, (0, failure))[0] + 1, failure)
