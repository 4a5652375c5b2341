"""The connections of one run: names are resolved here, addresses vetted, and what was vetted is what is connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from socket import socket as Socket
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from leaksieve.errors import ConfigError, UsageError
from leaksieve.net.address import Allowed, Place, literal, never, own_place, refused
from leaksieve.net.certificates import trusting
from leaksieve.net.proxy import basic, bypassed, proxy_of
from leaksieve.net.records import Records, Server
from leaksieve.verifiers.address import allowed_of, endpoint_of
from leaksieve.verifiers.base import NEVER, Failed, Request, Response
from leaksieve.verifiers.failure import explained
from leaksieve.verifiers.limits import Pace
from leaksieve.verifiers.settings import Settings

if TYPE_CHECKING:
    import aiohttp

# Host and port -> every address of it, as texts; raises OSError.
Resolve = Callable[[str, int], Awaitable[list[str]]]
_T = TypeVar("_T")
AGENT = "leaksieve (credential check)"


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Network:
    """All connections of one run; an async context.  UsageError where the HTTP client is not installed, ConfigError for settings that do not hold.

    ``resolver`` and ``records`` are the tests' way to decide what names mean.
    """

    def __init__(self, settings: Settings, resolver: Resolve = resolve, records: Records | None = None) -> None:
        _client()
        self.settings = settings
        self._resolve = resolver
        self._records = records or Records()
        self._allowed = allowed_of(settings)
        self.endpoints = {name: [endpoint_of(url) for url in urls] for name, urls in settings.endpoints.items()}
        # A server that the user names may stand in a private network: that is what it is named for.
        self._own = Allowed(own_place(url).host for urls in self.endpoints.values() for url in urls)
        self.context = _context(settings.ca_file)
        self._proxy = _proxy(settings.proxy)
        # The client looks up names alone: a proxy that is named by its address is vetted here.
        own = literal(urlsplit(self._proxy[0]).hostname or "") if self._proxy is not None else None
        self._vetted: set[str] = set() if own is None else {str(own)}
        self._paces: dict[str, Pace] = {}
        self._direct: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        aiohttp = _client()
        options: dict[str, Any] = {
            "auto_decompress": False,
            "cookie_jar": aiohttp.DummyCookieJar(),
            "trust_env": False,
            "timeout": aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
            "max_line_size": 8190,
            "max_field_size": 8190,
        }
        self._direct = aiohttp.ClientSession(connector=self._connector(self._as_named), **options)
        if self._proxy is not None:
            self._proxied = aiohttp.ClientSession(connector=self._connector(self._any), **options)
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in (self._direct, self._proxied):
            if session is not None:
                await session.close()

    def _connector(self, lookup: Callable[[str, int], Awaitable[list[str]]]) -> Any:
        aiohttp = _client()
        from aiohttp.abc import AbstractResolver, ResolveResult

        class Vetting(AbstractResolver):
            async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
                del family  # The client says which one it wants; it connects to any that is given.
                return [
                    ResolveResult(
                        hostname=host,
                        host=address,
                        port=port,
                        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                        proto=0,
                        flags=socket.AI_NUMERICHOST,
                    )
                    for address in await lookup(host, port)
                ]

            async def close(self) -> None:
                pass

        # The last word before a connection: only addresses that were vetted in this run.
        def vetted_socket(info: Any) -> Socket:
            family, kind, protocol, _, address = info
            if address[0] not in self._vetted:
                raise OSError("not a vetted address")
            return Socket(family, kind, protocol)

        return aiohttp.TCPConnector(
            resolver=Vetting(), use_dns_cache=False, ssl=self.context, limit=64, limit_per_host=self.settings.concurrency, socket_factory=vetted_socket
        )

    async def vetted(self, host: str, port: int, *, own: bool = False) -> list[str]:
        """The addresses of a host, every one of them vetted.  Raises Failed where there is none, or where one is not to be reached.

        ``own`` says that the user named this host as the provider's.
        """
        addresses = await self._any(host, port, trust=False)
        # One address out of line is enough: a name that leads to both is a trap, or too strange to be trusted with a secret.
        if any(refused(host, address, self._allowed) and not (own and not refused(host, address, self._own)) for address in addresses):
            raise Failed("private-address", NEVER if any(map(never, addresses)) else "")
        self._vetted.update(addresses)
        return addresses

    async def _as_named(self, host: str, port: int) -> list[str]:
        """For connections of requests, which were vetted for what they are before."""
        return await self.vetted(host, port, own=True)

    async def _any(self, host: str, port: int, *, trust: bool = True) -> list[str]:
        known = literal(host)
        try:
            addresses = [str(known)] if known is not None else await asyncio.wait_for(self._resolve(host, port), self.settings.timeout)
        except TimeoutError:
            raise Failed("unresolved", "the name servers do not answer") from None
        except (OSError, UnicodeError):
            raise Failed("unresolved") from None
        if not addresses:
            raise Failed("unresolved")
        if trust:
            self._vetted.update(addresses)
        return addresses

    async def servers(self, service: str, host: str) -> list[Server]:
        """The servers that DNS has for a service under a name; what they are called is not vetted yet.  Raises Failed."""
        return await self._looked_up(self._records.servers(f"{service}.{host}", self.settings.timeout))

    async def texts(self, host: str) -> list[bytes]:
        """The texts that DNS has under a name.  Raises Failed."""
        return await self._looked_up(self._records.texts(host, self.settings.timeout))

    async def _looked_up(self, asked: Awaitable[list[_T]]) -> list[_T]:
        try:
            return await asyncio.wait_for(asked, self.settings.timeout + 1)
        except ImportError as error:
            raise Failed("not-installed", f"install leaksieve[verify] ({error.name} is missing)") from None
        except TimeoutError:
            raise Failed("unresolved", "the name servers do not answer") from None
        except OSError:
            raise Failed("unresolved", "the name servers give no answer that can be read") from None

    def pace(self, host: str, rate: float) -> Pace:
        """The pace of a host, shared by all that ask it."""
        pace = self._paces.get(host)
        if pace is None:
            pace = self._paces[host] = Pace(min(rate, self.settings.rate), self.settings.concurrency)
        return pace

    async def send(self, request: Request, place: Place, *, own: bool) -> Response:
        """One request to a place that was checked, one answer, within the timeout; ``own`` as for :meth:`vetted`."""
        aiohttp = _client()
        from yarl import URL

        try:
            async with asyncio.timeout(self.settings.timeout):
                await self.vetted(place.host, place.port, own=own)
                through = self._proxy if self._proxy is not None and not self._bypassed(place) else None
                session = self._proxied if through is not None else self._direct
                assert session is not None
                options: dict[str, Any] = {}
                if through is not None:
                    if place.scheme != "https":
                        raise Failed("proxy", "plain http is not sent through a proxy")
                    options = {"proxy": through[0], "proxy_headers": through[1]}
                async with session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **request.headers},
                    data=request.body or None,
                    allow_redirects=False,
                    **options,
                ) as answer:
                    return Response(answer.status, dict(answer.headers), await self._body(answer))
        except Failed:
            raise
        except Exception as error:
            raise explained(error, aiohttp) from None

    async def _body(self, answer: Any) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > self.settings.max_body:
                raise Failed("too-large")
        return bytes(body)

    def _bypassed(self, place: Place) -> bool:
        return bypassed(place.host, place.port, self.settings.no_proxy)


def _client() -> Any:
    try:
        import aiohttp
    except ImportError:
        raise UsageError("needs an HTTP client that is not installed", where="--verify", hint="install leaksieve[verify]") from None
    return aiohttp


def _proxy(url: str | None) -> tuple[str, dict[str, str]] | None:
    """The proxy's bare URL and the header of its login."""
    if not url:
        return None
    proxy = proxy_of(url)
    if proxy is None or proxy.scheme != "http":
        raise UsageError("the proxy named in the environment is not an http:// URL", where="--verify", hint="set https_proxy to one")
    return proxy.url, {"Proxy-Authorization": basic(proxy.login)} if proxy.login is not None else {}


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return trusting(ca_file)
    except OSError:
        raise ConfigError("the certificates to trust cannot be read", where="verify.ca_file", hint="check it and SSL_CERT_FILE") from None
