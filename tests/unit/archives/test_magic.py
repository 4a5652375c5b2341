"""What bytes are is told by the bytes: archives are known, and what merely begins like one is not."""

import tarfile

import pytest
from crates import ARCHIVES, STREAMS, cpio, tarred, zipped

from leaksieve.archives.magic import BLOCK, is_header, kind_of


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_are_known(kind):
    assert kind_of(STREAMS[kind](b"some content, long enough to be packed\n" * 3)) == kind


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_are_known(kind):
    first, *rest = kind.split()
    expected = rest[-1] if rest and rest[-1] in STREAMS else first
    assert kind_of(ARCHIVES[kind]({"a.txt": b"content"})) == expected


def test_closed_formats_are_known_by_name():
    assert kind_of(b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40)) == "7z"
    assert kind_of(b"Rar!\x1a\x07\x01\0" + bytes(40)) == "rar"


@pytest.mark.parametrize(
    "text",
    [
        b"", b"x", b"PK", b"PK is short for Phil Katz\n", b"BZh is a prefix\n", b"BZh9 and more text than that\n", b"Rar! it is\n", b"7z x archive.7z\n",
        b"!<arch> is not all\n", b"070701 is a number\n" * 20, b"x^2 + y^2 = z^2\n" * 40, b"x\x9c is not enough", b"x\x01" * 300, b"]\0\0 and text" * 9,
        b"\x1f\x8b", b"line\n" * 51 + b"ustar  " + b"text\n" * 100, b"a" * 154 + b"\0 " + b"b" * 600, b"PK\x05\x07" * 10,
    ],
)  # fmt: skip
def test_what_only_begins_like_one_is_none(text):
    assert kind_of(text) is None


def test_a_zip_behind_something_else():
    assert kind_of(b"#!/usr/bin/env python3\n" + zipped({"a": b"b"})) == "zip"


def test_an_empty_zip_and_an_empty_tar():
    assert kind_of(zipped({})) == "zip"
    # Zeros are zeros.
    assert kind_of(tarred({})) is None


def test_a_tar_from_before_there_was_a_magic():
    header = bytearray(tarfile.TarInfo("old").tobuf(tarfile.USTAR_FORMAT))
    header[257:265] = bytes(8)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert kind_of(bytes(header) + bytes(1024)) == "tar"


def test_a_checksum_of_signed_bytes_counts_too():
    header = bytearray(tarfile.TarInfo("n").tobuf(tarfile.USTAR_FORMAT))
    header[0:1] = b"\xe4"
    header[148:156] = b" " * 8
    signed = sum(header) - 256
    header[148:156] = b"%06o\0 " % signed
    assert is_header(bytes(header))
    header[148:156] = b"%06o\0 " % (signed + 1)
    assert not is_header(bytes(header))
    assert not is_header(bytes(header)[: BLOCK - 1])


def test_a_cpio_is_known_by_its_whole_header():
    whole = cpio({"a": b"b"})
    assert kind_of(whole) == "cpio"
    assert kind_of(whole[:50] + b"x" + whole[51:]) is None
