"""7z, rpm and the family of zip: what programs of all kinds pack is opened, and what is not opened is named."""

from __future__ import annotations

import random
import struct
import zipfile
import zlib

import pytest
from crates import LIMITS, STREAMS, Walked, ar, cpio, rpm, sevenzip, tarred, zipped

from leaksieve.archives.magic import CLOSED, kind_of
from leaksieve.archives.stored import Stored
from leaksieve.archives.walk import Member, Walk

MEMBERS = {"a.txt": b"one\n" * 50, "d/e.txt": b"two\n"}
EXPECTED = {name.encode(): data for name, data in MEMBERS.items()}


# -- 7z


def test_members_of_a_7z():
    walked = Walked(sevenzip(MEMBERS))
    assert (walked.kind, walked.members, walked.skips, walked.whole, walked.archives) == ("7z", EXPECTED, [], True, 1)


def test_a_7z_in_a_zip_and_one_in_a_compressed_stream():
    assert set(Walked(zipped({"x.7z": sevenzip(MEMBERS)})).members) == {b"x.7z!/a.txt", b"x.7z!/d/e.txt"}
    walked = Walked(STREAMS["gzip"](sevenzip(MEMBERS)), name=b"x.7z.gz")
    assert (walked.kind, set(walked.members), walked.skips) == ("gzip", {b"x.7z!/a.txt", b"x.7z!/d/e.txt"}, [])


def test_an_encrypted_7z_is_said():
    walked = Walked(sevenzip(MEMBERS, password="x"))
    assert (walked.members, set(walked.reasons), walked.whole) == ({}, {"encrypted-member"}, False)


def test_two_members_of_one_name_in_a_7z_are_both_read():
    import io

    import py7zr

    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w") as archive:
        archive.writestr(b"first", "same")
        archive.writestr(b"second", "same")
        archive.writestr(b"", "empty")
    walk = Walk(buffer.getvalue(), "7z", LIMITS)
    assert sorted(one.data for one in walk if isinstance(one, Member)) == [b"first", b"second"]


def test_a_damaged_7z_is_said():
    whole = sevenzip(MEMBERS)
    assert Walked(whole[:-5]).reasons == ["archive-damaged"]
    changed = bytearray(whole)
    changed[40] ^= 0xFF
    walked = Walked(bytes(changed))
    assert set(walked.reasons) == {"archive-damaged"}
    assert not walked.whole


# -- rpm


@pytest.mark.parametrize("kind", [*STREAMS, "none"])
def test_files_and_scripts_of_an_rpm(kind):
    walked = Walked(rpm(MEMBERS, pack=STREAMS.get(kind, bytes), script=b"echo from a script"))
    assert walked.members == {b"(header)": b"name\necho from a script\n", **EXPECTED}
    assert (walked.kind, walked.skips, walked.whole) == ("rpm", [], True)


def test_an_rpm_in_a_compressed_stream_and_in_an_archive():
    data = rpm(MEMBERS)
    assert set(Walked(STREAMS["gzip"](data)).members) == {b"(header)", *EXPECTED}
    assert set(Walked(tarred({"p.rpm": data})).members) == {b"p.rpm!/(header)", b"p.rpm!/a.txt", b"p.rpm!/d/e.txt"}


@pytest.mark.parametrize(
    "head",
    [
        b"\xff" * 8, struct.pack(">II", 0xFFFF, 0x3FFFFFF), struct.pack(">II", 0xFFFFFFFF, 0), struct.pack(">II", 0, 0xFFFFFFFF), b"", b"\0" * 8,
    ],
)  # fmt: skip
def test_an_rpm_that_counts_absurdly_is_damaged(head):
    walked = Walked(b"\xed\xab\xee\xdb" + bytes(92) + b"\x8e\xad\xe8\x01" + bytes(4) + head + bytes(50))
    assert walked.reasons == ["archive-damaged"]


