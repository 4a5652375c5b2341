"""Rules tried as a scan runs them: with every other rule beside them, decoding, filters and overlaps.

The checker of the ruleset proves what a rule is by itself; this says what becomes of its examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from leaksieve.engine.filters import Judge
from leaksieve.engine.matcher import Engine
from leaksieve.model import Match
from leaksieve.ruleset.check import SEEDS, accepted
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.template import expand

# Where the text is said to stand; no rule bound to paths knows it, no rule takes it for a program's.
PATH = b"config/settings"

_Question = Callable[[dict[str, Any], bytes], Iterator[str]]


class Failure(NamedTuple):
    """What went wrong with one template; ``kind`` is example or counter-example, ``what`` a phrase that shows no value."""

    rule_id: str
    kind: str
    template: str
    what: str


class _Anywhere(Judge):
    """Judges one rule as if every path were one of its own."""

    rule_id = ""

    def place(self, rule: dict[str, Any], path: bytes, verdict: str, *more: Any) -> Any:
        return super().place({**rule, "paths": []} if rule["id"] == self.rule_id else rule, path, verdict, *more)


class Trial:
    """Bound to a ruleset that holds the rules to be tried."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._judge = _Anywhere()
        self._engine = Engine(ruleset, judge=self._judge)

    def of(self, rule: dict[str, Any]) -> list[Failure]:
        """What goes wrong with a finished rule's examples and counter-examples; at most one failure for each of them."""
        self._judge.rule_id = rule["id"]
        return [
            *self._tried(rule, "example", rule["examples"], self._example),
            *self._tried(rule, "counter-example", rule["counter_examples"], self._counter_example),
        ]

    def _tried(self, rule: dict[str, Any], kind: str, templates: list[str], judge: _Question) -> Iterator[Failure]:
        for template in templates:
            what = next(_problems(rule, template, judge), "")
            if what:
                yield Failure(rule["id"], kind, template, what)

    def _example(self, rule: dict[str, Any], text: bytes) -> Iterator[str]:
        spans = accepted(rule, re.compile(rule["pattern"].encode("latin-1")), text)
        if not spans:
            yield "the pattern does not find a secret in it"
            return
        result = self._engine.scan(text, PATH)
        own = [match for match in result.matches if match.rule_id == rule["id"]]
        live = [match for match in result.matches if not match.rejected]
        also = {rule["id"], *rule["also"]}
        if not any(match.secret.reveal() in {text[start:end] for start, end in spans} for match in own if not match.rejected):
            winner = next((match for match in live if any(_overlap(match, other) for other in own if other.rejected == "overlap")), None)
            if winner is None:
                yield _instead(own, live)
            elif winner.rule_id not in also:
                yield f"lost to {winner.rule_id}, which overlaps it and is not in `also`"
        for match in live:
            if match.rule_id not in also:
                yield f"{match.rule_id} fires as well and is not in `also`"

    def _counter_example(self, rule: dict[str, Any], text: bytes) -> Iterator[str]:
        for match in self._engine.scan(text, PATH).matches:
            if match.rule_id == rule["id"] and not match.rejected:
                yield "is found" + (f" (decoded from {', '.join(match.decoded)})" if match.decoded else "")


def _problems(rule: dict[str, Any], template: str, judge: _Question) -> Iterator[str]:
    for seed in SEEDS:
        try:
            text = expand(template, seed)
        except ValueError as error:
            yield str(error)
            return
        yield from judge(rule, b"\n" + text + b"\n")


def _overlap(one: Match, other: Match) -> bool:
    return one.secret_span.start < other.secret_span.end and other.secret_span.start < one.secret_span.end


def _instead(own: list[Match], live: list[Match]) -> str:
    """What was found in place of the secret."""
    dropped = sorted({match.rejected for match in own if match.rejected})
    if dropped:
        return f"is dropped: {', '.join(dropped)}"
    if own:
        return "another secret is found in it"
    others = sorted({match.rule_id for match in live})
    return f"is not found; {', '.join(others)} {'fires' if len(others) == 1 else 'fire'} instead" if others else "is not found, and nothing else is"
