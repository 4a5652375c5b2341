"""A connection to a server, plain until it is told otherwise; what is read from it is bounded."""

from __future__ import annotations

import asyncio
import ssl
from socket import socket as Socket

from leaksieve.verifiers.base import Failed

# No login takes nearly as much.
_LIMIT = 256 * 1024
_LINE = 8 * 1024


class Wire:
    """One connection.  ``context`` is the one that TLS is started with, ``host`` the name its certificate must have.

    All methods raise Failed or OSError, and know no time: whoever uses it sets one.
    """

    def __init__(self, sock: Socket, host: str, context: ssl.SSLContext) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._host = host
        self._context = context
        self._got = bytearray()
        self._all = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self._streams is not None

    async def start_tls(self) -> None:
        """Go on under TLS.  What the server said before the handshake and nobody has read was slipped in: Failed("malformed")."""
        if self._got:
            raise Failed("malformed", "the server spoke out of turn before the handshake")
        self._streams = await asyncio.open_connection(sock=self._sock, ssl=self._context, server_hostname=self._host)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._streams is None:
            await asyncio.get_running_loop().sock_sendall(self._sock, data)
        else:
            self._streams[1].write(data)
            await self._streams[1].drain()

    async def exactly(self, count: int) -> bytes:
        """So many bytes."""
        if count > _LIMIT:
            raise Failed("too-large")
        while len(self._got) < count:
            await self._more()
        return self._take(count)

    async def line(self) -> bytes:
        """A line without its end."""
        while (end := self._got.find(b"\n", 0, _LINE)) < 0:
            if len(self._got) >= _LINE:
                raise Failed("malformed", "a line without end")
            await self._more()
        return self._take(end + 1).rstrip(b"\r\n")

    async def close(self) -> None:
        """Leave without waiting for the other side."""
        if self._streams is None:
            self._sock.close()
            return
        self._streams[1].transport.abort()
        # The transport is let go of in the loop's next rounds.
        for _ in range(3):
            await asyncio.sleep(0)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._got[:count])
        del self._got[:count]
        return taken

    async def _more(self) -> None:
        data = await (self._streams[0].read(65536) if self._streams is not None else asyncio.get_running_loop().sock_recv(self._sock, 65536))
        if not data:
            raise Failed("connection", "the server hung up")
        self._all += len(data)
        if self._all > _LIMIT:
            raise Failed("too-large")
        self._got += data
