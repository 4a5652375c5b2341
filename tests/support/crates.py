"""Archives of every kind, whole and hostile, made when a test runs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping

from leaksieve.archives.limits import Limits
from leaksieve.archives.magic import kind_of
from leaksieve.archives.walk import Given, Member, Rows, Text, Walk
from leaksieve.model import Skip

MEBIBYTE = 1 << 20
LIMITS = Limits(3, 100 * MEBIBYTE)


def zstd(data: bytes) -> bytes:
    try:
        from compression import zstd as machine
    except ImportError:
        from backports import zstd as machine
    return bytes(machine.compress(data))


def lz4(data: bytes) -> bytes:
    from lz4 import frame

    return bytes(frame.compress(data, content_checksum=True))


STREAMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": zstd,
    "zlib": zlib.compress,
    "lz4": lz4,
}


def tarred(members: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Unseekable(io.RawIOBase):
    """Where nothing can be written over: sizes then stand behind the members."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def,override]
        self.parts.append(bytes(data))
        return len(data)


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False, comment: bytes = b"") -> bytes:
    buffer = Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:  # type: ignore[arg-type]
        archive.comment = comment
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return b"".join(buffer.parts) if isinstance(buffer, Unseekable) else buffer.getvalue()


def cpio(members: Mapping[str, bytes], *, old: bool = False) -> bytes:
    parts = []
    for name, data in [*members.items(), ("TRAILER!!!", b"")]:
        text = name.encode() + b"\0"
        if old:
            fields = (0, 1, 0o100644, 0, 0, 1, 0)
            parts.append(b"070707" + b"".join(b"%06o" % field for field in fields) + b"%011o%06o%011o" % (0, len(text), len(data)) + text + data)
            continue
        fields = (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(text), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + text
        parts.append(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))
    return b"".join(parts) + bytes(512)


def ar(members: Mapping[str, bytes]) -> bytes:
    """As GNU writes it, with a table of long names."""
    table = b"".join(name.encode() + b"/\n" for name in members if len(name) > 15)
    parts = [b"!<arch>\n"]

    def add(name: bytes, data: bytes) -> None:
        parts.append(b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o100644, len(data)) + data + b"\n" * (len(data) % 2))

    if table:
        add(b"//", table)
    for name, data in members.items():
        text = name.encode()
        add(b"/%d" % table.index(text) if len(text) > 15 else text + b"/", data)
    return b"".join(parts)


ARCHIVES: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "tar": tarred,
    "zip": zipped,
    "zip stored": lambda members: zipped(members, zipfile.ZIP_STORED),
    "zip streamed": lambda members: zipped(members, streamed=True),
    "cpio": cpio,
    "cpio old": lambda members: cpio(members, old=True),
    "ar": ar,
    **{f"tar {kind}": lambda members, kind=kind: STREAMS[kind](tarred(members)) for kind in STREAMS},  # type: ignore[misc]
    "cpio gzip": lambda members: STREAMS["gzip"](cpio(members)),
}


class Walked:
    """All that a walk gave."""

    def __init__(self, data: bytes, limits: Limits = LIMITS, name: bytes = b"x") -> None:
        kind = kind_of(data)
        assert kind is not None
        self.kind = kind
        walk = Walk(data, kind, limits, name)
        given: list[Given] = list(walk)
        self.whole, self.archives, self.count = walk.whole, walk.archives, walk.members
        self.members = {one.path: one.data for one in given if isinstance(one, Member) and not one.opened}
        self.opened = {one.path for one in given if isinstance(one, Member) and one.opened}
        self.texts = [(one.path, one.text) for one in given if isinstance(one, Text)]
        self.rows = {(one.path, name): dict(cells) for one in given if isinstance(one, Rows) for name, cells in one.rows}
        self.skips = [one for one in given if isinstance(one, Skip)]

    @property
    def reasons(self) -> list[str]:
        return [skip.reason for skip in self.skips]


