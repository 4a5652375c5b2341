"""Private key blocks: one key, however it was quoted, wrapped or indented."""

from __future__ import annotations

import re

# Only words that name a kind of key: whatever else stands between the dashes is not shown to anyone.
_HEADER = re.compile(rb"\s*(-----BEGIN (?:(?:RSA|DSA|EC|ED25519|OPENSSH|SSH2|PGP|ANY|ENCRYPTED) ){0,3}PRIVATE KEY(?: BLOCK)?-----)")
# In JSON, YAML, shell and source strings a line break is an escape, at times escaped once more.
_ESCAPED_BREAK = re.compile(rb"\\+[rn]")


def header(value: bytes) -> str:
    """Return the ``-----BEGIN ... PRIVATE KEY-----`` line that the value begins with, or ""."""
    if b"-----BEGIN " not in value:
        return ""
    found = _HEADER.match(value)
    return found[1].decode("ascii") if found else ""


def lines(value: bytes) -> int:
    """How many lines that hold something the value has, escaped line breaks counted as such."""
    return sum(1 for line in _ESCAPED_BREAK.sub(b"\n", value).splitlines() if line.strip())


def normalised(value: bytes) -> bytes:
    r"""Return a key block without white space and line breaks (raw or as ``\n`` escapes); any other value unchanged.

    The same key in a file, a JSON string and an indented YAML block so has one normal form.
    """
    if not header(value):
        return value
    return b"".join(_ESCAPED_BREAK.sub(b" ", value).split())
