"""What an import makes of the project's files: computed whole, shown as a difference, and written only if asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.config import AllowEntry
from leaksieve.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from leaksieve.cli.accepting import Place
    from leaksieve.cli.importing.match import Match
    from leaksieve.findings.baseline import Baseline
    from leaksieve.moving.carried import Carried
    from leaksieve.pipeline import Plan


class Change(NamedTuple):
    """A file, as it is (None: it is not there) and as it would be."""

    path: str
    old: bytes | None
    new: bytes


def config_change(place: Place, carried: Carried, allow: Sequence[AllowEntry]) -> Change | None:
    """What becomes of the configuration file; None for nothing.  What cannot be added is told among the rest."""
    from leaksieve.cli.accepting import brief
    from leaksieve.config.additions import with_settings
    from leaksieve.config.discover import PYPROJECT, PYPROJECT_TABLE

    table = PYPROJECT_TABLE if os.path.basename(place.path) == PYPROJECT else ()
    old = _read(place.path)
    made = old or b""
    lists = {"exclude": carried.exclude, "disable": carried.disable, "rules": carried.rules}
    for key, items in lists.items():
        try:
            made = with_settings(made, brief(place.path), {key: items}, (), table=table)
        except ConfigError as error:
            if not made or error.what != "cannot be added to":
                raise
            carried.lost(brief(place.path), 0, key, f"{error.hint}: {' '.join(items)}")
    made = with_settings(made, brief(place.path), {}, [*carried.allow, *allow], table=table)
    return Change(place.path, old, made) if made != (old or b"") else None


def baseline_change(path: str, plan: Plan, matches: Iterable[Match]) -> tuple[Change | None, int]:
    """What becomes of the baseline, and how many entries it gets."""
    from leaksieve.cli.baselines import entries_of
    from leaksieve.findings.baseline import Baseline, load

    assert plan.fingerprinter is not None
    key = (plan.fingerprinter.key_name, plan.fingerprinter.key_id)
    old = _read(path)
    held: Baseline = load(path) if old is not None else Baseline(path, key, {})
    held.check(plan.fingerprinter)
    found = [finding._replace(allowed="") for match in matches if not match.known.reason for finding in match.findings]
    fresh = {entry: rule for entry, rule in entries_of(found).items() if entry not in held.entries}
    if not fresh:
        return None, 0
    made = Baseline(path, key, {**held.entries, **fresh}, held.comments)
    return Change(path, old, made.text().encode()), len(fresh)


def accepted(matches: Iterable[Match], held: Sequence[AllowEntry]) -> list[AllowEntry]:
    """Allow entries for what was judged to be no worry, one for each reason; those that are there already are not made again."""
    have = {fingerprint for entry in held for fingerprint in entry.fingerprints}
    by_reason: dict[str, dict[str, None]] = {}
    for match in matches:
        for finding in match.findings if match.known.reason else ():
            if finding.fingerprint not in have:
                by_reason.setdefault(match.known.reason, {})[finding.fingerprint] = None
    return [AllowEntry(reason, fingerprints=tuple(fingerprints)) for reason, fingerprints in by_reason.items()]


def edits(carried: Carried, root: str, *, without: str) -> list[Change]:
    """Other files: hooks, and rules that were copied; hooks do not name the baseline ``without``, which there is none of."""
    out = []
    for edit in carried.edits:
        path = os.path.join(root, edit.path)
        old = _read(path)
        text = edit.new.replace(f"leaksieve hook pre-commit -b {without}", "leaksieve hook pre-commit") if without else edit.new
        new = text.encode("utf-8", "surrogateescape")
        if not edit.old and old is not None and old != new:
            raise UsageError("is there already, and is not replaced", where=edit.path, hint="move it away, or merge it by hand")
        if old != new:
            out.append(Change(path, old, new))
    return out


def difference(change: Change, name: str) -> list[str]:
    """The change as a unified difference."""
    from difflib import unified_diff

    old = (change.old or b"").decode("utf-8", "backslashreplace").splitlines()
    new = change.new.decode("utf-8", "backslashreplace").splitlines()
    return list(unified_diff(old, new, name if change.old is not None else "/dev/null", name, lineterm=""))


def apply(change: Change) -> None:
    """Write a file, whole or not at all.  Raises UsageError, also when it is not any more what was read."""
    from leaksieve.cli.outputs import behind, put

    if _read(change.path) != change.old:
        raise UsageError("has changed meanwhile, and is not written", where=change.path)
    put(behind(change.path), change.new, change.path)


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=path) from None
