"""Reading rule files: TOML tables in, validated plain rules out.

A rule is a plain dictionary once read (the compiled ruleset is JSON), so that loading the built-in
ruleset creates no objects for rules that never fire.  The keys are those of ``rules/README.md``
plus what the compiler works out.
"""

from __future__ import annotations

import re
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.model import CONFIDENCES, SEVERITIES
from leaksieve.ruleset.assign import ASSIGN, END, MACROS
from leaksieve.ruleset.named import CREDENTIAL_WORDS, normal
from leaksieve.ruleset.parts import read_parts

FAMILY_KEYS = {"id", "name", "documentation", "rotation", "impact", "revoke", "fingerprint_family"}
RULE_KEYS = {
    "id", "name", "severity", "confidence", "keywords", "pattern", "names", "value", "examples", "counter_examples",
    "documentation", "rotation", "impact", "revoke", "min_entropy", "min_distinct", "stop_words", "allow", "case_sensitive",
    "specificity", "tags", "proof", "on_failed_proof", "near_misses", "also", "paths", "gate", "encoded", "aliases",
    "fingerprint_family",
    "parts", "missing",
}  # fmt: skip
# What a failed check does to a candidate: nothing, one step of confidence down, or out with it.
FAILED_PROOF = ("keep", "lower", "drop")
NEAR_MISSES = {"short", "long", "alphabet", "glued"}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_NAME = re.compile(r"[A-Za-z0-9_.\-]{3,}\Z")
_MACRO = re.compile(r"\{\{([a-z_]+)\}\}")


def _fail(where: str, what: str) -> RulesetError:
    return RulesetError(what, where=where)


