"""Requests to one registry (or a mirror of it): logins, tokens, redirects, patience."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urljoin

from leaksieve.net.address import Place, UnfitError, place_of
from leaksieve.net.challenge import Challenge, challenges, token_in, token_url
from leaksieve.net.proxy import basic
from leaksieve.net.retry import retry_after
from leaksieve.registry.failure import PASSING, WebError, refusal
from leaksieve.registry.logins import Login
from leaksieve.registry.settings import Reach
from leaksieve.registry.web import Answer, Web
from leaksieve.secret import Secret

_REDIRECTS: Final = 5
_TOKEN_ANSWER: Final = 256 * 1024
# A token that is about to end is not used any more, seconds.
_MARGIN: Final = 10.0
# Tokens that do not say how long they hold.
_USUAL: Final = 60.0


class Session:
    """``base`` is scheme://host[:port] of the registry, ``repository`` the one that is read."""

    def __init__(self, web: Web, reach: Reach, base: str, repository: str, login: Login) -> None:
        self._web = web
        self._reach = reach
        self._base = base
        self._login = login
        self._challenge: Challenge | None = None
        self._shown = ""
        self._until = 0.0
        self.place = place_of(base)
        self.repository = repository

    def __repr__(self) -> str:
        # It holds tokens.
        return f"Session({self.place.host})"

    def ask(self, method: str, path: str, what: str, headers: Mapping[str, str]) -> Answer:
        """Ask for ``path`` below /v2/REPOSITORY/; returns an answer of success.  Raises WebError, ``what`` says of what."""
        return self.patiently(lambda: self._once(method, f"{self._base}/v2/{self.repository}/{path}", what, headers))

    def fetch(self, url: str, what: str, headers: Mapping[str, str]) -> Answer:
        """Get what lies elsewhere, without a login.  Raises WebError."""
        place = _place(url)
        if place.scheme != "https":
            raise WebError("foreign-layer", f"it lies at {place.host} in the clear")
        return self.patiently(lambda: _judged(self._follow("GET", url, headers, "")[0], what))

    def patiently(self, action: Any) -> Answer:
        """Do it again while it fails in ways that pass."""
        reach = self._reach
        wait = reach.backoff
        for attempt in range(reach.tries):
            try:
                answer: Answer = action()
            except WebError as error:
                if not error.passing or attempt == reach.tries - 1:
                    raise
                if error.asked > reach.patience:
                    raise WebError(error.reason, f"{error.detail} ({error.asked:.0f} s)", hint=error.hint) from None
                # Workers that were turned away together do not come back together.
                time.sleep(max(error.asked, wait * random.uniform(0.5, 1.0)))  # noqa: S311  a pause, no secret
                wait = min(2 * wait, reach.patience)
            else:
                return answer
        raise AssertionError

    def _once(self, method: str, url: str, what: str, headers: Mapping[str, str]) -> Answer:
        if self._challenge is not None and self._challenge.scheme == "bearer" and time.monotonic() > self._until:
            self._authorize(self._challenge)
        asked: list[str] = []
        while True:
            answer, here = self._follow(method, url, headers, self._shown)
            if answer.status != 401 or not here:
                return _judged(answer, what)
            body = answer.discard()
            offered = challenges(answer.challenges)
            chosen = next((each for each in offered if each.scheme == "bearer"), None) or next((each for each in offered if each.scheme == "basic"), None)
            # A token may have ended meanwhile; one that is new and refused is refused for good.
            if chosen is None or chosen.scheme in asked:
                raise self._denied(body, what)
            asked.append(chosen.scheme)
            self._authorize(chosen)

    def _denied(self, body: bytes, what: str) -> WebError:
        error = refusal(401, body, what, self.place.host)
        if self._login.origin:
            return WebError(error.reason, f"{error.detail} with the login from {self._login.origin}", hint="it may not exist, or needs another login")
        return WebError(error.reason, f"{error.detail} without a login", hint="it may not exist; or log in with docker, podman or LEAKSIEVE_REGISTRY_USERNAME")

    def _follow(self, method: str, url: str, headers: Mapping[str, str], authorization: str) -> tuple[Answer, bool]:
        """Send a request and follow where it leads; the second says whether the answer is the registry's own."""
        home = place = _place(url)
        for _ in range(_REDIRECTS + 1):
            sent = dict(headers)
            if authorization and place == home:
                sent["Authorization"] = authorization
            answer = self._web.send(method, url, place, self.place.host, sent)
            target = answer.headers.get("Location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer, place == home
            answer.discard()
            try:
                url = urljoin(url, target)
            except ValueError:
                raise WebError("redirect", f"{place.host} sends to an address that cannot be read") from None
            after = _place(url)
            if after.scheme != "https" and (place.scheme == "https" or self.place.scheme == "https"):
                raise WebError("redirect", f"{place.host} sends to {after.host} in the clear; that is not followed")
            if after != home:
                # Once we were sent away nothing is shown any more, wherever it leads from there.
                authorization = ""
            place = after
        raise WebError("redirect", f"{home.host} redirects without end")

    def _authorize(self, challenge: Challenge) -> None:
        """Get hold of what the registry demands."""
        login = self._login
        self._challenge = challenge
        if challenge.scheme == "basic":
            if login.password is None or login.identity:
                raise self._denied(b"", "")
            self._shown = _basic(login.user, login.password)
        elif login.bearer is not None:
            self._shown, self._until = f"Bearer {login.bearer.reveal().decode()}", float("inf")
        else:
            token, seconds = self._token(challenge)
            self._shown, self._until = f"Bearer {token}", time.monotonic() + max(seconds - _MARGIN, _MARGIN)

    def _token(self, challenge: Challenge) -> tuple[str, float]:
        """Get a token where the registry says.  Raises WebError."""
        realm = challenge.fields.get("realm", "")
        try:
            place = place_of(realm)
        except UnfitError:
            raise WebError("denied", f"{self.place.host} names no place to get a token from") from None
        if place.scheme != "https" and self.place.scheme == "https":
            raise WebError("denied", f"{self.place.host} wants a token from {place.host} in the clear", hint="if that is meant, add --plain-http")
        asked = {"service": challenge.fields.get("service", ""), "scope": self._scope(challenge)}
        login, body, headers = self._login, None, {"Accept": "application/json"}
        if login.identity and login.password is not None:
            form = {**asked, "grant_type": "refresh_token", "client_id": "leaksieve", "refresh_token": login.password.reveal().decode()}
            body, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
            url = realm
        else:
            if login.password is not None:
                headers["Authorization"] = _basic(login.user, login.password)
                asked["account"] = login.user
            url = token_url(realm, asked)
        answer = self._web.send("POST" if body is not None else "GET", url, place, self.place.host, headers, body)
        if answer.status in (400, 401, 403):
            answer.discard()
            if login.origin:
                raise WebError("denied", f"{place.host} refuses the login from {login.origin}", hint="log in again")
            raise WebError("denied", f"{place.host} gives no token without a login", hint="it may not exist; or log in first")
        try:
            fields = json.loads(_judged(answer, "token").whole(_TOKEN_ANSWER, "token"))
        except (ValueError, RecursionError):
            fields = None
        token = token_in(fields)
        if not token:
            raise WebError("denied", f"{place.host} answers with something that is no token")
        seconds = fields.get("expires_in")
        return token, float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 1e9 else _USUAL

    def _scope(self, challenge: Challenge) -> str:
        """Reading this repository, and nothing more, whatever is asked for."""
        asked = challenge.fields.get("scope", "")
        kind, _, rest = asked.partition(":")
        name, _, action = rest.rpartition(":")
        if kind == "repository" and action == "pull" and name.endswith(self.repository):
            return asked
        return f"repository:{self.repository}:pull"


def _judged(answer: Answer, what: str) -> Answer:
    """Return an answer of success.  Raises WebError for any other."""
    if answer.status in (200, 206):
        return answer
    error = refusal(answer.status, answer.discard(), what, answer.place.host)
    if answer.status in PASSING:
        error.asked = retry_after(answer.headers.get("Retry-After", ""))
    raise error


def _basic(user: str, password: Secret) -> str:
    return basic(f"{user}:{password.reveal().decode('utf-8', 'surrogateescape')}")


def _place(url: str) -> Place:
    try:
        return place_of(url)
    except UnfitError as error:
        raise WebError("redirect", f"it leads to an address that cannot be used ({error})") from None
