"""From places to what is reported: keys, allow entries, folding, and what stays hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from leaksieve.config import AllowEntry
from leaksieve.coverage import Coverage
from leaksieve.engine.checks import passes
from leaksieve.findings.dedupe import RuleFacts, fold
from leaksieve.findings.fingerprint import Fingerprinter, key_for
from leaksieve.model import CONFIDENCES, SEVERITIES, Finding, Located
from leaksieve.reports.base import RuleInfo
from leaksieve.ruleset.load import Ruleset

if TYPE_CHECKING:
    from leaksieve.pipeline import Plan


def findings_of(located: list[Located], ruleset: Ruleset, plan: Plan, coverage: Coverage) -> tuple[list[Finding], dict[str, RuleInfo]]:
    """Fold places into findings in report order, with the rules they fired; notes on the receipt say what is not shown."""
    fingerprinter = _key(plan)
    facts: dict[str, RuleFacts] = {}

    def rules(rule_id: str) -> RuleFacts:
        known = facts.get(rule_id)
        if known is None:
            known = facts[rule_id] = _facts(ruleset.by_id(rule_id))
        return known

    if plan.config.allow:
        located = _allowed(located, plan.config.allow, rules, fingerprinter)
    findings = fold(located, rules=rules, fingerprinter=fingerprinter, reveal=plan.config.reveal, dedupe=plan.config.dedupe, proved=lambda rule_id, value: passes(rules(rule_id).proof, value))
    shown = [finding for finding in findings if _shown(finding, plan.config.severity, plan.config.confidence)]
    hidden = len(findings) - len(shown)
    if hidden:
        coverage.notes.append(f"{hidden} {'finding' if hidden == 1 else 'findings'} below --confidence {plan.config.confidence} or --severity {plan.config.severity} not shown")
    return shown, {finding.rule_id: _info(ruleset.by_id(finding.rule_id)) for finding in shown}


def _key(plan: Plan) -> Fingerprinter:
    root = None
    if plan.repository is not None and not plan.env_key and not plan.config.project:
        from leaksieve.gitobjects.roots import first_root_commit

        root = first_root_commit(plan.repository)
    return key_for(root, plan.config.project, plan.env_key)


def _shown(finding: Finding, severity: str, confidence: str) -> bool:
    # Test credentials are shown for what they are, whatever the severity their rule has.
    return SEVERITIES.index(finding.severity) >= SEVERITIES.index(severity) and CONFIDENCES.index(finding.confidence) >= CONFIDENCES.index(confidence)


def _facts(rule: dict[str, Any]) -> RuleFacts:
    return RuleFacts(
        id=rule["id"],
        name=rule["name"],
        family=rule["family"],
        severity=rule["severity"],
        confidence=rule["confidence"],
        tags=tuple(rule["tags"]),
        proof=rule["proof"],
        public_prefix=rule["public_prefix"].encode(),
        remediation={"impact": rule["impact"], "documentation": rule["documentation"], "rotation": rule["rotation"], "revoke": list(rule["revoke"])},
    )


def _info(rule: dict[str, Any]) -> RuleInfo:
    return RuleInfo(
        id=rule["id"],
        name=rule["name"],
        family=rule["family"],
        provider=rule["provider"],
        severity=rule["severity"],
        confidence=rule["confidence"],
        tags=tuple(rule["tags"]),
        impact=rule["impact"],
        documentation=rule["documentation"],
        rotation=rule["rotation"],
        revoke=tuple(rule["revoke"]),
    )


def _allowed(located: Iterable[Located], entries: Iterable[AllowEntry], rules: Callable[[str], RuleFacts], fingerprinter: Fingerprinter) -> list[Located]:
    """Mark the places that an allow entry of the configuration covers; the first entry that does gives the reason."""
    judges = [(entry, _judge(entry)) for entry in entries]
    out = []
    for place in located:
        if not place.allowed:
            value = place.secret.reveal()
            for entry, covers in judges:
                fingerprint = fingerprinter.of(rules(place.rule_id).family, value, place.provenance.path) if entry.fingerprints else ""
                if covers(place.rule_id, place.provenance.path, value, fingerprint):
                    place = place._replace(allowed=f"configuration: {entry.reason}")  # noqa: PLW2901
                    break
        out.append(place)
    return out


def _judge(entry: AllowEntry) -> Callable[[str, bytes, bytes, str], bool]:
    """One entry as a question; every criterion that is not empty must hold."""
    import regex

    from leaksieve.sources.ignore import Patterns

    paths = Patterns([path.encode(errors="surrogateescape") for path in entry.paths]) if entry.paths else None
    regexes = [regex.compile(pattern.encode()) for pattern in entry.regexes]
    words = [word.lower().encode() for word in entry.stop_words]

    def covers(rule_id: str, path: bytes, value: bytes, fingerprint: str) -> bool:
        if entry.rules and not any(fnmatchcase(rule_id, glob) for glob in entry.rules):
            return False
        if entry.fingerprints and fingerprint not in entry.fingerprints:
            return False
        if paths is not None and not paths.match(path):
            return False
        if regexes and not any(pattern.search(value, timeout=1.0) for pattern in regexes):
            return False
        return not words or any(word in value.lower() for word in words)

    return covers
