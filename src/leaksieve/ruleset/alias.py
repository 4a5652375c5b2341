"""Rules under the names they had before.

A rule that was renamed lists its former ids under ``aliases``; whoever wrote one of them into a
configuration, a comment or a command still means that rule.  A current id always wins over a former
one.  Nothing here is needed, or imported, by a scan that names no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.load import FIRST_RULE, Ruleset

# How a compiled rule with former names begins: keys are sorted, and this one is left out where it is empty.
_MARK = '{"aliases":'


def table(ruleset: Ruleset) -> dict[str, str]:
    """Former id -> current id.  Reads no rule that has no former id."""
    found: dict[str, str] = {}
    for index, line in enumerate(ruleset.lines[FIRST_RULE:]):
        if line.startswith(_MARK):
            rule_id = ruleset.ids[index]
            for alias in ruleset.rule(index)["aliases"]:
                found.setdefault(alias, rule_id)
    for rule_id in ruleset.ids:
        found.pop(rule_id, None)
    return found


def find(ruleset: Ruleset, rule_id: str) -> dict[str, Any]:
    """The rule with this id, or that had it once; RulesetError names the nearest one if there is none."""
    try:
        return ruleset.by_id(rule_id)
    except KeyError:
        pass
    former = table(ruleset)
    if rule_id in former:
        return ruleset.by_id(former[rule_id])
    from difflib import get_close_matches

    near = get_close_matches(rule_id, [*ruleset.ids, *former], 1)
    raise RulesetError(f"no rule is named `{rule_id}`", hint=f"did you mean `{near[0]}`?" if near else "`leaksieve rules list` names them all")


def select(ruleset: Ruleset, enable: Iterable[str] = (), disable: Iterable[str] = ()) -> Ruleset:
    """As :meth:`Ruleset.select`, where an id or glob may name a rule by a former id as well."""
    former = table(ruleset)
    return ruleset.select(_current(ruleset, enable, former), _current(ruleset, disable, former))


def names(rule: dict[str, Any]) -> tuple[str, ...]:
    """The id of a rule and those it had before."""
    return (str(rule["id"]), *rule.get("aliases", ()))


def clashes(rules: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Problems of rules given as (file, rule): an alias that is another rule's id, or alias, is none."""
    rules = list(rules)
    ids = {rule["id"]: path for path, rule in rules}
    owner: dict[str, str] = {}
    for path, rule in rules:
        for alias in rule.get("aliases", ()):
            if alias in ids:
                yield f"{path}: rule {rule['id']}: the alias `{alias}` is the id of a rule in {ids[alias]}"
            elif alias in owner:
                yield f"{path}: rule {rule['id']}: the alias `{alias}` is one of {owner[alias]} already"
            owner.setdefault(alias, rule["id"])


def _current(ruleset: Ruleset, globs: Iterable[str], former: dict[str, str]) -> list[str]:
    """Globs with the current ids of the rules whose former ids they match; one that matches nothing stays, to be complained of."""
    out: list[str] = []
    for glob in globs:
        now = sorted({rule_id for alias, rule_id in former.items() if fnmatchcase(alias, glob)})
        if not now or any(fnmatchcase(rule_id, glob) for rule_id in ruleset.ids):
            out.append(glob)
        out += now
    return out
