"""Lines and columns of byte offsets."""

import pytest

from leaksieve.findings.lines import Cursor, Lines, codec_of


def places(data, codec, *offsets):
    cursor = Cursor(Lines(data, codec))
    return [(cursor.line, column) for column in map(cursor.move, offsets) if column]


def test_columns_count_code_points_and_invalid_bytes_one_each():
    data = "ä密🔑x".encode() + b"\xff\xe5\xafy\nz"
    assert places(data, "utf-8", 0, 2, 5, 9, 10, 13, 15) == [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 8), (2, 1)]


def test_offsets_inside_characters_do_not_drift():
    data = "密密密密".encode() + b"\x80" * 9 + b"key"
    moved = Cursor(Lines(data))
    for offset in range(len(data)):
        assert moved.move(offset) == len(data[:offset].decode("utf-8", "surrogateescape")) + 1
    assert moved.end(len(data)) == (1, len(data.decode("utf-8", "surrogateescape")) + 1)


def test_only_a_line_feed_ends_a_line():
    assert places(b"a\rb\r\nc\x0b\x0cd\n\ne", "utf-8", 2, 5, 8, 11) == [(1, 3), (2, 1), (2, 4), (4, 1)]


def test_a_byte_order_mark_is_no_column():
    assert places(b"\xef\xbb\xbfkey", "utf-8", 0, 3, 4) == [(1, 1), (1, 1), (1, 2)]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16(codec):
    # U+0A58, U+5900 and U+0A0A hold the bytes of a line feed across and beside unit borders.
    text = "\ufeffa🔑\u0a58\u5900\u0a0ab\ncd🔑e\n"
    data = text.encode(codec)
    cursor = Cursor(Lines(data, codec))
    for index in range(1, len(text)):
        before = text[1:index]
        offset = len(text[:index].encode(codec))
        assert cursor.move(offset) == len(before) - (before.rfind("\n") + 1) + 1
        assert cursor.line == before.count("\n") + 1
        assert cursor.end(len(data)) == (3, 1)


def test_utf16_inside_a_pair_and_odd_offsets():
    lines = Lines("\ufeff🔑🔑x".encode("utf-16-le"), "utf-16-le")
    cursor = Cursor(lines)
    assert [cursor.move(offset) for offset in (2, 4, 6, 7, 8, 10, 12)] == [1, 2, 2, 2, 3, 3, 4]
    assert lines.anchor(8) == 6
    assert lines.anchor(12) == 12
    assert lines.anchor(2) == 2


def test_utf16_line_feeds_are_found_on_unit_borders_only():
    data = "\u0a58\u5900\n\u0a58\u5900\n\u0a58\u5900".encode("utf-16-le")
    lines = Lines(data, "utf-16-le")
    assert lines.find(0) == 4
    assert lines.find(6) == 10
    assert lines.find(12) == len(data)
    assert lines.rfind(0, len(data)) == 10
    assert lines.rfind(0, 10) == 4
    assert lines.rfind(0, 4) == -1


def test_shadow_keeps_plain_words_in_place():
    for codec in ("utf-16-le", "utf-16-be"):
        data = "ab密é🔑c".encode(codec)
        assert Lines(data, codec).shadow(0, len(data)) == b"ab????c"
    assert Lines(b"a\xff").shadow(0, 2) == b"a\xff"


def test_steps_back_and_ahead_are_characters():
    data = "密".encode() * 10
    lines = Lines(data)
    assert lines.back(15, 0, 3) == 6
    assert lines.back(15, 9, 3) == 9
    assert lines.ahead(15, 30, 3) == 24
    assert lines.ahead(15, 21, 3) == 21
    wide = Lines(data, "utf-16-le")
    assert (wide.back(20, 0, 3), wide.back(4, 2, 3), wide.ahead(4, 30, 3), wide.ahead(28, 30, 3)) == (14, 2, 10, 30)


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (b"\xff\xfea\0", "utf-16-le"),
        (b"\xfe\xff\0a", "utf-16-be"),
        ("plain text".encode("utf-16-le"), "utf-16-le"),
        ("plain text".encode("utf-16-be"), "utf-16-be"),
        (b"plain text", "utf-8"),
        (b"\0" * 20, "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_which_utf16(data, codec):
    assert codec_of(data) == codec
