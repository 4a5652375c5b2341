"""The Python interface: the same engine and the same pipeline as the command line.

>>> from leaksieve import scan
>>> report = scan("path/to/project")
>>> for finding in report.findings:
...     print(finding.rule_id, finding.occurrences[0].path)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.config import Config
from leaksieve.coverage import Coverage
from leaksieve.errors import SourceError, UsageError
from leaksieve.model import Chunk, Finding, Provenance
from leaksieve.ruleset.load import Ruleset, load

if TYPE_CHECKING:
    from leaksieve.findings.fingerprint import Fingerprinter
    from leaksieve.reports.base import RuleInfo


class Report(NamedTuple):
    """What a scan found: findings in order of place, the rules they fired by id, and the coverage receipt."""

    findings: list[Finding]
    rules: Mapping[str, RuleInfo]
    coverage: Coverage


class Scanner:
    """Scans bytes in memory.

    ``ruleset`` defaults to the built-in rules; ``engine`` is aho-corasick or hyperscan (for bulk);
    ``config`` gives the decode depth, what is shown and what is allowed.  A scanner is not shared between threads.
    """

    def __init__(self, ruleset: Ruleset | None = None, *, engine: str = "aho-corasick", config: Config | None = None) -> None:
        from leaksieve.engine.matcher import Engine

        self._ruleset = ruleset if ruleset is not None else load()
        self._config = config or Config()
        self._engine = Engine(self._ruleset, prefilter=engine, decode_depth=self._config.max_decode_depth, timeout=self._config.rule_timeout)

    def scan_bytes(self, data: bytes, path: str | bytes = "<bytes>", *, fingerprinter: Fingerprinter | None = None) -> list[Finding]:
        """Findings in ``data``, as if it were the file ``path``; secrets are masked unless the configuration reveals them."""
        result = self._engine.scan(data, os.fsencode(path))
        if all(match.rejected for match in result.matches):
            return []
        from leaksieve.engine.filters import NO_VALUE
        from leaksieve.findings.fingerprint import key_for
        from leaksieve.findings.locate import locate
        from leaksieve.outcome import fold_located

        chunk = Chunk(data, Provenance("file", os.fsencode(path)))
        prefix = {match.rule_id: str(self._ruleset.by_id(match.rule_id)["public_prefix"]).encode() for match in result.matches}
        matches = [match for match in result.matches if match.rejected not in NO_VALUE]
        located = locate(
            chunk, matches, public_prefix=prefix.__getitem__, reveal=self._config.reveal, inline_allow=self._config.inline_allow, names=self._names
        )
        return fold_located(located, self._ruleset, self._config, fingerprinter or key_for(None, self._config.project, None))

    def _names(self, rule_id: str) -> tuple[str, ...]:
        return (rule_id, *self._ruleset.by_id(rule_id).get("aliases", ()))


def scan(target: str | os.PathLike[str], *, config: Config | None = None, jobs: int = 1, **options: object) -> Report:
    """Scan a directory or a file as it stands.

    ``options`` are fields of :class:`leaksieve.config.Config` and win over ``config``.  Raises
    UsageError for an unknown option or a target that does not exist; what cannot be read becomes a
    failed Skip in ``report.coverage``.
    """
    from leaksieve.gitobjects.repository import bounded, discover
    from leaksieve.pipeline import Plan, run
    from leaksieve.sources.index import tracked_paths
    from leaksieve.sources.worktree import WorktreeSource

    unknown = sorted(set(options) - set(Config._fields))
    if unknown:
        raise UsageError(f"unknown option `{unknown[0]}`", hint=f"known: {', '.join(Config._fields)}")
    settings = (config or Config())._replace(**options)  # type: ignore[arg-type]
    path = os.fsencode(target)
    if not os.path.lexists(path):
        raise UsageError("no such file or directory", where=os.fsdecode(path))
    repository = None
    tracked = None
    notes: tuple[str, ...] = ()
    root = os.path.realpath(path)
    if os.path.isdir(root) and os.path.lexists(os.path.join(root, b".git")):
        try:
            repository = bounded(discover(root), root)
            tracked = frozenset(tracked_paths(repository).files)
        except SourceError as error:
            repository = None
            notes = (f"scanned without its repository: {error.line()}",)
    source = WorktreeSource(
        root,
        requested=os.fsdecode(path),
        max_file_size=settings.max_file_size,
        gitignore=settings.gitignore,
        tracked=tracked,
        repo_root=root if repository is not None else None,
        info_exclude=os.path.join(repository.common_dir, b"info", b"exclude") if repository is not None else None,
        exclude=tuple(os.fsencode(pattern) for pattern in settings.exclude),
    )
    outcome = run(Plan(sources=(source,), config=settings, project_root=root, repository=repository, jobs=jobs, notes=notes))
    return Report(outcome.findings, outcome.rules, outcome.coverage)
