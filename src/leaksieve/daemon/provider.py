"""An image of a daemon as a provider: saved to a private file, and read there as an archive of ``docker save`` is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence

from leaksieve.daemon.client import DaemonError, has, save
from leaksieve.daemon.places import Daemon
from leaksieve.errors import SourceError
from leaksieve.model import Skip
from leaksieve.oci.local import LocalProvider, open_archive
from leaksieve.oci.model import Descriptor, Image, Root, Text
from leaksieve.oci.provider import Extent, Stream


class DaemonProvider:
    """See :class:`leaksieve.oci.provider.Provider`.  The daemons are asked in turn; the first that has the image gives it."""

    remote = False
    platform = ""

    def __init__(self, name: str, daemons: Sequence[Daemon], shown: str) -> None:
        self.shown = shown
        self._name = name
        self._daemons = daemons
        self._local: LocalProvider | None = None
        self._problem = ""
        self._folder = ""

    def roots(self) -> Sequence[Root]:
        """See Provider.  Raises SourceError."""
        self._fetch()
        assert self._local is not None
        return self._local.roots()

    def images(self) -> tuple[list[Image], list[Skip], list[Text]]:
        """See :class:`leaksieve.oci.provider.Ready`."""
        assert self._local is not None
        images, skips, texts = self._local.images()
        if self._problem:
            skips = [*skips, Skip("failed", self.shown.encode("utf-8", "surrogateescape"), "archive-damaged", f"what the daemon gave: {self._problem}")]
        return images, skips, texts

    def open(self, blob: Descriptor) -> Stream:
        """See Provider."""
        assert self._local is not None
        return self._local.open(blob)

    def extent(self, blob: Descriptor) -> Extent | None:
        """See Provider."""
        assert self._local is not None
        return self._local.extent(blob)

    def close(self) -> None:
        """Remove what was saved."""
        if self._local is not None:
            self._local.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def _fetch(self) -> None:
        if not self._daemons:
            raise SourceError("no Docker or Podman socket is here", where=self.shown, hint="start one, or set DOCKER_HOST")
        said = []
        for daemon in self._daemons:
            try:
                if not has(daemon, self._name):
                    said.append(f"{daemon.shown} has no such image")
                    continue
                self._save(daemon)
            except DaemonError as error:
                said.append(f"{daemon.shown}: {error.text}")
                continue
            except OSError as error:
                raise SourceError(f"cannot be saved: {(error.strerror or 'the disk failed').lower()}", where=self.shown, hint="TMPDIR says where") from None
            return
        raise SourceError("; ".join(said), where=self.shown)

    def _save(self, daemon: Daemon) -> None:
        self._folder = tempfile.mkdtemp(prefix="leaksieve-image-")
        try:
            path = os.path.join(self._folder, "saved.tar")
            save(daemon, self._name, path)
            self._local, self._problem = open_archive(path, self.shown)
        except BaseException:
            self.close()
            raise
