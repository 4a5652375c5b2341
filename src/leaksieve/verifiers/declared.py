"""The verifier of tables that HTTP can express: request from the table, verdict from its answers."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlsplit

from leaksieve.verifiers import fill
from leaksieve.verifiers.address import place_of
from leaksieve.verifiers.answers import meaning, told
from leaksieve.verifiers.base import ACTIVE, Call, Failed, Net, Request, Response, Subject, Verdict


class Declared:
    """A Verifier made from one table (see the rules' README)."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table

    def calls(self, subject: Subject, endpoint: str) -> Sequence[Call]:
        """The request, and those that follow where it is active; see Verifier."""
        made = self._request(self._table, subject, endpoint)
        place = place_of(made.url)
        return [
            Call(place.host, place.port, f"{made.method} {_shown_path(self._table, self._table['url'], endpoint)}"),
            *(Call(place.host, place.port, f"{one['method']} {_shown_path(self._table, one['url'], endpoint)} (if active)") for one in self._table["more"]),
        ]

    async def verify(self, subject: Subject, net: Net) -> Verdict:
        """Ask, and ask on where that was worth it; see Verifier."""
        request = self._request(self._table, subject, net.endpoint)
        response = await net.request(request)
        evidence: dict[str, object] = {"host": request.host, "status": response.status}
        found = meaning(self._table["answers"], response)
        if found is None:
            if 300 <= response.status < 400:
                raise Failed("redirect")
            return Verdict("unknown", "unexpected", f"status {response.status}", evidence)
        answer, matched = found
        evidence["matched"] = matched
        held = [one.reveal().decode("utf-8", "replace") for one in (subject.secret, *subject.parts.values())]
        # As it was sent, too: a login over HTTP is written in base64.
        hidden = [text for text in (*held, request.headers.get("Authorization", "").rpartition(" ")[2]) if len(text) >= 8]
        tells = told(self._table["tells"], response, hidden)
        if answer["verdict"] == ACTIVE:
            for one in self._table["more"]:
                tells |= {key: value for key, value in (await self._further(one, subject, net, hidden)).items() if key not in tells}
        return Verdict(
            answer["verdict"],
            "unexpected" if answer["verdict"] == "unknown" else "",
            answer.get("note", ""),
            evidence,
            tells,
            privileged=answer["verdict"] == ACTIVE and is_privileged(tells, self._table["privileged"]),
        )

    async def _further(self, one: Mapping[str, Any], subject: Subject, net: Net, hidden: list[str]) -> dict[str, object]:
        """What a further request tells; nothing where it fails, since the verdict stands."""
        try:
            response: Response = await net.request(self._request(one, subject, net.endpoint))
        except Failed:
            return {}
        return told(one["tells"], response, hidden) if 200 <= response.status < 300 else {}

    def _request(self, one: Mapping[str, Any], subject: Subject, endpoint: str) -> Request:
        table = self._table
        url = fill.url(based(table, one["url"], endpoint), subject)
        headers = {name: fill.header(value, subject) for name, value in table["headers"].items()}
        auth = table["auth"]
        match auth["scheme"]:
            case "bearer":
                headers["Authorization"] = fill.header(auth["prefix"] + " {secret}", subject)
            case "basic":
                login = fill.fill(auth["user"], subject, str) + ":" + fill.fill(auth["password"], subject, str)
                headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
            case "header":
                headers[auth["name"]] = fill.header(auth["value"], subject)
            case "query":
                url += ("&" if "?" in url else "?") + quote(auth["name"], safe="") + "=" + quote(fill.fill(auth["value"], subject, str), safe="")
        body = b""
        if one is table:
            if "form" in table:
                headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
                body = fill.form(table["form"], subject)
            elif "json" in table:
                headers.setdefault("Content-Type", "application/json")
                body = json.dumps(fill.nested(table["json"], subject)).encode()
            elif "body" in table:
                body = table["body"].encode()
        return Request(one["method"], url, headers, body)


def based(table: Mapping[str, Any], url: str, endpoint: str) -> str:
    """The template of a URL, at the user's own address where there is one."""
    if url.startswith("/"):
        if not endpoint:
            raise Failed("no-endpoint", f"see `verify.endpoints.{table['endpoint']}`")
        return endpoint + url
    if not endpoint:
        return url
    # Whoever names a path with the address means it in place of the usual one.
    usual = urlsplit(endpoint).hostname == urlsplit(url).hostname
    base = endpoint if usual or urlsplit(endpoint).path else endpoint + table["endpoint_path"]
    _, _, rest = url.partition("://")
    return base + "/" + rest.partition("/")[2]


def _shown_path(table: Mapping[str, Any], url: str, endpoint: str) -> str:
    """A URL's path as the table writes it, fields in braces."""
    if url == "{secret}":
        return url
    path = "/" + based(table, url, endpoint).partition("://")[2].partition("/")[2]
    return path + ("?…" if table["auth"]["scheme"] == "query" else "")


def is_privileged(tells: Mapping[str, object], globs: Sequence[str]) -> bool:
    """Whether what a provider tells opens nearly everything."""
    words = [word for key in ("scopes", "permissions", "kind", "plan") for word in _list(tells.get(key))]
    return any(fnmatchcase(word.lower(), glob.lower()) for word in words for glob in globs)


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]
