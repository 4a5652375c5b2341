"""Compiles rules into the one file the package carries.

The file is JSON lines: a header, the encoded spellings of keywords, then one line per rule.  A scan
reads the header (ids and keywords) at once, the second line when something in the input could be
encoded, and a rule's line when its keyword first hits.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import Any

from leaksieve.errors import RulesetError
from leaksieve.ruleset.assign import AHEAD, ASSIGN, BULK_TAIL, GATE_TAIL, KEY_BULK, KEY_TAIL, KEYLIKE, NAMED_REST, NOT_VALUE, VALUE_LENGTH, WORD_REST
from leaksieve.ruleset.encoded import Form, encoded_forms, heads, unpacked_forms
from leaksieve.ruleset.lead import LENGTH, lead, spelled, starts_within
from leaksieve.ruleset.linear import bytes_of, problems
from leaksieve.ruleset.named import KEY_WORDS, PASSWORD_WORDS
from leaksieve.ruleset.necessity import anchor, every_spelling
from leaksieve.ruleset.providers import compact
from leaksieve.ruleset.rule import read_rules
from leaksieve.ruleset.syntax import ALL_BYTES, UNBOUNDED, WORD, Walker, always_holds, parse

FORMAT = 4
# Left out of the compiled form: they are for checking, not for scanning.
_CHECK_ONLY = ("examples", "counter_examples", "near_misses", "also", "gated", "tail", "gate", "encoded", "leads")
MAX_MATCH = 4096
MAX_BLOCK = 96 * 1024
# The words of generic rules: so common that a literal alone would cost more than everything else, so
# they are looked for as a gate (word, operator, value).
GATED = frozenset(PASSWORD_WORDS + KEY_WORDS)
# Keywords up to this length are looked for with what follows them.
WEAK = 6
# What names are made of.
NAME = WORD | frozenset(b".-")
# Bounded repeats from this length on are left open for Hyperscan.
OPEN_FROM = 16


def finish(rule: dict[str, Any], where: str) -> dict[str, Any]:
    """Add what follows from the pattern: anchor, width, scope, public prefix.  RulesetError when a promise does not hold."""
    place = f"{where}: rule {rule['id']}"
    try:
        walker = Walker(rule["pattern"])
        low, high = walker.width()
        crosses = walker.crosses_lines()
        for allowed in (*rule["allow"], *rule["paths"]):
            parse(allowed)
    except ValueError as error:
        raise RulesetError(str(error), where=place) from None
    if "secret" not in walker.names:
        raise RulesetError("the pattern has no group named `secret`", where=place)
    if not always_holds(walker, "secret"):
        raise RulesetError("the pattern can match without the group `secret`", where=place)
    if walker.ignore_case and not rule["ignore_case"]:
        raise RulesetError("the pattern ignores case, so `case_sensitive` must be false", where=place)
    slow = problems(walker)
    if slow:
        raise RulesetError(slow[0], where=place)
    limit = MAX_BLOCK if crosses else MAX_MATCH
    if high >= UNBOUNDED or high > limit:
        raise RulesetError(f"a match may be {'of any length' if high >= UNBOUNDED else high} bytes long; bound it to {limit}", where=place)
    for keyword in rule["keywords"]:
        if len(keyword) < 2 or not keyword.isascii():
            raise RulesetError(f"keyword `{keyword}` must have 3 or more ASCII characters", where=place)
    if rule["named"]:
        if crosses:
            raise RulesetError("a value that is known by its name must stay within a line; write a `pattern` with `keywords`", where=place)
        return {**rule, "prefix": True, "before": 0, "width": high, "min_width": low, "lines": False, "public_prefix": "", "gated": [], "leads": {}}
    found = anchor(walker, [keyword.encode() for keyword in rule["keywords"]], rule["ignore_case"])
    if found is None:
        raise RulesetError("keywords are not necessary: the pattern can match text that holds none of them", where=place)
    if not found.prefix and found.before > MAX_MATCH:
        raise RulesetError("what stands before the keyword must be bounded", where=place)
    rule = dict(rule)
    rule["keywords"] = sorted({keyword.lower() for keyword in rule["keywords"]} if rule["ignore_case"] else set(rule["keywords"]))
    rest = _assigned_rest(rule["pattern"], rule["keywords"], lower=rule["ignore_case"]) if rule["assigned"] and found.prefix else None
    rule["assigned"] = rest is not None and rest <= NAMED_REST
    _set_gate(rule, rest, crosses, place)
    rule["leads"] = {
        word: ahead
        for word in rule["keywords"]
        if found.prefix and not rule["assigned"] and len(word) <= WEAK and (ahead := lead(walker, word.encode(), ignore_case=rule["ignore_case"]))
    }
    rule["prefix"], rule["before"], rule["width"], rule["min_width"], rule["lines"] = found.prefix, found.before, high, low, crosses
    for keyword in rule["keywords"]:
        if len(keyword) < 3 and len(rule["leads"].get(keyword, ())) < LENGTH:
            raise RulesetError(
                f"keyword `{keyword}` is too short; two characters are enough only where the pattern wants {LENGTH} fixed classes behind them", where=place
            )
    rule["public_prefix"] = _common(rule["keywords"]) if found.prefix and not rule["assigned"] else ""
    return rule


def _assigned_rest(pattern: str, keywords: list[str], *, lower: bool) -> int | None:
    """How many name characters may stand between a keyword and the assignment; None where the assignment's tail is not necessary.

    It is where the words before it are name characters and the value begins with value characters.
    """
    names, _, value = pattern.partition(ASSIGN)
    try:
        words, behind = Walker(names), Walker(value)
    except ValueError:
        return None  # the assignment stands inside a group
    if not starts_within(behind, ALL_BYTES - NOT_VALUE, VALUE_LENGTH):
        return None
    spellings = every_spelling(words)
    if spellings is None:
        # Too many to go through: all of it must be name characters then.
        return words.width()[1] if bytes_of(words) <= NAME else None
    folded = [text.lower() for text in spellings] if words.ignore_case or lower else list(spellings)
    rests = [text[len(keyword) :] for text in folded for keyword in keywords if text.startswith(keyword.encode())]
    return max(map(len, rests), default=0) if all(NAME.issuperset(rest) for rest in rests) else None


def _common(words: list[str]) -> str:
    """The longest text that all words begin with."""
    first, last = min(words), max(words)
    return next((first[:size] for size in range(len(first), 0, -1) if last.startswith(first[:size])), "")


def _set_gate(rule: dict[str, Any], rest: int | None, crosses: bool, place: str) -> None:
    """Decide which keywords are looked for with a tail: those the rule's own `gate` follows, or common words of assignments."""
    if rule["gate"]:
        try:
            walker = Walker(rule["gate"])
            span = walker.width()[1]
            if walker.crosses_lines():
                raise ValueError("a gate must stay within a line")
            if span >= MAX_MATCH:
                raise ValueError("the gate must be bounded")
        except ValueError as error:
            raise RulesetError(f"`gate`: {error}", where=place) from None
        rule["gated"], rule["tail"] = list(rule["keywords"]), rule["gate"]
    else:
        rule["gated"] = [word for word in rule["keywords"] if rest is not None and rest <= WORD_REST and not crosses and word in GATED]
        _, _, value = rule["pattern"].partition(ASSIGN)
        rule["tail"] = (KEY_TAIL if value.startswith(KEYLIKE) else GATE_TAIL) if rule["gated"] else ""


