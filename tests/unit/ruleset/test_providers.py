"""The provider table: rows in, rules out, and what they make of names and values."""

import json
import tomllib

import pytest
from rulebook import RULES, by_id, finished, live, rules_of, ruleset

from leaksieve.engine.matcher import Engine
from leaksieve.errors import RulesetError
from leaksieve.ruleset.categories import CATEGORIES
from leaksieve.ruleset.check import check_paths
from leaksieve.ruleset.compile import compile_rules, merge
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.named import normal
from leaksieve.ruleset.shapes import ALPHABETS, shape
from leaksieve.ruleset.template import expand

with (RULES / "providers.toml").open("rb") as file:
    ROWS = tomllib.load(file)["provider"]
CHECKED = ("examples", "counter_examples", "near_misses", "also", "gated", "tail", "gate", "encoded", "leads", "row")


def row(**keys):
    """The text of a table with one row over a sound default."""
    sound = {"id": '"acme"', "name": '"Acme"', "category": '"data"', "names": '["acme"]', "value": '"hex32"', "documentation": '"https://acme.example/docs"'}
    return "provider = [{" + ", ".join(f"{key} = {value}" for key, value in {**sound, **keys}.items() if value is not None) + "}]\n"


def found(text, data, path=b"config/settings"):
    """(rule, value) of what an engine with the rows of a text and nothing else finds."""
    matches = Engine(Ruleset(compile_rules(rules_of(text)))).scan(data, path).matches
    return [(match.rule_id, match.secret.reveal().decode()) for match in matches if not match.rejected]


HEX = "3f9c0d71b2e84a56" + "c7d10e9f8a2b4c63"
UUID = "6f1d2c3b-9a84-4e57-a1c0-" + "5d7e9f2b4a68"


def test_every_row_is_a_rule_and_says_what_a_finding_must_tell():
    rules = by_id()
    for one in ROWS:
        rule = rules[f"{one['id']}-credential"]
        assert rule["family"] == one["id"]
        assert rule["provider"] == one["name"]
        assert one["name"] in rule["impact"]
        assert (rule["documentation"], rule["rotation"]) == (one["documentation"], one["rotation"])
        assert rule["severity"] == CATEGORIES[one["category"]][0]
        assert rule["revoke"]
        assert "provider-table" in rule["tags"]
        assert 10 < rule["specificity"] < 40
        assert rule["min_entropy"] >= 1.5
        assert len(rule["examples"]) >= len(one["names"])
        assert len(rule["counter_examples"]) >= 3
    assert len(ROWS) >= 500
    assert [one["id"] for one in ROWS] == sorted({one["id"] for one in ROWS})


def test_a_compiled_row_becomes_the_rule_that_was_checked():
    rules = ruleset()
    for index, rule_id in enumerate(rules.ids):
        rule = by_id()[rule_id]
        if "row" in rule:
            assert rules.rule(index) == json.loads(json.dumps({key: value for key, value in rule.items() if key not in CHECKED})), rule_id


def test_a_compiled_row_is_a_short_line_and_no_keyword():
    """What makes the table cheap: it adds nothing to what is looked for in bulk, and a few hundred bytes a provider to what is read."""
    rows = [rule for rule in finished() if "row" in rule]
    text = compile_rules(rows)
    head, *rest = text.split("\n")
    header = json.loads(head)
    assert header["literals"]["words"] == ""
    assert all(who == [] for _, _, _, words in header["gates"] for _, who in words)
    lines = rest[2:-1]
    assert len(lines) == len(rows)
    assert sum(map(len, lines)) / len(rows) < 400
    assert len(head) / len(rows) < 40


def test_no_two_rows_share_a_name():
    names = [normal(name) for one in ROWS for name in one["names"]]
    assert len(names) == len(set(names))


def test_rows_of_a_file_of_ones_own_lie_over_the_built_in_rules(tmp_path):
    (tmp_path / "own.toml").write_text(row())
    assert check_paths([str(tmp_path)]) == []
    text = merge(compile_rules(list(finished())), compile_rules(rules_of(row())))
    rules = Ruleset(text)
    assert rules.by_id("acme-credential")["impact"].startswith("Asks Acme for data")
    (match,) = live(Engine(rules).scan(f"ACME_API_KEY={HEX}".encode(), b".env"))
    assert match.rule_id == "acme-credential"


