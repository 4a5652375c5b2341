"""Annotations for GitHub Actions: workflow commands on a job's log.

GitHub shows the first ten errors, ten warnings and ten notices of a step and drops the rest without a
word, so the worst come first, and what does not fit is listed as plain lines.
"""

from __future__ import annotations

from typing import TextIO

from leaksieve.coverage import Coverage
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.address import file_name, reported
from leaksieve.reports.base import RuleInfo, View
from leaksieve.reports.render import path_text, visible
from leaksieve.reports.standing import failures, scanned, standing, verdict, whereabouts
from leaksieve.reports.text_finding import place, steps
from leaksieve.reports.text_style import counted, rank

PER_LEVEL = 10
_FAILURES_NAMED = 20
_MESSAGE_LIMIT = 2000


def data(text: str) -> str:
    """Return text for the message of a command: one line that no runner takes for more than text."""
    return visible(text).replace("%", "%25")


def value(text: object) -> str:
    """Return text for a property of a command, where ``:`` and ``,`` mean something too."""
    return data(str(text)).replace(":", "%3A").replace(",", "%2C")


def command(level: str, message: str, **properties: object) -> str:
    """Return ``::level name=value,...::message``; properties that are empty or 0 are left out."""
    given = ",".join(f"{name}={value(each)}" for name, each in properties.items() if each)
    return f"::{level}{' ' if given else ''}{given}::{data(message[:_MESSAGE_LIMIT])}"


class GithubReporter:
    """Collects places, since the worst are annotated."""

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._view = View()
        self._places: list[tuple[tuple[object, ...], str, Finding, Occurrence, RuleInfo]] = []
        self._quiet = {"baselined": 0, "allowed": 0, "present": 0}

    def start(self, stream: TextIO, view: View) -> None:
        """Remember the stream; nothing is written before the end."""
        self._stream = stream
        self._view = view

    def finding(self, finding: Finding, rule: RuleInfo) -> None:
        """Keep the places of one secret that are neither accepted nor old."""
        for number, occurrence in enumerate(reported(finding)):
            how = standing(finding, occurrence, self._view.fail_on)
            if how in self._quiet:
                self._quiet[how] += 1
                continue
            level = "error" if how == "fails" else "warning" if rank(finding.severity) >= rank("medium") else "notice"
            # Every secret once before any a second time.
            order = (-rank(finding.severity), number, occurrence.path, occurrence.start_line, occurrence.start_column, finding.rule_id, len(self._places))
            self._places.append((order, level, finding, occurrence, rule))

    def finish(self, coverage: Coverage) -> None:
        """Write the annotations, then what did not fit, then the receipt."""
        assert self._stream is not None
        # One error is kept for an incomplete scan, one notice for the summary.
        room = {"error": PER_LEVEL - (not coverage.complete), "warning": PER_LEVEL, "notice": PER_LEVEL - 1}
        lines, rest = [], []
        if not coverage.complete:
            lines.append(command("error", _incomplete(coverage), title="leaksieve: the scan is incomplete"))
        for _, level, finding, occurrence, rule in sorted(self._places, key=lambda each: each[0]):
            if room[level]:
                room[level] -= 1
                lines.append(_annotation(level, finding, occurrence, rule))
            else:
                rest.append(f"not annotated: {place(occurrence)}: {finding.severity}: {visible(finding.rule_name)} {visible(finding.secret)}".rstrip())
        lines += rest
        lines.append(command("notice", self._summary(len(rest), coverage), title="leaksieve"))
        self._stream.write("".join(line + "\n" for line in lines))

    def _summary(self, cut: int, coverage: Coverage) -> str:
        secrets = len({finding.fingerprint for _, _, finding, _, _ in self._places})
        pieces = [f"{counted(secrets, 'secret')} in {counted(len(self._places), 'place')}." if secrets else "No secrets found."]
        if cut:
            pieces.append(f"{counted(cut, 'place')} more than GitHub shows of one step {'is' if cut == 1 else 'are'} listed in the log only.")
        words = {"baselined": "in the baseline", "allowed": "allowed", "present": "already there"}
        if quiet := [f"{counted(count, 'place')} {words[how]}" for how, count in self._quiet.items() if count]:
            pieces.append(f"Not counted: {', '.join(quiet)}.")
        pieces += [scanned(coverage), verdict(coverage)]
        return " ".join(pieces)


def _annotation(level: str, finding: Finding, occurrence: Occurrence, rule: RuleInfo) -> str:
    name = finding.rule_name or rule.id
    secret = f" {finding.secret}" if finding.secret else ""
    advice = steps(rule)[0]
    if occurrence.owners:
        advice += f" Owned by {', '.join(occurrence.owners)}."
    title = f"{finding.severity}: {name}" + (", active" if finding.verdict == "active" else "")
    elsewhere = whereabouts(occurrence)
    if elsewhere or not occurrence.path:
        # The file may be gone, say something else in this line, or lie in an image.
        return command(level, f"{name}{secret} at {place(occurrence)}. {elsewhere} {advice}", title=title)
    if occurrence.archive_path:
        inside = path_text(occurrence.archive_path)
        return command(level, f"{name}{secret} in {inside}, line {occurrence.start_line}, of this archive. {advice}", file=file_name(occurrence), title=title)
    same_line = occurrence.end_line <= occurrence.start_line
    return command(
        level,
        f"{name}{secret} is exposed here. {advice}",
        file=file_name(occurrence),
        line=occurrence.start_line,
        endLine=max(occurrence.end_line, occurrence.start_line),
        # GitHub refuses columns of an annotation over several lines.
        col=occurrence.start_column if same_line else 0,
        # Its last column counts as part of the place, ours does not.
        endColumn=max(occurrence.end_column - 1, occurrence.start_column) if same_line else 0,
        title=title,
    )


def _incomplete(coverage: Coverage) -> str:
    failed = failures(coverage)
    named = "; ".join(f"{path}: {why}" if path else why for path, why in failed[:_FAILURES_NAMED])
    rest = f"; and {len(failed) - _FAILURES_NAMED:,} more" if failed[_FAILURES_NAMED:] else ""
    return f"{verdict(coverage)} {named}{rest}".rstrip()
