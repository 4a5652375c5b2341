"""The requests of ``[[verify]]`` tables: where they go, and how they carry the credential."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from leaksieve.ruleset.given import Given

# One of these holds what is sent.
BODIES = ("form", "json", "body")
SCHEMES = ("bearer", "basic", "header", "query", "none")
FIELD = re.compile(r"\{([a-z][a-z0-9_]*)(\|base64)?\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")


def read_request(given: Given) -> tuple[dict[str, Any], set[str]]:
    """The `url`, `headers`, `auth` and body of a request, and the names of the fields in them.  Raises RulesetError."""
    made: dict[str, Any] = {"url": given.text("url"), "headers": _headers(given), "auth": _auth(given)}
    kinds = [kind for kind in BODIES if kind in given.raw]
    if len(kinds) > 1:
        raise given.fail("give one of `form`, `json` and `body`")
    made |= {kind: _body(given, kind) for kind in kinds}
    used = _fields(given, _texts_in([made["url"], made["headers"], made["auth"], made.get("form"), made.get("json")]))
    if made["auth"]["scheme"] == "bearer":
        used.add("secret")
    if "secret" not in used:
        raise given.fail("the request does not hold {secret}")
    return made, used


def host_of(given: Given, url: str) -> str:
    """The one host a URL leads to, ``*.`` in place of fields that open its name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise given.fail("`url` cannot be read") from None
    if parts.scheme != "https" or "@" in parts.netloc or parts.fragment or port not in (None, 443):
        raise given.fail("`url` must be https://host/path, without user, port or fragment")
    labels = parts.netloc.split(":")[0].split(".")
    fixed = [label for label in labels if "{" not in label]
    held = labels[len(labels) - len(fixed) :]
    if held != fixed or any(not FIELD.fullmatch(label) for label in labels[: -len(fixed) or None]):
        raise given.fail("fields in a host stand for whole names at its beginning")
    if any(label == "{secret}" for label in labels):
        raise given.fail("the secret is no part of a host's name")
    if len(fixed) < 2:
        raise given.fail("the host's last two names must be fixed")
    return ("*." if len(fixed) < len(labels) else "") + ".".join(fixed)


def _headers(given: Given) -> dict[str, str]:
    headers = given.raw.get("headers", {})
    if not isinstance(headers, dict) or not all(_HEADER.match(name) and isinstance(value, str) for name, value in headers.items()):
        raise given.fail("`headers` must be a table of header names and texts")
    for name in headers:
        if name.lower() in {"host", "content-length", "transfer-encoding", "connection", "authorization"}:
            raise given.fail(f"the header {name} is not given in `headers`" + ("; see `auth`" if name.lower() == "authorization" else ""))
    return dict(headers)


def _auth(given: Given) -> dict[str, str]:
    auth = given.raw.get("auth", "none")
    if isinstance(auth, str):
        auth = {"scheme": auth}
    if not isinstance(auth, dict) or auth.get("scheme") not in SCHEMES:
        raise given.fail(f"`auth` must be one of {', '.join(SCHEMES)}, or a table with such a `scheme`")
    scheme = auth["scheme"]
    keys = {"bearer": {"prefix": "Bearer"}, "basic": {"user": "{secret}", "password": ""}, "header": {"name": "", "value": "{secret}"}}
    keys |= {"query": {"name": "", "value": "{secret}"}, "none": {}}
    for key, value in auth.items():
        if key != "scheme" and (key not in keys[scheme] or not isinstance(value, str)):
            raise given.fail(f"`auth` of the scheme {scheme} knows {', '.join(keys[scheme]) or 'nothing else'}, each a text")
    whole = {"scheme": scheme, **keys[scheme], **{key: value for key, value in auth.items() if key != "scheme"}}
    if scheme in ("header", "query") and not whole["name"]:
        raise given.fail(f"`auth` of the scheme {scheme} wants a `name`")
    if scheme == "header" and not _HEADER.match(whole["name"]):
        raise given.fail("`auth`: that is no name of a header")
    return whole


def _body(given: Given, kind: str) -> Any:
    body = given.raw[kind]
    if kind == "body" and isinstance(body, str):
        if FIELD.search(body):
            raise given.fail("`body` is sent as it stands; what is filled in stands in `form` or `json`")
        return body
    if kind == "form" and isinstance(body, dict) and all(isinstance(value, str) for value in body.values()):
        return dict(body)
    if kind == "json" and isinstance(body, dict | list):
        return body
    raise given.fail(f"`{kind}` must be " + {"body": "a text", "form": "a table of texts", "json": "a table or a list"}[kind])


def _fields(given: Given, texts: list[str]) -> set[str]:
    names = set()
    for text in texts:
        names |= {match[1] for match in FIELD.finditer(text)}
        if "{" in FIELD.sub("", text) or "}" in FIELD.sub("", text):
            raise given.fail(f"`{text}` has braces that are no field such as {{secret}}, {{user}} or {{secret|base64}}")
    return names


def _texts_in(value: Any) -> list[str]:
    """Every text in a nest of tables and lists, keys left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in _texts_in(one)] if isinstance(value, list) else []
