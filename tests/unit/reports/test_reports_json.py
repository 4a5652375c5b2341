"""JSON and JSONL: complete, closed under the shipped schema, one receipt at the end, nothing but ASCII."""

from __future__ import annotations

import json
from importlib.resources import files

import gitplace
import jsonschema
import pytest
from reportschema import closed_schema

from leaksieve.model import Skip

GIT = {
    **gitplace.GIT,
    "date": "2024-01-02T03:04:05Z",
    "refs": ("refs/heads/main",),
    "first_seen": "c" * 40,
    "last_seen": None,
    "at_head": False,
    "reachable": True,
}
IMAGE = {
    "kind": "image",
    "image": "app:1",
    "layer": "sha256:ab",
    "layer_index": 2,
    "created_by": "COPY",
    "base_layer": False,
    "deleted_later": True,
    "where": "file",
}


INDEX = {"kind": "index", "object": "a" * 40, "stage": 2}


@pytest.fixture(scope="module")
def schema():
    return closed_schema()


def many(build):
    return [
        build.finding(
            build.occurrence(),
            build.occurrence(b"b\xff", 3, archive_path=b"x\xfe"),
            build.occurrence(b"h", source=GIT),
            build.occurrence(b"i", source=IMAGE),
            build.occurrence(b"j", source=INDEX),
        ),
        build.finding(
            allowed="reviewed",
            verdict="active",
            tags=("test",),
            parts=(("id", "AK…"),),
            links=({"store": "vault", "path": "a/b"},),
            remediation={"revoke": ("x",)},
        ),
    ]


def test_json_holds_to_the_closed_schema(build, schema):
    skips = Skip("failed", b"a\xff", "unreadable", "denied"), Skip("excluded", b"", "too-large", count=3)
    report = json.loads(build.render("json", many(build), build.coverage(*skips, notes=["n"])))
    jsonschema.validate(report, schema)
    assert list(report) == ["schema", "tool", "findings", "coverage"]
    assert [len(finding["occurrences"]) for finding in report["findings"]] == [5, 1]


@pytest.mark.parametrize(
    "where", [("findings", 0), ("findings", 0, "occurrences", 1), ("findings", 0, "source"), ("coverage",), ("coverage", "sources", 0), ("tool",)]
)
def test_the_closed_schema_refuses_a_field_nobody_documented(build, schema, where):
    report = json.loads(build.render("json", many(build)))
    node = report
    for step in where:
        node = node[step]
    node["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema)


@pytest.mark.parametrize("source", [{"kind": "file"}, GIT, IMAGE], ids=lambda source: source["kind"])
def test_what_of_an_archive_holds_a_secret_is_documented_for_every_source(build, schema, source):
    def report(member):
        return json.loads(build.render("json", [build.finding(build.occurrence(archive_path=b"a.txt", source={**source, "member": member}))]))

    for member in ("name", "note"):
        jsonschema.validate(report(member), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report("surprise"), schema)


def test_every_unit_that_sources_count_is_documented(build, schema):
    receipt = build.coverage()
    for unit in ("objects", "commits", "blobs", "trees", "tags", "cached", "images", "layers", "archives", "members"):
        receipt.sources[0].scan(unit, 3)
    jsonschema.validate(json.loads(build.render("json", [], receipt)), schema)


def test_the_shipped_schema_lets_a_later_version_add_fields(build):
    open_schema = json.loads(files("leaksieve.reports").joinpath("schema.json").read_text(encoding="utf-8"))
    report = json.loads(build.render("json", many(build)))
    report["findings"][0]["surprise"] = report["coverage"]["surprise"] = 1
    jsonschema.validate(report, open_schema)


def test_jsonl_is_finding_then_occurrences_then_coverage(build, schema):
    lines = [json.loads(line) for line in build.render("jsonl", many(build)).splitlines()]
    assert [line["type"] for line in lines] == ["finding", "occurrence", "occurrence", "occurrence", "occurrence", "finding", "coverage"]
    assert {line["fingerprint"] for line in lines[:-1]} == {lines[0]["fingerprint"]}
    assert [len(line["occurrences"]) for line in lines if line["type"] == "finding"] == [1, 1]
    validator = jsonschema.Draft202012Validator({**schema, "required": [], "properties": {}, "$ref": "#/$defs/line"})
    for line in lines:
        validator.validate(line)


@pytest.mark.parametrize("fmt", ["json", "jsonl"])
def test_an_interrupted_scan_still_ends_with_a_receipt_that_says_so(build, fmt):
    text = build.render(fmt, [build.finding()], build.coverage(interrupted=True))
    last = json.loads(text.splitlines()[-1]) if fmt == "jsonl" else json.loads(text)["coverage"]
    assert (last["complete"], last["interrupted"]) == (False, True)


def test_an_empty_scan_is_a_whole_report(build, schema):
    report = json.loads(build.render("json"))
    jsonschema.validate(report, schema)
    assert report["findings"] == []
    lines = build.render("jsonl").splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["type"] == "coverage"


@pytest.mark.parametrize("fmt", ["json", "jsonl"])
def test_hostile_bytes_stay_data(build, hostile, fmt):
    words = hostile.decode("utf-8", "surrogateescape")
    finding = build.finding(build.occurrence(hostile, context=words, source={**GIT, "author": words}, archive_path=hostile), secret=words, rule_name=words)
    receipt = build.coverage(Skip("failed", hostile, "unreadable", words), notes=[words])
    text = build.render(fmt, [finding], receipt)
    assert text.isascii()
    assert "##" not in text
    assert text.replace("\n", "").isprintable()
    lines = [json.loads(line) for line in text.splitlines()] if fmt == "jsonl" else [json.loads(text)]
    for line in lines:
        json.dumps(line, ensure_ascii=False).encode()  # no lone surrogate that strict readers choke on
    record = lines[0] if fmt == "jsonl" else lines[0]["findings"][0]
    if "path_bytes" not in record:
        assert record["path"].encode() == hostile


def test_ten_thousand_findings_are_written_one_by_one(build):
    class Counting:
        biggest = total = 0

        def write(self, text):
            self.biggest, self.total = max(self.biggest, len(text)), self.total + len(text)

    from leaksieve.reports import make
    from leaksieve.reports.base import View

    reporter, stream = make("json"), Counting()
    reporter.start(stream, View())
    for number in range(10_000):
        reporter.finding(build.finding(fingerprint=f"github:{number}"), build.rule())
    before = stream.total
    reporter.finish(build.coverage())
    assert before > 8_000_000
    assert stream.biggest < 10_000
