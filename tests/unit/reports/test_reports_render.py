"""Hostile bytes become harmless text, and records plain JSON values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.render import coverage_dict, finding_dict, occurrence_dict, path_text, plain, visible, well_formed


@given(st.binary())
def test_a_path_for_a_person_is_one_printable_line(path):
    text = path_text(path)
    assert text.isprintable()


@given(st.text())
def test_visible_text_prints_and_stays_when_it_already_did(text):
    assert visible(text).isprintable()
    if text.isprintable() and "##" not in text:
        assert visible(text) == text


def test_a_heading_is_no_command_to_a_log_reader():
    assert visible("## Title [link]") == "## Title [link]"
    assert visible("##[error] ##vso[x") == "#\\x23[error] #\\x23vso[x"


@given(st.text(alphabet=st.characters(codec=None)))
def test_well_formed_text_can_be_encoded_and_is_otherwise_untouched(text):
    well_formed(text).encode()
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert well_formed(text) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"a\xff.txt", "a\\xff.txt"),
        (b"a\nb", "a\\x0ab"),
        ("naïve 漢字.txt".encode(), "naïve 漢字.txt"),
        ("a\u202eb".encode(), "a\\u202eb"),
        ("a\U000e0041b".encode(), "a\\U000e0041b"),
        (b"a\x1b[2J", "a\\x1b[2J"),
    ],
)
def test_escapes_are_readable(path, text):
    assert path_text(path) == text


def test_finding_fields_stand_in_the_documented_order(build):
    names = list(finding_dict(build.finding()))
    documented = (
        "rule_id rule_name severity confidence tags secret parts fingerprint proof details verdict verification links allowed already_present baselined remediation occurrences "
        "location_id path start_line end_line start_column end_column byte_start byte_end decoded archive_path context source owners"
    )
    assert names == documented.split()


def test_the_findings_own_fields_win_over_the_first_occurrences(build):
    record = finding_dict(build.finding(build.occurrence(allowed="fine here", already_present=True)))
    assert record["allowed"] is None
    assert record["already_present"] is False
    assert record["occurrences"][0]["allowed"] == "fine here"
    assert record["occurrences"][0]["already_present"] is True
    assert record["path"] == "config/deploy.env"


def test_empty_words_become_null(build):
    record = finding_dict(build.finding(proof="", verdict=""))
    assert (record["proof"], record["verdict"], record["allowed"]) == ("none", None, None)


def test_a_path_that_is_not_utf8_comes_with_its_exact_bytes(build):
    record = occurrence_dict(build.occurrence(b"a\xff", archive_path=b"b\xfe"))
    assert (record["path"], record["path_bytes"]) == ("a\\xff", "Yf8=")
    assert (record["archive_path"], record["archive_path_bytes"]) == ("b\\xfe", "Yv4=")
    assert "path_bytes" not in occurrence_dict(build.occurrence("é".encode()))


def test_a_source_always_has_its_kind(build):
    assert occurrence_dict(build.occurrence(source={}))["source"] == {"kind": "file"}
    assert occurrence_dict(build.occurrence(source={"kind": "git", "refs": ("a",)}))["source"] == {"kind": "git", "refs": ["a"]}


def test_plain_values_survive_json():
    value = {"a": (1, b"\xff", {"b": None, "c": 1.5, "d": True}), "s": {"x"}, "o": object, "bad": "\ud800"}
    assert json.loads(json.dumps(plain(value)))["a"] == [1, "\\xff", {"b": None, "c": 1.5, "d": True}]
    assert plain(value)["bad"] == "\\ud800"


def test_the_receipt_names_objects_of_git_as_objects(build):
    skips = Skip("failed", b"a" * 40, "missing-object"), Skip("excluded", b"big.bin", "too-large", "3 GB")
    record = coverage_dict(build.coverage(*skips, kind="git"))
    assert record["sources"][0]["skipped"] == [
        {"class": "failed", "object": "a" * 40, "reason": "missing-object", "detail": None, "count": 1},
        {"class": "excluded", "path": "big.bin", "reason": "too-large", "detail": "3 GB", "count": 1},
    ]
    assert "path" in coverage_dict(build.coverage(*skips, kind="dir"))["sources"][0]["skipped"][0]


def test_the_receipt_has_every_documented_field(build):
    record = coverage_dict(build.coverage(notes=["a note"], interrupted=True))
    fields = "complete sources ruleset config key engine version started seconds strict interrupted notes baseline verification allow"
    assert list(record) == fields.split()
    assert record["complete"] is False
    assert record["ruleset"] == {"hash": "sha256:feed", "rules": 412}
    assert record["config"] == {"path": None, "origin": "defaults"}
    assert list(record["sources"][0]) == ["kind", "requested", "resolved", "expected", "scanned", "shallow", "partial", "submodules", "skipped"]
