"""Who brought a history's secrets in, and where each is to be looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from leaksieve.findings.attributor import Attributor
from leaksieve.gitobjects.authors import Authors
from leaksieve.gitobjects.commitlog import CommitLog
from leaksieve.gitobjects.graph import shallow_boundary
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.reflogs import reflog_ids
from leaksieve.history_places import Spots, attributed
from leaksieve.history_share import Key
from leaksieve.model import Skip
from leaksieve.sources.history import HistorySource

if TYPE_CHECKING:
    from leaksieve.history_recall import Recall

# Shares work out, or does it here: (units, work) -> each unit with its answer, None where a worker died over it.
Share = Callable[[list[Any], Callable[[Any], bytes]], Iterator[tuple[Any, "bytes | None"]]]


def attribute(
    source: HistorySource, found: Mapping[Key, Mapping[bytes, int]], commits: list[bytes], refs: Mapping[bytes, bytes], share: Share, recall: Recall | None
) -> Spots:
    """Go through the commits for the objects that hold each key; ``recall`` knows of earlier runs and is told of this one.

    ``commits`` are packed records, and none afterwards: a table takes their place.  Raises SourceError.
    """
    repository = source.repository
    log = CommitLog.from_packed(commits, shallow_boundary(repository))
    # Before workers are forked from here.
    commits.clear()
    # Rules of a family find the same value in the same objects: asked once.
    sets: dict[frozenset[bytes], list[Key]] = {}
    for key, held in found.items():
        sets.setdefault(frozenset(held), []).append(key)
    known, fresh = (recall.traces, recall.fresh) if recall is not None else (None, ())
    attributor = Attributor(repository, log, list(sets), refs, reflog_ids(repository), known=known, fresh=fresh)
    for unit, answer in share(list(attributor.units()), attributor):
        attributor.take(unit, answer)
    told, troubles = attributor.finish()
    if recall is not None and not troubles:
        recall.traces = attributor.moved
    for trouble in troubles:
        source.coverage.skip(Skip("failed", trouble.oid.hex().encode(), trouble.reason, trouble.detail))
    flat = ((key, found[key], one) for keys, one in zip(sets.values(), told, strict=True) for key in keys)
    return attributed(flat, Authors(ObjectStore(repository)), source.prefix)