def test_an_rpm_that_is_cut_gives_what_is_there():
    data = rpm(MEMBERS, pack=bytes)
    walked = Walked(data[: data.index(b"two")])
    assert walked.members[b"a.txt"] == MEMBERS["a.txt"]
    assert "archive-damaged" in walked.reasons
    other = Walked(rpm(MEMBERS, pack=lambda _: b"no payload that anyone knows"))
    assert other.members[b"(behind the end)"] == b"no payload that anyone knows"


# -- zip


@pytest.mark.parametrize("name", ["a.jar", "a.war", "a.whl", "a.apk", "a.docx", "a.nupkg", "a.vsix", "a.xpi"])
def test_the_family_is_told_by_the_bytes(name):
    assert Walked(zipped(MEMBERS), LIMITS, name.encode()).members == EXPECTED


@pytest.mark.parametrize("front", [b"Cr24\3\0\0\0" + bytes(300), b"MZ" + bytes(600), b"\x7fELF" + bytes(600), b"#!/bin/sh\nexit\n"])
def test_a_zip_behind_something_and_with_a_comment(front):
    walked = Walked(front + zipped(MEMBERS, comment=b"a comment " * 50))
    assert (walked.kind, walked.members) == ("zip", EXPECTED)
    assert kind_of(front + b"PK\5\6 is no end" * 3) in (None, "zip")
    assert kind_of(front[:2] + bytes(100)) is None
    for signs in (5, 500):
        assert Walked(front + zipped(MEMBERS, comment=b"PK\5\6 in it, " * signs)).kind == "zip"


@pytest.mark.parametrize("front", [b"MZ" + bytes(600), b"\x7fELF" + bytes(600), b"#!/bin/sh\nexit\n"])
@pytest.mark.parametrize(
    "tail",
    [
        b"PK\5\6\0cannot use -F for this archive", b"PK\5\6PK\1\2PK\3\4" + bytes(90), b"PK\3\4 PK\5\6" + bytes(8) + b"\x80\x84\x2e\x41" + bytes(90),
        b"PK\5\6" + bytes(12) + b"\x80\x84\x2e\x41" + bytes(90), b"PK\5\6" + bytes(5), b"PK\5\6" * 7,
    ],
)  # fmt: skip
def test_a_program_that_reads_zips_is_none(front, tail):
    assert kind_of(front + tail) is None


def test_a_zip_behind_a_program_whose_numbers_stand_in_the_longer_record():
    record = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 7)
    assert kind_of(b"\x7fELF" + bytes(600) + record + b"comment") == "zip"


def with_name(name: bytes, flags: int, extra: bytes = b"") -> bytes:
    data = b"content"
    head = struct.pack("<HHHHHIII", 20, flags, 0, 0, 0, zlib.crc32(data), len(data), len(data))
    local = b"PK\3\4" + head + struct.pack("<HH", len(name), len(extra)) + name + extra + data
    central = b"PK\1\2\x14\0" + head + struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 0) + name + extra
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


@pytest.mark.parametrize(
    ("name", "flags", "shown"),
    [
        (b"gr\x81\xe1e.txt", 0, "grüße.txt".encode()),
        ("grüße.txt".encode(), 0x800, "grüße.txt".encode()),
        ("grüße.txt".encode(), 0, "grüße.txt".encode()),
        (b"raw\xff\xfe", 0x800, b"raw\xff\xfe"),
        (b"..\\..\\up.txt", 0, b"..\\..\\up.txt"),
    ],
)
def test_names_of_other_alphabets(name, flags, shown):
    walked = Walked(with_name(name, flags))
    assert walked.members == {shown: b"content"}
    assert walked.skips == []


def test_a_name_in_unicode_besides():
    name = b"?? ???\xff"
    extra = struct.pack("<HHBI", 0x7075, 5 + 8, 1, zlib.crc32(name)) + b"\xd0\xbfath.c"[:8].ljust(8, b"x")
    assert set(Walked(with_name(name, 0, extra)).members) == {extra[9:]}
    wrong = struct.pack("<HHBI", 0x7075, 5 + 8, 1, 1) + b"another."
    assert set(Walked(with_name(name, 0, wrong)).members) == {name.decode("cp437").encode()}


