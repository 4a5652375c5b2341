"""Every way of writing an archive is read, and nothing in one stays unseen."""

import io
import shutil
import subprocess
import tarfile
import zipfile

import pytest
from crates import ARCHIVES, LIMITS, MEBIBYTE, STREAMS, Walked, ar, cpio, overlapping, tarred, zipped

from leaksieve.archives.limits import Limits

MEMBERS = {"a.txt": b"first\n", "folder/b" + "b" * 120 + ".txt": b"second\n" * 900, "empty": b"", "c.bin": bytes(range(256)) * 3}
CONTENT = {name.encode(): data for name, data in MEMBERS.items() if data}


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not on this machine")


def run(*command, cwd, stdin=None):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, input=stdin).stdout


@pytest.fixture
def folder(tmp_path):
    tree = tmp_path / "tree"
    for name, data in MEMBERS.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    return tree


@pytest.mark.parametrize("kind", ARCHIVES)
def test_every_member_is_given_whole(kind):
    walked = Walked(ARCHIVES[kind](MEMBERS))
    assert {path: data for path, data in walked.members.items() if path != b"/"} == CONTENT
    assert (walked.skips, walked.whole, walked.archives) == ([], True, 1)
    assert {name.encode() for name in MEMBERS} <= {text for _, text in walked.texts}


# -- tar


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_forms_of_tar(form):
    long = "p" * 90 + "/" + "q" * 90
    names = [long] if form == tarfile.USTAR_FORMAT else [long, "r" * 3000, "\u00fc" * 80]
    walked = Walked(tarred({name: name.encode() for name in names}, form))
    cut = {name.encode() if len(name) < 1024 else name.encode()[:1024] + b"..." for name in names}
    assert set(walked.members) == cut
    # However much of a name is shown, all of it is looked at.
    assert {text for _, text in walked.texts} == {name.encode() for name in names}


@needs("tar")
@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_the_system_s_tar_writes(folder, form):
    names = [name for name in MEMBERS if form not in ("v7", "ustar") or len(name) < 90]
    walked = Walked(run("tar", "-c", f"--format={form}", *names, cwd=folder))
    assert walked.members == {name.encode(): MEMBERS[name] for name in names if MEMBERS[name]}
    assert walked.skips == []


@needs("tar")
@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_sparse_files(tmp_path, form):
    pieces = [b"piece %d\n" % number * 600 for number in range(40)]
    with (tmp_path / "sparse").open("wb") as file:
        for number, piece in enumerate(pieces):
            file.seek(number * MEBIBYTE)
            file.write(piece)
        file.truncate(200 * MEBIBYTE)
    (tmp_path / "next").write_bytes(b"next\n")
    walked = Walked(run("tar", "-cS", f"--format={form}", "sparse", "next", cwd=tmp_path))
    assert walked.skips == []
    assert walked.members[b"next"] == b"next\n"
    assert all(piece in walked.members[b"sparse"] for piece in pieces)
    assert len(walked.members[b"sparse"]) < MEBIBYTE


def test_links_and_devices_have_names_alone():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)):
            info = tarfile.TarInfo(f"n{number}")
            info.type, info.linkname = kind, f"/etc/target{number}"
            archive.addfile(info)
        info = tarfile.TarInfo("file")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"data"))
    walked = Walked(buffer.getvalue())
    assert walked.members == {b"file": b"data"}
    assert [text for path, text in walked.texts if path == b"n0"] == [b"n0", b"/etc/target0"]


def test_records_of_pax_are_texts():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", pax_headers={"comment": "of all"}) as archive:
        info = tarfile.TarInfo("file")
        info.pax_headers = {"SCHILY.xattr.user.note": "of one"}
        archive.addfile(info)
    assert {b"of all", b"of one"} <= {text for _, text in Walked(buffer.getvalue()).texts}


