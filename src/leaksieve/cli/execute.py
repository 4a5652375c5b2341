"""Runs a plan, writes its reports and says how it ended: the last stretch of every scanning command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from leaksieve.cli.exits import exit_code, fails, is_shown, only_verified, widened
from leaksieve.cli.outputs import STDOUT, Output, pair, ready, write
from leaksieve.cli.request import Options
from leaksieve.cli.talk import Talk, wants_color, width
from leaksieve.config import Config
from leaksieve.config.discover import Found
from leaksieve.errors import ExitCode
from leaksieve.model import CONFIDENCES, SEVERITIES

if TYPE_CHECKING:
    from leaksieve.cli.dropped import Dropped
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.pipeline import Outcome, ProgressEvent
    from leaksieve.reports.base import Reporter
    from leaksieve.sources.base import Source
    from leaksieve.sources.history import HistorySource
    from leaksieve.sources.image import ImageSource


def talk_for(options: Options) -> Talk:
    """Return this run's voice, set to the wanted verbosity."""
    talk = Talk.current()
    talk.verbosity = options.verbosity
    return talk


def execute(
    options: Options,
    found: Found,
    sources: Callable[[Config], Sequence[Source]],
    *,
    root: str | None,
    repository: Repository | None,
    staged: bool = False,
    histories: Callable[[Config], Sequence[HistorySource]] = lambda _: (),
    attribution: bool = True,
    names: bool = True,
    cache: bool | None = False,
    whole: bool = True,
    images: Callable[[Config], Sequence[ImageSource]] = lambda _: (),
    own_layers: bool = False,
    usual: Callable[[], Reporter] | None = None,
) -> ExitCode:
    """Scan and report.

    ``sources``, ``images`` and ``histories`` build what is scanned once the configuration is settled; ``own_layers`` is for images.  ``root`` is the project's
    folder, ``repository`` the repository there, for the fingerprint key.  ``cache`` is for histories; see the plan's.
    ``whole`` says that a project is scanned and not a part of one, so that entries of a baseline that are not found are stale.
    ``usual`` makes what is written in place of the text report where no format was asked for.
    Raises UsageError before anything is scanned when the reports cannot be written as asked.
    """
    talk = talk_for(options)
    outputs = pair(options.formats, options.outputs)
    reporters = [usual()] if usual is not None and not (options.formats or options.outputs) else ready(outputs)
    config = found.config
    from leaksieve.pipeline import Plan, run

    begin, on_event, clear = progress_for(talk)
    dropped = _dropped(talk, clear)
    plan = Plan(
        sources=sources(config),
        config=widened(config),
        project_root=os.fsencode(root) if root is not None else None,
        repository=repository,
        env_key=_key(talk),
        jobs=config.jobs or _jobs(),
        staged=staged,
        progress=on_event,
        notes=found.notes,
        line_hashes=any(output.format == "sarif" for output in outputs),
        histories=histories(config),
        attribution=attribution,
        names=names,
        cache=cache,
        cache_dir=os.fsencode(os.environ.get("LEAKSIEVE_CACHE_DIR", "")) or None,
        detail=talk.detail,
        keep_rules=options.cache is not False,
        dropped=dropped,
        whole=whole,
        images=images(config),
        own_layers=own_layers,
    )
    verify = None
    if options.verifies:
        from leaksieve.cli.verifying import verification, wanted

        if wanted(options):
            verify = verification(options, found, clear, root=root)
            plan = plan._replace(verify=verify)
    if options.baseline or options.then is not None:
        from leaksieve.cli.baselines import known_to

        plan = known_to(plan, options.baseline)
    if not staged:
        begin()
    try:
        outcome = run(plan)
    finally:
        clear()
    if dropped is not None:
        dropped.finish()
    coverage = outcome.coverage
    coverage.config_path, coverage.config_origin = found.path, found.origin
    coverage.notes += _weakened(found, coverage.rules)
    if verify is not None and verify.plan_only:
        return verify.show(options.formats, coverage, config)
    if options.only_verified:
        outcome = only_verified(outcome)
    failing = sum(fails(finding, config) for finding in outcome.findings if finding.verdict == "active" or not options.fail_on_verified)
    code = exit_code(failing, coverage, config)
    hidden = [finding for finding in outcome.findings if not is_shown(finding.severity, config)]
    if hidden:
        coverage.notes.append(f"{len(hidden)} findings are hidden by --severity {config.severity}; they count for the exit code where --fail-on says so")
        outcome = outcome._replace(findings=[finding for finding in outcome.findings if is_shown(finding.severity, config)])
    if options.then is not None:
        return options.then(plan, outcome)
    _say(talk, outputs, outcome, failing)
    from leaksieve.reports.base import View

    view = View(width(sys.stdout), wants_color(sys.stdout), options.verbosity, config.fail_on, staged)
    write(outputs, reporters, outcome, view, private=config.reveal)
    return code


