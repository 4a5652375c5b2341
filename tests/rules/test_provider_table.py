"""Each provider of the table is found by its own rule and by no other one's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rulebook import BOTH, engine, finished, live

from leaksieve.ruleset.template import expand

ROWS = [rule for rule in finished() if "row" in rule]
EXAMPLES = [(rule, template) for rule in ROWS for template in rule["examples"]]


def reported(rule, template, seed, prefilter, path=b"config/settings"):
    """What is reported on an example, but for rules that the row names."""
    matches = live(engine(prefilter).scan(b"\n" + expand(template, seed) + b"\n", path))
    return {match.rule_id for match in matches} - set(rule["also"])


@pytest.mark.parametrize("prefilter", BOTH)
def test_every_example_is_found_by_its_rule_alone(prefilter):
    wrong = {(rule["id"], template): got for rule, template in EXAMPLES if (got := reported(rule, template, 0, prefilter)) != {rule["id"]}}
    assert wrong == {}


@settings(max_examples=300)
@given(st.sampled_from(EXAMPLES), st.integers(0, 2**32), st.sampled_from([b"", b".env", b"src/app.py", b"deploy/values.yaml", b"a b/c"]))
def test_whatever_value_is_drawn(example, seed, path):
    """A drawn value of a certain shape is found by its rule, and by nobody else's; one of no certain shape may be too weak."""
    rule, template = example
    got = reported(rule, template, seed, BOTH[0], path)
    assert got <= {rule["id"], "generic-api-key", "generic-secret", "generic-password"}
