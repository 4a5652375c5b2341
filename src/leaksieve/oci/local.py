"""Images in local files: OCI layouts (a folder or a tar) and archives of ``docker save``, of today and of old."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import Final

from leaksieve.errors import SourceError
from leaksieve.model import Skip
from leaksieve.oci.docker import images as saved
from leaksieve.oci.fields import descriptor, listed, parsed, texts
from leaksieve.oci.files import Files, FileStream, Folder, Tar, contents
from leaksieve.oci.model import DOCUMENT, BlobError, Descriptor, Image, Root, Text
from leaksieve.oci.provider import Extent
from leaksieve.oci.resolve import others

# So many members of a tar are looked at to tell whether it is an image.
_LOOKED: Final = 2_000
# Names that images go by in an index, the fullest first.
_NAMES: Final = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class LocalProvider:
    """A folder or a tar with images in it; ``temporary`` is a private folder of ours to be removed at the end."""

    remote = False
    platform = ""

    def __init__(self, files: Files, shown: str, temporary: bytes | None = None) -> None:
        self.shown = shown
        self._files = files
        self._temporary = temporary
        self._extents: dict[str, Extent] = {}
        self._opened: set[str] = set()
        self.texts: list[Text] = []

    @property
    def is_layout(self) -> bool:
        """Whether it is an OCI layout (whatever else it may be)."""
        return self._find("index.json") is not None

    @property
    def is_archive(self) -> bool:
        """Whether it is what ``docker save`` writes."""
        return self._find("manifest.json") is not None or self._find("repositories") is not None

    def roots(self) -> Sequence[Root]:
        """See :class:`leaksieve.oci.provider.Provider`."""
        index = self._find("index.json")
        if index is None:
            return []
        try:
            fields = parsed(contents(index, DOCUMENT), "index")
        except BlobError as error:
            raise SourceError(error.detail, where=self.shown) from None
        annotations = texts(fields.get("annotations"))
        if annotations:
            self.texts.append(Text("annotation", tuple((key, f"{key}={value}") for key, value in annotations.items()), ""))
        self.texts += others(fields, "")
        found = []
        for each in listed(fields.get("manifests")):
            one = descriptor(each)
            found.append(Root(next((one.annotations[name] for name in _NAMES if one.annotations.get(name)), ""), one))
        return found

    def images(self) -> tuple[list[Image], list[Skip], list[Text]]:
        """Images of ``docker save``; where the archive is an OCI layout as well, that tells more, and these are what it does not know of.

        Called when the layout was read.
        """
        layout = self.is_layout and (self._find("oci-layout") is not None or not self.is_archive)
        if layout and not self.is_archive:
            return [], [], self.texts
        images, skips, extents = saved(self._files, self.shown)
        if layout:
            # Who loads it may go by either.
            images = [image for image in images if image.digest not in self._opened]
            if not images:
                return [], [], self.texts
        self._extents = extents
        return images, skips, self.texts

    def open(self, blob: Descriptor) -> FileStream:
        """See :class:`leaksieve.oci.provider.Provider`."""
        place = self.extent(blob)
        if place is None:
            raise BlobError("missing-blob", "it is not there")
        self._opened.add(blob.digest)
        try:
            return FileStream(place)
        except OSError as error:
            raise BlobError("unreadable", error.strerror or "it cannot be read") from None

    def extent(self, blob: Descriptor) -> Extent | None:
        """See :class:`leaksieve.oci.provider.Provider`.  Raises BlobError."""
        if blob.digest in self._extents:
            return self._extents[blob.digest]
        algorithm, _, name = blob.digest.partition(":")
        return self._files.find(f"blobs/{algorithm}/{name}") if name.isalnum() and algorithm.isalnum() else None

    def close(self) -> None:
        """Remove what was unpacked."""
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def _find(self, name: str) -> Extent | None:
        try:
            return self._files.find(name)
        except BlobError:
            return None


def open_folder(path: str, shown: str) -> LocalProvider:
    """Return the images of a folder.  Raises SourceError."""
    provider = LocalProvider(Folder(os.fsencode(path)), shown)
    if not provider.is_layout:
        raise SourceError("is no OCI layout: it has no index.json", where=shown)
    return provider


def open_archive(path: str, shown: str) -> tuple[LocalProvider, str]:
    """Return the images of a tar, compressed or not, and why its end could not be read ("" where it could).  Raises SourceError."""
    from leaksieve.oci.spool import spooled

    try:
        real, temporary = spooled(os.fsencode(path), shown)
        try:
            tar = Tar(real)
            provider = LocalProvider(tar, shown, temporary)
            if not provider.is_layout and not provider.is_archive:
                raise SourceError("is no image: it has neither a manifest.json nor an index.json" + (f" ({tar.problem})" if tar.problem else ""), where=shown)
        except BaseException:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
            raise
    except OSError as error:
        raise SourceError((error.strerror or "it cannot be read").lower(), where=shown) from None
    return provider, tar.problem


def first_names(path: str) -> list[bytes]:
    """Return the names of a tar's members: of a compressed one the first alone, of a long one not all.  Raises OSError."""
    import mmap
    from itertools import islice

    from leaksieve.archives.limits import DamagedError, LimitError, UnsupportedError
    from leaksieve.archives.tarwalk import Cursor
    from leaksieve.oci.unpack import HEAD, packing, unpacked

    names: list[bytes] = []
    with open(path, "rb") as file:
        kind = packing(file.read(HEAD))
        file.seek(0)
        try:
            if kind:
                piece = next(unpacked(kind, file.read), b"")
                names += [item.name for item in islice(Cursor().items(piece, 0, len(piece), final=False), 1)]
            else:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    for item in islice(Cursor().items(data, 0, len(data), final=True), _LOOKED):
                        names.append(item.name)
        except (DamagedError, LimitError, UnsupportedError, ValueError):
            pass
    return names
