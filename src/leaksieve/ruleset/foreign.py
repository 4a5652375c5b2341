"""Reading the configuration files of gitleaks and Betterleaks as rules of ours.

What such a file asks for is done as those tools do it, or refused by name: nothing is ignored.
Keys are read in any case, as there.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, NamedTuple

from leaksieve.errors import RulesetError
from leaksieve.ruleset.foreign_allow import Lists, read_lists
from leaksieve.ruleset.foreign_needs import ENDLESS, Needs, crosses, needs
from leaksieve.ruleset.foreign_print import printed
from leaksieve.ruleset.foreign_regex import Regex, read_regex
from leaksieve.ruleset.foreign_table import NOT_HERE, Table

TOP = ("title", "description", "minVersion", "betterleaksMinVersion", "extend", "rules", "allowlist", "allowlists")
RULE = ("id", "description", "regex", "secretGroup", "path", "entropy", "keywords", "tags", "specificity", "skipReport", "tokenEfficiency", "filter", "required",
        "allowlist", "allowlists")  # fmt: skip
EXTEND = ("useDefault", "path", "disabledRules")
REQUIRED = ("id", "withinLines", "withinColumns")
MARKS = frozenset(("rules", "extend", "allowlist", "allowlists", "minversion", "betterleaksminversion"))
# Wider matches are looked for in the whole buffer, not around a word.
MAX_WINDOW = 8192
# Between a built-in rule's generic (10, 40) and specific (50) claims on the same text.
SPECIFICITY = 45
# What a rule of this kind has not.
_NONE: list[str] = []
_LISTS = dict.fromkeys(
    ("revoke", "stop_words", "allow", "paths", "examples", "counter_examples", "near_misses", "also", "gated", "encoded", "keywords", "named"), _NONE
)
_PLAIN = {"min_entropy": 0.0, "min_distinct": 0, "min_width": 0, "width": 0, "before": 0, "assigned": False, "prefix": False, "lines": True, "leads": {}}
_ENTROPY_FILTER = re.compile(r"\s*\(?\s*(?:filter\.)?entropy\(\s*finding(?:\.secret|\[\s*[\"']secret[\"']\s*\])\s*\)\s*<=\s*(\d+(?:\.\d+)?)\s*\)?\s*")


class Foreign(NamedTuple):
    """One file read: finished rules, allow lists for all rules, whether the built-in rules stay on, remarks, and the files it was read from with their hashes."""

    rules: list[dict[str, Any]]
    everywhere: Lists
    default: bool
    notes: list[str]
    read: list[tuple[str, str]]


def is_foreign(data: dict[str, Any]) -> bool:
    """Whether a parsed TOML file is one of those tools' and not one of ours."""
    return "rule" not in data and "family" not in data and any(key.lower() in MARKS for key in data)


