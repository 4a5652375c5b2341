"""``leaksieve rules test``: whether a scan does with the rules' examples what the rules promise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from leaksieve.cli.rule_names import rule_names
from leaksieve.cli.talk import answer, harmless

if TYPE_CHECKING:
    from leaksieve.ruleset.load import Ruleset

_ABOUT = """Try rules on their own examples, beside all other rules: every example found by its rule, every counter-example quiet,
and no other rule firing on an example unless `also` names it. Without PATH, the built-in rules. Exit 2 if a rule does not hold."""


@click.command("test", help=_ABOUT)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--rule", "wanted", multiple=True, metavar="RULE", shell_complete=rule_names, help="Only the rules with this id or glob.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
@click.option("--json", "form", flag_value="json", help="The same as -f json.")
def command(paths: tuple[str, ...], wanted: tuple[str, ...], form: str) -> int:
    """Print one line for each failure, and a summary."""
    from leaksieve.engine.trial import Failure, Trial
    from leaksieve.errors import ExitCode

    rules, problems, ruleset = _rules(paths)
    rules = _chosen(rules, wanted)
    trial = Trial(ruleset)
    failures: list[tuple[str, Failure]] = [(path, failure) for path, rule in rules for failure in trial.of(rule)]
    failed = len({failure.rule_id for _, failure in failures})
    examples, counter_examples = (sum(len(rule[key]) for _, rule in rules) for key in ("examples", "counter_examples"))
    if form == "json":
        import json

        listed = [{"rule_id": each.rule_id, "file": path, "kind": each.kind, "template": each.template, "what": each.what} for path, each in failures]
        counts = {"rules": len(rules), "examples": examples, "counter_examples": counter_examples, "failed_rules": failed}
        answer(json.dumps({"schema": "leaksieve-rules-test/1", **counts, "problems": problems, "failures": listed}, indent=2))
    else:
        for problem in problems:
            answer(harmless(problem))
        for path, each in failures:
            answer(harmless(f"{path}: rule {each.rule_id}: {each.kind} `{each.template}` {each.what}"))
        summary = f"{_count(len(rules), 'rule')}, {_count(examples, 'example')}, {_count(counter_examples, 'counter-example')}: "
        bad = [_count(failed, "rule") + (" fails" if failed == 1 else " fail")] if failed else []
        bad += [_count(len(problems), "problem") + " in the files"] if problems else []
        answer(summary + (", ".join(bad) or "every one holds"))
    return ExitCode.USAGE if failures or problems else ExitCode.CLEAN


def _rules(paths: tuple[str, ...]) -> tuple[list[tuple[str, dict[str, Any]]], list[str], Ruleset]:
    """The rules to try with their files, what is wrong with the files, and the ruleset to try them in."""
    from leaksieve.errors import UsageError
    from leaksieve.ruleset.check import read_paths
    from leaksieve.ruleset.editions import exchanged, sources, with_examples
    from leaksieve.ruleset.load import load

    for path in paths:
        if not os.path.exists(path):
            raise UsageError("no such file or directory", where=path)
    base = load()
    folder = sources()
    if not paths and folder is None:
        return [("built-in", rule) for rule in with_examples(base)], [], base
    rules, problems = read_paths(paths or (str(folder),))
    if paths and not rules and not problems:
        raise UsageError("holds no rule files", where=paths[0])
    return rules, problems, exchanged(base, [rule for _, rule in rules])


def _chosen(rules: list[tuple[str, dict[str, Any]]], wanted: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
    if not wanted:
        return rules
    from fnmatch import fnmatchcase

    from leaksieve.errors import UsageError
    from leaksieve.ruleset.alias import names

    for glob in wanted:
        if not any(fnmatchcase(name, glob) for _, rule in rules for name in names(rule)):
            raise UsageError(f"none of these rules is named `{glob}`", where="--rule")
    return [(path, rule) for path, rule in rules if any(fnmatchcase(name, glob) for name in names(rule) for glob in wanted)]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"
