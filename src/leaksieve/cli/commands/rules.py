"""``leaksieve rules``: what is looked for."""

from __future__ import annotations

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.rule_names import rule_names
from leaksieve.cli.talk import answer, harmless

_HERE = "leaksieve.cli.commands.rules:"
group = LazyGroup(
    "rules",
    {
        "list": Entry(_HERE + "list_rules", "List the rules."),
        "show": Entry(_HERE + "show", "Show all of one rule."),
        "check": Entry(_HERE + "check", "Check rule files."),
        "test": Entry("leaksieve.cli.commands.rules_test:command", "Try rules on their own examples."),
        "explain": Entry("leaksieve.cli.commands.rules_explain:command", "Say why something in a text is or is not found."),
        "diff": Entry("leaksieve.cli.commands.rules_diff:command", "Show what findings another ruleset gains and loses."),
        "lock": Entry("leaksieve.cli.commands.rules_lock:command", "Lock the configuration to the ruleset in use."),
    },
    "List, show, check, try, compare and lock rules.",
)


@click.command("list", help="List the rules: id, severity, confidence, name.")
@click.option("--rules", "extra", multiple=True, metavar="PATH", help="Further rule file or folder.")
@click.option("--enable", multiple=True, metavar="RULE", shell_complete=rule_names, help="Only the rules with this id or glob.")
@click.option("--disable", multiple=True, metavar="RULE", shell_complete=rule_names, help="Without the rules with this id or glob.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
def list_rules(extra: tuple[str, ...], enable: tuple[str, ...], disable: tuple[str, ...], form: str) -> int:
    """Print one line for each rule that is switched on, sorted by id."""
    from leaksieve.ruleset import load
    from leaksieve.ruleset.alias import select

    ruleset = select(load(extra), enable, disable)
    chosen = sorted((ruleset.rule(index) for index in range(len(ruleset.ids)) if index not in ruleset.disabled), key=lambda rule: str(rule["id"]))
    keys = ("id", "name", "family", "provider", "severity", "confidence", "tags")
    if form == "json":
        import json

        answer(json.dumps({"hash": ruleset.hash, "rules": [{key: rule[key] for key in keys} for rule in chosen]}, indent=2))
        return 0
    width = max((len(rule["id"]) for rule in chosen), default=0)
    for rule in chosen:
        answer(f"{rule['id']:<{width}}  {rule['severity']:<8}  {rule['confidence']:<6}  {harmless(rule['name'])}")
    answer(f"{len(chosen)} rules, ruleset {ruleset.hash[:12]}")
    return 0


@click.command("show", help="Show what a rule looks for, what its secrets open, and how to revoke them.")
@click.option("--rules", "extra", multiple=True, metavar="PATH", help="Further rule file or folder.")
@click.argument("rule_id", metavar="RULE", shell_complete=rule_names)
def show(extra: tuple[str, ...], rule_id: str) -> int:
    """Print one rule."""
    from leaksieve.ruleset import load
    from leaksieve.ruleset.alias import find

    rule = find(load(extra), rule_id)
    for key in ("id", "name", "provider", "severity", "confidence", "impact", "documentation", "rotation", "pattern"):
        answer(f"{key:<14} {harmless(str(rule[key]))}")
    for key in ("keywords", "tags", "aliases"):
        if rule.get(key):
            answer(f"{key:<14} {harmless(', '.join(map(str, rule[key])))}")
    for number, step in enumerate(rule["revoke"], 1):
        answer(f"{'revoke' if number == 1 else '':<14} {number}. {harmless(step)}")
    return 0


@click.command("check", help="Check rule files or folders: keywords, pattern, examples and counter-examples. Exit 2 if a rule does not hold.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def check(paths: tuple[str, ...]) -> int:
    """Print one line for each problem."""
    import os

    from leaksieve.engine.checks import holds
    from leaksieve.errors import ExitCode, UsageError
    from leaksieve.ruleset.check import check_paths
    from leaksieve.verifiers import CODE

    for path in paths:
        if not os.path.exists(path):
            raise UsageError("no such file or directory", where=path)
    problems = check_paths(paths, holds, CODE)
    for problem in problems:
        answer(harmless(problem))
    if not problems:
        answer("every rule holds")
    return ExitCode.USAGE if problems else ExitCode.CLEAN
