"""Reading ``[[verify]]`` tables: how a provider is asked whether a credential works.

A table that holds becomes a plain dictionary with the keys below filled in; what it means is in ``rules/README.md``.
The checks are about what a careful reader would look for: the secret goes to the provider's own hosts alone, over
https; "active" is said for nothing that any firewall could answer; a made-up user and password is never sent.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from leaksieve.errors import RulesetError
from leaksieve.ruleset.jsonpath import parse
from leaksieve.ruleset.linear import problems
from leaksieve.ruleset.syntax import Walker

KEYS = {
    "id", "rules", "documentation", "read", "good", "bad", "method", "url", "endpoint", "endpoint_path", "hosts", "headers", "auth", "form", "json", "body",
    "answers", "tells", "more", "privileged", "control", "code", "calls", "ports", "rate", "revoke", "offline",
}  # fmt: skip
# Those that belong to requests written down here, not to code.
HTTP_KEYS = {"method", "url", "headers", "auth", "form", "json", "body", "answers", "tells", "more"}
MORE_KEYS = {"method", "url", "tells"}
REVOKE_KEYS = {"documentation", "effect", "method", "url", "headers", "auth", "form", "json", "body", "done"}
ANSWER_KEYS = {"verdict", "status", "header", "json", "contains", "absent", "note"}
VALUE_KEYS = {"present", "matches", "type", "not"}
TYPES = ("text", "number", "flag", "list", "object", "null")
VERDICTS = ("active", "inactive", "expired", "unknown")
METHODS = ("GET", "HEAD", "POST")
SCHEMES = ("bearer", "basic", "header", "query", "none")
CONTROLS = ("bearer", "none")
# What a provider may tell; the same as leaksieve.verifiers.base.TOLD, which a test holds to it.
TOLD = (
    *("account", "organisation", "team", "user", "name", "email", "kind"),
    *("scopes", "permissions", "resources", "plan", "created", "expires", "last_used"),
)
# Requests a second to one host, unless the table says otherwise.
RATE = 5.0
MAX_MORE = 3
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
FIELD = re.compile(r"\{([a-z][a-z0-9_]*)(\|base64)?\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\Z")
_RANGE = re.compile(r"[0-9]{1,5}-[0-9]{1,5}\Z")


def read_verifiers(data: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """The tables under ``verify`` of a parsed rule file; RulesetError names file, table and key."""
    tables = data.get("verify", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RulesetError("`verify` must be [[verify]] tables", where=where)
    return [_Table(table, where).read() for table in tables]


class _Table:
    def __init__(self, table: dict[str, Any], where: str) -> None:
        self._table = table
        self._where = f"{where}: verify {table.get('id', '?')}"

    def fail(self, what: str) -> RulesetError:
        return RulesetError(what, where=self._where)

    def read(self) -> dict[str, Any]:
        table = self._table
        self._known(table, KEYS, "")
        out: dict[str, Any] = {"id": self._text("id"), "rules": self._texts("rules"), "good": self._text("good"), "bad": self._text("bad")}
        if not _ID.match(out["id"]):
            raise self.fail("`id` is not kebab-case")
        if not out["rules"]:
            raise self.fail("`rules` is missing: the ids of the rules it serves")
        out["documentation"] = self._text("documentation")
        if not out["documentation"].startswith("https://"):
            raise self.fail("`documentation` must be an https link")
        # "" where nobody has held the answers against the page yet; reports and the reference say so.
        out["read"] = self._date("read") if "read" in self._table else ""
        out["endpoint"] = self._text("endpoint", "")
        out["endpoint_path"] = self._text("endpoint_path", "")
        if out["endpoint_path"] and (not out["endpoint"] or not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", out["endpoint_path"])):
            raise self.fail("`endpoint_path` is a path such as /api/v3, which self-hosted servers have before the `url`'s own; it wants `endpoint`")
        out["hosts"] = self._texts("hosts")
        out["privileged"] = self._texts("privileged")
        rate = table.get("rate", RATE)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 100:
            raise self.fail("`rate` must be requests a second, more than 0 and at most 100")
        out["rate"] = float(rate)
        if "code" in table:
            self._code(out)
        else:
            self._http(out)
        self._control(out)
        if "revoke" in table:
            out["revoke"] = self._revoke(table["revoke"], out)
        return out

    def _code(self, out: dict[str, Any]) -> None:
        for key in sorted(HTTP_KEYS & self._table.keys()):
            raise self.fail(f"`{key}` is not for a table with `code`")
        out["code"] = self._text("code")
        out["calls"] = self._texts("calls")
        if not out["calls"]:
            raise self.fail("`calls` is missing: every call the code makes, in words, for the rule reference")
        out["offline"] = self._table.get("offline", False)
        if not isinstance(out["offline"], bool) or (out["offline"] and (out["hosts"] or out["endpoint"])):
            raise self.fail("`offline` is true where the code sends nothing, and then there are no `hosts`")
        if not (out["hosts"] or out["endpoint"] or out["offline"]):
            raise self.fail('`hosts` is missing: those it may reach ("*.example.com", or "{host}" for the credential\'s own part)')
        for host in out["hosts"]:
            if not FIELD.fullmatch(host) and not _HOST.match(host):
                raise self.fail(f"host `{host}` is no host name, `*.` before one, or a part in braces")
        ports = self._table.get("ports", [443])
        if not isinstance(ports, list) or not ports:
            raise self.fail("`ports` must be a list of ports and ranges of them")
        out["ports"] = [self._ports(one) for one in ports]

    def _ports(self, ports: Any) -> list[int]:
        """A port, or a range such as "1024-65535", as its first and last."""
        ends = [ports] if type(ports) is int else [int(end) for end in ports.split("-")] if isinstance(ports, str) and _RANGE.match(ports) else []
        if not ends or not 0 < ends[0] <= ends[-1] < 65536:
            raise self.fail('`ports` must hold ports, or ranges such as "1024-65535"')
        return [ends[0], ends[-1]]

    def _http(self, out: dict[str, Any]) -> None:
        table = self._table
        for key in ("calls", "ports", "offline"):
            if key in table:
                raise self.fail(f"`{key}` is for a table with `code`; other requests describe themselves")
        out["ports"] = [[443, 443]]
        out["method"] = self._method(table)
        out["url"] = self._text("url")
        self._url(out)
        out["headers"] = self._headers()
        out["auth"] = self._auth()
        kinds = [key for key in ("form", "json", "body") if key in table]
        if len(kinds) > 1:
            raise self.fail("give one of `form`, `json` and `body`")
        if kinds and out["method"] != "POST":
            raise self.fail(f'`{kinds[0]}` wants `method = "POST"`')
        for kind in kinds:
            out[kind] = self._body(kind)
        out["answers"] = self._answers()
        out["tells"] = self._tells(table.get("tells", {}), "tells")
        more = table.get("more", [])
        if not isinstance(more, list) or not all(isinstance(one, dict) for one in more) or len(more) > MAX_MORE:
            raise self.fail(f"`more` must be a list of at most {MAX_MORE} tables")
        out["more"] = [self._further(one, out) for one in more]
        used = self._fields([out["url"], *out["headers"].values(), *_texts_in(out["auth"]), *_texts_in([out.get(kind) for kind in ("form", "json")])])
        if out["auth"]["scheme"] == "bearer":
            used.add("secret")
        if "secret" not in used:
            raise self.fail("the request does not hold {secret}")
        out["needs"] = sorted(used - {"secret"})

    def _control(self, out: dict[str, Any]) -> None:
        pair = out.get("auth", {}).get("scheme") == "basic" and bool(out["auth"]["user"]) and bool(out["auth"]["password"])
        usual = "none" if "code" in out or pair or out.get("needs") else "bearer"
        control = self._table.get("control", usual)
        if control not in CONTROLS:
            raise self.fail(f"`control` must be one of {', '.join(CONTROLS)}")
        if control == "bearer" and pair:
            raise self.fail('`control` must be "none": a made-up user and password is never sent, failed logins lock accounts')
        out["control"] = control

    def _revoke(self, raw: Any, out: dict[str, Any]) -> dict[str, Any]:
        """The one request with which a credential ends itself, to a host that the check may reach."""
        if not isinstance(raw, dict):
            raise self.fail("`revoke` must be a table")
        self._known(raw, REVOKE_KEYS, "revoke.")
        one = _Table({"auth": self._table.get("auth", "none"), **raw}, "")
        one._where = f"{self._where}: revoke"
        made: dict[str, Any] = {"documentation": one._text("documentation"), "effect": one._text("effect"), "method": raw.get("method", "POST")}
        if not made["documentation"].startswith("https://"):
            raise one.fail("`documentation` must be an https link")
        if made["method"] not in ("POST", "DELETE"):
            raise one.fail("`method` must be POST or DELETE")
        made |= {"url": one._text("url"), "headers": one._headers(), "auth": one._auth()}
        kinds = [kind for kind in ("form", "json", "body") if kind in raw]
        if len(kinds) > 1:
            raise one.fail("give one of `form`, `json` and `body`")
        made |= {kind: one._body(kind) for kind in kinds}
        if made["url"].startswith("/") and not out["endpoint"]:
            raise one.fail("a `url` that is a path alone wants `endpoint`")
        if not made["url"].startswith(("/", "{secret}")) and self._host_of(made["url"]) not in out["hosts"]:
            raise one.fail("`url` leads to another host than the check")
        used = one._fields([made["url"], *made["headers"].values(), *_texts_in(made["auth"]), *_texts_in([made.get(kind) for kind in ("form", "json")])])
        if "secret" not in used and made["auth"]["scheme"] != "bearer":
            raise one.fail("the request does not hold {secret}")
        if lacking := sorted(used - {"secret"} - set(out.get("needs", used))):
            raise one.fail(f"the check has no part `{lacking[0]}`")
        if not isinstance(raw.get("done"), dict):
            raise one.fail("`done` must be a table: what the answer is when it is done")
        made["done"] = one._answer({**raw["done"], "verdict": "unknown"}, 0)
        return made

    # --- the request

    def _method(self, table: dict[str, Any]) -> str:
        method = table.get("method", "GET")
        if method not in METHODS:
            raise self.fail(f"`method` must be one of {', '.join(METHODS)}: a check changes nothing")
        return str(method)

    def _url(self, out: dict[str, Any]) -> None:
        url = out["url"]
        if url == "{secret}":
            if not out["hosts"]:
                raise self.fail("`hosts` is missing: a URL that is the secret itself may lead there alone")
        elif url.startswith("/"):
            if not out["endpoint"]:
                raise self.fail("a `url` that is a path alone wants `endpoint`, the name its address has in the configuration")
        else:
            out["hosts"] = out["hosts"] or [self._host_of(url)]
        for host in out["hosts"]:
            if not _HOST.match(host):
                raise self.fail(f"host `{host}` is no host name, nor `*.` before one")

    def _host_of(self, url: str) -> str:
        """The one host a URL leads to, ``*.`` in place of fields that open its name."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise self.fail("`url` cannot be read") from None
        if parts.scheme != "https" or "@" in parts.netloc or parts.fragment or port not in (None, 443):
            raise self.fail("`url` must be https://host/path, without user, port or fragment")
        labels = parts.netloc.split(":")[0].split(".")
        fixed = [label for label in labels if "{" not in label]
        held = labels[len(labels) - len(fixed) :]
        if held != fixed or any(not FIELD.fullmatch(label) for label in labels[: -len(fixed) or None]):
            raise self.fail("fields in a host stand for whole names at its beginning")
        if any(label == "{secret}" for label in labels):
            raise self.fail("the secret is no part of a host's name")
        if len(fixed) < 2:
            raise self.fail("the host's last two names must be fixed")
        return ("*." if len(fixed) < len(labels) else "") + ".".join(fixed)

    def _headers(self) -> dict[str, str]:
        headers = self._table.get("headers", {})
        if not isinstance(headers, dict) or not all(_HEADER.match(name) and isinstance(value, str) for name, value in headers.items()):
            raise self.fail("`headers` must be a table of header names and texts")
        for name in headers:
            if name.lower() in {"host", "content-length", "transfer-encoding", "connection", "authorization"}:
                raise self.fail(f"the header {name} is not given in `headers`" + ("; see `auth`" if name.lower() == "authorization" else ""))
        return dict(headers)

    def _auth(self) -> dict[str, str]:
        auth = self._table.get("auth", "none")
        if isinstance(auth, str):
            auth = {"scheme": auth}
        if not isinstance(auth, dict) or auth.get("scheme") not in SCHEMES:
            raise self.fail(f"`auth` must be one of {', '.join(SCHEMES)}, or a table with such a `scheme`")
        scheme = auth["scheme"]
        keys = {"bearer": {"prefix": "Bearer"}, "basic": {"user": "{secret}", "password": ""}, "header": {"name": "", "value": "{secret}"}}
        keys |= {"query": {"name": "", "value": "{secret}"}, "none": {}}
        for key, value in auth.items():
            if key != "scheme" and (key not in keys[scheme] or not isinstance(value, str)):
                raise self.fail(f"`auth` of the scheme {scheme} knows {', '.join(keys[scheme]) or 'nothing else'}, each a text")
        whole = {"scheme": scheme, **keys[scheme], **{key: value for key, value in auth.items() if key != "scheme"}}
        if scheme in ("header", "query") and not whole["name"]:
            raise self.fail(f"`auth` of the scheme {scheme} wants a `name`")
        if scheme == "header" and not _HEADER.match(whole["name"]):
            raise self.fail("`auth`: that is no name of a header")
        return whole

    def _body(self, kind: str) -> Any:
        body = self._table[kind]
        if kind == "body" and isinstance(body, str):
            if FIELD.search(body):
                raise self.fail("`body` is sent as it stands; what is filled in stands in `form` or `json`")
            return body
        if kind == "form" and isinstance(body, dict) and all(isinstance(value, str) for value in body.values()):
            return dict(body)
        if kind == "json" and isinstance(body, dict | list):
            return body
        raise self.fail(f"`{kind}` must be " + {"body": "a text", "form": "a table of texts", "json": "a table or a list"}[kind])

    def _further(self, table: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
        self._known(table, MORE_KEYS, "more.")
        url = table.get("url")
        method = self._method(table)
        if not isinstance(url, str) or method == "POST":
            raise self.fail("`more` wants a `url`, which is read with GET")
        if url.startswith("/") != out["url"].startswith("/") or (not url.startswith("/") and self._host_of(url) not in out["hosts"]):
            raise self.fail("`more` leads to another host")
        return {"method": method, "url": url, "tells": self._tells(table.get("tells", {}), "more.tells")}

    def _fields(self, texts: list[str]) -> set[str]:
        names = set()
        for text in texts:
            names |= {match[1] for match in FIELD.finditer(text)}
            if "{" in FIELD.sub("", text) or "}" in FIELD.sub("", text):
                raise self.fail(f"`{text}` has braces that are no field such as {{secret}}, {{user}} or {{secret|base64}}")
        return names

    # --- the answers

    def _answers(self) -> list[dict[str, Any]]:
        answers = self._table.get("answers")
        if not isinstance(answers, list) or not answers or not all(isinstance(answer, dict) for answer in answers):
            raise self.fail("`answers` must be a list of tables, each with a `verdict`")
        read = [self._answer(answer, number) for number, answer in enumerate(answers, 1)]
        if not any(answer["verdict"] == "active" for answer in read):
            raise self.fail("no answer means active")
        # Some providers tell nobody that a credential is dead: it might be known to another region, or may not ask this.
        if not any(answer["verdict"] == "inactive" or (answer["verdict"] == "unknown" and "note" in answer) for answer in read):
            raise self.fail("no answer means inactive, nor unknown with a `note` that says why")
        return read

    def _answer(self, table: dict[str, Any], number: int) -> dict[str, Any]:
        name = f"answers[{number}]"
        self._known(table, ANSWER_KEYS, name + ".")
        verdict = table.get("verdict")
        if verdict not in VERDICTS:
            raise self.fail(f"`{name}.verdict` must be one of {', '.join(VERDICTS)}")
        status = table.get("status", [])
        status = [status] if isinstance(status, int) else status
        if not isinstance(status, list) or not status or not all(type(one) is int and 100 <= one <= 599 for one in status):
            raise self.fail(f"`{name}.status` must be a status or a list of them")
        if any(one == 429 or one >= 500 for one in status):
            raise self.fail(f"`{name}`: 429 and 5xx are never an answer about a credential")
        answer: dict[str, Any] = {"verdict": verdict, "status": status}
        for key in ("contains", "absent"):
            texts = table.get(key, [])
            texts = [texts] if isinstance(texts, str) else texts
            if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
                raise self.fail(f"`{name}.{key}` must be a text or a list of texts")
            if texts:
                answer[key] = texts
        for key in ("header", "json"):
            conditions = table.get(key, {})
            if not isinstance(conditions, dict):
                raise self.fail(f"`{name}.{key}` must be a table")
            if conditions:
                answer[key] = [
                    [place.lower() if key == "header" else self._path(place), self._value(value, f"{name}.{key}")] for place, value in conditions.items()
                ]
        if "note" in table:
            if not isinstance(table["note"], str) or not table["note"]:
                raise self.fail(f"`{name}.note` is a text that a person reads beside the verdict")
            answer["note"] = table["note"]
        self._careful(answer, name)
        return answer

    def _careful(self, answer: dict[str, Any], name: str) -> None:
        """What a firewall, a proxy or a sandbox could answer as well says nothing."""
        told = any(key in answer for key in ("json", "header", "contains"))
        if answer["verdict"] == "active":
            if any(300 <= one < 400 or one == 401 for one in answer["status"]):
                raise self.fail(f"`{name}`: a redirect or 401 does not mean active")
            if not told and any(one not in (204, 205) for one in answer["status"]) and self._table.get("method") != "HEAD":
                raise self.fail(f"`{name}`: a status alone does not mean active; say what the body or a header holds (`json`, `header`, `contains`)")
        elif answer["verdict"] in ("inactive", "expired") and not told and answer["status"] != [401]:
            raise self.fail(f"`{name}`: only 401 means {answer['verdict']} by itself; say what the body or a header holds")

    def _path(self, path: str) -> str:
        try:
            parse(path)
        except ValueError as error:
            raise self.fail(str(error)) from None
        return path

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, str | bool | int | float):
            return value
        if isinstance(value, list) and value and all(isinstance(one, str | bool | int | float) for one in value):
            return value
        if isinstance(value, dict) and len(value) == 1 and value.keys() <= VALUE_KEYS:
            ((key, wanted),) = value.items()
            if key == "present" and isinstance(wanted, bool):
                return value
            if key == "type" and wanted in TYPES:
                return value
            if key == "not" and isinstance(wanted, str | bool | int | float):
                return value
            if key == "matches" and isinstance(wanted, str):
                try:
                    slow = problems(Walker(wanted))
                except ValueError as error:
                    raise self.fail(f"`{name}`: {error}") from None
                if slow:
                    raise self.fail(f"`{name}`: {slow[0]}")
                return value
        raise self.fail(
            f"`{name}` must hold a value, a list of values, or a table: present = true, type = one of {', '.join(TYPES)}, matches = a pattern, not = a value"
        )

    def _tells(self, tells: Any, name: str) -> dict[str, dict[str, str]]:
        if not isinstance(tells, dict):
            raise self.fail(f"`{name}` must be a table")
        out = {}
        for key, place in tells.items():
            if key not in TOLD:
                raise self.fail(f"`{name}` knows {', '.join(TOLD)}, not {key}")
            place = {"json": place} if isinstance(place, str) else place
            if not isinstance(place, dict) or len({"json", "header", "text"} & place.keys()) != 1 or not place.keys() <= {"json", "header", "text", "split"}:
                raise self.fail(f"`{name}.{key}` must be a JSON path, or a table with `json`, `header` or `text`, and `split` if it is a list in one text")
            if not all(isinstance(value, str) and value for value in place.values()):
                raise self.fail(f"`{name}.{key}` must hold texts")
            if "json" in place:
                self._path(place["json"])
            out[key] = dict(place)
        return out

    # --- values

    def _known(self, table: dict[str, Any], known: set[str], prefix: str) -> None:
        for key in table:
            if key not in known:
                from difflib import get_close_matches

                near = get_close_matches(key, sorted(known), 1)
                raise self.fail(f"unknown key `{prefix}{key}`" + (f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(sorted(known))}"))

    def _text(self, key: str, default: str | None = None) -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.fail(f"`{key}` must be a non-empty text")
        return value

    def _texts(self, key: str) -> list[str]:
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.fail(f"`{key}` must be a list of non-empty texts")
        return list(value)

    def _date(self, key: str) -> str:
        value = self._table.get(key)
        text = value.isoformat() if isinstance(value, date) else value
        if not isinstance(text, str) or not re.fullmatch(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", text):
            raise self.fail(f"`{key}` must be the day the page was read, such as 2026-01-31")
        return text


def _texts_in(value: Any) -> list[str]:
    """Every text in a nest of tables and lists, keys left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in _texts_in(one)] if isinstance(value, list) else []
