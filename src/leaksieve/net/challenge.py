"""What a registry demands: the WWW-Authenticate header taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

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