_BOUNDS = re.compile(r"\{(\d+),(\d+)\}")


# One class repeated, as behind prefixes of three characters, and what stands for all such tails in bulk: characters in lower case, and how many.
_PLAIN = re.compile(r"\[([^\]\\^]+)\]\{\d+\}")
_SHARED = (("a-z0-9", 16), ("a-z0-9+/_.%=-", 20))


def unbounded(tail: str) -> str:
    """The tail as Hyperscan runs it many times faster: with longer repeats left open, and one for all that repeat like characters; hits are checked with the tail itself."""
    known = {GATE_TAIL: BULK_TAIL, KEY_TAIL: KEY_BULK}.get(tail)
    if known is None and _PLAIN.fullmatch(tail):
        walker = Walker(tail)
        for chars, least in _SHARED:
            if walker.width()[0] >= least and bytes_of(walker) <= bytes_of(Walker(f"[{chars}]")):
                return f"[{chars}]{{{least}}}"
    return known or _BOUNDS.sub(lambda match: match.group() if int(match.group(2)) < OPEN_FROM else f"{{{match.group(1)},}}", tail)


def compile_rules(rules: list[dict[str, Any]]) -> str:
    """The compiled text of finished rules (see :func:`finish`), sorted by id; RulesetError for an id used twice."""
    rules = sorted(rules, key=lambda rule: str(rule["id"]))
    for one, other in zip(rules, rules[1:], strict=False):
        if one["id"] == other["id"]:
            raise RulesetError(f"rule id `{one['id']}` is used twice")
    literals: dict[tuple[str, bool], list[int]] = {}
    gates: dict[tuple[str, str], list[int]] = {}
    named: dict[str, list[int]] = {}
    lines = []
    for index, rule in enumerate(rules):
        for name in rule["named"]:
            named.setdefault(name, []).append(index)
        for keyword in () if rule["named"] else rule["keywords"]:
            if keyword in rule["gated"]:
                gates.setdefault((rule["tail"], keyword), []).append(index)
            else:
                literals.setdefault((keyword, rule["ignore_case"]), []).append(index)
        kept = compact(rule) if "row" in rule else {key: value for key, value in rule.items() if key not in _CHECK_ONLY}
        lines.append(_dumped(kept))
    if named:
        for word in (*PASSWORD_WORDS, *KEY_WORDS):
            gates.setdefault((GATE_TAIL if word in PASSWORD_WORDS else KEY_TAIL, word), [])
    header: dict[str, Any] = {
        "format": FORMAT,
        "rules": len(rules),
        "hash": sha256("\n".join(lines).encode()).hexdigest(),
        "ids": [rule["id"] for rule in rules],
        "literals": _packed([(keyword, ignore, who) for (keyword, ignore), who in sorted(literals.items())]),
        "gates": _grouped(gates),
        "named": len(named),
    }
    # A run is decoded whole, so one word that opens it is enough: names that providers' values are assigned
    # to are left out, the generic words (key, token, secret, password) next to them are not.
    opening = {
        (keyword, rule["ignore_case"], rule["severity"] == "critical")
        for rule in rules
        if not (rule["named"] or rule["assigned"]) or "generic" in rule["tags"]
        for keyword in rule["encoded"] or rule["keywords"]
    }
    forms = encoded_forms(sorted(opening))
    header["heads"] = heads(forms)
    leads = [[number, *_lead(keyword, [rules[index] for index in who])] for number, ((keyword, _), who) in enumerate(sorted(literals.items()))]
    second = {"forms": _packed_forms(forms), "leads": [lead for lead in leads if lead[2]]}
    third = {"words": "\n".join(sorted(named)), "who": ",".join(" ".join(map(str, named[name])) for name in sorted(named))}
    return "\n".join([*map(_dumped, (header, second, third)), *lines]) + "\n"


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _packed(literals: list[tuple[str, bool, list[int]]]) -> dict[str, str]:
    """Keywords as three texts, which JSON reads ten times as fast as nested lists."""
    return {
        "words": "\n".join(word for word, _, _ in literals),
        "ignore": "".join("01"[ignore] for _, ignore, _ in literals),
        "who": ",".join(" ".join(map(str, who)) for _, _, who in literals),
    }


