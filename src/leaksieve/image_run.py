"""A scan of images from end to end: resolve, read every blob once, and tell of each place what became of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from leaksieve.config import Config
from leaksieve.engine.prefilter import compile_all
from leaksieve.errors import SourceError
from leaksieve.image_cache import Clean, LayerCache
from leaksieve.image_told import Masker, Told, numbers
from leaksieve.image_work import ImageWorker, LayerAnswer, read_answer
from leaksieve.model import Located, Skip
from leaksieve.oci.model import Text
from leaksieve.oci.visible import Names, joined
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Unit, unread
from leaksieve.sources.image import ImageSource
from leaksieve.work import BULK, SMALL, Compiler, engine_for

# Compressed layers hold so many times what they have.
_UNPACKED = 3


class ImageSettings(NamedTuple):
    """How to run: ``jobs`` workers, ``spawn`` forbids forking, line ``hashes`` as asked for, ``deadline`` on the monotonic clock.

    ``cache`` says whether layers without a finding are remembered, ``cache_dir`` where; ``own_layers`` leaves out what base images brought.
    """

    jobs: int
    spawn: bool = False
    hashes: bool = True
    deadline: float | None = None
    cache: bool = False
    cache_dir: bytes | None = None
    own_layers: bool = False


class ImageProgress(NamedTuple):
    """How far it is: layers read and expected, bytes, places found."""

    layers: int
    expected: int
    size: int
    found: int


class _Layer:
    """What came of one blob so far."""

    def __init__(self, units: int) -> None:
        self.left = units
        self.parts: dict[int, Names] = {}
        self.found = self.files = self.size = 0
        self.counts: dict[str, int] = {}
        self.skips: list[Skip] = []
        self.verified = False


class ImageRun:
    """One reference.  ``interrupted`` is set when Ctrl-C ended it; what was found until then is told all the same."""

    def __init__(
        self, source: ImageSource, ruleset: Ruleset, config: Config, settings: ImageSettings, progress: Callable[[ImageProgress], None] | None = None
    ) -> None:
        self._source = source
        self._ruleset = ruleset
        self._config = config
        self._settings = settings
        self._progress = progress
        self._layers: dict[int, _Layer] = {}
        self._known: dict[str, Clean] = {}
        self._found: list[Located] = []
        self._size = 0
        self._cache: LayerCache | None = None
        self.interrupted = False
        self.engine = ""
        self.notes: list[str] = []
        self.details: list[str] = []

    def run(self) -> list[Located]:
        """Scan; what cannot be read is on the source's receipt."""
        source = self._source
        try:
            source.resolve()
        except SourceError as error:
            source.coverage.skip(unread(error))
            source.provider.close()
            return []
        try:
            return self._run()
        finally:
            source.provider.close()
            if self._cache is not None:
                self._cache.close()
                self.details += self._cache.notes

    def _run(self) -> list[Located]:
        self._recall()
        units = self._units()
        ahead: list[Unit] = []

        def plan_on() -> bool:
            unit = next(units, None)
            if unit is not None:
                ahead.append(unit)
            return unit is not None or self._source.verify_on()

        size = self._source.size + sum(_UNPACKED * blob.descriptor.size for blob in self._source.blobs if blob.extent is None)
        small = size <= SMALL and all(blob.extent or blob.descriptor.size >= 0 for blob in self._source.blobs)
        jobs = 1 if small or self._settings.spawn or not hasattr(os, "fork") else self._settings.jobs
        self.engine = engine_for(self._config, small=small)
        compiler = Compiler(plan_on, self._ruleset) if jobs > 1 and self.engine == "hyperscan" else compile_all
        bulk = size > BULK or jobs == 1
        worker = ImageWorker(
            self._source, self._ruleset, self._config, self.engine, compiler, joined=bulk, hashes=self._settings.hashes, deadline=self._settings.deadline
        )
        self.engine = worker.engine.name
        texts: list[tuple[int | None, Text, list[int], list[Located]]] = []
        try:
            texts = self._texts(worker)
            self._walk(worker, chain(ahead, units), jobs)
            self._walk(worker, self._doubted(), jobs)
        except KeyboardInterrupt:
            self.interrupted = True
        self._keep()
        return self._told(texts)

    def _recall(self) -> None:
        """Find out which layers are known to hold nothing."""
        if not self._settings.cache:
            return
        self._cache = LayerCache(self._ruleset, self._config, self._settings.cache_dir)
        for blob in self._source.blobs:
            clean = self._cache.get(blob.descriptor.digest)
            if clean is not None:
                self._known[blob.descriptor.digest] = clean
        if self._known:
            count = len(self._known)
            self.notes.append(
                f"{count} {'layer was' if count == 1 else 'layers were'} known from an earlier scan that found nothing in {'it' if count == 1 else 'them'}"
            )

    def _units(self) -> Iterator[Unit]:
        """The work there is; of layers that are known only the verification, and not even that where they would have to be fetched for it."""
        source = self._source
        for unit in source.units(self._settings.jobs):
            number: int = unit[1]
            known = source.blobs[number].descriptor.digest in self._known
            if known and unit[0] == "part":
                continue
            if known and unit[0] == "blob":
                if source.provider.remote:
                    self._layers.setdefault(number, _Layer(0)).verified = True
                    continue
                unit = ("digest", number)
            self._layers.setdefault(number, _Layer(0)).left += 1
            yield unit

    def _doubted(self) -> Iterator[Unit]:
        """Layers that are known and turn out not to be what their digests say: these are scanned after all."""
        doubted = {number for number, layer in self._layers.items() if not layer.verified and self._source.blobs[number].descriptor.digest in self._known}
        for number in doubted:
            del self._known[self._source.blobs[number].descriptor.digest]
        for unit in self._source.units(self._settings.jobs) if doubted else ():
            number = unit[1]
            if number in doubted and unit[0] != "digest":
                if unit[0] == "blob":
                    # It is verified once more on the way.
                    self._layers[number].skips.clear()
                self._layers[number].left += 1
                yield unit

    def _walk(self, worker: ImageWorker, units: Iterator[Unit], jobs: int) -> None:
        expected = self._source.coverage.expected.get("layers", 0)
        for unit, result in self._results(worker, units, jobs):
            number: int = unit[1]
            if result is None:
                where = self._source.blobs[number].descriptor.digest.encode("utf-8", "backslashreplace")
                self._layers[number].skips.append(Skip("failed", where, "crashed-worker", "a worker process died over it"))
            else:
                self._take(number, unit, read_answer(result))
            self._layers[number].left -= 1
            if self._progress is not None:
                done = sum(not layer.left for layer in self._layers.values())
                self._progress(ImageProgress(done, expected, self._size, len(self._found)))
            deadline = self._settings.deadline
            if deadline is not None and time.monotonic() > deadline:
                self._source.coverage.skip(Skip("failed", b"", "timeout", "the scan was stopped at its time limit; raise --timeout"))
                return

    @staticmethod
    def _results(worker: ImageWorker, units: Iterator[Unit], jobs: int) -> Iterator[tuple[Unit, bytes | None]]:
        if jobs == 1:
            return ((unit, worker(unit)) for unit in units)
        from leaksieve.parallel import forked

        return forked(units, worker, jobs, ahead=1)

    def _take(self, number: int, unit: Unit, given: LayerAnswer) -> None:
        layer, answer = self._layers[number], given.answer
        layer.verified = layer.verified or given.verified
        if unit[0] != "digest":
            layer.parts[unit[2] if unit[0] == "part" else 0] = given.names
        layer.found += len(answer.located)
        layer.files += answer.files
        layer.size += answer.size
        layer.skips += answer.skips
        for name, count in answer.counts.items():
            layer.counts[name] = layer.counts.get(name, 0) + count
        self._found += answer.located
        self._size += answer.size

    def _keep(self) -> None:
        """Write on the receipt what was read, and remember the layers that hold nothing."""
        coverage = self._source.coverage
        for number, blob in enumerate(self._source.blobs):
            layer = self._layers.get(number) or _Layer(1)
            digest = blob.descriptor.digest
            known = self._known.get(digest)
            if known is not None and not layer.left:
                layer.files, layer.size, layer.counts, layer.parts = known.files, known.size, known.counts, {0: known.names}
                layer.skips += known.skips
            for skip in layer.skips:
                coverage.skip(skip)
            failed = any(skip.kind == "failed" for skip in layer.skips)
            if not layer.left and not failed:
                coverage.scan("layers")
            for name, count in (("files", layer.files), ("bytes", layer.size), *layer.counts.items()):
                if count or name in ("files", "bytes"):
                    coverage.scan(name, count)
            if self._cache is not None and known is None and layer.verified and not layer.left and not layer.found and not failed:
                names = joined([layer.parts[part] for part in sorted(layer.parts)]) if layer.parts else Names()
                self._cache.put(digest, Clean(names, layer.files, layer.size, layer.counts, layer.skips))
        coverage.scan("images", len(self._source.images))

    def _texts(self, worker: ImageWorker) -> list[tuple[int | None, Text, list[int], list[Located]]]:
        """Scan the words that are in no file."""
        found = []
        groups: list[tuple[int | None, Sequence[Text]]] = [(None, self._source.texts)]
        groups += [(number, image.texts) for number, image in enumerate(self._source.images)]
        for image, texts in groups:
            for text in texts:
                starts, parts, at = [], [], 0
                for _, words in text.lines:
                    line = words.encode("utf-8", "replace") + b"\n"
                    starts.append(at)
                    parts.append(line)
                    at += len(line)
                result, located = worker.text(b"".join(parts))
                for skip in result.skips:
                    self._source.coverage.skip(skip._replace(where=text.digest.encode()))
                if located:
                    found.append((image, text, starts, located))
                self._size += at
        return found

    def _told(self, texts: Sequence[tuple[int | None, Text, list[int], list[Located]]]) -> list[Located]:
        everything = [*self._found, *(place for *_, located in texts for place in located)]
        if not everything:
            return []
        names: dict[str, Names] = {}
        firsts: dict[tuple[str, int], int] = {}
        for number, layer in self._layers.items():
            digest = self._source.blobs[number].descriptor.digest
            parts = sorted(layer.parts)
            ordered = [layer.parts[part] for part in parts]
            firsts |= {(digest, part): first for part, first in zip(parts, numbers(ordered), strict=True)}
            if ordered:
                names[digest] = joined(ordered)
        told = Told(self._source, names, firsts, Masker(self._ruleset, self._config, everything))
        places = [each for place in self._found for each in told.in_layer(place)]
        places += [told.in_text(place, image, text, starts) for image, text, starts, located in texts for place in located]
        return self._own(places) if self._settings.own_layers else places

    def _own(self, places: list[Located]) -> list[Located]:
        """Leave out secrets that base images brought, as long as they stand nowhere else."""
        own = {(place.rule_id, place.secret.reveal()) for place in places if not place.provenance.details.get("base_layer")}
        kept = [place for place in places if (place.rule_id, place.secret.reveal()) in own]
        folded = {(place.rule_id, place.secret.reveal()) for place in places} - own
        if folded:
            count = len(folded)
            self.notes.append(
                f"--own-layers: {count} {'secret' if count == 1 else 'secrets'} in layers of the base image {'is' if count == 1 else 'are'} not shown and do{'es' if count == 1 else ''} not fail the run"
            )
        return kept