def read_as_foreign(text: str, where: str) -> bool:
    """Read a file if it is one of those tools'; False for others.  RulesetError when it cannot be honoured."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesetError(f"not valid TOML: {error}", where=where) from None
    if not is_foreign(data):
        return False
    read_foreign(data, where)
    return True


def read_foreign(data: dict[str, Any], where: str) -> Foreign:
    """The rules of a parsed file; ``where`` is its path.  RulesetError names file, rule and key."""
    merged = _Merged(where)
    merged.add(Table(data, TOP, where), where, 0)
    if not merged.rules and not merged.default:
        raise RulesetError("there is no [[rules]] table, and `useDefault` is not set: nothing could be found", where=where)
    everywhere = [one for one in merged.lists if not one["targets"]]
    targeted = [one for one in merged.lists if one["targets"]]
    for one in targeted:
        for target in one["targets"]:
            if target not in merged.rules:
                if not merged.default:
                    raise RulesetError(f"`targetRules` names `{target}`, and there is no such rule", where=f"{where}: [[allowlists]]")
                merged.notes.append(f"{where}: an allow list for `{target}` does nothing: no rule has this id")
    finished = {
        rule_id: _finished(rule_id, table, [*everywhere, *(one for one in targeted if rule_id in one["targets"])]) for rule_id, table in merged.rules.items()
    }
    for rule_id, rule in finished.items():
        for part in rule["foreign"]["required"]:
            _check_part(part, finished, merged.rules[rule_id].where)
    return Foreign(list(finished.values()), everywhere, merged.default, merged.notes, merged.read)


class _Merged:
    """A file and what it extends, as one."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.rules: dict[str, Table] = {}
        self.lists: Lists = []
        self.default = False
        self.notes: list[str] = []
        self.read: list[tuple[str, str]] = []

    def add(self, top: Table, where: str, depth: int, without: frozenset[str] = frozenset()) -> None:
        """Take in a file that others extend; ``without`` are ids they do not want of it."""
        for key in ("title", "description", "minVersion", "betterleaksMinVersion"):
            top.text(key)
        self.lists += read_lists(top, with_targets=True)
        own: dict[str, Table] = {}
        for number, table in enumerate(top.tables("rules"), 1):
            rule_id = table.text("id", lower="id")
            place = f"{where}: rule {rule_id or number}"
            if not rule_id or not rule_id.isprintable() or rule_id != rule_id.strip():
                raise RulesetError("`id` must be a printable text", where=place)
            if rule_id in own:
                raise RulesetError("two rules have this id", where=place)
            own[rule_id] = Table(table.values, RULE, place)
        for rule_id, table in own.items():
            if rule_id in without:
                continue
            # The file that extends goes before the one it extends.
            self.rules[rule_id] = self.rules[rule_id].over(table) if rule_id in self.rules else table
        extend = top.table("extend", EXTEND)
        if extend is None:
            return
        off = extend.texts("disabledRules")
        base = extend.text("path")
        default = extend.flag("useDefault")
        if base and default:
            raise RulesetError("`useDefault` and `path` exclude each other", where=extend.where)
        if default:
            self.default = True
            if off:
                self.notes.append(f"{where}: `disabledRules` names rules of another tool and switches none of ours off; --disable does")
        if base:
            if depth == 2:
                raise RulesetError("files extend one another more than twice", where=extend.where)
            values, digest = parsed(base)
            self.read.append((base, digest))
            self.add(Table(values, TOP, base), base, depth + 1, without | frozenset(off))


def parsed(path: str) -> tuple[dict[str, Any], str]:
    """A TOML file and the hash of its bytes.  RulesetError when it cannot be read."""
    import tomllib

    try:
        with open(path, "rb") as file:
            data = file.read()
        return tomllib.loads(data.decode()), sha256(data).hexdigest()
    except OSError as error:
        raise RulesetError(f"cannot be read: {error.strerror}", where=path) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesetError(f"not valid TOML: {error}", where=path) from None


