"""JUnit: well-formed XML, numbers that agree with what they stand before, the receipt as a test of its own."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import pytest
from gitplace import GIT
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.base import View
from leaksieve.reports.junit import _attributes, _escaped


def junit(build, findings=(), receipt=None, **kwargs):
    text = build.render("junit", findings, receipt, **kwargs)
    root = ET.fromstring(text.encode())
    assert root.tag == "testsuites"
    for node in [root, *root.findall("testsuite")]:
        cases = list(node.iter("testcase"))
        assert int(node.get("tests")) == len(cases)
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(node.get(count)) == sum(case.find(tag) is not None for case in cases), count
    assert [suite.get("name") for suite in root] == ["secrets", "coverage"]
    return root


def test_a_place_at_head_is_a_case_that_fails(build):
    finding = build.finding(build.occurrence(), build.occurrence(b"b.py", 3), build.occurrence(b"old", source=GIT))
    cases = junit(build, [finding])[0].findall("testcase")
    assert [(case.get("classname"), case.get("file"), case.get("line")) for case in cases] == [
        ("b.py", "b.py", "3"),
        ("config/deploy.env", "config/deploy.env", "12"),
    ]
    assert cases[1].get("name") == "GitHub personal access token (classic) in line 12, column 14"
    failure = cases[1].find("failure")
    assert failure.get("type") == "github-classic-token"
    assert build.MASK in failure.get("message")
    lines = failure.text.split("\n")
    assert f"line 12: GITHUB_TOKEN={build.MASK} # deploys" in lines
    assert "fix: Delete the token in the developer settings of the account." in lines


def test_what_does_not_fail_the_run_is_skipped_and_says_why(build):
    findings = [
        build.finding(fingerprint="1", severity="low"),
        build.finding(build.occurrence(allowed="inline comment: fixture"), fingerprint="2"),
        build.finding(build.occurrence(already_present=True), fingerprint="3"),
        build.finding(allowed="configuration: known", fingerprint="4"),
        build.finding(allowed="in the baseline known.txt", baselined=True, fingerprint="5"),
    ]
    said = [skipped.get("message").rsplit("; ", 1)[1] for skipped in junit(build, findings).iter("skipped")]
    assert sorted(said) == [
        "allowed: configuration: known",
        "allowed: inline comment: fixture",
        "already there before this change",
        "baselined: in the baseline known.txt",
        "below medium, which does not fail the run",
    ]
    assert junit(build, [build.finding(severity="low")], view=View(fail_on="low")).get("failures") == "1"


def test_the_history_alone_is_one_case_and_nobodys_name(build):
    finding = build.finding(build.occurrence(b"a", source=GIT), build.occurrence(b"b", source=GIT))
    text = build.render("junit", [finding])
    assert "still in the history, in commit cccccccccccc" in text
    assert "jane" not in text.lower()
    assert len(junit(build, [finding])[0].findall("testcase")) == 1


def test_a_complete_scan_passes_and_carries_its_receipt(build):
    root = junit(build, receipt=build.coverage(notes=["a note"]))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", "0")
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert properties["complete"] == "true"
    assert properties["scanned"] == "Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules."
    assert (properties["ruleset"], properties["note"]) == ("sha256:feed", "a note")


def test_an_incomplete_scan_is_an_error_even_without_findings(build):
    skips = [Skip("failed", b"f%d" % number, "unreadable", "denied") for number in range(101)]
    error = junit(build, receipt=build.coverage(*skips)).find("testsuite[@name='coverage']/testcase/error")
    assert error.get("message").startswith("INCOMPLETE")
    lines = error.text.split("\n")
    assert lines[0] == "could not be scanned: f0: unreadable: denied"
    assert lines[-1] == "and 1 more; the JSON report names them"
    assert junit(build, receipt=build.coverage(interrupted=True)).get("errors") == "1"


@given(st.text() | st.sampled_from(["]]>", "<!--", "&amp;", "\x00", "\ufffe", "\udc80", "a\n::error::b", "\"'<>&"]))
def test_any_text_is_well_formed(text):
    node = ET.fromstring(f"<a{_attributes(b=text)}>{_escaped(text)}</a>".encode())
    assert node.get("b") == (node.text or "")
    assert node.get("b").isprintable()


@pytest.mark.parametrize("extra", [b"]]>", b"<![CDATA[", b"&lt;", b"'\"", b"--><!DOCTYPE x>"])
def test_markup_stays_text(build, extra):
    cases = junit(build, [build.finding(build.occurrence(extra, context=extra.decode()), rule_name=extra.decode())])[0].findall("testcase")
    assert cases[0].get("classname") == extra.decode()
    assert f"line 12: {extra.decode()}" in cases[0].find("failure").text


def test_hostile_bytes_stay_data(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    place = build.occurrence(hostile, context=f"{words}\n{words}", archive_path=hostile)
    finding = build.finding(place, secret=words, rule_name=words)
    receipt = build.coverage(Skip("failed", hostile, "unreadable", words), notes=[words])
    odd = {"impact": words, "revoke": (words,), "rotation": words}
    text = build.render("junit", [finding], receipt, rules=lambda **given: build.rule(**{**given, **odd}))
    junit(build, [finding], receipt)
    for line in io.StringIO(text):
        assert line.rstrip("\n").isprintable()
        assert not line.lstrip().startswith("::")
    assert not re.search(r"##[\w.-]*\[", text)
    text.encode()
