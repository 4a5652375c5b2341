"""The files of a layer's tar on their way to the engine: many small ones together, large ones in blocks, and none copied without need."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

from leaksieve.archives.limits import DamagedError, LimitError, UnsupportedError
from leaksieve.archives.magic import BLOCK, kind_of
from leaksieve.archives.tarwalk import FOLDER, HEADER, LINK, REST, Cursor, Item
from leaksieve.model import Chunk, Provenance, Skip
from leaksieve.oci.model import BlobError
from leaksieve.oci.unpack import PIECE
from leaksieve.oci.visible import WIDTH, Collector, normal
from leaksieve.sources.stream import StreamSource
from leaksieve.sources.worktree_read import too_large

# Members are asked for together up to so many bytes, headers included: one call costs as much as a kilobyte or two.
_TOGETHER: Final = 256 * 1024
# A layer of more files than this is no sane one.
MOST: Final = 2_000_000
# Longer ones are read in blocks; an archive among them is held whole all the same.
HELD: Final = 32 * 1024 * 1024
_STREAMED: Final = 8 * 1024 * 1024
# Both ends of a long member tell what it is.
_END: Final = 66 * 1024
# Longer names stand in two pieces in a header.
_NAME: Final = 100
_PLAIN: Final = ord("0")
# Names that begin so, or are empty, have to be put right.
_LEADS: Final = frozenset({b"", b".", b"/"})
# What a reader raises when a layer breaks off.
BROKEN: Final = (DamagedError, LimitError, UnsupportedError, BlobError, OSError)


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


class _Met(NamedTuple):
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


class Members:
    """Takes the members of one layer, or of a part of it, and shows them.

    ``details`` go with each (with its number among the layer's files as ``n``); ``limit`` is the most bytes a file may have,
    ``excluded`` says of a path whether it is left out.
    Afterwards ``names``, ``files``, ``size`` (bytes) and ``skips`` say what there was.
    """

    def __init__(self, eye: Eye, details: dict[str, object], limit: int, excluded: Callable[[bytes], bool] | None = None) -> None:
        self._eye = eye
        self._details = details
        self._limit = limit
        self._excluded = excluded
        self._cursor = Cursor()
        self._batch: list[_Met] = []
        self._low = 0
        self.names = Collector()
        self.files = self.size = 0
        self.skips: list[Skip] = []

    def mapped(self, buffer: Any, at: int, end: int) -> None:
        """Take a stretch of a mapped file that begins and ends where members do.  Raises DamagedError."""
        while (item := self._window(buffer, at, end, final=True)) is not None:
            stop = end if item.end < 0 else item.end
            self._long(item, _Slice(buffer, item.begin, min(stop, end)))
            if stop > end:
                raise DamagedError("cut short")
            at = stop + -(stop - item.begin) % BLOCK
            if at >= end:
                return

    def streamed(self, pieces: Iterator[bytes]) -> None:
        """Take a tar piece by piece.  Raises one of ``BROKEN``, after all that came before."""
        feed = Feed(pieces)
        while True:
            try:
                item = self._window(feed.data, 0, len(feed.data), final=feed.final)
            except DamagedError:
                # What broke the stream off says more.
                if feed.error is not None:
                    raise feed.error from None
                raise
            if item is not None:
                feed.drop(item.begin)
                size = -1 if item.end < 0 else item.end - item.begin
                rest = _Rest(feed, size)
                self._long(item, rest)
                if not rest.passed():
                    raise feed.error or DamagedError("cut short")
            elif feed.final:
                break
            else:
                feed.drop(self._cursor.at)
                feed.more()
        if feed.error is not None:
            raise feed.error

    def _window(self, buffer: Any, at: int, end: int, *, final: bool) -> Item | None:
        """Take the members that lie in the buffer whole; returns one that is too long to be taken so, or None.  Raises DamagedError."""
        cursor, limit = self._cursor, min(self._limit, HELD)
        cursor.at = self._low = at
        wrong: DamagedError | None = None
        while True:
            if self._excluded is None:
                self._usual(buffer, end)
            if len(self.names) > MOST:
                self._flush(buffer, min(cursor.at, end))
                raise LimitError(f"more than {MOST} files")
            try:
                item = next(cursor.items(buffer, cursor.at, end, final=final), None)
            except DamagedError as error:
                wrong = error
                break
            if item is None:
                break
            stop = item.end
            if stop < 0 or stop - item.begin > limit:
                self._flush(buffer, item.start)
                return item
            after = item.begin + -(-(stop - item.begin) // BLOCK) * BLOCK
            if after > end and not final:
                # A stream goes on behind the padding.
                break
            if stop > end:
                wrong = DamagedError("cut short")
                stop = end
            number = len(self.names)
            path = self._named(item)
            asked = False
            if stop > item.begin:
                if self._excluded is not None and self._excluded(path):
                    self._left_out(path)
                else:
                    asked = self._file(buffer, item.begin, stop, path, number)
            else:
                self.files += item.has_content and len(self.names) > number
            self._batch.append(_Met(item.start, item.begin, stop, item.name, number, asked, item))
            cursor.at = after
            if stop - self._low > _TOGETHER:
                self._flush(buffer, min(cursor.at, end))
            if wrong is not None or cursor.at >= end:
                break
        self._flush(buffer, end if wrong is not None else min(cursor.at, end))
        if wrong is not None:
            raise wrong
        return None

    def _usual(self, buffer: Any, end: int) -> None:
        """Take members for as long as they are plain files of plain names: nearly all there are, so nothing is called that need not be."""
        cursor, batch, limit = self._cursor, self._batch, min(self._limit, HELD)
        unpack, marks, mark = HEADER.unpack_from, self.names.files, blake2b
        at, low = cursor.at, self._low
        files = size = 0
        number = len(self.names)
        parents, last = self.names.parents, None
        while at + BLOCK <= end:
            name, field, kind, _, magic, prefix = unpack(buffer, at)
            digits = field[:11]
            if kind != _PLAIN or magic[:5] != b"ustar" or not digits.isdigit() or digits.strip(b"01234567"):
                break
            length = int(digits, 8)
            begin = at + BLOCK
            stop = begin + length
            after = stop + -length % BLOCK
            if after > end or length > limit:
                break
            name = name.partition(b"\0")[0]
            item = None
            if prefix[0] and magic == b"ustar\0":
                name = prefix.partition(b"\0")[0] + b"/" + name
                item = Item(name, kind, at, begin, stop)
            if b"/." in name or b"//" in name or name[:1] in _LEADS:
                break
            marks += mark(name, digest_size=WIDTH).digest()
            folder = name[: max(name.rfind(b"/"), 0)]
            if folder != last:
                parents.add(folder)
                last = folder
            files += 1
            asked = False
            if length:
                size += length
                data = buffer[begin:stop]
                archive = kind_of(data)
                asked = archive is None
                if archive is not None:
                    self._eye.open(self._chunk(data, name, number), archive)
            batch.append(_Met(at, begin, stop, name, number, asked, item))
            number += 1
            at = after
            if at - low > _TOGETHER:
                self._flush(buffer, min(at, end))
                batch, low = self._batch, at
        cursor.at = at
        self.files += files
        self.size += size

    def _file(self, buffer: Any, begin: int, end: int, path: bytes, number: int) -> bool:
        """Count a file's content, and open it if it is an archive; says whether it is still to be asked for."""
        self.files += 1
        self.size += end - begin
        archive = _kind(buffer, begin, end)
        if archive is not None:
            self._eye.open(self._chunk(buffer[begin:end], path, number), archive)
        return archive is None

    def _left_out(self, path: bytes) -> None:
        self.skips.append(Skip("excluded", path, "excluded-by-config", "a pattern of the configuration"))

    def _named(self, item: Item) -> bytes:
        """Note a member's name; returns its path."""
        path = normal(item.name)
        if item.kind == FOLDER:
            self.names.folder(path)
        elif item.kind == LINK:
            self.names.link(path, normal(item.link))
        elif item.kind == REST:
            path = item.name
        else:
            self.names.file(path)
        return path

    def _flush(self, buffer: Any, high: int) -> None:
        """Show what is in hand, which lies up to ``high``."""
        batch, low = self._batch, self._low
        self._low = high
        if not batch:
            return
        self._batch = []
        with memoryview(buffer) as whole, whole[low:high] as view:
            ends = self._eye.ends(view)
        # What stands in two pieces in a header is not found there.
        split = [met for met in batch if met.item is not None and len(met.name) > _NAME] if ends is not None else batch
        if split and self._eye.hits(b"\n".join([text for met in split for text in _words(met)])):
            for met in split:
                self._texts(met)
        if ends is None:
            for met in batch:
                if met.asked:
                    self._eye.take(self._chunk(buffer[met.begin : met.end], normal(met.name), met.number), None)
        elif ends:
            self._hit(buffer, batch, [(number, low + to) for number, to in ends])

    def _hit(self, buffer: Any, batch: list[_Met], ends: list[tuple[int, int]]) -> None:
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
            self._texts(batch[place])
        for place, own in inside.items():
            met = batch[place]
            self._eye.take(self._chunk(buffer[met.begin : met.end], normal(met.name), met.number), own)

    def _texts(self, met: _Met) -> None:
        """Look at the words of a member's headers, each by itself."""
        for text in _words(met):
            if text and self._eye.hits(text):
                chunk = self._chunk(text, normal(met.name), met.number)
                marked = {**chunk.provenance.details, "member": "name" if text == met.name else "note"}
                self._eye.take(chunk._replace(provenance=chunk.provenance._replace(details=marked)), None)

    def _chunk(self, data: bytes, path: bytes, number: int) -> Chunk:
        return Chunk(data, Provenance("image", path, {**self._details, "n": number}))

    def _long(self, item: Item, source: _Slice | _Rest) -> None:
        """Take a member that is not held whole, unless it is an archive."""
        number = len(self.names)
        path = self._named(item)
        self._texts(_Met(item.start, item.begin, item.begin, item.name, number, False, item))
        if source.left > self._limit:
            self.skips.append(too_large(path, source.left, self._limit))
            return
        if self._excluded is not None and self._excluded(path):
            self._left_out(path)
            return
        kind = source.kind()
        if kind is not None:
            data = source.read(self._limit)
            self.files += 1
            self.size += len(data)
            self._eye.open(self._chunk(data, path, number), kind)
            return
        blocks = StreamSource(source, path=path, block=_STREAMED)
        for _, block, offset, line, low, high in blocks.units():
            assert isinstance(block, bytes)
            chunk = self._chunk(block, path, number)
            if offset or high != len(block):
                chunk = chunk._replace(
                    provenance=chunk.provenance._replace(details={**chunk.provenance.details, "offset": offset, "line": line, "body": (low, high)})
                )
            self._eye.take(chunk, None)
            self.size += int(str(high)) - int(str(low))
        self.files += 1


def _words(met: _Met) -> tuple[bytes, ...]:
    return (met.name,) if met.item is None else (met.name, met.item.link, *met.item.texts)


def _kind(buffer: Any, begin: int, end: int) -> str | None:
    return kind_of(buffer[begin:end] if end - begin <= 4 * _END else buffer[begin : begin + _END] + buffer[end - _END : end])


class _Slice:
    """A stretch of a mapped file, read forwards."""

    def __init__(self, buffer: Any, at: int, end: int) -> None:
        self._buffer = buffer
        self._at = at
        self._end = end

    @property
    def left(self) -> int:
        """How many bytes there are still to read."""
        return self._end - self._at

    def kind(self) -> str | None:
        """What kind of archive it is."""
        return _kind(self._buffer, self._at, self._end)

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        piece: bytes = self._buffer[self._at : min(self._at + size, self._end)]
        self._at += len(piece)
        return piece


class _Rest:
    """A member of a tar that comes as a stream, read forwards; ``left`` is -1 where it goes on to the stream's end."""

    def __init__(self, feed: Feed, size: int) -> None:
        self._feed = feed
        self.left = size
        self._padding = -size % BLOCK if size >= 0 else 0

    def kind(self) -> str | None:
        """What kind of archive it is, by its first bytes."""
        self._feed.fill(_END)
        return kind_of(self._feed.data[:_END] if self.left < 0 else self._feed.data[: min(_END, self.left)])

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        if self.left >= 0:
            size = min(size, self.left)
        if not size:
            return b""
        self._feed.fill(min(size, PIECE))
        piece = self._feed.data[:size]
        self._feed.drop(len(piece))
        if self.left >= 0:
            self.left -= len(piece)
        return piece

    def passed(self) -> bool:
        """Go on behind it and its padding; False where the stream ends before."""
        while self.left > 0:
            if not self.read(PIECE):
                return False
        # The padding of the last member is often not there.
        self._feed.fill(self._padding)
        self._feed.drop(self._padding)
        return True


class Feed:
    """What has come of a stream and was not taken yet.  ``final`` says that nothing more comes, ``error`` why where it broke off."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.data = b""
        self.final = False
        self.error: Exception | None = None

    def fill(self, least: int) -> None:
        """Wait until so many bytes are there, or all that come."""
        parts = [self.data]
        have = len(self.data)
        while have < least and not self.final:
            try:
                piece = next(self._pieces, None)
            except BROKEN as error:
                self.error, piece = error, None
            if piece is None:
                self.final = True
            else:
                parts.append(piece)
                have += len(piece)
        if len(parts) > 1:
            self.data = b"".join(parts)

    def rest(self) -> Iterator[bytes]:
        """Yield what is there and what comes.  Raises what breaks it off."""
        while self.data or not self.final:
            piece, self.data = self.data, b""
            if piece:
                yield piece
            self.fill(1)
        if self.error is not None:
            raise self.error

    def more(self) -> None:
        """Wait for more than there is: as much again, so that a long member is not copied piece by piece."""
        self.fill(max(2 * len(self.data), len(self.data) + 1))

    def drop(self, size: int) -> None:
        """Let go of bytes that were taken."""
        self.data = self.data[size:]
