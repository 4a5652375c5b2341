"""Git over HTTP(S) on loopback: the real ``git http-backend`` behind a server that can also demand a password, redirect, dawdle or lie."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from gitrepo import ENVIRONMENT


class Authority:
    """A certificate authority of its own; ``ca`` is its certificate, ``context`` serves ``localhost`` and ``127.0.0.1``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        key, request, certificate, extra = folder / "key.pem", folder / "request.pem", folder / "cert.pem", folder / "extra"
        ca_key = folder / "ca-key.pem"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        extra.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", self.ca, "-days", "2", "-subj", "/CN=test authority")
        self._openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", extra, "-out", certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)

    @staticmethod
    def _openssl(*arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class GitServer:
    """Serves the repositories below ``root``.  Use it as a context manager.

    ``password`` is (user, password) for basic authentication.  ``answer(handler)`` may deal with a request
    itself and return True.  ``requests`` records (method, path, headers) of each.
    """

    def __init__(
        self,
        root: Path,
        authority: Authority | None = None,
        *,
        password: tuple[str, str] | None = None,
        answer: Callable[[BaseHTTPRequestHandler], bool] | None = None,
    ) -> None:
        self.root = root
        self.password = password
        self.answer = answer
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server._serve(self)

            def do_POST(self):
                server._serve(self)

            def log_message(self, *_):
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A client that was stopped in the middle is what some tests are about."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        if authority is not None:
            self._http.socket = authority.context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = "http" if authority is None else "https"
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def url(self, path: str, host: str = "localhost", user: str = "") -> str:
        return f"{self.scheme}://{user}{'@' if user else ''}{host}:{self.port}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def authorizations(self) -> list[str | None]:
        return [headers.get("authorization") for _, _, headers in self.requests]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append((handler.command, handler.path, {name.lower(): value for name, value in handler.headers.items()}))
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.answer is not None and self.answer(handler):
            return
        if self.password is not None:
            wanted = "Basic " + base64.b64encode(":".join(self.password).encode()).decode()
            if handler.headers.get("Authorization") != wanted:
                send(handler, 401, b"who are you", {"WWW-Authenticate": 'Basic realm="test"'})
                return
        path, _, query = handler.path.partition("?")
        environment = {
            **ENVIRONMENT,
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": handler.command,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "-c", "safe.directory=*", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        send(handler, int(headers.pop("Status", "200").split()[0]), content, headers)


def send(handler: BaseHTTPRequestHandler, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
