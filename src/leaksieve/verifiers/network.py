"""The way out: names are resolved here, addresses vetted, and what was vetted is what is connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from socket import socket as Socket
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

from leaksieve.errors import ConfigError, UsageError
from leaksieve.verifiers.address import Allowed, Place, fits, host_of, literal, place_of, refused
from leaksieve.verifiers.base import Failed, Request, Response
from leaksieve.verifiers.limits import Budget, Pace
from leaksieve.verifiers.settings import Settings

if TYPE_CHECKING:
    import aiohttp

_T = TypeVar("_T")
# Host and port -> every address of it, as texts; raises OSError.
Resolve = Callable[[str, int], Awaitable[list[str]]]
_REDIRECTS = 2
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
AGENT = "leaksieve (credential check)"


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Network:
    """All connections of one run; an async context.  UsageError where the HTTP client is not installed, ConfigError for settings that do not hold.

    ``resolver`` is the tests' way to decide what names mean.
    """

    def __init__(self, settings: Settings, resolver: Resolve = resolve) -> None:
        _client()
        self.settings = settings
        self._resolve = resolver
        try:
            self._allowed = Allowed(settings.allow_hosts)
        except ValueError as error:
            raise ConfigError(str(error), where="verify.allow_hosts") from None
        self.endpoints = {name: [_endpoint(url) for url in urls] for name, urls in settings.endpoints.items()}
        # A server that the user names may stand in a private network: that is what it is named for.
        self._own = Allowed(place_of(url).host for urls in self.endpoints.values() for url in urls)
        self.context = _context(settings.ca_file)
        self._proxy = _proxy(settings.proxy)
        self._vetted: set[str] = set()
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

        class Vetting(aiohttp.abc.AbstractResolver):  # type: ignore[name-defined,misc]
            async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[dict[str, Any]]:  # noqa: ARG002  the client's signature
                return [
                    {
                        "hostname": host,
                        "host": address,
                        "port": port,
                        "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                        "proto": 0,
                        "flags": socket.AI_NUMERICHOST,
                    }
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
            raise Failed("private-address")
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
            raise _explained(error, aiohttp) from None

    async def _body(self, answer: Any) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > self.settings.max_body:
                raise Failed("too-large")
        return bytes(body)

    def _bypassed(self, place: Place) -> bool:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

        return bool(proxy_bypass_environment(f"{place.host}:{place.port}", {"no": self.settings.no_proxy}))


class BoundNet:
    """A :class:`leaksieve.verifiers.base.Net`: the network as one table's verifier may use it for one credential."""

    def __init__(self, network: Network, budget: Budget, hosts: Sequence[str], ports: Iterable[Sequence[int]], rate: float, endpoint: str = "") -> None:
        self._network = network
        self._budget = budget
        self._rate = rate
        self._endpoint = endpoint
        own = place_of(endpoint) if endpoint else None
        self._hosts = (own.host,) if own is not None else tuple(hosts)
        self._ports = [(own.port, own.port)] if own is not None else [(first, last) for first, last in ports]
        self._scheme = own.scheme if own is not None else "https"

    @property
    def endpoint(self) -> str:
        """The user's own address of this provider, or ""."""
        return self._endpoint

    @property
    def timeout(self) -> float:
        """Seconds that one call may take."""
        return self._network.settings.timeout

    def tls(self) -> ssl.SSLContext:
        """The context that trusts what the user trusts."""
        return self._network.context

    async def request(self, request: Request) -> Response:
        """Send a request; see Net."""
        place = self._checked(request.url)
        for _ in range(_REDIRECTS):
            answer = await self._retried(request, place)
            target = answer.headers.get("location", "")
            if not 300 <= answer.status < 400 or not target or request.method != "GET":
                return answer
            # Only within the very same place, where nothing new is told to anybody.
            from urllib.parse import urljoin

            url = urljoin(request.url, target)
            try:
                if place_of(url) != place or place.scheme != "https":
                    raise Failed("redirect")
            except Failed:
                raise Failed("redirect") from None
            request = Request(request.method, url, request.headers)
        raise Failed("redirect")

    async def connect(self, host: str, port: int, *, tls: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a stream; see Net."""
        sock = await self._open(host, port)
        try:
            async with asyncio.timeout(self.timeout):
                if tls:
                    return await asyncio.open_connection(sock=sock, ssl=self.tls(), server_hostname=host)
                return await asyncio.open_connection(sock=sock)
        except Exception as error:
            sock.close()
            raise _explained(error) from None

    async def socket(self, host: str, port: int) -> Socket:
        """A connected socket; see Net."""
        sock = await self._open(host, port)
        sock.settimeout(self.timeout)
        return sock

    async def blocking(self, function: Callable[[], _T]) -> _T:
        """Run in a thread; see Net."""
        try:
            async with asyncio.timeout(self.timeout):
                return await asyncio.to_thread(function)
        except TimeoutError:
            raise Failed("timeout") from None

    async def _open(self, host: str, port: int) -> Socket:
        host = host_of(host)
        self._check(Place("", host, port))
        self._budget.spend(host)
        async with self._network.pace(host, self._rate).turn():
            try:
                async with asyncio.timeout(self.timeout):
                    sock = await self._first(await self._network.vetted(host, port, own=bool(self._endpoint)), port)
            except Exception as error:
                failure = error if isinstance(error, Failed) else _explained(error)
                self._budget.tell(host, failure)
                raise failure from None
        self._budget.tell(host, None)
        return sock

    async def _first(self, addresses: Sequence[str], port: int) -> Socket:
        last: OSError = OSError()
        for address in addresses:
            sock = Socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(sock, (address, port))
            except OSError as error:
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise last

    def _checked(self, url: str) -> Place:
        place = place_of(url)
        if place.scheme != self._scheme:
            raise Failed("host-not-allowed", "plain http shows the secret to everyone on the way")
        self._check(place)
        return place

    def _check(self, place: Place) -> None:
        if not fits(place.host, self._hosts):
            raise Failed("host-not-allowed")
        if not any(first <= place.port <= last for first, last in self._ports):
            raise Failed("host-not-allowed", "that port is none of the provider's")

    async def _retried(self, request: Request, place: Place) -> Response:
        settings = self._network.settings
        pace = self._network.pace(place.host, self._rate)
        wait = settings.backoff
        for attempt in range(settings.retries + 1):
            async with pace.turn():
                self._budget.spend(place.host)
                failure, asked = None, 0.0
                try:
                    answer = await self._network.send(request, place, own=bool(self._endpoint))
                    failure = _refusal(answer)
                    asked = _retry_after(answer)
                except Failed as error:
                    failure = error
            if failure is None:
                self._budget.tell(place.host, None)
                return answer
            if attempt == settings.retries or failure.reason not in {"rate-limited", "server-error", "connection"} or asked > settings.patience:
                self._budget.tell(place.host, failure)
                raise failure
            delay = min(max(asked, wait), settings.patience)
            if failure.reason == "rate-limited":
                pace.hold(delay)
            await asyncio.sleep(delay)
            wait *= 2
        raise AssertionError


def _refusal(answer: Response) -> Failed | None:
    if answer.status == 429:
        return Failed("rate-limited")
    return Failed("server-error", f"status {answer.status}") if answer.status >= 500 else None


def _retry_after(answer: Response) -> float:
    """Seconds the provider asks to be left alone, 0 where it does not say."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text[:6])
    if text:
        from datetime import UTC, datetime
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            pass
    return 0.0


def _explained(error: Exception, aiohttp: Any = None) -> Failed:
    """What went wrong, from the kind of the error alone: its text may hold the request."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, Failed):
            return link
        link = link.__cause__ or link.__context__
    if isinstance(error, TimeoutError):
        return Failed("timeout")
    if isinstance(error, ssl.SSLCertVerificationError) or (aiohttp and isinstance(error, aiohttp.ClientConnectorCertificateError)):
        return Failed("tls", "the certificate cannot be trusted")
    if isinstance(error, ssl.SSLError) or (aiohttp and isinstance(error, aiohttp.ClientSSLError)):
        return Failed("tls", "the handshake failed")
    if aiohttp:
        if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
            return Failed("proxy")
        if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError | aiohttp.InvalidURL):
            return Failed("malformed")
        if isinstance(error, aiohttp.ClientError):
            return Failed("connection")
    if isinstance(error, OSError):
        return Failed("connection")
    return Failed("unfit" if isinstance(error, ValueError) else "internal")


def _client() -> Any:
    try:
        import aiohttp
        import aiohttp.abc
    except ImportError:
        raise UsageError("needs an HTTP client that is not installed", where="--verify", hint="install leaksieve[verify]") from None
    return aiohttp


def _endpoint(url: str) -> str:
    try:
        place_of(url)
    except Failed as error:
        raise ConfigError(f"{error.detail}; write https://host, https://host:port or https://host/path", where="verify.endpoints") from None
    if urlsplit(url).query:
        raise ConfigError("an endpoint has no query", where="verify.endpoints")
    return url.rstrip("/")


def _proxy(url: str | None) -> tuple[str, dict[str, str]] | None:
    """The proxy's bare URL and the header of its login."""
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError("the proxy named in the environment is not an http:// URL", where="--verify", hint="set https_proxy to one")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    login = {}
    if parts.username is not None:
        login["Proxy-Authorization"] = "Basic " + b64encode(f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()).decode()
    return f"http://{host}:{parts.port or 80}", login


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        # Demands more of company authorities' certificates than browsers do.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if ca_file:
            context.load_verify_locations(ca_file)
        if not context.cert_store_stats()["x509_ca"] and not ssl.get_default_verify_paths().capath:
            for bundle in _BUNDLES:
                try:
                    context.load_verify_locations(bundle)
                    break
                except OSError:
                    continue
    except (OSError, ssl.SSLError):
        raise ConfigError("the certificates to trust cannot be read", where="verify.ca_file", hint="check it and SSL_CERT_FILE") from None
    return context