def _packed_forms(forms: list[Form]) -> dict[str, str]:
    return {
        "words": "\n".join(word for word, _, _ in forms),
        "kinds": "".join(kind[0] for _, kind, _ in forms),
        "phases": "".join(str(phase) for _, _, phase in forms),
    }


def _grouped(gates: dict[tuple[str, str], list[int]]) -> list[list[Any]]:
    """Gates with the same tail as one: the tail for bulk, the tail itself, how far it reaches, and its words with their rules."""
    out = []
    for tail in sorted({tail for tail, _ in gates}):
        words = [[word, who] for (other, word), who in sorted(gates.items()) if other == tail]
        out.append([unbounded(tail), tail, Walker(tail).width()[1] + (AHEAD if tail == KEY_TAIL else 0), words])
    return out


def merge(base: str, more: str) -> str:
    """Two compiled rulesets as one; the second's rules come after the first's.  RulesetError for an id in both."""
    first, second = base.rstrip("\n").split("\n"), more.rstrip("\n").split("\n")
    one, other = json.loads(first[0]), json.loads(second[0])
    taken = set(one["ids"])
    for rule_id in other["ids"]:
        if rule_id in taken:
            raise RulesetError(f"rule id `{rule_id}` is a built-in one's", hint="give the rule another id")
    shift = len(one["ids"])

    def later(who: str) -> str:
        return ",".join(" ".join(str(int(index) + shift) for index in each.split()) for each in who.split(","))

    header = {
        "format": FORMAT,
        "rules": one["rules"] + other["rules"],
        "hash": sha256((one["hash"] + other["hash"]).encode()).hexdigest(),
        "ids": one["ids"] + other["ids"],
        "literals": {
            "words": _glued("\n", one["literals"]["words"], other["literals"]["words"]),
            "ignore": one["literals"]["ignore"] + other["literals"]["ignore"],
            "who": _glued(",", one["literals"]["who"], later(other["literals"]["who"])),
        },
        "named": one["named"] + other["named"],
        "gates": _joined(
            one["gates"], [[bulk, tail, span, [[word, [index + shift for index in who]] for word, who in words]] for bulk, tail, span, words in other["gates"]]
        ),
    }
    before = len(one["literals"]["ignore"])
    left, right = json.loads(first[1]), json.loads(second[1])
    forms = sorted({*unpacked_forms(left["forms"]), *unpacked_forms(right["forms"])})
    header["heads"] = heads(forms)
    leads = left["leads"] + [[number + before, text, length] for number, text, length in right["leads"]]
    extra = {"forms": _packed_forms(forms), "leads": leads}
    named, more_named = json.loads(first[2]), json.loads(second[2])
    names = {"words": _glued("\n", named["words"], more_named["words"]), "who": _glued(",", named["who"], later(more_named["who"]))}
    return "\n".join([*map(_dumped, (header, extra, names)), *first[3:], *second[3:]]) + "\n"


