"""``leaksieve import``: takes over what another scanner is set up with."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from leaksieve.cli.request import Options
from leaksieve.cli.talk import Talk, answer, harmless
from leaksieve.errors import ExitCode, UsageError
from leaksieve.moving.carried import CARRIED, KEPT, NOT, Carried

if TYPE_CHECKING:
    from leaksieve.cli.accepting import Place
    from leaksieve.cli.importing.match import Match
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.moving.files import Settings
    from leaksieve.pipeline import Outcome, Plan

_ABOUT = """Take over what another scanner is set up with: settings, allow lists, rules and hooks, and the findings it was told to accept.
TOOL is gitleaks, betterleaks, detect-secrets, trufflehog, kingfisher or ggshield; without one, files of all of them are looked for.
Shows what would be written and says of every line what becomes of it; --write does it. Nothing that is there is replaced, and a second run adds nothing."""
# Files that nothing but another scanner reads.
_REPLACED = ("gitleaks", "betterleaks", "secrets.baseline", "gitguardian", "kingfisher", "trufflehog", "baseline-file")


@click.command("import", help=_ABOUT)
@click.argument("words", nargs=-1, metavar="[TOOL] [FILE...]")
@click.option("--write", is_flag=True, help="Write the files, in place of showing what would change.")
@click.option("-b", "--baseline", metavar="FILE", default="leaksieve.baseline", help="Baseline for accepted findings.  [default: leaksieve.baseline]")
@click.option("-c", "--config", metavar="FILE", help="Configuration file to write to, in place of the project's own.")
@click.option("--tree", is_flag=True, help="Look for accepted findings in the files alone, not in the history.")
@click.option("--yes", is_flag=True, help="Write also in a CI job.")
@click.option("-q", "--quiet", is_flag=True, help="Name only what was not carried over.")
def command(words: tuple[str, ...], write: bool, baseline: str, config: str | None, tree: bool, yes: bool, quiet: bool) -> int:
    """Read, look for what was accepted, show or write."""
    from leaksieve.cli.accepting import place_for
    from leaksieve.cli.places import repository_or_none, root_of
    from leaksieve.moving.files import TOOLS, read

    tool = words[0] if words and words[0] in TOOLS else None
    if write:
        from leaksieve.cli.baselines import refuse_in_ci

        refuse_in_ci(yes=yes)
    repository = repository_or_none(".")
    root = root_of(".", repository)
    if repository is not None and repository.worktree is None:
        raise UsageError("a bare repository has no files to take over", where=root)
    place = place_for(root, config)
    named = [word for word in words if word != tool or word is not words[0]]
    carried = read(_settings(root, repository, os.path.join(root, baseline)), tool, named)
    _refuse_outside(carried)
    matches: list[Match] = []
    plans: list[Plan] = []
    if carried.known:
        matches = _looked_for(carried, root, repository, config, plans, tree=tree)
    return _finish(carried, matches, plans, place, os.path.join(root, baseline), root, write=write, quiet=quiet)


def _settings(root: str, repository: Repository | None, baseline: str) -> Settings:
    from leaksieve.moving.files import Settings
    from leaksieve.ruleset.load import load

    return Settings(root, frozenset(load().ids), _origin(repository), os.path.relpath(baseline, root))


def _origin(repository: Repository | None) -> str:
    """What a Kingfisher baseline calls this repository."""
    if repository is None:
        return ""
    from leaksieve.moving.kingfisher import repository_id

    try:
        with open(os.path.join(repository.common_dir, b"config"), encoding="utf-8", errors="replace") as file:
            text = file.read(1 << 20)
    except OSError:
        return ""
    found = re.search(r'^\[remote "origin"\][^\[]*?^\s*url\s*=\s*(.+?)\s*$', text, re.MULTILINE)
    return repository_id(found[1]) if found else ""


def _refuse_outside(carried: Carried) -> None:
    """A repository's configuration may not name rules outside it."""
    for path in [each for each in carried.rules if os.path.isabs(each) or each.split("/")[0] == ".."]:
        carried.rules.remove(path)
        carried.lost(path, 0, "its rules", "the file lies outside the project; `--rules FILE` reads it")


