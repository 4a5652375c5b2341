"""Every rule, tried on its own examples beside all others: what ``leaksieve rules test`` says of the built-in rules."""

from rulebook import finished, ruleset

from leaksieve.engine.trial import Trial


def test_every_rule_does_what_its_examples_promise():
    """Another rule that fires on an example, or takes it, is named in `also`."""
    trial = Trial(ruleset())
    assert [failure for rule in finished() for failure in trial.of(rule)] == []
