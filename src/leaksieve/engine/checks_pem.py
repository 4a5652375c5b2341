"""Private keys as text, out of its armour: on to the reader of what is inside."""

from __future__ import annotations

import re

from leaksieve.engine.checks import Proof, Subject
from leaksieve.engine.checks_armour import enclosed, plain
from leaksieve.engine.checks_der import key
from leaksieve.engine.checks_ssh import openssh

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{3,40})-----(.*?)(?:-----END|\Z)", re.DOTALL)
_LOCKED = re.compile(rb"Proc-Type: ?4,ENCRYPTED[\s\"',>#*|+]*DEK-Info: ?([A-Z0-9-]+),([0-9A-Fa-f]+)")


def private_key(subject: Subject) -> Proof:
    """PKCS#1, PKCS#8, SEC 1, DSA and OpenSSH blocks, also as base64 of a whole block or as a block's bare base64.

    What parses as a certificate or a public key is public, whatever its label says.  A key that is cut
    short or was changed by hand does not parse.
    """
    found = _BLOCK.search(subject.value)
    if found is None:
        raw = enclosed(plain(subject.value))
        found = _BLOCK.search(raw)
        if found is None:
            return key(raw, b"")
    label, body = found.group(1), plain(found.group(2))
    locked = _LOCKED.search(body)
    if locked is not None:
        return _encrypted(locked.group(1), locked.group(2), enclosed(body[locked.end() :]))
    raw = enclosed(body)
    return openssh(raw) if label == b"OPENSSH PRIVATE KEY" else key(raw, label)


def _encrypted(cipher: bytes, start: bytes, raw: bytes) -> Proof:
    """A block in the old format: nothing of the key shows; the cipher's blocks must come out even."""
    size = len(start) // 2
    return Proof(size in (8, 16) and bool(raw) and not len(raw) % size, {"encrypted": True, "cipher": cipher.decode()})
