"""A token is found wherever it stands: in ten surroundings, with the exact place of the secret."""

import base64
import json
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import pytest
import regex
from rulebook import engine, finished, live

from leaksieve.ruleset.assign import ASSIGN
from leaksieve.ruleset.template import expand


def plain(before, after):
    def build(payload, low, high):
        return before + payload + after, (len(before) + low, len(before) + high)

    return build


def in_json(payload, low, high):
    """A string of JSON: quotes and line breaks in it are escaped."""
    escaped = [json.dumps(part.decode())[1:-1].encode() for part in (payload[:low], payload[low:high], payload[high:])]
    head = b'{"name": "app", "value": "' + escaped[0]
    return head + escaped[1] + escaped[2] + b'"}\n', (len(head), len(head) + len(escaped[1]))


def in_url(payload, low, high):
    """The value of a query: what is reserved there is percent-encoded."""
    encoded = [quote(part, safe="!*'()~").encode() for part in (payload[:low], payload[low:high], payload[high:])]
    head = b"https://api.corp.net/v1/items?value=" + encoded[0]
    return head + encoded[1] + encoded[2] + b"&page=2\n", (len(head), len(head) + len(encoded[1]))


def in_base64(payload, low, high):
    """One run; the place is that of the characters which hold the secret's bits."""
    head = b"token: "
    text = base64.b64encode(head + payload + b"\n")
    start, end = (len(head) + low) * 8 // 6, -(-(len(head) + high) * 8 // 6)
    return b"data: " + text + b"\n", (6 + start, 6 + end)


def in_utf16(payload, low, high):
    head = "token: "
    text = (head + payload.decode() + "\r\n").encode("utf-16-le")
    return b"\xff\xfe" + text, (2 + 2 * (len(head) + low), 2 + 2 * (len(head) + high))


SURROUNDINGS = {
    "assignment": plain(b'value = "', b'"\n'),
    "json": in_json,
    "yaml": plain(b"app:\n  value: ", b"\n"),
    "url": in_url,
    "header": plain(b"GET / HTTP/1.1\r\nX-Value: ", b"\r\nHost: corp\r\n"),
    "comment": plain(b"# the old one was ", b" until March\n"),
    "dockerfile": plain(b"FROM alpine\nENV VALUE=", b"\n"),
    "log": plain(b"2024-03-01T10:00:00Z INFO [main] value=", b" status=200\n"),
    "base64": in_base64,
    "utf-16": in_utf16,
}


# Judged together with what stands around them: a name, other lines of the same entry.
JUDGED = ("generic",)


class Planted(NamedTuple):
    """What is planted for a rule: a token alone, or the whole of an example where the rule needs the words around the secret."""

    rule: str
    payload: bytes
    low: int
    high: int
    alone: bool

    def surroundings(self):
        if self.alone:
            return SURROUNDINGS
        if b"\n" in self.payload:
            return BLOCKS
        return [name for name in SURROUNDINGS if name != "url"]  # a command or a statement is no value of a query


# A block keeps its lines: in a file, in a string of a program, in JSON, encoded.
BLOCKS = ("assignment", "json", "base64", "utf-16")


@lru_cache(maxsize=1)
def planted():
    out = []
    for rule in finished():
        if ASSIGN in rule["pattern"] or rule["paths"] or rule["family"].partition("-")[0] in JUDGED:
            continue  # a name is needed, or a place
        compiled = regex.compile(rule["pattern"].encode("latin-1"))
        example = expand(rule["examples"][0]).rstrip(b"\n")
        match = compiled.search(example)
        secret = match.group("secret")
        alone = compiled.fullmatch(secret)
        if alone is not None and alone.group("secret") == secret:
            out.append(Planted(rule["id"], secret, 0, len(secret), b"\n" not in secret))
        else:
            out.append(Planted(rule["id"], example, *match.span("secret"), False))
    return out