def _glued(joint: str, *texts: str) -> str:
    """The texts that hold something, joined: a ruleset may have no words at all."""
    return joint.join(text for text in texts if text)


def _joined(one: list[list[Any]], other: list[list[Any]]) -> list[list[Any]]:
    """Gates of two rulesets; those with the same tail stay one."""
    tails: dict[str, tuple[str, int, dict[str, list[int]]]] = {}
    for bulk, tail, span, words in one + other:
        known = tails.setdefault(tail, (bulk, span, {}))[2]
        for word, who in words:
            known.setdefault(word, []).extend(who)
    return [[bulk, tail, span, [[word, who] for word, who in sorted(words.items())]] for tail, (bulk, span, words) in sorted(tails.items())]


def _lead(keyword: str, rules: list[dict[str, Any]]) -> list[str | int]:
    """What follows a weak keyword under every rule it opens: a pattern of single classes and how many."""
    leads = [rule["leads"].get(keyword, []) for rule in rules]
    length = min(len(one) for one in leads)
    sets = [frozenset().union(*(one[place] for one in leads)) for place in range(length)]
    return [spelled(sets), length]


def rule_files(folder: str) -> list[str]:
    """The ``.toml`` files of a folder, sorted; a single file stands for itself."""
    if os.path.isfile(folder):
        return [folder]
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise RulesetError(f"cannot be read: {error.strerror}", where=folder) from None
    return [os.path.join(folder, name) for name in names if name.endswith(".toml")]


def read_folder(folder: str) -> list[dict[str, Any]]:
    """Read and finish every rule of a folder or file."""
    rules = []
    for path in rule_files(folder):
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise RulesetError(f"cannot be read: {error}", where=path) from None
        rules += [finish(rule, path) for rule in read_rules(text, path)]
    return rules


def compile_folder(folder: str) -> str:
    """Compile all ``*.toml`` of the project's folder into the text of the package's ruleset file.

    Its rules are marked as built in: they are checked before every release, so they run without a timeout.
    """
    return compile_rules([{**rule, "builtin": True} for rule in read_folder(folder)])
