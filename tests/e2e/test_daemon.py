"""Images out of daemons: a real Podman service on a socket of its own, and a server that says what Docker's interface promises."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import imagecraft as craft
import pytest
import trustme
from imagescan import Scanned, rules
from planted import token
from realrun import leaksieve
from registries import program, reply, told

from leaksieve.config import Config
from leaksieve.daemon.places import daemons
from leaksieve.daemon.provider import DaemonProvider
from leaksieve.pipeline import Plan, run
from leaksieve.sources.image import ImageSource

pytestmark = pytest.mark.e2e

KEPT, GONE, ENV = (token(number) for number in range(9701, 9704))
LAYERS = [craft.layer({"gone.env": f"key = {GONE}\n".encode()}), craft.layer({"kept.env": f"key = {KEPT}\n".encode(), ".wh.gone.env": b""})]
CONFIG = craft.config(LAYERS, [{"created_by": "COPY one /"}, {"created_by": "RUN two"}], Env=[f"API_TOKEN={ENV}"])
PLANTED = {KEPT, GONE, ENV}


def saved(name: str, environ: dict[str, str]) -> Scanned:
    """Scan an image of a daemon in this process."""
    source = ImageSource(DaemonProvider(name, daemons(environ), f"daemon:{name}"), requested=f"daemon:{name}")
    outcome = run(Plan(sources=(), config=Config(reveal=True, inline_allow=False), images=[source], ruleset=rules(), jobs=1))
    return Scanned({finding.secret: finding for finding in outcome.findings}, outcome.coverage)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where images are saved; empty again after every test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@pytest.fixture(scope="module")
def podman():
    """The socket of a Podman service that has the image."""
    name = program("podman")
    # Paths of sockets are short.
    with tempfile.TemporaryDirectory(prefix="pod-", ignore_cleanup_errors=True) as folder:
        path = f"{folder}/s"
        call = [name, "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]
        call += ["--events-backend", "file", "--tmpdir", f"{folder}/tmp"]
        env = {"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, "XDG_RUNTIME_DIR": folder}
        with open(f"{folder}/log", "wb") as log:
            process = subprocess.Popen([*call, "system", "service", "--time", "0", f"unix://{path}"], stdout=log, stderr=log, env=env)
        try:
            archive = craft.docker_archive(Path(folder) / "a.tar", LAYERS, CONFIG, tags=["docker.io/team/app:v1"])
            for _ in range(300):
                if os.path.exists(path):
                    break
                if process.poll() is not None:
                    said = Path(f"{folder}/log").read_text()
                    if os.environ.get("CI"):
                        pytest.fail(f"the Podman service does not run: {said}")
                    pytest.skip(f"NOT TESTED: the Podman service does not run here: {said[-300:]}")
                time.sleep(0.1)
            connection = _Unix(path)
            connection.request("POST", "/images/load", archive.read_bytes(), {"Content-Type": "application/x-tar"})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            assert answer.status == 200, body
            yield path
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def test_everything_planted_is_found_in_podman_s_image(podman):
    found = saved("team/app:v1", {"DOCKER_HOST": f"unix://{podman}"})
    assert set(found.findings) == PLANTED
    assert found.coverage.complete, told(found)
    gone = found.one(GONE)
    assert (gone["path"], gone["layer_index"], gone["deleted_later"], gone["image"]) == ("gone.env", 0, True, "docker.io/team/app:v1")


def test_an_image_that_podman_does_not_have(podman):
    found = saved("team/none", {"CONTAINER_HOST": f"unix://{podman}"})
    assert f"unix://{podman} has no such image" in told(found)
    assert not found.coverage.complete


def test_from_the_command_line(podman, tmp_path):
    done = leaksieve("image", "daemon:team/app:v1", "-f", "json", cwd=tmp_path, env={"DOCKER_HOST": f"unix://{podman}"})
    assert done.code == 1, done
    assert len(done.report["findings"]) == 3
    done = leaksieve("image", "team/app:v1", cwd=tmp_path, env={"CONTAINER_HOST": f"unix://{podman}"})
    assert done.code == 1, done
    assert f"team/app:v1 is taken for daemon:team/app:v1, at unix://{podman}" in done.err


# The interface alone, with what a real daemon does not do on demand.


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """Clients go away in the middle."""


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients go away in the middle."""


