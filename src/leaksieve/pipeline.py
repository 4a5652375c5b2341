"""The order of the stages: plan, read, prefilter, confirm, decode, filter, locate, fold, receipt.

The only module that knows all of them.  It returns an outcome; the exit code is the caller's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from leaksieve import __version__
from leaksieve.config import Config
from leaksieve.coverage import EXCLUDED_KEPT, Coverage
from leaksieve.errors import RulesetError
from leaksieve.model import Finding, Located
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Source
from leaksieve.work import ruleset_for

if TYPE_CHECKING:
    from leaksieve.findings.baseline import Baseline
    from leaksieve.findings.fingerprint import Fingerprinter
    from leaksieve.findings.known import Trail
    from leaksieve.history_run import HistoryRun
    from leaksieve.image_run import ImageRun
    from leaksieve.reports.base import RuleInfo
    from leaksieve.source_run import Dropped
    from leaksieve.sources.history import HistorySource
    from leaksieve.sources.image import ImageSource
    from leaksieve.verifiers.plan import Candidate

# Entries of the configuration that are named where they were for nothing.
MOST_UNUSED = 5


class ProgressEvent(NamedTuple):
    """How far a scan is; ``expected_files`` grows while planning goes on.  ``unit`` is what is counted: files, or a repository's objects."""

    files: int
    expected_files: int
    size: int
    found: int
    unit: str = "files"


class Verify(Protocol):
    """Asks providers about the credentials behind findings."""

    def __call__(
        self, findings: list[Finding], rules: Mapping[str, RuleInfo], candidates: Callable[[Collection[str]], list[Candidate]], coverage: Coverage, /
    ) -> list[Finding]:
        """Return the findings with their verdicts.  ``candidates`` takes the ids of the user's own rules and gives the credentials."""


class Plan(NamedTuple):
    """What to scan and how.

    ``repository`` (of the project's root) gives fingerprints their key; ``env_key`` is LEAKSIEVE_KEY.
    ``jobs`` is the number of workers allowed; ``spawn`` forbids forking; ``line_hashes`` are wanted by SARIF alone.
    ``images`` are read after the other sources, ``own_layers`` leaves out what only their base images hold.
    ``histories`` are repositories whose whole object store is read last; ``attribution`` says whether
    their findings are traced to commits, ``names`` whether names of files are scanned.  ``cache`` says whether what is found
    out of a history is kept for the next scan (None: of the user's own repositories), ``cache_dir`` where, if not in the user's
    cache folder.  ``detail`` takes sentences for those who asked to be told more.
    ``ruleset`` is scanned with in place of the one the configuration names; processes that are spawned cannot be given it.
    ``dropped`` is told what was looked at in files and is no finding.  ``keep_rules`` keeps compiled rules of files, there too.
    ``baselines`` are what is known already, checked against ``fingerprinter``, which is used in place of one made from the
    repository and ``env_key``; ``whole`` says that everything there is was to be scanned.
    ``verify`` is given what was found, with its values, before anything is reported.
    """

    sources: Sequence[Source]
    config: Config
    project_root: bytes | None = None
    repository: Any = None
    env_key: bytes | None = None
    jobs: int = 1
    staged: bool = False
    progress: Callable[[ProgressEvent], None] | None = None
    notes: Sequence[str] = ()
    spawn: bool = False
    line_hashes: bool = True
    histories: Sequence[HistorySource] = ()
    attribution: bool = True
    names: bool = True
    cache: bool | None = False
    cache_dir: bytes | None = None
    detail: Callable[[str], None] = lambda _: None
    ruleset: Ruleset | None = None
    dropped: Dropped | None = None
    keep_rules: bool = False
    baselines: Sequence[Baseline] = ()
    fingerprinter: Fingerprinter | None = None
    whole: bool = True
    images: Sequence[ImageSource] = ()
    own_layers: bool = False
    verify: Verify | None = None


class Outcome(NamedTuple):
    """What a run gave: findings in report order, the rules they fired, and the receipt."""

    findings: list[Finding]
    rules: Mapping[str, RuleInfo]
    coverage: Coverage


