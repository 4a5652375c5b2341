"""What a report shows in place of a secret."""

from __future__ import annotations

from leaksieve.findings import pem
from leaksieve.findings.visible import visible

# Below this many bytes nothing of the secret is shown.
SHORT = 16
_HEAD = 4
_TAIL = 2


def mask(secret: bytes, public_prefix: bytes = b"") -> str:
    """Return a printable stand-in for a secret that helps to recognise it and not to use it.

    * A private key block: its first line and how many lines it has, ``-----BEGIN RSA PRIVATE KEY----- (27 lines)``.
    * Under 16 bytes, or more than half of it the public prefix: length and character classes alone,
      ``(12 characters: lower, digits)``.
    * Otherwise the public prefix if the secret begins with it, at most the next 4 characters, an
      ellipsis, and at most the last 2: never more than a third of what follows the prefix.
    * Characters that do not print appear as escapes (one escape counts as one character).
    """
    first = pem.header(secret)
    if first:
        count = pem.lines(secret)
        return f"{first} ({_counted(count, 'line')})"
    if not secret.startswith(public_prefix):
        public_prefix = b""
    if len(secret) < SHORT or 2 * len(public_prefix) > len(secret):
        return _described(secret)
    rest = _text(secret[len(public_prefix) :])
    budget = min(_HEAD + _TAIL, len(rest) // 3)
    tail = min(_TAIL, budget // 3)
    head = min(_HEAD, budget - tail)
    return visible(_text(public_prefix) + rest[:head]) + "…" + visible(rest[len(rest) - tail :])


# Parts of credentials that tell who or where, not how to get in.  Ids of keys are not among them: rules report those by themselves.
PUBLIC_PARTS = frozenset((
    "account", "account_id", "app_id", "application_id", "auth_mechanism", "auth_source", "certificate", "client_email", "client_id", "cloud_name", "cluster", "database", "domain", "driver",
    "email", "grant", "host", "hosts",
    "organization", "policy", "port", "project_id", "region", "scheme", "server", "subdomain", "tenant_id", "tls", "url", "user", "workspace",
))  # fmt: skip


def is_public(name: str, value: bytes) -> bool:
    """Whether a part of a credential is shown in full.  A long run of mixed characters in place of a user's name is a token."""
    if name not in PUBLIC_PARTS:
        return False
    return name != "user" or len(value) < 20 or b"@" in value or not any(48 <= byte < 58 for byte in value)


def part(name: str, value: bytes) -> str:
    """Return what is shown of a part of a credential."""
    return visible(_text(value)) if is_public(name, value) else mask(value)


def _text(value: bytes) -> str:
    # Lone surrogates stand for bytes that are no UTF-8, one character each; visible() then writes them as escapes.
    return value.decode("utf-8", "surrogateescape")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _described(secret: bytes) -> str:
    text = _text(secret)
    present = {_class(char) for char in text}
    classes = ", ".join(name for name in _CLASSES if name in present)
    return f"({_counted(len(text), 'character')}: {classes})" if text else "(empty)"


_CLASSES = ("lower", "upper", "digits", "symbols", "spaces", "other")


def _class(char: str) -> str:
    if char in " \t\r\n":
        return "spaces"
    if not "!" <= char <= "~":
        return "other"
    if char.isdigit():
        return "digits"
    if not char.isalpha():
        return "symbols"
    return "lower" if char.islower() else "upper"
