"""What stands in for a secret."""

import pytest

from leaksieve.findings.mask import mask

KEY = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"\n".join([b"MIIE" * 16] * 25) + b"\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        (b"", "(empty)"),
        (b"x", "(1 character: lower)"),
        (b"hunter2hunte", "(12 characters: lower, digits)"),
        (b"Ab1 !\x00", "(6 characters: lower, upper, digits, symbols, spaces, other)"),
        ("é".encode() * 7, "(7 characters: other)"),
        (b"\xff\xfe", "(2 characters: other)"),
        (b"a" * 15, "(15 characters: lower)"),
    ],
)
def test_short_secrets_show_length_and_classes(secret, shown):
    assert mask(secret) == shown


def test_long_secrets_show_prefix_head_and_tail():
    assert mask(b"ghp_" + b"abcdefghijklmnopqrstuvwxyz0123456789", b"ghp_") == "ghp_abcd…89"
    assert mask(b"abcdefghijklmnopqrst") == "abcd…st"


def test_a_prefix_that_is_not_there_is_not_shown():
    assert mask(b"abcdefghijklmnopqrst", b"ghp_") == "abcd…st"


@pytest.mark.parametrize(("rest", "shown"), [(17, "abcd…q"), (14, "abc…n"), (9, "ab…i"), (8, "ab…")])
def test_never_more_than_a_third_of_what_follows_the_prefix(rest, shown):
    assert mask(b"prefix__" + b"abcdefghijklmnopqrst"[:rest], b"prefix__") == "prefix__" + shown


def test_a_secret_that_is_mainly_prefix_shows_nothing():
    assert mask(b"prefix-prefix-" + b"abcdef", b"prefix-prefix-") == "(20 characters: lower, symbols)"


def test_what_does_not_print_is_escaped():
    assert mask(b"\x1b[2J" + b"abcdefghijklmno\xff") == "\\x1b[2J…o\\udcff"


@pytest.mark.parametrize("key", [KEY, KEY.replace(b"\n", b"\r\n"), KEY.replace(b"\n", b"\\n"), KEY.replace(b"\n", b"\\\\n")])
def test_a_private_key_shows_its_header_and_size(key):
    assert mask(key) == "-----BEGIN RSA PRIVATE KEY----- (27 lines)"


def test_a_key_on_one_line():
    assert mask(b"-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY----- (1 line)"


def test_an_invented_header_is_not_shown():
    assert "HUNTER" not in mask(b"-----BEGIN HUNTER2 PRIVATE KEY-----\nabc")
