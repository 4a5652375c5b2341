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
from leaksieve.ruleset.given import Given
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


def read_rules(text: str, where: str) -> list[dict[str, Any]]:
    """Parse one rule file; RulesetError names file, rule and key.  Examples are kept under ``examples``."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesetError(f"not valid TOML: {error}", where=where) from None
    file = Given(data, where)
    file.known(data, {"family", "rule", "provider", "verify"})
    of_table = _read_table(file) if "provider" in data else []
    if (of_table or "verify" in data) and "family" not in data and "rule" not in data:
        return of_table
    family = data.get("family")
    if not isinstance(family, dict):
        raise file.fail("a [family] table is missing")
    given = Given(family, f"{where}: [family]")
    given.known(family, FAMILY_KEYS)
    family_id = given.text("id")
    if not _ID.match(family_id):
        raise file.fail(f"family id `{family_id}` is not kebab-case")
    tables = data.get("rule")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise file.fail("there is no [[rule]] table")
    return [*of_table, *(read_rule(table, family, where) for table in tables)]


def _read_table(file: Given) -> list[dict[str, Any]]:
    rows = file.raw["provider"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise file.fail("`provider` must be a list of tables")
    from leaksieve.ruleset.providers import read_row

    return [read_row(row, file.where, read_rule) for row in rows]


def read_rule(table: dict[str, Any], family: dict[str, Any], where: str) -> dict[str, Any]:
    """The raw rule of a rule's and its family's table; RulesetError names file, rule and key."""
    given = Given(table, f"{where}: rule {table.get('id', '?')}")
    given.known(table, RULE_KEYS)
    rule_id = given.text("id")
    if not _ID.match(rule_id):
        raise given.fail("id is not kebab-case")
    if not (rule_id == family["id"] or rule_id.startswith(family["id"] + "-")):
        raise given.fail(f"id must begin with the family id `{family['id']}`")
    shared: dict[str, Any] = {key: family[key] for key in ("documentation", "rotation", "impact", "revoke", "fingerprint_family") if key in family}
    both = Given({**shared, **table}, given.where)
    rule: dict[str, Any] = {
        "id": rule_id,
        "name": given.text("name"),
        "family": family["id"],
        "provider": Given(family, given.where).text("name"),
        "severity": given.choice("severity", SEVERITIES),
        "confidence": given.choice("confidence", CONFIDENCES),
        "tags": given.texts("tags"),
        "impact": both.text("impact"),
        "documentation": both.link("documentation"),
        "rotation": both.link("rotation"),
        "revoke": both.texts("revoke"),
        "min_entropy": float(given.number("min_entropy", 0)),
        "min_distinct": int(given.number("min_distinct", 0)),
        "stop_words": [word.lower() for word in given.texts("stop_words")],
        "allow": given.texts("allow"),
        "paths": given.texts("paths"),
        "gate": given.text("gate", ""),
        "encoded": given.texts("encoded"),
        "proof": given.text("proof", ""),
        "on_failed_proof": given.choice("on_failed_proof", FAILED_PROOF, "keep"),
        "examples": given.texts("examples"),
        "counter_examples": given.texts("counter_examples"),
        "near_misses": given.texts("near_misses"),
        "also": given.texts("also"),
    }
    _read_former(rule, both)
    if "on_failed_proof" in table and not rule["proof"]:
        raise given.fail("`on_failed_proof` wants a `proof`")
    for bad in set(rule["near_misses"]) - NEAR_MISSES:
        raise given.fail(f"`near_misses` knows {', '.join(sorted(NEAR_MISSES))}, not {bad}")
    if ("pattern" in table) == ("names" in table):
        raise given.fail("give either `pattern` with `keywords`, or `names` with `value`")
    if "pattern" in table:
        _read_pattern(rule, given)
    else:
        _read_names(rule, given)
    read_parts(table, rule, given.where)
    rule["specificity"] = int(given.number("specificity", 10 if "generic" in rule["tags"] else rule["specificity"]))
    return rule


def _read_former(rule: dict[str, Any], given: Given) -> None:
    """Take over what the rule was called before; nothing is kept where it had no other name, which is nearly everywhere."""
    aliases = given.texts("aliases")
    for alias in aliases:
        if not _ID.match(alias):
            raise given.fail(f"alias `{alias}` is not kebab-case")
    if aliases:
        rule["aliases"] = aliases
    family = given.text("fingerprint_family", "")
    if family and not _ID.match(family):
        raise given.fail(f"fingerprint_family `{family}` is not kebab-case")
    if family and family != rule["family"]:
        rule["fingerprint_family"] = family


def _read_pattern(rule: dict[str, Any], given: Given) -> None:
    def macro(match: re.Match[str]) -> str:
        if match.group(1) not in MACROS:
            raise given.fail(f"unknown macro {match.group(0)}; known: {', '.join(MACROS)}")
        return MACROS[match.group(1)]

    source = given.text("pattern")
    rule["assigned"] = "{{assign}}" in source
    rule["pattern"] = _MACRO.sub(macro, source)
    rule["keywords"] = given.texts("keywords")
    if not rule["keywords"]:
        raise given.fail("`keywords` is missing")
    sensitive = given.raw.get("case_sensitive", not source.startswith("(?i"))
    if not isinstance(sensitive, bool):
        raise given.fail("`case_sensitive` must be true or false")
    rule["ignore_case"] = not sensitive
    rule["named"] = []
    rule["specificity"] = 50


def _read_names(rule: dict[str, Any], given: Given) -> None:
    names = given.texts("names")
    for name in names:
        if not _NAME.match(name):
            raise given.fail(f"name `{name}` may hold letters, digits, `_`, `-`, `.` and must have 3 or more")
    if not names:
        raise given.fail("`names` is empty")
    for key in ("keywords", "case_sensitive", "gate", "encoded"):
        if key in given.raw:
            raise given.fail(f"`{key}` belongs to rules with a `pattern`")
    value = given.text("value")
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
