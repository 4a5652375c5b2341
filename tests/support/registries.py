"""Registries on loopback: the real ``docker-registry`` with and without logins, a server of tokens for it, and a server in between that misbehaves."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from imagescan import Scanned, rules

from leaksieve.config import Config
from leaksieve.pipeline import Plan, run
from leaksieve.registry.name import parse_name
from leaksieve.registry.open import open_registry
from leaksieve.registry.settings import Reach
from leaksieve.sources.image import ImageSource

PROGRAM = "docker-registry"
USER, PASSWORD = "reader", "canary" + "Password73"
QUICK = Reach(plain_http=True, backoff=0.02, idle=20.0)


def program(name: str) -> str:
    """Where a program is; a test without it fails in CI and is skipped by name elsewhere."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"NOT TESTED: {name} is not installed")
    return path


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Authority:
    """A certificate authority of its own; ``ca`` is the file with its certificate."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca)
        self.server = self.authority.issue_cert("localhost", "127.0.0.1", "127.0.0.2")
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in self.server.cert_chain_pems))
        self.server.private_key_pem.write_to_path(self.key)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.configure_cert(context)
        return context


class Registry:
    """The real one.  ``auth`` is a part of its configuration, ``authority`` makes it speak TLS."""

    def __init__(self, folder: Path, *, auth: Mapping[str, Any] | None = None, authority: Authority | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        settings: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.host, "secret": "of no use"},
        }
        if auth:
            settings["auth"] = auth
        if authority is not None:
            settings["http"]["tls"] = {"certificate": str(authority.certificate), "key": str(authority.key)}
        self._config = folder / "config.json"
        self._config.write_text(json.dumps(settings))
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.authority = authority

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program(PROGRAM), "serve", str(self._config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        for _ in range(600):
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                    return self
            except OSError:
                assert self._process.poll() is None, self._log.read_text()
                time.sleep(0.05)
        raise AssertionError("the registry does not listen")

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _call(self, method: str, url: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        if self.authority is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=ssl.create_default_context(cafile=str(self.authority.ca)))
        connection.request(
            method, parts.path + (f"?{parts.query}" if parts.query else ""), body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        answer.body = answer.read()
        connection.close()
        assert answer.status < 300, (answer.status, answer.body)
        return answer

    def blob(self, repository: str, data: bytes, **headers: str) -> None:
        place = self._call("POST", f"/v2/{repository}/blobs/uploads/", b"", **headers).getheader("Location")
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self._call("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", data, Content_Type="application/octet-stream", **headers)

    def manifest(self, repository: str, reference: str, data: bytes, media_type: str, **headers: str) -> None:
        self._call("PUT", f"/v2/{repository}/manifests/{reference}", data, Content_Type=media_type, **headers)

    def push(self, repository: str, tag: str, layout: Any, descriptor: Mapping[str, Any], **headers: str) -> None:
        """Push what a layout of ``imagecraft`` has: an image or an index."""
        data = layout.files["blobs/" + descriptor["digest"].replace(":", "/")]
        fields = json.loads(data)
        for child in fields.get("manifests", ()):
            self.push(repository, child["digest"], layout, child, **headers)
        for blob in (fields.get("config"), *fields.get("layers", ())):
            if blob and not blob.get("urls"):
                self.blob(repository, layout.files["blobs/" + blob["digest"].replace(":", "/")], **headers)
        self.manifest(repository, tag, data, descriptor["mediaType"], **headers)


def htpasswd(folder: Path) -> dict[str, Any]:
    """The part of a registry's configuration for a login with a password."""
    folder.mkdir(parents=True, exist_ok=True)
    # The system's crypt knows bcrypt, the one kind that the registry takes; Python no longer has it.
    call = ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", PASSWORD, "$2b$04$" + "a" * 22]
    (folder / "htpasswd").write_text(f"{USER}:{subprocess.run(call, capture_output=True, text=True, check=True).stdout}\n")
    return {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}


