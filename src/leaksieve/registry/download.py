"""A blob's bytes out of a registry, from front to end: where the connection is cut it goes on behind the last byte that came."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from leaksieve.oci.model import BlobError
from leaksieve.registry.failure import WebError
from leaksieve.registry.settings import Reach
from leaksieve.registry.web import Answer

_PIECE: Final = 128 * 1024
# Cut so often in all, it is given up, however far each stretch led.
_CUTS: Final = 200
_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-")

Ask = Callable[[Mapping[str, str]], Answer]


class Download:
    """A :class:`leaksieve.oci.provider.Stream`.  ``ask`` sends the request with these headers; ``size`` is what the manifest says, -1 for nothing.

    What comes behind that size is not read on: one byte of it is passed on, so that whoever verifies sees it.
    """

    def __init__(self, ask: Ask, reach: Reach, size: int) -> None:
        self._ask = ask
        self._reach = reach
        self._size = size
        self._at = 0
        self._failures = self._cuts = 0
        self._answer: Answer | None = None
        self._expected = size
        self._mark = (time.monotonic(), 0)
        self._slow = False
        self._begin()

    @property
    def expected(self) -> int:
        """How many bytes it has, as its manifest or the registry says, -1 where neither does."""
        return self._expected

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes.  Raises BlobError where it breaks off for good."""
        while True:
            if self._answer is None:
                return b""
            wanted = min(size, _PIECE)
            if self._size >= 0:
                wanted = min(wanted, self._size + 1 - self._at)
                if wanted <= 0:
                    self.close()
                    return b""
            try:
                piece = self._answer.read(wanted)
            except WebError as error:
                if 0 <= self._expected <= self._at:
                    # All of it is here; how the connection ended is nobody's concern.
                    self.close()
                    return b""
                self._again(error)
                continue
            if piece:
                self._at += len(piece)
                self._failures = 0
                self._check_pace()
                return piece
            if self._expected >= 0 and self._at < self._expected and self._answer.length < 0:
                self._again(WebError("connection", "the download broke off", passing=True))
                continue
            self.close()

    def close(self) -> None:
        """Let go of it."""
        if self._answer is not None:
            complete = self._expected >= 0 and self._at == self._expected
            self._answer.discard() if complete else self._answer.close()
            self._answer = None

    def _begin(self) -> None:
        headers = {"Range": f"bytes={self._at}-"} if self._at else {}
        try:
            answer = self._ask(headers)
        except WebError as error:
            raise _told(error) from None
        if self._at and answer.status == 206:
            begin = _RANGE.match(answer.headers.get("Content-Range", ""))
            if begin is None or int(begin[1]) != self._at:
                answer.close()
                raise BlobError("download-failed", "the registry goes on at another place than it was asked to")
        elif not self._at and answer.length >= 0:
            self._expected = answer.length
        self._answer = answer
        if self._at and answer.status == 200:
            self._pass_over(answer, self._at)

    def _pass_over(self, answer: Answer, count: int) -> None:
        """A registry that knows no ranges begins anew: what came before is read once more, and not looked at."""
        while count:
            try:
                piece = answer.read(min(count, _PIECE))
            except WebError as error:
                self._again(error)
                return
            if not piece:
                self.close()
                raise BlobError("download-failed", "the registry gives less of it than before")
            count -= len(piece)

    def _again(self, error: WebError) -> None:
        """Go on after a cut.  Raises BlobError when it was cut too often."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None
        self._failures += 1
        self._cuts += 1
        if not error.passing or self._failures >= self._reach.tries or self._cuts >= _CUTS:
            raise BlobError("download-failed", f"broke off after {self._at} bytes: {error.line}")
        time.sleep(self._reach.backoff * self._failures)
        self._mark = (time.monotonic(), self._at)
        self._begin()

    def _check_pace(self) -> None:
        """Give up on what trickles: a byte now and then would keep every timeout from being reached."""
        since, at = self._mark
        now = time.monotonic()
        if now - since > self._reach.idle:
            slow = self._at - at < self._reach.slowest * (now - since)
            # Once may be this machine's own doing: it was asleep.
            if slow and self._slow:
                self.close()
                raise BlobError("download-failed", f"slower than {self._reach.slowest} bytes a second after {self._at} bytes")
            self._mark, self._slow = (now, self._at), slow


def _told(error: WebError) -> BlobError:
    return BlobError(error.reason, error.line)
