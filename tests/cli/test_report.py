"""``report convert`` and ``report merge``, and every format from a scan."""

import csv
import json
import os
import stat
from xml.etree import ElementTree as ET

import pytest

from leaksieve.reports import FORMATS
from leaksieve.ruleset.template import expand


@pytest.fixture
def scanned(place, token):
    place.write("t/a.env", f"GITHUB_TOKEN={token}\n")
    place.write("t/weird|`name`.py", f"TOKEN = '{token}'\n")
    return place


def test_one_scan_writes_every_format(scanned, token):
    names = [f"report.{fmt}" for fmt in FORMATS]
    options = [option for fmt, name in zip(FORMATS, names, strict=True) for option in ("-f", fmt, "-o", name)]
    done = scanned.run("dir", "t", *options, "-q")
    assert (done.code, done.out) == (1, ""), done
    texts = {fmt: (scanned.path / name).read_text() for fmt, name in zip(FORMATS, names, strict=True)}
    assert all(token not in text and "a.env" in text for text in texts.values())
    assert len(json.loads(texts["gitlab"])["vulnerabilities"]) == 2
    assert ET.fromstring(texts["junit"]).get("failures") == "2"
    assert [row[0] for row in csv.reader(texts["csv"].splitlines())] == ["record", "place", "place", "coverage"]
    assert texts["github"].count("::error file=") == 2
    assert texts["markdown"].startswith("## leaksieve: 1 secret in 2 places: 1 critical\n")


@pytest.mark.parametrize("engine", ["aho-corasick", "hyperscan"])
def test_a_report_holds_nothing_to_report(place, token, engine):
    # The rotation page of Slack's tokens ends in `auth.revoke`, and the next field of a table is the fingerprint.
    lines = [
        f"GITHUB_TOKEN={token}",
        expand("SLACK_BOT_TOKEN=xoxb-<int:12>-<int:13>-<alnum:24>", 3).decode(),
        expand("ELASTIC_PASSWORD=<pass:16>", 4).decode(),
        expand('api_key = "<alnum:32>"', 5).decode(),
        expand('db_password = "<pass:16>"', 8).decode(),
        expand("AWS_SECRET_ACCESS_KEY=<base64:40>", 6).decode(),
    ]
    place.write("t/a.env", "\n".join(lines) + "\n")
    options = [option for fmt in FORMATS for option in ("-f", fmt, "-o", f"r/{fmt}.{fmt}")]
    (place.path / "r").mkdir()
    assert place.run("dir", "t", *options, "-q").code == 1
    rows = [row for row in csv.reader((place.path / "r" / "csv.csv").read_text().splitlines()) if row[0] == "place"]
    assert {row[3] for row in rows} >= {"slack-bot-token", "elastic-password", "generic-api-key", "generic-password"}
    done = place.run("dir", "r", "--engine", engine, "--confidence", "low")
    assert done.code == 0, done
    assert "No secrets found" in done.out


def test_json_and_gitlab_may_both_end_in_json(scanned):
    done = scanned.run("dir", "t", "-f", "json", "-o", "r.json", "-f", "gitlab", "-o", "gl-secret-detection-report.json", "-q")
    assert done.code == 1, done
    assert json.loads((scanned.path / "gl-secret-detection-report.json").read_text())["scan"]["type"] == "secret_detection"


def test_revealing_is_asked_for_in_every_format(scanned, token):
    for fmt in FORMATS:
        assert token in scanned.run("dir", "t", "-f", fmt, "-q", "--reveal").out, fmt


@pytest.mark.parametrize("source", ["json", "jsonl"])
def test_a_converted_report_is_the_one_of_the_scan(scanned, source):
    wanted = [fmt for fmt in FORMATS if fmt != "sarif"]
    options = [option for fmt in wanted for option in ("-f", fmt, "-o", f"scan.{fmt}")]
    scanned.run("dir", "t", *options)
    options = [option for fmt in wanted for option in ("-f", fmt, "-o", f"again.{fmt}")]
    done = scanned.run("report", "convert", f"scan.{source}", *options)
    assert (done.code, done.out, done.err) == (0, "", ""), done
    for fmt in wanted:
        assert (scanned.path / f"scan.{fmt}").read_text() == (scanned.path / f"again.{fmt}").read_text(), fmt
    sarif = json.loads(scanned.run("report", "convert", f"scan.{source}", "-f", "sarif").out)
    assert len(sarif["runs"][0]["results"]) == 2


def test_standard_input_is_read_and_what_fails_can_be_chosen(scanned):
    report = scanned.run("dir", "t", "-f", "json", "-q").out.encode()
    done = scanned.run("report", "convert", "-", "-f", "junit", stdin=report)
    assert ET.fromstring(done.out).get("failures") == "2"
    assert "1 secret in 2 places" in scanned.run("report", "convert", "-", stdin=report).out
    lowered = report.replace(b'"severity":"critical"', b'"severity":"medium"')
    done = scanned.run("report", "convert", "-", "-f", "junit", "--fail-on", "high", stdin=lowered)
    assert ET.fromstring(done.out).get("skipped") == "2"


