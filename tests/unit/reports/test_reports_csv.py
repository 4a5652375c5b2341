"""CSV: rows that a reader and a spreadsheet understand alike, and no cell that runs."""

from __future__ import annotations

import csv
import io
import re

from gitplace import GIT
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.csv import COLUMNS, cell

RUNS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")


def table(build, findings=(), receipt=None):
    text = build.render("csv", findings, receipt)
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    assert all(None not in row and None not in row.values() for row in rows)
    assert rows[-1]["record"] == "coverage"
    assert text.split("\n", 1)[0] == ",".join(f'"{name}"' for name in COLUMNS)
    return rows


def test_every_place_is_a_row(build):
    finding = build.finding(build.occurrence(), build.occurrence(b"old", source=GIT, allowed="known"), tags=("test",))
    known = build.finding(allowed="in the baseline known.txt", baselined=True, fingerprint="f:2")
    first, second, third, last = table(build, [finding, known])
    assert (first["record"], first["severity"], first["path"], first["start_line"], first["at_head"]) == (
        "place",
        "critical",
        "config/deploy.env",
        "12",
        "true",
    )
    assert (first["secret"], first["tags"], first["fingerprint"]) == (build.MASK, "test", finding.fingerprint)
    assert (second["source"], second["at_head"], second["commit"], second["allowed"]) == ("git", "false", "c" * 40, "known")
    assert [each["baselined"] for each in (first, second, third)] == ["false", "false", "true"]
    assert third["allowed"] == "in the baseline known.txt"
    assert "Jane" not in str([first, second])
    assert last["note"] == "Complete. Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules."


def test_an_empty_table_of_an_incomplete_scan_does_not_look_clean(build):
    rows = table(build, receipt=build.coverage(Skip("failed", b"a.bin", "unreadable", "denied"), Skip("excluded", b"", "ignored", count=2), notes=["a note"]))
    assert [row["record"] for row in rows] == ["failed", "note", "coverage"]
    assert (rows[0]["path"], rows[0]["note"], rows[1]["note"]) == ("a.bin", "unreadable: denied", "a note")
    assert rows[2]["note"].startswith("INCOMPLETE: 1 item")
    assert rows[2]["note"].endswith("Left out: 2 ignored by git.")


def test_formulas_get_an_apostrophe():
    assert cell("=cmd|' /C calc'!A0") == "\"'=cmd|' /C calc'!A0\""
    assert cell("-----BEGIN") == '"\'-----BEGIN"'
    assert cell("  @SUM(1)") == '"\'  @SUM(1)"'
    assert cell("x;=1+1") == '"x;\'=1+1"'
    assert cell('"=1') == '"\'""=1"'
    assert cell("\uff1dcmd") == '"\'\uff1dcmd"'
    assert cell("a=b-c@d") == '"a=b-c@d"'
    assert (cell(7), cell(True), cell("")) == ("7", '"true"', '""')


@given(st.text("=+-@;,|\t\"' \n\rax\uff1d", max_size=12) | st.text(max_size=20))
def test_no_cell_runs_wherever_a_spreadsheet_splits(text):
    written = cell(text)
    (row,) = csv.reader(io.StringIO(written), strict=True)
    assert len(row) == 1
    assert row[0].isprintable()
    assert not row[0].lstrip(" '\"").startswith(RUNS) or row[0].startswith("'")
    for piece in re.split("[;,|]", row[0])[1:]:
        assert not piece.lstrip(' "').startswith(RUNS)


def test_hostile_bytes_stay_data(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    finding = build.finding(build.occurrence(hostile, archive_path=hostile, allowed=words), secret=words, rule_name=words)
    receipt = build.coverage(Skip("failed", hostile, "unreadable", words), notes=[words])
    text = build.render("csv", [finding], receipt)
    assert len(table(build, [finding], receipt)) == 4
    for line in text.splitlines():
        assert line.startswith('"')
        assert line.isprintable()
    assert not re.search(r"##[\w.-]*\[", text)
    text.encode()
