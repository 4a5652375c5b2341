"""gitleaks and Betterleaks: rule files, ignore files and reports that serve as baselines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leaksieve.config import AllowEntry
from leaksieve.errors import RulesetError
from leaksieve.moving.carried import CARRIED, KEPT, Carried, Edit, Known, line_of
from leaksieve.moving.names import ours
from leaksieve.moving.path_regex import gitignore
from leaksieve.moving.patterns import python_pattern
from leaksieve.ruleset.foreign import RULE, TOP, is_foreign, read_foreign
from leaksieve.ruleset.foreign_allow import read_lists
from leaksieve.ruleset.foreign_table import Table

_PLACE = re.compile(r"(?:(?P<commit>[0-9a-f]{7,64}):)?(?P<path>.+):(?P<rule>[^:\n]+):(?P<line>\d+)")
_VALUE = re.compile(r"(?:sha256:)?(?P<sha>[0-9a-f]{64})")
# Where a table of a rule begins, and where any other of the top level does.
_HEAD = re.compile(r"^[ \t]*\[\[?[ \t]*([A-Za-z_-]+)[^\]\n]*\]\]?", re.MULTILINE)


def read_config(carried: Carried, text: str, where: str, target: str, ids: frozenset[str]) -> None:
    """Take over a rule file; ``target`` is what the configuration calls it, ``ids`` are the rules of ours."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        carried.lost(where, 0, "the file", f"it is not valid TOML: {error}")
        return
    if not is_foreign(data):
        carried.lost(where, 0, "the file", "it has neither rules nor allow lists")
        return
    lowered = {key.lower(): value for key, value in data.items()}
    rules = [rule for rule in lowered.get("rules", []) if isinstance(rule, dict)]
    own = [rule for rule in rules if any(key.lower() in ("regex", "path") and rule[key] for key in rule)]
    refusal = _refusal(data, where)
    if refusal is None and (own or _extends_file(lowered)):
        _by_reference(carried, text, where, target, own, lowered)
    else:
        _extend(carried, text, where, lowered, ids)
        _lists(carried, text, where, data, ids)
        _changed(carried, text, where, [rule for rule in rules if rule not in own], ids)
        if own:
            _apart(carried, text, where, own, lowered)


def _refusal(data: dict[str, Any], where: str) -> RulesetError | None:
    try:
        read_foreign(data, where)
    except RulesetError as error:
        return error
    return None


def _extends_file(lowered: Mapping[str, Any]) -> bool:
    extend = lowered.get("extend")
    return isinstance(extend, dict) and any(key.lower() == "path" and extend[key] for key in extend)


def _uses_default(lowered: Mapping[str, Any]) -> bool:
    extend = lowered.get("extend")
    return isinstance(extend, dict) and any(key.lower() == "usedefault" and extend[key] is True for key in extend)


def _by_reference(carried: Carried, text: str, where: str, target: str, own: list[dict[str, Any]], lowered: Mapping[str, Any]) -> None:
    """All of the file is honoured as it stands, so it stays."""
    carried.rules.append(target)
    for rule in own:
        name = _named(rule)
        carried.tell(where, line_of(text, name), f"rule {name}", KEPT, "read from this file, which stays (`rules`)")
    carried.tell(where, 0, "allow lists", KEPT, "read from this file as well")
    if not _uses_default(lowered):
        carried.tell(where, 0, "no useDefault", KEPT, "these rules are in place of the built-in ones, as there; add `[extend] useDefault = true` to have both")
    elif _disabled(lowered):
        _disabled_told(carried, text, where, lowered, frozenset())


def _disabled(lowered: Mapping[str, Any]) -> list[str]:
    extend = lowered.get("extend")
    values = [extend[key] for key in extend if key.lower() == "disabledrules"] if isinstance(extend, dict) else []
    return [name for name in (values[0] if values and isinstance(values[0], list) else []) if isinstance(name, str)]


def _extend(carried: Carried, text: str, where: str, lowered: Mapping[str, Any], ids: frozenset[str]) -> None:
    extend = lowered.get("extend")
    if isinstance(extend, dict):
        if _uses_default(lowered):
            carried.tell(where, line_of(text, "useDefault"), "useDefault", CARRIED, "the built-in rules of leaksieve are on")
        for key in extend:
            if key.lower() in ("path", "url") and extend[key]:
                carried.lost(where, line_of(text, key), f"extend.{key}", "import that file by itself: leaksieve import gitleaks FILE")
    _disabled_told(carried, text, where, lowered, ids)


