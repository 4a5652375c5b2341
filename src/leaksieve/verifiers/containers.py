"""Logins to registries of container images, asked for as clients do: the registry says how one logs in, and a login reads nothing.

Some take user and password themselves (basic), others want a token that is got with them at an address they name (bearer).  No
repository stands in that token's scope.  Registries that give tokens to everybody are no proof of a login: then the token has to
say for whom it is.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from leaksieve.net.address import Place, literal
from leaksieve.net.challenge import Challenge, challenges, token_in, token_url
from leaksieve.net.hub import HUB_HOST, HUB_NAMES
from leaksieve.net.proxy import basic
from leaksieve.verifiers.address import fits, host_of, place_of
from leaksieve.verifiers.answers import gives_away
from leaksieve.verifiers.base import ACTIVE, INACTIVE, Call, Failed, Net, Request, Response, Subject, Verdict, is_tellable
from leaksieve.verifiers.jose import claims_of

_WHERE = re.compile(r"(?P<host>[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?\Z")
# A password that is right may be refused all the same: a second factor, a policy, a lock.
_OTHERWISE = re.compile(rb"token|two.?factor|2fa|mfa|otp|sso|saml|locked|disabled|suspended|verif|\brate\b|too many|attempts|policy|not allowed", re.IGNORECASE)
# Tokens of Docker Hub say by themselves where they are for.
_OF_HUB = ("docker-hub-",)


class Login(NamedTuple):
    """What one logs in with, and where.  ``domain`` is the pattern of the hosts beside the registry's that may give tokens, "" for none."""

    host: str
    port: int
    user: str
    password: str
    domain: str

    @property
    def base(self) -> str:
        """The address of the registry."""
        return f"https://{Place('https', self.host, self.port).authority}"

    @property
    def header(self) -> dict[str, str]:
        """User and password as they are sent."""
        return {"Authorization": basic(f"{self.user}:{self.password}")}


class RegistryLogin:
    """See Verifier."""

    def hosts(self, subject: Subject) -> Sequence[str]:
        """The registry, and those beside it that may give its tokens."""
        login = _read(subject)
        return [login.host, *([login.domain, login.domain[2:]] if login.domain else [])]

    def calls(self, subject: Subject, _endpoint: str) -> Sequence[Call]:
        """The login."""
        login = _read(subject)
        token = f"or of a token at a host of {login.domain} that it names" if login.domain else "or of a token at an address of that host"
        return [Call(login.host, login.port, f"GET /v2/, log in (registry) there {token}")]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Log in, once."""
        login = _read(subject)
        url = f"{login.base}/v2/"
        asked = await net.request(Request("GET", url))
        if asked.status == 200:
            raise Failed("no-difference", "the registry asks for no login")
        offered = challenges([asked.headers.get("www-authenticate", "")])
        if asked.status != 401 or not offered:
            raise Failed("redirect" if 300 <= asked.status < 400 else "unexpected", f"no registry answers there (status {asked.status})")
        bearer = next((each for each in offered if each.scheme == "bearer"), None)
        if bearer is not None:
            return await _by_token(login, url, bearer, net)
        if any(each.scheme == "basic" for each in offered):
            return _judged(await net.request(Request("GET", url, login.header)), login, ["basic"])
        raise Failed("unexpected", "the registry asks for a kind of login that is not known here")


def make(_table: Mapping[str, Any]) -> RegistryLogin:
    """The verifier of a table whose rules give `user` and `host`, or base64 of user:password and `host`; tokens of Docker Hub need no host."""
    return RegistryLogin()


def _read(subject: Subject) -> Login:
    user, password = _pair(subject)
    if not user or not password:
        raise Failed("unfit" if subject.rule_id == "docker-config-auth" else "missing-parts", "user or password is not there")
    if not (user + password).isprintable() or ":" in user:
        raise Failed("unfit", "it holds characters that no login has")
    where = HUB_HOST if subject.rule_id.startswith(_OF_HUB) and "host" not in subject.parts else subject.text("host")
    found = _WHERE.match(where)
    port = int((found and found["port"]) or 443)
    if found is None or not 0 < port < 65536:
        raise Failed("unfit", "its host is no host name")
    host = host_of(found["host"])
    host = HUB_HOST if host in HUB_NAMES and port == 443 else host
    return Login(host, port, user, password, _domain(host))


def _pair(subject: Subject) -> tuple[str, str]:
    text = subject.text()
    if subject.rule_id != "docker-config-auth":
        return subject.optional("user"), text
    try:
        user, _, password = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        raise Failed("unfit", "it is no user and password") from None
    # Old clients filled the password up.
    return user, password.rstrip("\0")


def _domain(host: str) -> str:
    """What a registry and the server that gives its tokens have in common: *.docker.io of registry-1.docker.io and auth.docker.io."""
    parent = host.partition(".")[2]
    return f"*.{parent}" if "." in parent and literal(host) is None else ""


async def _by_token(login: Login, url: str, challenge: Challenge, net: Net) -> Verdict:
    """Get a token with the login, show it, and see that it is more than anybody gets."""
    place = _token_place(login, challenge)
    service = challenge.fields.get("service", "")
    answer = await net.request(Request("GET", token_url(place, {"service": service, "account": login.user}), {"Accept": "application/json", **login.header}))
    if answer.status != 200:
        return _judged(answer, login, ["bearer"])
    token = _token(answer)
    shown = await net.request(Request("GET", url, _bearer(token)))
    if shown.status != 200:
        raise Failed("unexpected", f"the registry gave a token and does not take it (status {shown.status})")
    anyone = await net.request(Request("GET", token_url(place, {"service": service}), {"Accept": "application/json"}))
    how = ["bearer"]
    if anyone.status == 200:
        public = _token(anyone)
        if (await net.request(Request("GET", url, _bearer(public)))).status == 200:
            name = _named(token)
            if not name or name == _named(public):
                raise Failed("no-difference", "the registry gives a token to everybody, and this one does not say for whom it is")
            how.append("the token names its user")
    return _judged(shown, login, how)


def _token_place(login: Login, challenge: Challenge) -> str:
    realm = challenge.fields.get("realm", "")
    place = place_of(realm)
    if place.scheme != "https":
        raise Failed("host-not-allowed", "the registry wants the password in the clear")
    if place.host != login.host and not (login.domain and (fits(place.host, [login.domain]) or place.host == login.domain[2:])):
        raise Failed("host-not-allowed", "the registry wants the password shown to a host of another domain")
    return realm


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _token(answer: Response) -> str:
    token = token_in(answer.json())
    if not token:
        raise Failed("malformed", "what the registry gives is no token")
    return token


def _named(token: str) -> str:
    """For whom a token says that it is, "" where it does not; those of nobody are for "" or "(anonymous)"."""
    name = claims_of(token).get("sub")
    return name if isinstance(name, str) and "anonymous" not in name.lower() else ""


def _judged(answer: Response, login: Login, how: list[str]) -> Verdict:
    """What the answer to a login means."""
    evidence: dict[str, object] = {"host": login.host, "status": answer.status, "matched": [f"status {answer.status}", *how]}
    if answer.status == 200:
        told = {"user": login.user} if is_tellable(login.user) and not gives_away(login.user, {login.password}) else {}
        return Verdict(ACTIVE, "", "", evidence, told)
    if answer.status == 401 and not _OTHERWISE.search(answer.body):
        return Verdict(INACTIVE, "", "", evidence)
    if 300 <= answer.status < 400:
        raise Failed("redirect")
    raise Failed(
        "unexpected", f"status {answer.status} to the login" + (", which may be refused for another reason than the password" if answer.status == 401 else "")
    )
