"""Finds out who brought secrets in: goes through all commits, then has the account drawn up.

Driven by whoever has workers to run: see :class:`Attributor`.  A secret is a set of objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from leaksieve.findings.account import Account
from leaksieve.findings.attribution import Attribution
from leaksieve.findings.lineage import Lineage
from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.reached import Tips
from leaksieve.gitobjects.repository import Repository
from leaksieve.gitobjects.treetrace import Moved, Tracer, Trouble, decode


class Attributor:
    """Finds out about all secrets of a run at once.

    Usage: run the instance over :meth:`units` in forked workers, hand every answer to :meth:`take`,
    then ask for :meth:`finish`.  Nothing is read before the first unit.

    ``secrets`` holds, for each secret, the raw ids of the objects that hold it: blobs, trees (all
    that list the name it stands in), commits and tags.  ``refs`` are those of ``allrefs.all_refs``,
    ``reflogs`` of ``reflogs.reflog_ids``.  ``tags`` may name those of the objects that are known to be
    tags: these and commits are in no tree, and with nothing else to look for there is no work.

    ``known`` is what :attr:`moved` was for the same objects in an earlier run; then only the ``fresh`` commits (raw ids) are
    looked at.  It must not be given where an object was missing then: one that holds a secret may have been.
    """

    def __init__(
        self,
        repository: Repository,
        log: CommitLog,
        secrets: Sequence[Collection[bytes]],
        refs: Mapping[bytes, bytes],
        reflogs: Mapping[bytes, tuple[bytes, ...]],
        tags: Collection[bytes] = (),
        known: Mapping[bytes, list[Moved]] | None = None,
        fresh: Collection[bytes] = (),
    ) -> None:
        self._repository = repository
        self._log = log
        self._refs = refs
        self._reflogs = reflogs
        self._of: dict[bytes, list[int]] = {}
        for number, oids in enumerate(secrets):
            for oid in oids:
                self._of.setdefault(oid, []).append(number)
        self._count = len(secrets)
        self._commits = log.numbers(self._of) if self._of else {}
        self._tracer = Tracer(
            repository, log, frozenset(self._of.keys() - self._commits.keys() - set(tags)), None if known is None else log.numbers(fresh).values()
        )
        self._moved: dict[int, list[Moved]] = {number: (known or {})[oid] for oid, number in log.numbers(known or {}).items()}
        self._troubles: dict[bytes, Trouble] = {}

    def units(self) -> Iterator[tuple[int, int]]:
        """Deal out the work; none when there is nothing to look for."""
        return self._tracer.units()

    def __call__(self, unit: Any) -> bytes:
        """Do one unit (in a worker)."""
        return self._tracer(unit)

    def take(self, unit: tuple[int, int], answer: bytes | None) -> None:
        """Take a unit's answer; None when the worker died over it, which :meth:`finish` reports."""
        if answer is None:
            self._troubles[b"%d" % unit[0]] = Trouble(unit[0], self._log.oid(unit[0]), "crashed-worker", f"{unit[1] - unit[0]} commits could not be looked at")
            return
        moved, troubles = decode(answer)
        self._moved.update(moved)
        for trouble in troubles:
            self._troubles.setdefault(trouble.oid, trouble)

    @property
    def moved(self) -> dict[bytes, list[Moved]]:
        """What came and went, by raw id of the commit; complete once every unit's answer was taken and :meth:`finish` names no trouble."""
        return {self._log.oid(number): changes for number, changes in self._moved.items()}

    def finish(self) -> tuple[list[Attribution], list[Trouble]]:
        """Return an attribution for each secret, in their order, and what could not be read.  Call it once."""
        if not self._count:
            return [], []
        tips = Tips(ObjectStore(self._repository), self._log, self._refs, self._reflogs)
        lineage = Lineage(self._log, tips, self._of, self._count, self._moved)
        account = Account(self._repository, self._log, self._of, self._commits, tips, lineage, self._tracer)
        return account.give(), [*self._troubles.values()]