@contextlib.contextmanager
def daemon(get, path: str = "", context: ssl.SSLContext | None = None):
    """A server whose ``get(handler)`` answers for the archive; yields the server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self):
            return ""

        def do_GET(self):
            if self.path.endswith("/json"):
                reply(self, 200, b"{}")
            else:
                get(self)

        def log_message(self, *_):
            pass

    server = _UnixServer(path, Handler) if path else _Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def sock():
    with tempfile.TemporaryDirectory(prefix="d-", dir="/tmp") as folder:
        yield f"{folder}/s"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return craft.docker_archive(tmp_path_factory.mktemp("archive") / "a.tar", LAYERS, CONFIG, tags=["app:1"]).read_bytes()


def chunked(handler, data: bytes, *, end: bool = True) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for at in range(0, len(data), 1000):
        piece = data[at : at + 1000]
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    if end:
        handler.wfile.write(b"0\r\n\r\n")
    else:
        handler.close_connection = True


def test_an_archive_in_pieces(sock, archive):
    asked = []
    with daemon(lambda handler: (asked.append(handler.path), chunked(handler, archive)), sock):
        found = saved("registry.example:5000/team/app@sha256:" + "0" * 64, {"DOCKER_HOST": f"unix://{sock}"})
    assert set(found.findings) == PLANTED
    assert found.coverage.complete
    assert asked == ["/images/registry.example:5000/team/app@sha256:" + "0" * 64 + "/get"]


def test_an_answer_that_breaks_off(sock, archive):
    with daemon(lambda handler: chunked(handler, archive[:9000], end=False), sock):
        found = saved("app", {"DOCKER_HOST": f"unix://{sock}"})
    assert "the answer broke off" in told(found)
    assert not found.coverage.complete


def test_an_archive_that_is_cut_short(sock, archive):
    with daemon(lambda handler: chunked(handler, archive[:-9000]), sock):
        found = saved("app", {"DOCKER_HOST": f"unix://{sock}"})
    assert not found.coverage.complete


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b'{"message": "the disk is\\u001b[31m full."}', "the disk is?[31m full"),
        (500, b"<html>", "it answers with status 500"),
        (404, b'{"message": "No such image: app:latest"}', "No such image: app:latest"),
        (500, json.dumps({"message": ["x"]}).encode(), "it answers with status 500"),
    ],
)
def test_what_a_daemon_says_is_told(sock, status, body, expected):
    with daemon(lambda handler: reply(handler, status, body), sock):
        assert expected in told(saved("app", {"DOCKER_HOST": f"unix://{sock}"}))


def test_what_is_no_archive(sock):
    with daemon(lambda handler: chunked(handler, b"nothing of the kind" * 100), sock):
        assert not saved("app", {"DOCKER_HOST": f"unix://{sock}"}).coverage.complete


def test_no_daemon_at_all(tmp_path):
    assert "no Docker or Podman socket is here; start one, or set DOCKER_HOST" in told(saved_nowhere(tmp_path))
    assert "no such file" in told(saved("app", {"DOCKER_HOST": f"unix://{tmp_path}/none"}))


def saved_nowhere(tmp_path) -> Scanned:
    environ = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    source = ImageSource(DaemonProvider("app", daemons(environ, system=str(tmp_path)), "daemon:app"), requested="daemon:app")
    outcome = run(Plan(sources=(), config=Config(), images=[source], ruleset=rules(), jobs=1))
    return Scanned({}, outcome.coverage)


def test_the_second_socket_where_the_first_is_dead(tmp_path, archive):
    with tempfile.TemporaryDirectory(prefix="d-", dir="/tmp") as folder:
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(f"{folder}/docker.sock")
        dead.close()
        os.mkdir(f"{folder}/podman")
        with daemon(lambda handler: chunked(handler, archive), f"{folder}/podman/podman.sock"):
            environ = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": folder}
            source = ImageSource(DaemonProvider("app", daemons(environ, system=str(tmp_path)), "daemon:app"), requested="daemon:app")
            outcome = run(Plan(sources=(), config=Config(reveal=True), images=[source], ruleset=rules(), jobs=1))
    assert {finding.secret for finding in outcome.findings} == PLANTED


def test_tls_with_certificates_of_both_sides(tmp_path, archive):
    authority = trustme.CA()
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("me@example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in client.cert_chain_pems))
    with daemon(lambda handler: chunked(handler, archive), context=context) as running:
        host = f"tcp://127.0.0.1:{running.server_address[1]}"
        known = {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
        assert set(saved("app", known).findings) == PLANTED
        (tmp_path / "other").mkdir()
        assert "certificate" in told(saved("app", {**known, "DOCKER_CERT_PATH": str(tmp_path / "other")}))
        assert not saved("app", {"DOCKER_HOST": host}).coverage.complete
