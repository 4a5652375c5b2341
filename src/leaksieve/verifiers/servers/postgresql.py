"""PostgreSQL: a login, and what the server tells of itself and the user by then.  No query is made."""

from __future__ import annotations

import asyncio
import hashlib
import struct

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, no_tls, not_asked, not_encrypted, other_login
from leaksieve.verifiers.servers.scram import Scram
from leaksieve.verifiers.servers.target import NEVER, REQUIRED, Target
from leaksieve.verifiers.servers.wire import Wire


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    if target.tls != NEVER:
        await wire.send(struct.pack("!ii", 8, 80877103))
        match await wire.exactly(1):
            case b"S":
                await wire.start_tls()
            case b"N":
                if target.tls == REQUIRED:
                    raise no_tls()
            case _:
                raise Failed("malformed")
    fields = {"user": target.user, "database": target.database or target.user, "client_encoding": "UTF8"}
    start = b"".join(text.encode() + b"\0" for pair in fields.items() for text in pair) + b"\0"
    await wire.send(struct.pack("!ii", 8 + len(start), 196608) + start)
    await _prove(wire, target)
    return await _known(wire)


async def _prove(wire: Wire, target: Target) -> None:
    """Answer what the server asks until it is content."""
    password = target.password.reveal()
    scram: Scram | None = None
    asked = False
    while True:
        kind, body = await _message(wire)
        if kind == b"E":
            raise _refusal(body)
        if kind != b"R":
            if kind in (b"N", b"v"):
                continue
            raise Failed("malformed")
        (code,) = struct.unpack_from("!i", body)
        rest = body[4:]
        match code:
            case 0:
                if not asked or (scram is not None and not scram.proved):
                    raise not_asked()
                return
            case 3:
                if not wire.encrypted and target.tls != NEVER:
                    raise not_encrypted()
                await _say(wire, password + b"\0")
            case 5:
                inner = _md5(password + target.user.encode()).encode()
                await _say(wire, b"md5" + _md5(inner + rest[:4]).encode() + b"\0")
            case 10:
                if b"SCRAM-SHA-256" not in rest.split(b"\0"):
                    raise other_login()
                # PostgreSQL takes the user's name from the start of the session.
                scram = Scram("sha256", "", password.decode())
                first = scram.first()
                await _say(wire, b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
            case 11 if scram is not None:
                await _say(wire, await asyncio.to_thread(scram.answer, rest))
            case 12 if scram is not None:
                scram.check(rest)
            case _:
                raise other_login()
        asked = True


async def _known(wire: Wire) -> Accepted:
    """What the server says until it is ready; the password holds by now."""
    said: dict[bytes, str] = {}
    try:
        while True:
            kind, body = await _message(wire)
            if kind == b"S":
                name, value = body.split(b"\0")[:2]
                said[name] = value.decode("utf-8", "replace")
            elif kind == b"E":
                # A user who may not log in is told so only now; that a database is not there says nothing of the user.
                refusal = _refusal(body)
                if isinstance(refusal, Refused):
                    raise refusal
                break
            elif kind == b"Z":
                break
        await wire.send(b"X" + struct.pack("!i", 4))
    except (Failed, OSError, ValueError, struct.error):
        pass
    told: dict[str, object] = {"kind": f"PostgreSQL {said[b'server_version']}"} if b"server_version" in said else {}
    if b"session_authorization" in said:
        told["user"] = said[b"session_authorization"]
    if privileged := said.get(b"is_superuser") == "on":
        told["permissions"] = ["superuser"]
    return Accepted(told, privileged)


async def _message(wire: Wire) -> tuple[bytes, bytes]:
    head = await wire.exactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head[:1], await wire.exactly(max(length, 4) - 4)


async def _say(wire: Wire, body: bytes) -> None:
    await wire.send(b"p" + struct.pack("!i", 4 + len(body)) + body)


def _refusal(body: bytes) -> Exception:
    fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
    code, routine = fields.get(b"C", b""), fields.get(b"R", b"")
    # 28000 is said of a user who may not log in, and of everybody who comes from an address that may not.
    if code == b"28P01" or (code == b"28000" and routine == b"InitializeSessionUserId"):
        return Refused(code.decode())
    if code == b"28000":
        return Failed("unexpected", "28000: the server takes no such login from here")
    if code[:2] in (b"53", b"57"):
        return Failed("server-error")
    return Failed("unexpected", code.decode() if code.isalnum() and code.isascii() and len(code) == 5 else "")


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
