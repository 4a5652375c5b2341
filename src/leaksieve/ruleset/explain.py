"""Why a value was dropped, and why a rule was not tried, in a phrase for a person.

A phrase may quote the rule and the words of our own lists, never the value.
"""

from __future__ import annotations

from typing import Any

from leaksieve.ruleset.values import PLACEHOLDER_WORDS, compiled, entropy

_SHOWN = 6
_PHRASES = {
    "expression": "the operator does not give this value to the name",
    "identifier": "a value without quotes is code in a file of this kind",
    "known-safe-shape": "its shape is that of something public: a hash, a UUID",
    "length": "it is too short or too long",
    "name": "the name is that of something about a secret, not of the secret",
    "not-a-value": "it is code, a number, a date or a path",
    "prose": "it is text",
    "reference": "it refers to something kept elsewhere: a variable, a template, a store",
    "rule-id": "it is the id of a rule, or a glob of ids",
    "type-name": "the name is part of a type's",
    "word": "it is an ordinary word",
    "weak": "what speaks for a secret does not outweigh what speaks against one",
    "path": "files of this kind are not looked at for this",
    "other-block": "the next block of the stream reports it",
}


def ground(rule: dict[str, Any], reason: str, secret: bytes, winner: str = "") -> str:
    """What a reason word means for this rule and value; ``winner`` is the rule that an overlap was lost to."""
    match reason:
        case "few-distinct":
            return f"{len(set(secret))} different bytes, at least {rule['min_distinct']} are wanted"
        case "low-entropy" if rule["min_entropy"]:
            return f"{entropy(secret):.2f} bits of entropy a byte, at least {rule['min_entropy']:g} are wanted"
        case "low-entropy":
            return f"{entropy(secret):.2f} bits of entropy a byte, too few for a generic value"
        case "stop-word":
            lowered = secret.lower()
            return "it holds the rule's stop word " + next((f"`{word}`" for word in rule["stop_words"] if word.encode() in lowered), "")
        case "placeholder":
            lowered = secret.lower()
            word = next((word for word in PLACEHOLDER_WORDS if word in lowered), None)
            return "it stands in for a secret: " + (f"it holds `{word.decode('utf-8', 'replace')}`" if word else "a run, a sequence or a stand-in")
        case "allowed-shape":
            pattern = next((pattern for pattern in rule["allow"] if compiled(pattern).fullmatch(secret)), "")
            return f"the rule's `allow` pattern {pattern} fits it"
        case "path" if rule["paths"]:
            return "the rule speaks only in files whose path holds " + " or ".join(rule["paths"])
        case "overlap":
            return f"{winner} is more specific and reports the same bytes" if winner else "a more specific rule reports the same bytes"
    return _PHRASES.get(reason, reason.replace("-", " "))


def untried(rule: dict[str, Any], data: bytes) -> str:
    """Why a rule was not tried anywhere in a text."""
    text = data.lower() if rule["ignore_case"] else data
    words = [word for word in rule["keywords"] if word.encode() in text]
    if words:
        behind = "an operator and a value" if rule["assigned"] else "what the rule wants behind it"
        return f"{_listed(words)} stands in the text, but not with {behind}"
    if rule["assigned"]:
        return f"no name in the text begins with {_listed(rule['keywords'])}"
    other = "" if rule["ignore_case"] else next((word for word in rule["keywords"] if word.lower().encode() in data.lower()), "")
    if other:
        return f"`{other}` stands in the text in another case, which counts for this rule"
    return f"none of its keywords stands in the text: {_listed(rule['keywords'])}"


def reach(rule: dict[str, Any], data: bytes, start: int) -> int:
    """How far from ``start`` the text could still become a match: the offset of the first byte that does not fit."""
    import regex

    pattern = regex.compile(rule["pattern"].encode("latin-1"))
    low, high = start, min(len(data), start + int(rule["width"]) + 1)
    # Whatever fits up to some byte fits up to every byte before it.
    while low < high:
        middle = (low + high + 1) // 2
        if pattern.match(data, start, middle, partial=True, timeout=1.0):
            low = middle
        else:
            high = middle - 1
    return low


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(f"`{word}`" for word in words[:_SHOWN]) + more
