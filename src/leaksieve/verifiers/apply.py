"""What a verdict does to a finding: what it says, how severe it is, how sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from time import gmtime, strftime

from leaksieve.model import CONFIDENCES, SEVERITIES, Finding
from leaksieve.verifiers.answers import DEAD
from leaksieve.verifiers.base import ACCESS, ACTIVE, IDENTITY, REASONS, STATES
from leaksieve.verifiers.plan import Result

_WORDS = {"unverifiable": "not verifiable", "canary": "canary, not contacted"}


def judged(finding: Finding, rule_severity: str, result: Result) -> Finding:
    """The finding with its verdict.

    An active credential is one step more severe than its rule says (whatever its place made of it), a privileged one
    critical; one that is dead is low at most, since it still says how secrets are handled.
    """
    verdict = result.verdict
    severity, confidence, proof = finding.severity, finding.confidence, finding.proof
    if verdict.state == ACTIVE:
        step = max(SEVERITIES.index(severity), SEVERITIES.index(rule_severity)) + 1
        severity = SEVERITIES[-1] if verdict.privileged else SEVERITIES[min(step, len(SEVERITIES) - 1)]
        confidence, proof = CONFIDENCES[-1], "verified"
    elif verdict.state in DEAD:
        severity = min(severity, "low", key=SEVERITIES.index)
    return finding._replace(severity=severity, confidence=confidence, proof=proof, verdict=verdict.state, verification=_told(result))


def _told(result: Result) -> dict[str, object]:
    """The fields of a finding's ``verification``; the order is the reports'."""
    verdict = result.verdict
    return {
        "verifier": result.verifier or None,
        "reason": verdict.reason or None,
        "detail": "; ".join(filter(None, (REASONS.get(verdict.reason, ""), verdict.detail))) or None,
        "checked": None if result.checked is None else strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(result.checked)),
        "cached": result.cached,
        "evidence": dict(verdict.evidence),
        "identity": {key: verdict.told[key] for key in IDENTITY if key in verdict.told},
        "access": {key: verdict.told[key] for key in ACCESS if key in verdict.told},
        "privileged": verdict.privileged,
    }


def summary(results: Iterable[Result]) -> tuple[dict[str, int], str]:
    """How many findings got which verdict, and the same as a sentence's end: "2 active, 1 unknown"."""
    counts = Counter(result.verdict.state for result in results)
    known = {state: counts[state] for state in STATES if counts[state]}
    return known, ", ".join(f"{count:,} {_WORDS.get(state, state)}" for state, count in known.items())
