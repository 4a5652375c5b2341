"""The order of the stages: plan, read, prefilter, confirm, decode, filter, locate, fold, receipt.

The only module that knows all of them.  It returns an outcome; the exit code is the caller's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from leaksieve import __version__
from leaksieve.config import Config
from leaksieve.coverage import EXCLUDED_KEPT, Coverage
from leaksieve.engine.prefilter import compile_all
from leaksieve.errors import LeaksieveError, RulesetError, SourceError
from leaksieve.model import Finding, Located, Skip
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Source, Unit
from leaksieve.work import Compiler, Worker, decode, engine_for, ruleset_for

if TYPE_CHECKING:
    from leaksieve.findings.baseline import Baseline
    from leaksieve.findings.fingerprint import Fingerprinter
    from leaksieve.findings.known import Trail
    from leaksieve.history_run import Progress
    from leaksieve.image_run import ImageProgress
    from leaksieve.reports.base import RuleInfo
    from leaksieve.sources.history import HistorySource
    from leaksieve.sources.image import ImageSource
    from leaksieve.verifiers.plan import Candidate

# Up to this many bytes Aho-Corasick in this process is done before Hyperscan has compiled.
SMALL = 3 * 1024 * 1024
# From here on scanning counts for more than starting: one Hyperscan database instead of two.
BULK = 64 * 1024 * 1024
# Entries of the configuration that are named where they were for nothing.
MOST_UNUSED = 5
# So many files that workers died over, before any was scanned, say that it is no file's fault.
HOPELESS = 20


class ProgressEvent(NamedTuple):
    """How far a scan is; ``expected_files`` grows while planning goes on.  ``unit`` is what is counted: files, or a repository's objects."""

    files: int
    expected_files: int
    size: int
    found: int
    unit: str = "files"


