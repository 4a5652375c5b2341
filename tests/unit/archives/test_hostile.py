"""Archives made to hurt: memory and time stay bounded, it is said, and what else there is is scanned."""

from __future__ import annotations

import bz2
import io
import os
import resource
import struct
import tarfile
import time
import zlib

import pytest
from crates import DOCUMENTS, LIMITS, MEBIBYTE, STREAMS, Walked, cpio, database, gzip_bomb, pdf, pdf_objects, pdf_stream, rpm, sevenzip, tarred, zipped

from leaksieve.archives import apart
from leaksieve.archives.magic import REASONS, kind_of
from leaksieve.archives.walk import Member, Rows, Walk
from leaksieve.model import Skip


def quoted(count: int, size: int) -> bytes:
    """Zip members that lie in one another: each is a stored block with the next one's header, and what that one holds."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(machine.compress(bytes(MEBIBYTE)) for _ in range(size // MEBIBYTE)) + machine.flush()
    length = size // MEBIBYTE * MEBIBYTE
    heads: list[tuple[bytes, int, int, bytes]] = []
    for number in reversed(range(count)):
        if heads:
            inner = heads[-1][3]
            body = b"\0" + struct.pack("<HH", len(inner), len(inner) ^ 0xFFFF) + inner + body
            length += len(inner)
        name = b"%05d" % number
        heads.append((name, len(body), length, struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(body), length, 5, 0) + name))
    whole = heads[-1][3] + body
    directory = b"".join(
        struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, packed, size, 5, 0, 0, 0, 0, 0, len(whole) - packed - len(head)) + name
        for name, packed, size, head in heads
    )
    return whole + directory + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(whole), 0)


def many_names(count: int) -> bytes:
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * count
    end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), 0) + struct.pack("<4sIQI", b"PK\6\7", 0, len(directory), 1)
    return directory + end + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def page(content: bytes, count: int = 1) -> bytes:
    head = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    pages = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"3 0 R " * count, count)
    return pdf_objects(b"<</Type/Catalog/Pages 2 0 R>>", pages, head, content, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")


def deflated(size: int) -> bytes:
    machine = zlib.compressobj(9)
    return b"".join(machine.compress(b" " * MEBIBYTE) for _ in range(size // MEBIBYTE)) + machine.flush()


def object_streams() -> bytes:
    """A PDF whose objects lie in a stream that says it holds a hundred million, and in itself."""
    content = zlib.compress(b"6 0 " * 100_000)
    return pdf_objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        pdf_stream(content, b"/Type/ObjStm/N 100000000/First 4/Extends 3 0 R/Filter/FlateDecode"),
    )


HOSTILE = {
    "members in one another": (lambda: quoted(300, 40 * MEBIBYTE), "archive-damaged"),
    "members in one another, small": (lambda: quoted(2000, 2 * MEBIBYTE), "archive-damaged"),
    "more names than anyone has": (lambda: many_names(150_000), "archive-limit"),
    "a cpio that says it is large": (lambda: cpio({"a": b"x"}).replace(b"00000001" + b"0" * 24, b"FFFFFFFF" + b"0" * 24, 1), None),
    "a bomb in an rpm": (lambda: rpm({}, pack=lambda _: gzip_bomb(3000 * MEBIBYTE)), "archive-limit"),
    "a bomb in lz4": (lambda: STREAMS["lz4"](bytes(200 * MEBIBYTE)), "member-too-large"),
    "a bomb in zstd": (lambda: STREAMS["zstd"](bytes(400 * MEBIBYTE)), "archive-limit"),
    "a bomb in bzip2 of bzip2": (lambda: bz2.compress(bz2.compress(bytes(40 * MEBIBYTE))), "archive-limit"),
    "a 7z of zeros": (lambda: sevenzip({str(number): bytes(40 * MEBIBYTE) for number in range(2)}), "archive-limit"),
    "a PDF page of a hundred megabytes": (lambda: page(pdf_stream(deflated(100 * MEBIBYTE))), None),
    "a PDF packed thrice": (lambda: page(pdf_stream(zlib.compress(zlib.compress(deflated(100 * MEBIBYTE))), b"/Filter[/FlateDecode/FlateDecode/FlateDecode]")), None),
    "a PDF of three thousand slow pages": (lambda: page(pdf_stream(zlib.compress(b"BT /F1 12 Tf 72 700 Td " + b"(x) Tj " * 20000 + b"ET")), 3000), "archive-limit"),
    "pages of a PDF that hold each other": (lambda: pdf_objects(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 9>>"), "archive-damaged"),
    "objects of a PDF without end": (object_streams, None),
    "a PDF of brackets": (lambda: b"%PDF-1.7\n" + b"1 0 obj<</A" * 100_000, "archive-damaged"),
    "an rpm that counts absurdly": (lambda: b"\xed\xab\xee\xdb" + bytes(92) + b"\x8e\xad\xe8\x01" + bytes(4) + b"\xff" * 8, "archive-damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_hurts_ends_quickly_and_with_a_word(name, tmp_path, monkeypatch):
    make, reason = HOSTILE[name]
    data = make()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(apart, "_SECONDS", 3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    walk = Walk(data, kind_of(data) or "", LIMITS)
    given = [(type(one), one.reason if isinstance(one, Skip) else "", len(one.data) if isinstance(one, Member) else 0) for one in walk]
    assert reason in {why for _, why, _ in given} or reason is None
    assert {why for _, why, _ in given} <= REASONS | {""}
    assert time.process_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
    assert max((size for _, _, size in given), default=0) <= LIMITS.member
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["members in one another", "a bomb in an rpm", "a PDF of brackets", "an rpm that counts absurdly", "a bomb in zstd"])
def test_other_members_are_scanned(name):
    walked = Walked(tarred({"before": b"first", "hostile": HOSTILE[name][0](), "after": b"last"}))
    assert (walked.members[b"before"], walked.members[b"after"]) == (b"first", b"last")
    assert any(skip.where.startswith(b"hostile") for skip in walked.skips)


NAMES = ["../../up", "/etc/absolute", "a/../../b", "C:\\windows\\x", "..\\up", "./x", "a//b", "\u202eexe.txt", "new\nline", "nul", "~/.ssh/key", "-rf"]


@pytest.mark.parametrize("make", [tarred, zipped, cpio, rpm])
def test_names_lead_nowhere(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    walked = Walked(make({name: b"content %d" % number for number, name in enumerate(NAMES)}))
    assert {walked.members.get(name.encode()) for name in NAMES} - {None} == {
        b"content %d" % number for number, name in enumerate(NAMES) if name.encode() in walked.members
    }
    assert len([name for name in walked.members if walked.members[name].startswith(b"content")]) == len(NAMES)
    assert os.listdir(tmp_path) == []
    assert sorted(os.listdir(tmp_path.parent)) == sorted(path.name for path in tmp_path.parent.iterdir())


def test_a_name_in_a_7z_leads_nowhere(tmp_path, monkeypatch):
    import py7zr

    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"content", "aa/aa/up")
    data = bytearray(buffer.getvalue().replace("aa/aa/up".encode("utf-16-le"), "../../up".encode("utf-16-le")))
    head = 32 + int.from_bytes(data[12:20], "little")
    data[28:32] = zlib.crc32(data[head : head + int.from_bytes(data[20:28], "little")]).to_bytes(4, "little")
    data[8:12] = zlib.crc32(data[12:32]).to_bytes(4, "little")
    assert Walked(bytes(data)).members == {b"../../up": b"content"}
    assert os.listdir(tmp_path) == []


def test_a_pdf_of_broken_pages_is_given_up():
    data = page(pdf_stream(zlib.compress(zlib.compress(b"x")) * 2, b"/Filter/Nonsense"), 3000)
    assert len(Walked(data).skips) < 30


def test_links_and_devices_are_not_followed():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind, name, target in (
            (tarfile.SYMTYPE, "s", "/etc/passwd"),
            (tarfile.LNKTYPE, "l", "../../etc/shadow"),
            (tarfile.CHRTYPE, "c", ""),
            (tarfile.FIFOTYPE, "p", ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    walked = Walked(buffer.getvalue())
    assert (walked.members, walked.skips, walked.whole) == ({}, [], True)
    assert {(b"s", b"/etc/passwd"), (b"l", b"../../etc/shadow")} <= set(walked.texts)


@pytest.mark.parametrize("kind", ["tar", "zip", "cpio"])
def test_two_members_of_one_name_are_both_read(kind):
    import warnings
    import zipfile

    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("same", b"first")
            archive.writestr("same", b"second")
        data = buffer.getvalue()
    else:
        one, two = ((tarred if kind == "tar" else cpio)({"same": content}) for content in (b"first", b"second"))
        end = one.index(b"070701", 6) if kind == "cpio" else 1024
        data = one[:end] + two
    walk = Walk(data, kind, LIMITS)
    assert [one.data for one in walk if isinstance(one, Member)] == [b"first", b"second"]


def test_holes_are_not_filled():
    """A sparse file that says it has a terabyte: what is stored is read, and no more."""
    info = tarfile.TarInfo("sparse")
    info.size = 512 * 2
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sparse", "GNU.sparse.realsize": str(1 << 40)}
    content = b"1\n1099511627264\n512\n".ljust(512, b"\0") + b"stored".ljust(512, b"x")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(content))
    assert Walked(buffer.getvalue()).members == {b"sparse": content[512:]}


def test_a_library_s_archive_inside_others_keeps_to_the_depth():
    for name, make in DOCUMENTS.items():
        data = zipped({"a.zip": zipped({"x": make({"m": b"content of it"})})})
        walked = Walked(data, LIMITS._replace(depth=2))
        assert walked.reasons == ([] if name == "notebook" else ["archive-not-opened"]), name


def test_rows_without_end_are_bounded(monkeypatch):
    from leaksieve.archives import sqlite

    monkeypatch.setattr(sqlite, "_MOST_ROWS", 500)
    data = database(
        "CREATE TABLE t(x TEXT); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) INSERT INTO t SELECT 'a value ' || n FROM c"
    )
    given = list(Walk(data, "sqlite", LIMITS))
    assert [one.detail for one in given if isinstance(one, Skip)] == ["more than 500 rows"]
    assert not [one for one in given if isinstance(one, Rows) and len(one.rows) > 500]


def test_a_database_that_points_into_itself():
    data = bytearray(database("CREATE TABLE t(x TEXT)", *[("INSERT INTO t VALUES(?)", ("x" * 3000,)) for _ in range(20)]))
    page_size = int.from_bytes(data[16:18], "big")
    # The list of free pages is a ring, and rows lie on one another.
    data[32:40] = struct.pack(">II", 2, 1 << 30)
    data[page_size : page_size + 4] = struct.pack(">I", 2)
    walked = Walked(bytes(data))
    assert walked.kind == "sqlite"


def test_many_pages_are_bounded(monkeypatch):
    from leaksieve.archives import pdf as reader

    monkeypatch.setattr(reader, "_MOST_PAGES", 2)
    walked = Walked(pdf(b"one", b"two", b"three"))
    assert {b"page 1", b"page 2"} == set(walked.members)
    assert walked.reasons == ["archive-limit"]
