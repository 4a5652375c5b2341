"""A repository on another machine, cloned into a private folder for the time of a scan.

``parse_remote`` says what a target names, ``credentials_for`` what to show its host, :func:`clone` fetches
it in a process of its own, which is ended when a limit is reached or the user has had enough.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from leaksieve.errors import SourceError, UsageError
from leaksieve.sources.remote_credentials import Credentials, credentials_for
from leaksieve.sources.remote_folder import Terminated, private_folder
from leaksieve.sources.remote_url import RemoteUrl, parse_remote, shown_remote

__all__ = ["Clone", "CloneProgress", "Credentials", "RemoteUrl", "Terminated", "clone", "credentials_for", "parse_remote", "shown_remote"]

MAX_BYTES = 20 << 30
MAX_OBJECTS = 50_000_000
TIMEOUT_SECONDS = 3600.0
# A server may count and compress for minutes before it sends anything.
_IDLE_SECONDS = 300.0

# What the cloning process sees of the environment: where things are, the way out, and nothing of git's.
_PASSED_ON = ("HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK")
_PROXIES = ("https_proxy", "http_proxy", "no_proxy")
_START = "import sys, json, os; sys.path[:] = json.loads(sys.argv[1]); from leaksieve.sources.remote_child import start; start()"
_LONGEST_LINE = 1 << 20


class CloneProgress(NamedTuple):
    """How far a clone is: objects received of those announced (0: not yet known), bytes, and how many objects are checked and indexed."""

    objects: int
    total: int
    size: int
    indexed: int


class Clone(NamedTuple):
    """A finished clone: a bare repository at ``path``, and what the server sent.

    ``shown`` is the URL without anything that could be a credential.  ``refused`` counts references whose
    names git does not allow; they were left out.
    """

    path: bytes
    shown: str
    references: int
    refused: int
    objects: int
    size: int


@contextmanager
def clone(
    url: RemoteUrl,
    *,
    credentials: Credentials | None = None,
    progress: Callable[[CloneProgress], None] | None = None,
    max_bytes: int = MAX_BYTES,
    max_objects: int = MAX_OBJECTS,
    timeout: float = TIMEOUT_SECONDS,
    pull_refs: bool = True,
) -> Iterator[Clone]:
    """Clone ``url`` completely; the clone is there inside the ``with`` block and gone after it, however it ends.

    All references are fetched; ``pull_refs=False`` takes heads, tags and notes alone.  ``credentials`` are
    by default those the environment has for the host.  ``timeout`` is in seconds, for the whole clone;
    ``max_bytes`` counts what is received.  Raises SourceError (unreachable, refused, broken, over a limit),
    UsageError (a variable that cannot be used), KeyboardInterrupt (Ctrl-C, SIGTERM, SIGHUP).
    """
    environment = _environment()
    if credentials is None:
        credentials = credentials_for(url, os.environ)
    with private_folder() as folder:
        target = os.path.join(folder, "clone.git")
        order = _order(url, credentials, folder, target)
        order.update(max_bytes=max_bytes, max_objects=max_objects, idle_seconds=min(_IDLE_SECONDS, timeout), pull_refs=pull_refs)
        done = _run(url, order, environment, timeout, progress)
        yield Clone(os.fsencode(target), url.shown, done["references"], done["refused"], done["objects"], done["bytes"])


def _environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    for name in _PROXIES:
        value = os.environ.get(name) or os.environ.get(name.upper())
        if value:
            environment[name] = value
    for name, is_there in (
        ("SSL_CERT_FILE", os.path.isfile),
        ("SSL_CERT_DIR", os.path.isdir),
        ("GIT_SSL_CAINFO", os.path.isfile),
        ("GIT_SSL_CAPATH", os.path.isdir),
    ):
        value = os.environ.get(name)
        if value and not is_there(value):
            raise UsageError(f"{value} is not there", where=name, hint="set it to the certificates to trust, or unset it")
    return environment


def _order(url: RemoteUrl, credentials: Credentials, folder: str, target: str) -> dict[str, Any]:
    user = credentials.user.reveal().decode("utf-8", "surrogateescape") if credentials.user else ""
    if url.relative:
        address = f"{user}@{url.host}:{url.path}"
    elif url.scheme == "ssh":
        address = f"ssh://{user}@{url.authority}{url.path}"
    else:
        address = url.shown
    from urllib.parse import unquote

    return {
        "url": address,
        "scheme": url.scheme,
        "host": url.host,
        "port": url.port,
        "path": unquote(url.path, errors="surrogateescape") if url.scheme == "file" else url.path,
        # Trusted besides what SSL_CERT_FILE and SSL_CERT_DIR (or the system) name.  GIT_SSL_NO_VERIFY has no say.
        "authorities": [os.environ.get("GIT_SSL_CAINFO") or None, os.environ.get("GIT_SSL_CAPATH") or None],
        "folder": folder,
        "target": target,
        "user": user,
        "password": credentials.password.reveal().decode("utf-8", "surrogateescape") if credentials.password is not None else None,
        "origin": credentials.origin,
        "agent": credentials.agent,
        "keys": list(credentials.keys),
        "passphrase": credentials.passphrase.reveal().decode("utf-8", "surrogateescape") if credentials.passphrase else None,
    }


def _run(
    url: RemoteUrl, order: dict[str, Any], environment: dict[str, str], timeout: float, progress: Callable[[CloneProgress], None] | None
) -> dict[str, Any]:
    """Have a process of its own carry out the order; return what it did."""
    deadline = time.monotonic() + timeout
    late = SourceError(f"the clone took longer than {timeout:g} s and was stopped", where=url.shown, hint="allow it more time, if that is right")
    # A new interpreter, not a fork: system libraries for TLS do not survive one everywhere, and libgit2's
    # settings are the whole process's.  The path of modules is ours, so nothing in the current directory is
    # imported.  Its own session, so that Ctrl-C is the parent's to deal with.
    with subprocess.Popen(
        [sys.executable, "-I", "-c", _START, json.dumps([os.path.abspath(part) for part in sys.path if part])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/" if os.name == "posix" else None,
        start_new_session=True,
        bufsize=0,
    ) as child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                child.stdin.write(json.dumps(order).encode() + b"\n")
            except BrokenPipeError:
                raise SourceError("the process that clones ended unexpectedly", where=url.shown) from None
            received = bytearray()
            with selectors.DefaultSelector() as selector:
                selector.register(child.stdout, selectors.EVENT_READ)
                while True:
                    if not selector.select(max(deadline - time.monotonic(), 0)):
                        raise late
                    data = os.read(child.stdout.fileno(), 1 << 16)
                    received += data
                    *lines, rest = received.split(b"\n")
                    received[:] = rest
                    for line in lines:
                        message = json.loads(line)
                        if "done" in message:
                            result: dict[str, Any] = message["done"]
                            return result
                        if "error" in message:
                            raise SourceError(message["error"], where=url.shown, hint=message["hint"])
                        if progress is not None:
                            progress(CloneProgress(*message["progress"]))
                    if not data or len(received) > _LONGEST_LINE:
                        raise SourceError("the process that clones ended unexpectedly", where=url.shown)
                    if time.monotonic() > deadline:
                        raise late
        finally:
            child.kill()
