"""Notebooks, databases and PDF files: what their authors see is what is scanned, and where it stands is said."""

from __future__ import annotations

import json
import sqlite3
import zlib

import pytest
from crates import LIMITS, Walked, database, notebook, pdf, pdf_objects, pdf_stream, zipped

from leaksieve.archives.limits import Limits
from leaksieve.archives.magic import kind_of
from leaksieve.archives.walk import Walk

# -- notebooks


def line_of(data: bytes, text: bytes) -> int:
    return data[: data.index(text)].count(b"\n")


def test_lines_of_a_notebook_are_where_they_are_in_the_file():
    data = notebook(["import os\n", 'key = "a\\b"\n', "last"], ["# more\n"], outputs=({"output_type": "stream", "name": "stdout", "text": ['printed "it"\n']},))
    walked = Walked(data)
    assert (walked.kind, set(walked.members), walked.whole, walked.archives, walked.skips) == ("notebook", {b""}, True, 0, [])
    text = walked.members[b""]
    assert text.count(b"\n") == data.count(b"\n")
    for shown, stored in ((b'key = "a\\b"', b"key = "), (b"import os", b"import os"), (b"# more", b"# more"), (b'printed "it"', b"printed ")):
        number = line_of(text, shown)
        assert number == line_of(data, stored)
        # A column is the string's, its quote taken away.
        assert text.split(b"\n")[number].index(shown) == data.split(b"\n")[number].index(stored)


def test_a_value_across_lines_is_one_again():
    text = Walked(notebook(["-----BEGIN\n", "abc\n", "-----END\n"])).members[b""]
    assert [line.strip() for line in text.split(b"\n") if line.strip() in (b"-----BEGIN", b"abc", b"-----END")] == [b"-----BEGIN", b"abc", b"-----END"]


def test_pictures_are_left_out_and_what_they_say_in_words_is_not():
    shown = {"image/png": "iVBOR" + "A" * 500, "image/svg+xml": ["<svg>drawn</svg>\n"], "text/html": "<b>bold</b>", "image/jpeg": ["/9j/AAAA\n", "BBBB\n"]}
    data = notebook(["x\n"], outputs=({"output_type": "display_data", "metadata": {}, "data": shown},))
    text = Walked(data).members[b""]
    assert b"iVBOR" not in text
    assert b"/9j/" not in text
    assert b"BBBB" not in text
    assert b"<svg>drawn</svg>" in text
    assert b"<b>bold</b>" in text
    assert text.count(b"\n") == data.count(b"\n")


def test_a_cell_that_is_one_string_has_lines_of_its_own():
    walked = Walked(notebook("first\nkey = 'x'\n", "single"))
    assert walked.members[b"text 1"] == b"first\nkey = 'x'\n"
    assert b"single" in walked.members[b""]
    assert b"first" not in walked.members[b""]


@pytest.mark.parametrize("data", [b'{\n "a": "nbformat"\n}', b'{"nbformat_minor": 1}', b'{\n "cells": []\n}', b"{\n"])
def test_other_json_is_no_notebook(data):
    assert kind_of(data) is None


def test_a_notebook_without_end_and_one_that_is_no_json():
    for data in (b'{"nbformat": 4, "source": ["a\\n", "b', b'{"nbformat": 4}\n"\\ud800"\n"\\u"\n"\\x"\n', b'{"nbformat":' + b"[" * 5000):
        walked = Walked(data)
        assert walked.skips == []
        assert walked.members


def test_a_notebook_in_an_archive_and_one_where_nothing_is_opened():
    data = notebook(["one\n"], "a\nb\nc")
    assert set(Walked(zipped({"d/n.ipynb": data}), Limits(1, 1 << 20)).members) == {b"d/n.ipynb", b"d/n.ipynb!/text 1"}
    assert set(Walked(data, Limits(0, 1 << 20)).members) == {b"", b"text 1"}


# -- databases


