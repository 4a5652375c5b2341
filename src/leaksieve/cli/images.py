"""Scans of container images: what a reference names, and where its parts come from."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.cli.execute import execute, talk_for
from leaksieve.cli.places import names_image
from leaksieve.cli.registries import Reaching, daemon_provider, named_provider, registry_provider
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.config import Config
from leaksieve.errors import SourceError, UsageError

if TYPE_CHECKING:
    from leaksieve.oci.model import Descriptor, Root
    from leaksieve.oci.provider import Provider, Stream
    from leaksieve.sources.image import ImageSource

_LOCAL = ("docker-archive", "oci-archive", "oci")
_ANYWHERE = Reaching()
_PLATFORM = re.compile(r"[a-z0-9]+/[A-Za-z0-9_]+(?:/[A-Za-z0-9_.]+)?")
# Members that archives of images begin with; few other archives do.
_FIRST = re.compile(rb"(?:\./)?(?:blobs/?$|blobs/sha|oci-layout$|index\.json$|manifest\.json$|repositories$|[0-9a-f]{64}(?:/|\.json$|\.tar))")


class Reference(NamedTuple):
    """What a person wrote, taken apart: ``place`` is a path or a name, ``tag`` which of the images there ("" for all)."""

    scheme: str
    place: str
    tag: str
    shown: str


def scan_images(
    options: Options, references: Sequence[str], *, platform: str = "", own_layers: bool = False, reaching: Reaching = _ANYWHERE, classify: bool = False
) -> int:
    """Scan images; ``classify`` says what each was taken for.  Raises UsageError for a reference that names nothing."""
    talk = talk_for(options)
    sources = image_sources(references, platform, reaching)
    for reference in references if classify else ():
        talk.note(f"{reference} is taken for a container image")
    # Nothing that is in an image configures its scan or waves anything through.
    found = settle(options, [], foreign=True)
    if found.notes:
        found = found._replace(notes=("comments inside an image that allow a finding do not count; --trust-repo-config honours them",))

    def images(config: Config) -> Sequence[ImageSource]:
        for source in sources:
            source.limit_to(tuple(os.fsencode(pattern) for pattern in config.exclude))
        return sources

    return execute(options, found, lambda _: (), root=None, repository=None, images=images, own_layers=own_layers, cache=options.cache)


def image_sources(references: Sequence[str], platform: str, reaching: Reaching = _ANYWHERE) -> list[ImageSource]:
    """Open what references name.  Raises UsageError."""
    from leaksieve.sources.image import ImageSource

    if platform and platform != "all" and not _PLATFORM.fullmatch(platform):
        raise UsageError("must be os/architecture, os/architecture/variant or all", where="--platform")
    sources = []
    for text in references:
        reference = parse(text)
        try:
            provider, problem = provider_of(reference, platform, reaching)
        except SourceError as error:
            provider, problem = _Nothing(reference.shown, error), ""
        sources.append(ImageSource(provider, requested=text, platform=platform, problem=problem, tag=reference.tag))
    return sources


def parse(text: str) -> Reference:
    """Take a reference apart; a bare path is looked at, and anything else is a name.  Raises UsageError."""
    scheme, _, rest = text.partition(":")
    if not names_image(text):
        if os.path.lexists(text):
            return Reference("oci" if os.path.isdir(text) else "docker-archive", text, "", text)
        if text.startswith(("/", "./", "../", "~")):
            raise UsageError("no such file or directory", where=text)
        return Reference("", text, "", text)
    if not rest:
        raise UsageError("names no image", where=text)
    if scheme not in _LOCAL:
        return Reference(scheme, rest, "", text)
    place, tag = rest, ""
    if not os.path.lexists(rest):
        # A tag, or a name with a registry and a tag, may stand behind the path.
        at = rest.find(":")
        while at >= 0 and not os.path.lexists(rest[:at]):
            at = rest.find(":", at + 1)
        if at <= 0:
            raise UsageError("no such file or directory", where=text)
        place, tag = rest[:at], rest[at + 1 :]
    if scheme == "oci" and not os.path.isdir(place):
        raise UsageError("is no folder", where=text, hint="oci-archive: names a tar")
    if scheme != "oci" and os.path.isdir(place):
        raise UsageError("is a folder", where=text, hint="oci: names an OCI layout in a folder")
    return Reference(scheme, place, tag, text)


def provider_of(reference: Reference, platform: str = "", reaching: Reaching = _ANYWHERE) -> tuple[Provider, str]:
    """Open what a reference names: a provider, and what is wrong with it ("" if nothing).  Raises SourceError and UsageError."""
    if reference.scheme in _LOCAL:
        from leaksieve.oci.local import open_archive, open_folder

        if reference.scheme == "oci":
            return open_folder(reference.place, reference.shown), ""
        return open_archive(reference.place, reference.shown)
    if reference.scheme == "registry":
        return registry_provider(reference.place, reaching, platform, reference.shown), ""
    if reference.scheme == "daemon":
        return daemon_provider(reference.place, reference.shown), ""
    return named_provider(reference.place, reaching, platform), ""


def is_image(target: str) -> bool:
    """Whether a target of ``leaksieve scan`` is an image: by its prefix, or by what lies there."""
    if names_image(target):
        return True
    if os.path.isdir(target):
        return os.path.isfile(os.path.join(target, "oci-layout")) and os.path.isfile(os.path.join(target, "index.json"))
    return os.path.isfile(target) and _is_archive(target)


def _is_archive(path: str) -> bool:
    """Whether a tar begins as archives of images do, and is one."""
    try:
        with open(path, "rb") as file:
            head = file.read(512)
            if head[257:262] == b"ustar" or head[:3] == b"\x1f\x8b\x08" or head[:4] == b"\x28\xb5\x2f\xfd":
                from leaksieve.oci.local import first_names

                names = first_names(path)
                return any(_FIRST.match(name) for name in names[:1]) and (
                    len(names) == 1 or any(name.removeprefix(b"./") in (b"manifest.json", b"index.json", b"repositories") for name in names)
                )
    except OSError:
        pass
    return False


class _Nothing:
    """Stands for what could not be opened, and says why when it is asked what it leads to."""

    remote = False
    platform = ""

    def __init__(self, shown: str, error: SourceError) -> None:
        self.shown = shown
        self._error = error

    def roots(self) -> Sequence[Root]:
        """Raise the error."""
        raise self._error

    def open(self, _blob: Descriptor) -> Stream:
        """Raise the error."""
        raise self._error

    def extent(self, _blob: Descriptor) -> None:
        """Return nothing."""

    def close(self) -> None:
        """Nothing was opened."""
