"""Allow lists of other tools' rule files: what they say of a value, of a path and of a commit, and rules made of parts."""

import re

import pytest

from leaksieve.engine.foreign import ALLOWED, by_commit, composed, placed, weighed
from leaksieve.model import Located, Match, Provenance, Secret, Span

COMMIT = "0123456789abcdef" * 2 + "01234567"


def allow(**fields):
    return {"and": False, "commits": [], "paths": [], "regexes": [], "target": "secret", "stopwords": [], **fields}


def rule(*lists, **foreign):
    return {"lists": list(lists), "foreign": {"entropy": 0, "path": "", "required": [], "helper": False, **foreign}}


def judged(one, value=b"alpha-example", path=b"src/a.txt"):
    verdict = weighed(one, value, re.match(rb".*", value), "")
    return verdict, placed(one, path, verdict)


def test_a_list_that_asks_for_all_of_its_checks():
    one = rule(allow(**{"and": True}, regexes=["^alpha"], stopwords=["example"]))
    assert judged(one) == (ALLOWED, ALLOWED)
    assert judged(one, b"alpha-other") == ("", "")
    assert judged(one, b"other-example") == ("", "")


def test_a_list_that_asks_for_a_path_too_is_left_open():
    one = rule(allow(stopwords=["nowhere"]), allow(**{"and": True}, stopwords=["example"], paths=["^docs/"]))
    assert judged(one, path=b"docs/a.txt") == ("?&1 ", ALLOWED)
    assert judged(one, path=b"src/a.txt") == ("?&1 ", "")
    assert judged(one, b"alpha-other", b"docs/a.txt") == ("", "")


def test_a_list_that_asks_for_a_commit_too_allows_nothing_yet():
    one = rule(allow(**{"and": True}, stopwords=["example"], commits=[COMMIT]))
    assert judged(one) == ("", "")


def found(one, *, commit=COMMIT, path=b"docs/a.txt", secret=b"alpha-example", allowed=""):
    """What is said of a place that a commit brought in."""
    details = {"commit": commit} if commit else {}
    place = Located("r", Secret(secret), (), Provenance("git", path, details), 1, 1, 1, 2, 0, 1, (), "", allowed, False, "")
    [after] = by_commit([place], {"r": one}.__getitem__)
    assert after._replace(allowed=allowed) == place
    return after.allowed


NAMED = f"commit {COMMIT[:12]} is in an allow list of the rule file"


def test_no_places():
    assert by_commit([], {}.__getitem__) == []


def test_a_commit_of_a_list_allows_by_itself():
    one = rule(allow(commits=["f" * 40]), allow(commits=[COMMIT]))
    assert found(one) == NAMED
    assert found(one, commit=COMMIT.upper()) == NAMED
    assert found(one, commit=COMMIT[:-1] + "8") == ""
    assert found(one, commit="") == ""
    assert found(one, allowed="said before") == "said before"
    assert found({}) == ""


@pytest.mark.parametrize(
    ("path", "secret", "expected"),
    [(b"docs/a.txt", b"alpha-example", NAMED), (b"src/a.txt", b"alpha-example", ""), (b"docs/a.txt", b"alpha-other", "")],
)
def test_a_commit_with_a_path_and_a_word(path, secret, expected):
    one = rule(allow(**{"and": True}, commits=[COMMIT], paths=["^docs/"], stopwords=["example"]))
    assert found(one, path=path, secret=secret) == expected


def test_a_commit_with_a_word_alone():
    one = rule(allow(**{"and": True}, commits=[COMMIT], regexes=["^alpha"]))
    assert found(one, path=b"anywhere") == NAMED
    assert found(one, secret=b"other") == ""
    assert found(one, commit="f" * 40) == ""


def composed_of(data, lines=-1, columns=-1):
    """How ``main`` and its part come out where each stands in ``data``."""
    rules = {"main": rule(required=[{"id": "part", "lines": lines, "columns": columns}]), "part": rule(helper=True)}
    matches = [Match(one[0].decode(), Span(*one.span()), Span(*one.span()), Secret(one[0])) for one in ([*re.finditer(rb"main|part", data)])]
    return [(match.rule_id, match.rejected, [name for name, _ in match.parts]) for match in composed(matches, data, rules.__getitem__)]


@pytest.mark.parametrize(
    ("data", "bounds", "near"),
    [
        (b"main\n\n\npart", {}, True),
        (b"main", {}, False),
        (b"main\n\npart", {"lines": 2}, True),
        (b"main\n\npart", {"lines": 1}, False),
        (b"main\n  part", {"columns": 2}, True),
        (b"main\n   part", {"columns": 2}, False),
    ],
)
def test_a_rule_of_parts_needs_them_near(data, bounds, near):
    main, *parts = composed_of(data, **bounds)
    assert main == (("main", "", ["part"]) if near else ("main", "part-missing", []))
    assert all(part == ("part", "part", []) for part in parts)
