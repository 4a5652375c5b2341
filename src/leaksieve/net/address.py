"""Where URLs lead, and which addresses are public, lie inside, or are reached never.

Where a URL was written by anyone, what it leads to is vetted as an attacker's choice: after the name was resolved,
and the address that was vetted is the one that is connected to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Never reached, whatever the user allows: where clouds hand out their machines' credentials.
_METADATA = tuple(
    ip_network(text) for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", "fd20:ce::/64")
)
# IPv6 that carries an IPv4 address, and where in its 128 bits that stands.
_CARRIERS = ((ip_network("64:ff9b:1::/48"), 0), (ip_network("::/96"), 0), (ip_network("::ffff:0:0:0/96"), 0), (ip_network("2002::/16"), 80))
# Where DNS64 is at work every public host has such an address: the one inside is what counts.
_NAT64 = ip_network("64:ff9b::/96")
# All of IPv6 that was ever given to anybody.
_UNICAST = ip_network("2000::/3")
_HOST = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)*\Z")
_ACCOUNT = re.compile(
    r"(?:ssh://)?(?P<user>[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}\$?)@(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
# A name whose last part is a number is one of the many spellings of an address.
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")


class UnfitError(ValueError):
    """An address that is none, or none to be trusted to be read alike by all; the text is a phrase that holds nothing of it."""


class Place(NamedTuple):
    """Where a URL leads.  ``host`` is in lower case, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as URLs have them, without the usual port."""
        host = bracketed(self.host)
        return host if self.port == _usual(self.scheme) else f"{host}:{self.port}"


def place_of(url: str) -> Place:
    """Where an http or https URL leads, read strictly: UnfitError for what two programs might read differently."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UnfitError("its address holds characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnfitError("its address cannot be read") from None
    if parts.scheme not in ("https", "http") or "@" in parts.netloc or parts.fragment:
        raise UnfitError("its address is not plain https://host/path")
    if port == 0:
        raise UnfitError("its address has no valid port")
    return Place(parts.scheme, host_of(parts.hostname or ""), port or _usual(parts.scheme))


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


class Account(NamedTuple):
    """A user at an SSH server."""

    user: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Its one spelling as an address: ssh://USER@HOST:PORT."""
        return f"ssh://{self.user}@{bracketed(self.host)}:{self.port}"


def account_of(text: str) -> Account:
    """What [ssh://]USER@HOST[:PORT] names; UnfitError for anything else."""
    found = _ACCOUNT.fullmatch(text)
    port = int((found and found["port"]) or 22)
    if found is None or not 0 < port < 65536:
        raise UnfitError("it is not USER@HOST or USER@HOST:PORT")
    return Account(found["user"], host_of(found["six"] or found["host"]), port)


def own_place(url: str) -> Place:
    """Where an address leads that the user names for a provider: as :func:`place_of`, or to an account at an SSH server."""
    if url.startswith("ssh://"):
        account = account_of(url)
        return Place("ssh", account.host, account.port)
    return place_of(url)


def host_of(text: str) -> str:
    """A host name or address in its one spelling; UnfitError for anything else."""
    text = text.lower()
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    if len(text) > 253 or not _HOST.match(text) or _NUMBER.match(text.rpartition(".")[2]):
        raise UnfitError("its host is no host name")
    return text


def bracketed(host: str) -> str:
    """A host as URLs have it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def literal(host: str) -> Address | None:
    """The address a host is, None where it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host stays on this machine: a loopback address, or the name that stands for one everywhere."""
    known = literal(host)
    return host == "localhost" if known is None else known.is_loopback


class Allowed:
    """Hosts and networks that may be reached although they are not public; the user's own choice, never a repository's.

    Items are host names, addresses, and networks (10.0.0.0/8).  ValueError for one that is none.
    """

    def __init__(self, items: Iterable[str] = ()) -> None:
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for item in items:
            try:
                self._networks.append(ip_network(item.strip("[]")))
            except ValueError:
                try:
                    self._hosts.add(host_of(item))
                except UnfitError:
                    raise ValueError(f"`{item}` is no host name, address or network") from None

    def __contains__(self, pair: tuple[str, Address]) -> bool:
        host, address = pair
        return host in self._hosts or any(address.version == network.version and address in network for network in self._networks)


def never(address: str) -> bool:
    """Whether an address is never reached, whatever the user allows: where clouds hand out their machines' credentials."""
    try:
        return any(_is_metadata(one) for one in _carried(ip_address(address.partition("%")[0])))
    except ValueError:
        return False


def refused(host: str, address: str, allowed: Allowed) -> bool:
    """Whether a host must not be reached at an address it resolved to."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    carried = _carried(known)
    if any(_is_metadata(one) for one in carried):
        return True
    if any((host, one) in allowed for one in carried):
        return False
    return not all(_is_public(one) for one in carried)


def _carried(address: Address) -> list[Address]:
    """The address, and those it carries inside."""
    found: list[Address] = [address]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address in _NAT64:
            return [IPv4Address(int(address) & 0xFFFFFFFF)]
        if address.teredo is not None:
            found += address.teredo
        found += [IPv4Address(int(address) >> shift & 0xFFFFFFFF) for network, shift in _CARRIERS if address in network and int(address) > 1]
    return found


def _is_metadata(address: Address) -> bool:
    return any(address.version == network.version and address in network for network in _METADATA)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not (
        address.is_private or address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local or address.is_unspecified
    )
