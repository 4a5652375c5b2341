"""Rules that name a check: what rule files may say, what their examples must hold, and what a failed check does."""

from __future__ import annotations

import pytest

from leaksieve.api import Scanner
from leaksieve.engine.checks import holds
from leaksieve.errors import RulesetError
from leaksieve.ruleset.check import check_paths
from leaksieve.ruleset.compile import compile_rules, finish
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.rule import read_rules
from leaksieve.ruleset.template import expand

GOOD = "acme_<crc32-github:30>"
BAD = "acme_<alnum:36>"
FILE = """
[family]
id = "acme"
name = "Acme"
documentation = "https://acme.example/docs"
rotation = "https://acme.example/keys"
impact = "All of it."
revoke = ["Revoke it."]

[[rule]]
id = "acme-token"
name = "Acme token"
severity = "high"
confidence = "medium"
keywords = ["acme_"]
pattern = '(?<![A-Za-z0-9_])(?P<secret>acme_[A-Za-z0-9]{36})(?![A-Za-z0-9_])'
examples = [EXAMPLES]
counter_examples = ["acme_<alnum:20>"]
MORE
"""


def text(more='proof = "crc32-github"', *examples):
    return FILE.replace("EXAMPLES", ", ".join(f'"key = {example}"' for example in examples or (GOOD,))).replace("MORE", more)


def problems(tmp_path, more, *examples):
    path = tmp_path / "acme.toml"
    path.write_text(text(more, *examples))
    return check_paths([str(path)], holds)


@pytest.mark.parametrize(
    ("more", "examples", "says"),
    [
        ('proof = "crc32-github"', (GOOD,), ""),
        ('proof = "crc32-github"', (BAD, GOOD), ""),
        ('proof = "crc32-github"', (BAD,), "fails the check `crc32-github`"),
        ('proof = "crc32-github"\non_failed_proof = "lower"', (BAD, GOOD), ""),
        ('proof = "crc32-github"\non_failed_proof = "drop"', (GOOD,), ""),
        ('proof = "crc32-github"\non_failed_proof = "drop"', (BAD, GOOD), "fails the check `crc32-github`"),
        ('proof = "crc32-gitbuh"', (GOOD,), "there is no check named `crc32-gitbuh`"),
        ('proof = "telegram-token"', (GOOD,), ""),  # has nothing to go by here, which is no failure
        ('on_failed_proof = "drop"', (GOOD,), "wants a `proof`"),
        ('proof = "crc32-github"\non_failed_proof = "forget"', (GOOD,), "must be one of keep, lower, drop"),
    ],
)
def test_what_rule_files_may_say(tmp_path, more, examples, says):
    found = problems(tmp_path, more, *examples)
    assert [says in line for line in found] == ([True] if says else []), found


def test_without_the_checks_at_hand_nothing_is_said_of_them(tmp_path):
    path = tmp_path / "acme.toml"
    path.write_text(text('proof = "no-such-check"'))
    assert check_paths([str(path)]) == []


def test_a_failed_check_keeps_by_default():
    (rule,) = read_rules(text(), "acme.toml")
    assert (rule["proof"], rule["on_failed_proof"]) == ("crc32-github", "keep")
    with pytest.raises(RulesetError, match="on_failed_proof"):
        read_rules(text('proof = "crc32-github"\non_failed_proof = 1'), "acme.toml")


def scanned(on_failed, *templates):
    more = f'proof = "crc32-github"\non_failed_proof = "{on_failed}"'
    ruleset = Ruleset(compile_rules([finish(rule, "acme.toml") for rule in read_rules(text(more), "acme.toml")]))
    data = b" ".join(expand(template) for template in templates)
    from leaksieve.config import Config

    return Scanner(ruleset, config=Config(confidence="low")).scan_bytes(data, "a.txt")


@pytest.mark.parametrize(("on_failed", "confidence"), [("keep", "medium"), ("lower", "low")])
def test_a_failed_check_keeps_or_lowers(on_failed, confidence):
    (finding,) = scanned(on_failed, BAD)
    assert (finding.proof, finding.confidence) == ("none", confidence)
    (finding,) = scanned(on_failed, GOOD)
    assert (finding.proof, finding.confidence) == ("structural", "high")


def test_what_a_failed_check_drops_is_masked_beside_what_is_reported():
    assert scanned("drop", BAD) == []
    (finding,) = scanned("drop", GOOD, BAD)
    assert finding.proof == "structural"
    assert expand(BAD).decode()[8:-4] not in finding.occurrences[0].context
