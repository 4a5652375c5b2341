"""A container image as something to scan: its blobs, each once however many images share it, and its words."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from leaksieve.archives.tarwalk import borders
from leaksieve.coverage import SourceCoverage
from leaksieve.errors import SourceError
from leaksieve.model import Skip
from leaksieve.oci.digest import Verifier
from leaksieve.oci.model import BlobError, Descriptor, Image, Layer, Text
from leaksieve.oci.provider import Extent, Provider
from leaksieve.oci.resolve import Resolver, fits, is_foreign
from leaksieve.oci.unpack import HEAD, packing
from leaksieve.sources.base import Unit
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.named import is_excluded

# An uncompressed layer is cut at members' borders into parts of about this many bytes, and fewer where it is small.
PART: Final = 32 * 1024 * 1024
_LEAST: Final = 4 * 1024 * 1024
_SHARES: Final = 8
# So much is verified at a time while something else is waited for.
_STRIDE: Final = 4 * 1024 * 1024


class Blob(NamedTuple):
    """A layer's blob.  ``diff`` as in a layer; ``extent`` is where it lies uncompressed in a local file, None for what is read as a stream."""

    descriptor: Descriptor
    diff: bool
    extent: Extent | None


class Begun(NamedTuple):
    """A verification that is under way, and the place in the file it has come to."""

    verifier: Verifier
    at: int


class Use(NamedTuple):
    """One of the places a blob has: the image's number, and the layer there."""

    image: int
    layer: Layer


