"""Which hosts a registry may send us to: none that lies further inside than the registry itself, and never where clouds keep credentials."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final

from leaksieve.net.address import Allowed, refused

PUBLIC, PRIVATE, LOOPBACK, NEVER = range(4)
_EVERYTHING: Final = Allowed(("0.0.0.0/0", "::/0"))
_NOTHING: Final = Allowed()


def rank_of(address: str) -> int:
    """How far inside an address lies."""
    if refused("", address, _EVERYTHING):
        return NEVER
    known = ip_address(address.partition("%")[0])
    inner = known.ipv4_mapped or known if isinstance(known, IPv6Address) else known
    if inner.is_loopback or inner.is_unspecified:
        return LOOPBACK
    return PRIVATE if refused("", address, _NOTHING) else PUBLIC