def test_rows_have_names_of_tables_columns_and_rows():
    data = database(
        "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, token TEXT, seen INTEGER)",
        ("INSERT INTO users VALUES(7, ?, ?, 123456789)", ("somebody", "a token of theirs")),
        ("INSERT INTO users VALUES(9, ?, ?, NULL)", ("short", "a")),
    )
    walked = Walked(data)
    assert walked.rows == {(b"users", b"7"): {b"name": b"somebody", b"token": b"a token of theirs"}}
    assert walked.members[b"sqlite_schema"].startswith(b"CREATE TABLE users(")
    assert (walked.skips, walked.whole, walked.archives) == ([], True, 1)


def test_tables_without_row_ids_and_with_odd_names():
    data = database(
        'CREATE TABLE "a ""b"" c"("x y" TEXT PRIMARY KEY, "select" TEXT) WITHOUT ROWID; CREATE TABLE rowid(rowid TEXT, oid TEXT)',
        ('INSERT INTO "a ""b"" c" VALUES(?, ?)', ("content", "further")),
        ("INSERT INTO rowid VALUES(?, ?)", ("content", "other thing")),
    )
    walked = Walked(data)
    assert walked.rows[b'a "b" c', b"1"] == {b"x y": b"content", b"select": b"further"}
    assert next(cells for (table, _), cells in walked.rows.items() if table == b"rowid") == {b"rowid": b"content", b"oid": b"other thing"}


def test_texts_of_other_encodings_and_blobs():
    data = database(
        "PRAGMA encoding='UTF-16le'; CREATE TABLE t(x)", ("INSERT INTO t VALUES(?)", ("grüße an alle",)), ("INSERT INTO t VALUES(?)", (b"\xff\0binary",))
    )
    assert Walked(data).rows == {(b"t", b"1"): {b"x": "grüße an alle".encode()}, (b"t", b"2"): {b"x": b"\xff\0binary"}}


def test_an_archive_in_a_cell_is_opened():
    walked = Walked(database("CREATE TABLE t(x)", ("INSERT INTO t VALUES(?)", (zipped({"in.txt": b"content"}),))))
    assert walked.members[b"t.x 1!/in.txt"] == b"content"


def test_what_deleted_rows_left_is_read():
    filler = "x" * 900
    data = database(
        "CREATE TABLE gone(x TEXT); CREATE TABLE t(x TEXT)",
        *[("INSERT INTO gone VALUES(?)", (f"deleted {number} {filler}",)) for number in range(50)],
        ("INSERT INTO t VALUES(?)", ("stays here",)),
        ("INSERT INTO t VALUES(?)", ("goes away",)),
        ("DELETE FROM t WHERE x LIKE 'goes%'", ()),
        ("DROP TABLE gone", ()),
    )
    remains = b"\n".join(cells[b""] for (table, _), cells in Walked(data).rows.items() if table == b"(deleted) page")
    assert b"deleted 7 x" in remains
    assert b"goes away" in remains
    assert b"stays here" not in remains


def test_a_database_written_ahead_is_read():
    data = bytearray(database("CREATE TABLE t(x TEXT)", ("INSERT INTO t VALUES(?)", ("content",))))
    data[18:20] = b"\2\2"
    assert (b"t", b"1") in Walked(bytes(data)).rows


def test_nothing_in_a_schema_is_run(tmp_path):
    """Views without end, triggers, computed columns and virtual tables: each would take for ever, fail or write."""
    data = database(
        "CREATE TABLE a(x TEXT, y TEXT GENERATED ALWAYS AS (hex(zeroblob(40000000))) VIRTUAL);"
        "CREATE VIEW v AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c;"
        "CREATE TRIGGER g AFTER INSERT ON a BEGIN SELECT abs(-9223372036854775808); END;"
        "CREATE VIRTUAL TABLE f USING fts5(body);"
        "CREATE INDEX i ON a(hex(x));"
    )
    marked = bytearray(data)
    walked = Walked(bytes(marked))
    assert (walked.skips, walked.whole) == ([], True)
    assert not any(table in (b"v", b"f") for table, _ in walked.rows)
    # One table takes a view's name in the schema alone.
    lying = database("CREATE TABLE t(x TEXT)", ("INSERT INTO t VALUES(?)", ("content",))).replace(b"CREATE TABLE t(x TEXT)", b"CREATE VIEWS t(x TEXT)")
    assert Walked(lying).reasons in ([], ["archive-damaged"])


