"""Judgement of a matched value by itself: entropy, variety, stop words, allowed shapes, placeholders.

Pure functions over bytes and the plain rule; the engine and the rule checker use the same ones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import log2
from typing import Any


def entropy(value: bytes) -> float:
    """Shannon entropy of the bytes, in bits per byte (0 to 8)."""
    total = len(value)
    if not total:
        return 0.0
    bits = 0.0
    for byte in set(value):
        share = value.count(byte) / total
        bits -= share * log2(share)
    return bits


# Runs that a long value may hold by its format (zero bytes, padding) or by chance.
PLACEHOLDER_RUNS = (b"00000000", b"11111111", b"aaaaaaaa")
MAX_RUN_JUDGED = 40
MAX_PLACEHOLDER = 160


def is_run(value: bytes) -> bool:
    """Whether the value is one repeated byte, a short repeated piece, or a rising or falling sequence (12345678, abcdefgh)."""
    size = len(value)
    if size < 4:
        return size > 0 and len(set(value)) == 1
    for piece in (1, 2, 3, 4):
        if size >= 2 * piece and value == (value[:piece] * (size // piece + 1))[:size]:
            return True
    # Each hexadecimal or decimal digit follows the one before (…890123…): wrap-around counts as a step.
    if size > 4 and abs(value[1] - value[0]) != 1 and abs(value[2] - value[1]) != 1:
        return False  # two steps of a sequence are ordinary ones, whatever the third
    steps = {second - first for first, second in zip(value, value[1:], strict=False)}
    wrapped = steps - {1, ord("a") - ord("9"), ord("A") - ord("9"), ord("0") - ord("9"), ord("0") - ord("f"), ord("0") - ord("F"), ord("a") - ord("z"),
                       ord("A") - ord("Z"), ord("a") - ord("Z"), ord("A") - ord("z"), ord("0") - ord("z"), ord("0") - ord("Z")}  # fmt: skip
    return not wrapped or steps <= {-1}


# Pieces of text that nobody puts into a real credential, but everybody into a stand-in for one.
PLACEHOLDER_WORDS = (
    b"example", b"placeholder", b"changeme", b"change-me", b"change_me", b"replaceme", b"replace-me", b"replace_me", b"redacted",
    b"your_", b"your-", b"yourtoken", b"yourkey", b"yourapikey", b"yoursecret", b"yourpassword", b"insert_", b"insert-", b"my_secret", b"mysecret",
    b"dummy", b"xxxxx", b"12345678901", b"0123456789", b"abcdefghij", b"*****", b".....", b"deadbeefdeadbeef",
    b"do_not_use", b"donotuse", b"not_a_real", b"notareal", b"fake_", b"fake-", b"fakekey", b"faketoken", b"_here", b"-here", b"\xe2\x80\xa6", b"\\u2026", b" characters: ",
)  # fmt: skip


@lru_cache(maxsize=1)
def _words() -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, PLACEHOLDER_WORDS)))


def placeholder(value: bytes) -> bool:
    """Whether a value stands in for a secret: runs, and words that only examples hold."""
    lowered = value.lower()
    if _words().search(lowered) or is_run(value):
        return True
    return len(value) <= MAX_RUN_JUDGED and any(run in lowered for run in PLACEHOLDER_RUNS)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """A small pattern (an allowed shape, a path) compiled once."""
    return re.compile(pattern.encode("latin-1"))


def reject_reason(rule: dict[str, Any], secret: bytes) -> str:
    """Why this value is not a finding of the rule ("" when it is one), from cheapest to dearest."""
    distinct = rule["min_distinct"]
    if distinct and len(set(secret)) < distinct:
        return "few-distinct"
    if rule["stop_words"]:
        lowered = secret.lower()
        for word in rule["stop_words"]:
            if word.encode() in lowered:
                return "stop-word"
    # What varies is judged without the public prefix, which every stand-in has as well.
    prefix = rule["public_prefix"].encode()
    body = secret[len(prefix) :] if prefix and secret.startswith(prefix) else secret
    if len(body) <= MAX_PLACEHOLDER and placeholder(body):
        return "placeholder"
    if rule["min_entropy"] and entropy(secret) < rule["min_entropy"]:
        return "low-entropy"
    for pattern in rule["allow"]:
        if compiled(pattern).fullmatch(secret):
            return "allowed-shape"
    return ""
