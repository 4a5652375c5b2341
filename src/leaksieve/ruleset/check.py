"""Validation of rule files: what ``leaksieve rules check`` and the tests run.

Beyond what the compiler proves (keywords necessary, linear, bounded), every example must match
after expansion, no counter-example may, and near-misses made mechanically from each example must
not: one character short, one long, one of a foreign alphabet, glued to word characters.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from re import _constants as C  # type: ignore[attr-defined]
from typing import Any

import regex

from leaksieve.errors import RulesetError
from leaksieve.ruleset.alias import clashes
from leaksieve.ruleset.compile import finish, rule_files
from leaksieve.ruleset.foreign import read_as_foreign
from leaksieve.ruleset.generic import implausible, placed
from leaksieve.ruleset.named import CREDENTIAL_WORDS, opened
from leaksieve.ruleset.provider_names import doubt
from leaksieve.ruleset.rule import read_rules
from leaksieve.ruleset.syntax import Walker, flatten
from leaksieve.ruleset.template import expand
from leaksieve.ruleset.values import reject_reason
from leaksieve.ruleset.verify_check import check_verifiers

SEEDS = (0, 1, 2)
# Time for the stress text, in seconds; a linear pattern needs a few milliseconds.
STRESS_SECONDS = 2.0
STRESS_BYTES = 40_000


def secret_width(pattern: str) -> tuple[int, int]:
    """Least and greatest length of the group named ``secret``."""
    walker = Walker(pattern)
    wanted = walker.names["secret"]

    def find(nodes: Any) -> Any:
        for op, arg in flatten(nodes):
            if op is C.SUBPATTERN:
                if arg[0] == wanted:
                    return arg[3]
                inner = find(arg[3])
            elif op is C.BRANCH:
                inner = next((hit for branch in arg[1] if (hit := find(branch)) is not None), None)
            elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
                inner = find(arg[2])
            else:
                inner = None
            if inner is not None:
                return inner
        return None

    body = find(walker.tree)
    return walker.width(body) if body is not None else (0, 0)


def accepted(rule: dict[str, Any], compiled: Any, text: bytes) -> list[tuple[int, int]]:
    """Spans of the secrets that the rule's pattern and value filters find in a text."""
    return [match.span("secret") for match in compiled.finditer(text) if not dropped(rule, match)]


def dropped(rule: dict[str, Any], match: Any) -> str:
    """Why a match of the rule is no finding, path left out of account ("" if it is one)."""
    secret = match.group("secret")
    reason = implausible(rule, secret, match) if rule["family"] == "generic" else doubt(rule, match) if "table" in rule else ""
    if reason and not reason.startswith("?"):
        return reason
    # Without a path, a bare value is taken for one of a configuration file.
    return reject_reason(rule, secret) or (placed(reason, b"")[0] if reason else "")


def near_misses(rule: dict[str, Any], text: bytes, span: tuple[int, int], width: tuple[int, int]) -> Iterator[tuple[str, bytes, tuple[int, int]]]:
    """Texts that look like the example and must not match, with the place where a match would be wrong."""
    start, end = span
    length = end - start
    low, high = width
    if length == low:
        yield "short", text[: end - 1] + text[end:], (start, end - 1)
    if length == high:
        # A character of the alphabet that stands at the secret's end already.
        yield "long", text[:end] + text[end - 1 : end] + text[end:], (start, end + 1)
    place = start + min(length, low) * 3 // 4
    yield "alphabet", text[:place] + b"\xa7" + text[place + 1 :], (start, end)
    yield "glued", text[:end] + b"Zq" + text[end:], (start, end + 2)
    if rule["prefix"] and not rule["assigned"]:
        yield "glued", text[:start] + b"Zq" + text[start:], (start, end + 2)


# Name of a check, value and named parts of the match -> whether the check is passed (None: it has nothing to go by);
# KeyError where no check has the name.
Prove = Callable[[str, bytes, Mapping[str, bytes]], bool | None]