class ImageSource:
    """What ``provider`` gives; ``platform`` narrows it ("" asks the provider, "all" for every one).

    After :meth:`resolve`: ``images``, ``names`` (of each, all it goes by), ``texts`` (of none of them), ``blobs`` and, by the digest of each, its ``uses``.
    """

    def __init__(self, provider: Provider, *, requested: str, platform: str = "", problem: str = "", tag: str = "") -> None:
        self.coverage = SourceCoverage("image", requested)
        self.provider = provider
        self._platform = platform
        self._problem = problem
        self._tag = tag
        self._excluded: Scope | None = None
        self.images: list[Image] = []
        self.names: list[list[str]] = []
        self.texts: list[Text] = []
        self.blobs: list[Blob] = []
        self.uses: dict[str, list[Use]] = {}
        # By the number of a blob; workers that are forked go on from there.
        self.begun: dict[int, Begun] = {}

    def limit_to(self, exclude: tuple[bytes, ...]) -> None:
        """Leave out files whose paths fit these patterns (gitignore syntax)."""
        self._excluded = Scope.root(IgnoreList(b"\n".join(exclude))) if exclude else None

    @property
    def excluded(self) -> Callable[[bytes], bool] | None:
        """Whether a path is left out; None where none is."""
        scope = self._excluded
        return None if scope is None else lambda path: is_excluded(scope, path)

    def resolve(self) -> None:
        """Read manifests and configurations.  Raises SourceError when there is nothing to scan."""
        roots = self.provider.roots()
        # What a provider means where nothing was asked for may only be known now.
        asked = "" if self._platform == "all" else self._platform or self.provider.platform
        resolver = Resolver(self.provider, asked)
        resolver.resolve([root for root in roots if self._is_wanted(root.name)])
        self.images, self.names, self.texts = list(resolver.images), list(resolver.names), list(resolver.texts)
        skips = list(resolver.skips)
        ready = getattr(self.provider, "images", None)
        if ready is not None:
            images, more, texts = ready()
            known = {image.digest for image in self.images}
            wanted = [image for image in images if image.digest not in known and any(self._is_wanted(name) for name in image.name.split(", "))]
            if self._platform and wanted and not self.images and not any(not image.platform or fits(image.platform, self._platform) for image in wanted):
                others = ", ".join(sorted({image.platform for image in wanted}))
                more = [*more, Skip("failed", b"", "no-such-platform", f"no image for {self._platform}; there is {others}")]
            for image in wanted:
                if not self._platform or not image.platform or fits(image.platform, self._platform):
                    self.images.append(image)
                    self.names.append([image.name])
            skips += more
            self.texts += texts
        if self._problem:
            skips.append(Skip("failed", os.fsencode(self.coverage.requested), "archive-damaged", f"the archive: {self._problem}"))
        for skip in skips:
            self.coverage.skip(skip)
        if not self.images and not skips:
            raise SourceError(f"there is no image {self._tag} in it" if self._tag else "there is no image in it", where=self.coverage.requested)
        self.coverage.resolved = ", ".join(dict.fromkeys(image.digest for image in self.images))[:1024]
        self.coverage.expect("images", len(self.images))
        for number, image in enumerate(self.images):
            for layer in image.layers:
                self._add(Use(number, layer))

    def verify_on(self) -> bool:
        """Verify some more of the mapped blobs, for as long as there is nothing better to do; False when nothing is left to verify."""
        for number, blob in enumerate(self.blobs):
            if blob.extent is None:
                continue
            end = blob.extent.at + blob.extent.size
            try:
                begun = self.begun.get(number) or Begun(Verifier(blob.descriptor.digest, blob.descriptor.size), blob.extent.at)
                if begun.at >= end:
                    continue
                with open(blob.extent.path, "rb", buffering=0) as file:
                    file.seek(begun.at)
                    piece = file.read(min(_STRIDE, end - begun.at))
            except (BlobError, OSError):
                continue  # whoever verifies it will say so
            if not piece:
                continue
            begun.verifier.update(piece)
            self.begun[number] = begun._replace(at=begun.at + len(piece))
            return True
        return False

    def _is_wanted(self, name: str) -> bool:
        """Whether an image of this name is asked for: by its name or its tag."""
        return not self._tag or name == self._tag or name.endswith((":" + self._tag, "/" + self._tag))

    def _add(self, use: Use) -> None:
        blob = use.layer.blob
        where = blob.digest.encode("utf-8", "backslashreplace")
        if blob.digest in self.uses:
            self.uses[blob.digest].append(use)
            return
        self.uses[blob.digest] = [use]
        try:
            place = self.provider.extent(blob)
            plain = place is not None and not _packed(place)
        except BlobError as error:
            self.coverage.expect("layers")
            self.coverage.skip(Skip("failed", where, error.reason, error.detail))
            return
        if place is None and is_foreign(blob) and not self.provider.remote:
            # It is kept elsewhere, and was never meant to be here.
            # An address may hold a login or a signature; where it leads is enough.
            host = _host(blob.urls[0]) if blob.urls else ""
            self.coverage.skip(Skip("excluded", where, "foreign-layer", "it is not distributed with the image" + (f"; see {host}" if host else "")))
            return
        self.coverage.expect("layers")
        self.blobs.append(Blob(blob, use.layer.diff, place if plain else None))

    @property
    def size(self) -> int:
        """How many bytes there are to read, as far as that is known."""
        return sum(blob.extent.size if blob.extent else max(blob.descriptor.size, 0) for blob in self.blobs)

    def units(self, jobs: int) -> Iterator[Unit]:
        """Plan: ("blob", number) is a stream, ("part", number, part, from, to) a stretch of a mapped one, ("digest", number) its verification."""
        streams = [number for number, blob in enumerate(self.blobs) if blob.extent is None]
        mapped = [number for number, blob in enumerate(self.blobs) if blob.extent is not None]
        for number in sorted(streams, key=lambda number: -self.blobs[number].descriptor.size):
            yield ("blob", number)
        total = sum(blob.extent.size for blob in self.blobs if blob.extent is not None)
        step = min(PART, max(_LEAST, total // (_SHARES * jobs)))
        mapped.sort(key=lambda number: -(self.blobs[number].extent or Extent(b"", 0, 0)).size)
        for number in mapped:
            yield ("digest", number)
        for number in mapped:
            extent = self.blobs[number].extent
            assert extent is not None
            cuts = _cuts(extent, step)
            for part, (low, high) in enumerate(zip(cuts, cuts[1:], strict=False)):
                yield ("part", number, part, low, high)


def _cuts(extent: Extent, step: int) -> list[int]:
    """Places in the file between which a layer's parts lie."""
    end = extent.at + extent.size
    if extent.size <= step:
        return [extent.at, end]
    try:
        with open(extent.path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return [extent.at, *borders(data, extent.at, min(end, len(data)), step), end]
    except (OSError, ValueError):
        return [extent.at, end]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _packed(place: Extent) -> bool:
    try:
        with open(place.path, "rb") as file:
            file.seek(place.at)
            return bool(packing(file.read(min(HEAD, place.size)) + bytes(8)))
    except OSError as error:
        raise BlobError("unreadable", error.strerror or "it cannot be read") from None
