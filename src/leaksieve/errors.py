"""What can go wrong, and the exit code each outcome maps to.

The tree::

    LeaksieveError
    |-- UsageError            exit 2: bad option, bad path given by name, bad combination
    |   `-- ConfigError       exit 2: a configuration or ruleset file that does not hold
    |       `-- RulesetError  exit 2: a rule that does not validate
    `-- SourceError           exit 3: something that was asked for could not be read

Anything else that escapes is a bug: exit 4, with the traceback only under ``-v``.
Every error carries one line for a person: what, where, what to do.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Process exit codes; they do not vary by report format.

    Precedence when several apply: USAGE, INTERNAL, INTERRUPTED, FINDINGS, INCOMPLETE, CLEAN.
    """

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERNAL = 4
    INTERRUPTED = 130


class LeaksieveError(Exception):
    """Base of every error leaksieve raises on purpose; ``str(error)`` is the line shown."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(self.line())

    def line(self) -> str:
        """One line: where: what (hint)."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


class UsageError(LeaksieveError):
    """The command cannot be carried out as given."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A configuration file or option value does not hold."""


class RulesetError(ConfigError):
    """A rule file or a rule does not validate."""


class SourceError(LeaksieveError):
    """A target named by the user could not be read at all."""

    exit_code = ExitCode.INCOMPLETE
