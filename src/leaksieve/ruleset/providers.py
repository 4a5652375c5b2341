"""The provider table: rows in, full rules out.

Most providers hand out keys that look like anybody's: so many hexadecimal digits, so many letters.
They are known by the name they are assigned to, and one row says all there is to say of a provider:
how variables call it, what its keys look like, what kind of service it is.  A row is kept as a row in
the compiled ruleset and becomes a rule when its name is first met.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.categories import CATEGORIES
from leaksieve.ruleset.named import CREDENTIAL_WORDS, normal
from leaksieve.ruleset.shapes import Shape, shape

ROW_KEYS = {
    "id", "name", "category", "names", "value", "severity", "confidence", "documentation", "rotation", "impact", "revoke", "also", "aliases", "kinds",
}  # fmt: skip
TAG = "provider-table"
# Hand-written rules that know a value by its name have 40, generic ones 10.
SPECIFICITY = 30
# What a row may leave out, and what it has then.
_CONFIDENCE = "medium"
_KIND = re.compile(r"[a-z0-9]{2,}\Z")
# Fewer letters are somebody's initials.
_LEAST_NAME = 4

Row = dict[str, Any]


def read_row(row: Row, where: str, read: Callable[[dict[str, Any], dict[str, Any], str], dict[str, Any]]) -> dict[str, Any]:
    """The raw rule of a row, which it holds under ``row``; RulesetError names file, row and key.

    ``read`` makes a raw rule of a rule's and a family's table.
    """
    place = f"{where}: provider {row.get('id', '?')}"

    def fail(what: str) -> RulesetError:
        return RulesetError(what, where=place)

    for key in row:
        if key not in ROW_KEYS:
            raise fail(f"unknown key `{key}`; known: {', '.join(sorted(ROW_KEYS))}")
    for key in ("id", "name", "documentation"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise fail(f"`{key}` must be a non-empty text")
    if row.get("category") not in CATEGORIES:
        raise fail(f"`category` must be one of {', '.join(CATEGORIES)}")
    if "value" not in row:
        raise fail("`value` is missing")
    values = row["value"]
    if isinstance(values, dict) and "kinds" in row:
        raise fail("`value` says the kinds already; leave `kinds` out")
    kinds = list(values) if isinstance(values, dict) else row.get("kinds", [])
    if not isinstance(kinds, list) or not all(isinstance(kind, str) and _KIND.match(kind) for kind in kinds):
        raise fail("kinds are words of small letters and digits")
    for name in row.get("names", ()) if isinstance(row.get("names"), list) else ():
        if not isinstance(name, str) or len(normal(name)) < _LEAST_NAME:
            raise fail(f"name `{name}` is too short: {_LEAST_NAME} letters or more")
    try:
        table, family = _tables(row)
    except (ValueError, TypeError, AttributeError) as error:
        raise fail(f"`value`: {error}" if isinstance(error, ValueError) else "`value` must be a shape, a list of shapes, or a table of them by kind") from None
    rule = read(table, family, where)
    return {**rule, **_further(row), "row": row}


def expanded(line: Row) -> dict[str, Any]:
    """The rule that a row in the compiled ruleset stands for."""
    from leaksieve.ruleset.rule import read_rule

    row = {key: value for key, value in line.items() if key in ROW_KEYS}
    rule = read_rule(*_tables(row), "the compiled ruleset")
    for key in ("examples", "counter_examples", "near_misses", "also", "gate", "encoded"):
        del rule[key]
    rule.update(_further(row), **FINISHED)
    # The widths of its pattern, and what was added to all rules alike.
    rule.update((key, value) for key, value in line.items() if key not in ROW_KEYS)
    return rule


# What the compiler finds out of every rule with names.
FINISHED: dict[str, Any] = {"prefix": True, "before": 0, "lines": False, "public_prefix": ""}


def compact(rule: dict[str, Any]) -> Row:
    """The line of the compiled ruleset for a finished rule made of a row."""
    return {**rule["row"], "width": rule["width"], "min_width": rule["min_width"], **({"builtin": rule["builtin"]} if "builtin" in rule else {})}


def shapes_of(row: Row) -> list[tuple[str, Shape]]:
    """The shapes of a row's values, each with the kind of variable it belongs to ("" for any)."""
    values = row["value"]
    pairs = (
        [(kind, text) for kind, texts in sorted(values.items()) for text in _list(texts)]
        if isinstance(values, dict)
        else [("", text) for text in _list(values)]
    )
    if not pairs:
        raise ValueError("no shape is given")
    return [(kind, shape(text)) for kind, text in pairs]


