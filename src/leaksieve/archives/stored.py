"""A file on disk as bytes that can be read at any place, without all of it in memory.

It is read, not mapped: a mapped file that somebody cuts short while it is scanned ends the process.
"""

from __future__ import annotations

import os
from typing import Final

_WINDOW: Final = 256 * 1024
_LONGEST_SIGN: Final = 16


class Stored:
    """The file behind a descriptor, which is copied and closed when this is no longer used.  Slices are bytes; they end early where the file does by now."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._size = os.fstat(descriptor).st_size
        self._window = b""
        self._at = 0

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        size = stop - start
        if size <= 0:
            return b""
        if size > _WINDOW // 4:
            return self._read(start, size)
        if not self._at <= start <= stop <= self._at + len(self._window):
            self._window, self._at = self._read(start, _WINDOW), start
        return self._window[start - self._at : stop - self._at]

    def find(self, sign: bytes, start: int = 0, end: int | None = None) -> int:
        """As of bytes; ``sign`` is short."""
        end = self._size if end is None else min(end, self._size)
        for at in range(max(start, 0), end, _WINDOW):
            found = self._read(at, min(_WINDOW + _LONGEST_SIGN, end - at)).find(sign)
            if found >= 0:
                return at + found
        return -1

    def rfind(self, sign: bytes, start: int = 0, end: int | None = None) -> int:
        """As of bytes; ``sign`` is short."""
        end = self._size if end is None else min(end, self._size)
        while end > start:
            at = max(end - _WINDOW, start)
            found = self._read(at, end - at).rfind(sign)
            if found >= 0:
                return at + found
            if at == start:
                break
            end = at + len(sign) - 1
        return -1

    def _read(self, at: int, size: int) -> bytes:
        parts = []
        while size > 0:
            piece = os.pread(self._descriptor, size, at)
            if not piece:
                break
            parts.append(piece)
            at += len(piece)
            size -= len(piece)
        return parts[0] if len(parts) == 1 else b"".join(parts)
