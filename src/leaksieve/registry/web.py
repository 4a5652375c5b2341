"""The way out to registries: names are resolved here, addresses ranked, and the address that was ranked is the one that is connected to."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from leaksieve.errors import UsageError
from leaksieve.net.address import Place, literal
from leaksieve.net.failure import unknown
from leaksieve.net.proxy import bypassed, proxy_of
from leaksieve.registry.failure import WebError, broken, explained
from leaksieve.registry.ranks import LOOPBACK, PUBLIC, rank_of
from leaksieve.registry.settings import Reach
from leaksieve.registry.tls import FOLDERS, context_for

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool, ProxyManager

AGENT: Final = "leaksieve"
# What is left of an answer that nobody wants is read up to here, so that the connection can be used again.
_LEFT: Final = 64 * 1024
_INSIDE: Final = ("localhost", "metadata", "metadata.google.internal", "instance-data")
_LOGGERS: Final = ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.response", "urllib3.util.retry")


class Answer:
    """One answer; ``place`` is who gave it."""

    def __init__(self, response: BaseHTTPResponse, place: Place) -> None:
        self._response = response
        self.place = place
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.challenges: list[str] = list(response.headers.getlist("WWW-Authenticate"))

    @property
    def length(self) -> int:
        """How many bytes it says it has, -1 where it does not."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, as soon as there are any, ``b""`` at the end.  Raises WebError."""
        try:
            with _quiet():
                return self._response.read1(size, decode_content=False)
        except broken() as error:
            raise explained(error, self.place.host) from None

    def whole(self, limit: int, what: str) -> bytes:
        """Return all of a small answer, and let go of it.  Raises WebError for one over ``limit`` bytes."""
        parts, size = [], 0
        while size <= limit >= self.length and (piece := self.read(limit + 1 - size)):
            parts.append(piece)
            size += len(piece)
        if max(size, self.length) > limit:
            self.close()
            raise WebError("too-large", f"the {what} has more than {limit} bytes")
        self.discard()
        return b"".join(parts)

    def discard(self) -> bytes:
        """Let go of it; returns the beginning of what it says."""
        try:
            head = b""
            while len(head) < _LEFT and (piece := self.read(_LEFT - len(head))):
                head += piece
            if len(head) < _LEFT:
                with _quiet():
                    self._response.release_conn()
                return head
        except WebError:
            head = b""
        self.close()
        return head

    def close(self) -> None:
        """End it, and the connection with it where something is left."""
        try:
            with _quiet():
                self._response.close()
                self._response.release_conn()
        except (OSError, ValueError):
            return