def run(plan: Plan) -> Outcome:
    """Scan.  Raises ConfigError for rules that do not hold; what cannot be read becomes a Skip; Ctrl-C ends it early."""
    began = time.perf_counter()
    coverage = Coverage()
    coverage.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    coverage.version = __version__
    coverage.strict = plan.config.require_complete == "strict"
    coverage.notes += plan.notes
    ruleset = ruleset_for(plan.config, _keep(plan)) if plan.ruleset is None else plan.ruleset
    coverage.notes += ruleset.foreign.get("notes", ())
    if not len(ruleset):
        raise RulesetError("every rule is switched off, so nothing could be found", hint="see enable and disable in the configuration, --enable and --disable")
    coverage.ruleset_hash, coverage.rules = ruleset.hash, len(ruleset)
    coverage.sources = [*(source.coverage for source in plan.sources), *(image.coverage for image in plan.images), *(past.coverage for past in plan.histories)]
    run_ = _Run(plan, ruleset, coverage)
    try:
        if plan.sources:
            run_.scan()
        run_.scan_images()
        run_.scan_histories()
    except KeyboardInterrupt:
        coverage.interrupted = True
    findings, rules = run_.fold()
    coverage.seconds = round(time.perf_counter() - began, 3)
    return Outcome(findings, rules, coverage)


def _keep(plan: Plan) -> Any:
    """Where compiled rules of files are kept, if there are such files."""
    if not plan.config.rules or not plan.keep_rules:
        return None
    from leaksieve.cache.rules import RuleCache

    return RuleCache(plan.cache_dir)


