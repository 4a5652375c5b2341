"""The `[[rule.parts]]` tables: what else belongs to a credential, and how it is told near the secret.

A client's id, a user, a host or a second key stand beside the secret, on other lines and in any order.
Once read, a part is a plain dictionary with the keys of :data:`PART_KEYS`.
"""

from __future__ import annotations

import re
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.linear import problems
from leaksieve.ruleset.syntax import UNBOUNDED, Walker

PART_KEYS = {"name", "names", "rules", "value", "required", "lines", "bytes"}
# What a missing part that is required does to the finding.
MISSING = ("keep", "lower", "drop")
# How far from the secret a part is looked for, unless the rule says otherwise.
LINES = 20
BYTES = 2048
MAX_LINES = 200
MAX_BYTES = 16 * 1024
# A session token is the longest of them.
MAX_VALUE = 2100
# What an id, a user or a host looks like.
IDENTIFIER = r"[A-Za-z0-9_][A-Za-z0-9_.@:+~-]{0,199}"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_WORD = re.compile(r"[A-Za-z0-9_.\-]{2,}\Z")


def read_parts(table: dict[str, Any], rule: dict[str, Any], place: str) -> None:
    """Check `parts` and `missing` of a rule's table and put them into the rule; nothing is kept where there are none.

    RulesetError names the rule and the part.
    """
    missing = table.get("missing", "keep")
    if missing not in MISSING:
        raise RulesetError(f"`missing` must be one of {', '.join(MISSING)}", where=place)
    parts = table.get("parts", [])
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise RulesetError("`parts` must be [[rule.parts]] tables", where=place)
    if parts:
        rule["parts"] = [_read(part, place) for part in parts]
        names = [part["name"] for part in rule["parts"]]
        if len(set(names)) < len(names):
            raise RulesetError("two parts have the same name", where=place)
    if missing != "keep":
        if not any(part["required"] for part in rule.get("parts", ())):
            raise RulesetError("`missing` wants a part that is `required`", where=place)
        rule["missing"] = missing


def _read(part: dict[str, Any], place: str) -> dict[str, Any]:
    where = f"{place}: part {part.get('name', '?')}"

    def texts(key: str) -> list[str]:
        value = part.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise RulesetError(f"`{key}` must be a list of non-empty texts", where=where)
        return list(value)

    def number(key: str, default: int, most: int) -> int:
        value = part.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            raise RulesetError(f"`{key}` must be a whole number from 1 to {most}", where=where)
        return value

    for key in sorted(part.keys() - PART_KEYS):
        raise RulesetError(f"unknown key `{key}`; known: {', '.join(sorted(PART_KEYS))}", where=where)
    name = part.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise RulesetError("`name` must be lower-case words joined by `_`", where=where)
    names, rules = texts("names"), texts("rules")
    value = part.get("value", IDENTIFIER)
    if not isinstance(value, str) or not value or not (names or rules):
        raise RulesetError("a part is known by `names` and a `value`, or by the `rules` that find it", where=where)
    for word in names:
        if not _WORD.match(word):
            raise RulesetError(f"name `{word}` may hold letters, digits, `_`, `-`, `.` and must have 2 or more", where=where)
    required = part.get("required", False)
    if not isinstance(required, bool):
        raise RulesetError("`required` must be true or false", where=where)
    _check_value(value, where)
    return {
        "name": name,
        "names": names,
        "rules": rules,
        "value": value,
        "required": required,
        "lines": number("lines", LINES, MAX_LINES),
        "bytes": number("bytes", BYTES, MAX_BYTES),
    }


def _check_value(value: str, where: str) -> None:
    try:
        walker = Walker(value)
        high = walker.width()[1]
    except ValueError as error:
        raise RulesetError(f"`value`: {error}", where=where) from None
    slow = problems(walker)
    if slow:
        raise RulesetError(f"`value`: {slow[0]}", where=where)
    if high >= UNBOUNDED or high > MAX_VALUE:
        raise RulesetError(f"`value` may be of any length; bound it to {MAX_VALUE}", where=where)
