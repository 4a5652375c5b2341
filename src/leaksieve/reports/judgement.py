"""What a live check says of a finding, in words."""

from __future__ import annotations

from collections.abc import Mapping

from leaksieve.model import Finding
from leaksieve.reports.render import visible

# How verdicts are said to people; the names in JSON stay short.
NAMES = {"unverifiable": "not verifiable", "canary": "canary"}
_SCOPES = 12


def judgement(finding: Finding) -> str:
    """One line: the verdict, why where it is unknown, whom it belongs to and what it opens; "" where nobody asked."""
    told = finding.verification
    if not told:
        return ""
    words = [NAMES.get(finding.verdict, finding.verdict)]
    if told.get("detail"):
        words[0] += f" ({visible(str(told['detail']))})"
    if told.get("privileged"):
        words.append("may do nearly anything there")
    for group in ("identity", "access"):
        held = told.get(group)
        words += [_said(name, value) for name, value in held.items()] if isinstance(held, Mapping) else []
    if told.get("checked"):
        evidence = told.get("evidence")
        host = evidence.get("host") if isinstance(evidence, Mapping) else None
        words.append(
            f"checked {visible(str(told['checked']))}"
            + (f" at {visible(str(host))}" if host else "")
            + (", known from an earlier run" if told.get("cached") else "")
        )
    return "; ".join(words)


def _said(name: str, value: object) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(visible(str(one)) for one in value[:_SCOPES])
        if len(value) > _SCOPES:
            shown += f" and {len(value) - _SCOPES} more"
        return f"{visible(name)}: {shown or 'none'}"
    return f"{visible(name.replace('_', ' '))} {visible(str(value))}"
