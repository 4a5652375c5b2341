"""The values of a table of a rule file, each refused by its key's name where it is not what it must be."""

from __future__ import annotations

import re
from typing import Any

from leaksieve.errors import RulesetError


class Given:
    """A table as TOML gives it; ``where`` says in errors which one it is.  All methods raise RulesetError."""

    def __init__(self, raw: dict[str, Any], where: str) -> None:
        self.raw = raw
        self.where = where

    def fail(self, what: str) -> RulesetError:
        """The error that says what is wrong with it."""
        return RulesetError(what, where=self.where)

    def known(self, table: dict[str, Any], known: set[str], prefix: str = "") -> None:
        """Refuse unknown keys, of this table or of one in it; ``prefix`` is what leads there."""
        for key in table:
            if key not in known:
                from difflib import get_close_matches

                near = get_close_matches(key, sorted(known), 1)
                raise self.fail(f"unknown key `{prefix}{key}`" + (f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(sorted(known))}"))

    def text(self, key: str, default: str | None = None) -> str:
        """A text, not an empty one unless that is the default."""
        value = self.raw.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.fail(f"`{key}` must be a non-empty text")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts; an empty one where there is none."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.fail(f"`{key}` must be a list of non-empty texts")
        return list(value)

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """One of these words."""
        value = self.raw.get(key, default)
        if value not in allowed:
            raise self.fail(f"`{key}` must be one of {', '.join(allowed)}")
        return str(value)

    def number(self, key: str, default: float) -> float:
        """A number, zero or more."""
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.fail(f"`{key}` must be a number, zero or more")
        return value

    def link(self, key: str) -> str:
        """The address of a page."""
        value = self.text(key)
        if not value.startswith("https://"):
            raise self.fail(f"`{key}` must be an https link")
        return value

    def day(self, key: str) -> str:
        """A day, as ISO 8601 writes it."""
        from datetime import date  # the one key that wants it, which no rule has

        value = self.raw.get(key)
        text = value.isoformat() if isinstance(value, date) else value
        if not isinstance(text, str) or not re.fullmatch(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", text):
            raise self.fail(f"`{key}` must be the day the page was read, such as 2026-01-31")
        return text
