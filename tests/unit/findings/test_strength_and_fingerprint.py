"""Fingerprints: stable, keyed, and no oracle for values that could be guessed."""

import base64
import json
import math
import random
import string

import pytest

from leaksieve.findings import strength
from leaksieve.findings.fingerprint import Fingerprinter, key_for
from leaksieve.findings.strength import bits, weak

STRONG = b"tK9#" + b"vQ2m" + b"Zx7LpR4w"
KEY = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(bytes(range(256)) * 4) + b"-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "value",
    [
        b"", b"changeme", b"password123", b"Welcome2024!", b"12345678901234567890", b"a" * 20, b"ab" * 10, b"correcthorsebattery",
        b"deadbeef", b"0000000000000001", b"PRODUCTION", b"Passw0rd1", b"P@ssw0rd123!", b"Tr0ub4dor&3", b"P455w0rd!", b"p4$$w0rd", b"P@SSW0RD!!", b"W3lc0me2024!",
        b"S3cr3+99", b"P@ssw0rd1234567890", b"Bu11d8ot!x",
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


def test_substitutes_of_letters_are_undone_and_the_smaller_reading_counts():
    letter, digit, mark = 1.5, 3.3219, 5.0444
    assert bits(b"Tr0ub4dor&3") == pytest.approx(7 * letter + 3 * digit + mark, abs=1e-3)
    assert bits(b"P@ssw0rd") == pytest.approx(5 * letter + 1 + digit + mark, abs=1e-3)
    # No word either way: four in a row, fewer letters than substitutes, letters in no word's case, five consonants.
    for value in (b"k0000sk", b"p4550w0", b"pA5sW0Rd", b"p5kdtr"):
        assert bits(value) == pytest.approx(_plain(value), abs=1e-3), value
    # What is worth less as it stands stays so: `password` is a word without anything undone.
    assert bits(b"password1") == pytest.approx(bits(b"password") + digit, abs=1e-3)


def _plain(value):
    each = math.log2(sum(size for kind, size in ((str.islower, 26), (str.isupper, 26), (str.isdigit, 10)) if any(map(kind, value.decode()))))
    return sum(1 if before is not None and abs(before - byte) <= 1 else each for before, byte in zip([None, *value], value, strict=False))


@pytest.mark.parametrize(
    "alphabet",
    [string.hexdigits[:16], string.digits + "ABCDEF", string.ascii_lowercase + string.digits, string.ascii_uppercase + "234567", string.ascii_letters + string.digits,
     string.ascii_letters + string.digits + "+/", string.ascii_letters + string.digits + "-_", "".join(map(chr, range(33, 127)))],
)  # fmt: skip
def test_random_tokens_do_not_become_weak_by_it(alphabet, monkeypatch):
    rng = random.Random(7)
    tokens = ["".join(rng.choices(alphabet, k=rng.randint(16, 40))).encode() for _ in range(2000)]
    undone = [weak(token) for token in tokens]
    monkeypatch.setattr(strength, "_substituted", lambda value: [])
    assert [weak(token) for token in tokens] == undone
    assert undone.count(True) < 200


def test_the_short_cut_agrees_with_the_estimate():
    rng = random.Random(8)
    for alphabet in (b"as0341$@!Pw", b"abe0134", b"pw5sord0P@"):
        for _ in range(1000):
            value = bytes(rng.choices(alphabet, k=rng.randint(1, 22)))
            assert weak(value) == (bits(value) < strength.WEAK_BELOW), value


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
