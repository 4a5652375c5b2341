"""An image in a registry as a provider: manifests when they are asked for, layers as they are scanned, and what is attached to it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from leaksieve.errors import SourceError
from leaksieve.model import Skip
from leaksieve.oci.digest import Verifier, digest_of, is_digest
from leaksieve.oci.fields import descriptor, listed, parsed
from leaksieve.oci.model import BlobError, Descriptor, Image, Root, Text
from leaksieve.oci.provider import Stream
from leaksieve.oci.resolve import ATTESTATION, INDEXES, UNKNOWN, fits, is_foreign
from leaksieve.registry.attached import attached
from leaksieve.registry.download import Download
from leaksieve.registry.failure import WebError
from leaksieve.registry.name import Name
from leaksieve.registry.session import Session
from leaksieve.registry.settings import Reach
from leaksieve.registry.web import Web

_T = TypeVar("_T")
MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.artifact.manifest.v1+json",
)
# Registries take none that are larger.
MANIFEST: Final = 4 * 1024 * 1024
# All of one image's together: an index may name thousands.
_MANIFESTS_SIZE: Final = 128 * 1024 * 1024
_MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm", "armv6l": "arm"}


class RegistryProvider:
    """See :class:`leaksieve.oci.provider.Provider`.

    ``sessions`` are asked in turn, mirrors first.  With ``wanted`` "" the platform of this machine is taken where there are several
    and it is one of them, else all; the others are named as left out.
    """

    remote = True

    def __init__(self, name: Name, web: Web, sessions: Sequence[Session], reach: Reach, *, wanted: str = "") -> None:
        self.shown = name.shown
        self.platform = "" if wanted == "all" else wanted
        self._chosen = bool(wanted)
        self._name = name
        self._web = web
        self._sessions = list(sessions)
        self._reach = reach
        self._manifests: set[str] = set()
        self._left = _MANIFESTS_SIZE
        self._skips: list[Skip] = []

    def roots(self) -> Sequence[Root]:
        """See Provider.  Raises SourceError."""
        try:
            root = self.manifest(self._name.version)
        except WebError as error:
            # A registry that was found out to have nothing of that name says so by its status alone.
            what = f"there is no such image at {self._name.host}" if error.absent else error.detail
            raise SourceError(what, where=self.shown, hint=error.hint) from None
        assert root.data is not None
        try:
            fields = parsed(root.data, "manifest")
        except BlobError as error:
            raise SourceError(error.detail, where=self.shown) from None
        if fields.get("schemaVersion") == 1 or "fsLayers" in fields:
            raise SourceError("its manifest is of schema version 1, of before 2016, which is not read", where=self.shown, hint="pull and push it again")
        found = [Root(self.shown, root)]
        subjects = [root.digest]
        if root.media_type in INDEXES or ("manifests" in fields and "layers" not in fields):
            subjects += self._choose(fields)
        for subject in subjects:
            for each in self._attached(subject):
                if each.digest not in self._manifests:
                    self._manifests.add(each.digest)
                    found.append(Root(self._name.other(each.digest), each))
        return found

    def images(self) -> tuple[list[Image], list[Skip], list[Text]]:
        """See :class:`leaksieve.oci.provider.Ready`: no image, but what was left out or failed on the way."""
        return [], self._skips, []

    def open(self, blob: Descriptor) -> Stream:
        """See Provider."""
        if not is_digest(blob.digest):
            raise BlobError("bad-digest", "its digest is of a kind that cannot be verified")
        if blob.media_type in MANIFESTS or blob.digest in self._manifests:
            try:
                return _Held(self.manifest(blob.digest).data or b"")
            except WebError as error:
                raise BlobError(error.reason, error.line) from None
        try:
            return self._any(lambda session: _bounded(Download(self._asker(session, f"blobs/{blob.digest}"), self._reach, blob.size)))
        except BlobError:
            if is_foreign(blob) and blob.urls:
                return self._foreign(blob)
            raise

    def extent(self, blob: Descriptor) -> None:
        """Nothing is in a file."""

    def close(self) -> None:
        """End the connections."""
        self._web.close()

    def manifest(self, version: str) -> Descriptor:
        """Fetch a manifest by tag or digest, verified where it is a digest.  Raises WebError."""

        def fetch(session: Session) -> Descriptor:
            answer = session.ask("GET", f"manifests/{version}", "manifest", {"Accept": ", ".join(MANIFESTS)})
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            told = answer.headers.get("Docker-Content-Digest", "")
            data = answer.whole(min(MANIFEST, max(self._left, 0)), "manifest")
            self._left -= len(data)
            digest = version if is_digest(version) else told if is_digest(told) and "+prettyjws" not in kind else digest_of(data)
            verifier = Verifier(digest)
            verifier.update(data)
            if verifier.wrong():
                raise WebError("bad-digest", f"the manifest that {session.place.host} sends does not have the digest it goes by")
            return Descriptor(kind if kind in MANIFESTS else "", digest, len(data), data=data)

        last: WebError | None = None
        for session in list(self._sessions):
            try:
                found = fetch(session)
            except WebError as error:
                # What the registry itself says counts for more than what a mirror said.
                last = error
                continue
            if session is not self._sessions[0]:
                self._sessions.remove(session)
                self._sessions.insert(0, session)
            return found
        assert last is not None
        raise last

    def _any(self, action: Callable[[Session], _T]) -> _T:
        failed: BlobError | None = None
        for session in self._sessions:
            try:
                return action(session)
            except BlobError as error:
                failed = error
        assert failed is not None
        raise failed

    @staticmethod
    def _asker(session: Session, path: str) -> Callable[[Mapping[str, str]], Any]:
        return lambda headers: session.ask("GET", path, "blob", headers)

    def _foreign(self, blob: Descriptor) -> Stream:
        """A layer that may not be distributed lies where its manifest says: at an address that anybody may have written."""
        return _bounded(Download(lambda headers: self._sessions[0].fetch(blob.urls[0], "layer", headers), self._reach, blob.size))

    def _choose(self, fields: Mapping[str, Any]) -> list[str]:
        """Settle the platform of an index; returns the digests of what is scanned."""
        children = [child for child in (descriptor(each) for each in listed(fields.get("manifests"))) if is_digest(child.digest)]
        self._manifests |= {child.digest for child in children}
        plain = [child for child in children if ATTESTATION not in child.annotations]
        own = f"linux/{_MACHINES.get(platform.machine().lower(), platform.machine().lower())}"
        if not self._chosen and any(fits(child.platform, own) for child in plain):
            self.platform = own
        taken = [child for child in plain if not self.platform or child.platform in ("", UNKNOWN) or fits(child.platform, self.platform)]
        if taken:
            for child in plain:
                if child not in taken:
                    self._skips.append(Skip("excluded", child.digest.encode(), "other-platform", f"{child.platform}; --platform all scans every one"))
        return [child.digest for child in taken]

    def _attached(self, digest: str) -> Sequence[Descriptor]:
        try:
            return attached(self._sessions[0], digest, self.manifest)
        except WebError as error:
            self._skips.append(Skip("failed", digest.encode(), error.reason, f"what is attached to it could not be listed: {error.line}"))
            return ()


def _bounded(download: Download) -> Download:
    """Raises BlobError for what might never end."""
    if download.expected < 0:
        download.close()
        raise BlobError("download-failed", "neither its manifest nor the registry says how long it is")
    return download


class _Held:
    """A document that is there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        piece, self._data = self._data[:size], self._data[size:]
        return piece

    def close(self) -> None:
        """Let go of it."""
        self._data = b""
