"""Secret keys of minisign and signify, which carry a checksum where no password hides it."""

from __future__ import annotations

from hashlib import blake2b, sha512

from leaksieve.engine.checks import Proof, Subject
from leaksieve.engine.checks_bytes import Reader, unbase64


def minisign(subject: Subject) -> Proof:
    """Algorithms, salt and limits, key number, key, and the BLAKE2b of algorithm, number and key."""
    algorithm, derivation, checksum, _, number, key, check, rest = _fields(subject.value, 2, 2, 2, 48, 8, 64, 32)
    if algorithm != b"Ed" or checksum != b"B2" or rest:
        return Proof(False)
    if derivation != b"\0\0":
        return Proof(True, {"key_type": "minisign", "encrypted": True})
    if check == bytes(32):
        return Proof(None, {"key_type": "minisign", "encrypted": False})
    return Proof(blake2b(algorithm + number + key, digest_size=32).digest() == check, {"key_type": "minisign", "encrypted": False})


def signify(subject: Subject) -> Proof:
    """Algorithms, rounds (0: no passphrase), salt, the start of the key's SHA-512, key number, key."""
    algorithm, derivation, rounds, _, check, _, key, rest = _fields(subject.value, 2, 2, 4, 16, 8, 8, 64)
    if algorithm != b"Ed" or derivation != b"BK" or rest:
        return Proof(False)
    encrypted = any(rounds)
    return Proof(encrypted or sha512(key).digest()[:8] == check, {"key_type": "signify", "encrypted": encrypted})


def _fields(text: bytes, *sizes: int) -> list[bytes]:
    """What base64 holds, cut into fields of these sizes, and the rest behind them; ValueError where it ends early."""
    reader = Reader(unbase64(text))
    return [*map(reader.take, sizes), reader.take(reader.left)]
