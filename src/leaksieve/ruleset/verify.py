"""Reading ``[[verify]]`` tables: how a provider is asked whether a credential works.

A table that holds becomes a plain dictionary with the keys below filled in; what it means is in ``rules/README.md``.
The checks are about what a careful reader would look for: the secret goes to the provider's own hosts alone, over
https; "active" is said for nothing that any firewall could answer; a made-up user and password is never sent.
"""

from __future__ import annotations

import re
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.given import Given
from leaksieve.ruleset.verify_answers import read_answers, read_tells
from leaksieve.ruleset.verify_request import BODIES, FIELD, host_of, read_request
from leaksieve.ruleset.verify_revoke import read_revoke

# Keys of requests written down here, not of code.
HTTP_KEYS = {"method", "url", "headers", "auth", *BODIES, "answers", "tells", "more"}
CODE_KEYS = {"code", "calls", "ports", "offline"}
KEYS = HTTP_KEYS | CODE_KEYS | {
    "id", "rules", "documentation", "read", "good", "bad", "endpoint", "endpoint_path", "hosts", "privileged", "control", "rate", "revoke",
}  # fmt: skip
MORE_KEYS = {"method", "url", "tells"}
METHODS = ("GET", "HEAD", "POST")
CONTROLS = ("bearer", "none")
# Requests a second to one host, unless the table says otherwise.
RATE = 5.0
MAX_MORE = 3
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\Z")
_RANGE = re.compile(r"[0-9]{1,5}-[0-9]{1,5}\Z")


