"""The proxy that the environment names."""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from leaksieve.net.address import bracketed


class Proxy(NamedTuple):
    """``host`` is without brackets, ``login`` USER:PASSWORD where the URL has one."""

    scheme: str
    host: str
    port: int
    login: str | None

    @property
    def url(self) -> str:
        """Its address, without the login."""
        return f"{self.scheme}://{bracketed(self.host)}:{self.port}"


def proxy_of(text: str) -> Proxy | None:
    """Read a proxy's URL, or HOST:PORT; None for what is neither http nor https."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username is not None else None
    return Proxy(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), login)


def bypassed(host: str, port: int, exceptions: str) -> bool:
    """Whether a host is reached without the proxy; ``exceptions`` are the environment's ``no_proxy``."""
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # documented nowhere, but what urllib itself asks

    return bool(proxy_bypass_environment(f"{host}:{port}", {"no": exceptions}))


def basic(login: str) -> str:
    """The header's value for USER:PASSWORD."""
    return "Basic " + b64encode(login.encode("utf-8", "surrogateescape")).decode()
