"""What somebody is told whose push is stopped: a few lines that name commit, path and line, and what to do.

Nothing is written where nothing is wrong: a push has enough to say for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.render import path_text, visible
from leaksieve.reports.standing import commit_of, failures, notes, scanned, standing, verdict
from leaksieve.reports.text_finding import place
from leaksieve.reports.text_style import Style, counted, rank

PLACES = 10
FAILURES = 5


class Words(NamedTuple):
    """What differs between pushes: ``stopped`` is how it ended, ``advice`` the last lines.

    ``prefix`` stands before every line, for servers that show only lines with a mark.  ``fingerprints`` says whether
    they are named, for those who have to ask somebody to accept a finding.
    """

    stopped: str
    advice: Sequence[str]
    prefix: str = ""
    fingerprints: bool = False


class PushReporter:
    """Collects the places that stop a push."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._stream: TextIO | None = None
        self._view = View()
        self._places: list[tuple[tuple[object, ...], Finding, Occurrence]] = []
        self._others = 0

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view

    def finding(self, finding: Finding, _rule: RuleInfo) -> None:
        """Keep the places of one secret that stop the push."""
        failing = [one for one in finding.occurrences if standing(finding, one, self._view.fail_on) == "fails"]
        self._others += not failing
        # Every secret once before any a second time.
        self._places += [((number, -rank(finding.severity), one.path, one.start_line), finding, one) for number, one in enumerate(failing)]

    def finish(self, coverage: Coverage) -> None:
        """Write what is wrong, if anything is."""
        assert self._stream is not None
        style = Style(color=self._view.color, width=self._view.width)
        lines = [*self._findings(style), *_incomplete(coverage, style)]
        if lines:
            lines += [f"  note: {each}" for each in notes(coverage)]
            lines += ["", *self._words.advice] if self._places else []
        if self._view.verbosity > 0:
            lines += [] if lines else [f"  note: {each}" for each in notes(coverage)]
            lines.append(" ".join(filter(None, (scanned(coverage), verdict(coverage), _also(self._others)))))
        self._stream.write("".join(f"{self._words.prefix}{line}\n" for line in lines))

    def _findings(self, style: Style) -> list[str]:
        if not self._places:
            return []
        secrets = len({finding.fingerprint for _, finding, _ in self._places})
        lines = [style.paint("bad", f"leaksieve: {self._words.stopped}: {counted(secrets, 'new secret')}."), ""]
        named: set[str] = set()
        for _, finding, occurrence in sorted(self._places, key=lambda each: each[0])[:PLACES]:
            commit = visible(commit_of(finding, occurrence))[:12]
            where = place(occurrence) if occurrence.path else f"its {occurrence.source.get('object_type', 'message')}'s text, line {occurrence.start_line}"
            what = " ".join(filter(None, (finding.severity, visible(finding.rule_name or finding.rule_id), visible(finding.secret))))
            lines += [f"  {' '.join(filter(None, (commit, where)))}", f"      {what}"]
            if self._words.fingerprints and finding.fingerprint not in named:
                named.add(finding.fingerprint)
                lines.append(f"      fingerprint {finding.fingerprint}")
        rest = len(self._places) - PLACES
        return [*lines, *([f"  and in {counted(rest, 'more place')}"] if rest > 0 else [])]


def _incomplete(coverage: Coverage, style: Style) -> list[str]:
    if coverage.complete:
        return []
    failed = failures(coverage)
    lines = [style.paint("bad", f"leaksieve: {verdict(coverage)}")]
    lines += [f"  {': '.join(filter(None, (path_text(path.encode()) if path else '', why)))}" for path, why in failed[:FAILURES]]
    return lines + ([f"  and {len(failed) - FAILURES:,} more"] if failed[FAILURES:] else [])


def _also(count: int) -> str:
    return f"{counted(count, 'finding')} did not count." if count else ""
