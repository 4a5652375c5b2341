"""JSON Web Tokens: term and signature.  The token itself is sent to nobody.

Its term is read offline.  If it is not over and the token names an issuer (OpenID Connect), the issuer's public keys are fetched, and a
signature that holds under one of them makes the token active as far as can be told: whether its session has ended, only the issuer knows.
The issuer stands in the token, so whoever wrote the file has chosen it: only public hosts over https on port 443 are reached, few of
them in a run, and they are told nothing but that somebody asks for their keys.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from leaksieve.engine.canary import is_canary
from leaksieve.verifiers.address import place_of
from leaksieve.verifiers.base import ACTIVE, CANARY, EXPIRED, INACTIVE, UNKNOWN, Call, Failed, Net, Request, Subject, Verdict, is_tellable
from leaksieve.verifiers.jose import ASYMMETRIC, holds, opened

_WELL_KNOWN = "/.well-known/openid-configuration"
# Clocks differ.
_LEEWAY = 300
# Issuers that are asked in one run: a hostile file may hold any number.
_ISSUERS = 20
_KEYS = 50
# It names itself without a scheme as well.
_BARE = {"accounts.google.com": "https://accounts.google.com"}


def token(_table: Mapping[str, Any]) -> Token:
    """The verifier of tokens."""
    return Token()


class Token:
    """See Verifier.  ``clock`` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._turns: dict[str, asyncio.Lock] = {}
        self._keys: dict[str, list[Mapping[str, Any]] | Failed] = {}

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """What its issuer is asked; nothing where the token tells enough, or names none."""
        known = _Known(subject)
        if known.settled(self._clock()) is not None:
            return []
        return [Call(place_of(known.issuer).host, 443, f"GET {what} (the token is not sent)") for what in (_WELL_KNOWN, "the keys named there")]

    def hosts(self, subject: Subject) -> Sequence[str]:
        """The issuer's host, see ``hosts_of``."""
        issuer = _Known(subject).issuer
        return [place_of(issuer).host] if issuer else []

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Read the term, and try the issuer's keys where it is not over."""
        known = _Known(subject)
        settled = known.settled(self._clock())
        if settled is not None:
            return settled
        evidence: dict[str, object] = {"host": place_of(known.issuer).host}
        keys = await self._keys_of(known.issuer, str(known.claims["iss"]), net)
        mine = [key for key in keys if key.get("kid") == known.key_id] if known.key_id else keys
        answers = [answer for key in mine[:_KEYS] if (answer := known.tried(key)) is not None]
        if any(answers):
            evidence["matched"] = ["the signature holds under the issuer's key", *(["its term is not over"] if known.ends is not None else [])]
            open_ended = "it has no term; " if known.ends is None else ""
            return Verdict(ACTIVE, detail=f"{open_ended}whether its session has ended is not known", evidence=evidence, told=known.told())
        if answers and known.key_id:
            return Verdict(INACTIVE, detail="the issuer's key of that id has not signed it", evidence=evidence)
        return Verdict(UNKNOWN, "unexpected", "the issuer has no key now that could have signed it", evidence)

    async def _keys_of(self, url: str, name: str, net: Net) -> list[Mapping[str, Any]]:
        """The issuer's keys, asked for once a run."""
        async with self._turns.setdefault(url, asyncio.Lock()):
            held = self._keys.get(url)
            if held is None:
                if len(self._keys) >= _ISSUERS:
                    raise Failed("limit", "so many issuers are enough for a run")
                try:
                    held = await _fetched(url, name, net)
                except Failed as failure:
                    held = failure
                self._keys[url] = held
        if isinstance(held, Failed):
            raise Failed(held.reason, held.detail)
        return held


async def _fetched(url: str, name: str, net: Net) -> list[Mapping[str, Any]]:
    said = await _object(url.rstrip("/") + _WELL_KNOWN, net)
    # Another issuer's word would be nobody's.
    if said.get("issuer") not in (name, url):
        raise Failed("unexpected", "the issuer calls itself something else")
    where = said.get("jwks_uri")
    if not isinstance(where, str):
        raise Failed("unexpected", "the issuer names no keys")
    keys = (await _object(where, net)).get("keys")
    if not isinstance(keys, list):
        raise Failed("unexpected", "the issuer shows no keys")
    return [key for key in keys[:1000] if isinstance(key, dict) and key.get("use") != "enc"]


async def _object(url: str, net: Net) -> Mapping[str, Any]:
    response = await net.request(Request("GET", url, {"Accept": "application/json"}))
    said = response.json()
    if response.status != 200 or not isinstance(said, dict):
        raise Failed("redirect" if 300 <= response.status < 400 else "unexpected", f"status {response.status} for the issuer's keys")
    return said


class _Known:
    """What a token says of itself.  Raises Failed where it is none."""

    def __init__(self, subject: Subject) -> None:
        try:
            self._header, self.claims, self._signed, self._signature = opened(subject.text())
        except ValueError:
            raise Failed("unfit", "it is no signed token") from None
        key_id = self._header.get("kid")
        self.key_id = key_id if isinstance(key_id, str) else ""
        self.ends, self._starts = (_moment(self.claims.get(name)) for name in ("exp", "nbf"))
        self._algorithm = self._header.get("alg")
        self.issuer = _issuer(self.claims.get("iss"))

    def settled(self, now: float) -> Verdict | None:
        """The verdict that needs nobody's answer; None where there is somebody to ask."""
        told: dict[str, object] = {} if self.ends is None else {"expires": _shown(self.ends)}
        issuer = self.claims.get("iss")
        if isinstance(issuer, str) and is_canary(issuer.encode("utf-8", "replace")):
            return Verdict(CANARY, detail="never tried: its owner would be told")
        if self.ends is not None and self.ends + _LEEWAY < now:
            return Verdict(EXPIRED, detail="by its own term; nobody was asked", told=told)
        if self._starts is not None and self._starts - _LEEWAY > now:
            return Verdict(UNKNOWN, "offline", "it is not valid yet", told=told)
        term = "its term is not over" if self.ends is not None else "it has no term"
        if not isinstance(self._algorithm, str) or self._algorithm not in ASYMMETRIC:
            return Verdict(UNKNOWN, "offline", f"{term}, and only who has its key can check it", told=told)
        if not self.issuer:
            return Verdict(UNKNOWN, "offline", f"{term}, and it names no issuer that shows its keys", told=told)
        return None

    def tried(self, key: Mapping[str, Any]) -> bool | None:
        """Whether a key has signed it; None where it is of another kind."""
        try:
            return holds(self._signature, self._signed, str(self._algorithm), key)
        except ValueError:
            return None

    def told(self) -> dict[str, object]:
        """Whose it is, and what for."""
        texts = {"organisation": self.claims.get("iss"), "account": self.claims.get("aud"), "user": self.claims.get("sub"), "email": self.claims.get("email")}
        told: dict[str, object] = {key: value for key, value in texts.items() if is_tellable(value)}
        scopes = self.claims.get("scope", self.claims.get("scp"))
        words = scopes.split() if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
        if named := [word for word in words if is_tellable(word)][:50]:
            told["scopes"] = named
        if self.ends is not None:
            told["expires"] = _shown(self.ends)
        return told


def _issuer(value: object) -> str:
    """The issuer's URL, "" where it is none that may be asked."""
    if not isinstance(value, str) or len(value) > 500:
        return ""
    url = _BARE.get(value, value)
    try:
        place = place_of(url)
    except Failed:
        return ""
    return url if place.scheme == "https" and place.port == 443 and not urlsplit(url).query else ""


def _moment(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11 else None


def _shown(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
