"""What kind of archive or compressed stream bytes are, told by the bytes alone.

Asked of every file and every object of a history, so two comparisons settle nearly all of them.
"""

from __future__ import annotations

import re
from typing import Final

# Streams of one content; what they hold may be an archive.
COMPRESSED: Final = frozenset({"gzip", "bzip2", "xz", "lzma", "zstd", "zlib"})
# Archives that can be read from front to end, and so straight out of a compressed stream.
STREAMED: Final = frozenset({"tar", "cpio", "ar"})
# Known by name, and not opened.
CLOSED: Final = frozenset({"7z", "rar"})

# Why something in an archive was not scanned.  These are said of an archive and its members, never of an object or a file as such.
REASONS: Final = frozenset({"archive-not-opened", "archive-unsupported", "archive-limit", "archive-damaged", "encrypted-member", "member-too-large"})

BLOCK: Final = 512
_END_OF_ZIP: Final = b"PK\x05\x06"
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_FIRST: Final = frozenset({b"\x1f\x8b", b"BZ", b"\xfd7", b"\x28\xb5", b"PK", b"7z", b"Ra", b"!<", b"07", b"\x5d\x00", *_ZLIB})
_SIGNS: Final = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (_END_OF_ZIP, "zip"),
    (b"PK\x07\x08PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"!<arch>\n", "ar"),
)
# Compiled when one is needed: what is imported for every scan must cost nothing.
_BZIP2: Final = rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"
# cpio is plain digits, as many a text is: its whole first header must hold together.
_CPIO: Final = rb"07070[12][0-9A-Fa-f]{104}|070707[0-7]{70}"


def kind_of(data: bytes) -> str | None:
    """Return gzip, bzip2, xz, lzma, zstd, zlib, tar, cpio, ar, zip, 7z or rar; None for anything else."""
    if data[:2] in _FIRST:
        kind = _sure(data)
        if kind is not None:
            return kind
    # The magic of tar, and for tars older than that how nearly every program ends a checksum.
    if (data[257:262] == b"ustar" or data[154:156] == b"\0 ") and is_header(data[:BLOCK]):
        return "tar"
    # A program, a script or a picture with a zip behind it.
    return "zip" if data[-22:-18] == _END_OF_ZIP else None


def is_header(block: bytes) -> bool:
    """Whether 512 bytes are a member's header in a tar: whether their checksum holds."""
    if len(block) < BLOCK:
        return False
    try:
        expected = int(block[148:156].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    # The field itself counts as spaces.
    total = sum(block) - sum(block[148:156]) + 8 * 0x20
    # Some programs took bytes for signed.
    return expected == total or expected == total - 256 * sum(byte > 127 for byte in block[:148] + block[156:])


def _sure(data: bytes) -> str | None:
    for sign, kind in _SIGNS:
        if data.startswith(sign):
            return kind
    if data[:3] == b"BZh":
        return "bzip2" if re.match(_BZIP2, data) else None
    if data[:5] == b"07070":
        return "cpio" if re.match(_CPIO, data) else None
    if data[:2] in _ZLIB:
        return "zlib" if _begins_well(data, "zlib") else None
    # Properties, a dictionary's size, and a size that is unknown or below 256 GiB.
    if data[:3] == b"\x5d\x00\x00" and (data[5:13] == b"\xff" * 8 or data[10:13] == b"\0\0\0") and len(data) > 13:
        return "lzma" if _begins_well(data, "lzma") else None
    return None


def _begins_well(data: bytes, kind: str) -> bool:
    """Whether the beginning can be inflated: two bytes alone stand at the start of many a text."""
    from leaksieve.archives.inflate import ERRORS, decompressor

    try:
        machine = decompressor(kind)
        return bool(machine.decompress(data[:4096], 4096)) or machine.eof
    except ERRORS:
        return False
