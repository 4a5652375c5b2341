"""The engine that tells: what it says is what a scan does."""

import base64

import pytest
from rulebook import engine, examples, rules_of, ruleset, ruleset_of, told, toml

from leaksieve.engine.trace import trace
from leaksieve.engine.trial import Trial
from leaksieve.ruleset.template import expand

WIDE = {"id": '"acme-wide"', "specificity": "20", "pattern": "'(?P<secret>acme_[a-z0-9]{20})'"}
TWO = toml({}, WIDE)
SECRET = expand("acme_<lowernum:20>", 1)


def test_words_attempts_and_winner():
    one = trace(ruleset_of(TWO), b"\nk=" + SECRET + b" acme_no", b"x")
    assert [(word.word, word.gate, word.span.start, word.rules) for word in one.words] == [
        (b"acme_", False, 3, ("acme-token", "acme-wide")),
        (b"acme_", False, 29, ("acme-token", "acme-wide")),
    ]
    assert [(each.rule_id, each.start, each.matched) for each in one.attempts] == [
        ("acme-token", 3, True), ("acme-wide", 3, True), ("acme-token", 29, False), ("acme-wide", 29, False),
    ]  # fmt: skip
    assert [(each.match.rule_id, each.match.rejected, each.winner, each.groups.group("secret")) for each in one.judged] == [
        ("acme-token", "", "", SECRET),
        ("acme-wide", "overlap", "acme-token", SECRET),
    ]


def test_what_was_decoded_leads_back():
    inner = base64.b64encode(b"token: " + SECRET + b" and more")
    text = b"value = " + b"".join(b"%%%02X" % byte for byte in b"again: " + inner + b" end")
    one = trace(ruleset_of(toml()), text, b"x")
    assert [layer.decoded for layer in one.layers][:1] == [()]
    (judged,) = [each for each in one.judged if not each.match.rejected]
    assert judged.match.decoded == ("percent", "base64")
    assert one.layers[judged.layer].decoded == judged.match.decoded
    assert {word.decoded for word in one.words} == {("percent", "base64")}
    assert all(8 <= word.span.start < word.span.end <= len(text) for word in one.words)


@pytest.mark.parametrize("index", range(0, 600, 25))
def test_telling_changes_nothing(index):
    """The same matches as a scan, each with its ground; every rule with a match was tried."""
    _, text = examples()[index]
    text = b"a\n" + text + b"\n"
    one = trace(ruleset(), text, b"config/settings")
    plain = engine().scan(text, b"config/settings")
    assert told(plain) == told(type(plain)([each.match for each in one.judged], one.skips))
    assert all(each.groups is not None for each in one.judged)
    assert {each.match.rule_id for each in one.judged} <= {each.rule_id for each in one.attempts if each.matched}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (({},), []),
        (({"examples": '["k=acme_<lowernum:19>"]'},), ["example `k=acme_<lowernum:19>` the pattern does not find a secret in it"]),
        (({"examples": '["k=acme_<nope:19>"]'},), ["example `k=acme_<nope:19>` unknown placeholder"]),
        (({"counter_examples": '["acme_<lowernum:20>"]'},), ["counter-example `acme_<lowernum:20>` is found"]),
        (({"counter_examples": '["<b64:see acme_{lowernum:20} there>"]'},), ["counter-example `<b64:see acme_{lowernum:20} there>` is found (decoded from base64)"]),
        (({"paths": "['\\.env$']"},), []),
        (({"stop_words": '["cme"]'},), ["example `k=acme_<lowernum:20>` the pattern does not find"]),
        (({"specificity": "10"}, {**WIDE, "specificity": "60", "also": '["acme-token"]'}), ["example `k=acme_<lowernum:20>` lost to acme-wide, which overlaps it and is not in `also`"]),
        (({"specificity": "10", "also": '["acme-wide"]'}, {**WIDE, "specificity": "60"}), []),
        (
            ({"examples": '["zork_7391 k=acme_<lowernum:20>"]'}, {**WIDE, "id": '"acme-z"', "keywords": '["zork_"]', "pattern": "'(?P<secret>zork_[0-9]{4})'"}),
            ["example `zork_7391 k=acme_<lowernum:20>` acme-z fires as well and is not in `also`"],
        ),
    ],
)  # fmt: skip
def test_what_a_trial_says(rules, said):
    text = toml(*rules)
    failures = Trial(ruleset_of(text)).of(rules_of(text)[0])
    lines = [f"{one.kind} `{one.template}` {one.what}" for one in failures]
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True)), lines
    assert all(one.rule_id == "acme-token" for one in failures)
