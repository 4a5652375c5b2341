"""SARIF descriptors of rules and of skips, with every text that GitHub and GitLab require filled in."""

from __future__ import annotations

import sarif_om

from leaksieve.reports.address import web_address
from leaksieve.reports.base import RuleInfo
from leaksieve.reports.sarif_object import clip

# Upper limits of the hosts; a longer text makes GitLab drop the result and GitHub the file.
SHORT_LIMIT = 255
LONG_LIMIT = 1000
TAG_LIMIT = 10

LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub reads over 9.0 as critical, 7.0-8.9 high, 4.0-6.9 medium, 0.1-3.9 low.
SCORES = {"critical": 9.5, "high": 8.0, "medium": 5.5, "low": 3.0, "info": 0.0}
PRECISIONS = {"high": "high", "medium": "medium", "low": "low"}

_IMPACT = "Whoever holds this credential can use it as its owner."
_REVOKE = "Revoke the credential where it was issued and replace it."
_KEEP_OUT = "Take it out of the source and read it from a secret store or the environment."


def pascal(identifier: str) -> str:
    """Return the identifier as one PascalCase word, as SARIF viewers want a rule's name."""
    return "".join(word[:1].upper() + word[1:] for word in identifier.replace("/", "-").replace("_", "-").split("-"))


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else text + "."


def _tags(rule: RuleInfo) -> list[str]:
    cwe = "cwe-321" if "cwe-321" in rule.tags else "cwe-798"
    # GitLab recognises secret detection by the bare tag, GitHub shows the CWE under the longer one.
    tags = ["security", cwe, f"external/cwe/{cwe}", "secret"]
    return (tags + [tag for tag in rule.tags if tag and tag not in tags])[:TAG_LIMIT]


def rule_descriptor(rule: RuleInfo) -> sarif_om.ReportingDescriptor:
    """Describe a rule that fired: what the credential opens and how to get rid of it."""
    name = " ".join(rule.name.split()) or rule.id
    impact = _sentence(rule.impact or _IMPACT)
    steps = [_sentence(step) for step in rule.revoke if step.strip()] or [_REVOKE]
    steps.append(_KEEP_OUT)
    rotation, documentation = web_address(rule.rotation), web_address(rule.documentation)
    text = " ".join([impact, *steps, *([f"Rotate it at {rotation}"] if rotation else [])])
    markdown = [f"**{name}**", impact, "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))]
    links = [f"[{label}]({address})" for label, address in (("Rotate or revoke it", rotation), ("About this credential", documentation)) if address]
    if links:
        markdown.append(" · ".join(links))
    return sarif_om.ReportingDescriptor(
        id=rule.id,
        deprecated_ids=list(rule.aliases) or None,
        name=clip(pascal(rule.id), SHORT_LIMIT),
        short_description=sarif_om.MultiformatMessageString(text=clip(name, SHORT_LIMIT)),
        full_description=sarif_om.MultiformatMessageString(text=clip(impact, LONG_LIMIT)),
        help=sarif_om.MultiformatMessageString(text=text, markdown="\n\n".join(markdown)),
        help_uri=web_address(rule.documentation, rule.rotation),
        default_configuration=sarif_om.ReportingConfiguration(level=LEVELS.get(rule.severity, "warning")),
        properties={
            "tags": _tags(rule),
            "precision": PRECISIONS.get(rule.confidence, "medium"),
            "security-severity": str(SCORES.get(rule.severity, 5.5)),
            **({"provider": rule.provider} if rule.provider else {}),
        },
    )


def notice_descriptor(identifier: str) -> sarif_om.ReportingDescriptor:
    """Describe a kind of notification (``failed/unreadable``, ``excluded/too-large``, ``note``)."""
    cls, _, reason = identifier.partition("/")
    words = reason.replace("-", " ") or cls
    short = {"failed": f"Could not be scanned: {words}", "excluded": f"Left out: {words}"}.get(cls, f"About this run: {words}")
    full = {
        "failed": f"Something that was meant to be scanned could not be: {words}. The result is incomplete.",
        "excluded": f"Left out because it was asked for or is documented policy: {words}.",
    }.get(cls, "Something a reader of this report should know.")
    return sarif_om.ReportingDescriptor(
        id=identifier,
        name=pascal(identifier),
        short_description=sarif_om.MultiformatMessageString(text=clip(short, SHORT_LIMIT)),
        full_description=sarif_om.MultiformatMessageString(text=clip(full, LONG_LIMIT)),
        help=sarif_om.MultiformatMessageString(text=full),
    )
