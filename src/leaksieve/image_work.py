"""What a worker does with one unit of an image: a layer's blob, a part of a mapped one, or the verification of one."""

from __future__ import annotations

import marshal
import mmap
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from leaksieve.archives.limits import LimitError, UnsupportedError
from leaksieve.archives.magic import BLOCK, kind_of
from leaksieve.config import Config
from leaksieve.engine.matcher import EMPTY, Result
from leaksieve.engine.prefilter import Hyperscan, compile_all
from leaksieve.engine.vocabulary import Hits
from leaksieve.image_feed import BROKEN, Feed
from leaksieve.image_members import Members
from leaksieve.model import Chunk, Located, Match, Provenance, Skip, SkipClass
from leaksieve.oci.digest import Verifier
from leaksieve.oci.model import BlobError
from leaksieve.oci.provider import Stream
from leaksieve.oci.unpack import HEAD, PIECE, packing, unpacked
from leaksieve.oci.visible import Names
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Unit
from leaksieve.sources.image import Begun, Blob, ImageSource
from leaksieve.work import Answer, Kept, Worker, decode, encode

_ZEROS = bytes(BLOCK)
# A layer may begin with an empty disk or a swap file.  So much is unpacked in seconds, and nothing of it is kept.
_ANYTHING = 1024 * 1024 * 1024


class LayerAnswer(NamedTuple):
    """What one unit gave: an answer as of files, and the ``names`` in the layer; ``verified`` says that the digest holds."""

    answer: Answer
    names: Names
    verified: bool


