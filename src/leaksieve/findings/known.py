"""Which findings baselines know, values under a file's new name included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from leaksieve.findings.baseline import Baseline, Entry, entry, is_weak, path_of
from leaksieve.findings.fingerprint import Fingerprinter
from leaksieve.findings.triage import is_test_path
from leaksieve.model import BETWEEN, Finding, Occurrence, full_path

# Former paths that are tried for one value, likeliest first.
_MOST = 200


class Trail(Protocol):
    """What is known of files' names."""

    def exists(self, path: bytes, /) -> bool:
        """Whether there is such a file now."""

    def now(self, path: bytes, /) -> bytes | None:
        """Return what a file of an earlier commit is called at HEAD, empty where it was deleted, None when that is not known."""

    def leads(self, old: bytes, new: bytes, staged: str, /) -> bool | None:
        """Whether a file that was called ``old`` is called ``new`` now; None when nobody can say.  ``staged`` is the id of what is scanned, "" for a file."""

    def passed(self, old: bytes, new: bytes, /) -> bool:
        """Whether a file that was called ``old`` has been called ``new`` since."""


class _Value(NamedTuple):
    """A value that could be guessed, as a finding has it."""

    family: str
    value: bytes


def mark(
    findings: Sequence[Finding],
    baselines: Sequence[Baseline],
    fingerprinter: Fingerprinter,
    values: Callable[[frozenset[str]], Mapping[str, tuple[str, bytes]]],
    trail: Callable[[], Trail | None],
) -> list[Finding]:
    """Return the findings with those that a baseline knows marked so, and note in the baselines which entries were found.

    A value that could be guessed is known at its paths, and where they were renamed to.  ``values`` gives (family,
    value) of some fingerprints; it and ``trail`` are asked only where such a value is not known at its path.
    """
    out: list[Finding] = []
    strange: list[int] = []
    for finding in findings:
        baseline = _holder(baselines, finding)
        if baseline is None and is_weak(finding.fingerprint) and finding.occurrences:
            strange.append(len(out))
        out.append(_known(finding, baseline) if baseline is not None else finding)
    if strange and any(path_of(each) is not None for baseline in baselines for each in baseline.entries if is_weak(each)):
        known = values(frozenset(out[number].fingerprint for number in strange))
        search = _Search(baselines, fingerprinter, trail())
        pending = [(number, _Value(*known[out[number].fingerprint])) for number in strange if out[number].fingerprint in known]
        while pending:
            # A file may have been renamed more than once: what is known of one name helps with the next.
            rest = [(number, value) for number, value in pending if not search.settle(out, number, value)]
            if len(rest) == len(pending):
                break
            pending = rest
    return out


def _holder(baselines: Iterable[Baseline], finding: Finding) -> Baseline | None:
    path = full_path(finding.occurrences[0]) if finding.occurrences else b""
    # Every baseline is asked, so that each can tell which of its entries were found.
    holders = [baseline for baseline in baselines if baseline.find(finding.fingerprint, path) is not None]
    return holders[0] if holders else None


def _known(finding: Finding, baseline: Baseline, old: bytes | None = None) -> Finding:
    why = f"in the baseline {baseline.name}"
    if old is not None:
        why += f", under the file's former name {old.decode('utf-8', 'backslashreplace')}"
    occurrences = tuple(one if one.allowed else one._replace(allowed=why) for one in finding.occurrences)
    return finding._replace(occurrences=occurrences, allowed=finding.allowed or "; ".join(dict.fromkeys(one.allowed for one in occurrences)), baselined=True)


