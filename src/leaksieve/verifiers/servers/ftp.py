"""FTP: USER and PASS, nothing else."""

from __future__ import annotations

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, no_tls, not_asked
from leaksieve.verifiers.servers.replies import reply
from leaksieve.verifiers.servers.target import REQUIRED, Target
from leaksieve.verifiers.servers.wire import Wire


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
    code, _ = await reply(wire)
    if code == 230:
        raise not_asked()
    if code != 331:
        # 530 here is about the user, the address or the missing encryption, before any password.
        raise _other(code)
    await wire.send(b"PASS " + target.password.reveal() + b"\r\n")
    code, _ = await reply(wire)
    if code == 530:
        raise Refused("530")
    if code not in (230, 232):
        raise _other(code)
    await wire.send(b"QUIT\r\n")
    return Accepted({"user": target.user}, target.user in ("root", "administrator", "Administrator"))


def _other(code: int) -> Failed:
    return Failed("server-error" if code in (421, 425, 426) else "unexpected", str(code))
