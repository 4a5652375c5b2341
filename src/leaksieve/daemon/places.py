"""Where daemons listen: what the environment says, what Docker's client is set to, and the usual sockets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from leaksieve.errors import UsageError

_LARGEST = 1024 * 1024


class Daemon(NamedTuple):
    """A daemon's address: ``path`` of a socket, or ``host`` and ``port``.

    ``tls`` says that it speaks TLS; ``folder`` holds ca.pem, cert.pem and key.pem ("" for none).  ``chosen`` says that the user named it.
    """

    shown: str
    path: str = ""
    host: str = ""
    port: int = 0
    tls: bool = False
    folder: str = ""
    chosen: bool = False


def daemons(environ: Mapping[str, str], *, system: str = "") -> list[Daemon]:
    """Return the daemons to ask, in order: the one that is named where one is, else those whose sockets are there.

    ``system`` is put before the paths of sockets of the whole machine, for tests.  Raises UsageError for an address that cannot be used.
    """
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        if environ.get(name):
            verify = name == "DOCKER_HOST" and bool(environ.get("DOCKER_TLS_VERIFY"))
            folder = environ.get("DOCKER_CERT_PATH", "") or (os.path.join(environ.get("HOME", ""), ".docker") if verify else "")
            return [parse(environ[name], name, tls=verify, folder=folder)]
    context = _context(environ)
    if context is not None:
        return [context]
    return [Daemon(f"unix://{path}", path=path) for path in _usual(environ, system) if os.path.exists(path)]


def parse(text: str, where: str, *, tls: bool = False, folder: str = "") -> Daemon:
    """Read an address as Docker's client writes it.  Raises UsageError."""
    scheme, _, rest = text.partition("://")
    if scheme == "unix" and rest.startswith("/"):
        return Daemon(f"unix://{rest}", path=rest, chosen=True)
    if scheme in ("tcp", "http", "https"):
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise UsageError("holds no address that can be used", where=where) from None
        if parts.hostname and "@" not in parts.netloc and parts.path in ("", "/"):
            secure = tls or scheme == "https"
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            port = port or (2376 if secure else 2375)
            return Daemon(f"tcp://{host}:{port}", host=parts.hostname, port=port, tls=secure, folder=folder, chosen=True)
    raise UsageError("holds an address of a kind that is not reached", where=where, hint="unix:///PATH and tcp://HOST:PORT are; for ssh forward the socket")


def _usual(environ: Mapping[str, str], system: str) -> Iterator[str]:
    runtime = environ.get("XDG_RUNTIME_DIR", "") or (f"/run/user/{os.getuid()}" if hasattr(os, "getuid") else "")
    home = environ.get("HOME", "")
    yield f"{system}/var/run/docker.sock"
    if os.path.isabs(runtime):
        yield os.path.join(runtime, "docker.sock")
    if os.path.isabs(home):
        yield os.path.join(home, ".docker", "run", "docker.sock")
    if os.path.isabs(runtime):
        yield os.path.join(runtime, "podman", "podman.sock")
    yield f"{system}/run/podman/podman.sock"


def _context(environ: Mapping[str, str]) -> Daemon | None:
    """The context that Docker's client is set to; None for the usual one."""
    folder = environ.get("DOCKER_CONFIG", "") or os.path.join(environ.get("HOME", ""), ".docker")
    if not os.path.isabs(folder):
        return None
    name = environ.get("DOCKER_CONTEXT", "") or _fields(os.path.join(folder, "config.json")).get("currentContext", "")
    if not isinstance(name, str) or name in ("", "default"):
        return None
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    fields = _fields(os.path.join(folder, "contexts", "meta", digest, "meta.json"))
    try:
        address = fields["Endpoints"]["docker"]["Host"]
    except (KeyError, TypeError):
        address = None
    if not isinstance(address, str) or not address:
        raise UsageError("is a Docker context that cannot be read", where=name, hint="see `docker context ls`, or set DOCKER_HOST")
    keys = os.path.join(folder, "contexts", "tls", digest, "docker")
    return parse(address, f"the Docker context {name}", tls=os.path.isdir(keys), folder=keys if os.path.isdir(keys) else "")


def _fields(path: str) -> Mapping[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            fields = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