def test_a_file_may_hold_a_family_of_rules_and_rows():
    from rulebook import toml

    assert [rule["id"] for rule in rules_of(row(id='"bolts"') + toml())] == ["bolts-credential", "acme-token"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"id": None}, "`id`"),
        ({"id": '"Acme"'}, "kebab-case"),
        ({"name": '""'}, "`name`"),
        ({"category": '"anvils"'}, "`category` must be one of ai, analytics"),
        ({"value": '"hex"'}, "`value`: shape `hex` is not understood"),
        ({"value": '"hex0"'}, "lengths"),
        ({"value": '"hex40-32"'}, "lengths"),
        ({"value": "\"'abc'\""}, "no alphabet"),
        ({"value": "[]"}, "no shape"),
        ({"value": "7"}, "`value` must be"),
        ({"value": None}, "`value` is missing"),
        ({"names": "[]"}, "`names` is empty"),
        ({"names": '["abc"]'}, "too short"),
        ({"names": '["a b c d"]'}, "may hold letters"),
        ({"kinds": '["Key"]'}, "kinds"),
        ({"kinds": '["key"]', "value": '{key = "hex32"}'}, "leave `kinds` out"),
        ({"documentation": '"http://acme.example"'}, "https"),
        ({"severity": '"dire"'}, "`severity`"),
        ({"pattern": '"x"'}, "unknown key `pattern`"),
    ],
)
def test_a_row_that_does_not_hold_is_refused_with_the_reason(keys, said):
    with pytest.raises(RulesetError) as error:
        rules_of(row(**keys))
    assert said in error.value.line()
    assert "acme.toml" in error.value.line()


def test_a_table_is_a_list_of_tables():
    with pytest.raises(RulesetError, match="list of tables"):
        rules_of('provider = "acme"')


def test_a_row_says_more_where_it_differs_from_its_category():
    (rule,) = rules_of(
        row(severity='"info"', confidence='"low"', impact='"It orders anvils."', revoke='["Call them."]', rotation='"https://acme.example/keys"')
    )
    assert (rule["severity"], rule["confidence"], rule["impact"], rule["revoke"]) == ("info", "low", "It orders anvils.", ["Call them."])
    assert rule["rotation"] == "https://acme.example/keys"


@pytest.mark.parametrize(
    "line",
    [
        f"ACME_API_KEY={HEX}",
        f'"acmeToken": "{HEX}"',
        f"const ACMEApiKey = '{HEX}';",
        f"my.acme.secret: {HEX}",
        f"acmeapikey = {HEX}",
        f"API_KEY_ACME={HEX}",
        f'<add key="AcmeApiKey" value="{HEX}" />',
        f"export PROD_ACME2_TOKEN='{HEX}'",
    ],
)
def test_a_value_is_found_by_the_name_it_is_assigned_to(line):
    assert found(row(), line.encode()) == [("acme-credential", HEX)]


@pytest.mark.parametrize(
    "name",
    [
        "PACME_API_KEY",  # another word that ends alike
        "acmetoid_key",  # and one that begins alike
        "ACME_KEY_SHA",
        "acme_token_hash",
        "ACME_API_COMMIT",
        "acmeSecretChecksum",
        "sha256_acme_key",
        "acme_key_fingerprint",
        "acme_public_key",
        "acme_api_key_id",
        "acme_token_url",
        "acme_colour",
    ],
)
def test_a_name_that_says_it_is_something_else_is_none(name):
    assert found(row(), f'{name} = "{HEX}"'.encode()) == []


@pytest.mark.parametrize(
    "value",
    [
        "0" * 32,
        "0123456789abcdef" * 2,
        "${ACME_API_KEY}",
        "your_api_key_goes_here_0123456789",
        HEX[:-1],
        HEX + "0",
        HEX.upper(),
        "deadbeef" * 4,
        f"config.{HEX}",
    ],
)
def test_a_value_that_stands_in_for_one_is_none(value):
    assert found(row(), f'ACME_API_KEY="{value}"'.encode()) == []


