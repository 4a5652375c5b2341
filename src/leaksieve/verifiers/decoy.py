"""Made-up credentials for the control probe: same shape, another value."""

from __future__ import annotations

import re
import secrets
import string

from leaksieve.secret import Secret
from leaksieve.verifiers.base import Subject

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_PREFIX = re.compile(rb"(?:[A-Za-z][A-Za-z0-9]{0,15}[_.:-])*")


def decoy(subject: Subject, public_prefix: bytes = b"") -> Subject:
    """The same credential with every letter and digit behind its prefix replaced by a random one of its class.

    Parts stay: they say where to ask, and a made-up one would be another question.
    """
    value = subject.secret.reveal()
    found = _PREFIX.match(value)
    start = max(len(public_prefix) if value.startswith(public_prefix) else 0, found.end() if found else 0)
    if value.startswith((b"https://", b"http://")):
        # The address of a webhook: its last piece is the secret, what stands before says whose it is.
        start = value.rstrip(b"/").rfind(b"/") + 1
    elif len(value) - start < 8:
        # What looks like prefixes is most of it.
        start = min(len(public_prefix), max(len(value) - 8, 0)) if value.startswith(public_prefix) else 0
    digits = set(value[start:].decode("latin-1")) - set("-_.=+/")
    hexadecimal = len(value) - start >= 16 and digits <= set("0123456789abcdef")
    while True:
        made = value[:start] + bytes(_another(byte, hexadecimal=hexadecimal) for byte in value[start:])
        if made != value or not any(byte < 128 and chr(byte).isalnum() for byte in value[start:]):
            return subject._replace(secret=Secret(made))


def _another(byte: int, *, hexadecimal: bool) -> int:
    char = chr(byte)
    if hexadecimal and char in "0123456789abcdef":
        return ord(secrets.choice("0123456789abcdef"))
    for letters in _CLASSES:
        if char in letters:
            return ord(secrets.choice(letters))
    return byte
