"""What ``leaksieve rules explain`` says, as plain data: how a text was scanned and what became of every candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from leaksieve.config import Config
    from leaksieve.engine.trace import Judged, Trace
    from leaksieve.model import Finding
    from leaksieve.ruleset.load import Ruleset

SCHEMA = "leaksieve-explain/1"
# Places of one word or rule that are named; a text may hold thousands.
MOST_PLACES = 20
MOST_WEIGHTS = 8


class Question(NamedTuple):
    """What is asked: a text, the path it would stand at, and the one rule to speak of (None: all)."""

    data: bytes
    path: bytes
    rule_id: str | None = None


def explained(question: Question, ruleset: Ruleset, config: Config) -> dict[str, Any]:
    """The answer as JSON data; its shape is in docs/rule-tools.md."""
    from leaksieve.engine.trace import trace

    traced = trace(ruleset, question.data, question.path, decode_depth=config.max_decode_depth, timeout=config.rule_timeout)
    return _Answer(question, ruleset, config, traced).told()


class _Answer:
    def __init__(self, question: Question, ruleset: Ruleset, config: Config, traced: Trace) -> None:
        self._question, self._ruleset, self._config, self._trace = question, ruleset, config, traced
        self._findings = self._found()

    def told(self) -> dict[str, Any]:
        """Words, rules and candidates, of the one rule that was asked for if there is one."""
        wanted, data = self._question.rule_id, self._question.data
        words = [word for word in self._trace.words if wanted is None or wanted in word.rules]
        return {
            "schema": SCHEMA,
            "path": self._question.path.decode("utf-8", "backslashreplace"),
            "bytes": len(data),
            "ruleset": {"hash": self._ruleset.hash, "rules": len(self._ruleset)},
            "rule": self._about(wanted) if wanted is not None else None,
            "decoded": [{"decoders": list(layer.decoded), "bytes": len(layer.data)} for layer in self._trace.layers[1:]],
            "words": [
                {
                    "word": word.word.decode("utf-8", "replace"),
                    "kind": "gate" if word.gate else "keyword",
                    **self._place(word.span.start),
                    "decoded": list(word.decoded),
                    "rules": list(word.rules),
                }
                for word in words[: MOST_PLACES * 10]
            ],
            "rules": self._tried(wanted),
            "candidates": [self._candidate(judged) for judged in self._trace.judged if wanted in (None, judged.match.rule_id)],
            "problems": [f"{skip.reason}: {skip.detail}" for skip in self._trace.skips],
        }

    def _place(self, offset: int) -> dict[str, int]:
        """Line and column, 1-based, the column in characters."""
        data = self._question.data
        low = data.rfind(b"\n", 0, offset) + 1
        return {"line": data.count(b"\n", 0, offset) + 1, "column": len(data[low:offset].decode("utf-8", "replace")) + 1}

    def _tried(self, wanted: str | None) -> list[dict[str, Any]]:
        """Each rule that was tried, and where."""
        places: dict[str, list[tuple[int, int, bool]]] = {}
        for one in self._trace.attempts:
            if wanted in (None, one.rule_id):
                places.setdefault(one.rule_id, []).append((one.layer, one.start, one.matched))
        out = []
        for rule_id, tries in places.items():
            matched = any(fits for _, _, fits in tries)
            rule = self._ruleset.by_id(rule_id)
            told: dict[str, Any] = {"rule_id": rule_id, "tried": len(tries), "matched": sum(fits for _, _, fits in tries), "places": []}
            for layer, start, fits in tries[:MOST_PLACES]:
                place: dict[str, Any] = {**self._place(self._origin(layer, start)), "matched": fits, "decoded": list(self._trace.layers[layer].decoded)}
                if not matched and wanted is not None and rule["prefix"]:
                    place["fits_until"] = self._reach(rule, layer, start)
                told["places"].append(place)
            out.append(told)
        return out

    def _origin(self, layer: int, start: int) -> int:
        from leaksieve.model import Span

        return self._trace.layers[layer].back(Span(start, start + 1)).start

    def _reach(self, rule: dict[str, Any], layer: int, start: int) -> dict[str, int | bool]:
        from leaksieve.model import Span
        from leaksieve.ruleset.explain import reach

        data = self._trace.layers[layer].data
        end = reach(rule, data, start)
        origin = self._origin(layer, end) if end < len(data) else self._trace.layers[layer].back(Span(max(end - 1, 0), end)).end
        return {**self._place(origin), "at_end": end == len(data)}

    def _about(self, wanted: str) -> dict[str, Any]:
        """The rule that was asked for, and why it was not tried if it was not."""
        from leaksieve.ruleset.explain import untried

        rule = self._ruleset.by_id(wanted)
        off = self._ruleset.ids.index(wanted) in self._ruleset.disabled
        tried = any(one.rule_id == wanted for one in self._trace.attempts)
        why = "the configuration switches it off" if off else "" if tried else untried(rule, self._question.data)
        return {"rule_id": wanted, "name": rule["name"], "tried": tried, "why_not": why or None}

    def _candidate(self, judged: Judged) -> dict[str, Any]:
        from leaksieve.findings.mask import mask
        from leaksieve.ruleset.explain import ground
        from leaksieve.ruleset.values import entropy

        match = judged.match
        rule, value = self._ruleset.by_id(match.rule_id), match.secret.reveal()
        shown = value.decode("utf-8", "backslashreplace") if self._config.reveal else mask(value, str(rule["public_prefix"]).encode())
        reason, why = match.rejected, ground(rule, match.rejected, value, judged.winner) if match.rejected else ""
        weights: list[dict[str, Any]] = []
        score = None
        if rule["family"] == "generic" and judged.groups is not None:
            from leaksieve.engine.scorer import explain

            _, grounds = explain(match.rule_id, judged.groups, self._question.path)
            weights = [{"what": what, "weight": round(weight, 2)} for what, weight in grounds if weight]
            if weights:
                from leaksieve.ruleset.scorer import cuts

                known = {name: round(cut, 2) for name, cut in cuts().items()}
                score = {"sum": round(known.pop("start") + sum(weight for _, weight in grounds), 2), **known}
            if reason and not weights and grounds and reason not in ("overlap", "path") and not rule["paths"]:
                why = grounds[0][0]
        finding = None if reason else self._findings.get((match.rule_id, match.secret_span.start, match.secret_span.end))
        end = self._place(match.secret_span.end)
        return {
            "rule_id": match.rule_id,
            "secret": shown,
            **self._place(match.secret_span.start),
            "end_line": end["line"],
            "end_column": end["column"],
            "decoded": list(match.decoded),
            "length": len(value),
            "entropy": round(entropy(value), 2),
            "kept": not reason,
            "reason": reason or None,
            "why": why or None,
            "overlap": judged.winner or None,
            "severity": finding.severity if finding else rule["severity"],
            "confidence": finding.confidence if finding else match.confidence or rule["confidence"],
            "confidence_from": self._sure(rule, match.confidence, finding),
            "tags": list(finding.tags if finding else rule["tags"]),
            "proof": finding.proof if finding else "none",
            "allowed": finding.allowed or None if finding else None,
            "shown": bool(finding) and self._shows(finding),
            "score": score,
            "weights": weights[:MOST_WEIGHTS],
        }

    def _sure(self, rule: dict[str, Any], own: str, finding: Finding | None) -> str:
        """What made the confidence."""
        if finding is not None and finding.proof == "structural":
            return f"the check {rule['proof']} is passed"
        if finding is not None and finding.confidence != (own or rule["confidence"]):
            return f"the check {rule['proof']} fails" if rule["proof"] else "its place"
        return "the sum of what speaks for and against it" if own else "the rule's"

    def _shows(self, finding: Finding | None) -> bool:
        from leaksieve.model import CONFIDENCES, SEVERITIES

        config = self._config
        return (
            finding is not None
            and CONFIDENCES.index(finding.confidence) >= CONFIDENCES.index(config.confidence)
            and SEVERITIES.index(finding.severity) >= SEVERITIES.index(config.severity)
        )

    def _found(self) -> dict[tuple[str, int, int], Finding]:
        """What a report would say of the candidates that were kept, whatever it shows, by rule and place."""
        from leaksieve.findings.fingerprint import key_for
        from leaksieve.findings.locate import locate
        from leaksieve.model import Chunk, Provenance
        from leaksieve.outcome import fold_located
        from leaksieve.ruleset.alias import names

        chunk = Chunk(self._question.data, Provenance("file", self._question.path))
        matches = [judged.match for judged in self._trace.judged]
        located = locate(
            chunk,
            matches,
            public_prefix=lambda rule_id: str(self._ruleset.by_id(rule_id)["public_prefix"]).encode(),
            reveal=False,
            inline_allow=self._config.inline_allow,
            names=lambda rule_id: names(self._ruleset.by_id(rule_id)),
        )
        every = self._config._replace(confidence="low", severity="info", dedupe=False)
        found = fold_located(located, self._ruleset, every, key_for(None, self._config.project, None))
        return {(one.rule_id, place.byte_start, place.byte_end): one for one in found for place in one.occurrences}
