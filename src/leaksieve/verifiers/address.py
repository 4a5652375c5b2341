"""Where a check may go: the addresses that its table allows, and none that cannot be read in one way only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from leaksieve.errors import ConfigError
from leaksieve.net import address
from leaksieve.net.address import Account, Allowed, Place, UnfitError
from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.settings import Settings

_T = TypeVar("_T")


def allowed_of(settings: Settings) -> Allowed:
    """The hosts and networks that the user lets checks reach.  ConfigError for what is none."""
    try:
        return Allowed(settings.allow_hosts)
    except ValueError as error:
        raise ConfigError(str(error), where="verify.allow_hosts") from None


def place_of(url: str) -> Place:
    """Where an http or https URL leads, read strictly; Failed("unfit") for what two programs might read differently."""
    return _read(address.place_of, url)


def own_place(url: str) -> Place:
    """Where an address of the user's own leads: http, https, or an account at an SSH server.  Failed("unfit") as :func:`place_of`."""
    return _read(address.own_place, url)


def account_of(text: str) -> Account:
    """The account at an SSH server that an address names; Failed("unfit") for anything else."""
    return _read(address.account_of, text)


def host_of(text: str) -> str:
    """A host name or address in its one spelling; Failed("unfit") for anything else."""
    return _read(address.host_of, text)


def _read(reader: Callable[[str], _T], text: str) -> _T:
    try:
        return reader(text)
    except UnfitError as error:
        raise Failed("unfit", str(error)) from None


def fits(host: str, patterns: Iterable[str]) -> bool:
    """Whether a host is one of those a table allows; ``*.`` stands for any names before, one at least."""
    return any(host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) > len(pattern) - 1) for pattern in patterns)


def endpoint_of(url: str) -> str:
    """The address of a user's own provider, as requests are made from it.  Raises ConfigError."""
    try:
        address.own_place(url)
    except UnfitError as error:
        raise ConfigError(f"{error}; write https://host, https://host:port or https://host/path", where="verify.endpoints") from None
    if "?" in url:
        raise ConfigError("an endpoint has no query", where="verify.endpoints")
    return url.rstrip("/")
