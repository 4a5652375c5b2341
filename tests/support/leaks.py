"""Secrets for tests of what must not come out, made at run time; nothing here looks alive as it is written."""

from __future__ import annotations

import base64

from leaksieve.ruleset.template import expand


def token(seed: int = 1) -> bytes:
    """A token with a mark of its own."""
    return expand("sk_live_<alnum:24>", seed)


def password(seed: int = 1) -> bytes:
    """A value that only its name gives away."""
    return expand("<alnum:22>", 100 + seed)


def key_block(seed: int = 1) -> bytes:
    """A private key over several lines, its last line break included."""
    return expand("-----BEGIN RSA PRIVATE KEY-----\n<base64:64>\n<base64:64>\n<base64:64>\n<base64:30>==\n-----END RSA PRIVATE KEY-----\n", 200 + seed)


def secret_lines(block: bytes) -> list[bytes]:
    """The lines of a key that say something."""
    return [line for line in block.splitlines() if not line.startswith(b"-----")]


def encoded(data: bytes) -> bytes:
    """The same in base64."""
    return base64.b64encode(data)
