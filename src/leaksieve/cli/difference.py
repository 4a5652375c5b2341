"""What another ruleset finds and does not find in the same files: two scans, compared by fingerprint."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from leaksieve.cli.request import Options
    from leaksieve.config import Config
    from leaksieve.model import Finding
    from leaksieve.pipeline import Outcome
    from leaksieve.ruleset.load import Ruleset

SCHEMA = "leaksieve-rules-diff/1"
# Places of a finding that are named.
MOST_PLACES = 5


class Side(NamedTuple):
    """A ruleset and what it was called."""

    name: str
    ruleset: Ruleset


def difference(old: Side, new: Side, paths: Sequence[str], options: Options, *, trees: bool, histories: bool) -> dict[str, Any]:
    """Scan the paths with both and say what is gained, lost and judged otherwise, as JSON data; its shape is in docs/rule-tools.md.

    A finding counts from the configuration's confidence and severity on, under one of the two.
    """
    outcomes, config = _scans((old, new), paths, options, trees=trees, histories=histories)
    before, after = ({finding.fingerprint: finding for finding in outcome.findings} for outcome in outcomes)
    gained: list[Finding] = []
    lost: list[Finding] = []
    changed: list[tuple[Finding, Finding]] = []
    for fingerprint in sorted({*before, *after}):
        was, now = before.get(fingerprint), after.get(fingerprint)
        if not any(one is not None and _counts(one, config) for one in (was, now)):
            continue
        if now is None:
            lost += [was] if was is not None else []
        elif was is None:
            gained.append(now)
        elif _judged(was) != _judged(now):
            changed.append((was, now))
    ids = [set(one.ruleset.ids) for one in (old, new)]
    return {
        "schema": SCHEMA,
        **{key: {"name": one.name, "hash": one.ruleset.hash, "rules": len(one.ruleset)} for key, one in (("old", old), ("new", new))},
        "on": list(paths),
        "complete": all(outcome.coverage.complete for outcome in outcomes),
        "rules": {"added": sorted(ids[1] - ids[0]), "removed": sorted(ids[0] - ids[1])},
        "gained": [_told(finding, _same_place(finding, lost), "replaces") for finding in _ordered(gained)],
        "lost": [_told(finding, _same_place(finding, gained), "replaced_by") for finding in _ordered(lost)],
        "changed": [{**_told(now), "was": _judged(was)} for was, now in changed],
    }


def _scans(sides: Sequence[Side], paths: Sequence[str], options: Options, *, trees: bool, histories: bool) -> tuple[list[Outcome], Config]:
    from leaksieve.cli.history import history_source
    from leaksieve.cli.jobs import available
    from leaksieve.cli.settings import settle
    from leaksieve.cli.trees import BARE, WORKING_TREE, target_of, tree_source
    from leaksieve.pipeline import Plan, run

    targets = [target_of(path, options.allow_root) for path in paths]
    roots = [target.root for target in targets]
    config = settle(options, roots, foreign=any(target.repository and target.repository.is_foreign_owned for target in targets)).config
    every = config._replace(confidence="low", severity="info")
    alone = len(set(roots)) == 1
    outcomes = []
    for side in sides:
        sources = [tree_source(target, config, alone=alone) for target in targets if trees and target.kind != BARE]
        pasts = [
            history_source(target.repository, config, target.path, prefix=b"" if alone else os.fsencode(target.path) + b"/")
            for target in targets
            if histories and target.kind in (WORKING_TREE, BARE) and target.repository is not None
        ]
        plan = Plan(
            sources=sources,
            histories=pasts,
            config=every,
            ruleset=_selected(side.ruleset, config),
            project_root=os.fsencode(targets[0].root),
            repository=targets[0].repository,
            env_key=os.fsencode(os.environ.get("LEAKSIEVE_KEY", "")) or None,
            # Other processes than forked ones would load the usual ruleset.
            jobs=config.jobs or available() if hasattr(os, "fork") else 1,
            line_hashes=False,
        )
        outcomes.append(run(plan))
    return outcomes, config


def _selected(ruleset: Ruleset, config: Config) -> Ruleset:
    """The rules that the configuration switches on; a pattern that names none in this ruleset may name some in the other."""
    from leaksieve.errors import RulesetError
    from leaksieve.ruleset.alias import select

    def known(globs: Sequence[str]) -> list[str]:
        return [glob for glob in globs if _names_any(ruleset, glob)]

    enable = known(config.enable)
    if config.enable and not enable:
        raise RulesetError("the configuration's `enable` names none of the rules of one ruleset", hint="--no-repo-config leaves it out")
    return select(ruleset, enable, known(config.disable))


def _names_any(ruleset: Ruleset, glob: str) -> bool:
    from fnmatch import fnmatchcase

    from leaksieve.ruleset.alias import table

    return any(fnmatchcase(name, glob) for name in (*ruleset.ids, *table(ruleset)))


def _counts(finding: Finding, config: Config) -> bool:
    from leaksieve.model import CONFIDENCES, SEVERITIES

    return CONFIDENCES.index(finding.confidence) >= CONFIDENCES.index(config.confidence) and SEVERITIES.index(finding.severity) >= SEVERITIES.index(
        config.severity
    )


def _judged(finding: Finding) -> dict[str, str]:
    return {"rule_id": finding.rule_id, "severity": finding.severity, "confidence": finding.confidence}


def _ordered(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.occurrences[0].path, finding.occurrences[0].byte_start, finding.rule_id))


def _same_place(finding: Finding, others: list[Finding]) -> list[Finding]:
    """Those of the others that stand over the same bytes somewhere: the same secret under another family's name."""
    places = {(place.path, place.archive_path, place.start_line) for place in finding.occurrences}
    return [
        other
        for other in others
        if any(
            (one.path, one.archive_path, one.start_line) in places
            and any(one.path == place.path and one.byte_start < place.byte_end and place.byte_start < one.byte_end for place in finding.occurrences)
            for one in other.occurrences
        )
    ]


def _told(finding: Finding, others: Sequence[Finding] = (), relation: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {
        **_judged(finding),
        "secret": finding.secret,
        "fingerprint": finding.fingerprint,
        "allowed": finding.allowed or None,
        "count": len(finding.occurrences),
        "places": [
            {"path": place.path.decode("utf-8", "backslashreplace"), "line": place.start_line, "column": place.start_column}
            for place in finding.occurrences[:MOST_PLACES]
        ],
    }
    if relation:
        told[relation] = [{"rule_id": other.rule_id, "fingerprint": other.fingerprint} for other in others]
    return told
