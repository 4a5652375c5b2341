"""Whether a private key logs in at a server that the user names: one login by public key, and nothing behind it.

The server is asked first whether it would take the public key; only what it would take is signed.  There is no agent, no password,
no file of known hosts, no shell and no command.  The server's own key is told with the answer and trusted for nothing else: what is
signed holds for this one connection, so a server in the middle learns nothing that it could use elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from leaksieve.net.address import Account
from leaksieve.verifiers.base import Failed, Net
from leaksieve.verifiers.failure import explained

# What a server says of its key is shown up to here.
_LONGEST = 120


class Tried(NamedTuple):
    """What came of it: ``active``, or the reason and detail why it is unknown; ``matched`` says what held."""

    active: bool
    reason: str
    detail: str
    matched: list[str]


async def try_key(key: Any, account: Account, net: Net) -> Tried:
    """Log in once with a key of `cryptography`, and leave.  Raises Failed where there is no answer."""
    try:
        import asyncssh
    except ImportError:
        raise Failed("not-installed", "install leaksieve[ssh]") from None
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)
    pair = _pair(key, asyncssh)
    signed: list[bool] = []
    sign = pair.sign

    def counted(data: bytes) -> bytes:
        signed.append(True)
        made: bytes = sign(data)
        return made

    pair.sign = counted
    met: list[Any] = []

    class Client(asyncssh.SSHClient):
        def connection_made(self, conn: Any) -> None:
            met.append(conn)

    sock = await net.socket(account.host, account.port)
    sock.setblocking(False)
    try:
        async with asyncio.timeout(net.timeout):
            await asyncssh.connect(
                account.host,
                account.port,
                sock=sock,
                client_factory=Client,
                username=account.user,
                client_keys=[pair],
                preferred_auth=["publickey"],
                password_auth=False,
                kbdint_auth=False,
                host_based_auth=False,
                gss_auth=False,
                gss_kex=False,
                # Nothing of the user's own: neither configuration, nor agent, nor known hosts.
                config=None,
                agent_path=None,
                known_hosts=None,
                compression_algs=["none"],
                login_timeout=net.timeout,
                client_version="leaksieve",
            )
        taken = True
    except asyncssh.PermissionDenied:
        taken = False
    except Exception as error:
        raise _explained(error, asyncssh) from None
    finally:
        await _leave(met, sock)
    return _tried(taken=taken, signed=bool(signed), host_key=_host_key(met))


def _tried(*, taken: bool, signed: bool, host_key: str) -> Tried:
    if taken and not signed:
        return Tried(False, "no-difference", "the server lets that user in without any key", [host_key])
    if taken:
        return Tried(True, "", "", ["the server knows the public key", "the login was accepted", host_key])
    if signed:
        detail = "the server knows the public key, and wants more than it or does not let that user in"
        return Tried(False, "unexpected", detail, ["the server knows the public key", host_key])
    return Tried(False, "elsewhere", "", ["the server does not take the public key", host_key])


def _pair(key: Any, asyncssh: Any) -> Any:
    try:
        made = asyncssh.import_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return asyncssh.load_keypairs([made])[0]
    except (ValueError, TypeError, LookupError):
        raise Failed("unfit", "SSH has no such keys") from None


def _host_key(met: list[Any]) -> str:
    key = met[0].get_server_host_key() if met else None
    known = f"{key.get_algorithm()} {key.get_fingerprint()}"[:_LONGEST] if key is not None else "none"
    return f"host key {known}, not compared with any known one"


async def _leave(met: list[Any], sock: Any) -> None:
    """Hang up; the client's connection takes the socket with it."""
    if not met:
        sock.close()
        return
    met[0].abort()
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await met[0].wait_closed()


def _explained(error: Exception, asyncssh: Any) -> Failed:
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return Failed("unexpected", "the server speaks no encryption that is known here")
    if isinstance(error, asyncssh.ConnectionLost):
        return Failed("connection", "the server hung up")
    if isinstance(error, asyncssh.ProtocolError | asyncssh.ProtocolNotSupported | asyncssh.MACError | asyncssh.CompressionError):
        return Failed("malformed")
    if isinstance(error, asyncssh.DisconnectError):
        return Failed("unexpected", "the server ended the login")
    return explained(error)
