"""Every rule file keeps the promises of rules/README.md, and the engine finds what the rules say it does."""

import base64
import os
import random
import re
import tomllib

import pytest
from patterns import draw, tree
from rulebook import BOTH, FILES, NAMES, by_id, counter_examples, engine, examples, finished, live, told

from leaksieve.engine.checks import holds
from leaksieve.ruleset.assign import ASSIGN
from leaksieve.ruleset.check import check_paths
from leaksieve.ruleset.encoded import MIN_KEYWORD
from leaksieve.ruleset.rule import read_rules
from leaksieve.ruleset.template import expand

PAD = 3


def ids_of(path):
    with open(path, encoding="utf-8") as file:
        return [rule["id"] for rule in read_rules(file.read(), path)]


def path_for(rule):
    """A path at which a rule bound to paths speaks, drawn from its own path pattern."""
    if not rule["paths"]:
        return b"config/settings"
    rng = random.Random(0)
    for _ in range(200):
        path = b"a/" + draw(tree(rule["paths"][0]), rng)
        for candidate in (path, path[2:]):
            if re.search(rule["paths"][0].encode(), candidate):
                return candidate
    raise AssertionError(f"no path found that {rule['paths'][0]} matches")


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_file_holds(path):
    """Keywords necessary, patterns linear and bounded, examples found, counter-examples and mechanical near-misses not."""
    assert check_paths([path], holds) == []
    with open(path, "rb") as file:
        data = tomllib.load(file)
    assert os.path.basename(path) == ("providers.toml" if "provider" in data else f"{data['family']['id']}.toml")


def test_no_id_is_used_twice_and_nothing_was_lost():
    ids = [rule_id for path in FILES for rule_id in ids_of(path)]
    assert sorted(ids) == [rule["id"] for rule in finished()]
    assert len(set(ids)) == len(ids) >= 150


@pytest.mark.parametrize("prefilter", BOTH)
def test_no_rule_file_holds_a_live_looking_token(prefilter):
    """Examples are templates: no rule that knows tokens by their form fires on the files (their names and prefixes do look assigned to the rest)."""
    found = {}
    for path in FILES:
        with open(path, "rb") as file:
            hits = [hit for hit in live(engine(prefilter).scan(file.read(), os.path.basename(path).encode())) if ASSIGN not in by_id()[hit.rule_id]["pattern"]]
        if hits:
            found[os.path.basename(path)] = [hit.rule_id for hit in hits]
    assert found == {}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_examples_are_found_alike_by_both_prefilters(path):
    """Each example is reported by its rule, or by one that is at least as specific and stands over the same bytes."""
    for rule_id in ids_of(path):
        rule = by_id()[rule_id]
        where = path_for(rule)
        for template in rule["examples"]:
            for seed in (0, 5):
                text = b"\n" * PAD + expand(template, seed) + b"\n"
                one, other = (engine(prefilter).scan(text, where) for prefilter in BOTH)
                assert told(one) == told(other)
                assert not one.skips
                own = [match for match in one.matches if match.rule_id == rule_id and match.rejected in ("", "overlap")]
                assert own, f"{rule_id}: {template}: {[(m.rule_id, m.rejected) for m in one.matches]}"
                if not any(not match.rejected for match in own):
                    winners = [m for m in live(one) if any(m.secret_span.start < o.secret_span.end and o.secret_span.start < m.secret_span.end for o in own)]
                    assert any(by_id()[m.rule_id]["specificity"] >= rule["specificity"] for m in winners), f"{rule_id}: {template}: lost to {winners}"


@pytest.mark.parametrize("prefilter", BOTH)
def test_counter_examples_are_not_reported(prefilter):
    """By their own rule; another one may well know them."""
    wrong = []
    for rule_id, text in counter_examples():
        result = engine(prefilter).scan(b"\n" + text + b"\n", path_for(by_id()[rule_id]))
        wrong += [(rule_id, text) for match in live(result) if match.rule_id == rule_id and not match.decoded]
    assert wrong == []


ENCODINGS = {
    "base64": base64.b64encode,
    "hex": lambda text: text.hex().encode(),
    "utf-16": lambda text: b"\xff\xfe" + text.decode().encode("utf-16-le"),
    "percent": lambda text: b"".join(b"%%%02X" % byte for byte in text),
    "unicode": lambda text: b"".join(b"\\u%04x" % byte for byte in text),
}


def opens(rule, text, encoding):
    """Whether encoded text of this rule promises to be opened: by the form of a keyword that stands in it as it is written (or in one of three cases).

    Names that values of providers are assigned to have no forms of their own: the generic words next to them open the run.
    """
    if encoding in ("percent", "unicode"):
        # Escapes open on themselves, line by line and within some thousand bytes; they need no keyword.
        return b"\n" not in text and len(text) < 600
    if encoding == "utf-16" and not text.isascii():
        return False
    for other in finished():
        if other["named"] or (other["assigned"] and "generic" not in other["tags"]):
            continue
        for keyword in other["encoded"] or other["keywords"]:
            if len(keyword) < MIN_KEYWORD:
                continue
            word = keyword.encode()
            if any(spelling in text for spelling in ((word, word.upper(), word.capitalize()) if other["ignore_case"] else (word,))):
                return True
    return False


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoded_examples_are_found(encoding):
    """A secret that is found in plain text is found encoded, wherever a keyword of 4 bytes or more stands with it."""
    lost, tried = [], 0
    for rule_id, text in examples():
        rule = by_id()[rule_id]
        if (not rule["named"] and min(map(len, rule["encoded"] or rule["keywords"])) < MIN_KEYWORD) or rule["paths"] or not opens(rule, text, encoding):
            continue
        plain = {match.secret.reveal() for match in live(engine().scan(text))}
        if not plain:
            continue
        tried += 1
        encoded = b"value: " + ENCODINGS[encoding](text) + b"\n" if encoding != "utf-16" else ENCODINGS[encoding](text)
        found = live(engine().scan(encoded))
        if not plain & {match.secret.reveal() for match in found if match.decoded}:
            lost.append((rule_id, text))
    assert lost == []
    assert tried > 150


def test_gates_and_leads_are_in_use():
    """The tables the engine's speed rests on: if nothing were gated or led any more, the tests of their necessity would test nothing."""
    assert sum(bool(rule["gated"]) for rule in finished()) >= 3
    assert sum(bool(rule["leads"]) for rule in finished()) >= 3