def gzip_bomb(size: int) -> bytes:
    """A gzip of so many zeros, made without holding them."""
    return repeated(bytes(MEBIBYTE), size // MEBIBYTE)


def repeated(block: bytes, count: int) -> bytes:
    """A gzip of a block so many times over, packed once.  Its checksum is wrong, which only who reads to the end can know."""
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = machine.compress(block) + machine.flush(zlib.Z_FULL_FLUSH)
    again = machine.compress(block) + machine.flush(zlib.Z_FULL_FLUSH)
    return first + again * (count - 1) + machine.flush()


def nested_bomb(levels: int, width: int) -> bytes:
    """Zips in zips, so many to each, with a megabyte of zeros at the bottom of each branch."""
    data = zipped({"zeros": bytes(MEBIBYTE)})
    for _ in range(levels):
        data = zipped({f"{number}.zip": data for number in range(width)})
    return data


def overlapping(count: int) -> bytes:
    """A zip whose directory names the same bytes again and again."""
    whole = zipped({"a": bytes(100_000)})
    at = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    entry = whole[at:end]
    return whole[:at] + entry * count + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(entry) * count, at, 0)


def gzip_quine() -> bytes:
    """A stream that holds a gzip that holds a gzip, deeper than anyone looks."""
    data = b"bottom"
    for _ in range(60):
        data = gzip.compress(data, mtime=0)
    return data


def many_empty(count: int) -> bytes:
    """A tar.gz of so many empty members."""
    header = tarfile.TarInfo("e").tobuf(tarfile.USTAR_FORMAT)
    return repeated(header * 1000, count // 1000)


# What ends a walk early, how, and which reason it gives.
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "ten gigabytes of zeros": (lambda: gzip_bomb(10_000 * MEBIBYTE), "archive-limit"),
    "zips in zips": (lambda: nested_bomb(3, 16), "archive-not-opened"),
    "one member a thousand times": (lambda: overlapping(1000), "archive-damaged"),
    "sixty gzips in each other": (gzip_quine, "archive-not-opened"),
    "a million empty members": (lambda: many_empty(1_000_000), "archive-limit"),
    "zeros in bzip2": (lambda: bz2.compress(bytes(40 * MEBIBYTE)), "archive-limit"),
    "zeros in a zip": (lambda: zipped({str(number): bytes(20 * MEBIBYTE) for number in range(6)}), "archive-limit"),
}


# -- what libraries read


def rpm(members: Mapping[str, bytes], *, pack: Callable[[bytes], bytes] = STREAMS["gzip"], script: bytes = b"") -> bytes:
    def header(texts: bytes) -> bytes:
        return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", 1, len(texts)) + struct.pack(">IIII", 1023, 6, 0, 1) + texts

    signature = header(b"sum\0")
    return b"\xed\xab\xee\xdb\3\0" + bytes(90) + signature + bytes(-4 % 8) + header(b"name\0" + script + b"\0") + pack(cpio(members))


def sevenzip(members: Mapping[str, bytes], password: str | None = None) -> bytes:
    import py7zr

    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password, filters=None if password else [{"id": py7zr.FILTER_LZMA2, "preset": 0}]) as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return buffer.getvalue()


def database(script: str, *rows: tuple[str, tuple[object, ...]]) -> bytes:
    """A database made by a script, and by statements with values."""
    import sqlite3

    base = sqlite3.connect(":memory:")
    base.execute("PRAGMA secure_delete=OFF")
    base.executescript(script)
    for statement, values in rows:
        base.execute(statement, values)
    base.commit()
    data = bytes(base.serialize())
    base.close()
    return data


def pdf_objects(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of them the root."""
    out = b"%PDF-1.5\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))


def pdf_stream(data: bytes, further: bytes = b"/Filter/FlateDecode") -> bytes:
    return b"<</Length %d%s>>stream\n" % (len(data), further) + data + b"\nendstream"


def pdf(*pages: bytes) -> bytes:
    """A PDF with a line of text to each page, packed."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for number, text in enumerate(pages):
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>" % (5 + 2 * number))
        objects.append(pdf_stream(zlib.compress(b"BT /F1 12 Tf 72 700 Td (first line) Tj 0 -20 Td (" + text + b") Tj ET")))
    return pdf_objects(*objects)


def notebook(*sources: object, outputs: tuple[object, ...] = ()) -> bytes:
    """As Jupyter writes it."""
    import json

    cells = [{"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": list(outputs), "source": source} for source in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode() + b"\n"


DOCUMENTS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "7z": sevenzip,
    "rpm": rpm,
    "sqlite": lambda members: database("CREATE TABLE t(name TEXT, content)", *[("INSERT INTO t VALUES(?, ?)", (name, data)) for name, data in members.items()]),
    "pdf": lambda members: pdf(*[data.hex().encode() for data in members.values()]),
    "notebook": lambda members: notebook(*[[line + "\n" for line in data.decode("latin-1").split("\n")] for data in members.values()]),
}
