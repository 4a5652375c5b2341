"""Secrets get the parts that stand near them; what is a part is no finding of its own."""

import base64

import pytest

from leaksieve.engine.matcher import Engine
from leaksieve.engine.multipart import distance, window
from leaksieve.model import Span
from leaksieve.ruleset.compile import compile_rules, finish
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.rule import read_rules

FAMILY = """
[family]
id = "acme"
name = "Acme"
documentation = "https://acme.test/"
rotation = "https://acme.test/"
impact = "Everything."
revoke = ["Revoke it."]

[[rule]]
id = "acme-secret"
name = "Acme secret"
severity = "high"
confidence = "high"
keywords = ["acme_"]
pattern = '(?P<secret>acme_[a-z0-9]{8})(?![a-z0-9])'
examples = ["acme_<lowernum:8>"]
{missing}

[[rule.parts]]
name = "client_id"
names = ["client_id"]
rules = ["acme-id"]
value = '[a-z]{2}[0-9]{2,6}'
required = {required}

[[rule.parts]]
name = "host"
names = ["host"]
lines = 2

[[rule]]
id = "acme-id"
name = "Acme id"
severity = "low"
confidence = "high"
keywords = ["acid_"]
pattern = '(?P<secret>acid_[a-z0-9]{8})(?![a-z0-9])'
examples = ["acid_<lowernum:8>"]
"""
A, B = "acme_" + "q7w8e9r1", "acme_" + "z1x2c3v4"
ID, OTHER = "acid_" + "k4j5h6g7", "acid_" + "p9o8i7u6"


def engine(required="false", missing=""):
    rules = read_rules(FAMILY.replace("{required}", required).replace("{missing}", missing), "acme.toml")
    return Engine(Ruleset(compile_rules([finish(rule, "acme.toml") for rule in rules])))


def told(text, **options):
    matches = engine(**options).scan(text.encode() if isinstance(text, str) else text, b"x.env").matches
    return [(m.secret.reveal().decode(), {n: v.reveal().decode() for n, v in m.parts}, m.rejected) for m in matches]


def test_a_part_is_found_before_and_after():
    for text in (f"client_id={ID}\nkey={A}\n", f"key={A}\nclient_id={ID}\n"):
        assert sorted(told(text)) == sorted([(A, {"client_id": ID}, ""), (ID, {}, "part")])


def test_an_id_alone_is_its_own_finding():
    assert told(f"client_id={ID}\n") == [(ID, {}, "")]
    assert told(f"client_id={ID}\n" + "x\n" * 30 + f"key={A}\n") == [(ID, {}, ""), (A, {}, "")]


def test_a_value_that_no_rule_finds_is_a_part_by_its_name_and_shape():
    assert told(f"client_id=ab12\nkey={A}\n") == [(A, {"client_id": "ab12"}, "")]
    assert told(f"client_id=12ab\nkey={A}\n") == [(A, {}, "")]
    assert told(f"client_id=${{ID}}\nkey={A}\nhost=<your host>\n") == [(A, {}, "")]


def test_each_secret_has_its_own_part_in_whatever_order():
    for text in (
        f"client_id=aa11\nkey={A}\n\nclient_id=bb22\nkey={B}\n",
        f"key={A}\nclient_id=aa11\n\nkey={B}\nclient_id=bb22\n",
        f'[{{"client_id":"aa11","key":"{A}"}},{{"key":"{B}","client_id":"bb22"}}]',
        f"- client_id: aa11\n  key: {A}\n- key: {B}\n  client_id: bb22\n",
    ):
        assert [(secret, parts["client_id"]) for secret, parts, _ in told(text)] == [(A, "aa11"), (B, "bb22")], text


def test_names_that_begin_alike_belong_together():
    text = f"PROD_CLIENT_ID=aa11\nTEST_CLIENT_ID=bb22\nPROD_KEY={A}\nTEST_KEY={B}\n"
    assert [(secret, parts["client_id"]) for secret, parts, _ in told(text)] == [(A, "aa11"), (B, "bb22")]


def test_one_part_serves_two_secrets_only_if_nothing_else_is_near():
    assert [parts for _, parts, _ in told(f"client_id=aa11\nkey={A}\nkey={B}\n")] == [{"client_id": "aa11"}] * 2


def test_the_same_id_elsewhere_in_the_file_is_told_with_its_secret():
    found = told(f"client_id={ID}\nkey={A}\n" + "x\n" * 40 + f"again {ID}\n")
    assert [rejected for secret, _, rejected in found if secret == ID] == ["part", "part"]


def test_a_rule_says_how_far_a_part_may_stand():
    assert told(f"host=db.corp\n\nkey={A}\n")[0][1] == {"host": "db.corp"}
    assert told(f"host=db.corp\n\n\n\nkey={A}\n")[0][1] == {}


@pytest.mark.parametrize(("missing", "rejected", "confidence"), [("keep", "", ""), ("lower", "", "medium"), ("drop", "part-missing", "")])
def test_a_missing_part_counts_as_the_rule_says(missing, rejected, confidence):
    option = {} if missing == "keep" else {"missing": f'missing = "{missing}"'}
    scan = engine(required="true", **option).scan
    (alone,) = scan(f"key={A}\n".encode()).matches
    assert (alone.rejected, alone.confidence) == (rejected, confidence)
    (joined,) = scan(f"key={A}\nclient_id=aa11\n".encode()).matches
    assert (joined.rejected, joined.confidence) == ("", "")


def test_parts_are_found_inside_encoded_text_too():
    text = base64.b64encode(f"client_id={ID}\nkey={A}\nhost=db.corp\n".encode())
    assert sorted(told(b"x: " + text)) == sorted([(A, {"client_id": ID, "host": "db.corp"}, ""), (ID, {}, "part")])


def test_code_is_no_part():
    matches = engine().scan(f"host = settings_host\nkey = '{A}'\n".encode(), b"x.py").matches
    assert matches[0].parts == ()
    matches = engine().scan(f"host = 'db.corp'\nkey = '{A}'\n".encode(), b"x.py").matches
    assert [(name, part.reveal()) for name, part in matches[0].parts] == [("host", b"db.corp")]


def test_a_window_is_lines_or_bytes_whatever_ends_first():
    data = b"".join(b"%02d\n" % number for number in range(40))
    assert window(data, Span(60, 62), 2, 2048) == (54, 69)
    assert window(data, Span(60, 62), 20, 7) == (53, 69)
    assert window(data, Span(0, 2), 20, 2048) == (0, 63)


def test_borders_are_dear():
    assert distance(b"a\nb", Span(0, 1), Span(2, 3)) == 1
    assert distance(b"a\n\nb", Span(0, 1), Span(3, 4)) > 200
    assert distance(b"a},{b", Span(4, 5), Span(0, 1)) > 400
