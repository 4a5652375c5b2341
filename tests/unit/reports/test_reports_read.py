"""Reports read back: nothing lost, and nothing taken that is no report."""

from __future__ import annotations

import json

import gitplace
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.errors import UsageError
from leaksieve.model import Skip
from leaksieve.reports import FORMATS
from leaksieve.reports.merge import merge
from leaksieve.reports.read import Report, read_report, rules_of

GIT = {
    **gitplace.GIT,
    "date": "2024-01-02T03:04:05Z",
    "refs": ["refs/heads/main"],
    "reachable": True,
    "exposed_hours": 3.5,
    "ref_count": 2,
}
KEY = ("project", "0123456789abcdef")


def everything(build):
    findings = [
        build.finding(build.occurrence(), build.occurrence(b"b\xff", 3, archive_path=b"x\xfe", decoded=("base64",)), build.occurrence(b"h", source=GIT)),
        build.finding(
            build.occurrence(b"t.py", allowed="inline comment: fixture"),
            allowed="inline comment: fixture",
            fingerprint="f:2",
            tags=("generic", "test"),
            severity="low",
            parts=(("user", "app"),),
            details={"bits": 2048, "encrypted": False},
            links=({"store": "vault", "path": "a/b"},),
            remediation={"impact": "All of it.", "documentation": "https://e.invalid/d", "rotation": "https://e.invalid/r", "revoke": ["Delete it."]},
            verdict="active",
            proof="",
            baselined=True,
        ),
    ]
    skips = [
        Skip("failed", b"a\xff", "unreadable", "denied"),
        *(Skip("excluded", b"i%d" % number, "ignored") for number in range(130)),
        Skip("excluded", b"", "x", count=3),
    ]
    receipt = build.coverage(*skips, notes=["n"], key=KEY, inline_allowed=1, interrupted=True, config_path="leaksieve.toml", config_origin="repository")
    receipt.allow = [{"reason": "r", "owner": None, "expires": "2027-01-31", "expired": False, "places": 2}]
    receipt.baseline = {"files": ["b.json"], "entries": 4, "matched": 3, "findings": 2, "stale": None}
    receipt.sources[0].submodules.append("lib")
    return findings, receipt


def written(fmt, report, build):
    return build.render(fmt, report.findings, report.coverage)


@pytest.mark.parametrize("fmt", ["json", "jsonl"])
def test_a_report_read_and_written_is_the_same(build, fmt):
    findings, receipt = everything(build)
    text = build.render(fmt, findings, receipt)
    report = read_report(text.encode(), "x")
    assert written(fmt, report, build) == text
    other = "json" if fmt == "jsonl" else "jsonl"
    assert written(other, report, build) == build.render(other, findings, receipt)
    assert [finding.occurrences[0].path for finding in report.findings] == [b"config/deploy.env", b"t.py"]
    assert report.findings[0].occurrences[1].archive_path == b"x\xfe"


