"""Puts what was decided where scans look for it: entries into the baseline, allow entries into the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.cli.audit.record import Decision, Record
from leaksieve.cli.audit.verdicts import ALLOW, BASELINE, BY_NAME

if TYPE_CHECKING:
    from leaksieve.config.accept import Accepted


class Places(NamedTuple):
    """Where it goes: the baseline's file, the project's root, the configuration named (None: the project's); owner and last day of allow entries."""

    baseline: str
    root: str
    config: str | None
    owner: str
    expires: str


def write_out(record: Record, places: Places) -> list[str]:
    """Write what is pending and note that it is; what was written before is not written twice.  Returns a sentence for each file.

    Raises UsageError or ConfigError; what is pending then stays so.
    """
    pending = record.pending()
    if not pending:
        return []
    said = []
    known = [each for each in pending if BY_NAME[each.verdict].goes == BASELINE]
    accepted = [each for each in pending if BY_NAME[each.verdict].goes == ALLOW]
    if known:
        said.append(_into_baseline(known, record, places.baseline))
    if accepted:
        said.append(_into_config(accepted, places))
    record.settle()
    return said


def _into_baseline(known: list[Decision], record: Record, path: str) -> str:
    from leaksieve.cli.accepting import brief
    from leaksieve.cli.baselines import counted, write
    from leaksieve.findings.baseline import Baseline, load

    was = load(path) if os.path.exists(path) else Baseline(path, None, {})
    entries = {**{each.entry: each.rule_id for each in known}, **was.entries}
    reasons = [f"# {each.fingerprint}: {each.reason}" for each in known if each.reason]
    comments = tuple(dict.fromkeys((*was.comments, *reasons)))
    write(path, Baseline(path, was.key or record.key, entries, comments))
    fresh = len(entries) - len(was.entries)
    return f"{brief(path)}: {counted(fresh)} added; scans take it with -b {brief(path)}"


def _into_config(accepted: list[Decision], places: Places) -> str:
    from leaksieve.cli.accepting import add, brief, holding, place_for
    from leaksieve.config import AllowEntry

    place = place_for(places.root, places.config)
    groups: dict[str, list[Decision]] = {}
    for each in accepted:
        if holding(place, each.fingerprint) is None:
            groups.setdefault(each.reason, []).append(each)
    added: list[Accepted] = [
        (
            AllowEntry(reason, fingerprints=tuple(each.fingerprint for each in group), owner=places.owner, expires=places.expires),
            [each.rule_id for each in group],
        )
        for reason, group in groups.items()
    ]
    if added:
        add(place, added)
    count = sum(len(group) for group in groups.values())
    return f"{brief(place.path)}: accepts {count:,} more"