class ImageWorker(Worker):
    """Bound to a source and the settings of a run; callable with a unit, returns an encoded :class:`LayerAnswer`."""

    def __init__(
        self,
        source: ImageSource,
        ruleset: Ruleset,
        config: Config,
        prefilter: str,
        compiler: Any = compile_all,
        *,
        joined: bool,
        hashes: bool,
        deadline: float | None = None,
    ) -> None:
        super().__init__((), ruleset, config, prefilter, compiler, joined=joined, hashes=hashes)
        self._image = source
        self._deadline = deadline
        self._hyperscan = self.engine.prefilter if isinstance(self.engine.prefilter, Hyperscan) else None
        self._kept = Kept()

    def __call__(self, unit: Unit) -> bytes:
        """Scan one unit."""
        given = self.layer(unit)
        return marshal.dumps((encode(given.answer), tuple(given.names), given.verified))

    def layer(self, unit: Unit) -> LayerAnswer:
        """Scan one unit."""
        self._kept = Kept()
        blob = self._image.blobs[unit[1]]
        verified = False
        if unit[0] == "digest":
            members = None
            verified = self._verify(unit[1], blob)
        else:
            part = 0 if unit[0] == "blob" else unit[2]
            members = Members(self, {"layer": blob.descriptor.digest, "part": part}, self._member_limit, self._image.excluded)
            if unit[0] == "blob":
                verified = self._stream(blob, members)
            else:
                self._part(blob, members, unit[3], unit[4])
        kept = self._kept
        if members is not None:
            kept.skips += members.skips
        files, size = (members.files, members.size) if members is not None else (0, 0)
        answer = Answer(kept.located, kept.skips, files, size, kept.counts)
        return LayerAnswer(answer, members.names.names() if members is not None else Names(), verified)

    def ends(self, data: memoryview) -> list[tuple[int, int]] | None:
        """See :class:`leaksieve.image_show.Eye`."""
        return None if self._hyperscan is None else self._hyperscan.ends(data)

    def hits(self, data: bytes) -> bool:
        """See :class:`leaksieve.image_show.Eye`."""
        return self.engine.scan(data) is not EMPTY

    def take(self, chunk: Chunk, ends: list[tuple[int, int]] | None) -> None:
        """See :class:`leaksieve.image_show.Eye`."""
        if ends is None or self._hyperscan is None:
            result = self.engine.scan(chunk.data, chunk.provenance.path)
        else:
            hits = self._hyperscan.starts(chunk.data, ends)
            # What begins in the header is none of the member's.
            literals, gates, escapes, forms = ([hit for hit in several if hit[1] >= 0] for several in hits)
            result = self.engine.judge(chunk.data, Hits(literals, gates, escapes, forms), chunk.provenance.path)
        if result is not EMPTY:
            self._keep(chunk, result, self._kept)

    def open(self, chunk: Chunk, kind: str) -> None:
        """See :class:`leaksieve.image_show.Eye`."""
        if self._is_opened(chunk, kind, self._kept):
            self._open(chunk, kind, self._kept, names=True)

    def text(self, data: bytes) -> tuple[Result, list[Located]]:
        """Scan words that are in no file: everything that was seen, and the findings with their places."""
        result = self.engine.scan(data)
        if result is EMPTY or not result.matches:
            return result, []
        return result, self._locate(Chunk(data, Provenance("image", b"")), result.matches)

    def _locate(self, chunk: Chunk, matches: list[Match]) -> list[Located]:
        located = super()._locate(chunk, matches)
        if "body" in chunk.provenance.details:
            # A block of a long file was counted from the file's start, and told without what it belongs to.
            details = {name: value for name, value in chunk.provenance.details.items() if name not in ("offset", "line", "body")}
            provenance = chunk.provenance._replace(details=details)
            located = [place._replace(provenance=provenance) for place in located]
        return located

    def _failed(self, blob: Blob, reason: str, detail: str, kind: SkipClass = "failed") -> None:
        where = blob.descriptor.digest.encode("utf-8", "backslashreplace")
        self._kept.skips.append(Skip(kind, where, reason, detail))

    def _broken(self, blob: Blob, error: Exception) -> None:
        """Say why a layer was not read to its end."""
        if isinstance(error, LimitError):
            # Not all of what was asked for was scanned, and that is no file's own bound.
            self._failed(blob, "archive-limit", f"{error}; what could be read is scanned")
        elif isinstance(error, UnsupportedError):
            self._failed(blob, "archive-unsupported", str(error))
        elif isinstance(error, BlobError):
            self._failed(blob, error.reason, error.detail)
        elif isinstance(error, OSError):
            self._failed(blob, "unreadable", f"{error.strerror or 'broke off'}; what could be read is scanned")
        else:
            self._failed(blob, "damaged-layer", f"{error}; what could be read is scanned")

    def _verifier(self, blob: Blob) -> Verifier | None:
        try:
            return Verifier(blob.descriptor.digest, blob.descriptor.size)
        except BlobError as error:
            # Archives of old name layers by their paths alone.
            if not blob.descriptor.digest.startswith("path:"):
                self._failed(blob, error.reason, error.detail)
            return None

    def _judge(self, blob: Blob, verifier: Verifier | None) -> bool:
        wrong = verifier.wrong() if verifier is not None else ""
        if wrong:
            self._failed(blob, "bad-digest", f"{wrong}; it was scanned all the same")
        return verifier is not None and not wrong

    def _verify(self, number: int, blob: Blob) -> bool:
        """Verify a blob that is mapped, or was scanned before."""
        verifier = self._verifier(blob)
        if verifier is None:
            return False
        if blob.extent is None:
            return self._verify_stream(blob, verifier)
        # The parent may have begun, and this process inherited how far it came.
        begun = self._image.begun.pop(number, None) or Begun(verifier, blob.extent.at)
        try:
            with open(blob.extent.path, "rb", buffering=0) as file:
                file.seek(begun.at)
                left, buffer = blob.extent.at + blob.extent.size - begun.at, memoryview(bytearray(PIECE))
                while left and (got := file.readinto(buffer[: min(PIECE, left)])):
                    begun.verifier.update(buffer[:got])
                    left -= got
        except OSError as error:
            self._broken(blob, error)
            return False
        return self._judge(blob, begun.verifier)

    def _verify_stream(self, blob: Blob, verifier: Verifier) -> bool:
        try:
            stream = self._image.provider.open(blob.descriptor)
            try:
                raw = _Raw(stream, None if blob.diff else verifier, self._deadline)
                if blob.diff:
                    for _ in _pieces(raw, verifier):
                        pass
                raw.drain()
            finally:
                stream.close()
        except BROKEN as error:
            self._broken(blob, error)
            return False
        return self._judge(blob, verifier)

    def _part(self, blob: Blob, members: Members, low: int, high: int) -> None:
        assert blob.extent is not None
        try:
            with open(blob.extent.path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                whole = low == blob.extent.at and high == blob.extent.at + blob.extent.size
                if whole and not _is_tar(data[low : low + BLOCK]):
                    self._document(blob, data[low : min(high, low + self._member_limit + 1)], members)
                else:
                    members.mapped(data, low, min(high, len(data)))
        except BROKEN as error:
            self._broken(blob, error)
        except ValueError:
            pass  # an empty file cannot be mapped, and holds nothing

    def _stream(self, blob: Blob, members: Members) -> bool:
        """Scan a blob while it is verified."""
        verifier = self._verifier(blob)
        try:
            stream = self._image.provider.open(blob.descriptor)
        except BlobError as error:
            self._broken(blob, error)
            return False
        raw = _Raw(stream, None if blob.diff else verifier, self._deadline)
        broken = None
        try:
            feed = Feed(_pieces(raw, verifier if blob.diff else None))
            feed.fill(BLOCK)
            if not feed.data or _is_tar(feed.data[:BLOCK]):
                if feed.data or feed.error:
                    members.streamed(feed.rest())
            else:
                feed.fill(self._member_limit + 1)
                self._document(blob, feed.data, members)
                if feed.error is not None:
                    raise feed.error
            for _ in feed.rest():
                pass  # all of it counts for the digest
            raw.drain()
        except BROKEN as error:
            broken = error
            self._broken(blob, error)
            try:
                raw.drain()
            except BROKEN:
                return False
        finally:
            stream.close()
        # Of a layer that does not inflate nobody knows the digest of what it would hold.
        return self._judge(blob, verifier) if broken is None or not blob.diff else False

    def _document(self, blob: Blob, data: bytes, members: Members) -> None:
        """Scan a blob that is no tar: an attestation, a list of parts, anything that is kept where images are."""
        if len(data) > self._member_limit:
            self._failed(blob, "too-large", f"no archive, and more than {self._member_limit} bytes", "excluded")
            return
        if not data:
            return
        members.files += 1
        members.size += len(data)
        title = blob.descriptor.annotations.get("org.opencontainers.image.title", "")
        chunk = Chunk(data, Provenance("image", title.encode("utf-8", "replace"), {"layer": blob.descriptor.digest, "part": 0, "document": True}))
        kind = kind_of(data)
        if kind is None:
            self.take(chunk, None)
        else:
            self.open(chunk, kind)


class _Raw:
    """A blob as it comes, verified on the way if there is something to verify it with, until the ``deadline`` on the monotonic clock."""

    def __init__(self, stream: Stream, verifier: Verifier | None, deadline: float | None) -> None:
        self._stream = stream
        self._verifier = verifier
        self._deadline = deadline
        self._head = b""

    def head(self, size: int) -> bytes:
        """Return the first bytes without going on."""
        while len(self._head) < size and (piece := self._next(size - len(self._head))):
            self._head += piece
        return self._head

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        return self._next(size)

    def drain(self) -> None:
        """Read what is left."""
        self._head = b""
        while self._next(PIECE):
            pass

    def _next(self, size: int) -> bytes:
        # A blob may come slowly, or never end.
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise BlobError("timeout", "the scan's time limit was met in it; what could be read is scanned")
        piece = self._stream.read(size)
        if piece and self._verifier is not None:
            self._verifier.update(piece)
        return piece


def _pieces(raw: _Raw, verifier: Verifier | None) -> Iterator[bytes]:
    """What a blob holds when it is unpacked; ``verifier`` is for that."""
    kind = packing(raw.head(HEAD) + bytes(8))
    for piece in unpacked(kind, raw.read, _ANYTHING) if kind else iter(lambda: raw.read(PIECE), b""):
        if verifier is not None:
            verifier.update(piece)
        yield piece


def _is_tar(head: bytes) -> bool:
    return head == _ZEROS or kind_of(head) == "tar" or (len(head) < BLOCK and not head.strip(b"\0"))


def read_answer(data: bytes) -> LayerAnswer:
    """What a worker encoded."""
    answer, names, verified = marshal.loads(data)  # noqa: S302  written by a worker of this run
    return LayerAnswer(decode(answer), Names(*names), verified)