def test_merged_reports_are_one(place, token):
    place.write("a/x.env", f"GITHUB_TOKEN={token}\n")
    place.write("b/y.env", f"GITHUB_TOKEN={token}\nOTHER={expand('ghp_<crc32-github:30>', 9).decode()}\n")
    for name in "ab":
        place.run("dir", name, "-f", "json", "-o", f"{name}.json", "-q")
    done = place.run("report", "merge", "a.json", "b.json")
    assert (done.code, done.err) == (0, ""), done
    merged = json.loads(done.out)
    assert sorted(len(finding["occurrences"]) for finding in merged["findings"]) == [1, 2]
    assert len(merged["coverage"]["sources"]) == 2
    done = place.run("report", "merge", "a.json", "b.json", "-f", "markdown", "-o", "m.md", "-f", "json", "-o", "m.json")
    assert done.code == 0
    assert "2 secrets in 3 places" in (place.path / "m.md").read_text()
    assert json.loads((place.path / "m.json").read_text()) == merged


def test_reports_of_different_keys_are_not_merged(scanned):
    scanned.run("dir", "t", "-f", "json", "-o", "a.json", "-q")
    scanned.run("dir", "t", "-f", "json", "-o", "b.json", "-q", LEAKSIEVE_KEY="k")
    done = scanned.run("report", "merge", "a.json", "b.json", "-o", "c.json")
    assert (done.code, done.out) == (2, "")
    assert "b.json: its fingerprints were made with another key (environment) than those of a.json (default)" in done.err
    assert not (scanned.path / "c.json").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("convert", "no.json"), "no.json: cannot be read: No such file"),
        (("convert", "."), ".: cannot be read: Is a directory"),
        (("convert", "r.txt"), "r.txt: is not a report of leaksieve: line 1 is not JSON"),
        (("merge", "-", "-"), "standard input can be read once"),
        (("merge",), "issing argument"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(place, args, message):
    place.write("r.txt", "no report\n")
    done = place.run("report", *args)
    assert (done.code, done.out) == (2, ""), done
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_what_is_made_of_a_private_report_is_private(scanned):
    scanned.run("dir", "t", "-f", "json", "-o", "r.json", "-q", "--reveal")
    scanned.run("report", "convert", "r.json", "-f", "csv", "-o", "r.csv")
    assert stat.S_IMODE((scanned.path / "r.csv").stat().st_mode) == 0o600
    (scanned.path / "r.json").chmod(0o644)
    scanned.run("report", "convert", "r.json", "-f", "csv", "-o", "s.csv")
    assert stat.S_IMODE((scanned.path / "s.csv").stat().st_mode) & 0o044


HOSTILE = [b"a\n::error::b.env", b"=cmd|'!A0.env", b"]]>.env", b"x\xffy.env", b"`|`@team.env", b"\x1b[2J.env", b"::error file=x::y.env", b"##vso[task.x]y.env"]


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
def test_names_of_files_are_harmless_in_every_format(place, token):
    folder = os.fsencode(place.path) + b"/t"
    os.mkdir(folder)
    for name in HOSTILE:
        try:
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(b"GITHUB_TOKEN=" + token.encode() + b"\n")
        except OSError:  # a file system that takes UTF-8 alone
            continue
    for fmt in FORMATS:
        done = place.run("dir", "t", "-f", fmt, "-q")
        assert done.code == 1, done
        assert all(line.isprintable() for line in done.out.split("\n")), fmt
        assert "##vso[" not in done.out, fmt
        commands = [line for line in done.out.splitlines() if line.lstrip().startswith("::")]
        assert all(line.startswith(("::error file=", "::notice title=leaksieve::")) for line in commands), fmt
        assert bool(commands) == (fmt == "github"), fmt
    assert int(ET.fromstring(place.run("dir", "t", "-f", "junit", "-q").out).get("failures")) >= 7


def test_a_history_has_its_commits_in_the_report(repo, token):
    repo.write("a.env", f"GITHUB_TOKEN={token}\n")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "second")
    second = repo.git("rev-parse", "HEAD").strip()

    def found():
        return json.loads(repo.run("scan", ".", "-f", "gitlab", "-q").out)["vulnerabilities"]

    assert [each["location"] for each in found()] == [{"file": "a.env", "start_line": 1, "end_line": 1, "commit": {"sha": second}}]
    repo.git("rm", "-q", "a.env")
    repo.git("commit", "-q", "-m", "third")
    assert [each["location"]["commit"] for each in found()] == [{"sha": second}]
    assert "in commit " + second[:12] in repo.run("scan", ".", "-f", "markdown", "-q").out
    case = ET.fromstring(repo.run("scan", ".", "-f", "junit", "-q").out).find("testsuite/testcase")
    assert second[:12] in case.find("failure").text
