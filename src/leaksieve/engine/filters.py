"""Filters: which confirmed matches are dropped, and why.

What depends on the value alone is judged first (and remembered with the line); what depends on the
path comes after.  A dropped match keeps its reason: it is still masked where context is shown.
What a configuration or a comment allows is no filter: such findings are reported as allowed.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from leaksieve.engine.checks import refused
from leaksieve.ruleset.values import compiled, reject_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaksieve.ruleset.load import Ruleset

# Reasons that say of a match that it is no value at all: code, a reference, prose, a public shape.  Everything
# else that was dropped (too weak, a placeholder, a word, allowed) may be a secret after all and is masked in contexts.
NO_VALUE = frozenset(("reference", "expression", "identifier", "not-a-value", "prose", "known-safe-shape", "type-name", "path", "rule-id"))


class _Maybe:
    """Verdicts on a value under which a match may still be a finding: none, and those that leave it to the path."""

    def __contains__(self, verdict: object) -> bool:
        return isinstance(verdict, str) and verdict[:1] in OPEN


# What the fingerprints of our own reports begin with.
_FINGERPRINT = b"ls1"
# What ids of rules and globs of them are written with; such a glob has three stars at most, and letters enough to say which rules it means.
_ID = re.compile(rb"(?=[a-z0-9]*[*-])[a-z0-9*-]{4,80}")
_STARS, _LETTERS = 3, 4
_LISTED = re.compile(rb"[\"']([a-z0-9-]{4,80})[\"'][ \t]*,[ \t]*[\"']\Z")
_WORDS = re.compile(rb"[a-z]+(?:-[a-z]+)+")
# Behind an argument: it is the key of a mapping, or a text that goes on.
_NO_ARGUMENT = re.compile(rb"\\{0,2}[\"'`][ \t]{0,8}:|[ \t]")

# A generic value's verdict begins with a question mark and says what the line makes of it; the path has the last word.
OPEN = ("", "?")
MAYBE = _Maybe()


class Judge:
    """The filters of one run; ``ruleset`` is the one whose ids are no values (the engine says which)."""

    ruleset: Ruleset | None = None

    @cached_property
    def _ids(self) -> frozenset[str]:
        """The ids of all rules, and those they had before."""
        if self.ruleset is None:
            return frozenset()
        from leaksieve.ruleset.alias import table

        return frozenset((*self.ruleset.ids, *table(self.ruleset)))

    def value(self, rule: dict[str, Any], secret: bytes, match: Any) -> str:
        """Why this value, in its match, is no finding ("" if it is one); independent of the path."""
        verdict = "" if "foreign" in rule else self._value(rule, secret, match)
        if verdict[:1] in OPEN:
            verdict = _no_value(rule, secret, match) or self._rule_id(rule, secret, match) or verdict
        if "lists" in rule and verdict[:1] in OPEN:
            from leaksieve.engine.foreign import weighed

            return weighed(rule, secret, match, verdict)
        return verdict

    def _value(self, rule: dict[str, Any], secret: bytes, match: Any) -> str:
        if rule["family"] != "generic":
            reason = reject_reason(rule, secret) or (refused(rule, secret, match.groupdict()) if rule["proof"] else "")
            if reason or "table" not in rule:
                return reason
            from leaksieve.ruleset.provider_names import doubt

            return doubt(rule, match)
        verdict = _implausible()(rule, secret, match)
        return (reject_reason(rule, secret) or verdict) if verdict[:1] in OPEN else verdict

    def _rule_id(self, rule: dict[str, Any], secret: bytes, match: Any) -> str:
        """Whether a value without a form of its own is an id in a list of rules, as configurations have them: ``rules = ["generic-*", "elastic-password"]``."""
        if not (rule["named"] or rule["family"] == "generic") or not _ID.fullmatch(secret):
            return ""
        text = secret.decode()
        if text in self._ids:
            return "rule-id"
        stars = text.count("*")
        if stars:
            from fnmatch import fnmatchcase

            return "rule-id" if stars <= _STARS and len(text) - stars >= _LETTERS and any(fnmatchcase(one, text) for one in self._ids) else ""
        # An id of another version, or mistyped: behind one of ours, and of a family that we have.
        listed = _LISTED.search(match.string, max(match.start() - 1, 0), match.start("secret"))
        if listed is None or listed[1].decode() not in self._ids or not _WORDS.fullmatch(secret):
            return ""
        family = text[: text.index("-") + 1]
        return "rule-id" if any(one.startswith(family) for one in self._ids) else ""

    def place(self, rule: dict[str, Any], path: bytes, verdict: str) -> tuple[str, str]:
        """Why the match is no finding at this path ("" if it is one), and how sure that is ("": as its rule).

        ``verdict`` is what was said of its value, which may leave the path to decide.
        """
        if verdict not in MAYBE:
            return verdict, ""
        if "lists" in rule:
            from leaksieve.engine.foreign import placed as allowed_at

            verdict = allowed_at(rule, path, verdict)
            if verdict not in MAYBE:
                return verdict, ""
        if rule["paths"] and not any(compiled(pattern).search(path) for pattern in rule["paths"]):
            return "path", ""
        if not verdict:
            return "", ""
        from leaksieve.ruleset.generic import placed

        return placed(verdict, path)


@cache
def _implausible() -> Callable[[dict[str, Any], bytes, Any], str]:
    """The hard rules for generic values: 3 ms of patterns that most commits do not need."""
    from leaksieve.ruleset.generic import implausible

    return implausible


def _no_value(rule: dict[str, Any], secret: bytes, match: Any) -> str:
    """Why what would be a finding is no value at all ("" if it may be one)."""
    if secret[:3] == _FINGERPRINT:
        from leaksieve.ruleset.safe import shape

        if shape(secret):
            return "known-safe-shape"
    if rule["named"] and _argument(match) and _NO_ARGUMENT.match(match.string, match.end("secret")):
        return "expression"
    return ""


def _argument(match: Any) -> bool:
    """Whether a comma stands between the name and the value, as in reports and tables ("rule_id":"elastic-password","rule_name":...)."""
    head: bytes = match.string[match.start() : match.start("secret")]
    return head.rstrip(b" \t\"'`\\rbuf@$")[-1:] == b","
