"""The servers of a `mongodb+srv://` URL, as MongoDB's specification of its initial DNS seed list discovery has them looked up."""

from __future__ import annotations

from urllib.parse import unquote

from leaksieve.verifiers.address import fits, host_of
from leaksieve.verifiers.base import Failed, Net
from leaksieve.verifiers.servers.target import MOST, Target, option

_SERVICE = "_mongodb._tcp"
# What a TXT record may say; a word of the URL itself counts more.
_TEXT = {"authsource", "replicaset", "loadbalanced"}


def domain(host: str) -> str:
    """The pattern that all its servers must fit: the name without its first label, or the whole of one that has fewer than three."""
    labels = host.split(".")
    return "*." + (".".join(labels[1:]) if len(labels) > 2 else host)


async def located(target: Target, net: Net) -> Target:
    """The target with its servers in place of their common name.  Raises Failed; for a server elsewhere too, since whoever answers for one name may not send the password to another's."""
    found = await net.servers(_SERVICE, target.host)
    if not found:
        raise Failed("unresolved", "no servers stand in DNS under its name (SRV)")
    places = []
    for server in found:
        host = host_of(server.host)
        if not fits(host, [domain(target.host)]):
            raise Failed("host-not-allowed", "a server in DNS (SRV) is not in the domain of its name")
        places.append((host, server.port))
    options = {**_said(await net.texts(target.host)), **target.options}
    first, *more = list(dict.fromkeys(places))[:MOST]
    return target._replace(host=first[0], port=first[1], more=tuple(more), options=options)


def _said(texts: list[bytes]) -> dict[str, str]:
    """The options of a TXT record.  Raises Failed for what the specification forbids."""
    if not texts:
        return {}
    try:
        (text,) = texts
        pairs = [pair.partition("=") for pair in text.decode("ascii").split("&")]
    except ValueError:
        raise Failed("malformed", "its options in DNS (TXT)") from None
    if any(option(name) not in _TEXT or not value for name, _, value in pairs):
        raise Failed("malformed", "its options in DNS (TXT)")
    return {option(name): unquote(value) for name, _, value in pairs}
