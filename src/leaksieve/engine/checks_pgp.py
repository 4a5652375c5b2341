"""OpenPGP secret keys: armour with its CRC-24, then the first packet."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha1, sha256

from leaksieve.engine.checks import Detail, Proof, Subject
from leaksieve.engine.checks_armour import base64_in, plain
from leaksieve.engine.checks_bytes import Reader, moment, unbase64

_ARMOUR = re.compile(rb"-----BEGIN PGP PRIVATE KEY BLOCK-----(.*?)(?:-----END|\Z)", re.DOTALL)
_HEADER = re.compile(rb"(?:Version|Comment|Charset|Hash|MessageID): ?[^\n]*")
_CHECK = re.compile(rb"=([A-Za-z0-9+/]{4})=*\Z")
_SECRET, _PUBLIC = 5, 6
_NAMES = {1: "RSA", 2: "RSA", 3: "RSA", 16: "Elgamal", 17: "DSA", 18: "ECDH", 19: "ECDSA", 22: "EdDSA", 25: "X25519", 26: "X448", 27: "Ed25519", 28: "Ed448"}
# How many numbers the public half has; a curve's name comes before the point.
_NUMBERS = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4}
_SIZES = {25: 32, 26: 56, 27: 32, 28: 57}


def crc24(data: bytes) -> int:
    """The checksum that closes an armour."""
    table = _remainders()
    check = 0xB704CE
    for byte in data:
        check = (check << 8 & 0xFFFFFF) ^ table[check >> 16 ^ byte]
    return check


@cache
def _remainders() -> tuple[int, ...]:
    """What each byte at the top of the sum leaves, of the polynomial 0x1864CFB: RFC 9580, section 6.1."""
    found = []
    for byte in range(256):
        rest = byte << 16
        for _ in range(8):
            rest <<= 1
            if rest & 0x1000000:
                rest ^= 0x1864CFB
        found.append(rest)
    return tuple(found)


def pgp_key(subject: Subject) -> Proof:
    """An armoured secret key.  Newer programs leave the checksum out; the packets must parse either way."""
    found = _ARMOUR.search(subject.value)
    if found is None:
        return Proof(False)
    text = base64_in(_HEADER.sub(b"", plain(found.group(1))))
    check = _CHECK.search(text)
    raw = unbase64(text[: check.start()] if check else text)
    if check and crc24(raw) != int.from_bytes(unbase64(check.group(1)), "big"):
        return Proof(False)
    tag, body = _packet(Reader(raw))
    if tag == _PUBLIC:
        return Proof(False, public=True)
    return _secret(body) if tag == _SECRET else Proof(False)


def _packet(reader: Reader) -> tuple[int, bytes]:
    head = reader.number(1)
    if not head & 0x80:
        raise ValueError("no packet")
    if head & 0x40:
        size = reader.number(1)
        if 192 <= size < 224:
            size = (size - 192 << 8) + reader.number(1) + 192
        elif size == 255:
            size = reader.number(4)
        elif size > 223:
            raise ValueError("a key is not written in parts")
        return head & 0x3F, reader.take(size)
    width = (1, 2, 4, 0)[head & 3]
    return head >> 2 & 15, reader.take(reader.number(width) if width else reader.left)


def _secret(body: bytes) -> Proof:
    reader = Reader(body)
    version, made, algorithm = reader.number(1), reader.number(4), reader.number(1)
    if version not in (4, 6) or algorithm not in _NAMES:
        return Proof(False)
    if version == 6:
        reader.number(4)
    bits = _public(reader, algorithm)
    public = body[: reader.at]
    print_of = b"\x99" + len(public).to_bytes(2, "big") if version == 4 else b"\x9b" + len(public).to_bytes(4, "big")
    # The format's own fingerprint, SHA-1 in version 4.
    digest = (sha1(print_of + public, usedforsecurity=False) if version == 4 else sha256(print_of + public)).hexdigest()
    details: dict[str, Detail] = {"key_type": f"OpenPGP {_NAMES[algorithm]}", "encrypted": reader.number(1) != 0, "fingerprint": digest.upper()}
    if bits:
        details["bits"] = bits
    if issued := moment(made):
        details["issued"] = issued
    return Proof(True, details)


def _public(reader: Reader, algorithm: int) -> int:
    """Go past the public half; return the size of its first number where that is the key's."""
    if algorithm in _SIZES:
        reader.take(_SIZES[algorithm])
        return 0
    if algorithm not in _NUMBERS:
        reader.take(reader.number(1))
        _number(reader)
        if algorithm == 18:
            reader.take(reader.number(1))
        return 0
    first, *_ = [_number(reader) for _ in range(_NUMBERS[algorithm])]
    return first


def _number(reader: Reader) -> int:
    bits = reader.number(2)
    reader.take((bits + 7) // 8)
    return bits
