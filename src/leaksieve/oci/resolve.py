"""From what a reference leads to, through indexes and manifests, to images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leaksieve.model import Skip, SkipClass
from leaksieve.oci.config import BASE_DIGEST, base_layers, numbered, read_config, with_base
from leaksieve.oci.digest import Verifier
from leaksieve.oci.fields import descriptor, leaves, listed, parsed, text, texts
from leaksieve.oci.model import DOCUMENT, LAYERS, BlobError, Descriptor, Image, Layer, Root, Text
from leaksieve.oci.provider import Provider

INDEXES: Final = frozenset({"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"})
ATTESTATION: Final = "vnd.docker.reference.type"
_SUBJECT: Final = "vnd.docker.reference.digest"
_CONFIGS: Final = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
_READ: Final = frozenset({"annotations", "config", "layers", "blobs", "manifests", "schemaVersion", "mediaType", "artifactType"})
# Indexes inside indexes, and manifests in all.
_DEPTH: Final = 8
_MANIFESTS: Final = 2_000
UNKNOWN: Final = "unknown/unknown"
# Platforms are looked for in these words of a descriptor: a Docker layer that is not distributed, one that is encrypted.
_FOREIGN: Final = ("nondistributable", "foreign")


class Resolver:
    """Reads what a provider's roots lead to.

    ``platform`` is os/architecture[/variant] or "" for all.  Afterwards ``images`` are in order, each manifest once however many
    names it has; ``skips`` and ``texts`` (of indexes) what else there is to say.
    """

    def __init__(self, provider: Provider, platform: str) -> None:
        self._provider = provider
        self._platform = platform
        self._documents: dict[str, bytes] = {}
        self._chains: dict[str, tuple[str, ...]] = {}
        self._seen: dict[str, int] = {}
        self._told: set[tuple[str, str, str]] = set()
        self._left = _MANIFESTS
        self._platforms: list[str] = []
        self.images: list[Image] = []
        self.names: list[list[str]] = []
        self.skips: list[Skip] = []
        self.texts: list[Text] = []
        self._bases: list[str] = []

    def resolve(self, roots: Sequence[Root]) -> None:
        """Read everything."""
        for root in roots:
            self._read(root.name, root.descriptor, "", 0, alone=True)
        self.images = [self._with_known_base(image, base) for image, base in zip(self.images, self._bases, strict=True)]
        if self._platform and not self.images and self._platforms:
            others = ", ".join(sorted(set(self._platforms)))
            self.skips.append(Skip("failed", b"", "no-such-platform", f"no image for {self._platform}; there is {others}"))

    def document(self, blob: Descriptor, what: str) -> bytes:
        """Return a small blob, verified.  Raises BlobError."""
        known = self._documents.get(blob.digest)
        if known is not None:
            return known
        verifier = Verifier(blob.digest, blob.size)
        if max(blob.size, len(blob.data or b"")) > DOCUMENT:
            raise BlobError("too-large", f"the {what} has more than {DOCUMENT} bytes")
        data = blob.data if blob.data is not None else self._fetched(blob, what)
        verifier.update(data)
        if verifier.wrong():
            raise BlobError("bad-digest", f"the {what}: {verifier.wrong()}")
        self._documents[blob.digest] = data
        return data

    def _fetched(self, blob: Descriptor, what: str) -> bytes:
        stream = self._provider.open(blob)
        try:
            parts, size = [], 0
            while piece := stream.read(DOCUMENT + 1 - size):
                parts.append(piece)
                size += len(piece)
        except OSError as error:
            raise BlobError("unreadable", f"the {what}: {error.strerror or 'broke off'}") from None
        finally:
            stream.close()
        if size > DOCUMENT:
            raise BlobError("too-large", f"the {what} has more than {DOCUMENT} bytes")
        return b"".join(parts)

    def _read(self, name: str, blob: Descriptor, platform: str, depth: int, *, alone: bool) -> bool:
        """Read an index or a manifest; False where it is not there and that is nobody's fault."""
        if blob.digest in self._seen:
            place = self._seen[blob.digest]
            # Each place that names it may say something else of it.
            self._annotations(blob.annotations, blob.digest)
            if place >= 0 and name and name not in self.names[place]:
                self.names[place].append(name)
            return True
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            self._skip("excluded", blob, "image-limit", "indexes lie too deep inside each other" if depth > _DEPTH else f"more than {_MANIFESTS} manifests")
            return True
        try:
            fields = parsed(self.document(blob, "manifest"), "manifest")
        except BlobError as error:
            if error.reason == "missing-blob" and not alone:
                return False
            self._skip("failed", blob, error.reason, error.detail)
            return True
        self._seen[blob.digest] = -1
        kind = text(fields.get("mediaType")) or blob.media_type
        if kind in INDEXES or ("manifests" in fields and "layers" not in fields):
            self._index(name, blob, fields, depth)
        else:
            self._manifest(name, blob, fields, blob.platform or platform)
        return True

    def _index(self, name: str, blob: Descriptor, fields: Mapping[str, Any], depth: int) -> None:
        self._annotations(texts(fields.get("annotations")), blob.digest)
        self._annotations(blob.annotations, blob.digest)
        self.texts += others(fields, blob.digest)
        children = [descriptor(each) for each in listed(fields.get("manifests"))]
        chosen = [child for child in children if self._wanted(child, children)]
        absent = []
        for child in chosen:
            if ATTESTATION not in child.annotations and child.platform not in ("", UNKNOWN):
                self._platforms.append(child.platform)
            if not self._read(name, child, child.platform, depth + 1, alone=len(chosen) == 1 or bool(self._platform)):
                absent.append(child)
        for child in absent:
            # Whoever copies one platform leaves the others' names in the index.
            if len(absent) < len(chosen):
                self._skip("excluded", child, "platform-not-present", child.platform or "its manifest is not in it")
            else:
                self._skip("failed", child, "missing-blob", "its manifest is not there")

    def _wanted(self, child: Descriptor, children: Sequence[Descriptor]) -> bool:
        if not self._platform or not child.platform:
            return True
        subject = child.annotations.get(_SUBJECT)
        if subject is not None:
            return any(other.digest == subject and fits(other.platform, self._platform) for other in children)
        if child.platform not in ("", UNKNOWN) and not fits(child.platform, self._platform):
            self._platforms.append(child.platform)
            return False
        return True

    def _manifest(self, name: str, blob: Descriptor, fields: Mapping[str, Any], platform: str) -> None:
        if "fsLayers" in fields:
            self._skip("excluded", blob, "old-manifest", "of schema version 1, which no registry serves any more")
            return
        annotations = texts(fields.get("annotations"))
        config_blob = descriptor(fields.get("config"))
        entries = listed(fields.get("layers") or fields.get("blobs"))
        if len(entries) > LAYERS:
            self._skip("failed", blob, "image-limit", f"{len(entries)} layers, more than {LAYERS}; the lowest are scanned")
        blobs = [descriptor(each) for each in entries[:LAYERS]]
        found: list[Text] = []
        for told in (annotations, blob.annotations):
            found += self._annotated(told, blob.digest)
        found += others(fields, blob.digest)
        for each in (config_blob, *blobs):
            found += self._annotated(each.annotations, each.digest)
            if each.urls:
                found.append(Text("annotation", tuple(("urls", f"url={url}") for url in each.urls), each.digest))
        steps, diffs, labels, config = (), (), {}, None  # type: tuple[Any, ...], tuple[str, ...], Mapping[str, str], Any
        if config_blob.media_type in _CONFIGS or not config_blob.media_type:
            try:
                config = read_config(parsed(self.document(config_blob, "configuration"), "configuration"), config_blob.digest)
            except BlobError as error:
                self._skip("failed", config_blob, error.reason, error.detail)
        elif config_blob.digest:
            found += self._other_config(config_blob)
        if config is not None:
            steps, diffs, labels = config.steps, config.diffs, config.labels
            found += config.texts
            platform = config.platform or platform
        if self._platform and platform not in ("", UNKNOWN) and ATTESTATION not in blob.annotations and not fits(platform, self._platform):
            self._platforms.append(platform)
            return
        numbers = numbered(steps, len(entries))[:LAYERS]
        layers = tuple(Layer(index, each, numbers[index]) for index, each in enumerate(blobs))
        hints = {**labels, **annotations}
        layers = with_base(layers, base_layers(steps, numbers, hints))
        self._chains[blob.digest] = diffs or tuple(each.digest for each in blobs)
        self._bases.append(hints.get(BASE_DIGEST, ""))
        self._seen[blob.digest] = len(self.images)
        self.names.append([name] if name else [])
        self.images.append(Image(name or self._provider.shown, blob.digest, "" if platform == UNKNOWN else platform, layers, steps, tuple(found), labels))

    def _other_config(self, blob: Descriptor) -> list[Text]:
        """What an artifact has for a configuration: an empty object, as a rule."""
        try:
            lines = tuple((name, f"{name}={words}") for name, words in leaves(dict(parsed(self.document(blob, "configuration"), "configuration"))))
        except BlobError as error:
            # It may be anything; one that is no JSON is looked at as it stands.
            data = self._documents.get(blob.digest) if error.reason == "malformed" else None
            if data is None:
                self._skip("failed", blob, error.reason, error.detail)
                return []
            lines = (("", data.decode("latin-1")),)
        return [Text("config", lines, blob.digest)] if lines else []

    def _with_known_base(self, image: Image, base: str) -> Image:
        """Where the base image itself is at hand, its layers are known."""
        chain, own = self._chains.get(base, ()), self._chains.get(image.digest, ())
        if base != image.digest and chain and own[: len(chain)] == chain:
            return image._replace(layers=with_base(image.layers, len(chain)))
        return image

    def _annotations(self, told: Mapping[str, str], digest: str) -> None:
        self.texts += self._annotated(told, digest)

    def _annotated(self, told: Mapping[str, str], digest: str) -> Iterator[Text]:
        """What was not said of it before."""
        fresh = tuple((key, f"{key}={value}") for key, value in told.items() if (digest, key, value) not in self._told)
        if fresh:
            self._told |= {(digest, key, value) for key, value in told.items()}
            yield Text("annotation", fresh, digest)

    def _skip(self, kind: SkipClass, blob: Descriptor, reason: str, detail: str) -> None:
        self.skips.append(Skip(kind, blob.digest.encode("utf-8", "backslashreplace"), reason, detail))


def others(fields: Mapping[str, Any], digest: str) -> Iterator[Text]:
    """Fields of an index or a manifest that nothing reads."""
    lines = tuple((name, f"{name}={words}") for name, words in leaves({key: value for key, value in fields.items() if key not in _READ}) if words)
    if lines:
        yield Text("annotation", lines, digest)


def fits(platform: str, wanted: str) -> bool:
    """Whether a platform is the one that is asked for; without a variant any will do."""
    return platform == wanted or platform.startswith(wanted + "/")


def is_foreign(blob: Descriptor) -> bool:
    """Whether a layer is not distributed with its image."""
    return any(word in blob.media_type for word in _FOREIGN)
