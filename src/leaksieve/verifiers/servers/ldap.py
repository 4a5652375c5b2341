"""LDAP: a simple bind, and whom the server takes that for."""

from __future__ import annotations

import re

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused
from leaksieve.verifiers.servers.target import Target
from leaksieve.verifiers.servers.wire import Wire

_WHO = b"1.3.6.1.4.1.4203.1.11.3"
# Active Directory says more behind its 49: a password that is right but may not be used any more.
_DATA = re.compile(rb"\bdata ([0-9a-f]{2,4})\b")
_EXPIRED = {b"532", b"701", b"773"}
_NOT_SAID = {b"530": "at this time", b"531": "from here", b"775": "as it is locked"}


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    if not target.user:
        raise Failed("missing-parts", "no user stands in it")
    await wire.send(_one(0x30, _number(1) + _one(0x60, _number(3) + _one(0x04, target.user.encode()) + _one(0x80, target.password.reveal()))))
    code, diagnosis, _ = await _result(wire, 0x61)
    if code == 49:
        data = _DATA.search(diagnosis)
        if data and data[1] in _NOT_SAID:
            raise Failed("unexpected", f"49: the user may not log in {_NOT_SAID[data[1]]}")
        raise Refused(f"49 data {data[1].decode()}" if data else "49", expired=bool(data and data[1] in _EXPIRED))
    if code in (51, 52):
        raise Failed("server-error", str(code))
    if code in (8, 13):
        raise Failed("tls", "the server takes no password without TLS")
    if code != 0:
        raise Failed("unexpected", str(code))
    return Accepted(await _known(wire, target))


async def _known(wire: Wire, target: Target) -> dict[str, object]:
    """Whom the server takes it for; the credential holds by now, whatever comes."""
    who = ""
    try:
        await wire.send(_one(0x30, _number(2) + _one(0x77, _one(0x80, _WHO))))
        code, _, value = await _result(wire, 0x78)
        if code == 0:
            who = value.decode("utf-8", "replace").removeprefix("dn:").removeprefix("u:")
        await wire.send(_one(0x30, _number(3) + b"\x42\x00"))
    except (Failed, OSError, ValueError, IndexError):
        pass
    return {"user": who or target.user}


async def _result(wire: Wire, kind: int) -> tuple[int, bytes, bytes]:
    """Code, diagnosis and value of a response.  ValueError for anything else."""
    tag, length = await wire.exactly(2)
    if tag != 0x30 or length > 0x84 or length == 0x80:
        raise ValueError
    body = await wire.exactly(int.from_bytes(await wire.exactly(length - 0x80), "big") if length > 0x80 else length)
    _, _, rest = _read(body)
    got, inside, _ = _read(rest)
    if got != kind:
        raise ValueError
    _, code, rest = _read(inside)
    _, _, rest = _read(rest)
    _, diagnosis, rest = _read(rest)
    value = b""
    while rest:
        tag, held, rest = _read(rest)
        if tag == 0x8B:
            value = held
    return int.from_bytes(code, "big"), diagnosis, value


def _read(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first element, and what follows it."""
    tag, length, start = data[0], data[1], 2
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError
    return tag, data[start : start + length], data[start + length :]


def _one(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(size)]) + size + content


def _number(value: int) -> bytes:
    return _one(0x02, bytes([value]))
