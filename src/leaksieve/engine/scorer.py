"""Why a candidate of a generic rule was kept or dropped, for commands that explain it."""

from __future__ import annotations

from typing import Any

from leaksieve.ruleset.generic import bare_is_code, impossible
from leaksieve.ruleset.safe import machine_made, shape
from leaksieve.ruleset.values import placeholder


def explain(rule_id: str, match: Any, path: bytes) -> tuple[str, list[tuple[str, float]]]:
    """The verdict on a rule's match at a path, and what it rests on.

    The verdict is ``high``, ``medium`` or ``low`` (kept, with that confidence), ``weak`` (the sum is too
    small) or the name of the hard rule that dropped it.  The reasons are phrases with their weight in
    log-odds, the heaviest first; a hard rule gives a single one, with the weight 0.
    """
    text, begin, value = match.string, match.start(), match.group("secret")
    start, end = match.span("secret")
    reason = impossible(rule_id, text[begin:start], value, text[end : end + 4], text[max(begin - 48, 0) : begin]) or (
        "placeholder" if placeholder(value) else ""
    )
    if not reason and machine_made(path):
        reason = "path"
    if not reason and text[start - 1 : start] not in (b'"', b"'", b"`", b";") and bare_is_code(path):
        reason = "identifier"
    if reason:
        return reason, [(f"{_HARD.get(reason, reason)}{f' ({shape(value)})' if shape(value) else ''}", 0.0)]
    from leaksieve.ruleset.scorer import judge, reasons, weigh

    verdict = weigh(text, begin, start, end)
    confidence = judge(verdict, path) if verdict.startswith("?") else ""
    return confidence or "weak", reasons(text, begin, start, end, path)


_HARD = {
    "expression": "the operator does not give this value to the name",
    "identifier": "a value without quotes is code in this language",
    "known-safe-shape": "a shape that is no leak",
    "length": "the value is too short or too long",
    "name": "the name is that of something about a secret, not of the secret",
    "not-a-value": "code, a number, a date or a path",
    "path": "a file of checksums, a bundle or a table of translations",
    "placeholder": "the value stands in for a secret",
    "prose": "the value is text",
    "reference": "the value refers to something kept elsewhere",
    "type-name": "the name is part of a type's",
}