def _finished(rule_id: str, table: Table, lists: Lists) -> dict[str, Any]:
    """A rule with all that the engine asks of one."""
    place = table.where
    path, source = table.text("path"), table.text("regex")
    if not path and not source:
        raise RulesetError(
            "has neither `regex` nor `path`", where=place, hint="rules that change one of the other tool's own are not supported: give it a regex"
        )
    if path:
        pattern_of(path, "path", place)
    if table.flag("tokenEfficiency"):
        raise RulesetError("`tokenEfficiency` is not supported", where=place, hint=NOT_HERE)
    threshold = table.number("entropy")
    wanted = table.text("filter")
    if wanted:
        simple = _ENTROPY_FILTER.fullmatch(wanted)
        if simple is None:
            raise RulesetError('`filter` is not supported but for one comparison of entropy(finding["secret"])', where=place, hint=NOT_HERE)
        threshold = max(threshold, float(simple.group(1)))
    group = table.whole("secretGroup")
    keywords = [word.lower() for word in table.texts("keywords")]
    tags = table.texts("tags")
    rule: dict[str, Any] = {
        "id": rule_id,
        "name": table.text("description") or rule_id,
        "family": rule_id,
        "provider": "",
        "severity": "high",
        "confidence": "medium",
        "tags": tags,
        "impact": "The rule file does not say what it opens.",
        **dict.fromkeys(("documentation", "rotation", "proof", "public_prefix", "gate", "tail", "pattern"), ""),
        **_LISTS,
        **_PLAIN,
        "ignore_case": True,
        "specificity": table.whole("specificity") or SPECIFICITY,
    }
    rule["lists"] = [*lists, *read_lists(table)]
    rule["foreign"] = {
        "regex": source,
        "path": path,
        "group": group,
        "entropy": threshold,
        "words": [],
        "scope": "file",
        "always": False,
        "helper": table.flag("skipReport"),
        "required": [_part(one) for one in table.tables("required", REQUIRED)],
    }
    if source:
        regex = pattern_of(source, "regex", place)
        if group > regex.groups:
            raise RulesetError(f"`secretGroup` is {group}, and `regex` has {regex.groups} groups", where=place)
        _open(rule, regex, keywords)
    else:
        rule["foreign"]["scope"], rule["foreign"]["always"] = "path", True
    return rule


def pattern_of(source: str, key: str, place: str) -> Regex:
    """A pattern read; RulesetError with the key when it does not hold."""
    try:
        return read_regex(source)
    except ValueError as error:
        raise RulesetError(f"`{key}` does not compile: {error}", where=place) from None


def _open(rule: dict[str, Any], regex: Regex, keywords: list[str]) -> None:
    """Decide what the rule is looked for by, and how much of a buffer is searched then."""
    foreign = rule["foreign"]
    rule["pattern"] = printed(regex.tree, narrow=True)
    shape, needed = needs(regex.tree)
    across = crosses(regex.tree)
    rule["width"], rule["min_width"], rule["lines"] = shape.high, shape.low, across
    if needed is not None:
        rule["keywords"] = sorted(word.decode("latin-1") for word in needed.words)
        rule["ignore_case"] = needed.fold
        rule["before"] = needed.before
        if shape.high <= MAX_WINDOW and needed.before <= MAX_WINDOW:
            foreign["scope"] = "window"
        elif not across:
            foreign["scope"] = "line"
        if not _implied(needed, keywords):
            foreign["words"] = keywords
    elif keywords and all(word.isascii() and word.isprintable() for word in keywords):
        # They may stand anywhere in the text: one of them opens all of it.
        rule["keywords"] = sorted(set(keywords))
    else:
        foreign["words"], foreign["always"] = keywords, True
    if rule["before"] >= ENDLESS:
        rule["before"] = 0


def _implied(needed: Needs, keywords: list[str]) -> bool:
    """Whether text that holds one of the needed words holds one of the keywords in any case."""
    return not keywords or all(any(keyword.encode() in word.lower() for keyword in keywords) for word in needed.words)


def _part(table: Table) -> dict[str, Any]:
    part: dict[str, Any] = {"id": table.text("id"), "lines": table.whole("withinLines", -1), "columns": table.whole("withinColumns", -1)}
    if not part["id"]:
        raise RulesetError("`id` is missing", where=table.where)
    return part


def _check_part(part: dict[str, Any], rules: dict[str, dict[str, Any]], place: str) -> None:
    """Refuse a required part that cannot be looked for."""
    other = rules.get(part["id"])
    if other is None:
        raise RulesetError(f"`required` names `{part['id']}`, and there is no such rule", where=place)
    if not other["foreign"]["regex"]:
        raise RulesetError(f"`required` names `{part['id']}`, which has no regex: this is not supported", where=place, hint=NOT_HERE)
    if any(one["commits"] for one in other["lists"]):
        raise RulesetError(f"`required` names `{part['id']}`, whose allow lists look at commits: this is not supported", where=place, hint=NOT_HERE)
