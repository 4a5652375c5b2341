"""The way out of a verifier: to the places that its table allows, at the pace and within the limits of the run."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from socket import socket as Socket
from typing import TypeVar

from leaksieve.net.address import Place
from leaksieve.net.records import Server
from leaksieve.net.retry import retry_after
from leaksieve.verifiers.address import fits, host_of, own_place, place_of
from leaksieve.verifiers.base import Failed, Request, Response
from leaksieve.verifiers.connections import Network
from leaksieve.verifiers.failure import explained
from leaksieve.verifiers.limits import Budget

__all__ = ["BoundNet", "Network"]

_T = TypeVar("_T")
_REDIRECTS = 2


class BoundNet:
    """A :class:`leaksieve.verifiers.base.Net`: the network as one table's verifier may use it for one credential."""

    def __init__(self, network: Network, budget: Budget, hosts: Sequence[str], ports: Iterable[Sequence[int]], rate: float, endpoint: str = "") -> None:
        self._network = network
        self._budget = budget
        self._rate = rate
        self._endpoint = endpoint
        own = own_place(endpoint) if endpoint else None
        self._hosts = (own.host,) if own is not None else tuple(hosts)
        self._ports = [(own.port, own.port)] if own is not None else [(first, last) for first, last in ports]
        self._scheme = own.scheme if own is not None else "https"
        self.asked = False
        """Whether a request or connection was begun: within the limits, and of a host that is not left alone."""

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

            try:
                url = urljoin(request.url, target)
                if place_of(url) != place or place.scheme != "https":
                    raise Failed("redirect")
            except (Failed, ValueError):
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
            raise explained(error) from None

    async def socket(self, host: str, port: int) -> Socket:
        """A connected socket; see Net."""
        sock = await self._open(host, port)
        sock.settimeout(self.timeout)
        return sock

    async def servers(self, service: str, host: str) -> list[Server]:
        """The servers of a service; see Net."""
        return await self._network.servers(service, self._named(host))

    async def texts(self, host: str) -> list[bytes]:
        """The texts of a name; see Net."""
        return await self._network.texts(self._named(host))

    def _named(self, host: str) -> str:
        host = host_of(host)
        if not fits(host, self._hosts):
            raise Failed("host-not-allowed")
        return host

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
        self._spend(host)
        async with self._network.pace(host, self._rate).turn():
            try:
                async with asyncio.timeout(self.timeout):
                    sock = await self._first(await self._network.vetted(host, port, own=bool(self._endpoint)), port)
            except Exception as error:
                failure = error if isinstance(error, Failed) else explained(error)
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

    def _spend(self, host: str) -> None:
        self._budget.spend(host)
        self.asked = True

    async def _retried(self, request: Request, place: Place) -> Response:
        settings = self._network.settings
        pace = self._network.pace(place.host, self._rate)
        wait = settings.backoff
        failure: Failed | None = None
        for attempt in range(settings.retries + 1):
            answer, asked = None, 0.0
            try:
                # Who is not asked takes no turn: behind a silent host, or a limit that is reached, thousands may stand.
                self._budget.check(place.host)
                async with pace.turn():
                    self._spend(place.host)
                    try:
                        answer = await self._network.send(request, place, own=bool(self._endpoint))
                        failure = _refusal(answer)
                        asked = retry_after(answer.headers.get("retry-after", ""))
                    except Failed as error:
                        failure = error
            except Failed as refusal:
                # What was asked and may not be asked again has an answer of its own.
                raise failure or refusal from None
            if failure is None:
                assert answer is not None
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
