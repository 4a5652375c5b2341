"""Speaks to one daemon: HTTP over a unix socket, or over TCP with the certificates that Docker's client uses."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from leaksieve.daemon.places import Daemon

_CONNECT: Final = 10.0
# Preparing an image may take a daemon a while.
_IDLE: Final = 300.0
_MESSAGE: Final = 64 * 1024


class DaemonError(Exception):
    """``text`` is for a person; ``absent`` says that the daemon has no such image, ``reached`` that it answered at all."""

    def __init__(self, text: str, *, absent: bool = False, reached: bool = True) -> None:
        super().__init__(text)
        self.text = text
        self.absent = absent
        self.reached = reached


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@contextmanager
def get(daemon: Daemon, path: str) -> Iterator[http.client.HTTPResponse]:
    """Yield the daemon's answer of status 200.  Raises DaemonError, also for what breaks while it is read."""
    connection = None
    try:
        connection = _connection(daemon)
        connection.connect()
        connection.sock.settimeout(_IDLE)
        connection.request("GET", path, headers={"User-Agent": "leaksieve", "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise DaemonError(_message(answer), absent=answer.status == 404)
        yield answer
    except ssl.SSLError as error:
        why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "the TLS handshake failed"
        raise DaemonError(_printable(why), reached=False) from None
    except TimeoutError:
        raise DaemonError("it does not answer", reached=False) from None
    except http.client.HTTPException:
        raise DaemonError("the answer broke off, or is no HTTP") from None
    except OSError as error:
        if error.filename is not None:
            raise
        raise DaemonError(_printable((error.strerror or "the connection failed").lower()), reached=False) from None
    finally:
        if connection is not None:
            connection.close()


def has(daemon: Daemon, name: str) -> bool:
    """Whether the daemon has an image of that name.  Raises DaemonError."""
    try:
        with get(daemon, f"/images/{_quoted(name)}/json") as answer:
            answer.read(_MESSAGE)
    except DaemonError as error:
        if error.absent:
            return False
        raise
    return True


def save(daemon: Daemon, name: str, path: str) -> None:
    """Write an image to a new file, as ``docker save`` would.  Raises DaemonError, and OSError where it cannot be written."""
    with open(path, "xb") as file, get(daemon, f"/images/{_quoted(name)}/get") as answer:
        expected = answer.length
        size = 0
        while piece := answer.read(256 * 1024):
            size += len(piece)
            try:
                file.write(piece)
            except OSError as error:
                # Told apart from a failure of the socket by the name of the file.
                raise OSError(error.errno, error.strerror, path) from None
        if expected is not None and size < expected:
            raise DaemonError("the answer broke off")


def _connection(daemon: Daemon) -> http.client.HTTPConnection:
    if daemon.path:
        if not hasattr(socket, "AF_UNIX"):
            raise DaemonError("sockets in files are not reached on this platform; set DOCKER_HOST to a tcp:// address", reached=False)
        return _Unix(daemon.path, _CONNECT)
    if not daemon.tls:
        return http.client.HTTPConnection(daemon.host, daemon.port, timeout=_CONNECT)
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if daemon.folder:
        authority, certificate, key = (os.path.join(daemon.folder, name) for name in ("ca.pem", "cert.pem", "key.pem"))
        try:
            if os.path.exists(authority):
                context.load_verify_locations(authority)
            if os.path.exists(certificate):
                context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError):
            raise DaemonError(f"the certificates in {daemon.folder} cannot be read", reached=False) from None
    return http.client.HTTPSConnection(daemon.host, daemon.port, timeout=_CONNECT, context=context)


def _message(answer: http.client.HTTPResponse) -> str:
    """What a daemon says of its refusal: in JSON, as a rule."""
    try:
        fields = json.loads(answer.read(_MESSAGE))
        text = fields["message"] if isinstance(fields["message"], str) else ""
    except (ValueError, TypeError, KeyError, RecursionError, OSError, http.client.HTTPException):
        text = ""
    return _printable(text.strip().rstrip(".")) or f"it answers with status {answer.status}"


def _quoted(name: str) -> str:
    return quote(name, safe="/:@")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:300]