def _text(table: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise _fail(where, f"`{key}` must be a non-empty text")
    return value


def _texts(table: dict[str, Any], key: str, where: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _fail(where, f"`{key}` must be a list of non-empty texts")
    return list(value)


def _choice(table: dict[str, Any], key: str, where: str, allowed: tuple[str, ...]) -> str:
    value = table.get(key)
    if value not in allowed:
        raise _fail(where, f"`{key}` must be one of {', '.join(allowed)}")
    return str(value)


def _number(table: dict[str, Any], key: str, where: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _fail(where, f"`{key}` must be a number, zero or more")
    return value


def _unknown(table: dict[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            from difflib import get_close_matches

            near = get_close_matches(key, sorted(known), 1)
            raise _fail(where, f"unknown key `{key}`" + (f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(sorted(known))}"))


def read_rules(text: str, where: str) -> list[dict[str, Any]]:
    """Parse one rule file; RulesetError names file, rule and key.  Examples are kept under ``examples``."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fail(where, f"not valid TOML: {error}") from None
    _unknown(data, {"family", "rule", "provider", "verify"}, where)
    of_table = _read_table(data["provider"], where) if "provider" in data else []
    if (of_table or "verify" in data) and "family" not in data and "rule" not in data:
        return of_table
    family = data.get("family")
    if not isinstance(family, dict):
        raise _fail(where, "a [family] table is missing")
    _unknown(family, FAMILY_KEYS, f"{where}: [family]")
    family_id = _text(family, "id", f"{where}: [family]")
    if not _ID.match(family_id):
        raise _fail(where, f"family id `{family_id}` is not kebab-case")
    tables = data.get("rule")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise _fail(where, "there is no [[rule]] table")
    return [*of_table, *(read_rule(table, family, where) for table in tables)]


def _read_table(rows: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _fail(where, "`provider` must be a list of tables")
    from leaksieve.ruleset.providers import read_row

    return [read_row(row, where, read_rule) for row in rows]


def read_rule(table: dict[str, Any], family: dict[str, Any], where: str) -> dict[str, Any]:
    """The raw rule of a rule's and its family's table; RulesetError names file, rule and key."""
    place = f"{where}: rule {table.get('id', '?')}"
    _unknown(table, RULE_KEYS, place)
    rule_id = _text(table, "id", place)
    if not _ID.match(rule_id):
        raise _fail(place, "id is not kebab-case")
    if not (rule_id == family["id"] or rule_id.startswith(family["id"] + "-")):
        raise _fail(place, f"id must begin with the family id `{family['id']}`")
    both: dict[str, Any] = {**{key: family[key] for key in ("documentation", "rotation", "impact", "revoke", "fingerprint_family") if key in family}, **table}
    rule: dict[str, Any] = {
        "id": rule_id,
        "name": _text(table, "name", place),
        "family": family["id"],
        "provider": _text(family, "name", place),
        "severity": _choice(table, "severity", place, SEVERITIES),
        "confidence": _choice(table, "confidence", place, CONFIDENCES),
        "tags": _texts(table, "tags", place),
        "impact": _text(both, "impact", place),
        "documentation": _text(both, "documentation", place),
        "rotation": _text(both, "rotation", place),
        "revoke": _texts(both, "revoke", place),
        "min_entropy": float(_number(table, "min_entropy", place, 0)),
        "min_distinct": int(_number(table, "min_distinct", place, 0)),
        "stop_words": [word.lower() for word in _texts(table, "stop_words", place)],
        "allow": _texts(table, "allow", place),
        "paths": _texts(table, "paths", place),
        "gate": _text(table, "gate", place, ""),
        "encoded": _texts(table, "encoded", place),
        "proof": _text(table, "proof", place, ""),
        "on_failed_proof": _choice({"on_failed_proof": "keep", **table}, "on_failed_proof", place, FAILED_PROOF),
        "examples": _texts(table, "examples", place),
        "counter_examples": _texts(table, "counter_examples", place),
        "near_misses": _texts(table, "near_misses", place),
        "also": _texts(table, "also", place),
    }
    _read_former(rule, both, place)
    if "on_failed_proof" in table and not rule["proof"]:
        raise _fail(place, "`on_failed_proof` wants a `proof`")
    for bad in set(rule["near_misses"]) - NEAR_MISSES:
        raise _fail(place, f"`near_misses` knows {', '.join(sorted(NEAR_MISSES))}, not {bad}")
    for link in ("documentation", "rotation"):
        if not rule[link].startswith("https://"):
            raise _fail(place, f"`{link}` must be an https link")
    if ("pattern" in table) == ("names" in table):
        raise _fail(place, "give either `pattern` with `keywords`, or `names` with `value`")
    if "pattern" in table:
        _read_pattern(rule, table, place)
    else:
        _read_names(rule, table, place)
    read_parts(table, rule, place)
    rule["specificity"] = int(_number(table, "specificity", place, 10 if "generic" in rule["tags"] else rule["specificity"]))
    return rule


def _read_former(rule: dict[str, Any], table: dict[str, Any], place: str) -> None:
    """Take over what the rule was called before; nothing is kept where it had no other name, which is nearly everywhere."""
    aliases = _texts(table, "aliases", place)
    for alias in aliases:
        if not _ID.match(alias):
            raise _fail(place, f"alias `{alias}` is not kebab-case")
    if aliases:
        rule["aliases"] = aliases
    family = _text(table, "fingerprint_family", place, "")
    if family and not _ID.match(family):
        raise _fail(place, f"fingerprint_family `{family}` is not kebab-case")
    if family and family != rule["family"]:
        rule["fingerprint_family"] = family


def _read_pattern(rule: dict[str, Any], table: dict[str, Any], place: str) -> None:
    def macro(match: re.Match[str]) -> str:
        if match.group(1) not in MACROS:
            raise _fail(place, f"unknown macro {match.group(0)}; known: {', '.join(MACROS)}")
        return MACROS[match.group(1)]

    source = _text(table, "pattern", place)
    rule["assigned"] = "{{assign}}" in source
    rule["pattern"] = _MACRO.sub(macro, source)
    rule["keywords"] = _texts(table, "keywords", place)
    if not rule["keywords"]:
        raise _fail(place, "`keywords` is missing")
    sensitive = table.get("case_sensitive", not source.startswith("(?i"))
    if not isinstance(sensitive, bool):
        raise _fail(place, "`case_sensitive` must be true or false")
    rule["ignore_case"] = not sensitive
    rule["named"] = []
    rule["specificity"] = 50


def _read_names(rule: dict[str, Any], table: dict[str, Any], place: str) -> None:
    names = _texts(table, "names", place)
    for name in names:
        if not _NAME.match(name):
            raise _fail(place, f"name `{name}` may hold letters, digits, `_`, `-`, `.` and must have 3 or more")
    if not names:
        raise _fail(place, "`names` is empty")
    for key in ("keywords", "case_sensitive", "gate", "encoded"):
        if key in table:
            raise _fail(place, f"`{key}` belongs to rules with a `pattern`")
    value = _text(table, "value", place)
    if "(?P<secret>" not in value:
        value = f"(?P<secret>{value})"
    # Longest first, so that the alternation does not stop at a name that is the start of another.
    spelled = "|".join(re.escape(name).replace("_", "[_.-]?") for name in sorted(names, key=lambda n: (-len(n), n)))
    rule["pattern"] = f"(?i:{spelled}){ASSIGN}{value}{END}"
    rule["keywords"] = list(CREDENTIAL_WORDS)
    rule["named"] = sorted({normal(name) for name in names})
    rule["tags"] = list(dict.fromkeys([*rule["tags"], "by-name"]))
    rule["ignore_case"] = True
    rule["assigned"] = True
    rule["specificity"] = 40
