"""A report that is read and written again, or merged alone, has lost nothing."""

from __future__ import annotations

import io
import json
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.coverage import NAMED_PER_REASON, Coverage, SourceCoverage
from leaksieve.model import CONFIDENCES, SEVERITIES, Finding, Occurrence, Skip
from leaksieve.reports import make
from leaksieve.reports.base import View
from leaksieve.reports.merge import merge
from leaksieve.reports.read import Report, read_report, rule_of

texts = st.text(max_size=8) | st.sampled_from(["\udcff", "\ud800", "\u2028", "\x00", "##[error]", "\r\n::error"])
names = st.text(string.ascii_letters + string.digits + "-:", min_size=1, max_size=8)
paths = st.binary(max_size=8)
counts = st.integers(0, 1 << 40)
flat = st.dictionaries(names, texts | st.integers(-9, 9) | st.booleans() | st.lists(texts, max_size=2), max_size=3)
sources = st.builds(
    lambda kind, more, **known: {**more, **known, "kind": kind},
    st.sampled_from(["file", "index", "stdin", "git", "image"]),
    flat,
    exposed_hours=st.none() | st.floats(0, 1e6),
    ref_count=counts,
    objects=counts,
    author=texts,
)
# By field, so that one that is added to a record has to be added here.
OCCURRENCE = {
    "location_id": names,
    "path": paths,
    **dict.fromkeys(("start_line", "end_line", "start_column", "end_column", "byte_start", "byte_end"), counts),
    "decoded": st.lists(names, max_size=2).map(tuple),
    "archive_path": st.none() | paths,
    "context": texts,
    "source": sources,
    "allowed": texts,
    "already_present": st.booleans(),
    "owners": st.lists(names, max_size=2).map(tuple),
    # Not in reports: it is of the lines around, which they do not have.
    "line_hash": st.just(""),
}
FINDING = {
    "rule_id": names,
    "rule_name": texts,
    "severity": st.sampled_from(SEVERITIES),
    "confidence": st.sampled_from(CONFIDENCES),
    "tags": st.lists(names, max_size=3).map(tuple),
    "secret": texts,
    "parts": st.dictionaries(names, texts, max_size=2).map(lambda parts: tuple(parts.items())),
    "fingerprint": names,
    "proof": st.sampled_from(["", "none", "structural", "verified"]),
    "verdict": st.sampled_from(["", "active", "inactive", "expired", "unknown", "canary", "unverifiable"]),
    "links": st.lists(flat, max_size=2).map(tuple),
    "allowed": texts,
    "already_present": st.booleans(),
    "remediation": flat,
    "occurrences": st.lists(st.builds(Occurrence, **OCCURRENCE), min_size=1, max_size=3).map(tuple),
    "details": flat,
    "baselined": st.booleans(),
    "verification": st.just({})
    | st.fixed_dictionaries(
        {
            **dict.fromkeys(("verifier", "reason", "detail"), st.none() | names),
            "checked": st.none() | st.just("2026-01-02T03:04:05Z"),
            "cached": st.booleans(),
            **dict.fromkeys(("evidence", "identity", "access"), flat),
            "privileged": st.booleans(),
        }
    ),
}
CALL = {"verifier": names, "host": names, "port": counts, "what": names, "credentials": counts, "control": st.booleans()}
SOURCE = {
    "expected": st.dictionaries(names, counts, max_size=2),
    "scanned": st.dictionaries(names, counts, max_size=2),
    "shallow": st.booleans(),
    "partial": st.booleans(),
    "submodules": st.lists(texts, max_size=2),
}
skips = st.builds(
    Skip,
    st.sampled_from(["excluded", "failed"]),
    paths | st.sampled_from([b"0" * 40, b"a" * 64]),
    st.sampled_from(["ignored", "unreadable", "x"]),
    texts,
    st.integers(1, NAMED_PER_REASON),
)
allow = st.fixed_dictionaries(
    {"reason": texts, "owner": st.none() | names, "expires": st.none() | st.just("2027-01-31"), "expired": st.booleans(), "places": counts}
)
COVERAGE = {
    "ruleset_hash": names,
    "rules": counts,
    "config_path": st.none() | names,
    "config_origin": texts,
    "engine": texts,
    "version": names,
    "started": st.sampled_from(["", "2026-01-02T03:04:05Z"]),
    "seconds": st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000),
    "interrupted": st.booleans(),
    "key": st.none() | st.tuples(names, names),
    "strict": st.booleans(),
    "notes": st.lists(texts, max_size=2, unique=True),
    "warnings": st.just([]),
    "allow": st.lists(allow, max_size=2),
    "exclude": st.lists(st.fixed_dictionaries({"pattern": names, "places": counts}), max_size=2),
    "inline_allowed": counts,
    "verification": st.none()
    | st.fixed_dictionaries({"calls": st.lists(st.fixed_dictionaries(CALL), max_size=2), "verdicts": st.dictionaries(names, counts, max_size=2)}),
    "baseline": st.none()
    | st.fixed_dictionaries(
        {
            "files": st.lists(names, max_size=2, unique=True),
            **dict.fromkeys(("entries", "matched", "findings"), counts),
            "stale": st.none() | counts,
        }
    ),
}


