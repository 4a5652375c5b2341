"""The compiled ``[[verify]]`` tables: a file of their own beside the ruleset's, which no scan reads that verifies nothing."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.compile import rule_files
from leaksieve.ruleset.load import packaged
from leaksieve.ruleset.verify import read_verifiers

FORMAT = 1
BUILTIN = os.path.join(os.path.dirname(__file__), "verify.jsonl")


class Tables:
    """Verify tables by the rule they serve.  A table of the user's own files wins over a built-in one.

    ``own`` are the ids of the rules that the user's files define, built-in rules aside.
    """

    def __init__(self, tables: Iterable[dict[str, Any]], own: Iterable[str] = ()) -> None:
        self.all: list[dict[str, Any]] = list(tables)
        self.own = frozenset(own)
        self._by_rule = {rule: table for table in self.all for rule in table["rules"]}

    def of(self, *rule_ids: str) -> dict[str, Any] | None:
        """The table of the first of these ids (a rule's own, then its former ones) that has one."""
        return next((self._by_rule[rule_id] for rule_id in rule_ids if rule_id in self._by_rule), None)


def compile_verifiers(folder: str) -> str:
    """The tables of all rule files of a folder as text: a header, then a table on each line, sorted by id."""
    tables = read_files(rule_files(folder))
    lines = [json.dumps(table, sort_keys=True, separators=(",", ":")) for table in sorted(tables, key=lambda table: str(table["id"]))]
    header = {"format": FORMAT, "hash": sha256("\n".join(lines).encode()).hexdigest(), "tables": len(lines)}
    return "\n".join([json.dumps(header, sort_keys=True, separators=(",", ":")), *lines]) + "\n"


def read_files(paths: Iterable[str]) -> list[dict[str, Any]]:
    """The tables of rule files; RulesetError for one that does not hold, or ids and rules given twice."""
    return _read({path: parsed(path) for path in paths})


def clashes(placed: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[RulesetError]:
    """What is wrong where tables, each with its file, share an id or serve the same rule."""
    ids: dict[str, str] = {}
    served: dict[str, str] = {}
    for path, table in placed:
        where = f"{path}: verify {table['id']}"
        if table["id"] in ids:
            yield RulesetError(f"the id is used in {ids[table['id']]} already", where=where)
        ids[table["id"]] = path
        for rule in table["rules"]:
            if rule in served:
                yield RulesetError(f"rule `{rule}` is served by `{served[rule]}` already", where=where)
            served[rule] = table["id"]


def load_verifiers(own: Iterable[str] = ()) -> Tables:
    """The built-in tables and those of rule files or folders that the user named.  Never give it files of a scanned repository.

    Raises RulesetError.
    """
    header, *lines = packaged(BUILTIN, compile_verifiers).rstrip("\n").split("\n")
    if json.loads(header)["format"] != FORMAT:
        raise RulesetError("the compiled verifiers cannot be read", where=BUILTIN, hint="reinstall leaksieve")
    tables = [json.loads(line) for line in lines]
    files = {file: parsed(file) for path in own for file in rule_files(path)}
    named = {rule["id"] for data in files.values() for rule in data.get("rule", ()) if isinstance(rule, dict) and isinstance(rule.get("id"), str)}
    return Tables([*tables, *_read(files)], named)


def _read(files: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The tables of parsed files."""
    placed = [(path, table) for path, data in files.items() for table in read_verifiers(data, path)]
    for error in clashes(placed):
        raise error
    return [table for _, table in placed]


def parsed(path: str) -> dict[str, Any]:
    """A rule file's content; RulesetError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesetError(f"cannot be read: {error}", where=path) from None
