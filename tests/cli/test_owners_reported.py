"""Owners in every report that names places."""

import pytest


@pytest.fixture
def shop(place, token):
    place.git("init", "-q", "-b", "main")
    place.write("CODEOWNERS", "/shop/ @acme/shop\n")
    place.write("shop/a.py", f"token = '{token}'\n")
    return place


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "github", "markdown", "html"])
def test_a_place_has_its_owners(shop, form):
    assert "@acme/shop" in shop.run("dir", ".", "-f", form).out


def test_owners_go_with_a_report_that_is_converted(shop):
    shop.run("dir", ".", "-f", "json", "-o", "report.json")
    assert "@acme/shop" in shop.run("report", "convert", "report.json", "-f", "csv").out


def test_a_team_is_not_called_by_a_comment(shop):
    assert "`@acme/shop`" in shop.run("dir", ".", "-f", "markdown").out
