"""Archives of ``docker save``: a manifest.json that names configurations and layers, or, of the oldest, a folder for each layer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from leaksieve.model import Skip
from leaksieve.oci.config import base_layers, numbered, read_config, with_base
from leaksieve.oci.digest import digest_of, is_digest
from leaksieve.oci.fields import listed, mapping, parsed, text
from leaksieve.oci.files import Files, FileStream, contents
from leaksieve.oci.model import DOCUMENT, LAYERS, BlobError, Descriptor, Image, Layer, Step, Text
from leaksieve.oci.provider import Extent

_PIECE = 1024 * 1024

Extents = dict[str, Extent]


def images(files: Files, shown: str) -> tuple[list[Image], list[Skip], Extents]:
    """Return the images of an archive, what cannot be read of them, and where each layer's blob lies."""
    found: list[Image] = []
    skips: list[Skip] = []
    extents: Extents = {}
    try:
        listing = _document(files, "manifest.json")
        if listing is None:
            return _oldest(files, shown)
        entries = json.loads(listing)
        if not isinstance(entries, list):
            raise BlobError("malformed", "manifest.json is no list")
    except (ValueError, RecursionError):
        return [], [Skip("failed", b"manifest.json", "malformed", "manifest.json is no JSON")], {}
    except BlobError as error:
        return [], [Skip("failed", b"manifest.json", error.reason, error.detail)], {}
    for number, each in enumerate(entries):
        entry = mapping(each)
        names = [text(name) for name in listed(entry.get("RepoTags")) if text(name)]
        one = _Reader(files, skips, extents).image(entry, ", ".join(names) or (shown if len(entries) == 1 else f"{shown}#{number + 1}"))
        found.append(one)
    return found, skips, extents


class _Reader:
    def __init__(self, files: Files, skips: list[Skip], extents: Extents) -> None:
        self._files = files
        self._skips = skips
        self._extents = extents

    def image(self, entry: Mapping[str, Any], name: str) -> Image:
        """Read one entry of manifest.json."""
        place = text(entry.get("Config"))
        digest, config = "", None
        try:
            data = _document(self._files, place)
            if data is None:
                raise BlobError("missing-blob", "the configuration is not there")
            digest = digest_of(data)
            promised = place.rpartition("/")[2].removesuffix(".json")
            # It is named after its digest.
            if len(promised) == 64 and is_digest("sha256:" + promised) and digest != "sha256:" + promised:
                self._skip(place, "bad-digest", "the configuration: its content does not have the digest it goes by")
            config = read_config(parsed(data, "configuration"), digest)
        except BlobError as error:
            self._skip(place, error.reason, error.detail)
        paths = [text(path) for path in listed(entry.get("Layers"))]
        diffs = config.diffs if config else ()
        if config and len(diffs) != len(paths):
            self._skip(place, "malformed", f"{len(paths)} layers, but the configuration knows of {len(diffs)}")
            diffs = ()
        steps = config.steps if config else ()
        numbers = numbered(steps, len(paths))[:LAYERS]
        if len(paths) > LAYERS:
            self._skip(place, "image-limit", f"{len(paths)} layers, more than {LAYERS}; the lowest are scanned")
        layers = []
        for index, path in enumerate(paths[:LAYERS]):
            blob, diff = self._layer(path, diffs[index] if diffs else "")
            layers.append(Layer(index, blob, numbers[index], diff=diff))
        labels = config.labels if config else {}
        base = base_layers(steps, numbers, labels)
        return Image(name, digest, config.platform if config else "", with_base(layers, base), steps, config.texts if config else (), labels)

    def _layer(self, path: str, diff: str) -> tuple[Descriptor, bool]:
        """A layer's blob: by the digest of its content where the configuration tells it, else by that in its name, else by its path."""
        named = "sha256:" + path.removeprefix("blobs/sha256/")
        place = None
        try:
            place = self._files.find(path)
        except BlobError as error:
            self._skip(path, error.reason, error.detail)
        digest = diff if is_digest(diff) else named if is_digest(named) else "path:" + path
        if place is not None and self._extents.setdefault(digest, place) != place and not _same(self._extents[digest], place):
            # Two files that go by one digest: one of them is another, and nobody knows which.
            self._skip(path, "bad-digest", "another layer that goes by the same digest has another content; it was scanned all the same")
            digest = "path:" + path
            self._extents[digest] = place
            return Descriptor("", digest), False
        return Descriptor("", digest), is_digest(diff)

    def _skip(self, where: str, reason: str, detail: str) -> None:
        self._skips.append(Skip("failed", where.encode("utf-8", "backslashreplace"), reason, detail))


def _oldest(files: Files, shown: str) -> tuple[list[Image], list[Skip], Extents]:
    """Archives from before manifest.json: repositories name top layers, and each layer's folder tells its parent."""
    skips: list[Skip] = []
    extents: Extents = {}
    found: list[Image] = []
    data = _document(files, "repositories")
    if data is None:
        return [], [Skip("failed", b"", "missing-blob", "neither manifest.json nor repositories is there")], {}
    for name, tags in parsed(data, "list of repositories").items():
        for tag, top in mapping(tags).items():
            found.append(_chain(files, text(top), f"{text(name)}:{text(tag)}" if name else shown, skips, extents))
    return found, skips, extents


def _chain(files: Files, top: str, name: str, skips: list[Skip], extents: Extents) -> Image:
    layers: list[tuple[str, Step]] = []
    texts: list[Text] = []
    platform, labels, seen = "", {}, set()  # type: str, Mapping[str, str], set[str]
    one = top
    while one and one not in seen and len(layers) < LAYERS:
        seen.add(one)
        try:
            fields = parsed(_document(files, f"{one}/json") or b"", "description of a layer")
            config = read_config(fields, one)
            if one == top:
                platform, labels = config.platform, config.labels
            texts += config.texts
            command = mapping(fields.get("container_config")).get("Cmd")
            step = Step(" ".join(text(word) for word in listed(command)), text(fields.get("created")), comment=text(fields.get("comment")))
            layers.append((one, step))
            one = text(fields.get("parent"))
        except BlobError as error:
            skips.append(Skip("failed", one.encode("utf-8", "backslashreplace"), error.reason, error.detail))
            break
    else:
        if one:
            detail = "its layers are each other's parents" if one in seen else f"more than {LAYERS} layers; the highest are scanned"
            skips.append(Skip("failed", one.encode("utf-8", "backslashreplace"), "malformed" if one in seen else "image-limit", detail))
    layers.reverse()
    blobs = []
    for index, (each, _) in enumerate(layers):
        digest = f"path:{each}/layer.tar"
        try:
            place = files.find(f"{each}/layer.tar")
            if place is not None:
                extents[digest] = place
        except BlobError as error:
            skips.append(Skip("failed", each.encode(), error.reason, error.detail))
        blobs.append(Layer(index, Descriptor("", digest), index))
    return Image(name, top, platform, tuple(blobs), tuple(step for _, step in layers), tuple(dict.fromkeys(texts)), labels)


def _same(one: Extent, other: Extent) -> bool:
    """Whether two stretches hold the same."""
    if one.size != other.size:
        return False
    try:
        with closing(FileStream(one)) as first, closing(FileStream(other)) as second:
            while piece := first.read(_PIECE):
                if piece != second.read(_PIECE):
                    return False
            return True
    except OSError:
        return False


def _document(files: Files, name: str) -> bytes | None:
    place = files.find(name)
    return None if place is None else contents(place, DOCUMENT)
