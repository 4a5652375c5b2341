"""Structural proof, offline: checksums that a real credential carries.

A rule names its check with ``proof``; a value that passes is reported with ``proof: structural``.
A value that fails is still reported: providers' own documentation prints tokens with made-up checksums.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _base62(number: int, width: int) -> bytes:
    out = bytearray()
    for _ in range(width):
        number, digit = divmod(number, 62)
        out.append(_DIGITS[digit])
    return bytes(reversed(out))


def _github(value: bytes) -> bool:
    """prefix, `_`, 30 characters, then their CRC-32 in six base-62 digits (also npm)."""
    body = value.rpartition(b"_")[2]
    return len(body) >= 12 and _base62(crc32(body[:-6]), 6) == body[-6:]


def _hex_of_all(value: bytes) -> bool:
    """The last eight characters are the upper-case hex CRC-32 of everything before them (Atlassian, Bitbucket)."""
    return f"{crc32(value[:-8]):08X}".encode() == value[-8:]


def _hex_of_body(value: bytes) -> bool:
    """prefix, `_`, body, then the lower-case hex CRC-32 of the body, with or without `_` before it (Cloudflare, Zuplo)."""
    body = value.partition(b"_")[2]
    text = body[:-8].removesuffix(b"_")
    return f"{crc32(text):08x}".encode() == body[-8:]


CHECKS: dict[str, Callable[[bytes], bool]] = {
    "crc32-github": _github,
    "crc32-hex-all": _hex_of_all,
    "crc32-hex-body": _hex_of_body,
}


def passes(check: str, value: bytes) -> bool:
    """Whether a value passes the named check; False where no check of that name exists."""
    known = CHECKS.get(check)
    return known is not None and known(value)
