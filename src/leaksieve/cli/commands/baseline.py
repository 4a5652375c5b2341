"""``leaksieve baseline``: record what is known already, so that only what is new fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from leaksieve.cli.lazy import Entry, LazyGroup
from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.cli.talk import Talk, answer, harmless
from leaksieve.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from leaksieve.pipeline import Outcome, Plan

_HERE = "leaksieve.cli.commands.baseline:"
group = LazyGroup(
    "baseline",
    {
        "create": Entry(_HERE + "create", "Write a baseline of what is found."),
        "update": Entry(_HERE + "update", "Bring a baseline up to date."),
        "diff": Entry(_HERE + "diff", "Show what a baseline lacks and what is gone."),
        "merge": Entry(_HERE + "merge", "Unite baselines, for git as well."),
    },
    "Record findings that are known already, so that only new ones fail the run.",
)
_TREE = click.option("--tree", is_flag=True, help="Scan working trees alone.")
_HISTORY = click.option("--history", is_flag=True, help="Scan histories alone.")
_YES = click.option("--yes", is_flag=True, help="Write also in a CI job, and over a baseline that is there.")
_TARGETS = click.argument("targets", nargs=-1, metavar="[TARGET...]")
_Then = Callable[["Plan", "Outcome"], ExitCode]


@click.command(
    "create", help="Scan (by default the current directory, with its history) and write what is found to the baseline named with -o. Exit 0 whatever is found."
)
@_TARGETS
@_TREE
@_HISTORY
@_YES
@common(ignore_files=True)
def create(options: Options, targets: tuple[str, ...], tree: bool, history: bool, yes: bool) -> int:
    """Write a new baseline; one that is there is replaced only if asked for."""
    from leaksieve.cli.baselines import counted, entries_of, in_ci, write
    from leaksieve.findings.baseline import Baseline, load

    if len(options.outputs) != 1 or options.formats:
        raise UsageError("needs one -o FILE for the baseline, and takes no -f", where="leaksieve baseline create")
    path = options.outputs[0]

    def then(plan: Plan, outcome: Outcome) -> ExitCode:
        assert plan.fingerprinter is not None
        found = entries_of(outcome.findings)
        made = Baseline(path, (plan.fingerprinter.key_name, plan.fingerprinter.key_id), found)
        if path != "-" and os.path.exists(path) and not yes and load(path).text() != made.text():
            where = " in a CI job" if in_ci() else ""
            raise UsageError(
                f"is there already, and is not replaced{where}", where=path, hint="`leaksieve baseline update` brings it up to date; --yes replaces it"
            )
        write(path, made)
        Talk.current().note(f"{path}: {counted(len(found))}")
        return _ended(outcome, plan)

    return _scan(options, targets, tree=tree, history=history, then=then)


@click.command("update", help="Scan, add what is new to the baseline named with -b (or -o), and drop what is gone. Never in a CI job without --yes.")
@_TARGETS
@_TREE
@_HISTORY
@_YES
@click.option("--keep-stale", is_flag=True, help="Keep entries that are not found any more.")
@common(ignore_files=True)
def update(options: Options, targets: tuple[str, ...], tree: bool, history: bool, yes: bool, keep_stale: bool) -> int:
    """Rewrite a baseline with as little change as there is."""
    from leaksieve.cli.baselines import counted, entries_of, entry_of, refuse_in_ci, write
    from leaksieve.findings.baseline import Baseline

    path = _file(options, "update")
    refuse_in_ci(yes=yes)

    def then(plan: Plan, outcome: Outcome) -> ExitCode:
        assert plan.fingerprinter is not None
        baseline = plan.baselines[0]
        fresh = {each: rule for each, rule in entries_of(outcome.findings).items() if each not in baseline.entries}
        keeps = keep_stale or not _saw_all(plan, outcome)
        stale = [] if keeps else baseline.stale
        here = {entry_of(finding) for finding in outcome.findings}
        # In a history a value may stand at its former path, too.
        gone = {*stale, *(old for old in baseline.moved if old not in here)}
        moved = {new: baseline.entries[old] for old, new in baseline.moved.items()}
        kept = {each: rule for each, rule in baseline.entries.items() if each not in gone}
        made = Baseline(path, (plan.fingerprinter.key_name, plan.fingerprinter.key_id), {**fresh, **moved, **kept}, baseline.comments)
        changed = write(path, made)
        if keeps and baseline.stale and not keep_stale:
            Talk.current().note(f"{counted(len(baseline.stale))} not found by this scan of a part, and kept")
        told = f"{len(fresh):,} added, {len(stale):,} dropped, {len(moved):,} followed to another path" if changed else "nothing changed"
        Talk.current().note(f"{path}: {told}; {counted(len(made.entries))}")
        return _ended(outcome, plan)

    return _scan(options._replace(baseline=(path,), outputs=()), targets, tree=tree, history=history, then=then)


_DIFF = """Scan and show what the baseline named with -b lacks (+), what is gone (-) and what was followed to another path (>); exit 1 if it lacks something.
With two baselines in place of targets, show what the second has more (+) and less (-) than the first."""


@click.command("diff", help=_DIFF)
@_TARGETS
@_TREE
@_HISTORY
@common(ignore_files=True)
def diff(options: Options, targets: tuple[str, ...], tree: bool, history: bool) -> int:
    """Print one line for each difference."""
    from leaksieve.cli.baselines import entries_of, places

    if len(targets) == 2 and not options.baseline and not options.outputs:
        return _compare(*targets)
    path = _file(options, "diff")

    def then(plan: Plan, outcome: Outcome) -> ExitCode:
        from leaksieve.findings.baseline import line

        baseline = plan.baselines[0]
        lacks = 0
        for finding in outcome.findings:
            for each, rule in entries_of([finding]).items():
                lacks += 1
                answer(harmless(f"+ {line(each, rule).partition(' ')[0]} {rule} {places(finding)}"))
        for old, new in sorted(baseline.moved.items()):
            answer(harmless(f"> {line(new, baseline.entries[old])} (was {old.partition(' ')[2]})"))
        for each in baseline.stale if _saw_all(plan, outcome) else ():
            answer(harmless(f"- {line(each, baseline.entries[each])}"))
        code = _ended(outcome, plan)
        return ExitCode.FINDINGS if lacks and code != ExitCode.INTERRUPTED else code

    return _scan(options._replace(baseline=(path,), outputs=(), severity=options.severity or "info"), targets, tree=tree, history=history, then=then)


_MERGE = """Unite baselines into the one named with -o (standard output without it). With --driver, merge as git asks a merge driver to:
BASE OURS THEIRS, the result in place of OURS; what either side added is kept, what either side dropped is gone."""


@click.command("merge", help=_MERGE)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-o", "--output", metavar="FILE", default="-", help="Where to write the result.  [default: standard output]")
@click.option("--driver", is_flag=True, help="Take three files as git gives them to a merge driver.")
def merge(files: tuple[str, ...], output: str, driver: bool) -> int:
    """Merge two or more baselines of one key."""
    from leaksieve.cli.baselines import write
    from leaksieve.findings.baseline import load, merged, united

    if driver and (len(files) != 3 or output != "-"):
        raise UsageError("takes BASE OURS THEIRS, and writes to OURS", where="--driver")
    if driver:
        base, ours, theirs = map(load, files)
        write(files[1], merged(base, ours, theirs))
        return ExitCode.CLEAN
    write(output, united(map(load, files), output))
    return ExitCode.CLEAN


def _scan(options: Options, targets: tuple[str, ...], *, tree: bool, history: bool, then: _Then) -> int:
    from leaksieve.cli.trees import scan_trees

    if tree and history:
        raise UsageError("--tree and --history exclude each other", hint="without both, the tree and the history are scanned")
    ready = options._replace(then=then, formats=(), outputs=())
    return scan_trees(ready, targets or (".",), classify=False, trees=not history, histories=not tree)


def _file(options: Options, command: str) -> str:
    """The one baseline that is named."""
    named = list(dict.fromkeys((*options.baseline, *options.outputs)))
    if len(named) != 1 or options.formats:
        raise UsageError("needs one -b FILE, the baseline, and takes no -f", where=f"leaksieve baseline {command}")
    return named[0]


def _saw_all(plan: Plan, outcome: Outcome) -> bool:
    return plan.whole and not outcome.coverage.failed and not outcome.coverage.interrupted


def _compare(one: str, other: str) -> int:
    """Show how two baselines differ."""
    from leaksieve.findings.baseline import line, load

    first, second = load(one), load(other)
    for each in sorted({*first.entries} ^ {*second.entries}):
        side, rules = ("+", second.entries) if each in second.entries else ("-", first.entries)
        answer(harmless(f"{side} {line(each, rules[each])}"))
    return ExitCode.FINDINGS if {*second.entries} - {*first.entries} else ExitCode.CLEAN


def _ended(outcome: Outcome, plan: Plan) -> ExitCode:
    """Say what was missed; the exit code is that of a scan without findings."""
    from leaksieve.cli.exits import exit_code

    talk = Talk.current()
    if outcome.coverage.interrupted:
        talk.error("interrupted: only what was found until then was looked at")
    elif not outcome.coverage.complete:
        talk.error(f"incomplete: {outcome.coverage.failed:,} things could not be scanned; `leaksieve scan` names them")
    return exit_code(0, outcome.coverage, plan.config)
