"""Secret keys of minisign and signify, which carry a checksum where no password hides it."""

from __future__ import annotations

from hashlib import blake2b, sha512

from leaksieve.engine.checks import Proof, Subject
from leaksieve.engine.checks_bytes import Reader, unbase64


def minisign(subject: Subject) -> Proof:
    """Algorithms, salt and limits, key number, key, and the BLAKE2b of algorithm, number and key."""
    reader = Reader(unbase64(subject.value))
    algorithm, derivation, checksum = reader.take(2), reader.take(2), reader.take(2)
    reader.take(48)
    number, key, check = reader.take(8), reader.take(64), reader.take(32)
    if algorithm != b"Ed" or checksum != b"B2" or reader.left:
        return Proof(False)
    if derivation != b"\0\0":
        return Proof(True, {"key_type": "minisign", "encrypted": True})
    if check == bytes(32):
        return Proof(None, {"key_type": "minisign", "encrypted": False})
    return Proof(blake2b(algorithm + number + key, digest_size=32).digest() == check, {"key_type": "minisign", "encrypted": False})


def signify(subject: Subject) -> Proof:
    """Algorithms, rounds (0: no passphrase), salt, the start of the key's SHA-512, key number, key."""
    reader = Reader(unbase64(subject.value))
    algorithm, derivation, rounds = reader.take(2), reader.take(2), reader.number(4)
    reader.take(16)
    check, _, key = reader.take(8), reader.take(8), reader.take(64)
    if algorithm != b"Ed" or derivation != b"BK" or reader.left:
        return Proof(False)
    whole = bool(rounds) or sha512(key).digest()[:8] == check
    return Proof(whole, {"key_type": "signify", "encrypted": bool(rounds)})
