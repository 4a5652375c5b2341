"""Checks under any bytes: they never raise, never show the secret, and a changed character is noticed."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.engine.checks import CHECKS, examine, refused
from leaksieve.ruleset.template import expand

BLOCKS = (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----BEGIN PGP PRIVATE KEY BLOCK-----")
RAW = st.binary(max_size=200)
LENGTHS = st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"\x30\x82\x01\x00", b"\x02\x01\x00", b"\x30\x80", b"\x04\x84\xff\xff\xff\xff", b"\xa1\x00"])))  # fmt: skip
VALUES = st.one_of(
    RAW,
    st.builds(lambda head, raw: head + b"\n" + base64.b64encode(raw), st.sampled_from(BLOCKS), st.one_of(RAW, LENGTHS.map(b"".join))),
    st.builds(lambda raw: base64.b64encode(b"openssh-key-v1\0" + raw), RAW).map(lambda text: BLOCKS[1] + b"\n" + text),
    st.builds(lambda head, raw: head + base64.urlsafe_b64encode(raw), st.sampled_from([b"eyJ", b"pypi-", b"ABSK", b"RWQ", b"glpat-", b"BBDC-"]), RAW),
    st.text(max_size=60).map(lambda text: b"eyJhbGciOiJub25lIn0." + base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")) + b"."),
)


@pytest.mark.parametrize("name", CHECKS)
@given(value=VALUES, part=RAW)
@settings(max_examples=60, deadline=None)
def test_no_check_raises_or_tells_what_is_not_text_number_or_truth(name, value, part):
    found = examine(name, value, {"key_id": part, "grant": part}, 1.7e9)
    assert found.passed in (True, False, None)
    assert all(type(detail) in (str, int, bool) for detail in found.details.values())
    refused({"proof": name, "on_failed_proof": "drop"}, value, {"grant": None})


EXAMPLES = {
    "crc32-github": "ghp_<crc32-github:30>",
    "crc32-hex-all": "<sum:crc32-hex-all:ATBB{alnum:24}>",
    "crc32-hex-body": "<sum:crc32-hex-body:cfut_{alnum:40}>",
    "crc32-base62-all": "<sum:crc32-base62-all:apify_api_{alnum:30}>",
    "crc32-grafana": "<sum:crc32-grafana:glsa_{alnum:32}>",
    "crc32-gitlab": "<sum:crc32-gitlab:glpat-{alnum:44}.01.>",
    "crc16-nats": "<nats-seed:160>",
    "crc16-stellar": "<stellar-seed:144>",
    "base58-wif": "<wif:128>",
    "base58-bip32": "<bip32:76066276>",
    "bech32-age": "<sum:bech32:AGE-SECRET-KEY-1{bech32:52}>",
}


@pytest.mark.parametrize("name", EXAMPLES)
@given(seed=st.integers(0, 50), data=st.data())
@settings(max_examples=40, deadline=None)
def test_one_changed_character_of_the_body_is_noticed(name, seed, data):
    value = expand(EXAMPLES[name], seed)
    assert examine(name, value).passed is True
    # Behind the prefix and before any dot: where a change cannot turn the token into another kind of it.
    end = value.find(b".") if b"." in value else len(value)
    place = data.draw(st.integers(min(20, end // 2), end - 1))
    other = data.draw(st.sampled_from([byte for byte in value[10:end] if byte != value[place]]))
    assert examine(name, value[:place] + bytes((other,)) + value[place + 1 :]).passed is not True


PRIVATE = ("openssh-key:0", "der-rsa:512", "der-pkcs8:512", "der-ec:256")


@pytest.mark.parametrize("kind", PRIVATE)
@given(seed=st.integers(0, 20), cut=st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_a_key_that_is_cut_short_never_passes(kind, seed, cut):
    label = "OPENSSH" if kind.startswith("openssh") else "RSA"
    head, body = f"-----BEGIN {label} PRIVATE KEY-----\n".encode(), expand(f"<{kind}>", seed)
    whole = examine("private-key", head + body)
    assert whole.passed is True
    assert all(not isinstance(detail, str) or detail.encode() not in body for detail in whole.details.values() if detail != "")
    raw = base64.b64decode(body)
    assert examine("private-key", head + base64.b64encode(raw[: max(len(raw) - cut, 0)])).passed is not True
