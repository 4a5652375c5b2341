"""Scanning an image in this process, with the rules read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from leaksieve.config import Config
from leaksieve.model import Finding, Occurrence
from leaksieve.pipeline import Plan, run
from leaksieve.ruleset.load import Ruleset, load


@cache
def rules() -> Ruleset:
    return load(())


class Scanned(NamedTuple):
    """Findings by their value (revealed), and the receipt."""

    findings: dict[str, Finding]
    coverage: Any

    @property
    def skips(self) -> set[tuple[str, str]]:
        return {(skip.kind, skip.reason) for source in self.coverage.sources for skip in source.skips}

    def at(self, value: str) -> list[Occurrence]:
        return list(self.findings[value].occurrences)

    def one(self, value: str) -> dict[str, Any]:
        """The only place of a value: its source, with the path."""
        (place,) = self.findings[value].occurrences
        return {"path": place.path.decode(), "archive_path": place.archive_path, "line": place.start_line, **place.source}


def scan(path: Path | str, *, jobs: int = 1, cache_dir: Path | None = None, platform: str = "", own_layers: bool = False, **settings: Any) -> Scanned:
    from leaksieve.cli.images import image_sources

    sources = image_sources([str(path)], platform)
    config = Config(reveal=True, inline_allow=False, **settings)
    plan = Plan(
        sources=(),
        config=config,
        images=sources,
        ruleset=rules(),
        jobs=jobs,
        own_layers=own_layers,
        cache=cache_dir is not None,
        cache_dir=None if cache_dir is None else bytes(cache_dir),
    )
    outcome = run(plan)
    return Scanned({finding.secret: finding for finding in outcome.findings}, outcome.coverage)
