"""Check digits and key containers for example templates, worked out apart from the checks that read them."""

from __future__ import annotations

import base64
import random
import zlib
from binascii import crc_hqx
from collections.abc import Callable
from hashlib import sha256

LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def in_base(number: int, alphabet: str, width: int) -> str:
    """A number in the alphabet's base, padded with its first character."""
    out = ""
    for _ in range(width):
        number, digit = divmod(number, len(alphabet))
        out = alphabet[digit] + out
    return out


def crc32_github(body: str) -> str:
    """Six base-62 characters: the CRC-32 of ``body``, zero-padded (GitHub's and npm's scheme)."""
    return in_base(zlib.crc32(body.encode()), DIGITS + LOWER.upper() + LOWER, 6)


def _bech32(text: str) -> str:
    prefix, _, data = text.lower().rpartition("1")
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH32.index(c) for c in data] + [0] * 6
    check = 1
    for value in values:
        high, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator * (high >> place & 1)
    check ^= 1
    digits = "".join(_BECH32[check >> 5 * (5 - place) & 31] for place in range(6))
    return digits.upper() if text.isupper() else digits


def _gitlab(text: str) -> str:
    """The payload's length in two base-36 digits, and the CRC-32 of all with them in seven."""
    payload = text.rpartition("-")[2].partition(".")[0]
    text_with_length = text + in_base(len(payload), DIGITS + LOWER, 2)
    return text_with_length[len(text) :] + in_base(zlib.crc32(text_with_length.encode()), DIGITS + LOWER, 7)


# Name in ``<sum:NAME:TEXT>`` -> what comes behind the text.
SUMS: dict[str, Callable[[str], str]] = {
    "crc32-hex-all": lambda text: f"{zlib.crc32(text.encode()):08X}",
    "crc32-hex-all-lower": lambda text: f"{zlib.crc32(text.encode()):08x}",
    "crc32-hex-body": lambda text: f"{zlib.crc32(text.partition('_')[2].removesuffix('_').encode()):08x}",
    "crc32-base62-all": lambda text: in_base(zlib.crc32(text.encode()), DIGITS + LOWER + LOWER.upper(), 6),
    "crc32-grafana": lambda text: "_" + zlib.crc32(text.encode()).to_bytes(4, "little").hex(),
    "crc32-gitlab": _gitlab,
    "bech32": _bech32,
}


def _base58check(body: bytes) -> str:
    number = int.from_bytes(body + sha256(sha256(body).digest()).digest()[:4], "big")
    out = ""
    while number:
        number, digit = divmod(number, 58)
        out = _BASE58[digit] + out
    return out


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


