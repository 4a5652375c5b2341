"""MySQL and MariaDB: a login, and what the user was granted."""

from __future__ import annotations

import hashlib
import re
import struct

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, no_tls, not_encrypted, other_login
from leaksieve.verifiers.servers.target import NEVER, REQUIRED, Target
from leaksieve.verifiers.servers.wire import Wire

# What the client can do: long passwords, the protocol of 4.1, its logins, and their plugins.
_SPEAKS = 0x1 | 0x200 | 0x8000 | 0x80000
_TLS = 0x800
_UTF8 = 45
_EVERYTHING = re.compile(rb"GRANT (ALL PRIVILEGES|[A-Z ,]*\bSUPER\b[A-Z ,]*) ON \*\.\*")
_ROWS = 200
_AWAY = "or this user may not log in from here, which is said in the same words"


class _Packets:
    """Packets, each with its number."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._number = 0

    async def read(self) -> bytes:
        head = await self._wire.exactly(4)
        self._number = head[3] + 1
        return await self._wire.exactly(int.from_bytes(head[:3], "little"))

    async def send(self, body: bytes) -> None:
        await self._wire.send(len(body).to_bytes(3, "little") + bytes([self._number & 255]) + body)
        self._number += 1

    async def command(self, body: bytes) -> None:
        self._number = 0
        await self.send(body)


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    packets = _Packets(wire)
    hello = await packets.read()
    if hello[:1] == b"\xff":
        raise _refusal(hello)
    if hello[:1] != b"\x0a":
        raise Failed("malformed")
    version, _, rest = hello[1:].partition(b"\0")
    salt, offers, plugin = _greeting(rest)
    if target.tls != NEVER and offers & _TLS:
        await packets.send(struct.pack("<IIB23x", _SPEAKS | _TLS, 1 << 24, _UTF8))
        await wire.start_tls()
    elif target.tls == REQUIRED:
        raise no_tls()
    password = target.password.reveal()
    if plugin not in (b"mysql_native_password", b"caching_sha2_password"):
        plugin = b"mysql_native_password"  # the server asks for another if this is not the user's
    proof = _proof(plugin, password, salt)
    start = struct.pack("<IIB23x", _SPEAKS | (_TLS if wire.encrypted else 0), 1 << 24, _UTF8)
    await packets.send(start + target.user.encode() + b"\0" + bytes([len(proof)]) + proof + plugin + b"\0")
    await _prove(packets, wire, target, plugin)
    return await _known(packets, version)


def _greeting(rest: bytes) -> tuple[bytes, int, bytes]:
    """The salt, what the server can do, and the login it would have."""
    salt, low, high, length = struct.unpack_from("<4x8sxHxxxHB10x", rest)
    size = max(13, length - 8)
    salt += rest[31 : 31 + size].rstrip(b"\0")
    return salt, low | high << 16, rest[31 + size :].partition(b"\0")[0]


async def _prove(packets: _Packets, wire: Wire, target: Target, plugin: bytes) -> None:
    """Answer what the server asks until it is content."""
    password = target.password.reveal()
    for _ in range(8):
        body = await packets.read()
        match body[:1]:
            case b"\x00":
                return
            case b"\xff":
                raise _refusal(body)
            case b"\xfe":
                plugin, _, salt = body[1:].partition(b"\0")
                if plugin in (b"mysql_native_password", b"caching_sha2_password"):
                    await packets.send(_proof(plugin, password, salt.removesuffix(b"\0")))
                elif plugin in (b"mysql_clear_password", b"sha256_password"):
                    await _plainly(packets, wire, target)
                else:
                    raise other_login()
            case b"\x01" if plugin == b"caching_sha2_password":
                # 3: it knew the password already; 4: it wants to see it.
                if body[1:2] == b"\x04":
                    await _plainly(packets, wire, target)
                elif body[1:2] != b"\x03":
                    raise Failed("malformed")
            case _:
                raise Failed("malformed")
    raise Failed("malformed")


async def _plainly(packets: _Packets, wire: Wire, target: Target) -> None:
    if not wire.encrypted:
        raise not_encrypted()
    await packets.send(target.password.reveal() + b"\0")


async def _known(packets: _Packets, version: bytes) -> Accepted:
    """Version and grants; the credential holds by now, whatever comes."""
    text = version.decode("utf-8", "replace").removeprefix("5.5.5-")
    kind = f"MariaDB {text.partition('-MariaDB')[0]}" if "MariaDB" in text else f"MySQL {text}"
    rows: list[bytes] = []
    try:
        await packets.command(b"\x03SHOW GRANTS")
        if (await packets.read())[:1] == b"\x01":
            ends = 0
            while ends < 2 and len(rows) < _ROWS:
                body = await packets.read()
                if body[:1] == b"\xff":
                    break
                if body[:1] == b"\xfe" and len(body) < 9:
                    ends += 1
                elif ends:
                    rows.append(body)
            await packets.command(b"\x01")
    except (Failed, OSError, ValueError, struct.error):
        pass
    # Some versions show hashes of passwords in these: nothing of their text is kept.
    privileged = any(_EVERYTHING.search(row) for row in rows)
    return Accepted({"kind": kind, **({"permissions": ["all privileges"]} if privileged else {})}, privileged)


def _proof(plugin: bytes, password: bytes, salt: bytes) -> bytes:
    """That one knows the password, for this salt alone."""
    name = "sha1" if plugin == b"mysql_native_password" else "sha256"

    def digest(data: bytes) -> bytes:
        return hashlib.new(name, data, usedforsecurity=False).digest()

    once = digest(password)
    mixed = digest(salt[:20] + digest(once)) if name == "sha1" else digest(digest(once) + salt[:20])
    return bytes(one ^ other for one, other in zip(once, mixed, strict=True))


def _refusal(body: bytes) -> Exception:
    (code,) = struct.unpack_from("<H", body, 1)
    if code == 1045:
        return Refused("1045", _AWAY)
    if code == 1862:
        return Refused("1862", expired=True)
    if code in (1040, 1203, 1226):
        return Failed("server-error", "it has too many connections")
    if code in (1129, 1130):
        return Failed("unexpected", f"{code}: the server takes no login from here")
    return Failed("unexpected", str(code))
