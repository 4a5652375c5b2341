"""GitLab's secret detection report.

The schema below is written from GitLab's documentation of its format: what it requires, and the
kinds and limits of the fields that are used here.  With LEAKSIEVE_GITLAB_SCHEMA set to a copy of
the published ``secret-detection-report-format.json`` reports are checked against that as well.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from pathlib import Path

import jsonschema
from gitplace import GIT

from leaksieve.model import Skip
from leaksieve.reports.gitlab import NO_COMMIT, SCHEMA_VERSION
from leaksieve.reports.marks import code

TEXT = {"type": "string", "minLength": 1}
TOOL = {
    "type": "object",
    "required": ["id", "name", "version", "vendor"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "version": TEXT,
        "url": {"pattern": "^https?://.+"},
        "vendor": {"required": ["name"], "properties": {"name": TEXT}},
    },
}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
SCHEMA = {
    "type": "object",
    "required": ["scan", "version", "vulnerabilities"],
    "properties": {
        "version": {"const": SCHEMA_VERSION},
        "schema": {"pattern": "^https?://.+"},
        "scan": {
            "type": "object",
            "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
            "properties": {
                "analyzer": TOOL,
                "scanner": TOOL,
                "start_time": TIME,
                "end_time": TIME,
                "status": {"enum": ["success", "failure"]},
                "type": {"const": "secret_detection"},
                "messages": {
                    "type": "array",
                    "items": {"required": ["level", "value"], "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT}},
                },
                "options": {
                    "type": "array",
                    "items": {"required": ["name", "value"], "properties": {"source": {"enum": ["argument", "file", "env_variable", "other"]}}},
                },
            },
        },
        "vulnerabilities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "properties": {
                    "id": TEXT,
                    "name": {"type": "string", "minLength": 1, "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1048576},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "maxLength": 7000},
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "required": ["type", "name", "value"],
                            "properties": {"type": TEXT, "name": TEXT, "value": TEXT, "url": {"pattern": "^(https?|ftp)://.+"}},
                        },
                    },
                    "links": {"type": "array", "items": {"required": ["url"], "properties": {"url": {"pattern": "^(https?|ftp)://.+"}}}},
                    "details": {
                        "type": "object",
                        "additionalProperties": {
                            "required": ["name", "type", "value"],
                            "properties": {"name": TEXT, "type": {"const": "value"}, "value": {"type": ["number", "string", "boolean"]}},
                        },
                    },
                    "location": {
                        "type": "object",
                        "required": ["file", "start_line", "end_line", "commit"],
                        "properties": {
                            "file": TEXT,
                            "start_line": {"type": "integer", "minimum": 1},
                            "end_line": {"type": "integer", "minimum": 1},
                            "commit": {"required": ["sha"], "properties": {"sha": TEXT}, "additionalProperties": False},
                        },
                    },
                },
            },
        },
    },
}
PUBLISHED = os.environ.get("LEAKSIEVE_GITLAB_SCHEMA")


def gitlab(build, findings=(), receipt=None, **kwargs):
    text = build.render("gitlab", findings, receipt, **kwargs)
    assert text.isascii()
    report = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    if PUBLISHED:
        published = json.loads(Path(PUBLISHED).read_text(encoding="utf-8"))
        jsonschema.Draft7Validator(published).validate(report)
        assert published["self"]["version"] == SCHEMA_VERSION
    return report


def test_a_place_at_head_is_a_vulnerability_each(build):
    finding = build.finding(build.occurrence(), build.occurrence(), build.occurrence(b"b.py", 3), build.occurrence(b"old", source=GIT))
    report = gitlab(build, [finding])
    assert [each["location"]["file"] for each in report["vulnerabilities"]] == ["config/deploy.env", "b.py"]
    first = report["vulnerabilities"][0]
    assert first["severity"] == "Critical"
    assert first["name"] == "GitHub personal access token (classic)"
    assert first["location"] == {"file": "config/deploy.env", "start_line": 12, "end_line": 12, "commit": {"sha": NO_COMMIT}}
    assert [each["type"] for each in first["identifiers"]] == ["leaksieve_rule_id", "cwe"]
    assert first["identifiers"][0]["value"] == "github-classic-token"
    assert [each["url"] for each in first["links"]] == ["https://github.com/settings/tokens", "https://docs.github.com/en/authentication"]
    assert "Delete the token" in first["solution"]


def test_a_secret_of_the_history_alone_is_one_with_its_commit_and_nobodys_name(build):
    finding = build.finding(build.occurrence(b"a", source=GIT), build.occurrence(b"b", source={**GIT, "commit": "d" * 40}))
    report = gitlab(build, [finding])
    (only,) = report["vulnerabilities"]
    assert only["location"]["commit"] == {"sha": "c" * 40}
    assert "still in the history, in commit cccccccccccc" in only["description"]
    assert "Jane" not in json.dumps(report)


def test_a_file_scanned_with_its_history_says_the_commit(build):
    finding = build.finding(build.occurrence(), build.occurrence(source={**GIT, "at_head": True}))
    (only,) = gitlab(build, [finding])["vulnerabilities"]
    assert only["location"]["commit"] == {"sha": "c" * 40}


def test_ids_are_uuids_and_stay(build):
    findings = [build.finding(build.occurrence(), build.occurrence(b"b")), build.finding(fingerprint="f:2")]
    ids = [each["id"] for each in gitlab(build, findings)["vulnerabilities"]]
    assert len(set(ids)) == 3
    assert all(str(uuid.UUID(each)) == each for each in ids)
    moved = build.finding(build.occurrence()._replace(start_line=99, end_line=99))
    assert gitlab(build, [moved])["vulnerabilities"][0]["id"] == ids[0]


def test_accepted_places_are_counted_and_left_out(build):
    finding = build.finding(build.occurrence(), build.occurrence(b"t.py", allowed="inline comment"))
    whole = build.finding(allowed="configuration: known", fingerprint="f:2")
    known = build.finding(allowed="in the baseline known.txt", baselined=True, fingerprint="f:3")
    report = gitlab(build, [finding, whole, known])
    assert len(report["vulnerabilities"]) == 1
    said = [message["value"] for message in report["scan"]["messages"] if "left out" in message["value"]]
    assert said == ["1 place of secrets in the baseline left out of this report.", "2 places of accepted secrets left out of this report."]


def test_the_receipt_is_in_the_scan(build):
    scan = gitlab(build, receipt=build.coverage(Skip("excluded", b"", "ignored", count=7), notes=["a note"]))["scan"]
    assert (scan["status"], scan["start_time"], scan["end_time"]) == ("success", "2026-01-02T03:04:05", "2026-01-02T03:04:05")
    said = [message["value"] for message in scan["messages"]]
    assert said == ["Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules.", "Complete.", "Left out: 7 ignored by git.", "a note"]
    assert {option["name"]: option["value"] for option in scan["options"]}["ruleset"] == "sha256:feed"


def test_an_incomplete_scan_is_a_failure_that_names_what_is_missing(build):
    skips = [Skip("failed", b"f%d" % number, "unreadable", "denied") for number in range(103)]
    scan = gitlab(build, receipt=build.coverage(*skips, started="soon"))["scan"]
    assert scan["status"] == "failure"
    warnings = [message["value"] for message in scan["messages"] if message["level"] == "warn"]
    assert warnings[0].startswith("INCOMPLETE")
    assert "f0 could not be scanned: unreadable: denied" in warnings
    assert warnings[-1].startswith("3 further things")
    assert scan["start_time"] == "1970-01-01T00:00:00"


def test_the_key_tag_chooses_the_weakness(build):
    report = gitlab(build, [build.finding()], rules=lambda **given: build.rule(**given, tags=("cwe-321",), rotation="see wiki", documentation=""))
    assert report["vulnerabilities"][0]["identifiers"][1]["value"] == "321"
    assert "links" not in report["vulnerabilities"][0]


def test_hostile_bytes_stay_data(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    place = build.occurrence(hostile, context=words, archive_path=hostile, start_line=0, end_line=0)
    finding = build.finding(place, secret=words, rule_name=words * 40)
    receipt = build.coverage(Skip("failed", hostile, "unreadable", words), notes=[words])
    report = gitlab(build, [finding], receipt, rules=lambda **given: build.rule(**{**given, "impact": words, "revoke": (words,)}))
    text = json.dumps(report, ensure_ascii=False)
    assert text.isprintable()
    assert not re.search(r"##[\w.-]*\[", text)
    description = report["vulnerabilities"][0]["description"]
    assert code(words) in description
    # Outside of code spans nothing is left that Markdown would act on.
    outside = re.sub(r"`[^`]*`|<code>[^<]*</code>", "", description)
    assert not set(outside) & set("`*_[]<>#@!|~\\{}$&^=")
