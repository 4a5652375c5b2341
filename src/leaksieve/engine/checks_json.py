"""Tokens that are base64 of JSON: JSON Web Tokens, and providers' own forms."""

from __future__ import annotations

import json

from leaksieve.engine.checks import SILENT, Detail, Proof, Subject
from leaksieve.engine.checks_bytes import moment, shown, term, unbase64


def unpacked(text: bytes) -> dict[str, object]:
    """The JSON object behind base64; ValueError if it is none."""
    found = json.loads(unbase64(text))
    if isinstance(found, dict):
        return found
    raise ValueError("no object")


def _told(**texts: object) -> dict[str, Detail]:
    """Those of the claims that are texts to be shown."""
    return {name: text for name, value in texts.items() if (text := shown(value))}


def jwt(subject: Subject) -> Proof:
    """A JSON Web Token, or one of a provider with something before it: header and claims are JSON, the signature is base64.

    The subject's name and other claims about people are not told.
    """
    start = subject.value.find(b"eyJ")
    if start < 0:
        return SILENT
    parts = subject.value[start:].split(b".")
    header = unpacked(parts[0])
    if "alg" not in header or len(parts) not in (3, 5):
        return Proof(False)
    details = _told(algorithm=header["alg"])
    if len(parts) == 5:
        for part in parts[1:]:
            unbase64(part)
        return Proof(True, {**details, "encrypted": True})
    claims = unpacked(parts[1])
    if str(header["alg"]).lower() == "none":
        details["unsigned"] = True
    elif not unbase64(parts[2]):
        return Proof(False)
    details |= _told(issuer=claims.get("iss"))
    if issued := moment(claims.get("iat")):
        details["issued"] = issued
    return Proof(True, details | term(claims.get("exp"), subject.now))


def sentry(subject: Subject) -> Proof:
    """Prefix, JSON, random part, joined by ``_``."""
    claims = unpacked(subject.value.partition(b"_")[2].rpartition(b"_")[0])
    details = _told(issuer=claims.get("url"), organization=claims.get("org"))
    if issued := moment(claims.get("iat")):
        details["issued"] = issued
    return Proof("org" in claims or "url" in claims, details)


def grafana(subject: Subject) -> Proof:
    """Grafana's older keys and its cloud's tokens: the key itself is ``k``; beside it stand its name and its organization."""
    claims = unpacked(subject.value.removeprefix(b"glc_"))
    details = _told(name=claims.get("n"), organization=claims.get("o"))
    if isinstance(claims.get("id"), int) and "o" not in claims:
        details["organization"] = str(claims["id"])
    return Proof("k" in claims and "n" in claims, details)


def onepassword(subject: Subject) -> Proof:
    """A service account token of 1Password."""
    claims = unpacked(subject.value.partition(b"_")[2])
    return Proof("signInAddress" in claims, _told(account=claims.get("signInAddress")))


def mapbox(subject: Subject) -> Proof:
    """Kind, JSON with the user's name, signature, joined by dots."""
    parts = subject.value.split(b".")
    if len(parts) != 3:
        return Proof(False)
    claims = unpacked(parts[1])
    return Proof("u" in claims, _told(account=claims.get("u")) | term(claims.get("exp"), subject.now))


def cloudflare_tunnel(subject: Subject) -> Proof:
    """Account, tunnel and secret as JSON; the secret is not told."""
    claims = unpacked(subject.value)
    return Proof({"a", "t", "s"} <= claims.keys(), _told(account=claims.get("a"), tunnel=claims.get("t")))
