"""Everything a repository has ever held: beside other scanners, beside git, and beside reading it without scanning."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks import corpus, figures, rescan, scaling, tools
from benchmarks.measure import Command, Measured, alternate, say
from benchmarks.session import Section, Session, Unavailable

RUNS = 5
MEMORY_RUNS = 3
ROUNDS = 3
# Names of commands.  The reference has no attribution, since that is work the others do not do.
PLAIN, ATTRIBUTED, FLOOR, LOG = tools.LEAKSIEVE, "leaksieve, attributed", "floor", "git log"
TURBO = "kingfisher --turbo"
PEERS = ("kingfisher", TURBO, "betterleaks")
GIT_LOG = "git log --all --raw -c --no-renames > /dev/null"
# What stands before the stroke, and what behind it.
RATIOS = (*((PLAIN, peer) for peer in PEERS), (PLAIN, FLOOR), *((ATTRIBUTED, peer) for peer in PEERS))


def bench(session: Session) -> list[Section]:
    """All tools on the whole history of every clone (or those of ``--repos``), then leaksieve by itself."""
    python = tools.interpreter(session.leaksieve)
    if python is None:
        raise Unavailable(f"{session.leaksieve.program} is no Python script, so its parts cannot be measured")
    slow = tools.uncompiled(session.leaksieve, session.environment, "leaksieve.history_run", "leaksieve.gitobjects.packtable_bulk")
    if slow:
        raise Unavailable(f"these modules have no bytecode, so every start would compile them: {', '.join(slow[:8])}; run `python -m compileall` on them")
    sections = []
    for repository in chosen(corpus.clones(), session.repos):
        sections += _beside(session, python, repository)
        sections.append(scaling.bench(session, python, repository, ROUNDS))
        sections.append(rescan.bench(session, repository, ROUNDS))
    return sections


def chosen(clones: list[str], names: tuple[str, ...]) -> list[str]:
    """The clones of these names, or all; Unavailable where one is not there."""
    found = {os.path.basename(path): path for path in clones}
    missing = [name for name in names if name not in found]
    if missing:
        raise Unavailable(f"{corpus.VARIABLE} holds no clone {', '.join(missing)}, only {', '.join(found)}")
    return [found[name] for name in names or found]


def commands(session: Session, python: str, repository: str) -> list[Command]:
    """What is compared."""
    ours = session.leaksieve
    found = [ours.history(repository, "--no-attribution"), ours.history(repository)._replace(name=ATTRIBUTED)]
    for peer in session.peers:
        if peer.name in PEERS:
            found.append(peer.history(repository))
        if peer.name == "kingfisher":
            found.append(peer.history(repository, "--turbo")._replace(name=TURBO))
    found.append(Command(LOG, ("sh", "-c", f"exec {GIT_LOG}"), repository, GIT_LOG))
    found.append(Command(FLOOR, (python, "-P", os.fspath(scaling.FLOOR), "."), repository, "python benchmarks/floor.py ."))
    return found


def _beside(session: Session, python: str, repository: str) -> list[Section]:
    name = os.path.basename(repository)
    receipt = counts(_report(session, repository, "--no-attribution"))
    traced = is_traced(_report(session, repository))
    read = scaling.floor(session, python, repository, 1)
    title = f"History: {name}, {receipt['objects']:,} objects, {receipt['bytes'] / 1e9:.2f} GB unpacked, {receipt['commits']:,} commits, findings: {receipt['findings']:,}"
    say(title)
    measured = alternate(commands(session, python, repository), session.environment, session.runs or RUNS, min(session.runs or RUNS, MEMORY_RUNS))
    differs = [what for what in ("objects", "bytes") if read[what] != receipt[what]]
    notes = tuple(f"THE FLOOR READ {read[what]:,} {what}, the scan {receipt[what]:,}" for what in differs)
    return [
        Section(title, figures.compared(measured), figures.raw(measured), notes, failed=bool(differs)),
        Section(f"What it comes to: {name}", ratios(measured), None, (attribution(measured, traced=traced),)),
    ]


def _report(session: Session, repository: str, *options: str) -> Mapping[str, Any]:
    """The JSON report of a scan that is not timed."""
    done = session.call("git", ".", "--no-cache", "-f", "json", *options, cwd=repository)
    if done.returncode not in {0, 1}:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
        raise Unavailable(f"leaksieve git in {repository}: exit {done.returncode}: {last[0]}")
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def counts(report: Mapping[str, Any]) -> dict[str, int]:
    """What a JSON report says was scanned and found."""
    scanned = [source["scanned"] for source in report["coverage"]["sources"]]
    return {**{what: sum(each.get(what, 0) for each in scanned) for what in ("objects", "bytes", "commits")}, "findings": len(report["findings"])}


def is_traced(report: Mapping[str, Any]) -> bool:
    """Whether findings are traced to commits, or there is nothing to trace."""
    places = [place["source"] for finding in report["findings"] for place in finding["occurrences"]]
    return not places or any("commit" in place or "reachable" in place for place in places)


def ratios(all_measured: list[Measured]) -> str:
    """One row for each pair that was measured: wall time, the same round by round, CPU and anonymous memory."""
    by_name = {measured.command.name: measured for measured in all_measured if not measured.void}
    rows = []
    for one, other in RATIOS:
        if one not in by_name or other not in by_name:
            continue
        ours, theirs = figures.figures(by_name[one], by_name[one]), figures.figures(by_name[other], by_name[one])
        label = f"{'attributed' if one == ATTRIBUTED else 'without attribution'} / {other}"
        rows.append(
            (label, *(fraction(value) for value in (theirs.ratio, theirs.paired, _over(ours.cpu, theirs.cpu), _over(ours.anonymous, theirs.anonymous))))
        )
    return figures.table(("leaksieve / it", "wall", "wall, pair by pair", "CPU", "anonymous memory"), rows)


def attribution(all_measured: list[Measured], *, traced: bool) -> str:
    """What attribution adds, round by round, beside git's own listing of all changes; as a sentence."""
    if not traced:
        return "Attribution alone: not there yet, no finding names a commit, so that rows called attributed are runs without it."
    by_name = {measured.command.name: measured.runs for measured in all_measured if not measured.void}
    if not {PLAIN, ATTRIBUTED, LOG} <= by_name.keys():
        return "Attribution alone: not measured, since a run of it is void."
    rounds = list(zip(by_name[ATTRIBUTED], by_name[PLAIN], by_name[LOG], strict=True))
    wall, cpu = median(one.wall - less.wall for one, less, _ in rounds), median(one.cpu - less.cpu for one, less, _ in rounds)
    log_wall, log_cpu = median(log.wall for _, _, log in rounds), median(log.cpu for _, _, log in rounds)
    alone = f"Attribution alone (the run with it less the run without, in the same round): {wall:.2f} s, CPU {cpu:.2f} s"
    return f"{alone}; `{GIT_LOG}`: {log_wall:.2f} s, CPU {log_cpu:.2f} s."


def fraction(value: float | None) -> str:
    """A ratio as a number and, under 1, as a part of one."""
    if value is None:
        return "-"
    return f"{value:.3f} (1/{1 / value:.1f})" if 0 < value < 1 else f"{value:.2f}"


def _over(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None
