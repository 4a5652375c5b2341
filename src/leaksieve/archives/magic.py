"""What kind of archive or compressed stream bytes are, told by the bytes alone.

Asked of every file and every object of a history, so a look at a few bytes settles nearly all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaksieve.archives.streams import Buffer

# Streams of one content; what they hold may be an archive.
COMPRESSED: Final = frozenset({"gzip", "bzip2", "xz", "lzma", "zstd", "zlib", "lz4"})
# Archives that can be read from front to end, and so straight out of a compressed stream.
STREAMED: Final = frozenset({"tar", "cpio", "ar", "rpm"})
# Not archives, but what they say stands in them otherwise than a reader sees it.
VIEWED: Final = frozenset({"notebook"})
# Known by name, and not opened.
CLOSED: Final = {
    "rar": "rar",
    "cab": "cab",
    "ole": "OLE compound file (doc, xls, msg, msi)",
    "iso": "ISO 9660 image",
    "dmg": "Apple disk image",
    "squashfs": "squashfs",
    "cramfs": "cramfs",
    "xar": "xar",
    "wim": "wim",
    "qcow": "qcow disk image",
    "vmdk": "vmdk disk image",
    "compress": "compress (Z)",
    "lzip": "lzip",
    "lzop": "lzop",
    "lz4-legacy": "lz4 of the legacy format",
}

# Why something in an archive was not scanned.  These are said of an archive and its members, never of an object or a file as such.
REASONS: Final = frozenset({"archive-not-opened", "archive-unsupported", "archive-limit", "archive-damaged", "encrypted-member", "member-too-large"})

BLOCK: Final = 512
_END_OF_ZIP: Final = b"PK\x05\x06"
# How far from the end of a zip with a comment its last record may begin.
_FURTHEST: Final = 22 + 0xFFFF
_TOO_LARGE: Final = 0xFFFFFFFF
# So many of the signs there are looked at.
_TRIES: Final = 8
# Where the volume of a CD begins; whole disks have signs in other places than their first bytes.
_VOLUME: Final = 32769
# Past it a notebook is text like any other.
_LONGEST_NOTEBOOK: Final = 32 << 20
# Compiled when one is needed: what is imported for every scan must cost nothing.
_BZIP2: Final = rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"
# cpio is plain digits, as many a text is: its whole first header must hold together.
_CPIO: Final = rb"07070[12][0-9A-Fa-f]{104}|070707[0-7]{70}"
# Frames of zstd and lz4 that hold no content begin so, behind one byte that varies.
SKIPPED: Final = b"\x2a\x4d\x18"
_SIGNS: Final = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x78\x01", "zlib"),
    (b"\x78\x5e", "zlib"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\xda", "zlib"),
    (b"\x5d\x00\x00", "lzma"),
    (b"PK\x03\x04", "zip"),
    (_END_OF_ZIP, "zip"),
    (b"PK\x07\x08PK\x03\x04", "zip"),
    # Extensions of Chrome: a signature and a zip.
    (b"Cr24", "zip"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"#!", "program"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"!<arch>\n", "ar"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"07070", "cpio"),
    (b"\xc7\x71", "cpio-binary"),
    (b"\x71\xc7", "cpio-binary"),
    (b"SQLite format 3\0", "sqlite"),
    (b"%PDF-", "pdf"),
    (b"{\n", "notebook"),
    (b"{\r\n", "notebook"),
    (b'{"', "notebook"),
    (b"Rar!\x1a\x07", "rar"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"MSWIM\0\0\0", "wim"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"hsqs", "squashfs"),
    (b"sqsh", "squashfs"),
    (b"\x45\x3d\xcd\x28", "cramfs"),
    (b"xar!\0\x1c", "xar"),
    (b"QFI\xfb", "qcow"),
    (b"KDMV\x01\0\0\0", "vmdk"),
    (b"\x1f\x9d\x90", "compress"),
    (b"LZIP\x01", "lzip"),
    (b"\x89LZO\0\r\n\x1a\n", "lzop"),
    (b"\x02\x21\x4c\x18", "lz4-legacy"),
    # Frames without content, which pzstd begins every file with.
    *((bytes([first]) + SKIPPED, "skipped") for first in range(0x50, 0x60)),
)
_FIRST: Final[dict[bytes, list[tuple[bytes, str]]]] = {}
for _sign, _kind in _SIGNS:
    _FIRST.setdefault(_sign[:2], []).append((_sign, _kind))


def kind_of(data: Buffer) -> str | None:
    """Return one of COMPRESSED, STREAMED, VIEWED or CLOSED, or zip, 7z, sqlite or pdf; None for anything else."""
    signs = _FIRST.get(data[:2])
    if signs is not None:
        kind = _sure(data, signs)
        if kind is not None:
            return kind
    # The magic of tar, and for tars older than that how nearly every program ends a checksum.
    if (data[257:262] == b"ustar" or data[154:156] == b"\0 ") and is_header(data[:BLOCK]):
        return "tar"
    # A program, a script or a picture with a zip behind it.
    if data[-22:-18] == _END_OF_ZIP:
        return "zip"
    return _disk(data) if len(data) > _VOLUME else None


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


def _disk(data: Buffer) -> str | None:
    if data[_VOLUME : _VOLUME + 5] == b"CD001":
        return "iso"
    return "dmg" if data[-BLOCK : 8 - BLOCK] == b"koly\0\0\0\4" else None


def _sure(data: Buffer, signs: list[tuple[bytes, str]]) -> str | None:
    head = data[:16]
    for sign, kind in signs:
        if head.startswith(sign):
            further = _FURTHER.get(kind)
            return further(data, kind) if further is not None else kind
    return None


def _matched(data: Buffer, kind: str) -> str | None:
    return kind if re.match(_BZIP2 if kind == "bzip2" else _CPIO, data[:128]) else None


def _cpio_binary(data: Buffer, _: str) -> str | None:
    """Whether the first header of the oldest cpio, thirteen numbers of two bytes, holds together: two bytes alone are anything."""
    order: Literal["little", "big"] = "little" if data[:1] == b"\xc7" else "big"
    mode, name_size = (int.from_bytes(data[at : at + 2], order) for at in (6, 20))
    name = data[26 : 26 + name_size]
    whole = 1 < name_size <= 4096 and len(name) == name_size and name.find(b"\0") == name_size - 1
    return "cpio" if whole and mode >> 12 in (1, 2, 4, 6, 8, 9, 10, 12) else None


def _program(data: Buffer, _: str) -> str | None:
    """Whether a zip with a comment stands behind a program or a script.

    Programs that read zips hold the sign, too: the record it begins must speak of one volume, of as many members there as in
    all, and of no more bytes than stand before it.
    """
    lowest, at = max(len(data) - _FURTHEST, 0), len(data)
    # No such record, with what stands before it, is without a zero; a script is, which is soon seen.
    if data.find(b"\0", max(lowest - BLOCK, 0)) < 0:
        return None
    from struct import unpack

    # A comment may hold the sign as well.
    for _try in range(_TRIES):
        at = data.rfind(_END_OF_ZIP, lowest, at)
        if at < 0:
            return None
        record = data[at : at + 22]
        if len(record) == 22:
            volume, first, here, members, size, offset = unpack("<4H2I", record[4:20])
            # What is too large for its field is all ones, and stands in a record before this.
            if volume == first and here == members and all(each <= at or each == _TOO_LARGE for each in (size, offset)):
                return "zip"
    # Nobody writes so many but to hide something.
    return "zip"


def _notebook(data: Buffer, kind: str) -> str | None:
    """Whether JSON is a Jupyter notebook: the version of its format is its last key, or its first."""
    return kind if (b'"nbformat":' in data[-400:] or b'"nbformat":' in data[:200]) and len(data) <= _LONGEST_NOTEBOOK else None


def _behind_skipped(data: Buffer, _: str) -> str | None:
    """What follows frames without content, which two formats have in common."""
    at = 0
    for _try in range(_TRIES):
        head = data[at : at + 8]
        if head[1:4] != SKIPPED:
            return {b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}.get(bytes(head[:4]))
        at += 8 + int.from_bytes(head[4:8], "little")
    return None


def _lzma(data: Buffer, kind: str) -> str | None:
    # Properties, a dictionary's size, and a size that is unknown or below 256 GiB.
    return _begins_well(data, kind) if len(data) > 13 and (data[5:13] == b"\xff" * 8 or data[10:13] == b"\0\0\0") else None


def _begins_well(data: Buffer, kind: str) -> str | None:
    """Whether the beginning can be inflated: two bytes alone stand at the start of many a text."""
    from leaksieve.archives.inflate import ERRORS, decompressor

    try:
        machine = decompressor(kind)
        return kind if machine.decompress(data[:4096], 4096) or machine.eof else None
    except ERRORS:
        return None


_FURTHER: Final[dict[str, Callable[[Buffer, str], str | None]]] = {
    "bzip2": _matched,
    "cpio": _matched,
    "cpio-binary": _cpio_binary,
    "program": _program,
    "notebook": _notebook,
    "skipped": _behind_skipped,
    "zlib": _begins_well,
    "lzma": _lzma,
}
