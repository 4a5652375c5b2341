"""Fingerprints: stable, keyed, and no oracle for values that could be guessed."""

import base64
import json

import pytest

from leaksieve.findings.fingerprint import Fingerprinter, key_for
from leaksieve.findings.strength import bits, weak

STRONG = b"tK9#" + b"vQ2m" + b"Zx7LpR4w"
KEY = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(bytes(range(256)) * 4) + b"-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "value",
    [
        b"", b"changeme", b"password123", b"Welcome2024!", b"12345678901234567890", b"a" * 20, b"ab" * 10, b"correcthorsebattery",
        b"deadbeef", b"0000000000000001", b"PRODUCTION",
    ],
)  # fmt: skip
def test_guessable_values_are_weak(value):
    assert weak(value)


@pytest.mark.parametrize(
    "value",
    [STRONG, b"9f86d081884c7d659a2feaa0c55ad015", b"9F86D081884C7D659A2F", b"Zx7LpR4wQ9", b"xkqzvbtrwpmfghdn", bytes(range(0, 256, 7)), b"7391640285193746"],
)
def test_random_values_are_strong(value):
    assert not weak(value)


def test_bits_follow_the_written_rule():
    assert bits(b"8f") == 8.0
    assert bits(b"82") == pytest.approx(2 * 3.3219, abs=1e-3)
    assert bits(b"89") == pytest.approx(3.3219 + 1, abs=1e-3)
    assert bits(b"door") == pytest.approx(4 * 1.5 - 0.5, abs=1e-3)
    assert bits(b"xkqzv") == pytest.approx(5 * 4.7004, abs=1e-3)
    assert bits(b"bcdfghjkaeiou") > 13 * 1.5  # eight consonants in a row are no word
    assert bits(b"HoUsE") == pytest.approx(5 * 5.7004, abs=1e-3)


def test_shape_and_independence_of_place():
    fingerprinter = key_for("a" * 40, None, None)
    strong = fingerprinter.of("github", STRONG, b"a.py")
    assert len(strong) == 4 + 32
    assert strong.startswith("ls1-")
    assert strong == fingerprinter.of("github", STRONG, b"b.py")
    assert strong != fingerprinter.of("gitlab", STRONG, b"a.py")
    assert strong != fingerprinter.of("github", STRONG + b"x", b"a.py")


def test_weak_values_are_short_and_bound_to_their_path():
    fingerprinter = key_for(None, None, None)
    weak_one = fingerprinter.of("generic", b"changeme", b"tests/a.py")
    assert weak_one.startswith("ls1w-")
    assert len(weak_one) == 5 + 8
    assert weak_one != fingerprinter.of("generic", b"changeme", b"src/a.py")
    assert weak_one == fingerprinter.of("generic", b"changeme", b"tests/a.py")


def test_fields_cannot_run_into_each_other():
    fingerprinter = key_for(None, None, None)
    assert fingerprinter.of("ab", b"c" + STRONG, b"") != fingerprinter.of("a", b"bc" + STRONG, b"")


def test_the_encoding_does_not_change_between_versions():
    # Baselines in users' repositories hold these; a change here breaks every one of them.
    fingerprinter = key_for("0123456789abcdef0123456789abcdef01234567", None, None)
    assert (fingerprinter.key_id, fingerprinter.of("github", STRONG, b"x"), fingerprinter.of("generic", b"changeme", b"x")) == (
        "a2c0552ab04739bd",
        "ls1-7d61e75cb020d18551371d7521f03b39",
        "ls1w-24484326",
    )


@pytest.mark.parametrize(
    "spelling",
    [
        KEY.replace(b"\n", b"\r\n"),
        KEY.strip(),
        json.dumps(KEY.decode())[1:-1].encode(),
        json.dumps(json.dumps(KEY.decode()))[3:-3].encode(),
        KEY.replace(b"\n", b"\n      "),
        KEY.replace(b"\n", b" "),
    ],
)
def test_a_private_key_has_one_fingerprint(spelling):
    fingerprinter = key_for(None, None, None)
    assert fingerprinter.of("private-key", spelling, b"a") == fingerprinter.of("private-key", KEY, b"b")
    assert fingerprinter.of("private-key", KEY.replace(b"AQID", b"AQIE"), b"a") != fingerprinter.of("private-key", KEY, b"a")


def test_where_the_key_comes_from():
    root, project = "AB" * 20, "shop"
    chain = [key_for(root, project, b"k"), key_for(root, project, b""), key_for(root, "", None), key_for("", None, None)]
    assert [one.key_name for one in chain] == ["environment", "project", "root-commit", "default"]
    assert len({one.key_id for one in chain}) == 4
    assert len({one.of("f", STRONG, b"") for one in chain}) == 4
    assert key_for(root.lower(), None, None).key_id == chain[2].key_id
    assert key_for(None, root.lower(), None).key_id != chain[2].key_id


def test_the_key_does_not_print():
    fingerprinter = Fingerprinter(b"canary-key", "environment")
    assert "canary" not in repr(fingerprinter)
    assert fingerprinter.key_id in repr(fingerprinter)