def _disabled_told(carried: Carried, text: str, where: str, lowered: Mapping[str, Any], ids: frozenset[str]) -> None:
    for name in _disabled(lowered):
        line = line_of(text, name, max(text.lower().find("disabledrules"), 0))
        if name in ids:
            carried.disable.append(name)
            carried.tell(where, line, f"disabled rule {name}", CARRIED, f"disable = [{name!r}]".replace("'", '"'))
        else:
            near = ours(name, ids)
            hint = f"; those of the same provider are `{near}`: `--disable` or `disable` switches them off" if near else ""
            carried.lost(where, line, f"disabled rule {name}", f"leaksieve has no rule of this id{hint}")


def _lists(carried: Carried, text: str, where: str, data: dict[str, Any], ids: frozenset[str]) -> None:
    """Allow lists of the file."""
    try:
        lists = read_lists(Table({key: value for key, value in data.items() if key.lower() in ("allowlist", "allowlists")}, TOP, where), with_targets=True)
    except RulesetError as error:
        carried.lost(where, line_of(text, "allowlist"), "allow lists", error.line())
        return
    for one in lists:
        _list(carried, text, where, one, one["targets"], ids)


def _changed(carried: Carried, text: str, where: str, rules: list[dict[str, Any]], ids: frozenset[str]) -> None:
    """Rules without a pattern change one of the other tool's own: their allow lists are what can be meant here."""
    for rule in rules:
        name = _named(rule)
        line = line_of(text, name)
        own = {key: value for key, value in rule.items() if key.lower() in ("allowlist", "allowlists")}
        for key in rule:
            if key.lower() not in ("id", "allowlist", "allowlists", "description"):
                carried.lost(where, line, f"rule {name}: {key}", "it changes a rule of the other tool; leaksieve's own are not changed from here")
        try:
            lists = read_lists(Table(own, RULE, f"{where}: rule {name}"))
        except RulesetError as error:
            carried.lost(where, line, f"rule {name}", error.line())
            continue
        for one in lists:
            _list(carried, text, where, one, [name], ids)


def _list(carried: Carried, text: str, where: str, one: dict[str, Any], targets: list[str], ids: frozenset[str]) -> None:
    """One allow list as allow entries: one for each criterion under OR, one for all of them under AND."""
    pieces = [*one["paths"], *one["regexes"], *one["stopwords"], *one["commits"]]
    line = line_of(text, pieces[0])
    rules: tuple[str, ...] = ()
    for target in targets:
        named = target if target in ids else ours(target, ids)
        if not named:
            carried.lost(where, line, f"allow list for rule {target}", "leaksieve has no rule that it could be for")
            return
        rules = (*rules, named)
    about = f"Taken over from {where}" + (f", rule {', '.join(targets)}" if targets else "")
    criteria: list[AllowEntry] = []
    failed = False
    for path in one["paths"]:
        patterns = gitignore(path)
        at = line_of(text, path)
        if patterns is None:
            carried.lost(where, at, f"path {path}", "no gitignore pattern means the same; write one by hand under `exclude` or `paths`")
            failed = True
        elif not targets and not one["and"]:
            carried.exclude += patterns
            carried.tell(where, at, f"path {path}", CARRIED, f"exclude {' '.join(patterns)}")
        else:
            criteria.append(AllowEntry(about, paths=tuple(patterns)))
            carried.tell(where, at, f"path {path}", CARRIED, f"[[allow]] paths {' '.join(patterns)}")
    for source in one["regexes"]:
        at = line_of(text, source)
        pattern = python_pattern(source)
        if one["target"] != "secret":
            carried.lost(where, at, f"regex {source}", f"it looks at the {one['target']}; an [[allow]] entry looks at the secret alone")
            failed = True
        elif pattern is None:
            carried.lost(where, at, f"regex {source}", "it does not compile here")
            failed = True
        else:
            criteria.append(AllowEntry(about, regexes=(pattern,)))
            carried.tell(where, at, f"regex {source}", CARRIED, "[[allow]] regexes")
    if one["stopwords"]:
        criteria.append(AllowEntry(about, stop_words=tuple(one["stopwords"])))
        carried.tell(where, line_of(text.lower(), one["stopwords"][0]), f"{len(one['stopwords'])} stop words", CARRIED, "[[allow]] stop_words")
    for commit in one["commits"]:
        carried.lost(
            where,
            line_of(text.lower(), commit),
            f"commit {commit}",
            "findings are bound to values here, not to commits; what is known there belongs in the baseline",
        )
        failed = True
    if one["and"]:
        # One criterion less would allow more.
        if failed:
            carried.lost(where, line, "allow list with condition AND", "one of its criteria is missing, so none of it was taken over")
        elif criteria:
            carried.allow.append(_joined(about, criteria, rules))
        return
    carried.allow += _joined_by_kind(about, criteria, rules)


