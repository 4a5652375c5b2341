"""Decides the exit code of a scan from what it found and what it missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaksieve.config import Config
from leaksieve.errors import ExitCode
from leaksieve.model import SEVERITIES, Finding

if TYPE_CHECKING:
    from leaksieve.coverage import Coverage
    from leaksieve.pipeline import Outcome


def fails(finding: Finding, config: Config) -> bool:
    """Whether a finding fails the run: severe enough, and in some place neither accepted nor there before."""
    if all(place.allowed or place.already_present for place in finding.occurrences):
        return False
    return SEVERITIES.index(finding.severity) >= SEVERITIES.index(config.fail_on)


def only_verified(outcome: Outcome) -> Outcome:
    """Leave out what no provider said is active, and say so on the receipt."""
    active = [finding for finding in outcome.findings if finding.verdict == "active"]
    left = len(outcome.findings) - len(active)
    if left:
        outcome.coverage.notes.append(f"{left:,} {'finding is' if left == 1 else 'findings are'} hidden by --only-verified: not known to be active")
    return outcome._replace(findings=active)


def is_shown(severity: str, config: Config) -> bool:
    """Whether ``--severity`` shows findings of a severity."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(config.severity)


def widened(config: Config) -> Config:
    """Return the configuration to scan with: what fails must be found even where ``--severity`` hides it."""
    return config if is_shown(config.fail_on, config) else config._replace(severity=config.fail_on)


def exit_code(failing: int, coverage: Coverage, config: Config) -> ExitCode:
    """Return the code for a scan that ran: 130, 1, 3 or 0, in this order.

    ``failing`` counts the findings that fail the run.  ``--exit-zero`` is about findings alone: what
    could not be read still gives 3.
    """
    if coverage.interrupted:
        return ExitCode.INTERRUPTED
    if failing and not config.exit_zero:
        return ExitCode.FINDINGS
    if not coverage.complete and not config.allow_incomplete:
        return ExitCode.INCOMPLETE
    return ExitCode.CLEAN
