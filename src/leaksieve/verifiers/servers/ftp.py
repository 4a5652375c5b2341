"""FTP: USER and PASS, nothing else."""

from __future__ import annotations

import re

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, no_tls, not_asked, refused_otherwise
from leaksieve.verifiers.servers.replies import otherwise, reply, speaks_of
from leaksieve.verifiers.servers.target import REQUIRED, Target
from leaksieve.verifiers.servers.wire import Wire

# Users that servers open to all let in with any password, and how servers speak to them.
_ANYBODY = {"anonymous", "ftp"}
_OPEN = re.compile(r"anonymous|\bguest\b|any password", re.IGNORECASE)
_ASKS = re.compile(rf"{_OPEN.pattern}|e-?mail", re.IGNORECASE)
_ALSO = "FTP says the same of a user who may not log in by it"


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    code, _ = await reply(wire)
    if code == 120:
        code, _ = await reply(wire)
    if code != 220:
        raise _other(code)
    if target.tls == REQUIRED:
        await wire.send(b"AUTH TLS\r\n")
        if (await reply(wire))[0] != 234:
            raise no_tls()
        await wire.start_tls()
    await wire.send(b"USER " + target.user.encode() + b"\r\n")
    code, texts = await reply(wire)
    if code == 230 or (code == 331 and speaks_of(_ASKS, texts, target.user)):
        raise not_asked()
    if code != 331:
        # 530 here is about the user, the address or the missing encryption, before any password.
        raise _other(code)
    await wire.send(b"PASS " + target.password.reveal() + b"\r\n")
    code, texts = await reply(wire)
    if code == 530:
        if otherwise(texts, target.user):
            raise refused_otherwise(code)
        raise Refused("530", _ALSO)
    if code not in (230, 232):
        raise _other(code)
    if target.user.lower() in _ANYBODY or speaks_of(_OPEN, texts[-1:], target.user):
        raise not_asked()
    await wire.send(b"QUIT\r\n")
    return Accepted({"user": target.user}, target.user in ("root", "administrator", "Administrator"))


def _other(code: int) -> Failed:
    return Failed("server-error" if code in (421, 425, 426) else "unexpected", str(code))
