"""Members of a layer are shown: many at a time, and those in which something ends by themselves."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final, NamedTuple, Protocol

from leaksieve.archives.tarwalk import Item
from leaksieve.model import Chunk, Provenance
from leaksieve.oci.visible import normal

# Longer names stand in two pieces in a header.
_NAME: Final = 100


class Eye(Protocol):
    """What members are shown to."""

    def ends(self, data: memoryview) -> list[tuple[int, int]] | None:
        """Return (what, where) of all that ends in a buffer and that a member may hold; None where each has to be asked by itself."""
        ...

    def hits(self, data: bytes) -> bool:
        """Whether bytes may hold something."""
        ...

    def take(self, chunk: Chunk, ends: list[tuple[int, int]] | None) -> None:
        """Scan a chunk that is no archive; ``ends`` are those that were seen in it, None where it was not looked at."""
        ...

    def open(self, chunk: Chunk, kind: str) -> None:
        """Scan an archive."""
        ...


class Met(NamedTuple):
    """A member in hand: where it lies, its name and number among the layer's files, whether its content is still to be asked for.

    ``item`` is what more there is to know of one that is not quite usual.
    """

    start: int
    begin: int
    end: int
    name: bytes
    number: int
    asked: bool
    item: Item | None = None


class Show:
    """Shows members to an eye; ``details`` go with each, with its number among the layer's files as ``n``."""

    def __init__(self, eye: Eye, details: dict[str, object]) -> None:
        self._eye = eye
        self._details = details

    def chunk(self, data: bytes, path: bytes, number: int) -> Chunk:
        """Return a piece of a member; ``number`` is its own among the layer's files."""
        return Chunk(data, Provenance("image", path, {**self._details, "n": number}))

    def together(self, buffer: Any, batch: list[Met], low: int, high: int) -> None:
        """Show members that lie in [low, high) of a buffer."""
        with memoryview(buffer) as whole, whole[low:high] as view:
            ends = self._eye.ends(view)
        # What stands in two pieces in a header is not found there.
        split = [met for met in batch if met.item is not None and len(met.name) > _NAME] if ends is not None else batch
        if split and self._eye.hits(b"\n".join([text for met in split for text in _words(met)])):
            for met in split:
                self.texts(met)
        if ends is None:
            for met in batch:
                if met.asked:
                    self._eye.take(self.chunk(buffer[met.begin : met.end], normal(met.name), met.number), None)
        elif ends:
            self._hit(buffer, batch, [(number, low + to) for number, to in ends])

    def _hit(self, buffer: Any, batch: list[Met], ends: list[tuple[int, int]]) -> None:
        """Look closely at the members in which something ends."""
        starts = [met.start for met in batch]
        inside: dict[int, list[tuple[int, int]]] = {}
        words: set[int] = set()
        for number, to in ends:
            place = max(bisect_left(starts, to) - 1, 0)
            met = batch[place]
            if to <= met.begin:
                words.add(place)
            elif met.asked and to <= met.end:
                inside.setdefault(place, []).append((number, to - met.begin))
        for place in sorted(words):
            self.texts(batch[place])
        for place, own in inside.items():
            met = batch[place]
            self._eye.take(self.chunk(buffer[met.begin : met.end], normal(met.name), met.number), own)

    def texts(self, met: Met) -> None:
        """Look at the words of a member's headers, each by itself."""
        for text in _words(met):
            if text and self._eye.hits(text):
                chunk = self.chunk(text, normal(met.name), met.number)
                marked = {**chunk.provenance.details, "member": "name" if text == met.name else "note"}
                self._eye.take(chunk._replace(provenance=chunk.provenance._replace(details=marked)), None)


def _words(met: Met) -> tuple[bytes, ...]:
    return (met.name,) if met.item is None else (met.name, met.item.link, *met.item.texts)
