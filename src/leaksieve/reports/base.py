"""The Reporter protocol: how findings, skips and the receipt reach a person or a machine.

A reporter writes text to the stream it was given and knows nothing of files, exit codes or
processes.  Secrets reach it masked already (``Finding.secret``) unless the user asked to reveal
them; paths and contexts may still hold any byte or control character, and the reporter renders
them harmless for its own format.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding


class RuleInfo(NamedTuple):
    """What a report says about a rule that fired; ``aliases`` are ids it had before."""

    id: str
    name: str
    family: str
    provider: str
    severity: str
    confidence: str
    tags: tuple[str, ...]
    impact: str
    documentation: str
    rotation: str
    revoke: tuple[str, ...]
    aliases: tuple[str, ...] = ()


class View(NamedTuple):
    """How to render; decided by the CLI, never by the reporter.

    ``width`` in columns; ``color`` true only where escape codes are wanted; ``verbosity`` -1 quiet, 0, 1, 2.
    ``fail_on`` is the severity from which findings fail the run; ``staged`` says it is a gate on a commit.
    """

    width: int = 80
    color: bool = False
    verbosity: int = 0
    fail_on: str = "medium"
    staged: bool = False


class Reporter(Protocol):
    """One output format.

    Streaming formats write in ``finding``; the others collect.  ``finish`` is always called once,
    also after an interruption, with the final receipt.
    """

    def start(self, stream: TextIO, view: View, /) -> None:
        """Begin a report on a text stream (UTF-8, newline as given)."""

    def finding(self, finding: Finding, rule: RuleInfo, /) -> None:
        """Take one folded finding, with all its occurrences, in report order."""

    def finish(self, coverage: Coverage) -> None:
        """Write what is left, the receipt last."""
