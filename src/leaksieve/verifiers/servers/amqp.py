"""AMQP 0-9-1 (RabbitMQ): the first half of opening a connection, up to the answer to the login."""

from __future__ import annotations

import struct

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, other_login
from leaksieve.verifiers.servers.target import Target
from leaksieve.verifiers.servers.wire import Wire

_START, _START_OK, _TUNE, _CLOSE = (10, 10), (10, 11), (10, 30), (10, 50)
_END = b"\xce"


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    await wire.send(b"AMQP\x00\x00\x09\x01")
    method, body = await _frame(wire)
    if method != _START:
        raise Failed("malformed")
    said, rest = _table(body[2:])
    (length,) = struct.unpack_from("!I", rest)
    if b"PLAIN" not in rest[4 : 4 + length].split(b" "):
        raise other_login()
    # Without this the server hangs up on wrong passwords without a word.
    able = _long(b"\x1cauthentication_failure_closet\x01")
    response = b"\0" + target.user.encode() + b"\0" + target.password.reveal()
    await _say(wire, _START_OK, _long(b"\x0ccapabilitiesF" + able) + b"\x05PLAIN" + _long(response) + b"\x05en_US")
    method, body = await _frame(wire)
    if method == _CLOSE:
        (code,) = struct.unpack_from("!H", body)
        if code == 403 and target.user != "guest":
            raise Refused("403")
        # RabbitMQ lets its first user in from its own machine alone, and refuses it elsewhere in the same words.
        raise Failed("unexpected", "403: the user guest may not log in from elsewhere" if code == 403 else str(code))
    if method != _TUNE:
        raise Failed("unexpected", "the server asks for more than a password")
    kind = " ".join(said[name] for name in ("product", "version") if name in said)
    return Accepted({"user": target.user, **({"kind": kind} if kind else {})})


async def _frame(wire: Wire) -> tuple[tuple[int, int], bytes]:
    """Class and method of the next frame, and what follows.  ValueError for what is no frame of a method."""
    head = await wire.exactly(7)
    if head[:3] != b"\x01\x00\x00":
        raise ValueError
    body = await wire.exactly(int.from_bytes(head[3:], "big") + 1)
    if body[-1:] != _END:
        raise ValueError
    first, second = struct.unpack_from("!HH", body)
    return (first, second), body[4:-1]


async def _say(wire: Wire, method: tuple[int, int], body: bytes) -> None:
    body = struct.pack("!HH", *method) + body
    await wire.send(b"\x01\x00\x00" + _long(body) + _END)


def _long(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


def _table(data: bytes) -> tuple[dict[str, str], bytes]:
    """The texts of a table up to the first value of another kind than the common ones, and what follows the table."""
    (length,) = struct.unpack_from("!I", data)
    table, rest = data[4 : 4 + length], data[4 + length :]
    found: dict[str, str] = {}
    while table:
        size = table[0]
        name, kind, table = table[1 : 1 + size], table[1 + size : 2 + size], table[2 + size :]
        if kind == b"t":
            table = table[1:]
        elif kind in (b"S", b"F"):
            (size,) = struct.unpack_from("!I", table)
            if kind == b"S":
                found[name.decode()] = table[4 : 4 + size].decode("utf-8", "replace")
            table = table[4 + size :]
        else:
            break
    return found, rest
