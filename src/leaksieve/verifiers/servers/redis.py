"""Redis and what speaks its protocol: one AUTH, and who that is."""

from __future__ import annotations

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers.login import Accepted, Refused, not_asked
from leaksieve.verifiers.servers.target import Target
from leaksieve.verifiers.servers.wire import Wire

_MOST = 64


class _Error(str):
    """What the server says is wrong."""

    __slots__ = ()


async def login(wire: Wire, target: Target) -> Accepted:
    """Log in once; see Accepted and Refused."""
    # A server without a password answers this, and would take any; a user of no password would as well.
    before = await _ask(wire, b"PING")
    if before == "PONG":
        raise not_asked()
    if not isinstance(before, _Error):
        raise Failed("malformed")
    if not before.startswith("NOAUTH"):
        raise Failed("unexpected", _word(before))
    user = [target.user.encode()] if target.user else []
    answer = await _ask(wire, b"AUTH", *user, target.password.reveal())
    if isinstance(answer, _Error):
        # Before version 6 there were no users, and a wrong password was said in words alone.
        if answer.startswith("WRONGPASS") or answer == "ERR invalid password":
            raise Refused("WRONGPASS" if answer.startswith("WRONGPASS") else "ERR invalid password")
        raise Failed("unexpected", _word(answer))
    if answer != "OK":
        raise Failed("malformed")
    return await _known(wire)


async def _known(wire: Wire) -> Accepted:
    """Who that is and whether it may do everything; the credential holds by now, whatever comes."""
    told: dict[str, object] = {}
    privileged = False
    try:
        hello = await _ask(wire, b"HELLO", b"2")
        facts = dict(zip(hello[::2], hello[1::2], strict=False)) if isinstance(hello, list) else {}
        if isinstance(facts.get("server"), str) and isinstance(facts.get("version"), str):
            told["kind"] = f"{facts['server'].title()} {facts['version']}"
        who = await _ask(wire, b"ACL", b"WHOAMI")
        if isinstance(who, str) and not isinstance(who, _Error):
            told["user"] = who
            # Says whether the user might, and does nothing; to be told so is an administrator's right itself.
            privileged = await _ask(wire, b"ACL", b"DRYRUN", who.encode(), b"CONFIG", b"GET", b"port") == "OK"
            if privileged:
                told["permissions"] = ["all commands"]
    except (Failed, OSError, ValueError):
        pass
    return Accepted(told, privileged)


async def _ask(wire: Wire, *words: bytes) -> object:
    await wire.send(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
    return await _answer(wire, 0)


async def _answer(wire: Wire, depth: int) -> object:
    """A text, a number, None or a list of these; _Error for an error.  ValueError for what is none."""
    line = await wire.line()
    kind, rest = line[:1], line[1:].decode("utf-8", "replace")
    match kind:
        case b"+":
            return rest
        case b"-":
            return _Error(rest)
        case b":":
            return int(rest)
        case b"$":
            if int(rest) < 0:
                return None
            return (await wire.exactly(int(rest) + 2))[:-2].decode("utf-8", "replace")
        case b"*" if depth < 3 and int(rest) <= _MOST:
            return [await _answer(wire, depth + 1) for _ in range(int(rest))]
    raise ValueError


def _word(text: str) -> str:
    """The first word of an error: its code, in capitals."""
    word = text.partition(" ")[0]
    return word if word.isascii() and word.isalpha() and word.isupper() and len(word) <= 20 else ""
