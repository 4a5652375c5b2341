"""Where an image holds a secret: every format says the same layer, step and whether it can still be seen."""

from __future__ import annotations

import csv
import io
import json

import pytest

LAYER = "abcdef0123456789" * 4
GONE = {
    "kind": "image",
    "image": "app:1",
    "layer": f"sha256:{LAYER}",
    "layer_index": 0,
    "created_by": "COPY settings /srv",
    "base_layer": True,
    "deleted_later": True,
    "deleted_in": 2,
    "deleted_by": "RUN cleanup",
    "visible": False,
    "where": "file",
}
WORDS = "image app:1, layer 0 (abcdef012345), of the base image; step COPY settings /srv; deleted by layer 2 (RUN cleanup), still in the image"
SEEN = {
    **GONE,
    "layer": "sha256:" + "9" * 64,
    "layer_index": 3,
    "base_layer": False,
    "deleted_later": False,
    "deleted_in": None,
    "deleted_by": None,
    "visible": True,
}
SEEN_WORDS = "image app:1, layer 3 (999999999999); step COPY settings /srv; visible in the final image"
ENV = {"kind": "image", "image": "app:1", "layer": None, "layer_index": None, "where": "env", "name": "DB_PASSWORD", "visible": True}
ENV_WORDS = "image app:1, env DB_PASSWORD; visible in the final image"
EVERY = ["text", "markdown", "html", "junit", "csv", "github", "gitlab", "sarif"]


def said(build, fmt, *occurrences):
    """What a format says, with its digests short and on one line."""
    text = build.render(fmt, [build.finding(*occurrences)])
    return " ".join(text.replace(f"sha256:{LAYER}", LAYER[:12]).replace("sha256:" + "9" * 64, "9" * 12).split())


def results(build, *findings):
    log = json.loads(build.render("sarif", findings))
    return [result for run in log["runs"] for result in run["results"]]


@pytest.mark.parametrize("fmt", EVERY)
@pytest.mark.parametrize(("path", "source", "words"), [(b"srv/a.env", GONE, WORDS), (b"srv/a.env", SEEN, SEEN_WORDS), (b"", ENV, ENV_WORDS)])
def test_every_format_words_a_place_of_an_image_alike(build, fmt, path, source, words):
    assert words in said(build, fmt, build.occurrence(path, source=source))


@pytest.mark.parametrize("fmt", EVERY)
def test_of_several_layers_the_one_that_can_be_seen_is_told(build, fmt):
    places = [build.occurrence(b"srv/a.env", source=GONE), build.occurrence(b"srv/a.env", source=SEEN)]
    for order in (places, places[::-1]):
        assert SEEN_WORDS in said(build, fmt, *order)


@pytest.mark.parametrize("fmt", ["text", "markdown", "junit", "github", "gitlab", "sarif"])
def test_a_layer_that_cannot_be_seen_is_not_told_beside_one_that_can(build, fmt):
    assert WORDS not in said(build, fmt, build.occurrence(b"srv/a.env", source=GONE), build.occurrence(b"srv/a.env", source=SEEN))


def test_a_file_in_an_image_is_no_file_that_github_could_annotate(build):
    error = next(line for line in build.render("github", [build.finding(build.occurrence(b"srv/a.env", 7, source=GONE))]).splitlines() if "::error" in line)
    assert "file=" not in error
    assert f"at srv/a.env:7:14. It is in {WORDS}." in error


def test_junit_says_the_layer_before_what_a_leak_means(build):
    lines = build.render("junit", [build.finding(build.occurrence(b"srv/a.env", source=GONE))]).splitlines()
    assert next(line for line in lines if line.startswith("why: ")) == f"why: It is in {WORDS}."


def test_the_note_of_a_row_says_the_layer_then_the_live_check(build):
    checked = {"verifier": "x", "detail": None, "checked": "2026-01-02T03:04:05Z", "identity": {}, "access": {}}
    finding = build.finding(build.occurrence(b"srv/a.env", source=GONE), build.occurrence(b"srv/a.env", source=SEEN), verdict="active", verification=checked)
    rows = list(csv.DictReader(io.StringIO(build.render("csv", [finding]))))
    assert [row["note"].split(". active; checked")[0] for row in rows[:2]] == [f"It is in {WORDS}", f"It is in {SEEN_WORDS}"]
    plain = list(csv.DictReader(io.StringIO(build.render("csv", [build.finding()]))))
    assert plain[0]["note"] == ""


def test_a_result_has_the_layer_in_its_properties(build):
    (result,) = results(build, build.finding(build.occurrence(b"srv/a.env", source=GONE)))
    told = {"image": "app:1", "layer": f"sha256:{LAYER}", "layer_index": 0, "created_by": "COPY settings /srv", "where": "file"}
    assert told.items() <= result["properties"].items()
    (result,) = results(build, build.finding(build.occurrence(b"", source=ENV)))
    assert not {"layer", "layer_index", "created_by"} & set(result["properties"])


def test_a_path_in_several_layers_is_one_result_and_each_path_and_image_one_of_its_own(build):
    places = [
        build.occurrence(b"srv/a.env", 3, source=GONE, line_hash="", location_id="1"),
        build.occurrence(b"srv/a.env", 3, source={**GONE, "layer_index": 1}, line_hash="", location_id="2"),
        build.occurrence(b"srv/a.env", 3, source=SEEN, line_hash="", location_id="3"),
        build.occurrence(b"srv/a.env", 9, source=SEEN, line_hash="", location_id="4"),
        build.occurrence(b"srv/b.env", 3, source=GONE, line_hash="", location_id="5"),
        build.occurrence(b"srv/a.env", 3, source={**SEEN, "image": "app:2"}, line_hash="", location_id="6"),
    ]
    found = results(build, build.finding(*places))
    assert sorted(result["properties"]["locationId"] for result in found) == ["3", "4", "5", "6"]
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in found]
    assert len(set(hashes)) == len(found)
    again = results(build, build.finding(*places[::-1]))
    assert sorted(result["partialFingerprints"]["primaryLocationLineHash"] for result in again) == sorted(hashes)


@pytest.mark.parametrize("excuse", [{"allowed": "reviewed"}, {"already_present": True}])
def test_what_is_held_against_somebody_stands_for_all_at_an_address(build, excuse):
    places = [build.occurrence(b"srv/a.env", source=SEEN, **excuse), build.occurrence(b"srv/a.env", source=GONE)]
    for order in (places, places[::-1]):
        (result,) = results(build, build.finding(*order))
        assert result["properties"]["layer_index"] == 0
        assert not result.get("suppressions")


@pytest.mark.parametrize("fmt", ["text", "markdown", "junit", "github", "html"])
def test_a_rule_without_steps_still_says_what_to_do(build, fmt):
    text = build.render(fmt, [build.finding()], rules=lambda **named: build.rule(revoke=("", " "), **named))
    assert "Revoke it where it was issued and replace it." in " ".join(text.split())
