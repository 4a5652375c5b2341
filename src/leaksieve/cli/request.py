"""What was asked for on the command line, as a plain record; knows nothing of how it was parsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from leaksieve.errors import ExitCode
    from leaksieve.pipeline import Outcome, Plan


class Options(NamedTuple):
    """The shared options; a default means "not given".

    ``then`` is a command's own: it gets the plan and the outcome, and does what it wants with them in place of reports.
    """

    formats: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    config: str | None = None
    baseline: tuple[str, ...] = ()
    confidence: str | None = None
    severity: str | None = None
    fail_on: str | None = None
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    repo_config: bool = True
    trust_repo_config: bool = False
    inline_allow: bool | None = None
    require_reason: bool | None = None
    gitignore: bool | None = None
    reveal: bool = False
    dedupe: bool | None = None
    engine: str | None = None
    jobs: str | None = None
    max_file_size: str | None = None
    max_decode_depth: str | None = None
    max_archive_depth: str | None = None
    rule_timeout: str | None = None
    timeout: str | None = None
    verify: bool = False
    verify_plan: bool = False
    verify_only: tuple[str, ...] = ()
    verify_endpoint: tuple[str, ...] = ()
    verify_ssh: tuple[str, ...] = ()
    verify_config: str | None = None
    verify_timeout: str | None = None
    verify_cache: bool | None = None
    only_verified: bool = False
    fail_on_verified: bool = False
    stores: tuple[str, ...] = ()
    allow_root: tuple[str, ...] = ()
    exit_zero: bool | None = None
    allow_incomplete: bool | None = None
    require_complete: str | None = None
    cache: bool | None = None
    verbosity: int = 0
    then: Callable[[Plan, Outcome], ExitCode] | None = None

    @property
    def verifies(self) -> bool:
        """Whether anything was said of live checks."""
        given = (self.verify, self.verify_plan, self.verify_only, self.verify_endpoint, self.verify_ssh, self.verify_config, self.verify_timeout)
        return any(given) or self.only_verified or self.fail_on_verified or self.verify_cache is not None