def read_verifiers(data: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """The tables under ``verify`` of a parsed rule file; RulesetError names file, table and key."""
    tables = data.get("verify", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RulesetError("`verify` must be [[verify]] tables", where=where)
    return [_read(Given(table, f"{where}: verify {table.get('id', '?')}")) for table in tables]


def _read(given: Given) -> dict[str, Any]:
    table = given.raw
    given.known(table, KEYS)
    out: dict[str, Any] = {"id": given.text("id"), "rules": given.texts("rules"), "good": given.text("good"), "bad": given.text("bad")}
    if not _ID.match(out["id"]):
        raise given.fail("`id` is not kebab-case")
    if not out["rules"]:
        raise given.fail("`rules` is missing: the ids of the rules it serves")
    out["documentation"] = given.link("documentation")
    # "" where nobody has held the answers against the page yet: plans, dead verdicts and the reference say so.
    out["read"] = given.day("read") if "read" in given.raw else ""
    out["endpoint"] = given.text("endpoint", "")
    out["endpoint_path"] = given.text("endpoint_path", "")
    if out["endpoint_path"] and (not out["endpoint"] or not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", out["endpoint_path"])):
        raise given.fail("`endpoint_path` is a path such as /api/v3, which self-hosted servers have before the `url`'s own; it wants `endpoint`")
    out["hosts"] = given.texts("hosts")
    out["privileged"] = given.texts("privileged")
    rate = table.get("rate", RATE)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 100:
        raise given.fail("`rate` must be requests a second, more than 0 and at most 100")
    out["rate"] = float(rate)
    if "code" in table:
        _code(given, out)
    else:
        _http(given, out)
    _control(given, out)
    if "revoke" in table:
        out["revoke"] = read_revoke(given, out)
    return out


def _code(given: Given, out: dict[str, Any]) -> None:
    for key in sorted(HTTP_KEYS & given.raw.keys()):
        raise given.fail(f"`{key}` is not for a table with `code`")
    out["code"] = given.text("code")
    out["calls"] = given.texts("calls")
    if not out["calls"]:
        raise given.fail("`calls` is missing: every call the code makes, in words, for the rule reference")
    out["offline"] = given.raw.get("offline", False)
    if not isinstance(out["offline"], bool) or (out["offline"] and (out["hosts"] or out["endpoint"] not in ("", "ssh"))):
        raise given.fail('`offline` is true where the code sends nothing, and then there are no `hosts`; its `endpoint` is "ssh" or none')
    if not (out["hosts"] or out["endpoint"] or out["offline"]):
        raise given.fail('`hosts` is missing: those it may reach ("*.example.com", or "{host}" for the credential\'s own part)')
    for host in out["hosts"]:
        if not FIELD.fullmatch(host) and not _HOST.match(host):
            raise given.fail(f"host `{host}` is no host name, `*.` before one, or a part in braces")
    ports = given.raw.get("ports", [443])
    if not isinstance(ports, list) or not ports:
        raise given.fail("`ports` must be a list of ports and ranges of them")
    out["ports"] = [_ports(given, one) for one in ports]


def _ports(given: Given, ports: Any) -> list[int]:
    """A port, or a range such as "1024-65535", as its first and last."""
    ends = [ports] if type(ports) is int else [int(end) for end in ports.split("-")] if isinstance(ports, str) and _RANGE.match(ports) else []
    if not ends or not 0 < ends[0] <= ends[-1] < 65536:
        raise given.fail('`ports` must hold ports, or ranges such as "1024-65535"')
    return [ends[0], ends[-1]]


def _http(given: Given, out: dict[str, Any]) -> None:
    table = given.raw
    for key in sorted(CODE_KEYS & table.keys()):
        raise given.fail(f"`{key}` is for a table with `code`; other requests describe themselves")
    out["ports"] = [[443, 443]]
    out["method"] = _method(given, table)
    request, used = read_request(given)
    out |= request
    _hosts(given, out)
    for kind in BODIES:
        if kind in out and out["method"] != "POST":
            raise given.fail(f'`{kind}` wants `method = "POST"`')
    out["needs"] = sorted(used - {"secret"})
    out["answers"] = read_answers(given)
    out["tells"] = read_tells(given, table.get("tells", {}), "tells")
    more = table.get("more", [])
    if not isinstance(more, list) or not all(isinstance(one, dict) for one in more) or len(more) > MAX_MORE:
        raise given.fail(f"`more` must be a list of at most {MAX_MORE} tables")
    out["more"] = [_further(given, one, out) for one in more]


def _method(given: Given, table: dict[str, Any]) -> str:
    method = table.get("method", "GET")
    if method not in METHODS:
        raise given.fail(f"`method` must be one of {', '.join(METHODS)}: a check changes nothing")
    return str(method)


def _hosts(given: Given, out: dict[str, Any]) -> None:
    """Where its requests may lead: to the host of its `url`, unless the table says more."""
    url = out["url"]
    if url == "{secret}":
        if not out["hosts"]:
            raise given.fail("`hosts` is missing: a URL that is the secret itself may lead there alone")
    elif url.startswith("/"):
        if not out["endpoint"]:
            raise given.fail("a `url` that is a path alone wants `endpoint`, the name its address has in the configuration")
    else:
        out["hosts"] = out["hosts"] or [host_of(given, url)]
    for host in out["hosts"]:
        if not _HOST.match(host):
            raise given.fail(f"host `{host}` is no host name, nor `*.` before one")


def _further(given: Given, table: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
    given.known(table, MORE_KEYS, "more.")
    url = table.get("url")
    method = _method(given, table)
    if not isinstance(url, str) or method == "POST":
        raise given.fail("`more` wants a `url`, which is read with GET")
    if url.startswith("/") != out["url"].startswith("/") or (not url.startswith("/") and host_of(given, url) not in out["hosts"]):
        raise given.fail("`more` leads to another host")
    return {"method": method, "url": url, "tells": read_tells(given, table.get("tells", {}), "more.tells")}


def _control(given: Given, out: dict[str, Any]) -> None:
    pair = out.get("auth", {}).get("scheme") == "basic" and bool(out["auth"]["user"]) and bool(out["auth"]["password"])
    usual = "none" if "code" in out or pair or out.get("needs") else "bearer"
    control = given.raw.get("control", usual)
    if control not in CONTROLS:
        raise given.fail(f"`control` must be one of {', '.join(CONTROLS)}")
    if control == "bearer" and pair:
        raise given.fail('`control` must be "none": a made-up user and password is never sent, failed logins lock accounts')
    out["control"] = control
