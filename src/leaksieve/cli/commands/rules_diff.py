"""``leaksieve rules diff``: what findings another ruleset gains and loses."""

from __future__ import annotations

from typing import Any

import click

from leaksieve.cli.talk import Talk, answer, harmless

_ABOUT = """Scan the same files with two rulesets and show what findings the second one gains, loses and judges otherwise.
OLD and NEW are each `builtin`, a rule file or folder (without the built-in rules), a compiled ruleset (.jsonl), a wheel of leaksieve,
or the folder one was unpacked in. Exit 0 whatever differs, unless --exit-code is given."""


@click.command("diff", help=_ABOUT)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--on", "paths", multiple=True, required=True, metavar="PATH", help="Tree, file or repository to scan; repeat for several.")
@click.option("--tree", is_flag=True, help="Scan working trees alone.")
@click.option("--history", is_flag=True, help="Scan histories alone.")
@click.option("-c", "--config", "config", metavar="FILE", help="Configuration file, in place of the repository's own.")
@click.option("--no-repo-config", "repo_config", flag_value=False, is_flag=True, default=True, help="Ignore the configuration in the scanned repository.")
@click.option("--reveal", is_flag=True, help="Show secrets in full.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if findings differ.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
@click.option("--json", "form", flag_value="json", help="The same as -f json.")
def command(
    old: str, new: str, paths: tuple[str, ...], tree: bool, history: bool, config: str | None, repo_config: bool, reveal: bool, exit_code: bool, form: str
) -> int:
    """Compare two rulesets on real files."""
    from leaksieve.cli.difference import Side, difference
    from leaksieve.cli.request import Options
    from leaksieve.errors import ExitCode, UsageError
    from leaksieve.ruleset.editions import edition

    if tree and history:
        raise UsageError("--tree and --history exclude each other", hint="without both, the tree and the history are scanned")
    options = Options(config=config, repo_config=repo_config, reveal=reveal)
    sides = Side(old, edition(old)), Side(new, edition(new))
    told = difference(*sides, paths, options, trees=not history, histories=not tree)
    if form == "json":
        import json

        answer(json.dumps(told, indent=2))
    else:
        for line in _lines(told):
            answer(harmless(line))
    if not told["complete"]:
        Talk.current().error("incomplete: something could not be read; `leaksieve scan` says what")
    if exit_code and (told["gained"] or told["lost"] or told["changed"]):
        return ExitCode.FINDINGS
    return ExitCode.CLEAN if told["complete"] else ExitCode.INCOMPLETE


def _lines(told: dict[str, Any]) -> list[str]:
    rules = told["rules"]
    head = " -> ".join(f"{told[key]['name']} ({told[key]['rules']:,} rules, {told[key]['hash'][:12]})" for key in ("old", "new"))
    lines = [head, f"rules: {len(rules['added'])} added, {len(rules['removed'])} removed"]
    for kind, sign in (("gained", "+"), ("lost", "-"), ("changed", "~")):
        lines += [f"{sign} {_finding(finding)}" for finding in told[kind]]
    return [*lines, ", ".join(f"{len(told[kind])} {kind}" for kind in ("gained", "lost", "changed"))]


def _finding(told: dict[str, Any]) -> str:
    first = told["places"][0]
    more = f" and {told['count'] - 1} more" if told["count"] > 1 else ""
    judged = " ".join(_step(told, key) for key in ("rule_id", "severity", "confidence"))
    others = [other["rule_id"] for key in ("replaces", "replaced_by") for other in told.get(key, ())]
    word = "in place of" if told.get("replaces") else "now"
    beside = f", {word} {', '.join(others)}" if others else ""
    allowed = ", allowed" if told["allowed"] else ""
    return f"{judged}  {first['path']}:{first['line']}:{first['column']}{more}  {told['secret']}  {told['fingerprint']}{beside}{allowed}"


def _step(told: dict[str, Any], key: str) -> str:
    was = told.get("was", told)[key]
    return str(told[key]) if was == told[key] else f"{was} -> {told[key]}"
