"""Private keys: which public keys and certificates of the scanned folder they belong to.  Nothing is sent, unless the user names an SSH server.

A private key has no provider that could be asked.  What it opens is where its public half is trusted, and the files beside it often
say where that is.  So the verdict stays unknown, and what was found stands with it.  At a server that takes it, it is active; one that
does not says nothing of others.
"""

from __future__ import annotations

import asyncio
import re
from base64 import encodebytes
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, load_ssh_private_key

from leaksieve.engine.checks_armour import enclosed, plain
from leaksieve.verifiers.address import account_of
from leaksieve.verifiers.base import ACTIVE, UNKNOWN, UNVERIFIABLE, Call, Failed, Net, Subject, Verdict
from leaksieve.verifiers.publickeys import PublicHalf, found_in, marks_of
from leaksieve.verifiers.putty import putty_key

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{3,40})-----(.*?)(?:-----END|\Z)", re.DOTALL)
# What encrypted keys say of themselves in the clear.
_ENCRYPTED = re.compile(rb"BEGIN (?:SSH2 )?ENCRYPTED |Proc-Type: ?4,ENCRYPTED|\bEncryption: (?!none)[a-z0-9-]+")
_SHOWN = 50


def private_key(_table: Mapping[str, Any]) -> PrivateKey:
    """The verifier of private keys."""
    return PrivateKey()


class PrivateKey:
    """See Verifier."""

    def __init__(self) -> None:
        self._folder: bytes | None = None
        self._halves: list[PublicHalf] | None = None
        self._turn = asyncio.Lock()

    def look(self, folder: bytes) -> None:
        """The scanned folder, see Verifier."""
        self._folder = folder

    def calls(self, subject: Subject, endpoint: str) -> Sequence[Call]:
        """The login at the user's server; none where there is no such server, or where it is known that the key is encrypted."""
        if not endpoint or _is_encrypted(subject):
            return []
        account = account_of(endpoint)
        return [Call(account.host, account.port, f"log in as {account.user} with the key (SSH; no shell, no command)")]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Look for its public half, and log in where that was asked for."""
        found = await self._look(subject, net)
        if not net.endpoint:
            return found
        if _is_encrypted(subject):
            return found._replace(state=UNVERIFIABLE, reason="encrypted", detail="")
        key = await net.blocking(lambda: _private(subject.secret.reveal()))
        if key is None:
            return found._replace(reason="unfit", detail="the key cannot be read whole")
        from leaksieve.verifiers.ssh import try_key

        account = account_of(net.endpoint)
        try:
            tried = await try_key(key, account, net)
        except Failed as failure:
            return found._replace(reason=failure.reason, detail=failure.detail)
        evidence = {"host": account.host, "matched": tried.matched}
        if not tried.active:
            return found._replace(reason=tried.reason, detail=tried.detail, evidence=evidence)
        opens = [f"{account.url} (logs in)", *_texts(found.told.get("resources"))]
        return Verdict(ACTIVE, "", "", evidence, {**found.told, "user": account.user, "resources": opens}, privileged=account.user == "root")

    async def _look(self, subject: Subject, net: Net) -> Verdict:
        # In threads: others wait for answers meanwhile, and a key that was made to be slow to read ends with the time of a call.
        marks, kind = await net.blocking(lambda: _marks(subject))
        told: dict[str, object] = {"kind": kind} if kind else {}
        if not marks:
            return Verdict(UNKNOWN, "offline", "its public half cannot be told: it is encrypted or not whole", told=told)
        if self._folder is None:
            return Verdict(UNKNOWN, "offline", "no folder was scanned where its public half could stand", told=told)
        async with self._turn:
            if self._halves is None:
                self._halves = await asyncio.to_thread(found_in, self._folder)
        places = list(dict.fromkeys(str(half)[:200] for half in self._halves if half.marks & marks))
        if not places:
            return Verdict(UNKNOWN, "offline", "no public key or certificate in the scanned folder belongs to it", told=told)
        told["resources"] = places[:_SHOWN]
        count = "one public key or certificate" if len(places) == 1 else f"{len(places):,} public keys and certificates"
        return Verdict(UNKNOWN, "offline", f"{count} in the scanned folder belong{'s' if len(places) == 1 else ''} to it", told=told)


def _marks(subject: Subject) -> tuple[frozenset[str], str]:
    """What tells its public half from others, empty where that is unknown; and its kind."""
    public = _public(subject.secret.reveal())
    if public is not None:
        return marks_of(public), _kind(public)
    # Formats of SSH have the public half in the clear; the checks of structure have read it.
    known, kind = subject.details.get("fingerprint"), subject.details.get("key_type")
    return frozenset((known,)) if isinstance(known, str) else frozenset(), kind if isinstance(kind, str) else ""


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _is_encrypted(subject: Subject) -> bool:
    """Whether the key says so itself, or the checks of structure have read it."""
    value = subject.secret.reveal()
    return subject.details.get("encrypted") is True or any(_ENCRYPTED.search(text) is not None for text in (value, _inside(value)))


def _public(value: bytes) -> Any:
    """The public half of an unencrypted key; None where it cannot be read."""
    key = _private(value)
    return None if key is None else key.public_key()


def _private(value: bytes) -> Any:
    """An unencrypted key; None where it cannot be read."""
    try:
        if b"PuTTY-User-Key-File-" in value:
            return putty_key(value)
        block = _BLOCK.search(value) or _BLOCK.search(_inside(value))
        if block is None:
            return load_der_private_key(enclosed(plain(value)), None)
        label = block[1]
        pem = b"-----BEGIN " + label + b"-----\n" + encodebytes(enclosed(plain(block[2]))) + b"-----END " + label + b"-----\n"
        return (load_ssh_private_key if label == b"OPENSSH PRIVATE KEY" else load_pem_private_key)(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _inside(value: bytes) -> bytes:
    try:
        return enclosed(plain(value))
    except ValueError:
        return b""


def _kind(public: Any) -> str:
    name = type(public).__name__.removesuffix("PublicKey")
    name = {"EllipticCurve": "EC"}.get(name, name)
    size = getattr(public, "key_size", None)
    return f"{name} {size}" if isinstance(size, int) else name