def _weakened(found: Found, rules: int) -> list[str]:
    """Say aloud what a configuration that came with the repository takes away from the gate."""
    if found.origin != "repository" or found.path is None:
        return []
    config, usual = found.config, Config()
    parts = []
    if config.enable or config.disable:
        parts.append(f"only {rules} rules are on")
    if SEVERITIES.index(config.fail_on) > SEVERITIES.index(usual.fail_on):
        parts.append(f"findings fail the run from {config.fail_on} on")
    if CONFIDENCES.index(config.confidence) > CONFIDENCES.index(usual.confidence):
        parts.append(f"findings are shown from {config.confidence} confidence on")
    if config.allow_incomplete:
        parts.append("what could not be read does not fail the run")
    return [f"by the repository's own {os.path.basename(found.path)}: {'; '.join(parts)}"] if parts else []


def _say(talk: Talk, outputs: Sequence[Output], outcome: Outcome, failing: int) -> None:
    """Say on stderr what a person must know even where no text report is shown."""
    coverage = outcome.coverage
    for warning in coverage.warnings:
        talk.note(warning)
    if Output("text", STDOUT) not in outputs:
        for note in coverage.notes:
            talk.note(note)
        count = len(outcome.findings)
        talk.note(f"{count} {'finding' if count == 1 else 'findings'}, {failing} of them {'fails' if failing == 1 else 'fail'} the run")
    if coverage.interrupted:
        talk.error("interrupted: the report holds what was found until then")
    if coverage.failed:
        talk.error(
            f"incomplete: {coverage.failed} {'thing' if coverage.failed == 1 else 'things'} could not be scanned; the report names {'it' if coverage.failed == 1 else 'them'}"
        )
    elif coverage.strict and not coverage.complete and not coverage.interrupted:
        talk.error("incomplete: things were excluded, and --require-complete=strict counts them; the report names them")


def progress_for(talk: Talk) -> tuple[Callable[[], None], Callable[[ProgressEvent], None] | None, Callable[[], None]]:
    """Return what says that something begins, what draws progress (None when nobody would see it) and what wipes both."""
    from leaksieve.cli.progress import Progress, wanted

    if not wanted(talk.verbosity):
        return lambda: None, None, lambda: None
    progress = Progress()
    return progress.begin, progress.show, progress.clear


def _dropped(talk: Talk, clear: Callable[[], None]) -> Dropped | None:
    """Return what says which candidates were dropped, and why, to those who asked to be told more."""
    if talk.verbosity < 1:
        return None
    from leaksieve.cli.dropped import Dropped

    return Dropped(talk, clear)


def _jobs() -> int:
    from leaksieve.cli.jobs import available

    return available()


def _key(talk: Talk) -> bytes | None:
    """Return the fingerprint key of the environment.  An empty one is what CI gives to those who may not have it."""
    key = os.environ.get("LEAKSIEVE_KEY")
    if key == "":
        talk.note("LEAKSIEVE_KEY is empty and is not used; fingerprints differ from those made with the key")
    return os.fsencode(key) if key else None
