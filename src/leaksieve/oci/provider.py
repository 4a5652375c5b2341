"""Where an image's parts come from: the one door between images and files, registries and daemons.

A provider is made in the parent process and used there for documents, and in forked workers for layers: it must not hold
open what cannot be shared (connections, positions in files), or must open it anew in each process (``os.getpid`` tells).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from leaksieve.model import Skip
from leaksieve.oci.model import Descriptor, Image, Root, Text


class Extent(NamedTuple):
    """A blob that is a stretch of a local file: it is mapped, and cut among workers, where it is not compressed."""

    path: bytes
    at: int
    size: int


class Stream(Protocol):
    """A blob's bytes from front to end."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, ``b""`` at the end.  Raises BlobError, or OSError, where it breaks off."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Provider(Protocol):
    """One image, or several under one reference.

    ``shown`` is the reference as reports show it, without credentials.  ``remote`` says that blobs cost a download: one
    whose digest was scanned before is not fetched only to be verified.  ``platform`` is what is meant where the
    user names none: os/architecture[/variant], "" for all.
    """

    shown: str
    remote: bool
    platform: str

    def roots(self) -> Sequence[Root]:
        """What the reference leads to.  Raises SourceError when it leads nowhere."""
        ...

    def open(self, blob: Descriptor, /) -> Stream:
        """Open a blob by its digest (and media type, where a registry has manifests elsewhere).

        What comes is verified by the caller, digest and size, whatever the provider does itself.  Raises BlobError.
        """
        ...

    def extent(self, blob: Descriptor, /) -> Extent | None:
        """Where the blob lies if it is a stretch of a local file."""
        ...

    def close(self) -> None:
        """Remove what was kept for the scan.  Called once, in the parent."""
        ...


class Ready(Protocol):
    """What a provider may have besides: images that no manifest describes (archives of old)."""

    def images(self) -> tuple[list[Image], list[Skip], list[Text]]:
        """Return the images, what of them cannot be read, and words that belong to none of them."""
        ...
