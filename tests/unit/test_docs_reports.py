"""What docs/reports.md says of the formats is what they are."""

import re
from pathlib import Path

from leaksieve.reports import csv, github, gitlab, markdown

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reports.md").read_text(encoding="utf-8")


def section(heading):
    return PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_the_gitlab_report_is_of_the_version_that_is_said():
    assert f"schema version {gitlab.SCHEMA_VERSION}," in section("GitLab")
    assert f"else `{gitlab.NO_COMMIT}`" in section("GitLab")


def test_the_columns_are_those_of_the_table():
    listed = section("CSV").split("with the columns ", 1)[1].split(". ", 1)[0]
    assert tuple(re.findall(r"`([a-z_]+)`", listed)) == csv.COLUMNS


def test_the_limits_are_those_of_the_program():
    assert f"the first {github.PER_LEVEL} of each kind" in section("GitHub")
    assert f"below {markdown.LIMIT:,} characters" in section("Markdown")


def test_the_test_suites_are_called_as_is_said(tmp_path):
    import io
    from xml.etree import ElementTree as ET

    from leaksieve.coverage import Coverage
    from leaksieve.reports import make
    from leaksieve.reports.base import View

    stream, reporter = io.StringIO(), make("junit")
    reporter.start(stream, View())
    reporter.finish(Coverage())
    assert "The suite `coverage`" in section("JUnit")
    assert ET.fromstring(stream.getvalue()).find("testsuite[@name='coverage']/testcase") is not None


def test_every_report_that_the_pages_on_ci_make_has_its_name_there():
    ci = (DOCS / "ci.md").read_text(encoding="utf-8")
    for name in ("gl-secret-detection-report.json", "junit.xml"):
        assert ci.count(name) == 2