def _integer(number: int) -> bytes:
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _rsa(bits: int, rng: random.Random) -> bytes:
    """An RSA key by its form: the product holds, the factors are no primes."""
    first, second = (rng.getrandbits(bits // 2) | 3 << bits // 2 - 2 | 1 for _ in range(2))
    numbers = (0, first * second, 65537, rng.getrandbits(bits - 1), first, second, *(rng.getrandbits(bits // 2) for _ in range(3)))
    return _der(0x30, *map(_integer, numbers))


def _algorithm(oid: str, *parameters: bytes) -> bytes:
    return _der(0x30, _der(6, bytes.fromhex(oid)), *parameters)


def _pkcs8(bits: int, rng: random.Random) -> bytes:
    return _der(0x30, _integer(0), _algorithm("2a864886f70d010101", b"\x05\x00"), _der(4, _rsa(bits, rng)))


def _pkcs8_encrypted(bits: int, rng: random.Random) -> bytes:
    return _der(0x30, _algorithm("2a864886f70d01050d", _der(0x30)), _der(4, rng.randbytes(bits // 8 // 16 * 16)))


def _sec1(bits: int, rng: random.Random) -> bytes:
    size = bits // 8
    curve, point = _der(0xA0, _der(6, bytes.fromhex("2a8648ce3d030107"))), _der(0xA1, _der(3, b"\x00\x04" + rng.randbytes(2 * size)))
    return _der(0x30, _integer(1), _der(4, rng.randbytes(size)), curve, point)


def _texts(*items: bytes) -> bytes:
    return b"".join(len(item).to_bytes(4, "big") + item for item in items)


def _openssh(locked: int, rng: random.Random) -> bytes:
    public, twice = rng.randbytes(32), rng.randbytes(4)
    blob = _texts(b"ssh-ed25519", public)
    private = twice * 2 + _texts(b"ssh-ed25519", public, rng.randbytes(32) + public, b"me") + bytes(range(1, 7))
    head = _texts(b"aes256-ctr", b"bcrypt", _texts(rng.randbytes(16)) + bytes((0, 0, 0, 16))) if locked else _texts(b"none", b"none", b"")
    return b"openssh-key-v1\0" + head + bytes((0, 0, 0, 1)) + _texts(blob, private)


def _ssh_public(_: int, rng: random.Random) -> bytes:
    return _texts(b"ssh-ed25519", rng.randbytes(32))


def _ssh2(bits: int, rng: random.Random) -> bytes:
    body = _texts(b"if-modn{sign{rsa-pkcs1-sha1},encrypt{rsa-pkcs1v2-oaep}}", b"3des-cbc", rng.randbytes(bits // 8))
    return (0x3F6FF9EB).to_bytes(4, "big") + (len(body) + 8).to_bytes(4, "big") + body


def _pgp(made: int, rng: random.Random) -> bytes:
    """A version 4 EdDSA secret key: its time, its curve's name and point, then the secret half under a passphrase."""
    curve = bytes.fromhex("092b06010401da470f01")
    body = b"\x04" + made.to_bytes(4, "big") + b"\x16" + curve + b"\x01\x07\x40" + rng.randbytes(32) + b"\xfe\x07\x03" + rng.randbytes(80)
    return bytes((0xC5, len(body))) + body


def _macaroon(testing: int, rng: random.Random) -> str:
    """A token of the Python package index, for the real or the test index."""
    place = b"test.pypi.org" if testing else b"pypi.org"
    caveat = b'{"version":1,"permissions":"user"}'
    raw = bytes((2, 1, len(place))) + place + b"\x02\x24" + rng.randbytes(18).hex().encode() + b"\0\x02" + bytes((len(caveat),)) + caveat
    return base64.urlsafe_b64encode(raw + b"\0\0\x06\x20" + rng.randbytes(32)).decode().rstrip("=")


def _sealed(head: bytes, rng: random.Random) -> str:
    body = head + rng.randbytes(32)
    return base64.b32encode(body + crc_hqx(body, 0).to_bytes(2, "little")).decode().rstrip("=")


def _base64(build: Callable[[int, random.Random], bytes]) -> Callable[[int, random.Random], str]:
    return lambda number, rng: base64.b64encode(build(number, rng)).decode()


# Name in ``<NAME:NUMBER>`` -> the text.
BUILT: dict[str, Callable[[int, random.Random], str]] = {
    "der-rsa": _base64(_rsa),
    "der-pkcs8": _base64(_pkcs8),
    "der-pkcs8-encrypted": _base64(_pkcs8_encrypted),
    "der-ec": _base64(_sec1),
    "openssh-key": _base64(_openssh),
    "ssh-public": _base64(_ssh_public),
    "ssh2-key": _base64(_ssh2),
    "pgp-key": _base64(_pgp),
    "macaroon-pypi": _macaroon,
    "nats-seed": lambda kind, rng: _sealed(bytes((18 << 3 | kind >> 5, (kind & 31) << 3)), rng),
    "stellar-seed": lambda kind, rng: _sealed(bytes((kind,)), rng),
    "wif": lambda version, rng: _base58check(bytes((version,)) + rng.randbytes(32) + b"\x01"),
    "bip32": lambda version, rng: _base58check(version.to_bytes(4, "big") + rng.randbytes(41) + b"\0" + rng.randbytes(32)),
}