def test_what_reads_as_a_name_is_weighed_whatever_its_length():
    """It is no more than of low confidence, and nothing at all where code stands."""
    text = row(value='["alnum32", "base64url16-64"]')
    engine = Engine(Ruleset(compile_rules(rules_of(text))))
    for line in (b"ACME_API_KEY = getApiKeyForTheAcmeAccountHolder1", b"acme_token: acmeTokenForStagingCluster20"):
        assert not any(match.confidence != "low" for match in live(engine.scan(line, b"config/settings")))
        assert live(engine.scan(line, b"src/app.js")) == []
    assert found(text, b'acme_key = "sha256-' + b"aZ09+/bY" * 5 + b'xyz="') == []
    (match,) = live(engine.scan(b"ACME_API_KEY = q7RkT2xV9mLp4ZsW8bNc3YfH6dGj1KeA", b"config/settings"))
    assert (match.rule_id, match.confidence) == ("acme-credential", "")


def test_a_value_of_no_certain_length_is_weighed_as_generic_ones_are():
    """The path decides as well, and says how sure it is."""
    text = row(value='"base64url16-64"')
    line = b'acme_api_key = "q7RkT2xV9mLp4ZsW8bNc3Y"'
    (match,) = live(Engine(Ruleset(compile_rules(rules_of(text)))).scan(line, b"config/settings.yml"))
    assert match.confidence in ("high", "medium", "low")
    assert found(text, line, b"package-lock.json") == []


def test_kinds_bind_a_shape_to_a_word_of_the_name():
    text = row(value='{key = "hex24", secret = "uuid"}')
    assert found(text, f"ACME_SECRET={UUID}".encode()) == [("acme-credential", UUID)]
    assert found(text, f"ACME_API_KEY={HEX[:24]}".encode()) == [("acme-credential", HEX[:24])]
    assert found(text, f"ACME_SECRET={HEX[:24]}".encode()) == []
    assert found(row(kinds='["secret"]'), f"ACME_API_KEY={HEX}".encode()) == []
    assert found(row(kinds='["secret"]'), f"ACME_SECRET={HEX}".encode()) == [("acme-credential", HEX)]


def test_one_name_inside_another_does_not_hide_it():
    assert found(row(names='["getacme", "acme"]'), f"GETACME_API_KEY={HEX}".encode()) == [("acme-credential", HEX)]


@pytest.mark.parametrize(
    ("text", "pattern", "template", "lengths"),
    [
        ("hex32", "[0-9a-f]{32}", "<hex:32>", (32, 32)),
        ("alnum20-64", "[0-9A-Za-z]{20,64}", "<alnum:40>", (20, 64)),
        ("digit6-10:hex32", r"[0-9]{6,10}:[0-9a-f]{32}", "<digit:10>:<hex:32>", (39, 43)),
        ("'sk_'base64url22", r"sk_[0-9A-Za-z_-]{22}", "sk_<base64url:22>", (25, 25)),
        ("hex8-uuid", r"[0-9a-f]{8}\-" + shape("uuid").pattern, "<hex:8>-<uuid>", (45, 45)),
        ("base64std43'='", r"[0-9A-Za-z+/]{43}=", "<base64:43>=", (44, 44)),
    ],
)
def test_shapes_are_read(text, pattern, template, lengths):
    one = shape(text)
    assert (one.pattern, one.template, (one.low, one.high)) == (pattern, template, lengths)
    assert one.sure == (text != "alnum20-64")


@pytest.mark.parametrize("kind", sorted(ALPHABETS))
def test_drawn_values_have_the_least_entropy_of_their_shape(kind):
    from leaksieve.ruleset.values import entropy

    for size in (20, 32, 64):
        one = shape(f"{kind}{size}")
        assert all(entropy(expand(one.template, seed)) >= one.entropy for seed in range(200))
        assert one.entropy > entropy(b"ab" * (size // 2))