def missed(one, name):
    """What the engine said of a text instead of the secret at its place; empty if it is found."""
    text, span = SURROUNDINGS[name](one.payload, one.low, one.high)
    result = engine().scan(text, b"a/file")
    values = {one.payload[one.low : one.high], text[slice(*span)]}
    if any(match.secret_span == span and match.secret.reveal() in values for match in live(result)):
        return []
    return [f"{name} {span}"] + [f"{match.rule_id} {tuple(match.secret_span)} {match.rejected}" for match in result.matches]


# Where a rule is not found, and why.  What decoding of links opens on is an encoded `:`, `=`, `_`, `-`, `.`, `/`, `@` or
# a quote beside letters, which links with credentials hold; %20 and %25 are in every link, %24 and %2B in hardly any token.
EXCEPTIONS = {
    "azure-registry-or-search-key": ("%2B opens no decoding, and a plus is its only sign", ["url"]),
    "braintree-access-token": ("%24 opens no decoding", ["url"]),
    "braintree-sandbox-access-token": ("%24 opens no decoding", ["url"]),
    "command-line-htpasswd": ("the password is the last word of the command: before others it may be the user", ["comment", "log"]),
    "confluent-api-secret": ("%2B opens no decoding", ["url"]),
    "endorlabs-api-key": ("%2B opens no decoding", ["url"]),
    "fly-authorization-value": ("%20 opens no decoding; its tokens are found by their own rule", ["url"]),
    "password-hash-bcrypt": ("%24 opens no decoding", ["url"]),
    "password-hash-crypt": ("%24 opens no decoding", ["url"]),
    "twitter-bearer-token": ("it holds a percent sign of its own, and %25 opens no decoding", ["url"]),
}


@pytest.mark.parametrize("one", planted(), ids=lambda one: one.rule)
def test_a_secret_is_found_in_every_surrounding(one):
    excepted = EXCEPTIONS.get(one.rule, ("", []))[1]
    assert [told for name in one.surroundings() if name not in excepted and (told := missed(one, name))] == []


def alone_in_base64(payload, low, high):
    text = base64.b64encode(payload)
    return b"data: " + text + b"\n", (6 + low * 8 // 6, 6 + -(-high * 8 // 6))


def nameless_in_utf16(payload, low, high):
    text = ("x = " + payload.decode() + "\r\n").encode("utf-16-be")
    return b"\xfe\xff" + text, (2 + 2 * (4 + low), 2 + 2 * (4 + high))


# Nothing beside the token opens the encoding: known by two characters, or by three that stand elsewhere than at their beginning.
UNNAMED = {
    "rapidapi-key": ["base64"],
    "telegram-bot-token": ["base64"],
    "twilio-account-sid": ["base64", "utf-16"],
    "twilio-api-key-sid": ["base64", "utf-16"],
    "twilio-api-key-sid-mixed": ["base64", "utf-16"],
}


@pytest.mark.parametrize("one", [one for one in planted() if one.alone], ids=lambda one: one.rule)
def test_an_encoded_token_needs_no_name_beside_it(one):
    for name, build in (("base64", alone_in_base64), ("utf-16", nameless_in_utf16)):
        text, span = build(one.payload, one.low, one.high)
        found = any(match.secret_span == span for match in live(engine().scan(text, b"a/file")))
        assert found == (name not in UNNAMED.get(one.rule, [])), name


def test_the_exceptions_are_needed():
    """Each of them is of a rule that there is and fails still, so that the list does not outlive its reasons."""
    by_rule = {one.rule: one for one in planted()}
    found = [(rule, name) for rule, (_, names) in EXCEPTIONS.items() for name in names if not missed(by_rule[rule], name)]
    assert found == []
    assert len(EXCEPTIONS) < len(by_rule) / 20


def test_most_rules_are_tried_alone():
    """A rule whose token needs words around it is tried with them; those are the few."""
    alone = sum(one.alone for one in planted())
    assert alone > 300
    assert alone > 0.7 * len(planted())