def one_source(kind, requested, resolved, skipped, repeated, **values):
    source = SourceCoverage(kind, requested, resolved)
    for name, value in values.items():
        setattr(source, name, value)
    for skip in skipped:
        source.skip(skip)
    for number in range(repeated):
        source.skip(Skip("excluded", b"%d" % number, "ignored"))
    return source


def receipt(sources, **values):
    coverage = Coverage()
    coverage.sources = sources
    for name, value in values.items():
        setattr(coverage, name, value)
    return coverage


receipts = st.builds(
    receipt,
    st.lists(
        st.builds(
            one_source,
            st.sampled_from(["git", "dir", "index"]),
            texts,
            texts,
            st.lists(skips, max_size=4),
            st.sampled_from([0, NAMED_PER_REASON + 7]),
            **SOURCE,
        ),
        max_size=2,
    ),
    **COVERAGE,
)
reports = st.builds(Report, st.lists(st.builds(Finding, **FINDING), max_size=3, unique_by=lambda finding: finding.fingerprint), receipts)


def written(fmt, report):
    stream = io.StringIO()
    reporter = make(fmt)
    reporter.start(stream, View())
    for finding in report.findings:
        reporter.finding(finding, rule_of(finding))
    reporter.finish(report.coverage)
    return stream.getvalue()


def values(text):
    """The text as values: in which order an object has its fields does not matter."""
    return json.loads(f"[{text.strip()}]") if text.startswith('{"schema"') else [json.loads(line) for line in text.split("\n") if line]


def test_every_field_of_the_records_is_tried():
    assert set(FINDING) == set(Finding._fields)
    assert set(OCCURRENCE) == set(Occurrence._fields)
    # What is said of in notes alone has no field of its own.
    assert set(COVERAGE) | {"sources", "unused"} == set(Coverage.__slots__)
    assert set(SOURCE) | {"kind", "requested", "resolved"} == {name for name in SourceCoverage.__slots__ if not name.startswith("_") and name != "configured"}


@settings(deadline=None, max_examples=60)
@given(report=reports)
def test_json_read_and_written_is_the_same(report):
    whole, lines = written("json", report), written("jsonl", report)
    for text in (whole, lines):
        read = read_report(text.encode(), "x")
        assert values(written("json", read)) == values(whole)
        assert values(written("jsonl", read)) == values(lines)


@settings(deadline=None, max_examples=40)
@given(report=reports)
def test_a_report_merged_alone_is_the_same(report):
    merged = json.loads(written("json", merge([report], ["x"])))
    before = json.loads(written("json", report))

    def by_fingerprint(findings):
        return sorted(findings, key=lambda finding: finding["fingerprint"])

    assert by_fingerprint(merged["findings"]) == by_fingerprint(before["findings"])
    if before["coverage"]["config"]["origin"] == "":
        merged["coverage"]["config"]["origin"] = ""
    assert merged["coverage"] == before["coverage"]
