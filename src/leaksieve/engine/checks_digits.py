"""Check digits of other alphabets: base58check, bech32, Luhn, and the version of a UUID."""

from __future__ import annotations

import re
from hashlib import sha256

from leaksieve.engine.checks import Detail, Proof, Subject

_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# What the checksum of a sound text comes to: bech32 and its later variant.
_SOUND = (1, 0x2BC830A3)
_LONGEST = 512


def unbase58check(text: bytes) -> bytes:
    """What stands before the four check bytes; ValueError where they are wrong."""
    if len(text) > _LONGEST:
        raise ValueError("too long")
    number = 0
    for byte in text:
        number = number * 58 + _BASE58.index(byte)
    zeros = len(text) - len(text.lstrip(b"1"))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, check = raw[:-4], raw[-4:]
    if len(raw) < 5 or sha256(sha256(body).digest()).digest()[:4] != check:
        raise ValueError("wrong check bytes")
    return body


def wif(subject: Subject) -> Proof:
    """A Bitcoin private key as wallets import it."""
    raw = unbase58check(subject.value)
    network = {0x80: "main", 0xEF: "test"}.get(raw[0])
    if network is None or not (len(raw) == 33 or (len(raw) == 34 and raw[33] == 1)):
        return Proof(False)
    return Proof(True, {"network": network})


_BIP32 = {0x0488ADE4: "main", 0x049D7878: "main", 0x04B2430C: "main", 0x04358394: "test"}


def bip32(subject: Subject) -> Proof:
    """An extended private key: version, depth, parent, number, chain code, and a zero byte before the key."""
    raw = unbase58check(subject.value)
    network = _BIP32.get(int.from_bytes(raw[:4], "big"))
    if network is None or len(raw) != 78 or raw[45]:
        return Proof(False)
    return Proof(True, {"network": network, "depth": raw[4]})


def unbech32(text: bytes) -> tuple[bytes, list[int]]:
    """The part before the last ``1`` and the five-bit groups behind it without the checksum; ValueError where it is wrong."""
    if len(text) > _LONGEST or (text.lower() != text and text.upper() != text):
        raise ValueError("not bech32")
    prefix, mark, data = text.lower().rpartition(b"1")
    groups = [_BECH32.index(byte) for byte in data]
    if not mark or not prefix or len(groups) < 6:
        raise ValueError("not bech32")
    check = 1
    for group in (*(byte >> 5 for byte in prefix), 0, *(byte & 31 for byte in prefix), *groups):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ group
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                check ^= generator
    if check not in _SOUND:
        raise ValueError("wrong check digits")
    return prefix, groups[:-6]


def age(subject: Subject) -> Proof:
    """An age identity: 32 bytes under the prefix of its kind."""
    prefix, groups = unbech32(subject.value)
    kinds: dict[bytes, Detail] = {b"age-secret-key-": "X25519", b"age-secret-key-pq-": "ML-KEM-768 with X25519"}
    return Proof(len(groups) == 52 and prefix in kinds, {"key_type": kinds[prefix]} if prefix in kinds else {})


def bech32(subject: Subject) -> Proof:
    """Any text with bech32's checksum, such as a Nostr secret key."""
    unbech32(subject.value)
    return Proof(True)


def luhn(subject: Subject) -> Proof:
    """Decimal digits whose last is their check digit (Luhn's); spaces and hyphens between them do not count."""
    text = subject.value.replace(b" ", b"").replace(b"-", b"")
    if len(text) < 2 or text.strip(b"0123456789"):
        return Proof(False)
    total = 0
    for place, byte in enumerate(reversed(text)):
        digit = (byte - 48) * (1 + place % 2)
        total += digit - 9 * (digit > 9)
    return Proof(total % 10 == 0)


_UUID = re.compile(rb"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-([0-9A-Fa-f])[0-9A-Fa-f]{3}-([0-9A-Fa-f])[0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}")


def uuid(subject: Subject) -> Proof:
    """The UUID in the value; one of a known version proves little, another one speaks against it."""
    found = _UUID.search(subject.value)
    if found is None or found.group(1) not in b"12345678" or found.group(2).lower() not in b"89ab":
        return Proof(False)
    return Proof(None, {"uuid_version": int(found.group(1))})
