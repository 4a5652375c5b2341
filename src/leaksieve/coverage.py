"""The coverage receipt: what was meant to be scanned, what was, and what was not and why."""

from __future__ import annotations

from leaksieve.model import Skip

# A tree can hold a million ignored files; the receipt names this many per reason and counts the rest.
NAMED_PER_REASON = 100
# Paths that patterns of the configuration left out and that are kept apart, to say which pattern did.
EXCLUDED_KEPT = 5000


class SourceCoverage:
    """Counts of one target; filled while scanning, rendered by every report.

    ``expected`` and ``scanned`` hold counts by unit: objects, bytes, files, commits (units that do not apply are absent).
    """

    __slots__ = ("_folded", "_named", "configured", "expected", "kind", "partial", "requested", "resolved", "scanned", "shallow", "submodules")

    def __init__(self, kind: str, requested: str, resolved: str = "") -> None:
        self.kind = kind
        self.requested = requested
        self.resolved = resolved
        self.expected: dict[str, int] = {}
        self.scanned: dict[str, int] = {}
        self.shallow = False
        self.partial = False
        self.submodules: list[str] = []
        # What patterns of the configuration left out, and how often.
        self.configured: dict[bytes, int] = {}
        self._named: list[Skip] = []
        self._folded: dict[tuple[str, str], int] = {}

    def expect(self, unit: str, count: int = 1) -> None:
        """Add to what was meant to be scanned."""
        self.expected[unit] = self.expected.get(unit, 0) + count

    def scan(self, unit: str, count: int = 1) -> None:
        """Add to what was scanned."""
        self.scanned[unit] = self.scanned.get(unit, 0) + count

    def skip(self, skip: Skip) -> None:
        """Record something not scanned; failed ones are always named, excluded ones up to a limit."""
        key = (skip.kind, skip.reason)
        seen = self._folded.get(key, 0)
        self._folded[key] = seen + skip.count
        if skip.reason == "excluded-by-config" and (skip.where in self.configured or len(self.configured) < EXCLUDED_KEPT):
            self.configured[skip.where] = self.configured.get(skip.where, 0) + skip.count
        if skip.kind == "failed" or seen < NAMED_PER_REASON:
            self._named.append(skip)

    @property
    def skips(self) -> list[Skip]:
        """The named skips, then one folded entry per reason for those past the limit."""
        rest = dict(self._folded)
        for skip in self._named:
            rest[skip.kind, skip.reason] -= skip.count
        folded = [
            Skip("failed" if kind == "failed" else "excluded", b"", reason, "further ones, not named", count) for (kind, reason), count in rest.items() if count
        ]
        return self._named + folded

    def count(self, kind: str) -> int:
        """How many things of a class (excluded or failed) were skipped."""
        return sum(count for (cls, _), count in self._folded.items() if cls == kind)

    def count_by_reason(self, kind: str) -> dict[str, int]:
        """Reason code -> count, for one class."""
        return {reason: count for (cls, reason), count in self._folded.items() if cls == kind}


class Coverage:
    """The receipt of one run over all its sources.

    ``started`` is an RFC 3339 UTC time, ``seconds`` the wall time.  ``interrupted`` is set by Ctrl-C.
    ``key`` is the source and the public id of the key that fingerprints were made with, None where there are none.
    ``allow`` says of each allow entry of the configuration what it hid, ``inline_allowed`` in how many places a comment
    did, ``exclude`` what each of its patterns left out, ``baseline`` (None where none was given) what the baselines knew; their fields are those of the JSON report.
    ``verification`` says which calls live checks made and what they came to, None where none was asked for.
    """

    __slots__ = (
        "allow",
        "baseline",
        "config_origin",
        "config_path",
        "engine",
        "exclude",
        "inline_allowed",
        "interrupted",
        "key",
        "notes",
        "rules",
        "ruleset_hash",
        "seconds",
        "sources",
        "started",
        "strict",
        "unused",
        "verification",
        "version",
        "warnings",
    )

    def __init__(self) -> None:
        self.sources: list[SourceCoverage] = []
        self.ruleset_hash = ""
        self.rules = 0
        self.config_path: str | None = None
        self.config_origin = "defaults"
        self.engine = ""
        self.version = ""
        self.started = ""
        self.seconds = 0.0
        self.interrupted = False
        self.key: tuple[str, str] | None = None
        self.strict = False
        # Plain sentences a person should read (configuration ignored, an allow that hid something, ...).
        self.notes: list[str] = []
        # Sentences that are said on stderr whatever the report: an allow entry that has expired, baseline entries that are stale.
        self.warnings: list[str] = []
        self.allow: list[dict[str, object]] = []
        self.exclude: list[dict[str, object]] = []
        # Reasons of allow entries that no place was for.
        self.unused: list[str] = []
        self.inline_allowed = 0
        self.baseline: dict[str, object] | None = None
        self.verification: dict[str, object] | None = None

    @property
    def failed(self) -> int:
        """How many things were meant to be read and were not."""
        return sum(source.count("failed") for source in self.sources)

    @property
    def complete(self) -> bool:
        """Nothing failed, nothing was interrupted; under the strict reading nothing was excluded either."""
        if self.interrupted or self.failed:
            return False
        return not (self.strict and any(source.count("excluded") for source in self.sources))
