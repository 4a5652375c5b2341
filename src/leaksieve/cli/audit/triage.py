"""The loop of the triage: shows a finding, takes a verdict, goes on; knows nothing of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import gmtime, strftime
from typing import NamedTuple, Protocol

from leaksieve.cli.audit.record import Decision, Record
from leaksieve.cli.audit.verdicts import BASELINE, BY_KEY, BY_NAME, NOWHERE, VERDICTS, Verdict
from leaksieve.errors import UsageError
from leaksieve.model import Finding
from leaksieve.reports.base import RuleInfo
from leaksieve.reports.render import visible
from leaksieve.reports.text_finding import block, places
from leaksieve.reports.text_style import Style, counted

_KEYS = "r real  b baseline  t test  f false alarm  x revoked    s skip  u undo  v view  / filter  ? help  q quit"
_HELP = (
    *(f"  {verdict.key}   {verdict.about}" for verdict in VERDICTS),
    "  s   skip it for now (also the space bar and n)",
    "  u   take back the last verdict or skip",
    "  v   view the line with the secret in full, on a page that is gone when a key is pressed",
    "  p   list every place",
    "  /   show only findings with these words in rule, path or severity; nothing shows all again",
    "  q   write what was decided and stop (Ctrl-C does, too); the next time goes on from here",
)


class Terminal(Protocol):
    """What the loop needs of a terminal."""

    style: Style

    def show(self, *lines: str) -> None:
        """Write lines."""

    def key(self, prompt: str) -> str:
        """Return one key."""

    def line(self, prompt: str) -> str:
        """Return one line."""

    def page(self, *lines: str) -> bool:
        """Show lines and take them away."""


class Settings(NamedTuple):
    """``require_reason`` wants a typed reason; ``worded`` checks one (raises UsageError); ``reveal`` gives a finding's lines in full, or raises UsageError."""

    require_reason: bool
    worded: Callable[[str], str]
    reveal: Callable[[Finding], Sequence[str]]


