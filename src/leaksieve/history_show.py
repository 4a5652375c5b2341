"""The second look: the objects that stand for a history's secrets are scanned under their paths, and what is found there is reported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from leaksieve.archives.magic import REASONS
from leaksieve.config import Config
from leaksieve.engine.matcher import Engine
from leaksieve.gitobjects.errors import ObjectError
from leaksieve.history_places import Details, Spot, Spots
from leaksieve.history_share import Key
from leaksieve.history_work import HistoryWorker
from leaksieve.model import Located, Provenance, Skip
from leaksieve.sources.history import HistorySource
from leaksieve.sources.places import Place, PlacesSource
from leaksieve.work import Worker
from leaksieve.work import decode as decode_located
from leaksieve.work import encode as encode_located

# Beyond so many places they are shared out.
MANY = 400
# Shares (units, work) out among workers, or does it here: yields units with their results, None for those a worker died over.
Share = Callable[[Iterator[Any], Callable[[Any], bytes]], Iterator[tuple[Any, "bytes | None"]]]


class SecondLook:
    """Bound to one run: its source, what ``worker`` says of names, an ``engine`` to look with, and the references by name.

    ``names`` says whether names are reported, ``hashes`` whether line hashes are wanted.
    """

    def __init__(
        self,
        source: HistorySource,
        worker: HistoryWorker,
        engine: Engine,
        config: Config,
        refs: Mapping[bytes, bytes],
        share: Share,
        *,
        names: bool,
        hashes: bool,
    ) -> None:
        self._source = source
        self._worker = worker
        self._engine = engine
        self._config = config
        self._refs = refs
        self._share = share
        self._names = names
        self._hashes = hashes
        self._exclude: Any = None

    def located(self, spots: Spots) -> list[Located]:
        """Scan the objects that are shown once more, now under their paths."""
        places: list[tuple[Place, dict[Key, Details]]] = []
        for spot, keys in spots.items():
            if self._is_excluded(spot.path):
                continue
            if spot.kind == "tree":
                places += [(Place(spot.oid, "tree", spot.path + name, {}), {key: keys[key] for key in held}) for name, held in self._names_in(spot, keys)]
            else:
                places.append((Place(spot.oid, spot.kind, spot.path, {}), dict(keys)))
        places += self._ref_names()
        source = PlacesSource(self._source.repository, [place for place, _ in places], limit=self._source.max_file_size)
        shower = Worker([source], self._worker.engine.ruleset, self._config, self._engine.name, hashes=self._hashes, engine=self._engine)
        located: list[Located] = []
        units = [(number, unit) for number, unit in enumerate(source.units())]
        show = _Show(shower, source)
        results = self._share(iter(units), show) if len(units) > MANY else ((unit, show(unit)) for unit in units)
        for (number, _), result in results:
            place, keys = places[number]
            if result is None:
                self._source.coverage.skip(Skip("failed", place.oid.hex().encode(), "crashed-worker", "a worker process died over it"))
                continue
            answer = decode_located(result)
            for skip in answer.skips:
                # What is wrong inside an archive was said when it was walked.
                if skip.reason not in REASONS:
                    self._source.coverage.skip(skip)
            provenances = {key: Provenance("git", place.path, details) for key, details in keys.items()}
            for each in answer.located:
                provenance = provenances.get((each.rule_id, each.secret.reveal(), each.decoded))
                if provenance is None:
                    continue
                if each.provenance.archive_path is not None or each.provenance.details:
                    member = each.provenance.details.get("member")
                    details = {**provenance.details, "member": member} if member else provenance.details
                    provenance = Provenance("git", place.path, details, each.provenance.archive_path)
                located.append(each._replace(provenance=provenance))
        return located

    def _names_in(self, spot: Spot, keys: Mapping[Key, Details]) -> list[tuple[bytes, list[Key]]]:
        """The names in a tree that hold some of the keys."""
        try:
            found = self._worker.names_with(spot.oid)
        except ObjectError as error:
            self._source.coverage.skip(Skip("failed", spot.oid.hex().encode(), error.reason, error.detail))
            return []
        return [(name, mine) for name, held in found if (mine := [key for key in held if key in keys])]

    def _ref_names(self) -> list[tuple[Place, dict[Key, Details]]]:
        """Names of branches and tags that hold a secret themselves."""
        if not self._names:
            return []
        found = []
        for name, oid in self._refs.items():
            held = self._worker.keys_in(name)
            if held:
                shown = name.decode("utf-8", "backslashreplace")
                details: Details = {"object": oid.hex(), "object_type": "commit", "refs": [shown], "at_head": False, "reachable": True, "where": "ref-name"}
                found.append((Place(oid, "name", name, {}), dict.fromkeys(held, details)))
        return found

    def _is_excluded(self, path: bytes) -> bool:
        if not self._config.exclude or not path:
            return False
        from leaksieve.sources.ignore import IgnoreList, Scope
        from leaksieve.sources.named import is_excluded

        if self._exclude is None:
            self._exclude = Scope.root(IgnoreList(b"\n".join(os.fsencode(pattern) for pattern in self._config.exclude)))
        if not is_excluded(self._exclude, path):
            return False
        self._source.coverage.skip(Skip("excluded", path, "excluded-by-config", "a pattern of the configuration"))
        return True


class _Show:
    """Scans one place; callable with (number, unit), as a worker."""

    def __init__(self, shower: Worker, source: PlacesSource) -> None:
        self._shower = shower
        self._source = source

    def __call__(self, unit: Any) -> bytes:
        return encode_located(self._shower.scan(self._source, unit[1]))