class Web:
    """Connections of one image's registries and of those they send us to.

    Each request has a ``home``: the host that the user has named, which may lie anywhere; what it sends us to must not lie further inside.
    ``resolve`` and ``rank`` are the tests' way to decide what names and addresses mean.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        folders: Sequence[str] = FOLDERS,
        resolve: Callable[[str, int], list[str]] | None = None,
        rank: Callable[[str], int] | None = None,
    ) -> None:
        self._reach = reach
        self._folders = folders
        self._resolve = resolve or addresses_of
        self._rank = rank or rank_of
        self._inside: dict[str, int] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._pools: dict[tuple[str, str, int, str], HTTPConnectionPool] = {}
        self._proxies: dict[tuple[str, str], ProxyManager] = {}
        self._process = os.getpid()
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_mute)

    def check(self, place: Place) -> None:
        """Read what is trusted of a host, and by which proxy it is reached.  Raises UsageError."""
        if place.scheme == "https":
            self._context(place.host, place.port)
        self._proxy(place)

    def send(self, method: str, url: str, place: Place, home: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send one request; redirects are the caller's.  Raises WebError."""
        if self._process != os.getpid():
            # The parent's connections are the parent's.
            self._pools, self._proxies, self._process = {}, {}, os.getpid()
        sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
        try:
            with _quiet():
                return Answer(self._sent(method, url, place, home, sent, body), place)
        except UsageError as error:
            # Of a host that we are sent to: what the user named was checked before.
            raise WebError("tls", str(error)) from None
        except broken() as error:
            raise explained(error, place.host) from None

    def close(self) -> None:
        """End all connections."""
        for pool in self._pools.values():
            pool.close()
        for proxy in self._proxies.values():
            proxy.clear()
        self._pools, self._proxies = {}, {}

    def _sent(self, method: str, url: str, place: Place, home: str, headers: dict[str, str], body: bytes | None) -> BaseHTTPResponse:
        from urllib3 import Timeout
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        timeout = Timeout(connect=self._reach.connect, read=self._reach.idle)
        proxy = self._proxy(place)
        if proxy is not None:
            self._check_name(place, home)
            return proxy.urlopen(
                method, url, body=body, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False, decode_content=False
            )
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # The address is connected to, the name is what the server reads and proves.
        headers["Host"] = place.authority
        failure: Exception | None = None
        for address in self._vetted(place, home):
            try:
                return self._pool(place, address).urlopen(
                    method, path, body=body, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False, decode_content=False
                )
            except HTTPError as error:
                if not isinstance(error, NewConnectionError | ConnectTimeoutError):
                    raise
                # No connection came about at all: another address may do.
                failure = error
        raise failure or WebError("connection", unknown(place.host), hint="check the name and the network")

    def _vetted(self, place: Place, home: str) -> list[str]:
        known = literal(place.host)
        found = [str(known)] if known is not None else self._resolve(place.host, place.port)
        ranks = [self._rank(address) for address in found]
        if place.host == home and home not in self._inside and ranks:
            self._inside[home] = min(ranks)
        bound = self._inside.get(home, PUBLIC)
        if place.host == home:
            # A name that means something else the next time, or several things at once, leads no further in than it did at first.
            found = [address for address, rank in zip(found, ranks, strict=True) if rank <= bound]
            refused = not found and bool(ranks)
        else:
            refused = any(rank > min(bound, LOOPBACK) for rank in ranks)
        if refused:
            raise _inward(place.host)
        return found

    def _check_name(self, place: Place, home: str) -> None:
        """Behind a proxy only the proxy knows where a name leads; what is plain to see is refused all the same."""
        if place.host == home:
            return
        known = literal(place.host)
        if (known is not None and self._rank(str(known)) > PUBLIC) or place.host in _INSIDE or place.host.endswith((".localhost", ".internal")):
            raise _inward(place.host)

    def _pool(self, place: Place, address: str) -> HTTPConnectionPool:
        key = (place.scheme, address, place.port, place.host)
        pool = self._pools.get(key)
        if pool is None:
            from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

            if place.scheme == "https":
                context = self._context(place.host, place.port)
                pool = HTTPSConnectionPool(address, place.port, ssl_context=context, server_hostname=place.host)
            else:
                pool = HTTPConnectionPool(address, place.port)
            self._pools[key] = pool
        return pool

    def _proxy(self, place: Place) -> ProxyManager | None:
        proxies = self._reach.proxies
        url = proxies.get(place.scheme) or proxies.get("all")
        if not url or bypassed(place.host, place.port, proxies.get("no", "")):
            return None
        key = (url, place.authority)
        if key not in self._proxies:
            from urllib3 import ProxyManager, make_headers

            proxy = proxy_of(url)
            if proxy is None:
                raise UsageError("the proxy named in the environment is not an http:// URL", hint=f"set {place.scheme}_proxy to one")
            self._proxies[key] = ProxyManager(
                proxy.url,
                proxy_headers=make_headers(proxy_basic_auth=proxy.login) if proxy.login is not None else None,
                ssl_context=self._context(place.host, place.port),
                proxy_ssl_context=context_for("", self._reach.ca_file, ()),
            )
        return self._proxies[key]

    def _context(self, host: str, port: int) -> ssl.SSLContext:
        authority = host if port == 443 else f"{host}:{port}"
        if authority not in self._contexts:
            self._contexts[authority] = context_for(authority, self._reach.ca_file, self._folders)
        return self._contexts[authority]


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a host.  Raises OSError."""
    return list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def _inward(host: str) -> WebError:
    return WebError("private-address", f"the registry sends to {host}, which lies further inside than the registry itself; that is not followed")


_ours = threading.local()


def _mute(_record: logging.LogRecord) -> bool:
    """The HTTP client's log lines hold addresses, and addresses of downloads hold signatures."""
    return not getattr(_ours, "busy", False)


@contextmanager
def _quiet() -> Iterator[None]:
    before, _ours.busy = getattr(_ours, "busy", False), True
    try:
        yield
    finally:
        _ours.busy = before
