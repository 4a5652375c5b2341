"""Reading the allow lists of foreign rule files."""

from __future__ import annotations

from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.foreign_regex import read_regex
from leaksieve.ruleset.foreign_table import NOT_HERE, Table

Lists = list[dict[str, Any]]
KEYS = ("description", "condition", "commits", "paths", "regexTarget", "regexes", "stopwords")
_AND = {"": False, "or": False, "||": False, "and": True, "&&": True}
TARGETS = ("secret", "match", "line")


def read_lists(table: Table, *, with_targets: bool = False) -> Lists:
    """The allow lists of a rule or, with ``targetRules``, of a file.

    Each is a dictionary: ``and``, ``commits`` and ``stopwords`` (lower case), ``paths`` and ``regexes`` (patterns in Go's
    syntax), ``target``, and for lists of a file ``targets``.  RulesetError for one that does not hold.
    """
    known = (*KEYS, "targetRules") if with_targets else KEYS
    single = table.table("allowlist", known)
    several = table.tables("allowlists", known)
    if single is not None and several:
        raise RulesetError("`allowlist` and `allowlists` exclude each other", where=table.where)
    return [_read(one) for one in ([single] if single is not None else several)]


def _read(table: Table) -> dict[str, Any]:
    table.text("description")
    condition = table.text("condition")
    if condition.lower() not in _AND:
        raise RulesetError(f"`condition` must be OR or AND, not `{condition}`", where=table.where)
    target = table.text("regexTarget") or "secret"
    if target.lower() not in TARGETS:
        raise RulesetError(f"`regexTarget` must be one of {', '.join(TARGETS)}, not `{target}`", where=table.where)
    one: dict[str, Any] = {
        "and": _AND[condition.lower()],
        "commits": [commit.lower() for commit in table.texts("commits")],
        "paths": table.texts("paths"),
        "target": target.lower(),
        "regexes": table.texts("regexes"),
        "stopwords": [word.lower() for word in table.texts("stopwords")],
        "targets": table.texts("targetRules") if "targetRules" in table.known else [],
    }
    for key in ("paths", "regexes"):
        for source in one[key]:
            try:
                read_regex(source)
            except ValueError as error:
                raise RulesetError(f"`{key}`: `{source}` does not compile: {error}", where=table.where) from None
    if not (one["commits"] or one["paths"] or one["regexes"] or one["stopwords"]):
        raise RulesetError("an allow list needs one of commits, paths, regexes, stopwords", where=table.where)
    if one["and"] and one["commits"] and one["regexes"] and one["target"] != "secret":
        raise RulesetError(f"`commits` together with regexes over the {one['target']} under AND is not supported", where=table.where, hint=NOT_HERE)
    return one
