"""How registries are reached: what the user asked for, and how patient a client is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from leaksieve.errors import UsageError
from leaksieve.net.hub import HUB
from leaksieve.registry.name import parse_name


class Mirror(NamedTuple):
    """Asked before the registry ``host``: ``url`` is scheme://host[:port][/prefix]."""

    host: str
    url: str


class Reach(NamedTuple):
    """``proxies`` are as in the environment: by scheme, and "no" for those hosts that are reached without.

    ``tries`` of each request, ``backoff`` seconds before the second (doubled for each further one), ``patience`` the longest wait that a
    registry may ask for; ``connect`` and ``idle`` are timeouts in seconds; slower than ``slowest`` bytes a second over ``idle`` seconds is given up.
    """

    plain_http: bool = False
    mirrors: tuple[Mirror, ...] = ()
    ca_file: str | None = None
    proxies: Mapping[str, str] = {}
    tries: int = 5
    backoff: float = 0.5
    patience: float = 120.0
    connect: float = 30.0
    idle: float = 60.0
    slowest: int = 1024


def parse_mirror(text: str) -> Mirror:
    """Read URL (of a mirror of Docker Hub) or HOST=URL.  Raises UsageError."""
    host, equals, url = text.partition("=")
    if not equals or "://" in host:
        host, url = HUB, text
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment or port == 0:
        raise UsageError(
            "must be https://HOST[/PREFIX], or REGISTRY=https://HOST[/PREFIX]", where="--registry-mirror", hint="logins are kept as for a registry"
        )
    return Mirror(parse_name(f"{host}/x", "--registry-mirror").host if host != HUB else HUB, url.rstrip("/"))
