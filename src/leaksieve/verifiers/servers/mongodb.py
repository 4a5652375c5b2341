"""MongoDB: SCRAM, and the user's roles."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import Mapping
from typing import Any

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.bson import dump, load
from leaksieve.verifiers.servers.login import Accepted, Refused, other_login
from leaksieve.verifiers.servers.scram import Scram
from leaksieve.verifiers.servers.target import Target
from leaksieve.verifiers.servers.wire import Wire

_MESSAGE = 2013
_WAYS = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
_MIGHTY = {"root", "__system", "userAdminAnyDatabase", "dbAdminAnyDatabase", "readWriteAnyDatabase"}
_FAILED = 18
_ROUNDS = 4


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    wanted = target.options.get("authmechanism", "").upper()
    if wanted not in ("", "DEFAULT", *_WAYS):
        raise Failed("unexpected", "the URL asks for a kind of login that is not known here")
    database = target.options.get("authsource") or target.database or "admin"
    hello = await _ask(wire, {"hello": 1, "saslSupportedMechs": f"{database}.{target.user}", "$db": "admin"})
    if hello.get("ok") != 1 and hello.get("code") == 59:  # older servers do not know "hello"
        hello = await _ask(wire, {"isMaster": 1, "saslSupportedMechs": f"{database}.{target.user}", "$db": "admin"})
    if hello.get("ok") != 1:
        raise Failed("unexpected", "the server does not say hello")
    known = hello.get("saslSupportedMechs")
    # Of a user that is not there nothing is said; drivers then try the older way.
    offered = known if isinstance(known, list) else ["SCRAM-SHA-1"]
    way = wanted if wanted in _WAYS else next((name for name in _WAYS if name in offered), "")
    if not way:
        raise other_login()
    await _prove(wire, target, way, database)
    return Accepted(*await _known(wire))


async def _prove(wire: Wire, target: Target, way: str, database: str) -> None:
    password = target.password.reveal().decode()
    if way == "SCRAM-SHA-1":
        password = hashlib.md5(f"{target.user}:mongo:{password}".encode(), usedforsecurity=False).hexdigest()
    scram = Scram(_WAYS[way], target.user, password)
    answer = await _ask(wire, {"saslStart": 1, "mechanism": way, "payload": scram.first(), "options": {"skipEmptyExchange": True}, "$db": database})
    for round_ in range(_ROUNDS):
        payload, conversation = _step(answer)
        if round_ == 0:
            reply = await asyncio.to_thread(scram.answer, payload)
        else:
            if not scram.proved:
                scram.check(payload)
            if answer.get("done") is True:
                return
            reply = b""
        answer = await _ask(wire, {"saslContinue": 1, "conversationId": conversation, "payload": reply, "$db": database})
    raise ValueError


def _step(answer: Mapping[str, Any]) -> tuple[bytes, int]:
    """What the server says in the exchange, and the exchange's number.  Refused or Failed where it ends it, ValueError for what is no step."""
    if answer.get("ok") != 1:
        raise _refusal(answer)
    match answer.get("payload"), answer.get("conversationId", 1):
        case bytes(payload), int(conversation):
            return payload, conversation
    raise ValueError


async def _known(wire: Wire) -> tuple[dict[str, object], bool]:
    """Who that is and with which roles; the credential holds by now, whatever comes."""
    told: dict[str, object] = {}
    privileged = False
    try:
        answer = await _ask(wire, {"connectionStatus": 1, "$db": "admin"})
        info = answer.get("authInfo", {})
        for user in info.get("authenticatedUsers", [])[:1]:
            told["user"] = f"{user['user']}@{user['db']}"
        roles = [(str(role["role"]), str(role["db"])) for role in info.get("authenticatedUserRoles", [])[:50]]
        told["permissions"] = [f"{role}@{database}" for role, database in roles]
        privileged = any(role in _MIGHTY for role, database in roles if database == "admin")
        version = (await _ask(wire, {"buildInfo": 1, "$db": "admin"})).get("version")
        if isinstance(version, str):
            told["kind"] = f"MongoDB {version}"
    except (Failed, OSError, ValueError, LookupError, TypeError, AttributeError, struct.error):
        pass
    return told, privileged


async def _ask(wire: Wire, command: Mapping[str, Any]) -> dict[str, Any]:
    body = struct.pack("<IB", 0, 0) + dump(command)
    await wire.send(struct.pack("<iiii", 16 + len(body), 1, 0, _MESSAGE) + body)
    length, _, _, code = struct.unpack("<iiii", await wire.exactly(16))
    if code != _MESSAGE or length < 26:
        raise ValueError
    answer = await wire.exactly(length - 16)
    # Flags, and one section; a checksum may follow it.
    (size,) = struct.unpack_from("<I", answer, 5)
    if answer[4] != 0 or size > len(answer) - 5:
        raise ValueError
    return load(answer[5 : 5 + size])


def _refusal(answer: Mapping[str, Any]) -> Exception:
    code = answer.get("code")
    if code == _FAILED:
        return Refused("18")
    return Failed("unexpected", str(code) if isinstance(code, int) else "")