class Dropped(Protocol):
    """Takes what is told of dropped candidates: counts by reason, and a line for each where ``each`` asks for it."""

    each: bool

    def add(self, counts: Mapping[str, int], lines: Sequence[str]) -> None:
        """Take what one unit gave."""


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
            run_.scan(began)
        run_.scan_images(began)
        run_.scan_histories(began)
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
        self._died = 0
        self._files = self._size = 0

    def scan(self, began: float) -> None:
        """Feed every unit to a worker and take the answers."""
        units = self._units()
        ahead = []
        for unit in units:
            ahead.append(unit)
            if self._expected("bytes") > BULK:
                break
        small = self._expected("bytes") <= SMALL
        name = engine_for(self._plan.config, small=small)
        limit = self._plan.config.timeout

        def plan_on() -> bool:
            unit = next(units, None)
            if unit is not None:
                ahead.append(unit)
            return unit is not None

        for done in self._results(_chained(ahead, units), name, 1 if small else self._plan.jobs, plan_on):
            unit, result = done
            if result is None:
                self._lost(unit, name)
            else:
                self._take(unit, result)
            if limit is not None and time.perf_counter() - began > limit:
                self._coverage.sources[0].skip(Skip("failed", b"", "timeout", f"the scan was stopped after {limit:g} s; raise --timeout"))
                return

    def scan_images(self, began: float) -> None:
        """Read the images, one after the other."""
        for image in self._plan.images:
            if self._coverage.interrupted:
                return
            from leaksieve.image_run import ImageRun, ImageSettings

            plan, limit = self._plan, self._plan.config.timeout
            settings = ImageSettings(
                jobs=plan.jobs,
                spawn=plan.spawn,
                hashes=plan.line_hashes,
                deadline=time.monotonic() + limit - (time.perf_counter() - began) if limit is not None else None,
                cache=plan.cache is not False,
                cache_dir=plan.cache_dir,
                own_layers=plan.own_layers,
            )
            one = ImageRun(image, self._ruleset, plan.config, settings, plan.progress and self._on_layers)
            try:
                self._located += one.run()
            finally:
                self._coverage.engine = one.engine or self._coverage.engine
                self._coverage.notes += one.notes
                for detail in one.details:
                    plan.detail(detail)
                self._coverage.interrupted = self._coverage.interrupted or one.interrupted

    def _on_layers(self, event: ImageProgress) -> None:
        assert self._plan.progress is not None
        self._plan.progress(ProgressEvent(event.layers, event.expected, event.size, event.found, "layers"))

    def scan_histories(self, began: float) -> None:
        """Read the repositories' object stores, one after the other."""
        for history in self._plan.histories:
            if self._coverage.interrupted:
                return
            from leaksieve.history_run import HistoryRun, Settings

            limit = self._plan.config.timeout
            settings = Settings(
                jobs=self._plan.jobs,
                spawn=self._plan.spawn,
                attribution=self._plan.attribution,
                names=self._plan.names,
                hashes=self._plan.line_hashes,
                deadline=time.monotonic() + limit - (time.perf_counter() - began) if limit is not None else None,
                cache=not history.repository.is_foreign_owned if self._plan.cache is None else self._plan.cache,
                cache_dir=self._plan.cache_dir,
            )
            one = HistoryRun(history, self._ruleset, self._plan.config, settings, self._plan.progress and self._on_objects)
            try:
                self._located += one.run()
            finally:
                self._coverage.engine = one.engine or self._coverage.engine
                self._coverage.notes += one.notes
                for detail in one.details:
                    self._plan.detail(detail)
                self._coverage.interrupted = self._coverage.interrupted or one.interrupted

    def _on_objects(self, event: Progress) -> None:
        assert self._plan.progress is not None
        self._plan.progress(ProgressEvent(event.objects, event.expected, event.size, event.found, "objects"))

    def _units(self) -> Iterator[Unit]:
        """Units of every source, tagged with the source's number; a source that cannot be planned is a failed Skip."""
        for number, source in enumerate(self._plan.sources):
            try:
                for unit in source.units():
                    yield (number, unit)
            except SourceError as error:
                what = f"{error.what}; {error.hint}" if error.hint else error.what
                source.coverage.skip(Skip("failed", error.where.encode(errors="surrogateescape"), getattr(error, "reason", "unreadable"), what))

    def _expected(self, what: str) -> int:
        return sum(source.coverage.expected.get(what, 0) for source in self._plan.sources)

    def _results(self, units: Iterator[Unit], engine: str, jobs: int, plan_on: Callable[[], bool]) -> Iterator[tuple[Unit, bytes | None]]:
        if jobs > 1 and self._plan.ruleset is None and (self._plan.spawn or not hasattr(os, "fork")):
            from leaksieve.parallel import pooled

            self._coverage.engine = engine
            return pooled(units, Recipe(self._plan.sources, self._plan.config, engine, _tell(self._plan.dropped)), jobs)
        bulk = self._expected("bytes") > BULK
        compiler = Compiler(plan_on) if jobs > 1 else compile_all
        worker = Worker(
            self._plan.sources,
            self._ruleset,
            self._plan.config,
            engine,
            compiler,
            joined=bulk or jobs == 1,
            hashes=self._plan.line_hashes,
            tell=_tell(self._plan.dropped),
        )
        self._coverage.engine = worker.engine.name
        if jobs > 1:
            from leaksieve.parallel import forked

            return forked(units, worker, jobs)
        return ((unit, worker(unit)) for unit in units)

    def _lost(self, unit: Unit, engine: str) -> None:
        """A worker died over a unit: try its parts one by one, so that one file cannot take its neighbours with it."""
        from leaksieve.parallel import forked

        number, inner = unit
        source = self._plan.sources[number]  # type: ignore[call-overload]
        worker = Worker(self._plan.sources, self._ruleset, self._plan.config, engine)
        for part in _parts(inner):  # type: ignore[arg-type]
            for _, result in forked(iter(((number, part),)), worker, 1):
                if result is None:
                    source.coverage.skip(Skip("failed", _name(part), "crashed-worker", "a worker process died over it"))
                    self._died += 1
                    if self._died >= HOPELESS and not any(one.coverage.scanned.get("files") for one in self._plan.sources):
                        # No file is to blame: an installation with a part missing dies over each of thousands.
                        raise LeaksieveError("every worker process dies at its first file", hint="run again with -j 1 -v to see why")
                else:
                    self._take((number, part), result)

    def _take(self, unit: Unit, result: bytes) -> None:
        answer = decode(result)
        coverage = self._plan.sources[unit[0]].coverage  # type: ignore[call-overload]
        if answer.files:
            coverage.scan("files", answer.files)
        # The later blocks of a stream are no file of their own, but bytes they are.
        if answer.files or answer.size:
            coverage.scan("bytes", answer.size)
        for unit_, count in answer.counts.items():
            coverage.scan(unit_, count)
        for skip in answer.skips:
            coverage.skip(skip)
        if answer.dropped and self._plan.dropped is not None:
            self._plan.dropped.add(answer.dropped, answer.told)
        self._located += answer.located
        self._files += answer.files
        self._size += answer.size
        if self._plan.progress is not None:
            self._plan.progress(ProgressEvent(self._files, self._expected("files"), self._size, len(self._located)))

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


class Recipe:
    """How to build a worker in a process that inherits nothing; pickles."""

    def __init__(self, sources: Sequence[Source], config: Config, engine: str, tell: int = 0) -> None:
        self.sources = tuple(sources)
        self.config = config
        self.engine = engine
        self.tell = tell

    def __call__(self) -> Worker:
        """Build the worker."""
        return Worker(self.sources, ruleset_for(self.config), self.config, self.engine, tell=self.tell)


def _tell(dropped: Dropped | None) -> int:
    return 0 if dropped is None else 1 + dropped.each


def _parts(unit: Unit) -> list[Unit]:
    """The files of a unit as units of their own."""
    if unit[0] == "files":
        _, root, entries = unit
        return [("files", root, (entry,)) for entry in entries]  # type: ignore[attr-defined]
    if unit[0] == "commits":
        return [("commits", (entry,)) for entry in unit[1]]  # type: ignore[attr-defined]
    return [unit]


def _name(unit: Unit) -> bytes:
    """What a unit of one file is called on the receipt."""
    if unit[0] == "files":
        return bytes(unit[2][0][0])  # type: ignore[index]
    if unit[0] == "commits":
        _, path, oid, *_ = unit[1][0]  # type: ignore[index]
        return bytes(path) or bytes(oid).hex().encode()
    return next((piece for piece in unit if isinstance(piece, bytes)), b"")


def _chained(first: Iterable[Unit], rest: Iterator[Unit]) -> Iterator[Unit]:
    yield from first
    yield from rest
