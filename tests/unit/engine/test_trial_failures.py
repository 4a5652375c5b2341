"""A rule's trial says what went wrong with an example, and names what was found in its place."""

from leaksieve.engine.trial import _instead, _overlap
from leaksieve.model import Match, Span
from leaksieve.secret import Secret


def match(rule: str, start: int, end: int, rejected: str = "") -> Match:
    return Match(rule, Span(start, end), Span(start, end), Secret(b"x" * (end - start)), (), (), rejected)


def test_what_stands_in_place_of_the_secret():
    assert _instead([match("a", 0, 4, "weak"), match("a", 5, 9, "prose")], []) == "is dropped: prose, weak"
    assert _instead([match("a", 0, 4)], []) == "another secret is found in it"
    assert _instead([], [match("b", 0, 4)]) == "is not found; b fires instead"
    assert _instead([], [match("c", 0, 4), match("b", 0, 4)]) == "is not found; b, c fire instead"
    assert _instead([], []) == "is not found, and nothing else is"


def test_overlap_is_of_secrets():
    assert _overlap(match("a", 0, 5), match("b", 4, 9))
    assert not _overlap(match("a", 0, 5), match("b", 5, 9))
