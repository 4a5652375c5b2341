"""Whether ``[[verify]]`` tables fit the rules they serve: part of what ``leaksieve rules check`` says."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.compile import rule_files
from leaksieve.ruleset.load import load
from leaksieve.ruleset.syntax import Walker
from leaksieve.ruleset.verify import read_verifiers


def check_verifiers(paths: Iterable[str], rules: Sequence[dict[str, Any]], codes: Collection[str] | None = None) -> list[str]:
    """Problems of the tables in rule files or folders, one line each.

    ``rules`` are the finished rules of the same files; rules that are not among them may be built-in ones.
    ``codes`` are the names that `code` may have; None: any.
    """
    found: list[str] = []
    tables: list[tuple[str, dict[str, Any]]] = []
    for file in [file for path in paths for file in rule_files(path)]:
        try:
            with open(file, "rb") as stream:
                data = tomllib.load(stream)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue  # said where its rules are read
        if "verify" in data:
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
    ids: dict[str, str] = {}
    served: dict[str, str] = {}
    for file, table in tables:
        where = f"{file}: verify {table['id']}"
        if table["id"] in ids:
            found.append(f"{where}: the id is used in {ids[table['id']]} already")
        ids[table["id"]] = file
        if codes is not None and "code" in table and table["code"] not in codes:
            found.append(f"{where}: there is no code named `{table['code']}`")
        for rule_id in table["rules"]:
            if rule_id in served:
                found.append(f"{where}: rule `{rule_id}` is served by `{served[rule_id]}` already")
            served[rule_id] = table["id"]
            if rule_id not in known:
                found.append(f"{where}: there is no rule `{rule_id}`")
            else:
                lacking = set(table.get("needs", ())) - _parts(known[rule_id])
                found += [f"{where}: rule `{rule_id}` has no part `{name}`" for name in sorted(lacking)]
    return found


def _parts(rule: dict[str, Any]) -> set[str]:
    return {part["name"] for part in rule.get("parts", ())} | set(Walker(rule["pattern"]).names) - {"secret"}