def _joined(about: str, criteria: list[AllowEntry], rules: tuple[str, ...]) -> AllowEntry:
    return AllowEntry(
        about,
        paths=tuple(path for each in criteria for path in each.paths),
        regexes=tuple(pattern for each in criteria for pattern in each.regexes),
        stop_words=tuple(word for each in criteria for word in each.stop_words),
        rules=rules,
    )


def _joined_by_kind(about: str, criteria: list[AllowEntry], rules: tuple[str, ...]) -> list[AllowEntry]:
    kinds = ([each for each in criteria if each.paths], [each for each in criteria if each.regexes], [each for each in criteria if each.stop_words])
    return [_joined(about, some, rules) for some in kinds if some]


def _apart(carried: Carried, text: str, where: str, own: list[dict[str, Any]], lowered: Mapping[str, Any]) -> None:
    """The rules that can be honoured, copied as they stand to a file of their own; the others by name and reason."""
    kept = []
    for rule in own:
        name = _named(rule)
        alone = {"rules": [rule]}
        parts = {part.get("id") for key in rule if key.lower() == "required" for part in rule[key] if isinstance(part, dict)}
        alone["rules"] += [other for other in own if other is not rule and other.get("id") in parts]
        refusal = _refusal(alone, where)
        if refusal is None:
            kept.append(name)
            carried.tell(where, line_of(text, name), f"rule {name}", CARRIED, "copied to leaksieve-rules.toml (`rules`)")
        else:
            carried.lost(where, line_of(text, name), f"rule {name}", refusal.what)
    if kept:
        head = "# Rules taken over from " + where + ".\n" + ("\n[extend]\nuseDefault = true\n" if _uses_default(lowered) else "")
        made = head + "".join("\n" + block for name, block in _blocks(text) if name in kept)
        carried.rules.append("leaksieve-rules.toml")
        carried.edits.append(Edit("leaksieve-rules.toml", "", made))


def _blocks(text: str) -> list[tuple[str, str]]:
    """Rules of a file by id, with their text."""
    heads = [(found.start(), found[1].lower(), found[0].replace(" ", "").lower()) for found in _HEAD.finditer(text)]
    starts = [start for start, _, head in heads if head == "[[rules]]"]
    out = []
    for start in starts:
        end = next((at for at, name, head in heads if at > start and (name != "rules" or head == "[[rules]]")), len(text))
        block = text[start:end].rstrip() + "\n"
        name = re.search(r"^[ \t]*id[ \t]*=[ \t]*(\"{3}|'{3}|\"|')(.+?)\1", block, re.MULTILINE | re.IGNORECASE)
        out.append((name[2] if name else "", block))
    return out


def _named(rule: Mapping[str, Any]) -> str:
    return next((str(rule[key]) for key in rule if key.lower() == "id"), "")


def read_ignore(carried: Carried, text: str, where: str) -> None:
    """Take over an ignore file: fingerprints by place, and Betterleaks' by value."""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].strip() if not raw.lstrip().startswith("#") else ""
        if not line:
            continue
        place, value = _PLACE.fullmatch(line), _VALUE.fullmatch(line)
        if value:
            carried.known.append(Known(where, number, digest=("sha256", value["sha"])))
        elif place:
            carried.known.append(Known(where, number, place["path"], int(place["line"]), place["commit"] or ""))
        else:
            carried.lost(where, number, "the entry", "it is no fingerprint that is known here: COMMIT:FILE:RULE:LINE, FILE:RULE:LINE, or SHA-256 of a value")


def _older(one: Any) -> Any:
    """A finding of Betterleaks' newer reports in the form of gitleaks'."""
    place = one.get("location") if isinstance(one, dict) else None
    if not isinstance(place, dict):
        return one
    match, facts = one.get("match"), one.get("attributes")
    return {
        "File": place.get("path"),
        "StartLine": place.get("start_line"),
        "Commit": facts.get("git.sha") if isinstance(facts, dict) else "",
        "Secret": match.get("value") if isinstance(match, dict) else "",
    }


def read_report(carried: Carried, found: list[Any], where: str) -> None:
    """Take over a JSON report, which these tools take for a baseline."""
    for number, each in enumerate(found, 1):
        one = _older(each)
        if not isinstance(one, dict) or not isinstance(one.get("File"), str):
            carried.lost(where, 0, f"finding {number}", "it names no file")
            continue
        told = str(one.get("Secret") or "")
        value = "" if told == "REDACTED" or told.endswith("...") else told
        line = one.get("StartLine")
        carried.known.append(Known(where, 0, one["File"], line if isinstance(line, int) else 0, str(one.get("Commit") or ""), value=value))
