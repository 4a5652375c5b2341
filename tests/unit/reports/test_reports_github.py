"""Workflow commands: read back as GitHub's runner reads them."""

from __future__ import annotations

import re
from collections import Counter

from gitplace import GIT
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.model import Skip
from leaksieve.reports.base import View
from leaksieve.reports.github import PER_LEVEL, command


def unescaped(text, *, prop=False):
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), *((("%3A", ":"), ("%2C", ",")) if prop else ())):
        text = text.replace(escape, char)
    return text.replace("%25", "%")


def commands(text):
    """(level, properties, message) of each line that a runner takes for a command."""
    found = []
    for line in text.splitlines():
        if not line.lstrip().startswith("::"):
            continue
        head, _, message = line.lstrip()[2:].partition("::")
        level, _, properties = head.partition(" ")
        pairs = dict(pair.split("=", 1) for pair in properties.split(",")) if properties else {}
        found.append((level, {name: unescaped(value, prop=True) for name, value in pairs.items()}, unescaped(message)))
    return found


def test_a_place_is_an_error_with_file_and_line(build):
    error, notice = commands(build.render("github", [build.finding()]))
    assert error[0] == "error"
    assert error[1] == {
        "file": "config/deploy.env",
        "line": "12",
        "endLine": "12",
        "col": "14",
        "endColumn": "53",
        "title": "critical: GitHub personal access token (classic)",
    }
    assert error[2].startswith(f"GitHub personal access token (classic) {build.MASK} is exposed here. Delete the token")
    assert notice[0] == "notice"
    assert notice[2] == "1 secret in 1 place. Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules. Complete."


def test_levels_follow_what_fails(build):
    findings = [build.finding(severity=severity, fingerprint=severity) for severity in ("info", "low", "medium", "high", "critical")]
    levels = [level for level, _, _ in commands(build.render("github", findings, view=View(fail_on="high")))]
    assert levels == ["error", "error", "warning", "notice", "notice", "notice"]


def test_what_is_accepted_or_old_is_counted_only(build):
    findings = [
        build.finding(build.occurrence(already_present=True)),
        build.finding(allowed="known", fingerprint="2"),
        build.finding(build.occurrence(), build.occurrence(b"b"), allowed="in the baseline known.txt", baselined=True, fingerprint="3"),
    ]
    (notice,) = commands(build.render("github", findings))
    assert notice[2].startswith("No secrets found. Not counted: 2 places in the baseline, 1 place allowed, 1 place already there.")


def test_the_history_has_no_line_to_point_at_and_names_nobody(build):
    text = build.render("github", [build.finding(build.occurrence(b"gone", source=GIT))])
    level, properties, message = commands(text)[0]
    assert (level, set(properties)) == ("error", {"title"})
    assert "at gone:12:14. This version is not at HEAD but still in the history, in commit cccccccccccc." in message
    assert "jane" not in text.lower()


def test_several_lines_have_no_columns_and_archives_no_lines(build):
    block, packed = commands(build.render("github", [build.finding(build.occurrence(end_line=15), build.occurrence(b"z.zip", archive_path=b"in/a.env"))]))[:2]
    assert {"line", "endLine"} <= set(block[1])
    assert not {"col", "endColumn"} & set(block[1])
    assert set(packed[1]) == {"file", "title"}
    assert "in in/a.env, line 12, of this archive" in packed[2]


def test_no_more_than_github_shows_and_the_rest_is_listed(build):
    many = [
        build.finding(build.occurrence(b"f%d" % number), build.occurrence(b"g%d" % number), fingerprint=f"f:{number}", severity="high") for number in range(8)
    ]
    many.append(build.finding(build.occurrence(b"worst"), fingerprint="w"))
    many += [build.finding(build.occurrence(b"n%d" % number), fingerprint=f"n:{number}", severity="low") for number in range(12)]
    text = build.render("github", many, build.coverage(Skip("failed", b"x", "unreadable", "denied")))
    found = commands(text)
    assert Counter(level for level, _, _ in found) == {"error": PER_LEVEL, "notice": PER_LEVEL}
    assert found[0][2].startswith("INCOMPLETE: 1 item could not be scanned. x: unreadable: denied")
    # The worst first, and every secret once before one a second time.
    assert [properties["file"] for level, properties, _ in found[1:10]] == ["worst", *(f"f{number}" for number in range(8))]
    listed = [line for line in text.splitlines() if line.startswith("not annotated: ")]
    assert len(listed) == 8 + 3
    assert "11 places more than GitHub shows of one step are listed in the log only." in found[-1][2]


@given(st.text(), st.text())
def test_any_text_is_one_command_with_its_own_properties(text, message):
    line = command("error", message, file=text, title="t")
    assert "\n" not in line
    assert "\r" not in line
    ((level, properties, said),) = commands(line)
    assert (level, properties["title"]) == ("error", "t")
    assert set(properties) == ({"file", "title"} if text else {"title"})
    assert said.isprintable()


def test_a_path_with_the_commands_own_marks_is_read_back_whole():
    ((_, properties, _),) = commands(command("error", "m", file="a,b:c%0Ad%25.env"))
    assert properties == {"file": "a,b:c%0Ad%25.env"}


def test_hostile_bytes_stay_data(build, hostile):
    words = hostile.decode("utf-8", "surrogateescape")
    places = [build.occurrence(hostile, number, context=words) for number in range(1, 20)]
    finding = build.finding(*places, build.occurrence(hostile, 30, archive_path=hostile), secret=words, rule_name=words)
    receipt = build.coverage(Skip("failed", hostile, "unreadable", words))
    text = build.render("github", [finding], receipt, rules=lambda **given: build.rule(**{**given, "revoke": (words,)}))
    assert all(line.isprintable() for line in text.split("\n"))
    assert not re.search(r"##[\w.-]*\[", text)
    found = commands(text)
    assert len(found) == PER_LEVEL + 1
    assert {level for level, _, _ in found} == {"error", "notice"}
    assert all(re.match(r"::(error|notice) |not annotated: ", line) for line in text.splitlines())
    text.encode()
