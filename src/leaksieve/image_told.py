"""What a report says of a place in an image: which layer, the step that made it, and whether it can still be seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leaksieve.config import Config
from leaksieve.engine.filters import NO_VALUE
from leaksieve.engine.matcher import Engine
from leaksieve.findings.context import Canvas
from leaksieve.findings.lines import Lines
from leaksieve.findings.mask import mask
from leaksieve.model import Located, Provenance
from leaksieve.oci.model import Image, Layer, Text
from leaksieve.oci.visible import WIDTH, Names, Stack
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.image import ImageSource, Use

# Steps are shown up to so many characters; a script may be a step.
_SHOWN = 500
# Plain repetitions of found values are masked from this length on.
_LEAST = 6
_HARD_LINKS = 20
# Media types of statements about images begin or end with these.
_STATEMENTS = ("in-toto", "dsse", "spdx", "cyclonedx", "sigstore", "cosign", "attestation")


class Masker:
    """Masks what is, or could be, a secret in an image's own words before they are shown beside findings.

    ``found`` are places of the whole image: their values are masked wherever they are repeated.
    """

    def __init__(self, ruleset: Ruleset, config: Config, found: Iterable[Located]) -> None:
        self._ruleset = ruleset
        self._reveal = config.reveal
        # One that tells of dropped candidates, too.
        self._engine = Engine(ruleset, decode_depth=config.max_decode_depth, timeout=config.rule_timeout)
        self._values = {}
        for place in found:
            value = place.secret.reveal()
            if len(value) >= _LEAST:
                self._values[value.decode("utf-8", "backslashreplace")] = mask(value, self._prefix(place.rule_id))
        self._known: dict[str, str] = {}

    def _prefix(self, rule_id: str) -> bytes:
        return str(self._ruleset.by_id(rule_id)["public_prefix"]).encode()

    def masked(self, words: str) -> str:
        """Return the words on one line, masked."""
        known = self._known.get(words)
        if known is None:
            known = self._known[words] = self._mask(words)
        return known

    def _mask(self, words: str) -> str:
        data = words.encode("utf-8", "replace")
        matches = [match for match in self._engine.scan(data).matches if match.rejected not in NO_VALUE]
        canvas = Canvas(data, matches, [(0, len(data))], self._prefix, self._reveal)
        shown = canvas.render(Lines(data), 0, len(data))
        if not self._reveal:
            for value in sorted(self._values, key=len, reverse=True):
                shown = shown.replace(value, self._values[value])
        return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


class Told:
    """Turns places in layers and texts into places in images.

    ``names`` are those of each blob, by digest, and ``firsts`` for each (digest, part) how many files stand in the parts before.
    """

    def __init__(self, source: ImageSource, names: Mapping[str, Names], firsts: Mapping[tuple[str, int], int], masker: Masker) -> None:
        self._source = source
        self._names = names
        self._firsts = firsts
        self._masker = masker
        self._stacks: dict[int, Stack] = {}
        self._made: dict[tuple[object, ...], list[Provenance]] = {}

    def in_layer(self, place: Located) -> list[Located]:
        """Tell of a place in a layer: one place, or more where an image has the same layer several times."""
        provenance = place.provenance
        details = provenance.details
        key = (details["layer"], details["part"], details.get("n"), provenance.path, provenance.archive_path, details.get("member"))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = [provenance._replace(details=details) for details in self._layer(provenance)]
        return [place._replace(provenance=one) for one in made]

    def in_text(self, place: Located, image: int | None, text: Text, starts: Sequence[int]) -> Located:
        """Tell of a place in an image's own words; ``starts`` is where each of their lines begins."""
        line = max(bisect_right(starts, place.byte_start) - 1, 0)
        name = text.lines[line][0]
        details = self._of(image) | {"where": text.where, "deleted_later": False, "base_layer": False, "created_by": None, "layer": None, "layer_index": None}
        details["visible"] = True
        if text.digest:
            details["document"] = text.digest
        if text.where == "history" and image is not None:
            details |= self._step(self._source.images[image], int(name.split()[0]))
        elif name:
            details["name"] = self._masker.masked(name)
        # A line is counted from its own start.
        lines = place.provenance._replace(details=details)
        return place._replace(provenance=lines)

    def _step(self, image: Image, number: int) -> dict[str, Any]:
        made = next((layer for layer in image.layers if layer.step == number), None)
        last = max((layer.step for layer in image.layers if layer.base), default=-1)
        told: dict[str, Any] = {"created_by": self._masker.masked(image.steps[number].created_by), "base_layer": number <= last, "step": number}
        if made is not None:
            told |= {"layer": made.blob.digest, "layer_index": made.number, "base_layer": made.base}
        return told

    def _of(self, image: int | None) -> dict[str, Any]:
        if image is None:
            return {"image": self._source.provider.shown, "platform": None}
        one = self._source.images[image]
        names = [self._masker.masked(name) for name in self._source.names[image]]
        told = {"image": self._masker.masked(one.name), "platform": self._masker.masked(one.platform) or None}
        return told | {"images": names} if len(names) > 1 else told

    def _layer(self, provenance: Provenance) -> list[dict[str, Any]]:
        details = provenance.details
        digest, part = str(details["layer"]), int(str(details["part"]))
        number = self._firsts.get((digest, part), 0) + int(str(details.get("n", 0)))
        uses = self._source.uses[digest]
        ends = [self._removed(use, provenance.path, number) for use in uses]
        # Where one image shows it, it can be seen.
        at = next((index for index, end in enumerate(ends) if end is None), 0)
        return [self._used(use, end, provenance, uses) for use, end in zip(uses, ends, strict=True) if use.image == uses[at].image]

    def _used(self, use: Use, end: int | None, provenance: Provenance, uses: Sequence[Use]) -> dict[str, Any]:
        details, digest = provenance.details, use.layer.blob.digest
        image, layer = self._source.images[use.image], use.layer
        told = self._of(use.image) | {
            "layer": digest,
            "layer_index": layer.number,
            "created_by": self._created_by(image, layer),
            "base_layer": all(one.layer.base for one in uses),
            "deleted_later": end is not None,
            "where": "file",
            "visible": end is None,
        }
        if details.get("document"):
            # What is kept where layers are, and is none.
            kind = layer.blob.media_type
            told |= {"where": "attestation" if any(word in kind for word in _STATEMENTS) else "file"}
        if end is not None:
            upper = image.layers[end]
            told |= {"deleted_in": end, "deleted_by": self._created_by(image, upper), "exposed_hours": _hours(image, layer, upper)}
        told["exposed_layers"] = (end if end is not None else len(image.layers)) - layer.number
        others = sorted({name for one in uses for name in self._source.names[one.image] or [self._source.images[one.image].name]})
        if len(others) > 1:
            told["images"] = [self._masker.masked(name) for name in others]
        platforms = sorted({self._source.images[one.image].platform for one in uses} - {""})
        if len(platforms) > 1:
            told["platforms"] = [self._masker.masked(each) for each in platforms]
        links = self._stack(use.image).links(layer.number, provenance.path)[:_HARD_LINKS]
        if links:
            told["hard_links"] = [self._masker.masked(link.decode("utf-8", "backslashreplace")) for link in links]
        if details.get("member"):
            told["member"] = details["member"]
        return told

    def _created_by(self, image: Image, layer: Layer) -> str | None:
        return self._masker.masked(image.steps[layer.step].created_by) if layer.step >= 0 else None

    def _removed(self, use: Use, path: bytes, number: int) -> int | None:
        return self._stack(use.image).removed_in(use.layer.number, path, number)

    def _stack(self, image: int) -> Stack:
        stack = self._stacks.get(image)
        if stack is None:
            layers = self._source.images[image].layers
            stack = self._stacks[image] = Stack([self._names.get(layer.blob.digest, Names()) for layer in layers])
        return stack


def _hours(image: Image, layer: Layer, upper: Layer) -> float | None:
    """How long a file could be seen: from the layer that brought it to the one that took it away."""
    if layer.step < 0 or upper.step < 0:
        return None
    try:
        first, last = (datetime.fromisoformat(image.steps[step].created[:19]) for step in (layer.step, upper.step))
    except ValueError:
        return None
    return round((last - first).total_seconds() / 3600, 2)


def numbers(parts: Sequence[Names]) -> list[int]:
    """Return how many files stand before each part of a layer."""
    found, total = [], 0
    for part in parts:
        found.append(total)
        total += len(part.files) // WIDTH
    return found
