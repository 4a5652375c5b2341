"""The terminal: keys and lines in, text out, and one page that is gone when it is left."""

from __future__ import annotations

import io
import os
import sys

import click

from leaksieve.cli.talk import wants_color, width
from leaksieve.reports.text_style import Style

_OTHER_PAGE, _FIRST_PAGE = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[2J\x1b[?1049l"


class Screen:
    """A person at a terminal."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Names that the terminal's encoding lacks must not end the triage.
            sys.stdout.reconfigure(errors="backslashreplace")
        self.style = Style(color=wants_color(sys.stdout), width=width(sys.stdout))

    def show(self, *lines: str) -> None:
        """Write lines; they are harmless already."""
        sys.stdout.write("".join(line + "\n" for line in lines))
        sys.stdout.flush()

    def key(self, prompt: str) -> str:
        """Return the one key that is pressed; "" for what is no single character (arrows, something pasted).  Ctrl-C and the end of input are raised."""
        sys.stdout.write(prompt)
        sys.stdout.flush()
        pressed = click.getchar()
        shown = pressed if len(pressed) == 1 and pressed.isprintable() else ""
        self.show(shown)
        return shown

    def line(self, prompt: str) -> str:
        """Return a line that is typed; "" for bytes that are no text."""
        try:
            return input(prompt)
        except UnicodeDecodeError:
            return ""

    def page(self, *lines: str) -> bool:
        """Show lines on a page of their own until a key is pressed, then take them away; False where the terminal has no such page."""
        if os.environ.get("TERM", "dumb") in ("", "dumb"):
            return False
        try:
            self.show(_OTHER_PAGE + "\r", *lines, "", "Any key hides this.")
            click.getchar()
        finally:
            sys.stdout.write(_FIRST_PAGE)
            sys.stdout.flush()
        return True


def require_terminal() -> None:
    """Raise UsageError where nobody could press a key."""
    from leaksieve.errors import UsageError

    if sys.stdin is None or sys.stdout is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "needs a terminal, for it asks about one finding after another", where="leaksieve audit", hint="`leaksieve allow` accepts by fingerprint"
        )
