"""Private keys: which public keys and certificates of the scanned folder they belong to.  Nothing is sent.

A private key has no provider that could be asked.  What it opens is where its public half is trusted, and the files beside it often
say where that is.  So the verdict stays unknown, and what was found stands with it.
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
from leaksieve.verifiers.base import UNKNOWN, Call, Net, Subject, Verdict
from leaksieve.verifiers.publickeys import PublicHalf, found_in, marks_of

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{3,40})-----(.*?)(?:-----END|\Z)", re.DOTALL)
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

    def calls(self, _subject: Subject, _endpoint: str) -> Sequence[Call]:
        """None."""
        return []

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Look for its public half."""
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


def _public(value: bytes) -> Any:
    """The public half of an unencrypted key; None where it cannot be read."""
    try:
        block = _BLOCK.search(value) or _BLOCK.search(_inside(value))
        if block is None:
            return load_der_private_key(enclosed(plain(value)), None).public_key()
        label = block[1]
        pem = b"-----BEGIN " + label + b"-----\n" + encodebytes(enclosed(plain(block[2]))) + b"-----END " + label + b"-----\n"
        return (load_ssh_private_key if label == b"OPENSSH PRIVATE KEY" else load_pem_private_key)(pem, None).public_key()
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
