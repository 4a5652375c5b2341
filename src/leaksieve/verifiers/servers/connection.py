"""The verifiers of connection URLs and strings: one login with the user and password that stand in them, at the server they name."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from socket import socket as Socket
from typing import Any

from leaksieve.verifiers.answers import gives_away
from leaksieve.verifiers.base import ACTIVE, EXPIRED, INACTIVE, LONGEST, Call, Failed, Net, Subject, Verdict
from leaksieve.verifiers.failure import explained
from leaksieve.verifiers.servers import keyed
from leaksieve.verifiers.servers.login import Accepted, Refused
from leaksieve.verifiers.servers.srv import domain, located
from leaksieve.verifiers.servers.target import FIRST, Target, read
from leaksieve.verifiers.servers.wire import Wire

# Nothing was said to a server that cannot be reached for one of these.
_UNREACHED = {"unresolved", "connection", "timeout", "private-address"}
_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mongodb": "MongoDB", "redis": "Redis"}


class Connection:
    """See Verifier."""

    def __init__(self, reader: Callable[[Subject], Target]) -> None:
        self._read = reader

    def hosts(self, subject: Subject) -> Sequence[str]:
        """The servers it names; of a name of servers in DNS, that name and all that its servers may be called."""
        target = self._read(subject)
        return [target.host, domain(target.host)] if target.srv else [host for host, _ in _places(target)]

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """The login, wherever it may happen."""
        target = self._read(subject)
        what = f"log in ({_name(target)})"
        if target.srv:
            return [
                Call(domain(target.host), target.port, f"{what} at the first server in DNS (SRV, TXT) under its name that can be reached, at its port there")
            ]
        first, *more = _places(target)
        return [Call(*first, what), *(Call(*place, f"{what}, if none before can be reached") for place in more)]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Log in, once."""
        target = self._read(subject)
        module = import_module(f"leaksieve.verifiers.servers.{target.protocol}")
        if target.srv:
            target = await located(target, net)
        target, sock = await _reached(target, net)
        wire = Wire(sock, target.host, net.tls() if target.verified else _blind())
        evidence: dict[str, object] = {"host": target.host}
        try:
            async with asyncio.timeout(net.timeout):
                if target.tls == FIRST:
                    await wire.start_tls()
                known: Accepted = await module.login(wire, target)
        except Refused as refusal:
            evidence["matched"] = [f"{_name(target)} says {refusal.code}", _way(wire, target)]
            return Verdict(EXPIRED if refusal.expired else INACTIVE, "", refusal.detail, evidence)
        except Failed:
            raise
        except Exception as error:
            raise _explained(error) from None
        finally:
            await wire.close()
        evidence["matched"] = ["the login was accepted", _way(wire, target)]
        return Verdict(ACTIVE, "", "", evidence, _clean(known.told, target, subject), known.privileged)


def make(_table: Mapping[str, Any]) -> Connection:
    """The verifier of a table whose rules give `scheme`, `host` and, where there are any, `hosts` (further ones), `user`, `port`, `database`, `tls`, `certificate`, `auth_source` and `auth_mechanism`."""
    return Connection(read)


def make_keyed(_table: Mapping[str, Any]) -> Connection:
    """The verifier of a table whose rules give fields of connection strings; see :func:`leaksieve.verifiers.servers.keyed.read`."""
    return Connection(keyed.read)


def _places(target: Target) -> list[tuple[str, int]]:
    return list(dict.fromkeys([(target.host, target.port), *target.more]))


async def _reached(target: Target, net: Net) -> tuple[Target, Socket]:
    """The target at the first of its servers that takes a connection: what that one says stands, and no other sees the password."""
    first: Failed | None = None
    for host, port in _places(target):
        try:
            return target._replace(host=host, port=port, more=()), await net.socket(host, port)
        except Failed as failure:
            if failure.reason not in _UNREACHED:
                raise
            first = first or failure
    assert first is not None
    raise first


def _name(target: Target) -> str:
    return _NAMES.get(target.protocol, target.protocol.upper())


def _way(wire: Wire, target: Target) -> str:
    if not wire.encrypted:
        return "not encrypted"
    return "encrypted, certificate verified" if target.verified else "encrypted, certificate not verified (as the URL asks for)"


def _blind() -> ssl.SSLContext:
    """For URLs that say that certificates are not to be looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _clean(told: Mapping[str, object], target: Target, subject: Subject) -> dict[str, object]:
    """What was told, as short printable texts; nothing that holds the password, should the server say it back."""
    hidden = {target.password.reveal().decode(), subject.text()}
    out: dict[str, object] = {}
    for name, value in told.items():
        texts = [text[:LONGEST] for one in (value if isinstance(value, list) else [value]) if (text := _shown(str(one))) and not gives_away(text, hidden)]
        if texts:
            out[name] = texts if isinstance(value, list) else texts[0]
    return out


def _shown(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _explained(error: Exception) -> Failed:
    """What went wrong; what cannot be read came from the server here."""
    # An untrusted certificate is a ValueError as well as an OSError.
    if isinstance(error, ValueError | LookupError | struct.error) and not isinstance(error, OSError):
        return Failed("malformed")
    return explained(error)