def _list(texts: Any) -> list[str]:
    return [texts] if isinstance(texts, str) else [str(text) for text in texts]


def _tables(row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rule's and the family's table, as a hand-written file would have them."""
    severity, impact, steps = CATEGORIES[row["category"]]
    name = str(row["name"])
    shapes = shapes_of(row)
    patterns = list(dict.fromkeys(one.pattern for _, one in sorted(shapes, key=lambda pair: -pair[1].high)))
    examples, counter_examples = _examples(row, shapes)
    table: dict[str, Any] = {
        "id": f"{row['id']}-credential",
        "name": f"{name} credential",
        "severity": row.get("severity", severity),
        "confidence": row.get("confidence", _CONFIDENCE),
        "tags": [TAG, row["category"]],
        "names": row.get("names", []),
        "value": f"(?:{'|'.join(patterns)})" if len(patterns) > 1 else patterns[0],
        "min_entropy": min(one.entropy for _, one in shapes),
        "specificity": SPECIFICITY,
        "examples": examples,
        "counter_examples": counter_examples,
        "near_misses": _near_misses(shapes),
    }
    table.update({key: row[key] for key in ("also", "aliases") if key in row})
    family = {
        "id": row["id"],
        "name": name,
        "documentation": row["documentation"],
        "rotation": row.get("rotation", row["documentation"]),
        "impact": row.get("impact", impact.format(name=name)),
        "revoke": row.get("revoke", list(steps)),
    }
    return table, family


def _further(row: Row) -> dict[str, Any]:
    """What the check of a match goes by (see :mod:`leaksieve.ruleset.provider_names`)."""
    return {
        "table": {
            "kinds": [[kind, one.pattern] for kind, one in shapes_of(row)] if isinstance(row["value"], dict) else [[kind, ""] for kind in row.get("kinds", ())],
            "sure": [one.pattern for _, one in shapes_of(row) if one.sure],
        }
    }


def _near_misses(shapes: list[tuple[str, Shape]]) -> list[str]:
    """What legitimately matches: a value of no certain length goes on, and one shape may be what another is cut short or goes on to."""
    loose = any(one.low < one.high for _, one in shapes)
    return ["short", "long", "alphabet", "glued"] if loose or len({one.pattern for _, one in shapes}) > 1 else []


def _examples(row: Row, shapes: list[tuple[str, Shape]]) -> tuple[list[str], list[str]]:
    """Templates: every name and every shape once, in the spellings that variables have."""
    names = [name for name in row.get("names", ()) if isinstance(name, str)]
    kinds = [str(kind) for kind in row.get("kinds", ())]
    found = []
    for number in range(max(len(names), len(shapes)) if names else 0):
        name = names[number % len(names)]
        kind, one = shapes[number % len(shapes)]
        parts = [*re.split(r"[_.-]+", name.lower()), *_words(name, kind or (kinds[number % len(kinds)] if kinds else ""))]
        if number % 3 == 0:
            found.append(f"{'_'.join(parts).upper()}={one.template}")
        elif number % 3 == 1:
            found.append(f"  {parts[0] + ''.join(part.capitalize() for part in parts[1:])}: '{one.template}',")
        else:
            found.append(f'"{"_".join(parts)}": "{one.template}"')
    if not names:
        return [], []
    kind, one = shapes[0]
    parts = [*re.split(r"[_.-]+", names[0].lower()), *_words(names[0], kind or (kinds[0] if kinds else ""))]
    variable = "_".join(parts).upper()
    return found, [f"{variable}=${{{variable}}}", f"{variable}_SHA256={one.template}", f"{variable}_ID={one.template}", f"un{variable.lower()}={one.template}"]


def _words(name: str, kind: str) -> list[str]:
    """What a variable is called behind a provider's name: a word for what it holds, unless the name has one."""
    parts = re.split(r"[_.-]+", name.lower())
    words = [word for word in CREDENTIAL_WORDS if word.isalnum()]
    has = not set(words).isdisjoint(parts)
    if kind and kind not in normal(name):
        return [kind] if has or kind in words else [kind, "key"]
    return ["api", "key"] if not has else ["key"] if set(words).intersection(parts) == {"api"} else []
