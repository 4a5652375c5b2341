"""What libgit2 speaks HTTP to: a relay in the same process that does the outer half of every request.

libgit2 follows redirects to other ports of a host with a credential in hand, and reads no answer that
ends with its connection.  Here both are decided in plain sight: one origin is spoken to and no other,
the credential goes to it alone and only when it asks, certificates are checked, and every received
byte counts towards the limit.  libgit2 sees a server on loopback and never a credential.
"""

from __future__ import annotations

import hmac
import http.client
import re
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies_environment

from leaksieve.net.certificates import trusting
from leaksieve.net.failure import cut_off, printable, unknown, untrusted
from leaksieve.net.proxy import basic, bypassed, proxy_of
from leaksieve.sources.remote_child import Failed, Order
from leaksieve.sources.remote_url import RemoteUrl

_CONNECT_SECONDS = 30.0
_REDIRECTS = 5
_PIECE = 1 << 16
_MAX_REQUEST = 64 << 20
# (method, what follows the repository's path) -> media type of an answer
_SERVICES = {
    ("GET", "/info/refs?service=git-upload-pack"): "application/x-git-upload-pack-advertisement",
    ("POST", "/git-upload-pack"): "application/x-git-upload-pack-result",
}


class Relay:
    """Serves the repository an order names at ``url`` for as long as it is entered.

    ``failure`` is why a request failed, for a person; libgit2 only sees that it did.
    """

    def __init__(self, job: Order) -> None:
        self._job = job
        self._origin = RemoteUrl(job.scheme, job.host, job.port, "/")
        self._path = job.path.rstrip("/")
        self._authorized = False
        self._received = 0
        self._through = ""
        self._context = _tls_context(job.authorities) if job.scheme == "https" else None
        self.failure: Failed | None = None
        # Whoever else is on this machine must not fetch with our credential.
        self._prefix = f"/{secrets.token_hex(16)}/r"
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                relay._serve(self)

            def do_POST(self) -> None:
                relay._serve(self)

            def log_message(self, *_: object) -> None:
                """Say nothing: requests are nobody's business."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{self._prefix}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        prefix, rest = handler.path[: len(self._prefix)], handler.path[len(self._prefix) :]
        accepted = _SERVICES.get((handler.command, rest))
        length = handler.headers.get("Content-Length", "0")
        if accepted is None or not hmac.compare_digest(prefix.encode(), self._prefix.encode()) or not length.isdecimal() or int(length) > _MAX_REQUEST:
            handler.send_error(404)  # closes the connection as well
            return
        body = handler.rfile.read(int(length)) if handler.command == "POST" else None
        started = False
        try:
            with self._ask(handler.command, rest, body) as answer:
                kind = answer.getheader("Content-Type", "")
                if kind.partition(";")[0].strip() != accepted:
                    raise Failed("the server does not answer like a git server", "check the address")
                handler.send_response(200)
                handler.send_header("Content-Type", accepted)
                handler.send_header("Transfer-Encoding", "chunked")
                handler.end_headers()
                started = True
                while piece := answer.read1(_PIECE):
                    self._received += len(piece)
                    if self._received > self._job.max_bytes:
                        raise Failed(f"the clone is larger than {self._job.max_bytes:,} bytes and was stopped", "allow it more, if that is right")
                    handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                handler.wfile.write(b"0\r\n\r\n")
        except Failed as failure:
            self._fail(handler, failure, started)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._fail(handler, self._explain(error), started)

    def _fail(self, handler: BaseHTTPRequestHandler, failure: Failed, started: bool) -> None:
        self.failure = self.failure or failure
        handler.close_connection = True
        if not started:
            try:
                handler.send_error(502)
            except OSError:
                return

    @contextmanager
    def _ask(self, method: str, service: str, body: bytes | None) -> Iterator[http.client.HTTPResponse]:
        """Yield the origin's answer of status 200, having followed redirects within it and answered its question who we are."""
        followed = 0
        while True:
            headers = self._headers(method)
            connection, place = self._connection(headers)
            with closing(connection):
                connection.connect()
                connection.sock.settimeout(self._job.idle_seconds)
                connection.request(method, place + self._path + service, body, headers)
                answer = connection.getresponse()
                if answer.status == 200:
                    yield answer
                    return
                if answer.status == 401:
                    self._authorize(answer)
                elif answer.status in (301, 302, 303, 307, 308):
                    followed += 1
                    if method != "GET" or followed > _REDIRECTS:
                        raise Failed("the server redirects without end" if method == "GET" else "the server redirects in the middle of a clone")
                    self._follow(answer.getheader("Location", ""), service)
                else:
                    raise _refused(answer.status)

    def _headers(self, method: str) -> dict[str, str]:
        headers = {"User-Agent": "git/2.0 (leaksieve)", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
        if method == "POST":
            headers["Content-Type"] = "application/x-git-upload-pack-request"
            headers["Accept"] = "application/x-git-upload-pack-result"
        if self._authorized:
            headers["Authorization"] = basic(f"{self._job.user}:{self._job.password or ''}")
        return headers

    def _authorize(self, answer: http.client.HTTPResponse) -> None:
        """Decide to show the credential from now on, if there is one that was not shown already."""
        if self._job.password is None:
            raise Failed(
                "the server asks for a credential", "set LEAKSIEVE_GIT_TOKEN (and LEAKSIEVE_GIT_USERNAME), if the repository exists and you may read it"
            )
        possible = any(re.search(r"(^|,)\s*basic\b", value, re.IGNORECASE) for value in answer.headers.get_all("WWW-Authenticate", []))
        if self._authorized or not possible:
            raise Failed(f"the server refuses the credential from {self._job.origin}", "check that it is valid and may read this repository")
        self._authorized = True

    def _follow(self, location: str, service: str) -> None:
        base = f"{self._origin.scheme}://{self._origin.authority}"
        target = urljoin(base + self._path + service, location)
        parts = urlsplit(target)
        if not self._origin.same_origin(target) or parts.username is not None:
            place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            raise Failed(f"the server redirects to {printable(place)}, which is not followed", "name that address itself, if it is the right one")
        asked = parts.path + (f"?{parts.query}" if parts.query else "")
        if not asked.endswith(service) or not asked.isprintable() or " " in asked or not asked.isascii():
            raise Failed("the server redirects to something that is no repository", "check the address; you may have to log in there")
        self._path = asked[: -len(service)]

    def _connection(self, headers: dict[str, str]) -> tuple[http.client.HTTPConnection, str]:
        """Return a connection to the origin, through the environment's proxy if there is one, and what stands before the path on it."""
        host = self._job.host.strip("[]")
        port = self._job.port or (443 if self._job.scheme == "https" else 80)
        proxies = getproxies_environment()
        named = proxies.get(self._job.scheme)
        if not named or bypassed(host, port, proxies.get("no", "")):
            if self._context is None:
                return http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS), ""
            return http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=self._context), ""
        proxy = proxy_of(named)
        if proxy is None or proxy.scheme != "http":
            raise Failed("the proxy named in the environment is not an http:// URL", f"set {self._job.scheme}_proxy to one")
        self._through = f" through the proxy {printable(proxy.host)}"
        login = {"Proxy-Authorization": basic(proxy.login)} if proxy.login is not None else {}
        if self._context is None:
            headers |= login
            return http.client.HTTPConnection(proxy.host, proxy.port, timeout=_CONNECT_SECONDS), f"http://{self._origin.authority}"
        connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=_CONNECT_SECONDS, context=self._context)
        connection.set_tunnel(host, port, login)
        return connection, ""

    def _explain(self, error: Exception) -> Failed:
        host = self._origin.authority + self._through
        if isinstance(error, ssl.SSLCertVerificationError):
            return Failed(untrusted(host, error), "if it is your own authority's, name that in SSL_CERT_FILE")
        if isinstance(error, socket.gaierror):
            return Failed(unknown(host), "check the name and the network")
        if isinstance(error, TimeoutError):
            return Failed(f"{host} does not answer", "check the network")
        if isinstance(error, OSError) and (tunnel := re.match(r"Tunnel connection failed: ([0-9]{3})", str(error))):
            return Failed(f"there is no way to {host} (status {tunnel[1]})", "check the proxy in the environment")
        what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return Failed(cut_off(host, what), "check the network")


def _refused(status: int) -> Failed:
    if status == 404:
        return Failed("the server knows no such repository", "check the address; private ones may need a credential in LEAKSIEVE_GIT_TOKEN")
    if status == 403:
        return Failed("the server forbids reading this repository", "give a credential that may, in LEAKSIEVE_GIT_TOKEN")
    return Failed(f"the server answers with status {status}", "try again later" if status >= 500 or status == 429 else "check the address")


def _tls_context(authorities: list[str | None]) -> ssl.SSLContext:
    try:
        return trusting(*authorities)
    except OSError:
        raise Failed("the certificates to trust cannot be read", "check SSL_CERT_FILE and GIT_SSL_CAINFO") from None
