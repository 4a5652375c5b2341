"""A table of a foreign rule file: keys in any case, values of the right kind, unknown ones refused."""

from __future__ import annotations

from typing import Any

from leaksieve.errors import RulesetError

NOT_HERE = "remove it, or write the rule in leaksieve's own format"
# Keys of those tools that are known and not honoured.
REFUSED = {
    "filter": "an expression",
    "prefilter": "an expression",
    "validate": "a request",
    "analyze": "a request",
    "revoke": "a request",
    "components": "a list of parts",
    "setconfidence": "an expression",
    "url": "a download",
}


class Table:
    """Values of a table by key, in the spelling of ``known``; RulesetError for a key that is not among them."""

    def __init__(self, values: dict[str, Any], known: tuple[str, ...], where: str) -> None:
        self.where = where
        self.known = known
        spelled = {key.lower(): key for key in known}
        self.values: dict[str, Any] = {}
        for key, value in values.items():
            if key.lower() in spelled:
                self.values[spelled[key.lower()]] = value
            elif key.lower() in REFUSED:
                raise RulesetError(f"`{key}` is not supported", where=where, hint=NOT_HERE)
            else:
                from difflib import get_close_matches

                near = get_close_matches(key.lower(), sorted(spelled), 1)
                raise RulesetError(f"unknown key `{key}`" + (f"; did you mean `{spelled[near[0]]}`?" if near else f"; known: {', '.join(known)}"), where=where)

    def over(self, base: Table) -> Table:
        """This table laid over the one it extends: lists are joined, everything else replaced."""
        values = dict(base.values)
        for key, value in self.values.items():
            before = values.get(key)
            values[key] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
        return Table(values, self.known, self.where)

    def wrong(self, key: str, wanted: str) -> RulesetError:
        """The error for a value of another kind."""
        return RulesetError(f"`{key}` must be {wanted}", where=self.where)

    def text(self, key: str, lower: str = "") -> str:
        """A text, "" when it is not there.  ``lower`` finds a key of a table that was not checked yet."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(lower or key, "a text")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts that are not empty."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(key, "a list of non-empty texts")
        return list(value)

    def flag(self, key: str) -> bool:
        """True or false, the latter when it is not there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def number(self, key: str) -> float:
        """A number, 0 when it is not there."""
        value = self.values.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.wrong(key, "a number, zero or more")
        return float(value)

    def whole(self, key: str, default: int = 0) -> int:
        """A whole number, zero or more."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or (value < 0 and key in self.values):
            raise self.wrong(key, "a whole number, zero or more")
        return value

    def table(self, key: str, known: tuple[str, ...]) -> Table | None:
        """A table inside this one, None when it is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return Table(value, known, f"{self.where}: [{key}]")

    def tables(self, key: str, known: tuple[str, ...] | None = None) -> list[Table]:
        """The tables of a list; without ``known`` their keys are not checked yet, but for the case of ``id``."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, "a list of tables")
        if known is not None:
            return [Table(item, known, f"{self.where}: [[{key}]]") for item in value]
        return [_Raw({("id" if name.lower() == "id" else name): inner for name, inner in item.items()}, (), f"{self.where}: [[{key}]]") for item in value]


class _Raw(Table):
    """A table whose keys are checked later, once its name is known."""

    def __init__(self, values: dict[str, Any], known: tuple[str, ...], where: str) -> None:
        self.where = where
        self.known = known
        self.values = values
