"""The end of the text report: how many, what was scanned, what was not, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from leaksieve.coverage import Coverage
from leaksieve.model import SEVERITIES, Finding, Skip
from leaksieve.reports.base import View
from leaksieve.reports.render import path_text, visible
from leaksieve.reports.text_finding import places
from leaksieve.reports.text_style import Style, counted, rank, size, wrap

_FAILED_NAMED = 20
_SECRETS_NAMED = 10
# What reads better than the code with its dashes taken out: for one, and for several where that differs.
_REASONS = {
    "too-large": ("over the size limit",),
    "ignored": ("ignored by git",),
    "lfs-pointer": ("Git LFS pointer", "Git LFS pointers"),
    "submodule": ("submodule", "submodules"),
    "special-file": ("special file", "special files"),
    "symlink": ("symbolic link", "symbolic links"),
    "excluded-by-config": ("excluded by the configuration",),
    "intent-to-add": ("with nothing staged yet",),
    "history-not-scanned": ("git history",),
    "promised-object": ("object that this partial clone lacks", "objects that this partial clone lacks"),
    "shallow-boundary": ("place where this shallow clone ends", "places where this shallow clone ends"),
    "deleted-branch": ("deleted branch", "deleted branches"),
    "archive-not-opened": ("archive not opened", "archives not opened"),
    "archive-unsupported": ("archive of a kind that is not opened", "archives of kinds that are not opened"),
    "archive-limit": ("archive that grows past the limits", "archives that grow past the limits"),
    "archive-damaged": ("damaged archive or file in one", "damaged archives or files in them"),
    "encrypted-member": ("encrypted file in an archive", "encrypted files in archives"),
    "member-too-large": ("file in an archive over the size limit", "files in archives over the size limit"),
}
_SECRETS_FILE = "ignored-secrets-file"


def reason_words(reason: str, count: int = 1) -> str:
    """Return a reason code as words that can follow the count."""
    forms = _REASONS.get(reason) or (visible(reason).replace("-", " "),)
    return forms[0] if count == 1 else forms[-1]


def counts(findings: Iterable[Finding]) -> str:
    """``1 critical, 2 high``."""
    by_severity = Counter(finding.severity for finding in findings)
    known = [severity for severity in reversed(SEVERITIES) if by_severity[severity]]
    return ", ".join(f"{by_severity[severity]:,} {severity}" for severity in known)


def summary(shown: list[Finding], view: View, style: Style) -> list[str]:
    """``3 secrets in 41 places: 1 critical, 2 high (2 at or above medium)``."""
    failing = sum(1 for finding in shown if rank(finding.severity) >= rank(view.fail_on))
    text = f"{counted(len(shown), 'secret')} in {counted(sum(len(places(finding)) for finding in shown), 'place')}: {counts(shown)}"
    if failing != len(shown):
        text += f" ({failing:,} at or above {view.fail_on})" if failing else f" (none at or above {view.fail_on})"
    return [style.paint("bad" if failing else "bold", line) for line in wrap(text.split(), style.width)]


def _total(coverage: Coverage, unit: str) -> int:
    return sum(source.scanned.get(unit, 0) for source in coverage.sources)


def _amount(coverage: Coverage) -> str:
    """``1,623 files (16.2 MB)``, in the units that apply."""
    units = [("files", "file"), ("objects", "object"), ("commits", "commit")]
    named = [counted(_total(coverage, unit), noun) for unit, noun in units if any(unit in source.scanned for source in coverage.sources)]
    return f"{' and '.join(named[:2]) if len(named) < 3 else ', '.join(named)} ({size(_total(coverage, 'bytes'))})" if named else ""


def _empty(coverage: Coverage) -> bool:
    return not any(any(source.scanned.values()) for source in coverage.sources)


def nothing_found(coverage: Coverage, style: Style) -> list[str]:
    """Return the line of a clean scan; it does not sound clean when nothing was looked at."""
    if coverage.interrupted:
        return [style.paint("bold", "No secrets found before the interruption.")]
    if _empty(coverage):
        return [style.paint("bold", "No secrets found: there was nothing to scan.")]
    amount = _amount(coverage)
    text = f"No secrets found in {amount}" if amount else f"No secrets found in {size(_total(coverage, 'bytes'))}"
    known = [style.paint("dim", line) for line in wrap((_opened(coverage) + _known(coverage)).split(), style.width)]
    return [style.paint("good" if coverage.complete else "bold", line) for line in wrap(text.split(), style.width)] + known


def hidden(allowed: int, already: int, baselined: int, style: Style, verbosity: int) -> list[str]:
    """Return the line on what was found and is not held against anyone."""
    parts = [f"{baselined:,} in the baseline"] if baselined else []
    parts += [f"{allowed:,} allowed"] if allowed else []
    parts += [f"{already:,} already there before this change"] if already else []
    if not parts:
        return []
    text = "Not counted: " + ", ".join(parts) + (" (-v shows them)" if verbosity < 1 else "")
    return [style.paint("dim", line) for line in wrap(text.split(), style.width)]


def _by_reason(coverage: Coverage, kind: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for source in coverage.sources:
        total.update(source.count_by_reason(kind))
    return dict(total)


def _skip_line(skip: Skip) -> list[str]:
    words = reason_words(skip.reason) + (f": {visible(skip.detail)}" if skip.detail else "")
    times = f" ({skip.count:,})" if skip.count > 1 else ""
    if skip.where:
        return [f"{path_text(skip.where)}{times}:", *words.split()]
    return [f"{skip.count:,} more:", *words.split()] if skip.count > 1 else words.split()


def _secrets_files(named: list[Skip], total: int, style: Style) -> list[str]:
    """Name the files that git ignores and that are called like ones that hold secrets: not scanned, but worth a thought."""
    paths = [path_text(skip.where) for skip in named if skip.reason == _SECRETS_FILE and skip.where][:_SECRETS_NAMED]
    rest = total - len(paths)
    pieces = [path + ("," if index < len(paths) - 1 else "") for index, path in enumerate(paths)]
    tail = [f"and {rest:,} more"] if rest else []
    head = f"{counted(total, 'file')} named like secrets files, ignored by git and not scanned:"
    return wrap([*head.split(), *pieces, *tail], style.width, rest="  ")


def skips(coverage: Coverage, style: Style, verbosity: int) -> list[str]:
    """Return what was left out by reason, the ignored secrets files by name, and everything that failed with its cause."""
    lines: list[str] = []
    named = [skip for source in coverage.sources for skip in source.skips]
    excluded = _by_reason(coverage, "excluded")
    secrets = excluded.pop(_SECRETS_FILE, 0)
    if excluded:
        pieces = [f"{count:,} {reason_words(reason, count)}" for reason, count in sorted(excluded.items(), key=lambda item: (-item[1], item[0]))]
        lines += wrap(("Left out: " + ", ".join(pieces)).split(), style.width, rest="  ")
    if secrets:
        lines += _secrets_files(named, secrets, style)
    if verbosity > 0:
        for skip in named:
            if skip.kind == "excluded" and skip.reason != _SECRETS_FILE:
                lines += wrap(_skip_line(skip), style.width, "  ", "    ")
    lines += _clones(coverage, style)
    failed = [skip for skip in named if skip.kind == "failed"]
    if failed:
        count = sum(skip.count for skip in failed)
        lines.append(style.paint("bad", f"Could not be scanned: {counted(count, 'item')}"))
        limit = len(failed) if verbosity > 0 else _FAILED_NAMED
        for skip in failed[:limit]:
            lines += wrap(_skip_line(skip), style.width, "  ", "    ")
        if failed[limit:]:
            lines.append(f"  and {sum(skip.count for skip in failed[limit:]):,} more (-v names them)")
    return lines


def _clones(coverage: Coverage, style: Style) -> list[str]:
    """Say of clones that do not hold everything that they do not: what is absent cannot be counted."""
    kinds = [
        (any(source.shallow for source in coverage.sources), "shallow", "older commits"),
        (any(source.partial for source in coverage.sources), "partial", "some objects"),
    ]
    return [
        line
        for is_so, kind, what in kinds
        if is_so
        for line in wrap(f"The clone is {kind}: {what} are not in it and were not scanned.".split(), style.width, rest="  ")
    ]


def scanned(coverage: Coverage, style: Style) -> list[str]:
    """Return ``Scanned 1,623 files (16.2 MB) in 0.8 s with 412 rules.``, and how much of it an earlier scan had read."""
    amount = "nothing" if _empty(coverage) else _amount(coverage) or size(_total(coverage, "bytes"))
    rules = f" with {counted(coverage.rules, 'rule')}" if coverage.rules else ""
    return wrap(f"Scanned {amount} in {coverage.seconds:.1f} s{rules}.{_opened(coverage)}{_known(coverage)}".split(), style.width)


def _opened(coverage: Coverage) -> str:
    """Say what was found packed up and opened."""
    archives = _total(coverage, "archives")
    return f" Opened {counted(archives, 'archive')} with {counted(_total(coverage, 'members'), 'file')}." if archives else ""


def _known(coverage: Coverage) -> str:
    """Say what was not read again."""
    cached = _total(coverage, "cached")
    if not cached:
        return ""
    return f" {'All' if cached == _total(coverage, 'objects') else f'{cached:,}'} of the objects were known from an earlier scan."


def verdict(coverage: Coverage, style: Style) -> list[str]:
    """Say plainly whether everything that was meant to be scanned was scanned."""
    if coverage.complete:
        return [style.paint("good", "Complete.")]
    causes = []
    if coverage.interrupted:
        causes.append("the scan was interrupted")
    if coverage.failed:
        causes.append(f"{counted(coverage.failed, 'item')} could not be scanned")
    left_out = sum(source.count("excluded") for source in coverage.sources)
    if coverage.strict and left_out:
        causes.append(f"{counted(left_out, 'item')} left out, which --require-complete=strict does not accept")
    return [style.paint("bad", line) for line in wrap(("INCOMPLETE: " + "; ".join(causes) + ".").split(), style.width)]


def details(coverage: Coverage, style: Style) -> list[str]:
    """Return what was used, for ``-vv``: targets, ruleset, configuration, engine."""
    lines = []
    for source in coverage.sources:
        resolved = f" -> {visible(source.resolved)}" if source.resolved and source.resolved != source.requested else ""
        lines.append(f"Target: {source.kind} {visible(source.requested)}{resolved}")
    where = f" {visible(coverage.config_path)}" if coverage.config_path else ""
    lines.append(f"Ruleset: {coverage.ruleset_hash or 'unknown'}")
    lines.append(f"Configuration: {visible(coverage.config_origin)}{where}")
    lines.append(f"Engine: {visible(coverage.engine) or 'none'}, leaksieve {visible(coverage.version)}")
    return [style.paint("dim", line) for line in lines]


def blocking(count: int, style: Style) -> list[str]:
    """Return the last words of a stopped commit: what to do now, five short lines at most."""
    it = "it" if count == 1 else "them"
    was = "was" if count == 1 else "were"
    return [
        style.paint("bad", f"Commit stopped: {counted(count, 'new secret')}."),
        f"  Take {it} out of the file, then `git add` the file again.",
        f"  Rotate {it} if {it if count == 1 else 'they'} {was} ever pushed or shared.",
        "  No secret? Put `leaksieve:allow -- <reason>` in a comment",
        "  on that line, and `git add` the file again.",
    ]