class Triage:
    """One run over a queue of findings."""

    def __init__(
        self, queue: Sequence[Finding], rules: Mapping[str, RuleInfo], entries: Mapping[str, str], record: Record, terminal: Terminal, settings: Settings
    ) -> None:
        self._queue = list(queue)
        self._rules = rules
        self._entries = entries
        self._record = record
        self._terminal = terminal
        self._settings = settings
        self._words: list[str] = []
        self._skipped: set[str] = set()
        # What was done in this run, for undoing: fingerprints, the last one last.
        self._done: list[str] = []

    @property
    def decided(self) -> int:
        """How many verdicts this run gave."""
        return len(self._done) - len(self._skipped)

    def run(self) -> None:
        """Go through the queue.  Ends when nothing is left or on ``q``; KeyboardInterrupt and EOFError pass through, with everything kept."""
        shown = None
        while True:
            finding = self._next()
            if finding is None and not self._words:
                # Verdicts are written when this ends, so the last one can be taken back, too.
                if self._done and self._terminal.key("That was the last one. u takes it back, any other key ends: ") == "u":
                    self._undo()
                    continue
                return
            if finding is None:
                self._terminal.show("Nothing more matches the filter.")
                self._words = []
                continue
            if finding is not shown:
                self._present(finding)
                shown = finding
            key = self._terminal.key("> ")
            if key == "q":
                return
            if self._act(key, finding):
                shown = None

    def _next(self) -> Finding | None:
        # What was skipped comes again in the next run, not in this one.
        taken = self._record.decisions.keys() | self._skipped
        return next((one for one in self._queue if one.fingerprint not in taken and self._matches(one)), None)

    def _matches(self, finding: Finding) -> bool:
        if not self._words:
            return True
        text = "\n".join([finding.rule_id, finding.rule_name, finding.severity, *places(finding)]).lower()
        return all(word in text for word in self._words)

    def _present(self, finding: Finding) -> None:
        style = self._terminal.style
        done = sum(1 for one in self._queue if one.fingerprint in self._record.decisions or one.fingerprint in self._skipped)
        head = f"── {done + 1:,} of {len(self._queue):,}"
        if self._words:
            head += f", filter: {visible(' '.join(self._words))}"
        lines = block(finding, self._rules[finding.rule_id], style, explain=True, unfolded=False, verbose=True)
        self._terminal.show("", style.paint("dim", head + " ──"), *lines, f"  id    {finding.fingerprint}", "", style.paint("dim", _KEYS))

    def _act(self, key: str, finding: Finding) -> bool:
        """Do what a key says; whether the finding (or another) is to be shown anew."""
        show = self._terminal.show
        if key in BY_KEY:
            return self._decide(BY_KEY[key], finding)
        if key in ("s", "n", " "):
            self._skipped.add(finding.fingerprint)
            self._done.append(finding.fingerprint)
            return True
        if key == "u":
            return self._undo()
        if key == "v":
            self._view(finding)
        elif key == "p":
            show(*(f"  {place}" for place in places(finding)))
        elif key == "/":
            self._words = self._terminal.line("show only: ").lower().split()
            return True
        elif key == "?":
            show(*_HELP)
        elif key:
            show(f"No such key: {key}   (? lists them)")
        return False

    def _decide(self, verdict: Verdict, finding: Finding) -> bool:
        reason = ""
        if verdict.goes != NOWHERE:
            typed = self._reason(verdict)
            if typed is None:
                return False
            reason = typed
        at = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())
        entry = self._entries[finding.fingerprint]
        # One word, whatever a report says: baselines have words on a line.
        rule_id = "-".join(finding.rule_id.split()) or "unknown"
        self._record.take(Decision(finding.fingerprint, rule_id, verdict.name, reason, entry, at, pending=verdict.goes != NOWHERE))
        self._done.append(finding.fingerprint)
        return True

    def _reason(self, verdict: Verdict) -> str | None:
        """Return why, None where nothing was said and something must be."""
        needed = self._settings.require_reason
        # A baseline is a list of debts and has no reasons; one that is typed is written beside the entry.
        usual = "" if needed or verdict.goes == BASELINE else verdict.reason
        while True:
            typed = self._terminal.line(f"reason{f' [{usual}]' if usual else ''}: ").strip()
            if not typed:
                if needed:
                    self._terminal.show("A reason is needed (--require-reason); nothing was decided.")
                    return None
                return usual
            try:
                return self._settings.worded(typed)
            except UsageError as error:
                self._terminal.show(f"It {error.what}.")

    def _undo(self) -> bool:
        if not self._done:
            self._terminal.show("Nothing to undo: what was decided in an earlier run stands in the baseline and the configuration.")
            return False
        last = self._done.pop()
        if last in self._skipped:
            self._skipped.discard(last)
        else:
            self._record.drop(last)
        self._words = []
        return True

    def _view(self, finding: Finding) -> None:
        try:
            lines = self._settings.reveal(finding)
        except UsageError as error:
            self._terminal.show(f"It {error.what}.")
            return
        if not self._terminal.page(*lines):
            self._terminal.show("This terminal has no page that can be taken away again (TERM is not set or dumb).")

    def told(self) -> list[str]:
        """Return what became of this run's findings, for its end."""
        names = [self._record.decisions[each].verdict for each in self._done if each in self._record.decisions]
        parts = [f"{names.count(verdict.name):,} {_TOLD[verdict.name]}" for verdict in VERDICTS if verdict.name in names]
        left = sum(1 for one in self._queue if one.fingerprint not in self._record.decisions)
        said = [", ".join(parts) if parts else "nothing was decided"]
        if left:
            said.append(f"{counted(left, 'finding')} left; the next `leaksieve audit` goes on with {'it' if left == 1 else 'them'}")
        return said


_TOLD = {"real": "real", "known": "in the baseline", "test": "test values", "false": "false alarms", "revoked": "revoked"}
assert _TOLD.keys() == BY_NAME.keys()
