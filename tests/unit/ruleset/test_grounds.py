"""Why a value was dropped and why a rule was not tried, in words that never quote the value."""

import pytest
from rulebook import rules_of, toml

from leaksieve.ruleset.explain import ground, reach, untried

RULE = {"min_distinct": 9, "min_entropy": 3.5, "stop_words": ["sample"], "allow": ["x+", "[a-f]{6}"], "paths": [r"\.kube/config$"]}


@pytest.mark.parametrize(
    ("reason", "secret", "phrase"),
    [
        ("few-distinct", b"aabb", "2 different bytes, at least 9 are wanted"),
        ("low-entropy", b"aabb", "1.00 bits of entropy a byte, at least 3.5 are wanted"),
        ("stop-word", b"my-SAMPLE-1", "it holds the rule's stop word `sample`"),
        ("placeholder", b"an-Example-1", "it stands in for a secret: it holds `example`"),
        ("placeholder", b"abcabcabc", "it stands in for a secret: a run, a sequence or a stand-in"),
        ("allowed-shape", b"abcdef", "the rule's `allow` pattern [a-f]{6} fits it"),
        ("path", b"abc", r"the rule speaks only in files whose path holds \.kube/config$"),
        ("overlap", b"abc", "a more specific rule reports the same bytes"),
        ("prose", b"abc", "it is text"),
        ("some-new-reason", b"abc", "some new reason"),
    ],
)
def test_every_reason_has_its_ground(reason, secret, phrase):
    assert ground(RULE, reason, secret) == phrase


def test_a_ground_depends_on_what_the_rule_asks_and_who_won():
    assert ground({**RULE, "min_entropy": 0}, "low-entropy", b"aabb") == "1.00 bits of entropy a byte, too few for a generic value"
    assert ground({**RULE, "paths": []}, "path", b"abc") == "files of this kind are not looked at for this"
    assert ground(RULE, "overlap", b"abc", "acme-token") == "acme-token is more specific and reports the same bytes"


def test_a_rule_that_was_not_tried_says_what_it_lacked():
    (rule,) = rules_of(toml())
    assert untried(rule, b"nothing here") == "none of its keywords stands in the text: `acme_`"
    assert untried(rule, b"ACME_1") == "`acme_` stands in the text in another case, which counts for this rule"
    assert untried(rule, b"an acme_ here") == "`acme_` stands in the text, but not with what the rule wants behind it"
    assert untried({**rule, "assigned": True}, b"nothing") == "no name in the text begins with `acme_`"
    assert untried({**rule, "assigned": True}, b"acme_") == "`acme_` stands in the text, but not with an operator and a value"
    many = [f"word{number}" for number in range(8)]
    assert untried({**rule, "keywords": many}, b"").endswith("`word5` and 2 more")


def test_how_far_a_text_fits_a_pattern():
    rule = {"pattern": "(?P<secret>acme_[a-z]{4})", "width": 9}
    assert reach(rule, b"x acme_ab9", 2) == 9
    assert reach(rule, b"acme_abcd", 0) == 9
