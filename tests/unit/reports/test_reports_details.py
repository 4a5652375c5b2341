"""What a value tells of itself, in every format."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from leaksieve.reports.text_finding import about

DETAILS = {"account": "123456789012", "expires": "2020-01-01T00:00:00Z", "expired": True, "bits": 2048, "encrypted": False}


def lines(text):
    return [line.strip() for line in text.splitlines()]


def test_text_says_it_under_the_line(build):
    text = build.render("text", [build.finding(details=DETAILS)])
    assert "about account 123456789012; expires 2020-01-01T00:00:00Z; expired; bits 2048; not encrypted" in " ".join(lines(text))
    assert "about" not in build.render("text", [build.finding()])


def test_truth_values_in_words():
    assert about({"encrypted": True, "expired": False}) == "encrypted"
    assert about({"encrypted": False, "key_type": "RSA"}) == "not encrypted; key type RSA"
    assert about({}) == ""


def test_json_and_jsonl_hold_them(build):
    from importlib.resources import files

    whole = json.loads(build.render("json", [build.finding(details=DETAILS)]))
    assert whole["findings"][0]["details"] == DETAILS
    schema = json.loads(files("leaksieve.reports").joinpath("schema.json").read_text())
    Draft202012Validator(schema).validate(whole)
    assert next(json.loads(line) for line in build.render("jsonl", [build.finding(details=DETAILS)]).splitlines() if "rule_id" in line)["details"] == DETAILS
    assert json.loads(build.render("json", [build.finding()]))["findings"][0]["details"] == {}


def test_sarif_holds_them_as_properties(build):
    (result,) = json.loads(build.render("sarif", [build.finding(details=DETAILS)]))["runs"][0]["results"]
    assert result["properties"]["details"] == DETAILS
    (bare,) = json.loads(build.render("sarif", [build.finding()]))["runs"][0]["results"]
    assert "details" not in bare["properties"]


def test_a_hostile_issuer_reaches_no_terminal_and_breaks_no_file(build):
    hostile = {"issuer": "\x1b[31m##vso[task]\u202e\ud800\n::error::"}
    findings = [build.finding(details=hostile)]
    text = build.render("text", findings)
    assert not {"\x1b", "\u202e", "\ud800"} & set(text)
    assert "##vso" not in text
    assert not any(line.startswith("::error") for line in text.splitlines())
    for form in ("json", "jsonl", "sarif"):
        build.render(form, findings).encode()