def _looked_for(carried: Carried, root: str, repository: Repository | None, config: str | None, plans: list[Plan], *, tree: bool) -> list[Match]:
    """Scan, and look for what was accepted in what was found."""
    from leaksieve.cli.importing.match import Matcher
    from leaksieve.cli.importing.places import Places
    from leaksieve.cli.trees import scan_trees

    matches: list[Match] = []

    def then(plan: Plan, outcome: Outcome) -> ExitCode:
        plans.append(plan)
        matcher = Matcher(plan, outcome, Places(root, repository, plan.config.max_file_size))
        matches.extend(matcher.match(known) for known in carried.known)
        if outcome.coverage.interrupted:
            raise KeyboardInterrupt
        if not outcome.coverage.complete:
            Talk.current().note(f"incomplete: {outcome.coverage.failed:,} things could not be scanned; `leaksieve scan` names them")
        return ExitCode.CLEAN

    there = config is not None and os.path.exists(config)
    options = Options(reveal=True, inline_allow=False, severity="info", config=config if there else None, then=then)
    scan_trees(options, (root,), classify=False, trees=True, histories=not tree and repository is not None)
    return matches


def _finish(carried: Carried, matches: list[Match], plans: list[Plan], place: Place, baseline: str, root: str, *, write: bool, quiet: bool) -> ExitCode:
    from leaksieve.cli.accepting import brief
    from leaksieve.cli.importing.write import Change, accepted, apply, baseline_change, config_change, difference, edits

    changes: list[Change] = []
    _tell_matches(carried, matches)
    made = config_change(place, carried, accepted(matches, place.allow))
    if made:
        changes.append(made)
    if plans:
        changed, _ = baseline_change(baseline, plans[0], matches)
        if changed:
            changes.append(changed)
    known = os.path.exists(baseline) or any(change.path == baseline for change in changes)
    changes += edits(carried, root, without="" if known else os.path.relpath(baseline, root))
    _report(carried, quiet=quiet)
    for change in changes:
        if write:
            apply(change)
        else:
            answer("")
            for line in difference(change, brief(change.path)):
                answer(harmless(line))
    talk = Talk.current()
    lost = sum(one.how == NOT for one in carried.told)
    talk.note(f"{len(carried.told) - lost:,} carried over or kept, {lost:,} not")
    for line in carried.advice:
        talk.note(line)
    names = ", ".join(brief(change.path) for change in changes)
    if not changes:
        talk.note("nothing to write: everything is there already" if len(carried.told) > lost else "nothing to write")
    elif write:
        stale = [where for where in dict.fromkeys(one.where for one in carried.told) if where.lstrip("./").startswith(_REPLACED) and not _stays(carried, where)]
        if stale:
            talk.note(f"not needed any more, once you are content: {', '.join(stale)}")
        uses = f" -b {brief(baseline)}" if os.path.exists(baseline) else ""
        talk.note(f"wrote {names}; try it: leaksieve scan .{uses}")
    else:
        talk.note(f"nothing was written; `--write` writes {names}")
    return ExitCode.CLEAN


def _stays(carried: Carried, where: str) -> bool:
    return any(one.where == where and one.how == KEPT for one in carried.told)


def _tell_matches(carried: Carried, matches: list[Match]) -> None:
    from leaksieve.cli.baselines import places

    for match in matches:
        known = match.known
        what = f"{known.path}:{known.at}" if known.path and known.at else known.path or "a value"
        if known.commit:
            what += f" of {known.commit[:12]}"
        if match.findings:
            found = match.findings[0]
            to = "allowed, with its reason" if known.reason else "in the baseline"
            more = f" and {len(match.findings) - 1} more" if len(match.findings) > 1 else ""
            carried.tell(known.where, known.line, what, CARRIED, f"{to}: {found.rule_id} at {places(found)}{more}")
        else:
            carried.lost(known.where, known.line, what, match.why)


def _report(carried: Carried, *, quiet: bool) -> None:
    """Every line of the files, in their order."""
    told = [one for one in carried.told if not quiet or one.how == NOT]
    for one in sorted(told, key=lambda one: (one.where, one.line)):
        place = f"{one.where}:{one.line}" if one.line else one.where
        answer(harmless(f"{place}: {one.how}: {one.what}: {one.why}"))