class _Search:
    """Looks for the entries of values whose files have other names now."""

    def __init__(self, baselines: Sequence[Baseline], fingerprinter: Fingerprinter, trail: Trail | None) -> None:
        self._baselines = baselines
        self._fingerprinter = fingerprinter
        self._trail = trail
        # Paths of entries whose files are gone; an entry is followed to one place.
        self._gone = [_Gone(self._vanished(baseline), trail) for baseline in baselines]
        # (family, value, path) of what was recognised under its new path.
        self._settled: dict[tuple[str, bytes, bytes], tuple[Baseline, Entry]] = {}

    def settle(self, out: list[Finding], number: int, value: _Value) -> bool:
        """Mark a finding if one of the baselines knows its value at the file's former path."""
        finding = out[number]
        path = full_path(finding.occurrences[0])
        found = self._by_history(finding, value, path) or self._by_absence(finding, value, path)
        if found is None:
            return False
        baseline, known = found
        baseline.used.add(known)
        baseline.moved[known] = entry(finding.fingerprint, path)
        self._settled[*value, path] = found
        out[number] = _known(finding, baseline, path_of(known))
        return True

    def _by_history(self, finding: Finding, value: _Value, path: bytes) -> tuple[Baseline, Entry] | None:
        """A scanned history says itself which path the secret came from."""
        for one in finding.occurrences:
            origin = one.source.get("renamed_from")
            if not isinstance(origin, str):
                continue
            old = origin.encode("utf-8", "backslashreplace")
            if not self._came_from(old, path, one):
                continue
            if (*value, old) in self._settled:
                return self._settled[*value, old]
            known = entry(self._fingerprinter.of(*value, old), old)
            for baseline in self._baselines:
                if known in baseline.entries:
                    return baseline, known
        return None

    def _by_absence(self, finding: Finding, value: _Value, path: bytes) -> tuple[Baseline, Entry] | None:
        """The file of an entry is gone, and this one is what became of it."""
        one = finding.occurrences[0]
        for baseline, gone in zip(self._baselines, self._gone, strict=True):
            guesses = []
            for old in gone.likely(path):
                known = entry(self._fingerprinter.of(*value, old), old)
                if known not in baseline.entries or known in baseline.used or old.partition(BETWEEN)[2] != path.partition(BETWEEN)[2]:
                    continue
                says = self._leads(old, path, one)
                if says:
                    return baseline, known
                if says is None and _alike(old, path):
                    guesses.append(known)
            if guesses:
                return baseline, guesses[0]
        return None

    def _came_from(self, old: bytes, new: bytes, one: Occurrence) -> bool:
        """Whether one commit that took a secret from a path and brought it to another has renamed the file."""
        if one.source.get("at_head"):
            says = self._leads(old, new, one)
            return _alike(old, new) if says is None else says
        # A name it had in between, perhaps on a branch that HEAD does not know.
        return _alike(old, new) or (self._trail is not None and self._trail.passed(old, new))

    def _leads(self, old: bytes, new: bytes, one: Occurrence) -> bool | None:
        if self._trail is None:
            return None
        old, new = old.partition(BETWEEN)[0], new.partition(BETWEEN)[0]
        staged = str(one.source.get("object", "")) if one.source.get("kind") == "index" else ""
        return self._trail.leads(old, new, staged)

    def _vanished(self, baseline: Baseline) -> list[bytes]:
        if self._trail is None:
            return []
        paths = {path for known in baseline.stale if is_weak(known) and (path := path_of(known)) is not None}
        exists = self._trail.exists
        return sorted(path for path in paths if not exists(path.partition(BETWEEN)[0]))


class _Gone:
    """Paths whose files are gone, by what a new one may have in common with them."""

    def __init__(self, paths: Sequence[bytes], trail: Trail | None) -> None:
        self._paths = paths
        self._by: dict[tuple[str, bytes], list[bytes]] = {}
        for path in paths:
            folder, _, name = path.rpartition(b"/")
            now = trail.now(path.partition(BETWEEN)[0]) if trail is not None else None
            for key in (("now", now), ("name", name), ("folder", folder)):
                if key[1] is not None:
                    self._by.setdefault((key[0], key[1]), []).append(path)

    def likely(self, path: bytes) -> list[bytes]:
        """Return the likeliest first: what is called so now, what had the same name, what lay in the same folder."""
        folder, _, name = path.rpartition(b"/")
        keys = (("now", path.partition(BETWEEN)[0]), ("name", name), ("folder", folder))
        return list(dict.fromkeys(old for some in (*(self._by.get(key, ()) for key in keys), self._paths) for old in some[:_MOST]))[:_MOST]


def _alike(old: bytes, new: bytes) -> bool:
    """Whether one file may pass for the other where nobody saw the rename: the same name or folder, and no test's value in other code."""
    if is_test_path(old) and not is_test_path(new):
        return False
    (folder, _, name), (other_folder, _, other_name) = old.rpartition(b"/"), new.rpartition(b"/")
    return name == other_name or (folder == other_folder and name.rpartition(b".")[2] == other_name.rpartition(b".")[2])
