"""``leaksieve rules explain``: why something in a text is found, or is not."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from leaksieve.cli.rule_names import rule_names
from leaksieve.cli.talk import answer, harmless

_ABOUT = """Say what becomes of a text: the words that open rules, the rules tried, every candidate, and what kept or dropped it.
TEXT - is standard input. Secrets are masked."""


@click.command("explain", help=_ABOUT)
@click.argument("text", metavar="TEXT")
@click.option("--path", "name", metavar="NAME", default="<text>", help="File that the text would stand in.  [default: <text>]")
@click.option("--rule", "rule_id", metavar="RULE", shell_complete=rule_names, help="Speak of this rule alone, and say why it was not tried.")
@click.option("--rules", "extra", multiple=True, metavar="PATH", help="Further rule file or folder.")
@click.option("-c", "--config", "config", metavar="FILE", help="Configuration file, in place of the repository's own.")
@click.option("--reveal", is_flag=True, help="Show secrets in full.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
@click.option("--json", "form", flag_value="json", help="The same as -f json.")
def command(text: str, name: str, rule_id: str | None, extra: tuple[str, ...], config: str | None, reveal: bool, form: str) -> int:
    """Explain one text under the configuration in force."""
    from leaksieve.cli.explanation import Question, explained
    from leaksieve.cli.places import project_root
    from leaksieve.cli.request import Options
    from leaksieve.cli.settings import settle
    from leaksieve.ruleset.alias import find
    from leaksieve.work import ruleset_for

    settings = settle(Options(config=config, rules=extra, reveal=reveal), [project_root(".")]).config
    ruleset = ruleset_for(settings)
    wanted = None if rule_id is None else str(find(ruleset, rule_id)["id"])
    told = explained(Question(_text(text), os.fsencode(name), wanted), ruleset, settings)
    if form == "json":
        import json

        answer(json.dumps(told, indent=2))
    else:
        for line in _lines(told):
            answer(harmless(line))
    return 0


def _text(given: str) -> bytes:
    from leaksieve.errors import UsageError

    if given != "-":
        return os.fsencode(given)
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer.read()


def _lines(told: dict[str, Any]) -> list[str]:
    """The same for people."""
    lines = [f"{told['path']}: {_count(told['bytes'], 'byte')}, {told['ruleset']['rules']} rules"]
    lines += [f"decoded: {' > '.join(layer['decoders'])}, {_count(layer['bytes'], 'byte')}" for layer in told["decoded"]]
    blocks = [lines, [_word(word) for word in told["words"]] or ["no keyword and no gate is hit" + (" that opens the rule" if told["rule"] else "")]]
    blocks.append(_tries(told))
    if told["rule"] and told["rule"]["why_not"]:
        blocks.append([f"{told['rule']['rule_id']} was not tried: {told['rule']['why_not']}"])
    blocks += [_candidate(candidate) for candidate in told["candidates"]]
    blocks.append([f"problem: {problem}" for problem in told["problems"]])
    kept = sum(candidate["kept"] for candidate in told["candidates"])
    blocks.append([f"{_count(len(told['candidates']), 'candidate')}, {kept} kept"])
    return "\n\n".join("\n".join(block) for block in blocks if block).split("\n")


def _word(word: dict[str, Any]) -> str:
    opens = ", ".join(word["rules"][:5]) + (f" and {len(word['rules']) - 5} more" if len(word["rules"]) > 5 else "")
    return f"{word['line']}:{word['column']}  {word['kind']} `{word['word']}`{_decoded(word)} opens {opens}"


def _tries(told: dict[str, Any]) -> list[str]:
    missed = [rule for rule in told["rules"] if not rule["matched"]]
    if not told["rule"]:
        return [f"tried without a match: {', '.join(rule['rule_id'] for rule in missed)}"] if missed else []
    lines = []
    for rule in missed:
        for place in rule["places"]:
            fits = place.get("fits_until")
            upto = f": it fits up to {fits['line']}:{fits['column']}, and {'more is wanted' if fits['at_end'] else 'what follows does not'}" if fits else ""
            lines.append(f"{rule['rule_id']} was tried at {place['line']}:{place['column']}{_decoded(place)} and does not match{upto}")
    return lines


def _candidate(told: dict[str, Any]) -> list[str]:
    place = f"{told['line']}:{told['column']}-{told['end_line']}:{told['end_column']}"
    head = f"{told['rule_id']} matches at {place}{_decoded(told)}: {told['secret']}"
    lines = [head, f"  {_count(told['length'], 'byte')}, {told['entropy']:.2f} bits of entropy a byte"]
    if told["kept"]:
        lines.append(f"  kept: severity {told['severity']}, confidence {told['confidence']} ({told['confidence_from']})")
        if told["allowed"]:
            lines.append(f"  allowed: {told['allowed']}")
        if not told["shown"]:
            lines.append("  not shown in reports: below the configuration's confidence or severity")
    else:
        lines.append(f"  dropped, {told['reason']}: {told['why']}")
    if told["score"]:
        score = told["score"]
        lines.append(
            f"  the sum is {score['sum']:.2f}; low from {score['low']:.2f}, medium from {score['medium']:.2f}, high from {score['high']:.2f}. What counts most:"
        )
    lines += [f"  {weight['weight']:+.2f}  {weight['what']}" for weight in told["weights"]]
    return lines


def _decoded(told: dict[str, Any]) -> str:
    return f" (decoded: {' > '.join(told['decoded'])})" if told["decoded"] else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"
