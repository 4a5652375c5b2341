"""Whether ``[[verify]]`` tables fit the rules they serve: part of what ``leaksieve rules check`` says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.compile import rule_files
from leaksieve.ruleset.load import load
from leaksieve.ruleset.syntax import Walker
from leaksieve.ruleset.verify import read_verifiers
from leaksieve.ruleset.verify_load import clashes, parsed


def check_verifiers(paths: Iterable[str], rules: Sequence[dict[str, Any]], codes: Collection[str] | None = None) -> list[str]:
    """Problems of the tables in rule files or folders, one line each.

    ``rules`` are the finished rules of the same files; rules that are not among them may be built-in ones.
    ``codes`` are the names that `code` may have; None: any.
    """
    found: list[str] = []
    tables: list[tuple[str, dict[str, Any]]] = []
    for file in [file for path in paths for file in rule_files(path)]:
        try:
            data = parsed(file)
        except RulesetError:
            continue  # said where its rules are read
        try:
            tables += [(file, table) for table in read_verifiers(data, file)]
        except RulesetError as error:
            found.append(error.line())
    if not tables:
        return found
    known = {str(rule["id"]): rule for rule in rules}
    if any(rule not in known for _, table in tables for rule in table["rules"]):
        builtin = load()
        known = {rule_id: builtin.by_id(rule_id) for _, table in tables for rule_id in table["rules"] if rule_id in builtin.ids} | known
    found += [error.line() for error in clashes(tables)]
    for file, table in tables:
        where = f"{file}: verify {table['id']}"
        if codes is not None and "code" in table and table["code"] not in codes:
            found.append(f"{where}: there is no code named `{table['code']}`")
        for rule_id in table["rules"]:
            if rule_id not in known:
                found.append(f"{where}: there is no rule `{rule_id}`")
            else:
                lacking = set(table.get("needs", ())) - _parts(known[rule_id])
                found += [f"{where}: rule `{rule_id}` has no part `{name}`" for name in sorted(lacking)]
    return found


def _parts(rule: dict[str, Any]) -> set[str]:
    return {part["name"] for part in rule.get("parts", ())} | set(Walker(rule["pattern"]).names) - {"secret"}
