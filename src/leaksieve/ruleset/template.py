"""Expansion of example templates, so that no live-looking token is ever written down.

A template is plain text with placeholders such as ``<alnum:36>``; the table of kinds is in
``rules/README.md``.  Expansion is deterministic for a given template and seed.
"""

from __future__ import annotations

import base64
import random
import re

from leaksieve.ruleset.template_sums import BUILT, SUMS, crc32_github

LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = "0123456789"
ALNUM = DIGITS + UPPER + LOWER

ALPHABETS = {
    "alnum": ALNUM,
    "lower": LOWER,
    "upper": UPPER,
    "letter": UPPER + LOWER,
    "digit": DIGITS,
    "hex": DIGITS + "abcdef",
    "HEX": DIGITS + "ABCDEF",
    "base64": ALNUM + "+/",
    "base64url": ALNUM + "-_",
    "b32": UPPER + "234567",
    "lowernum": LOWER + DIGITS,
    "uppernum": UPPER + DIGITS,
    "word": ALNUM + "_",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}

_PLACEHOLDER = re.compile(r"<(uuid|[A-Za-z0-9-]+:\d+)>")
_B64 = re.compile(r"<(b64u?|sum:[a-z0-9-]+):((?:[^<>]|<[^<>]*>)*)>", re.DOTALL)
_INNER = re.compile(r"\{(uuid|[A-Za-z0-9-]+:\d+)\}")


def _balanced(alphabet: str, length: int, rng: random.Random) -> str:
    """Draw characters so that neighbours differ and no class is missing by bad luck: a short draw still looks random."""
    classes = [[c for c in alphabet if c in group] for group in (LOWER, UPPER, DIGITS)]
    present = [group for group in classes if group]
    must = [rng.choice(group) for group in present][:length]
    rest = [rng.choice(alphabet) for _ in range(length - len(must))]
    drawn = must + rest
    rng.shuffle(drawn)
    # A token rule must not depend on how its first or last character looks; keep those alphanumeric,
    # since a trailing "-" or "_" would be cut by any boundary.
    for end in (0, -1):
        if drawn and not drawn[end].isalnum():
            drawn[end] = rng.choice([c for c in alphabet if c.isalnum()])
    return "".join(drawn)


def _draw(kind: str, rng: random.Random) -> str:
    if kind == "uuid":
        digits = "".join(rng.choice("0123456789abcdef") for _ in range(32))
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
    name, _, count = kind.partition(":")
    length = int(count)
    if name == "pass":
        # Classes a password has, without characters that end a quoted or bare value in some syntax.
        head = _balanced(ALNUM, max(length - 2, 1), rng)
        return (head[: length // 2] + "!" + head[length // 2 :] + "7")[:length]
    if name == "int":
        return rng.choice("123456789") + "".join(rng.choice(DIGITS) for _ in range(length - 1))
    if name == "crc32-github":
        body = _balanced(ALNUM, length, rng)
        return body + crc32_github(body)
    if name in BUILT:
        return BUILT[name](length, rng)
    if name not in ALPHABETS:
        known = ", ".join((*sorted(ALPHABETS), "int", "pass", "uuid", "b64", "b64u", "sum", "crc32-github", *sorted(BUILT)))
        raise ValueError(f"unknown placeholder <{kind}>; known: {known}")
    return _balanced(ALPHABETS[name], length, rng)


def expand(template: str, seed: int = 0) -> bytes:
    """Expand every placeholder; the same template and seed give the same bytes.  ValueError for an unknown kind."""
    rng = random.Random(f"{seed}:{template}")  # noqa: S311  examples, not keys

    def nested(match: re.Match[str]) -> str:
        inner = _INNER.sub(lambda m: _draw(m.group(1), rng), match.group(2))
        inner = _PLACEHOLDER.sub(lambda m: _draw(m.group(1), rng), inner)
        how, _, name = match.group(1).partition(":")
        if how == "b64":
            return base64.b64encode(inner.encode()).decode()
        if how == "b64u":
            return base64.urlsafe_b64encode(inner.encode()).decode().rstrip("=")
        if name not in SUMS:
            raise ValueError(f"unknown checksum <sum:{name}:...>; known: {', '.join(sorted(SUMS))}")
        return inner + SUMS[name](inner)

    text = _B64.sub(nested, template)
    return _PLACEHOLDER.sub(lambda m: _draw(m.group(1), rng), text).encode()
