"""Structural proof, offline: what a real credential carries besides randomness.

A rule names its check with ``proof``.  A check looks at the value alone (and the parts matched with
it) and says three things: whether check digits or a structure hold, what the value tells of itself
(account, expiry, kind of key, fingerprint of the public half), and whether it is no secret at all
but public material.  A value that fails is still reported unless the rule wants otherwise: providers'
own documentation prints tokens with made-up check digits.

Checks live in modules by family, named here as text: a scan loads those it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

Detail = str | int | bool
NOTHING: Mapping[str, Detail] = {}
NO_PARTS: Mapping[str, bytes] = {}


class Proof(NamedTuple):
    """What a check found.

    ``passed``: true, false, or None where the check has nothing to go by (no check digits in this
    form of the token).  ``details`` are words for people, never the secret or a part of it that is
    not public.  ``public``: the value parses, as something that everyone may have.
    """

    passed: bool | None
    details: Mapping[str, Detail] = NOTHING
    public: bool = False


class Subject(NamedTuple):
    """What a check looks at: the secret, further named parts of the match, and the time in seconds since 1970."""

    value: bytes
    parts: Mapping[str, bytes] = NO_PARTS
    now: float = 0.0


SILENT = Proof(None)

Check = Callable[[Subject], Proof]

# Name in rules -> module and function.
CHECKS: dict[str, str] = {
    "crc32-github": "checks_crc:github",
    "crc32-hex-all": "checks_crc:hex_of_all",
    "crc32-hex-all-lower": "checks_crc:lower_hex_of_all",
    "crc32-hex-body": "checks_crc:hex_of_body",
    "crc32-base62-all": "checks_crc:base62_of_all",
    "crc32-grafana": "checks_crc:grafana",
    "crc32-gitlab": "checks_crc:gitlab",
    "crc16-nats": "checks_crc:nats",
    "crc16-stellar": "checks_crc:stellar",
    "base58-wif": "checks_digits:wif",
    "base58-bip32": "checks_digits:bip32",
    "bech32-age": "checks_digits:age",
    "bech32": "checks_digits:bech32",
    "luhn": "checks_digits:luhn",
    "uuid": "checks_digits:uuid",
    "jwt": "checks_json:jwt",
    "json-sentry": "checks_json:sentry",
    "json-grafana": "checks_json:grafana",
    "json-onepassword": "checks_json:onepassword",
    "json-mapbox": "checks_json:mapbox",
    "json-cloudflare-tunnel": "checks_json:cloudflare_tunnel",
    "macaroon-pypi": "checks_macaroon:pypi",
    "private-key": "checks_pem:private_key",
    "pgp-key": "checks_pgp:pgp_key",
    "putty-key": "checks_ssh:putty",
    "ssh2-key": "checks_ssh:ssh2",
    "minisign-key": "checks_signing:minisign",
    "signify-key": "checks_signing:signify",
    "aws-key-id": "checks_cloud:aws_key_id",
    "aws-bedrock": "checks_cloud:bedrock",
    "aws-signed-link": "checks_cloud:signed_link",
    "azure-sas": "checks_cloud:azure_sas",
    "discord-token": "checks_ids:discord_token",
    "discord-webhook": "checks_ids:discord_webhook",
    "telegram-token": "checks_ids:telegram",
    "harness-token": "checks_ids:harness",
    "jfrog-reference": "checks_ids:jfrog_reference",
    "atlassian-data-center": "checks_ids:atlassian_data_center",
}
# Checks that can tell public material: these are asked before a match becomes a finding.
TELL_PUBLIC = frozenset(("private-key", "pgp-key"))


@cache
def _load(name: str) -> Check | None:
    place = CHECKS.get(name)
    if place is None:
        return None
    module, _, function = place.partition(":")
    check: Check = getattr(import_module(f"leaksieve.engine.{module}"), function)
    return check


def examine(name: str, value: bytes, parts: Mapping[str, bytes] = NO_PARTS, now: float = 0.0) -> Proof:
    """What the named check makes of a value; silent where no check of that name exists.  Never raises on any bytes."""
    check = _load(name)
    if check is None:
        return SILENT
    try:
        return check(Subject(value, parts, now))
    except (ValueError, RecursionError):  # what a reader meets in bytes that are not of its form, or nested without end
        return Proof(False)


def passes(name: str, value: bytes) -> bool:
    """Whether a value passes the named check."""
    return examine(name, value).passed is True


def holds(name: str, value: bytes, parts: Mapping[str, bytes] = NO_PARTS) -> bool | None:
    """The same for rule files' examples; KeyError where no check of that name exists."""
    if name not in CHECKS:
        raise KeyError(name)
    return examine(name, value, parts).passed


def refused(rule: Mapping[str, Any], value: bytes, parts: Mapping[str, bytes | None]) -> str:
    """Why a value is no finding of its rule by the rule's check ("" if it may be one)."""
    drop = rule.get("on_failed_proof") == "drop"
    name = rule["proof"]
    if not drop and name not in TELL_PUBLIC:
        return ""
    found = examine(name, value, {part: text for part, text in parts.items() if text is not None})
    if found.public:
        return "public-material"
    return "failed-check" if drop and found.passed is False else ""