def check_rule(rule: dict[str, Any], prove: Prove | None = None) -> list[str]:
    """Problems of one finished rule, each one line without the file name.

    With ``prove`` its examples must hold what the rule's ``proof`` asks for: all of them where a failed
    check drops the match, else one at least, so that a check that never fits its rule is noticed.
    """
    found: list[str] = _unproved(rule, prove) if prove and rule["proof"] else []
    for kind in ("examples", "counter_examples"):
        if not rule[kind]:
            found.append(f"`{kind}` is missing")
    compiled = regex.compile(rule["pattern"].encode("latin-1"))
    width = secret_width(rule["pattern"])
    for template in rule["examples"]:
        for seed in SEEDS:
            try:
                text = expand(template, seed)
            except ValueError as error:
                found.append(f"example `{template}`: {error}")
                break
            spans = accepted(rule, compiled, text)
            if spans and rule["named"] and not any(opened(text, match.start()) for match in compiled.finditer(text)):
                found.append(f"example `{template}`: none of {', '.join(CREDENTIAL_WORDS)} stands in the assigned name; write a `pattern` with `keywords`")
                break
            if not spans:
                raw = compiled.search(text)
                why = f"dropped by filter {dropped(rule, raw)}" if raw else "pattern does not match"
                found.append(f"example `{template}`: {why} (expanded: {text.decode('utf-8', 'replace')!r})")
                break
            bad = [
                f"near-miss `{kind}` of example `{template}` matches: {miss.decode('utf-8', 'replace')!r}"
                for kind, miss, (low, high) in near_misses(rule, text, spans[0], width)
                if kind not in rule["near_misses"] and any(low <= begin < high or begin <= low < finish_ for begin, finish_ in accepted(rule, compiled, miss))
            ]
            if bad:
                found += bad[:2]
                break
            # The patterns of the provider table differ in nothing that takes time.
            if "table" not in rule or (seed == SEEDS[0] and template is rule["examples"][0]):
                found += _stress(compiled, template, text, spans[0])
    for template in rule["counter_examples"]:
        for seed in SEEDS:
            try:
                text = expand(template, seed)
            except ValueError as error:
                found.append(f"counter-example `{template}`: {error}")
                break
            if accepted(rule, compiled, text):
                found.append(f"counter-example `{template}` matches: {text.decode('utf-8', 'replace')!r}")
                break
    return found


def _unproved(rule: dict[str, Any], prove: Prove) -> list[str]:
    compiled = regex.compile(rule["pattern"].encode("latin-1"))
    failed = []
    for template in rule["examples"]:
        for seed in SEEDS:
            try:
                match = compiled.search(expand(template, seed))
                parts = {name: text for name, text in match.groupdict().items() if text is not None} if match else {}
                if match and prove(rule["proof"], match.group("secret"), parts) is False:
                    failed.append(template)
                    break
            except ValueError:
                break  # said where the examples are matched
            except KeyError:
                return [f"`proof`: there is no check named `{rule['proof']}`"]
    if failed and (rule["on_failed_proof"] == "drop" or len(failed) == len(rule["examples"])):
        return [f"example `{template}` fails the check `{rule['proof']}`" for template in failed[:2]]
    return []


def _stress(compiled: Any, template: str, text: bytes, span: tuple[int, int]) -> list[str]:
    start, end = span
    middle = text[(start + end) // 2 : (start + end) // 2 + 1]
    for pumped in (text[:end] + middle * STRESS_BYTES, text[:start] + b" " * STRESS_BYTES + text[start:], (text[:end] + b"\x00") * (STRESS_BYTES // len(text))):
        try:
            for _ in compiled.finditer(pumped, timeout=STRESS_SECONDS):
                pass
        except TimeoutError:
            return [f"example `{template}`: matching a text of {len(pumped)} bytes made from it takes over {STRESS_SECONDS} s"]
    return []


def read_paths(paths: Iterable[str]) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """Every rule of the given files and folders, finished, with its file; and what is wrong with those that cannot be, one line each."""
    rules: list[tuple[str, dict[str, Any]]] = []
    found: list[str] = []
    seen: dict[str, str] = {}
    for folder in paths:
        for path in rule_files(folder):
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                # Other tools' rules have no examples to check: that they can be read is all that can be said.
                raws = [] if read_as_foreign(text, path) else read_rules(text, path)
            except RulesetError as error:
                found.append(error.line())
                continue
            except (OSError, UnicodeDecodeError) as error:
                found.append(f"{path}: cannot be read: {error}")
                continue
            for raw in raws:
                if raw["id"] in seen:
                    found.append(f"{path}: rule {raw['id']}: the id is used in {seen[raw['id']]} already")
                    continue
                seen[raw["id"]] = path
                try:
                    rules.append((path, finish(raw, path)))
                except RulesetError as error:
                    found.append(error.line())
    found += clashes(rules)
    return rules, found


def check_paths(paths: Iterable[str], prove: Prove | None = None, codes: Collection[str] | None = None) -> list[str]:
    """Problems of all rules and `[[verify]]` tables in the given files and folders, one line each; empty when everything holds.

    ``prove`` knows the structural checks (see :func:`check_rule`), ``codes`` are the names of verifiers in code.
    """
    paths = list(paths)
    rules, found = read_paths(paths)
    found += check_verifiers(paths, [rule for _, rule in rules], codes)
    return found + [f"{path}: rule {rule['id']}: {problem}" for path, rule in rules for problem in check_rule(rule, prove)]


if __name__ == "__main__":
    problems = check_paths(sys.argv[1:])
    sys.stdout.write("".join(f"{line}\n" for line in problems) or "every rule holds\n")
    sys.exit(1 if problems else 0)
