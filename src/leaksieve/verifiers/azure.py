"""Client secrets of Microsoft Entra applications: one login as the application, whose token is read and forgotten.

Applications cannot ask for less than the permissions they were granted (`.default`), and the token lists them: that is what the
secret opens.  Numbers of errors are those of Microsoft's reference; everything else stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from leaksieve.verifiers.address import place_of
from leaksieve.verifiers.base import ACTIVE, EXPIRED, INACTIVE, UNKNOWN, Call, Failed, Net, Request, Response, Subject, Verdict, is_tellable
from leaksieve.verifiers.declared import is_privileged
from leaksieve.verifiers.jose import claims_of

_LOGIN = "https://login.microsoftonline.com"
# The service whose permissions are asked for, in each of the clouds.
_GRAPHS = {"login.microsoftonline.us": "https://graph.microsoft.us", "login.partner.microsoftonline.cn": "https://microsoftgraph.chinacloudapi.cn"}
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{1,100}[A-Za-z0-9])")
_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# What Microsoft's numbers mean for the secret.
_MEANING = {
    7000215: (INACTIVE, "the application has no such secret"),
    7000222: (EXPIRED, ""),
    7000112: (INACTIVE, "the application is disabled"),
    700016: (UNKNOWN, "the application is not known in that tenant: it was deleted, or the tenant found near it is another's"),
    7000229: (UNKNOWN, "the application is not set up in that tenant"),
    90002: (UNKNOWN, "there is no such tenant in this cloud"),
    900023: (UNKNOWN, "there is no such tenant in this cloud"),
    53003: (UNKNOWN, "a policy for logins forbids it from here"),
}


def client_secret(table: Mapping[str, Any]) -> ClientSecret:
    """The verifier of client secrets."""
    return ClientSecret(table)


class ClientSecret:
    """See Verifier."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table

    def calls(self, subject: Subject, endpoint: str) -> Sequence[Call]:
        """One login."""
        place = place_of(_request(subject, endpoint).url)
        return [Call(place.host, place.port, "POST /{tenant_id}/oauth2/v2.0/token")]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Log in as the application."""
        request = _request(subject, net.endpoint)
        response = await net.request(request)
        evidence: dict[str, object] = {"host": request.host, "status": response.status}
        said = response.json()
        if isinstance(said, dict) and response.status == 200:
            return self._good(subject, said, evidence)
        return _bad(said, response, evidence)

    def _good(self, subject: Subject, said: Mapping[str, Any], evidence: dict[str, object]) -> Verdict:
        claims = claims_of(said.get("access_token"))
        client = subject.text("client_id").lower()
        # A token for somebody else, or none at all, is no answer to this login.
        if said.get("token_type") != "Bearer" or client not in (str(claims.get(name)).lower() for name in ("appid", "azp")):
            return Verdict(UNKNOWN, "unexpected", "status 200", evidence)
        evidence["matched"] = ["status 200", "json access_token", "json token_type"]
        told: dict[str, object] = {}
        for key, claim in (("account", "appid"), ("organisation", "tid"), ("user", "oid"), ("name", "app_displayname")):
            value = claims.get(claim)
            if is_tellable(value):
                told[key] = value
        told["kind"] = "application"
        roles = claims.get("roles")
        told["permissions"] = sorted(role for role in roles if isinstance(role, str) and len(role) <= 200)[:50] if isinstance(roles, list) else []
        return Verdict(ACTIVE, evidence=evidence, told=told, privileged=is_privileged(told, self._table["privileged"]))


def _request(subject: Subject, endpoint: str) -> Request:
    tenant, client = subject.text("tenant_id"), subject.text("client_id")
    if not _TENANT.fullmatch(tenant) or ".." in tenant or not _ID.fullmatch(client):
        raise Failed("unfit", "its tenant or application id is none")
    base = endpoint or _LOGIN
    graph = _GRAPHS.get(place_of(base).host, "https://graph.microsoft.com")
    form = {"client_id": client, "client_secret": subject.text(), "scope": f"{graph}/.default", "grant_type": "client_credentials"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", f"{base}/{quote(tenant, safe='')}/oauth2/v2.0/token", headers, urlencode(form).encode())


def _bad(said: object, response: Response, evidence: dict[str, object]) -> Verdict:
    codes = said.get("error_codes") if isinstance(said, dict) else None
    numbers = [code for code in codes if type(code) is int and 0 < code < 10**9] if isinstance(codes, list) else []
    if response.status not in (400, 401) or not numbers:
        return Verdict(UNKNOWN, "unexpected", f"status {response.status}", evidence)
    evidence["matched"] = [f"status {response.status}", *(f"error AADSTS{number}" for number in numbers[:3])]
    state, detail = next((_MEANING[number] for number in numbers if number in _MEANING), (UNKNOWN, ""))
    return Verdict(state, "unexpected" if state == UNKNOWN else "", detail or (f"AADSTS{numbers[0]}" if state == UNKNOWN else ""), evidence)