def test_hostile_bytes_come_back_as_they_were(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    finding = build.finding(build.occurrence(hostile, context=words, archive_path=hostile, source={**GIT, "author": words}), secret=words, rule_name=words)
    text = build.render("json", [finding], build.coverage(Skip("failed", hostile, "unreadable", words), notes=[words]))
    report = read_report(text.encode(), "x")
    assert report.findings[0].occurrences[0].path == hostile
    assert report.findings[0].occurrences[0].archive_path == hostile
    assert written("json", report, build) == text


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_can_be_made_from_a_report(build, fmt):
    findings, receipt = everything(build)
    report = read_report(build.render("jsonl", findings, receipt).encode(), "x")
    rules = rules_of(report.findings)
    assert rules["github-classic-token"].severity == "critical"
    first, second = (
        build.render(fmt, each, about, rules=lambda **given: rules[given["id"]]) for each, about in ((findings, receipt), (report.findings, report.coverage))
    )
    if fmt != "sarif":  # whose line hashes are not in JSON
        assert first == second


def test_a_rule_is_told_from_its_findings(build):
    _, second = everything(build)[0]
    rule = rules_of([second])["github-classic-token"]
    assert (rule.impact, rule.rotation, rule.revoke, rule.tags) == ("All of it.", "https://e.invalid/r", ("Delete it.",), ("generic",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the receipt is missing"),
        ("[]", "the report is not an object"),
        ("nonsense", "line 1 is not JSON"),
        ("{}", "it names no schema"),
        ('{"schema": "leaksieve/2"}', "its schema is 'leaksieve/2', not leaksieve/1"),
        ('{"version": "2.1.0", "runs": []}', "it names no schema"),
        ('{"type": "finding"}', "line 1.occurrences|fingerprint is not a text"),
        ("[" * 100_000, "nested too deep|is not JSON"),
        ('{"type": "coverage", "schema": "leaksieve/1", "seconds": NaN}', "line 1 is not JSON"),
        ('{"type":"occurrence","fingerprint":"x"}', "that of a finding before it"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read_report(text.encode(), "x.json")
    assert str(caught.value).startswith("x.json: ")
    assert "\n" not in str(caught.value)


def test_a_report_that_lacks_something_it_does_not_name_is_no_complete_one(build):
    report = json.loads(build.render("json", [], build.coverage()))
    report["coverage"]["complete"] = False
    with pytest.raises(UsageError, match="incomplete, but not what is missing"):
        read_report(json.dumps(report).encode(), "r.json")
    report["coverage"]["sources"][0]["skipped"].append({"path": "a", "class": "failed", "reason": "unreadable"})
    assert not read_report(json.dumps(report).encode(), "r.json").coverage.complete


def test_a_report_that_does_not_say_whether_it_is_complete_is_refused(build):
    whole = json.loads(build.render("json", [], build.coverage()))
    whole["coverage"] = {}
    with pytest.raises(UsageError, match="does not say whether its scan is complete"):
        read_report(json.dumps(whole).encode(), "r.json")


def test_bytes_that_are_no_text_and_a_stream_cut_short_are_refused(build):
    with pytest.raises(UsageError, match="not UTF-8"):
        read_report(b"\xff\xfe", "x")
    text = build.render("jsonl", [build.finding()])
    with pytest.raises(UsageError, match="the receipt is missing; was the scan"):
        read_report(text.split("\n")[0].encode(), "x")
    with pytest.raises(UsageError, match="behind the receipt"):
        read_report((text + text).encode(), "x")


@pytest.mark.parametrize(
    ("field", "value"),
    [*((name, "1") for name in ("layer_index", "deleted_in", "exposed_layers", "step")), *((name, "app") for name in ("refs", "images", "platforms"))],
)
def test_a_place_whose_fields_have_another_kind_is_refused_by_name(build, field, value):
    source = {"kind": "image", "image": "app:1", "where": "file", field: value}
    with pytest.raises(UsageError, match=rf"source\.{field} is not a"):
        read_report(build.render("json", [build.finding(build.occurrence(source=source))]).encode(), "x")


ODD = [None, True, -1, 1.5, 1e999, "\x1b[2J", "##vso[x]", "soon", [], [1], {}, {"a": {"b": {}}}, [{}]]


def paths_of(node, path=()):
    yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from paths_of(value, (*path, key))


@given(st.data())
def test_a_report_with_one_field_changed_is_refused_or_written_in_every_format(data):
    build = BUILD[0]
    report = json.loads(TEXT[0])
    path = data.draw(st.sampled_from(PATHS))
    if path:
        node = report
        for step in path[:-1]:
            node = node[step]
        if data.draw(st.booleans()) and isinstance(node, dict):
            del node[path[-1]]
        else:
            node[path[-1]] = data.draw(st.sampled_from(ODD))
    try:
        read = read_report(json.dumps(report).encode(), "x")
    except UsageError:
        return
    rules = rules_of(read.findings)
    for fmt in FORMATS:
        text = build.render(fmt, read.findings, read.coverage, rules=lambda **given: rules[given["id"]])
        assert "\x1b" not in text, fmt


BUILD: list = []
TEXT: list = []
PATHS: list = []


@pytest.fixture(autouse=True)
def _prepared(build):
    """The report that the property above changes; hypothesis takes no fixtures of a function."""
    if not BUILD:
        findings, receipt = everything(build)
        BUILD.append(build)
        TEXT.append(
            build.render("json", findings[:2], build.coverage(Skip("failed", b"a", "unreadable"), key=KEY, allow=receipt.allow, baseline=receipt.baseline))
        )
        PATHS.extend(paths_of(json.loads(TEXT[0])))


def of(build, *findings, **changes):
    return Report(list(findings), build.coverage(**{"key": KEY, **changes}))


def test_secrets_are_folded_and_receipts_added(build):
    one = of(build, build.finding(build.occurrence(b"b"), severity="low", tags=("test",)), started="2026-01-02T00:00:00Z")
    two = of(
        build, build.finding(build.occurrence(b"b"), build.occurrence(b"a")), build.finding(fingerprint="f:2"), started="2026-01-01T00:00:00Z", notes=["n"]
    )
    both = merge([one, two], ["1", "2"])
    assert [(finding.fingerprint, [place.path for place in finding.occurrences]) for finding in both.findings] == [
        (one.findings[0].fingerprint, [b"a", b"b"]),
        ("f:2", [b"config/deploy.env"]),
    ]
    assert (both.findings[0].severity, both.findings[0].tags) == ("critical", ())
    receipt = both.coverage
    assert len(receipt.sources) == 2
    assert (receipt.seconds, receipt.started, receipt.notes, receipt.rules) == (1.6, "2026-01-01T00:00:00Z", ["n"], 412)
    assert (receipt.ruleset_hash, receipt.engine, receipt.version, receipt.key) == ("sha256:feed", "aho-corasick", "0.1.0", KEY)
    assert receipt.complete


def test_merging_is_the_same_in_any_order_and_with_itself(build):
    findings, receipt = everything(build)
    one = Report(findings, receipt)
    two = of(build, build.finding(build.occurrence(b"z"), fingerprint="f:9"))
    forth, back = merge([one, two], ["1", "2"]), merge([two, one], ["2", "1"])
    assert forth.findings == back.findings
    again = merge([one, one], ["1", "1"]).findings
    assert [len(finding.occurrences) for finding in again] == [3, 1]


def test_what_one_report_holds_against_a_place_counts(build):
    allowed = of(build, build.finding(build.occurrence(allowed="known", already_present=True), allowed="known", already_present=True, baselined=True))
    held = of(build, build.finding(build.occurrence()))
    for pair in ([allowed, held], [held, allowed]):
        (finding,) = merge(pair, ["1", "2"]).findings
        assert (finding.allowed, finding.already_present, finding.baselined) == ("", False, False)
        assert finding.occurrences[0].allowed == ""
    (finding,) = merge([allowed, allowed], ["1", "2"]).findings
    assert (finding.allowed, finding.baselined) == ("known", True)


def test_the_same_path_of_another_target_is_another_place(build):
    one, two = of(build, build.finding()), of(build, build.finding())
    two.coverage.sources[0].resolved = "/home/me/other"
    assert len(merge([one, two], ["1", "2"]).findings[0].occurrences) == 2


def test_one_incomplete_report_makes_the_whole_incomplete(build):
    two = Report([], build.coverage(Skip("failed", b"x", "unreadable"), ruleset_hash="sha256:beef", strict=True))
    both = merge([of(build), two], ["1", "2"]).coverage
    assert not both.complete
    assert both.strict
    assert both.ruleset_hash == ""
    assert "different rulesets" in both.notes[-1]


def test_other_keys_cannot_be_merged_but_reports_without_fingerprints_can(build):
    other = of(build, build.finding(), key=("environment", "f" * 16))
    empty = of(build, key=None)
    with pytest.raises(UsageError, match=r"2\.json: its fingerprints were made with another key \(environment\) than those of 1\.json \(project\)"):
        merge([of(build, build.finding()), empty, other], ["1.json", "e.json", "2.json"])
    assert merge([empty, other], ["e", "2"]).coverage.key == ("environment", "f" * 16)


def test_what_baselines_knew_is_added_up(build):
    known = {"files": ["b"], "entries": 4, "matched": 3, "findings": 2, "stale": 1}
    parts = [of(build, baseline=known), of(build), of(build, baseline={**known, "files": ["c", "b"]})]
    assert merge(parts, "123").coverage.baseline == {"files": ["b", "c"], "entries": 8, "matched": 6, "findings": 4, "stale": 2}
    assert merge([*parts, of(build, baseline={**known, "stale": None})], "1234").coverage.baseline["stale"] is None