def numbered(size_field):
    """A tar whose only header has this for a size."""
    header = bytearray(tarfile.TarInfo("n").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = size_field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def test_sizes_in_binary():
    walked = Walked(numbered(b"\x80" + (5).to_bytes(11, "big")) + b"hello" + bytes(507 + 1024))
    assert walked.members == {b"n": b"hello"}
    walked = Walked(numbered(b"\x80" + b"\xff" * 11) + b"hello" + bytes(507))
    assert walked.reasons == ["archive-damaged"]
    walked = Walked(numbered(b"\xff" * 12) + bytes(512))
    assert walked.reasons == ["archive-damaged"]


def test_tars_one_behind_another_and_what_is_behind_the_last():
    walked = Walked(tarred({"a": b"one"}) + tarred({"b": b"two"}))
    assert walked.members == {b"a": b"one", b"b": b"two"}
    walked = Walked(tarred({"a": b"one"}) + b"something put there\n")
    assert walked.members == {b"a": b"one", b"(behind the end)": b"something put there\n"}


@pytest.mark.parametrize("kind", ["tar", "tar gzip", "tar zstd", "cpio", "cpio old", "ar"])
def test_a_truncated_archive_gives_what_is_there(kind):
    whole = ARCHIVES[kind]({"a": b"whole\n" * 400, "b": b"".join(b"%d\n" % number**3 for number in range(9000))})
    walked = Walked(whole[: len(whole) * 2 // 3])
    if kind != "tar zstd":
        assert walked.members[b"a"] == b"whole\n" * 400
        assert walked.members[b"b"].startswith(b"0\n1\n8\n")
    assert set(walked.reasons) == {"archive-damaged"}
    assert not walked.whole


def test_a_damaged_header_ends_a_tar():
    whole = bytearray(tarred({"a": b"one", "b": b"two"}))
    whole[1024 + 30] = 1
    walked = Walked(bytes(whole))
    assert walked.members == {b"a": b"one"}
    assert [(skip.kind, skip.reason) for skip in walked.skips] == [("excluded", "archive-damaged")]


# -- zip


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\nexec java -jar $0\n"])
def test_methods_of_zip(method, streamed, before):
    walked = Walked(before + zipped(MEMBERS, method, streamed=streamed))
    assert walked.members == CONTENT
    assert walked.skips == []
    assert walked.whole is not bool(before)


def test_zip64():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in MEMBERS.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    assert Walked(buffer.getvalue()).members == CONTENT
    whole = buffer.getvalue()
    at, size = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06") - whole.index(b"PK\x01\x02")
    import struct

    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, len(MEMBERS), len(MEMBERS), size, at)
    place = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + size, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    for before in (b"", b"prefix"):
        walked = Walked(before + whole[: at + size] + end64 + place + end)
        assert (walked.members, walked.skips) == (CONTENT, [])


def test_more_members_than_sixteen_bits_count():
    walked = Walked(zipped({str(number): b"" for number in range(70_000)}, zipfile.ZIP_STORED))
    assert walked.skips == []
    assert len(walked.texts) == 70_000


@needs("zip")
def test_an_encrypted_member_is_said_and_its_neighbours_are_read(folder):
    run("zip", "-q", "x.zip", "a.txt", cwd=folder)
    run("zip", "-q", "-P", "password", "x.zip", "c.bin", cwd=folder)
    walked = Walked((folder / "x.zip").read_bytes())
    assert walked.members == {b"a.txt": MEMBERS["a.txt"]}
    (skip,) = walked.skips
    assert (skip.kind, skip.where, skip.reason) == ("excluded", b"c.bin", "encrypted-member")
    assert not walked.whole


@needs("zip")
def test_what_zip_writes_into_a_pipe(folder):
    walked = Walked(run("zip", "-q", "-r", "-", ".", cwd=folder))
    assert walked.members == CONTENT
    assert walked.skips == []


def test_comments_and_second_names_are_texts():
    whole = zipped({"name.txt": b"x"}, comment=b"of the archive")
    assert (b"", b"of the archive") in Walked(whole).texts
    at = whole.index(b"name.txt")
    walked = Walked(whole[:at] + b"eman.txt" + whole[at + 8 :])
    assert {b"name.txt", b"eman.txt"} <= {text for _, text in walked.texts}


def test_of_members_that_share_bytes_no_more_is_read_than_the_file_is_long():
    whole = overlapping(50)
    walked = Walked(whole)
    assert walked.members == {b"a": bytes(100_000)}
    assert walked.count * len(zipped({"a": bytes(100_000)})) <= 4 * len(whole)
    assert {(skip.kind, skip.reason, skip.where) for skip in walked.skips} == {("excluded", "archive-damaged", b"a")}
    assert "shares its bytes" in walked.skips[0].detail


def test_a_member_that_was_dropped_from_the_directory_is_read():
    whole, other = zipped({"shown.txt": b"shown\n" * 50}), zipped({"dropped.txt": b"dropped\n" * 50})
    hidden = other[: other.index(b"PK\x01\x02")]
    at = whole.index(b"PK\x01\x02")
    # Between the last member and the directory: a reader by the directory passes over it.
    end = bytearray(whole[at:])
    place = end.index(b"PK\x05\x06") + 16
    end[place : place + 4] = (at + len(hidden)).to_bytes(4, "little")
    walked = Walked(whole[:at] + hidden + bytes(end))
    assert walked.members == {b"shown.txt": b"shown\n" * 50, b"dropped.txt": b"dropped\n" * 50}
    assert not walked.whole


@pytest.mark.parametrize("streamed", [False, True])
def test_a_zip_without_its_end(streamed):
    whole = zipped(MEMBERS, streamed=streamed)
    walked = Walked(whole[: whole.index(b"PK\x01\x02") + 20])
    assert walked.members == CONTENT
    assert walked.reasons == ["archive-damaged"]


def test_damage_in_a_member_leaves_the_others():
    noise = bytes(range(256)) * 40
    whole = bytearray(zipped({"a": b"one\n", "b": noise * 9, "c": b"three\n"}, zipfile.ZIP_STORED))
    whole[whole.index(noise) + 50] ^= 1
    walked = Walked(bytes(whole))
    assert (walked.members[b"a"], walked.members[b"c"]) == (b"one\n", b"three\n")
    assert [(skip.where, skip.reason, skip.kind) for skip in walked.skips] == [(b"b", "archive-damaged", "excluded")]


def test_a_method_nobody_knows():
    whole = bytearray(zipped({"a": b"content"}))
    for sign, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        whole[whole.index(sign) + offset] = 97
    (skip,) = Walked(bytes(whole)).skips
    assert (skip.kind, skip.reason, skip.detail) == ("excluded", "archive-unsupported", "a member packed by WavPack")


def test_a_size_that_lies_is_not_believed():
    whole = bytearray(zipped({"a": bytes(range(256)) * 4000}))
    at = whole.index(b"PK\x01\x02") + 24
    whole[at : at + 4] = (5).to_bytes(4, "little")
    walked = Walked(bytes(whole), Limits(3, 1000))
    assert walked.reasons == ["member-too-large"]
    assert [len(data) for data in walked.members.values()] == [1000]


# -- the rest


@needs("ar")
def test_what_the_system_s_ar_writes(folder):
    run("ar", "rc", "x.a", "a.txt", "c.bin", next(name for name in MEMBERS if "/" in name), cwd=folder)
    walked = Walked((folder / "x.a").read_bytes())
    assert {data for path, data in walked.members.items() if path not in (b"/", b"")} == set(CONTENT.values())
    assert walked.skips == []


@needs("dpkg-deb")
def test_a_debian_package(tmp_path):
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text("Package: x\nVersion: 1\nArchitecture: all\nMaintainer: N <n@mail.invalid>\nDescription: x\n")
    (root / "etc").mkdir()
    (root / "etc/settings").write_bytes(b"inside\n")
    for kind in ("gzip", "xz", "zstd"):
        run("dpkg-deb", f"-Z{kind}", "--root-owner-group", "-b", "root", f"{kind}.deb", cwd=tmp_path)
        walked = Walked((tmp_path / f"{kind}.deb").read_bytes())
        (path,) = [path for path, data in walked.members.items() if data == b"inside\n"]
        assert path.endswith(b"!/./etc/settings")
        assert walked.skips == []


def test_names_of_bsd_in_front_of_the_content():
    data = b"!<arch>\n%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (b"#1/8", 0, 0, 0, 0o644, 13) + b"name.txthello\n"
    assert Walked(data).members == {b"name.txt": b"hello"}


def test_cpios_one_behind_another():
    walked = Walked(cpio({"a": b"one"}) + cpio({"b": b"two"}, old=True))
    assert walked.members == {b"a": b"one", b"b": b"two"}
    assert Walked(cpio({"a": b"one"}) + b"more").members == {b"a": b"one", b"(behind the end)": b"more"}


@pytest.mark.parametrize(("program", "kind"), [("gzip", "gzip"), ("bzip2", "bzip2"), ("xz", "xz"), ("zstd", "zstd")])
def test_what_the_system_s_programs_write(folder, program, kind):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    data = run(program, "-c", cwd=folder, stdin=MEMBERS["c.bin"])
    walked = Walked(data, LIMITS, b"c.bin.gz")
    assert (walked.kind, walked.members, walked.whole) == (kind, {b"c.bin": MEMBERS["c.bin"]}, True)


def test_closed_formats_are_said():
    walked = Walked(b"Rar!\x1a\x07\x01\0" + bytes(40))
    (skip,) = walked.skips
    assert (skip.kind, skip.reason, skip.detail, walked.archives) == ("excluded", "archive-unsupported", "rar is not opened", 0)


def test_ar_with_numbers_that_are_none():
    for field in (b"-5        ", b"x         ", b"99999999  "):
        whole = bytearray(ar({"a": b"content"}))
        whole[8 + 48 : 8 + 58] = field
        assert Walked(bytes(whole)).reasons == ["archive-damaged"]


def test_streams_of_any_kind_in_each_other():
    data = b"bottom\n"
    for kind in ("gzip", "xz", "zstd"):
        data = STREAMS[kind](data)
    walked = Walked(data, LIMITS, b"a.gz.xz.zst")
    assert walked.members == {b"a.gz.xz!/a.gz!/a": b"bottom\n"}
