"""What is said on stderr, and what the terminal can do.  stdout belongs to the reports."""

from __future__ import annotations

import os
import sys
from typing import TextIO


class Talk:
    """Lines for a person on stderr.  ``verbosity`` is -1 (quiet), 0, 1 or 2."""

    __slots__ = ("verbosity",)

    def __init__(self) -> None:
        self.verbosity = 0

    @staticmethod
    def current() -> Talk:
        """The voice of the command that runs."""
        return _current[-1] if _current else Talk()

    def speak(self) -> Talk:
        """Make this the voice of the command that runs."""
        _current[:] = [self]
        return self

    def error(self, text: str) -> None:
        """Say why nothing or not everything was done; also when quiet."""
        from leaksieve.cli.cover import covered

        text = harmless(covered(text))
        self.block(text if text.startswith("leaksieve ") else f"leaksieve: {text}")

    def note(self, text: str) -> None:
        """Say something worth knowing; not when quiet."""
        if self.verbosity >= 0:
            self.error(text)

    def detail(self, text: str) -> None:
        """Say something only the curious want to know."""
        if self.verbosity > 0:
            self.error(text)

    def block(self, text: str) -> None:
        """Write lines as they are.  A stderr that is closed or gone must not change the outcome."""
        try:
            sys.stderr.write(text + "\n")
        except (OSError, ValueError, AttributeError):
            return


_current: list[Talk] = []


def answer(text: str) -> None:
    """Write a line to stdout.  A reader that went away ends the command quietly; any other trouble is a UsageError."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        from leaksieve.errors import UsageError

        raise UsageError(f"cannot write to standard output: {error.strerror}") from None


def harmless(text: str) -> str:
    """Escape control characters, undecodable bytes and orders to CI systems: names come from whoever wrote the scanned files."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    if "##" in text:
        from leaksieve.reports.render import visible

        text = visible(text)
    return text


def wants_color(stream: TextIO | None) -> bool:
    """Whether to colour a stream: ``NO_COLOR`` forbids it, ``FORCE_COLOR`` asks for it, else terminals get it."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def width(stream: TextIO | None) -> int:
    """Columns to fill: ``COLUMNS``, else the terminal's width, else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and 20 <= int(columns) <= 1000:
        return int(columns)
    if stream is None:
        return 80
    try:
        return max(os.get_terminal_size(stream.fileno()).columns, 20)
    except (OSError, ValueError):
        return 80