class Server:
    """Answers HTTP on loopback; ``answer(handler)`` does it all.  ``requests`` records (method, path, headers) of each."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None], authority: Authority | None = None, address: str = "127.0.0.1") -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.requests.append((self.command, self.path, dict(self.headers)))
                try:
                    answer(self)
                except (ConnectionError, ssl.SSLError):
                    self.close_connection = True

            def do_HEAD(self):
                self.do_GET()

            def do_POST(self):
                self.do_GET()

            def log_message(self, *_):
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """Clients go away in the middle."""

        self._http = Quiet((address, 0), Handler)
        if authority is not None:
            self._http.socket = authority.context().wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.host = f"{address}:{self._http.server_address[1]}"
        self.url = f"{'http' if authority is None else 'https'}://{self.host}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def paths(self, part: str) -> list[str]:
        return [path for _, path, _ in self.requests if part in path]


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def forward(handler: BaseHTTPRequestHandler, host: str, *, cut: int = -1, change: Callable[[bytes], bytes] | None = None) -> None:
    """Pass a request on to a registry in the clear, and its answer back: cut after so many bytes, or changed."""
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(handler.command, handler.path, None, {name: value for name, value in handler.headers.items() if name.lower() != "host"} | {"Host": host})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if change is not None:
        body = change(body)
    handler.send_response(answer.status)
    length = answer.getheader("Content-Length", "0") if handler.command == "HEAD" else str(len(body))
    for name, value in answer.getheaders():
        if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
            handler.send_header(name, value)
    handler.send_header("Content-Length", length)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body if cut < 0 else body[:cut])
        handler.wfile.flush()
    if 0 <= cut < len(body):
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)


class Tokens:
    """Gives tokens that the real registry takes; whoever has the password (or the identity token) gets one, others only for what is ``public``."""

    SERVICE = "tests"
    IDENTITY = "canary" + "Identity91"

    def __init__(self, authority: Authority, *, public: tuple[str, ...] = (), seconds: int = 300, tls: bool = False) -> None:
        self._signer = authority.authority.issue_cert("tokens")
        self.public = public
        self.seconds = seconds
        self.given: list[str] = []
        self.server = Server(self._answer, authority if tls else None)

    def auth(self, authority: Authority) -> dict[str, Any]:
        return {"token": {"realm": f"{self.server.url}/token", "service": self.SERVICE, "issuer": "issuer", "rootcertbundle": str(authority.ca)}}

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            form = {name: values[0] for name, values in parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode()).items()}
            allowed = form.get("refresh_token") == self.IDENTITY
        else:
            form = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
            login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            allowed = handler.headers.get("Authorization") == login
            if handler.headers.get("Authorization") and not allowed:
                reply(handler, 401)
                return
        access = []
        if "scope" in form:
            _, name, actions = form["scope"].rsplit(":", 2) if form["scope"].count(":") > 2 else form["scope"].split(":")
            access = [{"type": "repository", "name": name, "actions": actions.split(",")}] if allowed or name in self.public else []
        token = self.token(access, USER if allowed else "")
        self.given.append(token)
        reply(handler, 200, json.dumps({"token": token, "expires_in": self.seconds}).encode(), Content_Type="application/json")

    def token(self, access: list[dict[str, Any]], user: str = USER) -> str:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        chain = [x509.load_pem_x509_certificate(blob.bytes()) for blob in self._signer.cert_chain_pems]
        key = serialization.load_pem_private_key(self._signer.private_key_pem.bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(each.public_bytes(serialization.Encoding.DER)).decode() for each in chain]}
        now = int(time.time())
        claims = {
            "iss": "issuer",
            "sub": user,
            "aud": self.SERVICE,
            "exp": now + 3600,
            "nbf": now - 60,
            "iat": now,
            "jti": os.urandom(8).hex(),
            "access": access,
        }
        text = ".".join(_packed(json.dumps(each).encode()) for each in (header, claims))
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def login_file(folder: Path, host: str, **entry: str) -> dict[str, str]:
    """An environment whose home holds a login for a host; the usual one where no entry is given."""
    (folder / ".docker").mkdir(parents=True, exist_ok=True)
    fields = entry or {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    (folder / ".docker/config.json").write_text(json.dumps({"auths": {host: fields}}))
    return {"HOME": str(folder), "PATH": os.environ["PATH"]}


def pulled(
    reference: str, environ: Mapping[str, str] | None = None, reach: Reach = QUICK, *, platform: str = "", jobs: int = 1, cache_dir: Path | None = None
) -> Scanned:
    """Scan an image of a registry in this process."""
    return watched(reference, environ, reach, platform=platform, jobs=jobs, cache_dir=cache_dir)[0]


def watched(
    reference: str, environ: Mapping[str, str] | None = None, reach: Reach = QUICK, *, platform: str = "", jobs: int = 1, cache_dir: Path | None = None
) -> tuple[Scanned, ImageSource]:
    """The same, and the source."""
    source = ImageSource(open_registry(parse_name(reference), reach, environ or {}, platform=platform), requested=reference, platform=platform)
    plan = Plan(
        sources=(),
        config=Config(reveal=True, inline_allow=False),
        images=[source],
        ruleset=rules(),
        jobs=jobs,
        cache=cache_dir is not None,
        cache_dir=None if cache_dir is None else bytes(cache_dir),
    )
    outcome = run(plan)
    return Scanned({finding.secret: finding for finding in outcome.findings}, outcome.coverage), source


def told(scanned: Scanned) -> str:
    """All that the receipt says of what was not scanned."""
    return "\n".join(f"{skip.kind} {skip.reason} {skip.detail}" for source in scanned.coverage.sources for skip in source.skips)
