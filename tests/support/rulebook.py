"""The project's own rules, compiled once per test process, with their examples expanded."""

import glob
import os
from functools import lru_cache
from pathlib import Path

from leaksieve.engine.matcher import Engine
from leaksieve.ruleset.compile import compile_rules, finish, read_folder
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.rule import read_rules
from leaksieve.ruleset.template import expand

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
FILES = sorted(glob.glob(str(RULES / "*.toml")))
NAMES = [os.path.basename(path) for path in FILES]
BOTH = ("aho-corasick", "hyperscan")


@lru_cache(maxsize=1)
def finished():
    """Every finished rule, examples and all, sorted by id as the compiled ruleset is."""
    return sorted(({**rule, "builtin": True} for rule in read_folder(str(RULES))), key=lambda rule: rule["id"])


@lru_cache(maxsize=1)
def by_id():
    return {rule["id"]: rule for rule in finished()}


@lru_cache(maxsize=1)
def ruleset():
    return Ruleset(compile_rules(list(finished())))


@lru_cache(maxsize=8)
def engine(prefilter="aho-corasick", **options):
    """A shared engine over all rules; only for tests that do not care what was scanned before."""
    return Engine(ruleset(), prefilter=prefilter, **options)


@lru_cache(maxsize=1)
def examples():
    """(rule id, expanded example), every one with seed 0."""
    return [(rule["id"], expand(template)) for rule in finished() for template in rule["examples"]]


@lru_cache(maxsize=1)
def counter_examples():
    return [(rule["id"], expand(template)) for rule in finished() for template in rule["counter_examples"]]


def told(result):
    """What a scan said, in a form that compares and prints (test values are made up)."""
    return [
        (m.rule_id, m.span, m.secret_span, m.secret.reveal(), m.decoded, tuple((n, v.reveal()) for n, v in m.parts), m.rejected) for m in result.matches
    ], result.skips


def live(result):
    return [match for match in result.matches if not match.rejected]


FAMILY = """
[family]
id = "acme"
name = "Acme"
documentation = "https://acme.example/docs"
rotation = "https://acme.example/keys"
impact = "Whoever holds it can order anvils."
revoke = ["Open the console."]
"""


def toml(*rules, family=FAMILY, **keys):
    """The text of a rule file: rules as dictionaries of raw TOML values over a sound default."""
    sound = {
        "id": '"acme-token"', "name": '"Acme token"', "severity": '"high"', "confidence": '"high"', "keywords": '["acme_"]',
        "pattern": "'(?<![A-Za-z0-9_])(?P<secret>acme_[a-z0-9]{20})(?![A-Za-z0-9_])'", "examples": '["k=acme_<lowernum:20>"]', "counter_examples": '["acme_short"]',
    }  # fmt: skip
    text = family
    for rule in rules or (keys,):
        text += "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in {**sound, **rule}.items() if value is not None)
    return text


def rules_of(text):
    """Finished rules of a rule file's text."""
    return [finish(rule, "acme.toml") for rule in read_rules(text, "acme.toml")]


def ruleset_of(text, builtin=False):
    return Ruleset(compile_rules([{**rule, **({"builtin": True} if builtin else {})} for rule in rules_of(text)]))
