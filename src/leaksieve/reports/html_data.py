"""What the HTML report's script gets: findings, rules and places as plain texts and numbers, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.judgement import judgement
from leaksieve.reports.render import visible
from leaksieve.reports.standing import standing
from leaksieve.reports.text_finding import TELLING, about, origin, parts_of, place, primary, steps, stores
from leaksieve.reports.text_style import rank

# Places of one secret that are listed; the rest is counted, so that one value in a generated tree does not fill the page.
MOST_PLACES = 200
# Context of one place, in characters; a minified file is one line.
MOST_CONTEXT = 2000


def data(findings: Sequence[tuple[Finding, RuleInfo]], coverage: Coverage, view: View) -> dict[str, object]:
    """Return the whole block.  Times are RFC 3339 texts, severities ranks from 0 (info) to 4 (critical)."""
    rules: dict[str, int] = {}
    told: list[dict[str, object]] = []
    rows = []
    for finding, rule in findings:
        if rule.id not in rules:
            rules[rule.id] = len(told)
            told.append(_rule(rule))
        rows.append(_finding(finding, rules[rule.id], view))
    return {"started": coverage.started, "fail_on": view.fail_on, "rules": told, "findings": rows}


def state(finding: Finding, view: View) -> str:
    """Return how a finding stands: ``fails``, ``below``, ``baseline``, ``allowed`` or ``present`` (there before the change)."""
    if finding.baselined:
        return "baseline"
    shown = primary(finding)
    if finding.allowed or shown is None:
        return "allowed"
    return "present" if finding.already_present else standing(finding, shown, view.fail_on)


def _rule(rule: RuleInfo) -> dict[str, object]:
    return {
        "id": visible(rule.id),
        "name": visible(rule.name) or visible(rule.id),
        "impact": visible(rule.impact),
        "revoke": [visible(step) for step in steps(rule)],
        "rotation": visible(rule.rotation),
        "documentation": visible(rule.documentation),
    }


def _finding(finding: Finding, rule: int, view: View) -> dict[str, object]:
    shown = primary(finding)
    ordered = _ordered(finding, shown) if shown is not None else []
    record = {
        "rule": rule,
        "severity": rank(finding.severity),
        "confidence": finding.confidence,
        "state": state(finding, view),
        "why": visible(finding.allowed),
        "secret": visible(finding.secret),
        "fingerprint": visible(finding.fingerprint),
        "verdict": finding.verdict if finding.verdict in TELLING else "",
        "tags": [visible(tag) for tag in finding.tags],
        "about": about(finding.details),
        "live": judgement(finding),
        "parts": [list(part) for part in parts_of(finding)],
        "links": stores(finding),
        **exposure(finding),
        "places": [_place(one, told) for one, told in ordered[:MOST_PLACES]],
        "more": max(0, len(ordered) - MOST_PLACES),
    }
    return _filled(record)


def _ordered(finding: Finding, shown: Occurrence) -> list[tuple[Occurrence, Occurrence]]:
    """Return the places, the one to show first, each with what knows most of it: a file and its version at HEAD are one place to a reader."""
    out: dict[object, tuple[Occurrence, Occurrence]] = {}
    for one in (shown, *finding.occurrences):
        kind, at_head = one.source.get("kind"), one.source.get("at_head")
        key: object = (place(one), one.decoded) if at_head or kind == "file" else id(one)
        first, told = out.get(key, (one, one))
        out[key] = (first, one if at_head and kind == "git" else told)
    return list(out.values())


def _filled(told: dict[str, object]) -> dict[str, object]:
    """Leave out what is empty: the script has the same defaults, and of ten thousand findings that is a third of the page."""
    return {name: value for name, value in told.items() if value or name in ("rule", "severity")}


def exposure(finding: Finding) -> dict[str, object]:
    """Return the ``author`` who brought a secret in, ``since`` when and ``until`` when it stood there: "" where that is not known, or not over.

    Of several places the earliest begins, and it is over when all of them are.
    """
    told = [one.source for one in finding.occurrences if one.source.get("kind") == "git" and (one.source.get("first_seen") or one.source.get("date"))]
    if not told:
        return {"author": "", "since": "", "until": ""}
    first = min(told, key=lambda source: str(source.get("first_seen") or source.get("date")))
    ends = [str(source.get("removed") or "") for source in told]
    here = any(one.source.get("kind") != "git" or one.source.get("at_head") for one in finding.occurrences)
    return {
        "author": visible(str(first.get("author") or "")),
        "since": visible(str(first.get("first_seen") or first.get("date") or "")),
        "until": "" if here or not all(ends) else visible(max(ends)),
    }


def _place(occurrence: Occurrence, origins: Occurrence) -> dict[str, object]:
    context = [visible(line.replace("\t", " ")) for line in occurrence.context.rstrip("\r\n").split("\n")]
    text = "\n".join(context)
    column = occurrence.start_column - 1
    if len(text) > MOST_CONTEXT:
        # Around the secret; masking has moved what stands behind it, hence the wide margin.
        start = max(0, min(column, len(text)) - MOST_CONTEXT // 2)
        text, column = ("…" if start else "") + text[start : start + MOST_CONTEXT] + ("…" if start + MOST_CONTEXT < len(text) else ""), column - start
    told = {
        "at": place(occurrence),
        "column": column,
        "context": text if text.strip() else "",
        "from": origin(origins, verbose=True),
        "owners": visible(" ".join(occurrence.owners)),
        "allowed": visible(occurrence.allowed),
        "before": occurrence.already_present,
    }
    return _filled(told)
