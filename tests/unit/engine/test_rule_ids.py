"""Ids of rules in configurations and reports are no values; what only looks like one may be."""

import pytest
from rulebook import BOTH, ruleset_of, toml

from leaksieve.engine.filters import Judge
from leaksieve.engine.matcher import Engine
from leaksieve.ruleset.load import load

LIST = b'rules = ["generic-*", "elastic-password", "snowflake-password", "vault-dev-token"]'


def found(text, prefilter=BOTH[0], ruleset=None):
    return [
        (match.rule_id, match.secret.reveal())
        for match in Engine(ruleset or load(), prefilter=prefilter).scan(text, b"leaksieve.toml").matches
        if not match.rejected
    ]


@pytest.mark.parametrize("prefilter", BOTH)
@pytest.mark.parametrize(
    "text",
    [
        LIST,
        b'rules = ["elastic-password", "snowflake-*", "snowflake-password", "gener*-pass*"]',
        b'disable = ["snowflake-password", "vault-dev-root-token"]',
        b'"rule_id":"elastic-password","rule_name":"Elasticsearch password"',
        b"SNOWFLAKE_PASSWORD: elastic-password",
        b"db_password = snowflake-password",
    ],
)
def test_an_id_is_no_value(text, prefilter):
    assert found(text + b"\n", prefilter) == []


def test_why_is_said():
    reasons = {
        match.secret.reveal(): match.rejected for match in Engine(load()).scan(LIST).matches if match.rule_id in ("elastic-password", "snowflake-password")
    }
    assert reasons == {b"snowflake-password": "rule-id", b"vault-dev-token": "rule-id"}


@pytest.mark.parametrize("prefilter", BOTH)
@pytest.mark.parametrize(
    "value",
    ["elastic-passw0rd-77", "elastic-password7", "correct-horse-battery", "elastic-pass*wxrd", "kq**-*zv*-x7Rw", "vault-dev-t0ken"],
)
def test_what_only_looks_like_one_is_found(value, prefilter):
    wanted = [("snowflake-password", value.encode())]
    assert found(f'set("snowflake-password", "{value}")\n'.encode(), prefilter) == wanted
    assert found(f"SNOWFLAKE_PASSWORD={value}\n".encode(), prefilter) == wanted


def test_an_id_it_had_before_and_those_of_rules_of_ones_own():
    keys = {"id": '"acme-password"', "aliases": '["acme-phrase"]', "names": '["acme_password"]', "value": "'[a-z*-]{6,40}'", "keywords": None, "pattern": None,
            "examples": '["ACME_PASSWORD=kqzv-<lower:8>"]', "counter_examples": '["ACME_USER=x"]'}  # fmt: skip
    ruleset = ruleset_of(toml(keys))
    assert [found(f"ACME_PASSWORD={value}\n".encode(), ruleset=ruleset) for value in ("acme-password", "acme-phrase", "acme-ph*", "acme-*")] == [[]] * 4
    assert found(b"ACME_PASSWORD=acme-phrases\n", ruleset=ruleset) == [("acme-password", b"acme-phrases")]


def test_a_judge_of_no_ruleset_knows_no_id():
    assert Judge()._ids == frozenset()
