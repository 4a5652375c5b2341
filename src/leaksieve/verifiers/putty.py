"""Private keys in PuTTY's files that are not encrypted."""

from __future__ import annotations

import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers

from leaksieve.engine.checks_armour import enclosed, plain
from leaksieve.engine.checks_bytes import Reader

_FILE = re.compile(
    rb"User-Key-File-[23]: ([a-z0-9@.-]+)\s+Encryption: none\s.*?Public-Lines: [0-9]{1,3}\s+(.*?)Private-Lines: [0-9]{1,3}\s+(.*?)(?:Private-(?:MAC|Hash)|\Z)",
    re.DOTALL,
)
_CURVES: dict[bytes, type[SECP256R1 | SECP384R1 | SECP521R1]] = {
    b"ecdsa-sha2-nistp256": SECP256R1,
    b"ecdsa-sha2-nistp384": SECP384R1,
    b"ecdsa-sha2-nistp521": SECP521R1,
}


def putty_key(value: bytes) -> Any:
    """The key; ValueError where there is none, or where its public half is another's."""
    found = _FILE.search(plain(value))
    if found is None:
        raise ValueError("no key that can be read")
    public, private = Reader(enclosed(found[2])), Reader(enclosed(found[3]))
    kind = public.string()
    key: Any
    if kind == b"ssh-rsa":
        e, n = _number(public), _number(public)
        d, p, q, inverse = (_number(private) for _ in range(4))
        return RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), inverse, RSAPublicNumbers(e, n)).private_key()
    if kind == b"ssh-ed25519":
        key = Ed25519PrivateKey.from_private_bytes(private.string())
        if key.public_key().public_bytes_raw() != public.string():
            raise ValueError("the halves are not of one key")
        return key
    if kind not in _CURVES:
        raise ValueError("a kind of key that is not known")
    return derive_private_key(_number(private), _CURVES[kind]())


def _number(reader: Reader) -> int:
    return int.from_bytes(reader.string(), "big")
