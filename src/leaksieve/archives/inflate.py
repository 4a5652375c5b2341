"""Decompressors of all kinds behind one face, each giving no more than it is asked for."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, cast

from leaksieve.archives.limits import WINDOW, UnsupportedError


class Decompressor(Protocol):
    """As in the standard library's ``bz2``: ``decompress`` returns at most ``most`` bytes and keeps the rest of what it was given."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without further input."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What it was given behind the end."""
        ...

    def decompress(self, data: bytes, most: int, /) -> bytes:
        """Return what comes next."""
        ...


class _Zlib:
    """zlib's decompressor with that face, for where isal is not installed."""

    def __init__(self, wbits: int) -> None:
        self._machine = zlib.decompressobj(wbits)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._machine.eof

    @property
    def needs_input(self) -> bool:
        return not self._machine.unconsumed_tail and not self._full

    @property
    def unused_data(self) -> bytes:
        return self._machine.unused_data

    def decompress(self, data: bytes, most: int, /) -> bytes:
        piece = self._machine.decompress(self._machine.unconsumed_tail + data, most)
        # All input may be taken and some of what it gives still be inside.
        self._full = len(piece) == most
        return piece


def _deflate(kind: str) -> Decompressor:
    try:
        from isal import igzip_lib
    except ImportError:
        return _Zlib({"gzip": 31, "zlib": 15, "deflate": -15}[kind])
    flag = {"gzip": igzip_lib.DECOMP_GZIP, "zlib": igzip_lib.DECOMP_ZLIB, "deflate": igzip_lib.DECOMP_DEFLATE}[kind]
    return cast("Decompressor", igzip_lib.IgzipDecompressor(flag=flag))


def _bzip2(_: str) -> Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _lzma(kind: str) -> Decompressor:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE, memlimit=WINDOW)


def _zstd(_: str) -> Decompressor:
    zstd = _zstd_module()
    if zstd is None:
        raise UnsupportedError("zstd: needs Python 3.14 or the package backports.zstd")
    # 2 to the 27th is 128 MiB.
    return cast("Decompressor", zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27}))


class _Deflate64:
    """inflate64's with that face.  It makes all of what it is given, so it is given little."""

    _STEP = 1024

    def __init__(self) -> None:
        from inflate64 import Inflater

        self._machine = Inflater()
        self._waiting = b""
        self._ready = b""

    @property
    def eof(self) -> bool:
        return bool(self._machine.eof) and not self._ready

    @property
    def needs_input(self) -> bool:
        return not self._waiting and not self._ready

    @property
    def unused_data(self) -> bytes:
        return self._waiting

    def decompress(self, data: bytes, most: int, /) -> bytes:
        self._waiting += data
        while not self._ready and self._waiting and not self._machine.eof:
            given, self._waiting = self._waiting[: self._STEP], self._waiting[self._STEP :]
            self._ready = self._machine.inflate(given)
        piece, self._ready = self._ready[:most], self._ready[most:]
        return piece


def _deflate64(_: str) -> Decompressor:
    try:
        return _Deflate64()
    except ImportError:
        raise UnsupportedError("deflate64: needs the package inflate64") from None


def _lz4(_: str) -> Decompressor:
    from lz4.frame import LZ4FrameDecompressor

    return cast("Decompressor", LZ4FrameDecompressor())


def _zstd_module() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


_MACHINES: dict[str, Callable[[str], Decompressor]] = {
    **dict.fromkeys(("gzip", "zlib", "deflate"), _deflate),
    **dict.fromkeys(("xz", "lzma"), _lzma),
    "bzip2": _bzip2,
    "zstd": _zstd,
    "lz4": _lz4,
    "deflate64": _deflate64,
}


def decompressor(kind: str) -> Decompressor:
    """Return a fresh one for gzip, zlib, deflate (bare), bzip2, xz, lzma, zstd or lz4.  Raises UnsupportedError."""
    return _MACHINES[kind](kind)


def _errors() -> tuple[type[Exception], ...]:
    import lzma

    # bz2 says OSError, and EOFError to who goes on behind the end; lzma speaks of a window that is too large as of anything else; lz4 says RuntimeError.
    found: list[type[Exception]] = [zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError]
    try:
        from isal import igzip_lib

        found.append(cast("type[Exception]", igzip_lib.error))
    except ImportError:
        pass
    zstd = _zstd_module()
    if zstd is not None:
        found.append(zstd.ZstdError)
    return tuple(found)


# What a decompressor raises for bytes that do not hold together.
ERRORS = _errors()
