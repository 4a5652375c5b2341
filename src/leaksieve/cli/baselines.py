"""Baselines of scans, and what the commands for them share: writing, saying what is written, keeping out of CI."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leaksieve.errors import UsageError
from leaksieve.findings.baseline import UNNAMED, Baseline, Entry, entry, load, path_of
from leaksieve.model import Finding, full_path
from leaksieve.outcome import fingerprint_key

if TYPE_CHECKING:
    from leaksieve.pipeline import Plan

# Places that are named of one finding.
_MOST_PLACES = 3


def known_to(plan: Plan, paths: Sequence[str]) -> Plan:
    """Return the plan with these baselines.  Raises ConfigError before anything is scanned for one that does not hold or has another key."""
    baselines = [load(path) for path in dict.fromkeys(paths)]
    fingerprinter = fingerprint_key(plan.config, plan.repository, plan.env_key)
    for baseline in baselines:
        baseline.check(fingerprinter)
    return plan._replace(baselines=baselines, fingerprinter=fingerprinter)


def in_ci() -> bool:
    """Whether this is a CI job, as all the common systems say it."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "no"}


def refuse_in_ci(*, yes: bool) -> None:
    """Raise UsageError where nobody would see that findings were accepted."""
    if in_ci() and not yes:
        raise UsageError(
            "a baseline is not changed in a CI job (CI is set), where nobody looks at what is accepted", hint="give --yes if that is what you want"
        )


def write(path: str, baseline: Baseline) -> bool:
    """Put a baseline into a file, whole or not at all; whether that changed anything.  Raises UsageError."""
    from leaksieve.cli.outputs import behind, put
    from leaksieve.reports.output import open_output

    text = baseline.text()
    if path == "-":
        with open_output(path) as stream:
            stream.write(text)
        return True
    try:
        with open(path, "rb") as file:
            if file.read() == text.encode():
                return False
    except OSError:
        pass
    put(behind(path), text.encode(), path)
    return True


def entry_of(finding: Finding) -> Entry:
    """Return the entry that stands for a finding."""
    return entry(finding.fingerprint, full_path(finding.occurrences[0]))


def entries_of(findings: Iterable[Finding]) -> dict[Entry, str]:
    """Return the entries of findings that nothing accepts yet, with their rules' ids."""
    found = {entry_of(finding): finding.rule_id for finding in findings if not finding.allowed}
    telling = _telling({path for each in found if (path := path_of(each)) is not None})
    return {(f"{each.partition(' ')[0]} {UNNAMED}" if path_of(each) in telling else each): rule for each, rule in found.items()}


def _telling(paths: set[bytes]) -> set[bytes]:
    """Return the paths that hold a secret themselves: those are not written down."""
    if not paths:
        return set()
    from leaksieve.engine.matcher import Engine
    from leaksieve.ruleset.load import load as load_rules

    engine = Engine(load_rules())
    return {path for path in paths if any(not match.rejected for match in engine.scan(path).matches)}


def places(finding: Finding) -> str:
    """Name where a finding stands: a few places, the rest counted."""
    named = list(dict.fromkeys(f"{full_path(one).decode('utf-8', 'backslashreplace')}:{one.start_line}" for one in finding.occurrences))
    rest = len(named) - _MOST_PLACES
    return ", ".join(named[:_MOST_PLACES]) + (f" and {rest:,} more" if rest > 0 else "")


def counted(count: int, one: str = "entry", many: str = "entries") -> str:
    """``1 entry``, ``12 entries``."""
    return f"{count:,} {one if count == 1 else many}"