class _Run:
    def __init__(self, plan: Plan, ruleset: Ruleset, coverage: Coverage) -> None:
        self._plan = plan
        self._ruleset = ruleset
        self._coverage = coverage
        self._located: list[Located] = []
        limit = plan.config.timeout
        self._deadline = None if limit is None else time.monotonic() + limit

    def scan(self) -> None:
        """Read what is scanned file by file."""
        from leaksieve.source_run import SourceRun, SourceSettings

        plan = self._plan
        settings = SourceSettings(
            jobs=plan.jobs, spawn=plan.spawn, spawnable=plan.ruleset is None, hashes=plan.line_hashes, deadline=self._deadline, dropped=plan.dropped
        )
        SourceRun(plan.sources, self._ruleset, plan.config, settings, self._coverage, self._located, self._said("files")).run()

    def scan_images(self) -> None:
        """Read the images, one after the other."""
        plan = self._plan
        for image in plan.images:
            if self._coverage.interrupted:
                return
            from leaksieve.image_run import ImageRun, ImageSettings

            settings = ImageSettings(
                jobs=plan.jobs,
                spawn=plan.spawn,
                hashes=plan.line_hashes,
                deadline=self._deadline,
                cache=plan.cache is not False,
                cache_dir=plan.cache_dir,
                own_layers=plan.own_layers,
            )
            self._follow(ImageRun(image, self._ruleset, plan.config, settings, self._said("layers")))

    def scan_histories(self) -> None:
        """Read the repositories' object stores, one after the other."""
        plan = self._plan
        for history in plan.histories:
            if self._coverage.interrupted:
                return
            from leaksieve.history_run import HistoryRun, Settings

            settings = Settings(
                jobs=plan.jobs,
                spawn=plan.spawn,
                attribution=plan.attribution,
                names=plan.names,
                hashes=plan.line_hashes,
                deadline=self._deadline,
                cache=not history.repository.is_foreign_owned if plan.cache is None else plan.cache,
                cache_dir=plan.cache_dir,
            )
            self._follow(HistoryRun(history, self._ruleset, plan.config, settings, self._said("objects")))

    def _follow(self, one: HistoryRun | ImageRun) -> None:
        try:
            self._located += one.run()
        finally:
            self._coverage.engine = one.engine or self._coverage.engine
            self._coverage.notes += one.notes
            for detail in one.details:
                self._plan.detail(detail)
            self._coverage.interrupted = self._coverage.interrupted or one.interrupted

    def _said(self, unit: str) -> Callable[[tuple[int, int, int, int]], None] | None:
        """What is told how far a run is (done, expected, bytes, found) in units of this kind, if anybody wants to know."""
        progress = self._plan.progress
        return None if progress is None else lambda so_far: progress(ProgressEvent(*so_far, unit))

    def fold(self) -> tuple[list[Finding], dict[str, RuleInfo]]:
        """Locations -> findings with fingerprints, what is not shown left out and counted."""
        plan, coverage = self._plan, self._coverage
        today = coverage.started[: len("2024-01-31")]
        coverage.allow = [entry.told(today, 0) for entry in plan.config.allow]
        coverage.unused = [entry.reason for entry in plan.config.allow if not entry.is_expired(today)]
        if plan.config.exclude:
            self._count_excluded()
        # Of an interrupted or incomplete scan nobody knows what it would have found.
        whole = plan.whole and not coverage.failed and not coverage.interrupted
        try:
            return self._folded(whole, today)
        finally:
            if whole:
                self._tell_unused()

    def _count_excluded(self) -> None:
        """Say of each pattern of the configuration what it left out."""
        from leaksieve.sources.exclusions import counted

        left_out: dict[bytes, int] = {}
        for source in self._coverage.sources:
            for path, count in source.configured.items():
                left_out[path] = left_out.get(path, 0) + count
        patterns = self._plan.config.exclude
        counts = counted([os.fsencode(pattern) for pattern in patterns], left_out)
        self._coverage.exclude = [{"pattern": pattern, "places": count} for pattern, count in zip(patterns, counts, strict=True)]

    def _tell_unused(self) -> None:
        """Name what is in the configuration for nothing."""
        coverage = self._coverage
        if coverage.unused:
            noun = "an allow entry" if len(coverage.unused) == 1 else f"{len(coverage.unused):,} allow entries"
            coverage.notes.append(f"{noun} of the configuration hid nothing: {'; '.join(coverage.unused[:MOST_UNUSED])}")
        idle = [str(one["pattern"]) for one in coverage.exclude if not one["places"] and not str(one["pattern"]).startswith("!")]
        if idle and all(len(source.configured) < EXCLUDED_KEPT for source in coverage.sources):
            noun = "a pattern" if len(idle) == 1 else f"{len(idle):,} patterns"
            coverage.notes.append(f"{noun} under `exclude` left nothing out: {' '.join(idle[:MOST_UNUSED])}")

    def _folded(self, whole: bool, today: str) -> tuple[list[Finding], dict[str, RuleInfo]]:
        """Findings, with what was known before the scan marked."""
        plan, coverage = self._plan, self._coverage
        expired = any(entry.is_expired(today) for entry in plan.config.allow)
        if not self._located and not plan.baselines and not expired:
            return [], {}
        from leaksieve.outcome import Before, findings_of, fingerprint_key

        key = plan.fingerprinter or fingerprint_key(plan.config, plan.repository, plan.env_key)
        coverage.key = (key.key_name, key.key_id)
        before = Before(plan.baselines, self._trail, whole) if plan.baselines else None
        findings, rules = findings_of(self._located, self._ruleset, plan.config, key, coverage, before)
        findings = self._owned(findings)
        if plan.verify is not None and findings and not coverage.interrupted:
            from leaksieve.outcome import candidates_of

            findings = plan.verify(findings, rules, lambda own: candidates_of(findings, self._located, self._ruleset, key, own), coverage)
        return findings, rules

    def _owned(self, findings: list[Finding]) -> list[Finding]:
        """The findings with who answers for their places; paths of several targets are no repository's own."""
        roots = {source.resolved for source in self._coverage.sources if source.kind != "git"}
        if not findings or self._plan.project_root is None or len(roots) > 1:
            return findings
        from leaksieve.sources.owners import owners_of

        owners = owners_of(self._plan.project_root)
        if owners is None:
            return findings
        out = []
        for finding in findings:
            places = [one if one.source.get("kind") == "image" else one._replace(owners=owners.of(one.path)) for one in finding.occurrences]
            out.append(finding._replace(occurrences=tuple(places)))
        return out

    def _trail(self) -> Trail | None:
        """What tells where files are that baselines speak of."""
        plan = self._plan
        if plan.repository is None and plan.project_root is None:
            return None
        from leaksieve.sources.followed import Folder, Followed

        return Folder(plan.project_root) if plan.repository is None and plan.project_root is not None else Followed(plan.repository)
