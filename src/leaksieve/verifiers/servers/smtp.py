"""SMTP: AUTH in one of the ways the server offers, and no mail."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, no_tls, other_login, refused_otherwise
from leaksieve.verifiers.servers.replies import otherwise, reply
from leaksieve.verifiers.servers.target import REQUIRED, Target
from leaksieve.verifiers.servers.wire import Wire

_NAME = b"leaksieve.invalid"


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    code, texts = await reply(wire)
    if code != 220:
        raise _other(code)
    offers = await _ehlo(wire)
    if target.tls == REQUIRED:
        if "STARTTLS" not in offers:
            raise no_tls()
        await wire.send(b"STARTTLS\r\n")
        if (await reply(wire))[0] != 220:
            raise no_tls()
        await wire.start_tls()
        # What was said before the handshake may have been anybody's.
        offers = await _ehlo(wire)
    if "AUTH" not in offers and "STARTTLS" in offers and not wire.encrypted:
        raise Failed("unexpected", "the server takes no logins before TLS, and the URL asks for none")
    code, texts = await _prove(wire, target, offers.get("AUTH", []))
    if code == 535:
        # Some say with the same code that nobody may log in with a password.
        if texts[0].startswith("5.7.139") or otherwise(texts, target.user):
            raise refused_otherwise(code)
        raise Refused(" ".join(["535", *[word for word in texts[0].split()[:1] if word.startswith("5.")]])[:16])
    if code != 235:
        raise _other(code)
    await wire.send(b"QUIT\r\n")
    return Accepted({"user": target.user})


async def _ehlo(wire: Wire) -> dict[str, list[str]]:
    """What the server offers: names, each with its words."""
    await wire.send(b"EHLO " + _NAME + b"\r\n")
    code, texts = await reply(wire)
    if code != 250:
        raise _other(code)
    lines = [text.upper().split() for text in texts[1:]]
    return {words[0]: words[1:] for words in lines if words}


async def _prove(wire: Wire, target: Target, ways: list[str]) -> tuple[int, list[str]]:
    """The server's last word on the credential."""
    user, password = target.user.encode(), target.password.reveal()
    # Under TLS the others will do: servers that know CRAM-MD5 alone keep the passwords themselves.
    if "CRAM-MD5" in ways and not (wire.encrypted and {"PLAIN", "LOGIN"}.intersection(ways)):
        await wire.send(b"AUTH CRAM-MD5\r\n")
        code, texts = await reply(wire)
        if code != 334:
            return code, texts
        digest = hmac.new(password, b64decode(texts[0], validate=True), "md5").hexdigest().encode()
        await wire.send(b64encode(user + b" " + digest) + b"\r\n")
    elif "PLAIN" in ways:
        await wire.send(b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password) + b"\r\n")
    elif "LOGIN" in ways:
        await wire.send(b"AUTH LOGIN\r\n")
        for answer in (user, password):
            code, texts = await reply(wire)
            if code != 334:
                # Whatever it is, no password was seen.
                raise _other(code)
            await wire.send(b64encode(answer) + b"\r\n")
    elif ways:
        raise other_login()
    else:
        raise Failed("unexpected", "the server takes no logins")
    return await reply(wire)


def _other(code: int) -> Failed:
    return Failed("server-error" if 400 <= code < 500 else "unexpected", str(code))
