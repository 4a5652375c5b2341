"""What the shares of a run come to, and what the receipt says of it."""

from __future__ import annotations

from leaksieve.coverage import SourceCoverage
from leaksieve.gitobjects.packtable import KINDS
from leaksieve.history_share import Key, ShareAnswer
from leaksieve.model import Skip

# So many missing objects are named one by one.
_SAID = 100


class Tally:
    """Adds up answers, and counts on a receipt as they come.

    ``found`` has the objects that hold each key with their kinds, ``commits`` the packed records of commits, ``size`` the
    bytes that were scanned, ``held`` is the number of objects in which something was found.
    """

    def __init__(self, coverage: SourceCoverage) -> None:
        self.found: dict[Key, dict[bytes, int]] = {}
        self.commits: list[bytes] = []
        self.size = 0
        self.held = 0
        self._coverage = coverage
        self._submodules: set[bytes] = set()
        self._missing: set[bytes] = set()
        self._pointers = 0

    def take(self, answer: ShareAnswer) -> int:
        """Note what a share gave; returns how many objects it scanned."""
        coverage = self._coverage
        total = 0
        for kind, count in answer.counts.items():
            if count:
                coverage.scan(f"{KINDS[kind]}s", count)
                total += count
        coverage.scan("objects", total)
        coverage.scan("bytes", answer.size)
        for unit, number in (("archives", answer.archives), ("members", answer.members)):
            if number:
                coverage.scan(unit, number)
        for skip in answer.skips:
            if skip.reason == "lfs-pointer":
                # Said once, however the work was shared out.
                self._pointers += skip.count
            else:
                coverage.skip(skip)
        for oid, kind, numbers in answer.held:
            for number in numbers:
                self.found.setdefault(answer.keys[number], {})[oid] = kind
        self.held += len(answer.held)
        self.size += answer.size
        self.commits += answer.commits
        self._submodules.update(answer.submodules)
        self._missing.update(answer.missing)
        return total

    def say(self) -> None:
        """Say what was not followed and what is missing, once for all shares."""
        coverage = self._coverage
        if self._pointers:
            coverage.skip(Skip("excluded", b"", "lfs-pointer", "pointers were scanned, the contents they stand for were not", self._pointers))
        for name in sorted(self._submodules):
            coverage.skip(Skip("excluded", name, "submodule", "its own repository is to be scanned by itself"))
            coverage.submodules.append(name.decode("utf-8", "backslashreplace"))
        self._say_missing()

    def _say_missing(self) -> None:
        """Say what objects name and the repository does not hold: of a partial clone that is policy, of any other a loss."""
        coverage = self._coverage
        if coverage.partial:
            if self._missing:
                coverage.skip(Skip("excluded", b"", "promised", "a partial clone lacks them on purpose; its remote has them", len(self._missing)))
            return
        missing = sorted(self._missing)
        for oid in missing[:_SAID]:
            coverage.skip(Skip("failed", oid.hex().encode(), "missing-object", "other objects name it, and it is not in the repository"))
        if len(missing) > _SAID:
            coverage.skip(Skip("failed", b"", "missing-object", "further objects that others name", len(missing) - _SAID))
