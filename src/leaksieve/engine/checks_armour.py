"""Keys in armour: text between marks, often written into source code, and the base64 in it."""

from __future__ import annotations

import re

from leaksieve.engine.checks_bytes import unbase64

_ESCAPED = re.compile(rb"\\+(?:[nrt]|u000[adAD])|&#(?:[xX]0?[aAdD]|1[03]);|`[rn]|<br ?/?>")
_COMMENT = re.compile(rb"^[ \t]*//[ \t]", re.MULTILINE)
_JOINED = re.compile(rb"""["'][\s,+.&;|]*["']""")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=]+")


def plain(text: bytes) -> bytes:
    """Text as it was before source code wrote line breaks out and quoted and joined its lines."""
    return _COMMENT.sub(b"", _JOINED.sub(b"\n", _ESCAPED.sub(b"\n", text)))


def base64_in(text: bytes) -> bytes:
    """The characters of base64 in a text, without the line breaks and marks between them."""
    return _FOREIGN.sub(b"", text)


def enclosed(text: bytes) -> bytes:
    """The bytes that the base64 in a text encodes; ValueError if it encodes none."""
    return unbase64(base64_in(text))
