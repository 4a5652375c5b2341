"""From a reference to a provider: the registry, its mirrors, and the logins for each."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from leaksieve.errors import UsageError
from leaksieve.net.address import UnfitError, place_of
from leaksieve.net.hub import HUB, HUB_HOST
from leaksieve.registry.logins import login_for
from leaksieve.registry.name import Name
from leaksieve.registry.provider import RegistryProvider
from leaksieve.registry.session import Session
from leaksieve.registry.settings import Reach
from leaksieve.registry.web import Web


def open_registry(name: Name, reach: Reach, environ: Mapping[str, str], *, platform: str = "") -> RegistryProvider:
    """Return a provider of an image; nothing is fetched yet.  Raises UsageError where logins or certificates cannot be used, SourceError for helpers that fail."""
    bases = [(mirror.url, mirror) for mirror in reach.mirrors if mirror.host == name.host]
    host = HUB_HOST if name.host == HUB else name.host
    own = f"{'http' if reach.plain_http else 'https'}://{host}"
    try:
        places = [place_of(url) for url, _ in bases] + [place_of(own)]
    except UnfitError as error:
        raise UsageError(f"cannot be reached: {error}", where=name.shown) from None
    web = Web(reach)
    for place in places:
        web.check(place)
    sessions = []
    for url, _ in bases:
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        repository = f"{prefix}/{name.repository}" if prefix else name.repository
        sessions.append(Session(web, reach, f"{parts.scheme}://{parts.netloc}", repository, login_for(parts.netloc.lower(), repository, environ)))
    sessions.append(Session(web, reach, own, name.repository, login_for(name.host, name.repository, environ)))
    return RegistryProvider(name, web, sessions, reach, wanted=platform)