def test_headers_that_disagree():
    """Readers differ in which of the two headers they believe; what either would show is read."""
    whole = bytearray(zipped({"a": b"content\n" * 30, "b": b"other\n" * 30}))
    central = whole.index(b"PK\1\2")
    # The directory says that the first is stored, and that it is encrypted.
    whole[central + 10 : central + 12] = b"\0\0"
    whole[central + 8] |= 1
    walked = Walked(bytes(whole))
    assert walked.members == {b"a": b"content\n" * 30, b"b": b"other\n" * 30}


def test_members_by_methods_nobody_knows_are_named():
    whole = zipped({"a": b"content\n" * 30, "b": b"other\n" * 30})
    for number, word in ((6, "implode"), (97, "WavPack"), (77, "method 77")):
        changed = bytearray(whole)
        for sign, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
            at = changed.index(sign) + place
            changed[at : at + 2] = number.to_bytes(2, "little")
        walked = Walked(bytes(changed))
        assert [(skip.reason, skip.detail) for skip in walked.skips] == [("archive-unsupported", f"a member packed by {word}")]
        assert walked.members == {b"b": b"other\n" * 30}


def packed_by(method: int, packed: bytes, data: bytes) -> bytes:
    whole = with_name(b"a", 0)
    del whole
    head = struct.pack("<HHHHHIII", 20, 0, method, 0, 0, zlib.crc32(data), len(packed), len(data))
    local = b"PK\3\4" + head + struct.pack("<HH", 1, 0) + b"a" + packed
    central = b"PK\1\2\x14\0" + head + struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0, 0) + b"a"
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


DATA = b"".join(b"line %d\n" % (number * number) for number in range(9000))


def ppmd(data: bytes) -> bytes:
    import pyppmd

    machine = pyppmd.Ppmd8Encoder(6, 16 << 20, 0)
    return struct.pack("<H", 5 | 15 << 4) + machine.encode(data) + machine.flush(endmark=False)


def deflate64(data: bytes) -> bytes:
    import inflate64

    machine = inflate64.Deflater()
    return bytes(machine.deflate(data) + machine.flush())


@pytest.mark.parametrize(("method", "pack"), [(98, ppmd), (9, deflate64), (93, STREAMS["zstd"]), (95, STREAMS["xz"])])
def test_members_packed_otherwise(method, pack):
    whole = packed_by(method, pack(DATA), DATA)
    assert Walked(whole).members == {b"a": DATA}
    at = whole.index(b"PK\1\2") - len(pack(DATA)) // 2
    walked = Walked(whole[:at] + bytes(20) + whole[at + 20 :])
    assert walked.reasons == ["archive-damaged"]


def test_ppmd_that_asks_for_too_much():
    for settings in (5 | 255 << 4, 0, 5 | 15 << 4 | 7 << 12):
        walked = Walked(packed_by(98, struct.pack("<H", settings) + b"abc", DATA))
        assert walked.reasons == ["archive-unsupported"]


