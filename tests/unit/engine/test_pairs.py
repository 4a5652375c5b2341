"""A name and a value in two fields are read as one assignment, whatever the format and the order."""

import re

import pytest
from rulebook import BOTH, engine

from leaksieve.engine.pairs import pair
from leaksieve.engine.vocabulary import ESCAPES

VALUE = "kd83" + "Hs02jQ"

TOGETHER = {
    "yaml": "env:\n- name: DB_PASSWORD\n  value: VALUE\n- name: MODE\n  value: b1234\n",
    "yaml, value first": "- value: VALUE\n  name: DB_PASSWORD\n",
    "yaml, second of two": "- name: user\n  value: bob12\n- name: password\n  value: VALUE\n",
    "json": '{"key": "password", "value": "VALUE"}',
    "json without blanks": '[{"name":"user","value":"bob12"},{"name":"password","value":"VALUE"}]',
    "json, value first": '{"value": "VALUE", "type": "string", "key": "password"}',
    "json over lines": '{\n  "name": "DB_PASSWORD",\n  "value": "VALUE"\n}',
    "json in json": '"{\\"name\\": \\"password\\", \\"value\\": \\"VALUE\\"}"',
    "nested": '"outputs": {"db_password": {"value": "VALUE", "type": "string"}}',
    "xml elements": "<name>javax.jdo.ConnectionPassword</name>\n<value>VALUE</value>",
    "xml attributes": '<add key="ApiPassword" value="VALUE"/>',
    "property list": "<key>password</key>\n<string>VALUE</string>",
    "helm": 'set {\n  name  = "db.password"\n  value = "VALUE"\n}',
    "terraform": 'variable "db_password" {\n  type        = string\n  default     = "VALUE"\n}',
    "php": "['name' => 'password', 'value' => 'VALUE']",
}
APART = {
    "name that says nothing": "- name: COLOUR_PASS\n  x: 1\n\n- name: COLOUR\n  value: VALUE\n",
    "another's value": '{"value": "VALUE", "name": "user"}, {"name": "password", "value": ""}',
    "no name": '"password"\n\n<option value="VALUE">',
    "reference": "- name: DB_PASSWORD\n  value: $(DB_PASSWORD)\n",
    "template": '{"key": "password", "value": "{{password}}"}',
    "elsewhere": "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-VALUE\n",
}


def found(text, prefilter="aho-corasick"):
    data = text.encode()
    return [(m.secret.reveal(), data[slice(*m.secret_span)], m.decoded) for m in engine(prefilter).scan(data, b"deploy.yaml").matches if not m.rejected]


@pytest.mark.parametrize("prefilter", BOTH)
@pytest.mark.parametrize("kind", TOGETHER)
def test_a_value_is_found_under_the_name_beside_it(kind, prefilter):
    value = VALUE.encode()
    assert (value, value) in [(secret, there) for secret, there, _ in found(TOGETHER[kind].replace("VALUE", VALUE), prefilter)]


@pytest.mark.parametrize("prefilter", BOTH)
@pytest.mark.parametrize("kind", APART)
def test_what_has_no_credentials_name_or_no_value_is_left_alone(kind, prefilter):
    assert found(APART[kind].replace("VALUE", VALUE), prefilter) == []


def test_a_provider_is_known_by_the_name_in_the_other_field():
    key = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"[::-1]
    (match,) = [m for m in engine().scan(f"- name: DATADOG_API_KEY\n  value: {key}\n".encode(), b"a.yaml").matches if not m.rejected]
    assert (match.rule_id, match.decoded, match.secret.reveal()) == ("datadog-api-key", ("pair",), key.encode())


def test_openings_are_as_long_as_they_say():
    texts = [text.replace("VALUE", VALUE).encode() for text in TOGETHER.values()]
    openings = [(re.compile(opening.encode()), length) for kind, opening, length, *_ in ESCAPES if kind == "pair"]
    seen = {length for text in texts for opening, length in openings for match in opening.finditer(text) if match.end() - match.start() == length}
    assert all(match.end() - match.start() == length for text in texts for opening, length in openings for match in opening.finditer(text))
    assert len(seen) > 3


@pytest.mark.parametrize("size", [10, 319, 321, 5000])
def test_a_name_too_far_away_is_another_matter(size):
    text = b"name: DB_PASSWORD\n" + b" " * size + b"value: kd83Hs02jQ\n"
    assert (pair(text, text.index(b"value") - 1) is not None) == (size < 300)
