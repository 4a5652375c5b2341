"""Filling a table's texts with a credential, each the way its place wants it, so that no value can be more than a value."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from leaksieve.ruleset.verify_request import FIELD
from leaksieve.verifiers.base import Failed, Subject

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z")


def fill(text: str, subject: Subject, shape: Callable[[str], str]) -> str:
    """The text with its fields filled in, each value passed through ``shape``.  Raises Failed."""

    def value(match: re.Match[str]) -> str:
        held = subject.text(match[1])
        return shape(b64encode(held.encode()).decode() if match[2] else held)

    return FIELD.sub(value, text)


def url(template: str, subject: Subject) -> str:
    """A URL: parts of its host may hold letters, digits and dashes; elsewhere everything but those is escaped."""
    if template == "{secret}":
        return subject.text()
    scheme, mark, rest = template.partition("://")
    if not mark:
        return fill(template, subject, _escaped)
    host, slash, path = rest.partition("/")
    return scheme + mark + fill(host, subject, _label) + fill(slash + path, subject, _escaped)


def header(template: str, subject: Subject) -> str:
    """A header's value; Failed("unfit") for one that would break out of it."""
    text = fill(template, subject, lambda value: value)
    if not _HEADER.match(text):
        raise Failed("unfit", "it holds characters that no header has")
    return text


def form(fields: dict[str, str], subject: Subject) -> bytes:
    """A form's fields as they are posted."""
    return urlencode({name: fill(value, subject, str) for name, value in fields.items()}).encode()


def nested(value: Any, subject: Subject) -> Any:
    """A JSON value with every text in it filled in."""
    if isinstance(value, str):
        return fill(value, subject, str)
    if isinstance(value, dict):
        return {name: nested(one, subject) for name, one in value.items()}
    return [nested(one, subject) for one in value] if isinstance(value, list) else value


def _escaped(text: str) -> str:
    # A segment of dots alone would climb: some servers decode before they resolve.
    if text in (".", ".."):
        raise Failed("unfit", "it is no name in a path")
    return quote(text, safe=":")


def _label(text: str) -> str:
    if not _LABEL.match(text.lower()):
        raise Failed("unfit", "a part of the host's name is none")
    return text.lower()