def test_packages_that_are_not_installed_are_named(monkeypatch):
    for module in ("pyppmd", "inflate64"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    for method, package in ((98, "pyppmd"), (9, "inflate64")):
        (skip,) = Walked(packed_by(method, b"\x55\1abc", DATA)).skips
        assert (skip.reason, package in skip.detail) == ("archive-unsupported", True)


# -- what is not opened


SIGNS = {
    "rar": b"Rar!\x1a\x07\x01\0", "cab": b"MSCF\0\0\0\0", "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "squashfs": b"hsqs", "cramfs": b"\x45\x3d\xcd\x28",
    "xar": b"xar!\0\x1c", "wim": b"MSWIM\0\0\0", "qcow": b"QFI\xfb", "vmdk": b"KDMV\1\0\0\0", "compress": b"\x1f\x9d\x90", "lzip": b"LZIP\1",
    "lzop": b"\x89LZO\0\r\n\x1a\n", "lz4-legacy": b"\x02\x21\x4c\x18", "iso": bytes(32769) + b"CD001", "dmg": bytes(40_000) + b"koly\0\0\0\4" + bytes(504),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLOSED)
def test_every_other_container_is_named(kind):
    data = SIGNS[kind]
    data += bytes(600) if kind != "dmg" else b""
    walked = Walked(data)
    assert walked.kind == kind
    (skip,) = walked.skips
    assert (skip.kind, skip.reason, skip.detail) == ("excluded", "archive-unsupported", f"{CLOSED[kind]} is not opened")
    assert (walked.whole, walked.archives) == (False, 0)


# -- cpio of the oldest kind


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_oldest_cpio(order):
    def member(name: bytes, data: bytes, mode: int = 0o100644) -> bytes:
        name += b"\0"
        head = struct.pack(order + "13H", 0o070707, 0, 1, mode, 0, 0, 1, 0, 0, 0, len(name), len(data) >> 16, len(data) & 0xFFFF)
        return head + name + bytes(len(name) % 2) + data + bytes(len(data) % 2)

    large = b"y" * 70_001
    whole = member(b"odd", b"abc") + member(b"large", large) + member(b"link", b"target", 0o120777) + member(b"TRAILER!!!", b"", 0)
    walked = Walked(whole + bytes(-len(whole) % 512))
    assert walked.members == {b"odd": b"abc", b"large": large}
    assert (walked.kind, walked.skips) == ("cpio", [])
    assert (b"link", b"target") in walked.texts
    assert Walked(whole[:40]).reasons
    assert kind_of(whole[:2] + bytes(100)) is None


# -- on disk


@pytest.mark.parametrize(
    "make", [zipped, lambda members: zipped(members, streamed=True), sevenzip, tarred, cpio, ar, lambda members: STREAMS["gzip"](tarred(members)), rpm]
)
def test_a_file_on_disk_is_read_as_bytes_in_memory_are(make, tmp_path):
    data = make({"a": DATA, "b": b"x" * 400_000, "c": b"short"})
    (tmp_path / "file").write_bytes(data)
    with (tmp_path / "file").open("rb") as file:
        stored = Stored(file.fileno())
    kind = kind_of(stored)
    assert kind == kind_of(data)
    assert list(Walk(stored, kind, LIMITS)) == list(Walk(data, kind, LIMITS))


def test_a_file_that_is_cut_short_while_it_is_read(tmp_path):
    path = tmp_path / "file"
    for make in (zipped, tarred, sevenzip, lambda members: STREAMS["gzip"](tarred(members))):
        data = make({str(number): random.Random(number).randbytes(200_000) for number in range(9)})
        path.write_bytes(data)
        with path.open("r+b") as file:
            stored = Stored(file.fileno())
            walk = Walk(stored, kind_of(stored) or "", LIMITS)
            file.truncate(len(data) // 2)
            reasons = {one.reason for one in walk if hasattr(one, "reason")}
        assert reasons == {"archive-damaged"}


def test_looking_for_signs_on_disk(tmp_path):
    data = bytes(300_000) + b"sign" + bytes(262_142) + b"sign" + bytes(10)
    (tmp_path / "file").write_bytes(data)
    with (tmp_path / "file").open("rb") as file:
        stored = Stored(file.fileno())
    for low in (0, 299_999, 300_000, 300_001, 600_000):
        assert stored.find(b"sign", low) == data.find(b"sign", low)
        assert stored.find(b"sign", low, 300_003) == data.find(b"sign", low, 300_003)
    for high in (len(data), 562_150, 562_149, 300_004, 300_003, 5):
        assert stored.rfind(b"sign", 0, high) == data.rfind(b"sign", 0, high)
    assert stored.rfind(b"sign", 300_001, 562_149) == -1
    assert (stored[-14:-10], stored[5:2], len(stored)) == (b"sign", b"", len(data))


def test_zip64_on_disk(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive, archive.open("large", "w", force_zip64=True) as member:
        member.write(DATA)
    assert Walked((tmp_path / "z.zip").read_bytes()).members == {b"large": DATA}
