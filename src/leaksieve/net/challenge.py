"""What a registry demands: the WWW-Authenticate header taken apart, and the token that is got where it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

_PLAIN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A scheme, or a parameter of the scheme before; commas stand between both alike.
_WORD: Final = re.compile(rf'[\s,]*(?:({_PLAIN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))|({_PLAIN})(?=\s|,|$))')
_LONGEST: Final = 8192


class Challenge(NamedTuple):
    """One way to log in: the ``scheme`` in lower case, and what belongs to it by lower-case names."""

    scheme: str
    fields: Mapping[str, str]


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """Return what is offered, in order; what cannot be read ends a header."""
    found: list[Challenge] = []
    for header in headers:
        at, text = 0, header[:_LONGEST]
        current: dict[str, str] | None = None
        while match := _WORD.match(text, at):
            at = match.end()
            name, quoted, plain, scheme = match.groups()
            if scheme is not None:
                current = {}
                found.append(Challenge(scheme.lower(), current))
            elif current is not None:
                current.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
    return found


def token_url(realm: str, asked: Mapping[str, str]) -> str:
    """The address to get a token from: the place a challenge names, and what is asked for there; empty values are left out."""
    query = urlencode({key: value for key, value in asked.items() if value}, quote_via=quote)
    return realm + (("&" if urlsplit(realm).query else "?") + query if query else "")


def token_in(answer: object) -> str:
    """The token in an answer that was JSON, "" where there is none that could be shown in a header."""
    token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, dict) else None
    return token if isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token else ""
