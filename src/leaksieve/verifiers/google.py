"""Google's service account keys and refresh tokens: exchanged for an access token, which is asked what it is and forgotten.

The access token of a service account is good for its e-mail address alone.  That of a refresh token has the scopes the user has
granted: Google gives no smaller one, so nothing is done with it but to ask for its description.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from leaksieve.verifiers.base import ACTIVE, INACTIVE, UNKNOWN, Call, Failed, Net, Request, Response, Subject, Verdict, is_tellable
from leaksieve.verifiers.declared import is_privileged
from leaksieve.verifiers.jose import signed

_HOST = "oauth2.googleapis.com"
_TOKEN = f"https://{_HOST}/token"
_INFO = f"https://{_HOST}/tokeninfo"
# The narrowest there is that still says who it is.
_SCOPE = "https://www.googleapis.com/auth/userinfo.email"
# Seconds that the signed request is good for.
_TERM = 300
_BREAK = re.compile(r"(?:\\{1,8}[rn])+")
_EMAIL = re.compile(r"[a-z0-9-]{1,64}@([a-z0-9.-]{1,100})\.gserviceaccount\.com")
_ANSWER = re.compile(r"[\x21-\x7e]{20,4096}")


def service_account(table: Mapping[str, Any]) -> Exchange:
    """The verifier of service account keys."""
    return Exchange(table, _assertion, _of_account)


def refresh_token(table: Mapping[str, Any]) -> Exchange:
    """The verifier of refresh tokens."""
    return Exchange(table, _grant, _of_grant)


class Exchange:
    """See Verifier.  ``form`` makes the exchange's fields out of credential and time, ``refused`` reads an error's code and description."""

    def __init__(
        self,
        table: Mapping[str, Any],
        form: Callable[[Subject, float], Mapping[str, str]],
        refused: Callable[[str, Mapping[str, Any]], tuple[str, str]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._form = form
        self._refused = refused
        self._clock = clock

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """The exchange, and what the new token says of itself."""
        self._form(subject, 0.0)
        return [Call(_HOST, 443, "POST /token"), Call(_HOST, 443, "GET /tokeninfo (if active)")]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Exchange, and ask on where that worked."""
        body = urlencode(self._form(subject, self._clock())).encode()
        response = await net.request(Request("POST", _TOKEN, {"Content-Type": "application/x-www-form-urlencoded"}, body))
        evidence: dict[str, object] = {"host": _HOST, "status": response.status}
        said = response.json()
        if not isinstance(said, dict):
            return Verdict(UNKNOWN, "unexpected", f"status {response.status}", evidence)
        token = said.get("access_token")
        if response.status != 200:
            return self._bad(said, response, evidence)
        if not isinstance(token, str) or not _ANSWER.fullmatch(token) or said.get("token_type") != "Bearer":
            return Verdict(UNKNOWN, "unexpected", "status 200", evidence)
        evidence["matched"] = ["status 200", "json access_token", "json token_type"]
        told = _told(subject, said, await _info(token, net))
        return Verdict(ACTIVE, evidence=evidence, told=told, privileged=is_privileged(told, self._table["privileged"]))

    def _bad(self, said: Mapping[str, Any], response: Response, evidence: dict[str, object]) -> Verdict:
        code = said.get("error")
        if response.status not in (400, 401) or not isinstance(code, str) or not re.fullmatch(r"[a-z_]{1,40}", code):
            return Verdict(UNKNOWN, "unexpected", f"status {response.status}", evidence)
        state, detail = self._refused(code, said)
        evidence["matched"] = [f"status {response.status}", f"error {code}"]
        return Verdict(state, "" if state == INACTIVE else "unexpected", detail or f"error {code}", evidence)


async def _info(token: str, net: Net) -> Mapping[str, Any]:
    """What Google says of the new token; nothing where it does not, since the verdict stands."""
    try:
        response = await net.request(Request("GET", f"{_INFO}?{urlencode({'access_token': token})}"))
    except Failed:
        return {}
    said = response.json()
    return said if response.status == 200 and isinstance(said, dict) else {}


def _told(subject: Subject, said: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, object]:
    if "client_email" in subject.parts:
        email = subject.text("client_email")
        place = _EMAIL.fullmatch(email)
        project = place[1].removesuffix(".iam") if place and place[1].endswith(".iam") else ""
        # Scopes are left out: they are what was asked for here, while the key itself may ask for any.
        return {**({"account": project} if project else {}), **_text("user", info.get("sub") or info.get("azp")), "email": email, "kind": "service account"}
    scopes = said.get("scope") or info.get("scope")
    told = {**_text("user", info.get("sub")), **_text("email", info.get("email")), "kind": "user's grant"}
    return told | ({"scopes": sorted(scopes.split())[:50]} if isinstance(scopes, str) else {})


def _text(name: str, value: object) -> dict[str, object]:
    return {name: value} if is_tellable(value) else {}


# --- service accounts


def _assertion(subject: Subject, at: float) -> Mapping[str, str]:
    email = subject.text("client_email")
    if not _EMAIL.fullmatch(email):
        raise Failed("unfit", "its client_email is no service account's")
    key_id = subject.optional("key_id")
    try:
        key = load_pem_private_key(_BREAK.sub("\n", subject.text()).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Failed("unfit", "its key cannot be read") from None
    if not isinstance(key, RSAPrivateKey):
        raise Failed("unfit", "its key is none for RSA")
    now = int(at)
    claims = {"iss": email, "scope": _SCOPE, "aud": _TOKEN, "iat": now, "exp": now + _TERM}
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed(claims, key, key_id)}


def _of_account(code: str, said: Mapping[str, Any]) -> tuple[str, str]:
    description = str(said.get("error_description", ""))
    if code == "disabled_client":
        return INACTIVE, "the key is disabled"
    if code == "invalid_grant":
        if description.startswith("Invalid JWT Signature"):
            return INACTIVE, "the key is deleted, disabled or expired, or never was this account's"
        if description.lower() in ("invalid grant: account not found", "account not found"):
            return INACTIVE, "there is no such account"
        if "timeframe" in description or "short-lived" in description:
            return UNKNOWN, "this machine's clock and Google's differ too much"
    return UNKNOWN, ""


# --- refresh tokens


def _grant(subject: Subject, _at: float) -> Mapping[str, str]:
    fields = {name: subject.text(name) for name in ("client_id", "client_secret")}
    return {"grant_type": "refresh_token", **fields, "refresh_token": subject.text()}


def _of_grant(code: str, said: Mapping[str, Any]) -> tuple[str, str]:
    if code == "deleted_client":
        return INACTIVE, "the client it was given to is deleted"
    if code == "invalid_grant":
        if said.get("error_subtype"):
            return UNKNOWN, "its user has to log in again before it works"
        return INACTIVE, "it has expired, was revoked or never was valid"
    if code in ("invalid_client", "unauthorized_client"):
        return UNKNOWN, "the client's id or secret found near it is not the one it was given to"
    return UNKNOWN, ""
