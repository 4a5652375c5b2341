"""The verifier of connection URLs: one login with the user and password that stand in them, at the server they name."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from leaksieve.verifiers.answers import LONGEST, gives_away
from leaksieve.verifiers.base import ACTIVE, EXPIRED, INACTIVE, Call, Failed, Net, Subject, Verdict
from leaksieve.verifiers.failure import explained
from leaksieve.verifiers.servers.login import Accepted, Refused
from leaksieve.verifiers.servers.target import Target, read
from leaksieve.verifiers.servers.wire import Wire

_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mongodb": "MongoDB", "redis": "Redis"}


class Connection:
    """See Verifier."""

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """The login."""
        target = read(subject)
        return [Call(target.host, target.port, f"log in ({_name(target)})")]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Log in, once."""
        target = read(subject)
        module = import_module(f"leaksieve.verifiers.servers.{target.protocol}")
        sock = await net.socket(target.host, target.port)
        wire = Wire(sock, target.host, net.tls() if target.verified else _blind())
        evidence: dict[str, object] = {"host": target.host}
        try:
            async with asyncio.timeout(net.timeout):
                if target.tls == "first":
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
    """The verifier of a table whose rules give `scheme`, `host` and, where there are any, `user`, `port`, `database`, `tls`, `certificate`, `auth_source` and `auth_mechanism`."""
    return Connection()


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
