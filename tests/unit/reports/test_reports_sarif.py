"""SARIF as the standard, GitHub and GitLab want it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import attr
import jsonschema
import pytest
import sarif_om
from gitplace import GIT
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.address import uri, web_address
from leaksieve.reports.base import View
from leaksieve.reports.sarif_object import message_text, plain_object
from leaksieve.reports.sarif_rules import pascal, rule_descriptor

# The published schema of SARIF 2.1.0 (Errata 01), from github.com/oasis-tcs/sarif-spec, sarif-2.1/schema.
SCHEMA = json.loads((Path(__file__).parents[2] / "support" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)
# Microsoft's Sarif.Multitool; looked up here, since tests run without the project's own variables.
MULTITOOL = os.environ.get("LEAKSIEVE_SARIF_VALIDATOR", "")
IMAGE = {"kind": "image", "image": "registry:5000/app:1", "layer": "sha256:ab", "where": "file"}


def sarif(build, findings=(), receipt=None, **kwargs):
    log = json.loads(build.render("sarif", findings, receipt, **kwargs))
    VALIDATOR.validate(log)
    return log


def results(log):
    return [result for run in log["runs"] for result in run["results"]]


def places(log):
    return [result["locations"][0]["physicalLocation"] for result in results(log)]


def everything(build):
    """Findings and skips of every kind, for the validators."""
    live = build.finding(build.occurrence(), build.occurrence(b"a b/c:d.py", 1), build.occurrence(b"old", source=GIT), fingerprint="f:1")
    gone = build.finding(build.occurrence(b"gone.txt", source=GIT, line_hash=""), fingerprint="f:2", severity="medium")
    image = build.finding(
        build.occurrence(b"/etc/pass", source=IMAGE, line_hash=""), fingerprint="f:3", rule_id="aws-key", rule_name="AWS key", severity="info"
    )
    label = build.finding(
        build.occurrence(b"", source={**IMAGE, "where": "label"}, line_hash="", context=""), fingerprint="f:4", rule_id="aws-key", rule_name="AWS key"
    )
    commit = build.finding(build.occurrence(b"", source={**GIT, "object_type": "commit"}, line_hash=""), fingerprint="f:5", severity="low")
    allowed = build.finding(build.occurrence(b"t.py", allowed="test value"), fingerprint="f:6", allowed="test value")
    packed = build.finding(build.occurrence(b"a.zip", archive_path=b"in/ner:1", decoded=("base64",)), fingerprint="f:7")
    skips = [Skip("failed", b"a:\xff", "unreadable", "Permission [denied]"), Skip("excluded", b"big", "too-large"), Skip("excluded", b"", "too-large", count=7)]
    return [live, gone, image, label, commit, allowed, packed], build.coverage(*skips, notes=["Configuration of the repository was ignored."])


def test_the_object_model_names_every_property_as_the_schema_does():
    """All but one, which the serialiser puts right; a new release of the model shows here."""
    wrong = {}
    for name in dir(sarif_om):
        cls = getattr(sarif_om, name)
        if not (isinstance(cls, type) and attr.has(cls)):
            continue
        definition = SCHEMA if name == "SarifLog" else SCHEMA["definitions"][name[0].lower() + name[1:]]
        off = {field.metadata["schema_property_name"] for field in attr.fields(cls)} ^ set(definition["properties"])
        if off:
            wrong[name] = off
    assert wrong == {"Suppression": {"state", "status"}}
    assert plain_object(sarif_om.Suppression(kind="external", state="accepted")) == {"kind": "external", "status": "accepted"}


def test_a_default_is_dropped_but_a_level_never(build):
    assert plain_object(sarif_om.Message(text="x")) == {"text": "x"}
    assert plain_object(sarif_om.Result(message=sarif_om.Message(text="x"))) == {"message": {"text": "x"}, "level": "warning"}
    assert "contents" not in plain_object(sarif_om.ToolComponent(name="x"))
    with pytest.raises(TypeError):
        plain_object(object())


def test_everything_is_valid_and_has_what_the_hosts_require(build):
    findings, receipt = everything(build)
    log = sarif(build, findings, receipt)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run = log["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["automationDetails"] == {"id": "leaksieve/"}
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("leaksieve", "0.1.0")
    assert [rule["id"] for rule in driver["rules"]] == ["aws-key", "github-classic-token"]
    for rule in driver["rules"] + driver["notifications"]:
        assert all(rule[name]["text"].strip() for name in ("shortDescription", "fullDescription", "help"))
        assert len(rule["fullDescription"]["text"]) <= 1024
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert "kind" not in result  # the default, "fail"; another kind forbids a level
        assert result["message"]["text"].strip()
        assert re.fullmatch(r"[0-9a-f]+:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
        assert result["partialFingerprints"]["secretHash/v1"].startswith("f:")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert place["artifactLocation"]["uri"]
        region = place["region"]
        assert {"startLine", "startColumn", "endLine", "endColumn"} <= set(region)
        assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])
    assert "originalUriBaseIds" not in run
    assert "jane@example.org" not in json.dumps(log)


def test_the_rule_says_severity_precision_and_kind(build):
    rules = {level: sarif(build, [build.finding(severity=level)])["runs"][0] for level in ("critical", "high", "medium", "low", "info")}
    scores = {level: run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] for level, run in rules.items()}
    assert scores == {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
    levels = {level: run["results"][0]["level"] for level, run in rules.items()}
    assert levels == {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
    assert {run["results"][0]["rank"] for run in rules.values()} == {95.0, 80.0, 55.0, 30.0, 0.0}
    assert rules["low"]["tool"]["driver"]["rules"][0]["properties"]["precision"] == "high"


def test_tags_carry_the_weakness(build):
    tags = plain_object(rule_descriptor(build.rule(tags=("generic", *(f"t{number}" for number in range(20))))))["properties"]["tags"]
    assert tags[:2] == ["security", "cwe-798"]
    assert len(tags) == 10
    tags = plain_object(rule_descriptor(build.rule(tags=("cwe-321",))))["properties"]["tags"]
    assert "cwe-321" in tags
    assert "cwe-798" not in tags
    assert len(tags) == len(set(tags))


def test_a_rule_without_texts_still_has_them(build):
    record = plain_object(rule_descriptor(build.rule(name="", impact="", documentation="", rotation="see wiki", revoke=("", " "))))
    assert record["shortDescription"]["text"] == "github-classic-token"
    assert record["fullDescription"]["text"] == "Whoever holds this credential can use it as its owner."
    assert "1. Revoke" in record["help"]["markdown"]
    assert "helpUri" not in record


def test_help_holds_impact_steps_and_links(build):
    record = plain_object(rule_descriptor(build.rule()))
    for form in ("text", "markdown"):
        for words in ("acts as its owner", "Delete the token", "Look through", "https://github.com/settings/tokens"):
            assert words in record["help"][form]
    assert record["helpUri"] == "https://docs.github.com/en/authentication"
    assert record["name"] == "GithubClassicToken"


def test_long_texts_stay_under_the_limits_of_the_hosts(build):
    record = plain_object(rule_descriptor(build.rule(name="n" * 5000, impact="i" * 5000)))
    assert len(record["shortDescription"]["text"]) == 255
    assert len(record["fullDescription"]["text"]) == 1000
    long = build.finding(rule_name="{[\\" * 5000)
    assert len(results(sarif(build, [long]))[0]["message"]["text"]) <= 2048


@given(st.binary())
def test_no_path_becomes_anything_but_a_relative_address(path):
    address = uri(path)
    parts = urlsplit(address)
    assert not (parts.scheme)
    assert not (parts.netloc)
    assert not (parts.query)
    assert not (parts.fragment)
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]*", address)
    assert not address.startswith("/")
    assert not {"", ".", ".."} & set(address.split("/")) or address == ""


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (b"a b/c.txt", "a%20b/c.txt"),
        (b"http:x", "http%3Ax"),
        (b"C:\\x", "C%3A%5Cx"),
        (b"//host/x", "host/x"),
        (b"./a//../b", "a/_../b"),
        (b"a\xff", "a%FF"),
        ("é?#%".encode(), "%C3%A9%3F%23%25"),
    ],
)
def test_addresses(path, address):
    assert uri(path) == address
    if b".." not in path:
        assert unquote_to_bytes(address) in path


def test_each_place_at_head_is_a_result_and_history_is_one(build):
    head = {**GIT, "at_head": True}
    both = build.finding(
        build.occurrence(b"a", 1, source=GIT),
        build.occurrence(b"a", 2, source=head),
        build.occurrence(b"b", 3, source=head),
        build.occurrence(b"b", 3, source=head),
    )
    assert [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places(sarif(build, [both]))] == [("a", 2), ("b", 3)]
    past = build.finding(build.occurrence(b"a", 1, source=GIT), build.occurrence(b"b", 2, source=GIT))
    log = sarif(build, [past])
    assert [place["artifactLocation"]["uri"] for place in places(log)] == ["a"]
    assert "not at HEAD" in results(log)[0]["message"]["text"]
    assert results(log)[0]["properties"]["commit"] == "c" * 40


@pytest.mark.parametrize(
    ("path", "source", "address"),
    [
        (b"/etc/x", IMAGE, "images/registry%3A5000/app%3A1/etc/x"),
        (b"", {**IMAGE, "where": "label"}, "images/registry%3A5000/app%3A1/label"),
        (b"", {"kind": "image"}, "images/config"),
        (b"", {**GIT, "object_type": "commit"}, "git/commit/" + "b" * 40),
        (b"", {"kind": "git"}, "git/object/unknown"),
        (b"in.txt", {"kind": "stdin"}, "in.txt"),
        (b"", {"kind": "stdin"}, "stdin"),
    ],
)
def test_what_is_no_file_has_a_stable_address(build, path, source, address):
    assert places(sarif(build, [build.finding(build.occurrence(path, source=source))]))[0]["artifactLocation"]["uri"] == address


def test_a_line_hash_is_made_where_there_is_none_and_stays_the_same(build):
    def hashes(line):
        here = [build.occurrence(b"x", line + number, line_hash="", location_id=known) for number, known in enumerate(("", "", "0123"))]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results(sarif(build, [build.finding(*here)]))]

    assert hashes(1) == hashes(500)
    assert len(set(hashes(1))) == 3


def test_regions_are_sane_even_for_odd_numbers(build):
    odd = build.occurrence(start_line=0, end_line=0, start_column=0, end_column=0)
    region = places(sarif(build, [build.finding(odd)]))[0]["region"]
    assert [region[name] for name in ("startLine", "startColumn", "endLine", "endColumn")] == [1, 1, 1, 2]
    block = build.occurrence(b"k", start_line=3, end_line=9, start_column=5, end_column=1)
    region = places(sarif(build, [build.finding(block)]))[0]["region"]
    assert [region[name] for name in ("startLine", "startColumn", "endLine", "endColumn")] == [3, 5, 9, 1]


def test_snippets_are_the_masked_ones(build):
    place = places(sarif(build, [build.finding()]))[0]
    assert place["region"]["snippet"]["text"] == build.MASK
    assert build.MASK in place["contextRegion"]["snippet"]["text"]


def test_allowed_places_are_suppressed_and_the_others_say_they_are_not(build):
    inline = build.finding(
        build.occurrence(allowed="inline comment leaksieve:allow (example)"), build.occurrence(b"live"), build.occurrence(b"c", allowed="configuration: x")
    )
    listed = build.finding(allowed="in the baseline")
    suppressions = [result["suppressions"] for result in results(sarif(build, [inline, listed]))]
    assert suppressions == [
        [{"kind": "inSource", "status": "accepted", "justification": "inline comment leaksieve:allow (example)"}],
        [],
        [{"kind": "external", "status": "accepted", "justification": "configuration: x"}],
        [{"kind": "external", "status": "accepted", "justification": "in the baseline"}],
    ]
    assert "suppressions" not in results(sarif(build, [build.finding()]))[0]


def test_only_a_staged_scan_tells_old_from_new(build):
    mixed = [build.finding(build.occurrence(already_present=True), build.occurrence(b"n"))]
    assert [result.get("baselineState") for result in results(sarif(build, mixed))] == [None, None]
    assert [result.get("baselineState") for result in results(sarif(build, mixed, view=View(staged=True)))] == ["unchanged", "new"]


def test_skips_are_notifications_and_failures_make_the_run_unsuccessful(build):
    findings, receipt = everything(build)
    run = sarif(build, findings, receipt)["runs"][0]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.800Z")
    notices = invocation["toolExecutionNotifications"]
    assert [(notice["descriptor"]["id"], notice["level"]) for notice in notices] == [
        ("note/remark", "note"),
        ("failed/unreadable", "error"),
        ("excluded/too-large", "note"),
        ("excluded/too-large", "note"),
    ]
    descriptors = run["tool"]["driver"]["notifications"]
    assert all(descriptors[notice["descriptor"]["index"]]["id"] == notice["descriptor"]["id"] for notice in notices)
    assert notices[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%3A%FF"
    assert "7 more left out" in notices[3]["message"]["text"]


@pytest.mark.parametrize("changes", [{"interrupted": True}, {"strict": True}])
def test_an_incomplete_run_is_not_successful(build, changes):
    receipt = build.coverage(Skip("excluded", b"x", "too-large"), **changes)
    assert sarif(build, [], receipt)["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert sarif(build, [], build.coverage())["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_no_finding_is_a_valid_run_with_no_rule(build):
    run = sarif(build)["runs"][0]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_hostile_bytes_stay_data(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    finding = build.finding(build.occurrence(hostile, context=words, archive_path=hostile, allowed=words), secret=words, rule_name=words)
    receipt = build.coverage(Skip("failed", hostile, "unreadable", words), notes=[words])
    text = build.render("sarif", [finding], receipt)
    assert text.isascii()
    log = json.loads(text)
    VALIDATOR.validate(log)
    messages = [results(log)[0]["message"]["text"]] + [notice["message"]["text"] for notice in log["runs"][0]["invocations"][0]["toolExecutionNotifications"]]
    assert all(message.isprintable() for message in messages)
    assert "##" not in text
    assert not any(re.search(r"(?<!\\)(?:\\\\)*\[[^\]]*\]\(", message) or re.search(r"(?<!\{)\{\d", message) for message in messages)


def test_message_text_leaves_no_link_and_no_placeholder():
    assert message_text("[a](b) {0} c\\d\n") == "\\[a\\](b) {{0}} c\\\\d\\\\x0a"


def test_fifty_thousand_results_go_into_runs_of_five_thousand(build):
    findings = [build.finding(build.occurrence(line=number + 1), fingerprint=f"f:{number}", rule_id=f"rule-{number % 3}") for number in range(50_001)]
    log = json.loads(build.render("sarif", findings))
    assert [len(run["results"]) for run in log["runs"]] == [5000] * 10 + [1]
    assert [run["automationDetails"]["id"] for run in log["runs"]] == ["leaksieve/", *(f"leaksieve-{number}/" for number in range(2, 12))]
    assert [len(run["tool"]["driver"]["rules"]) for run in log["runs"]] == [3] * 10 + [1]
    assert len({result["partialFingerprints"]["secretHash/v1"] for run in log["runs"] for result in run["results"]}) == 50_001
    assert "Part 2 of 11" in log["runs"][1]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    for run in log["runs"]:
        run["results"] = run["results"][:3]
    VALIDATOR.validate(log)


def test_what_does_not_fit_twenty_runs_is_counted(build, monkeypatch):
    monkeypatch.setattr("leaksieve.reports.sarif.RESULTS_PER_RUN", 2)
    monkeypatch.setattr("leaksieve.reports.sarif.RUNS_PER_FILE", 3)
    log = sarif(build, [build.finding(build.occurrence(line=number)) for number in range(1, 10)])
    assert len(log["runs"]) == 3
    invocation = log["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("3 further results do not fit")


def test_thousands_of_skips_do_not_fill_the_file(build):
    receipt = build.coverage(*(Skip("failed", b"%d" % number, "unreadable") for number in range(3000)))
    notices = sarif(build, [], receipt)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert len(notices) == 1001
    assert "2,000 further things" in notices[-1]["message"]["text"]


def test_names_and_addresses():
    assert pascal("failed/too_large-x") == "FailedTooLargeX"
    assert web_address("javascript:x", "https://a b", "https://ok.example/x") == "https://ok.example/x"
    assert web_address("") is None


@pytest.mark.skipif(not MULTITOOL, reason="set LEAKSIEVE_SARIF_VALIDATOR to the path of Microsoft's Sarif.Multitool")
def test_microsofts_validator_finds_no_error(build, tmp_path):
    findings, receipt = everything(build)
    reports = {
        "all": build.render("sarif", findings, receipt),
        "staged": build.render("sarif", findings, receipt, View(staged=True)),
        "none": build.render("sarif"),
        "split": build.render("sarif", [build.finding(build.occurrence(line=number)) for number in range(1, 5003)]),
    }
    for name, text in reports.items():
        (tmp_path / f"{name}.sarif").write_text(text, encoding="utf-8")
        command = [MULTITOOL, "validate", f"{name}.sarif", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}, check=False
        )
        print(done.stdout)
        assert "Analysis completed successfully" in done.stdout
        assert not re.findall(r".*: (?:error|warning) .*", done.stdout)
