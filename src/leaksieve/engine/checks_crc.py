"""Checksums that providers append to their tokens."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from binascii import crc_hqx
from zlib import crc32

from leaksieve.engine.checks import SILENT, Detail, Proof, Subject
from leaksieve.engine.checks_bytes import unbase64

_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LOWER_FIRST = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE36 = _LOWER_FIRST[:36]


def digits(number: int, alphabet: bytes, width: int) -> bytes:
    """A number in the alphabet's base, padded with its first character; higher digits are cut off."""
    out = bytearray()
    for _ in range(width):
        number, digit = divmod(number, len(alphabet))
        out.append(alphabet[digit])
    return bytes(reversed(out))


def github(subject: Subject) -> Proof:
    """Prefix, ``_``, body, then the body's CRC-32 in six base-62 digits (GitHub, npm, Vercel).

    A body may hold ``_`` (Vercel), a prefix too (an organization's name): both readings count.
    """
    value = subject.value
    bodies = {value.partition(b"_")[2], value.rpartition(b"_")[2]}
    return Proof(any(len(body) >= 12 and digits(crc32(body[:-6]), _DIGITS, 6) == body[-6:] for body in bodies))


def base62_of_all(subject: Subject) -> Proof:
    """The last six characters are the CRC-32 of everything before them, small letters before capitals (Apify)."""
    value = subject.value
    return Proof(len(value) >= 12 and digits(crc32(value[:-6]), _LOWER_FIRST, 6) == value[-6:])


def hex_of_all(subject: Subject) -> Proof:
    r"""The last eight characters are the upper-case hex CRC-32 of everything before them (Atlassian, Bitbucket).

    In an address ``=`` is written as ``%3D``, in a properties file as ``\\=``.
    """
    value = subject.value.replace(b"%3D", b"=").replace(b"%3d", b"=").replace(b"\\=", b"=")
    return Proof(f"{crc32(value[:-8]):08X}".encode() == value[-8:])


def lower_hex_of_all(subject: Subject) -> Proof:
    """The last eight characters are the hex CRC-32 of everything before them (Canva)."""
    value = subject.value
    return Proof(f"{crc32(value[:-8]):08x}".encode() == value[-8:].lower())


def hex_of_body(subject: Subject) -> Proof:
    """Prefix, ``_``, body, then the lower-case hex CRC-32 of the body, with or without ``_`` before it (Cloudflare, Zuplo)."""
    body = subject.value.partition(b"_")[2]
    return Proof(f"{crc32(body[:-8].removesuffix(b'_')):08x}".encode() == body[-8:])


def grafana(subject: Subject) -> Proof:
    """``glsa_``, 32 characters, ``_``, and the CRC-32 of all before that ``_``, its lowest byte first, in hex."""
    head, _, tail = subject.value.rpartition(b"_")
    return Proof(crc32(head).to_bytes(4, "little").hex().encode() == tail.lower())


_ROUTING = re.compile(rb"(?:\A|\n)([cgoptu]):([0-9a-z]{1,13})(?=\n|\Z)")
_ROUTED = {b"o": "organization_id", b"g": "group_id", b"p": "project_id", b"u": "user_id"}


def gitlab(subject: Subject) -> Proof:
    """GitLab's routable tokens: payload, ``.``, length, CRC-32 of all before it in seven base-36 digits.

    The payload says whom the token belongs to, next to 16 random bytes; in the first version these
    come last, in the next, which has a version field before the length, they come first.  Tokens
    without that tail have nothing to check.
    """
    value = subject.value
    fields = value.split(b".")
    if len(fields) < 2 or len(fields[-1]) != 9:
        return SILENT
    if digits(crc32(value[:-7]), _BASE36, 7) != value[-7:]:
        return Proof(False)
    details: dict[str, Detail] = {}
    payload = unbase64(fields[0][-int(fields[-1][:2], 36) :])
    if payload:
        random = payload[-1]
        routing = payload[random:-1] if len(fields) > 2 else payload[: -1 - random]
        for key, number in _ROUTING.findall(routing):
            if key in _ROUTED:
                details[_ROUTED[key]] = int(number, 36)
    return Proof(True, details)


_SEED_KINDS = {0: "account", 13 << 3: "server", 14 << 3: "operator", 2 << 3: "cluster", 20 << 3: "user", 23 << 3: "curve"}


def nats(subject: Subject) -> Proof:
    """An nkeys seed: base32 of two mixed bytes (seed, kind), 32 bytes and their CRC-16, lowest byte first."""
    raw = unbase32(subject.value)
    if len(raw) != 36 or raw[0] & 0xF8 != 18 << 3:
        return Proof(False)
    if crc_hqx(raw[:-2], 0).to_bytes(2, "little") != raw[-2:]:
        return Proof(False)
    kind = _SEED_KINDS.get((raw[0] & 7) << 5 | raw[1] >> 3)
    return Proof(True, {"key_type": f"{kind} seed"} if kind else {})


def stellar(subject: Subject) -> Proof:
    """A Stellar secret seed: base32 of a version byte, 32 bytes and their CRC-16, lowest byte first."""
    raw = unbase32(subject.value)
    return Proof(len(raw) == 35 and raw[0] == 18 << 3 and crc_hqx(raw[:-2], 0).to_bytes(2, "little") == raw[-2:])


def unbase32(value: bytes) -> bytes:
    """The bytes behind base32 without padding; ValueError if it is not, or has bits behind its last byte."""
    raw = b32decode(value + b"=" * (-len(value) % 8))
    if b32encode(raw).rstrip(b"=") != value:
        raise ValueError("not the one way to write it")
    return raw
