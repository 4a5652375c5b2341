"""Keys and signatures of Azure storage accounts: asked for the kind of the account, which reads and changes no data.

Keys sign that one request and never leave.  Of a shared access signature the term is read without asking; what it signs would be refused
behind it.  Those for a whole account are asked about where the account stands near them.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from leaksieve.engine.checks_cloud import seconds
from leaksieve.verifiers.base import ACTIVE, EXPIRED, INACTIVE, UNKNOWN, Call, Failed, Net, Request, Response, Subject, Verdict

_VERSION = "2021-08-06"
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_MARK = re.compile(r"(\+ASt|ACDb|\+ABa|APIM|\+AMC)[A-Za-z0-9+/]{5}[AQgw]==\Z")
_CODE = re.compile(r"[A-Za-z]{1,64}")
_WORD = re.compile(r"[A-Za-z0-9_]{1,40}")
_QUERY = "restype=account&comp=properties"
_CALL = f"GET /?{_QUERY}"
# Terms that stand in nearly every signature for an account; where one is missing it may stand before what was found.
_WHOLE = {"sv", "ss", "srt", "sp", "se", "st", "spr"}
# All there are; anything else would be another question.
_TERMS = _WHOLE | {"sr", "si", "sip", "ses", "sdd", "saoid", "suoid", "scid", "skoid", "sktid", "skt", "ske", "sks", "skv"}
# Clocks differ; what has only just run out may have not.
_LEEWAY = 300


def key(_table: Mapping[str, Any]) -> AccountKey:
    """The verifier of account keys."""
    return AccountKey()


def sas(_table: Mapping[str, Any]) -> SharedAccess:
    """The verifier of shared access signatures."""
    return SharedAccess()


def _host(subject: Subject) -> str:
    account = subject.text("account")
    if not _ACCOUNT.fullmatch(account):
        raise Failed("unfit", "its account is none of Azure storage")
    return f"{account}.blob.core.windows.net"


class AccountKey:
    """See Verifier.  ``clock`` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """One request."""
        _key(subject)
        return [Call(_host(subject), 443, _CALL)]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Ask for the account's kind."""
        return _judged(subject, *await _sent(signed(_host(subject), subject.text("account"), _key(subject), at=self._clock()), net))


def _key(subject: Subject) -> bytes:
    text = unquote(subject.text())
    mark = _MARK.search(text)
    if mark is not None and mark[1] != "+ASt":
        raise Failed("no-verifier", "it is the key of another service")
    try:
        return b64decode(text, validate=True)
    except Error:
        raise Failed("unfit", "it is no account key") from None


def signed(host: str, account: str, key: bytes, *, at: float) -> Request:
    """The request with its signature (Shared Key): a pure function of what is in it and the time (seconds since 1970)."""
    from email.utils import formatdate

    headers = {"x-ms-date": formatdate(at, usegmt=True), "x-ms-version": _VERSION}
    # Verb, eleven headers that this request has not, those of Microsoft's own, the resource with its query.
    text = "GET" + "\n" * 12 + "".join(f"{name}:{value}\n" for name, value in headers.items()) + f"/{account}/\ncomp:properties\nrestype:account"
    signature = b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
    return Request("GET", f"https://{host}/?{_QUERY}", {**headers, "Authorization": f"SharedKey {account}:{signature}"})


class SharedAccess:
    """See Verifier.  ``clock`` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """One request, none where the term says all or where there is nobody to ask."""
        return [Call(_host(subject), 443, f"{_CALL} with the signature")] if self._asks(subject) else []

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Read the term, and ask where it is not over."""
        grant = _grant(subject)
        told = _terms(grant)
        ends = seconds(grant.get("se", ""))
        if ends is not None and ends + _LEEWAY < self._clock():
            return Verdict(EXPIRED, detail="by the term it signs; nobody was asked", told=told)
        if not self._asks(subject):
            raise Failed("missing-parts", "its term is not over, but where to ask is not known")
        query = urlencode({**grant, "sig": unquote(subject.text())}, quote_via=quote)
        verdict = _judged(subject, *await _sent(Request("GET", f"https://{_host(subject)}/?{_QUERY}&{query}"), net))
        return verdict._replace(told={**verdict.told, **told})

    def _asks(self, subject: Subject) -> bool:
        grant = _grant(subject)
        ends, starts = seconds(grant.get("se", "")), seconds(grant.get("st", ""))
        now = self._clock()
        if (ends is not None and ends + _LEEWAY < now) or (starts is not None and starts > now):
            return False
        # Only what is good for the service itself may ask about it.
        return "account" in subject.parts and "b" in grant.get("ss", "") and "s" in grant.get("srt", "")


def _grant(subject: Subject) -> dict[str, str]:
    text = subject.text("grant").replace("&amp;", "&").replace("\\u0026", "&").replace(";", "&")
    return {name: value for name, value in parse_qsl(text, max_num_fields=50) if name in _TERMS}


def _terms(grant: Mapping[str, str]) -> dict[str, object]:
    told: dict[str, object] = {"kind": "account signature" if "ss" in grant else "signature of a resource"}
    if grant.get("sp", "-").isalpha():
        told["permissions"] = [grant["sp"][:40]]
    if seconds(grant.get("se", "")) is not None:
        told["expires"] = grant["se"]
    return told


async def _sent(request: Request, net: Net) -> tuple[Response, str]:
    return await net.request(request), request.host


def _judged(subject: Subject, response: Response, host: str) -> Verdict:
    evidence: dict[str, object] = {"host": host, "status": response.status}
    kind, tier = response.headers.get("x-ms-account-kind", ""), response.headers.get("x-ms-sku-name", "")
    if response.status == 200 and _WORD.fullmatch(kind) and _WORD.fullmatch(tier):
        evidence["matched"] = ["status 200", "header x-ms-account-kind", "header x-ms-sku-name"]
        return Verdict(
            ACTIVE, evidence=evidence, told={"account": subject.text("account"), "kind": kind, "plan": tier}, privileged="grant" not in subject.parts
        )
    code = response.headers.get("x-ms-error-code", "")
    if response.status != 403 or not _CODE.fullmatch(code):
        return Verdict(UNKNOWN, "unexpected", f"status {response.status}", evidence)
    evidence["matched"] = ["status 403", "header x-ms-error-code"]
    if code == "AuthenticationFailed":
        # The same code stands for a clock that is wrong; only the text under it says that the signature is.
        if b"MAC signature found in the HTTP request" in response.body:
            return Verdict(INACTIVE, detail="it is none of the account's present keys", evidence=evidence)
        if b"Signature did not match" in response.body:
            if _grant(subject).keys() >= _WHOLE:
                return Verdict(INACTIVE, detail="no present key of the account made it", evidence=evidence)
            return Verdict(UNKNOWN, "unexpected", "it does not fit the terms that stand with it, or these were not found whole", evidence)
        return Verdict(UNKNOWN, "unexpected", "it was not let in, and why is not said", evidence)
    told = {
        "KeyBasedAuthenticationNotPermitted": "the account takes no keys now",
        "AuthorizationFailure": "the account takes no requests from here",
        "AccountIsDisabled": "the account is disabled",
    }
    return Verdict(UNKNOWN, "unexpected", told.get(code, "status 403"), evidence)