def test_a_damaged_database_is_said_and_what_is_whole_is_read():
    data = bytearray(
        database(
            "CREATE TABLE a(x TEXT); CREATE TABLE b(x TEXT)", ("INSERT INTO a VALUES(?)", ("in the first",)), ("INSERT INTO b VALUES(?)", ("in the second",))
        )
    )
    page = int.from_bytes(data[16:18], "big")
    data[page : page + 8] = b"\xff" * 8
    walked = Walked(bytes(data))
    assert walked.reasons == ["archive-damaged"]
    assert walked.rows[b"b", b"1"] == {b"x": b"in the second"}
    assert not walked.whole
    # Its own bytes are looked at then.
    for broken in (data[:100], data[:3000], b"SQLite format 3\0" + bytes(200), data[:16] + b"\0\3" + data[18:]):
        walked = Walked(bytes(broken))
        assert "archive-damaged" in walked.reasons


def test_a_python_that_reads_no_database_says_so(monkeypatch):
    class Old:
        pass

    data = database("CREATE TABLE t(x)")
    monkeypatch.setattr(sqlite3, "Connection", Old)
    assert Walked(data).reasons == ["archive-unsupported"]


# -- PDF


def test_pages_are_members():
    walked = Walked(pdf(b"key = one", b"key = two"))
    assert {name: text.split(b"\n") for name, text in walked.members.items()} == {
        b"page 1": [b"first line", b"key = one"],
        b"page 2": [b"first line", b"key = two"],
    }
    assert walked.skips == []


def test_notes_fields_scripts_and_attachments_of_a_pdf():
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R 5 0 R]>>"
    data = pdf_objects(
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(run me)>>/AcroForm<</Fields[5 0 R]>>"
        b"/Names<</EmbeddedFiles<</Names[(a.txt) 6 0 R]>>/JavaScript<</Names[(s) 8 0 R]>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        b"<</Type/Annot/Subtype/Link/Contents(a note)/A<</S/URI/URI(http://example.com/?key=1)>>>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(field)/V(filled in)>>",
        b"<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 7 0 R>>>>",
        pdf_stream(zlib.compress(b"attached content"), b"/Type/EmbeddedFile/Filter/FlateDecode"),
        b"<</S/JavaScript/JS 9 0 R>>",
        pdf_stream(zlib.compress(b"named script")),
    )
    walked = Walked(data)
    assert walked.skips == []
    assert b"a note\nhttp://example.com/?key=1" in walked.members[b"page 1"]
    assert walked.members[b"fields"] == b"field: filled in"
    assert walked.members[b"scripts"] == b"run me\nnamed script"
    assert walked.members[b"attachments/a.txt"] == b"attached content"


def test_an_encrypted_pdf_is_said():
    import io

    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(b"text"))))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert Walked(out.getvalue()).reasons == ["encrypted-member"]
    # An empty password is none.
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(b"text"))))
    writer.encrypt("", owner_password="other", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert b"text" in Walked(out.getvalue()).members[b"page 1"]


def test_a_page_that_is_broken_leaves_the_others():
    data = pdf(b"one", b"two").replace(
        b"/Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R", b"/Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 1 0 R", 1
    )
    walked = Walked(data)
    assert b"two" in walked.members[b"page 2"]


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.4\n", b"%PDF-1.4\ngarbage" * 50, pdf(b"x")[:200], pdf_objects(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99>>")],
)
def test_a_pdf_that_is_none_is_said(data):
    walk = Walk(data, "pdf", LIMITS)
    given = list(walk)
    assert any(getattr(one, "reason", "") == "archive-damaged" for one in given)
    assert not walk.whole


def test_a_pdf_s_own_words_stand_in_it_too():
    # Not everything in a PDF is on a page; where it is not packed it is found in the file.
    assert not Walked(pdf(b"x")).whole


def test_json_of_other_programs_is_text():
    assert kind_of(json.dumps({"log": {"entries": []}}).encode()) is None
    assert kind_of(json.dumps({"info": {"schema": "https://schema.getpostman.com/"}}, indent=2).encode()) is None
