"""The files of a layer's tar on their way to the engine: many small ones together, large ones in blocks, and none copied without need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, Final

from leaksieve.archives.limits import DamagedError, LimitError
from leaksieve.archives.magic import BLOCK, kind_of
from leaksieve.archives.tarwalk import FOLDER, HEADER, LINK, REST, Cursor, Item
from leaksieve.image_feed import Feed, Rest, Slice, kind_at
from leaksieve.image_show import Eye, Met, Show
from leaksieve.model import Skip
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
_PLAIN: Final = ord("0")
_BLANK: Final = ord(" ")
# Names that begin so, or are empty, have to be put right.
_LEADS: Final = frozenset({b"", b".", b"/"})


class Members:
    """Takes the members of one layer, or of a part of it, and shows them.

    ``details`` go with each (with its number among the layer's files as ``n``); ``limit`` is the most bytes a file may have,
    ``excluded`` says of a path whether it is left out.
    Afterwards ``names``, ``files``, ``size`` (bytes) and ``skips`` say what there was.
    """

    def __init__(self, eye: Eye, details: dict[str, object], limit: int, excluded: Callable[[bytes], bool] | None = None) -> None:
        self._eye = eye
        self._show = Show(eye, details)
        self._layer = details.get("layer", "")
        self._limit = limit
        self._excluded = excluded
        self._cursor = Cursor()
        self._batch: list[Met] = []
        self._low = 0
        self.names = Collector()
        self.files = self.size = 0
        self.skips: list[Skip] = []

    def mapped(self, buffer: Any, at: int, end: int) -> None:
        """Take a stretch of a mapped file that begins and ends where members do.  Raises DamagedError."""
        while (item := self._window(buffer, at, end, final=True)) is not None:
            stop = end if item.end < 0 else item.end
            self._long(item, Slice(buffer, item.begin, min(stop, end)))
            if stop > end:
                raise DamagedError("cut short")
            at = stop + -(stop - item.begin) % BLOCK
            if at >= end:
                return

    def streamed(self, pieces: Iterator[bytes]) -> None:
        """Take a tar piece by piece.  Raises one of ``image_feed.BROKEN``, after all that came before."""
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
                rest = Rest(feed, size)
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
            self._batch.append(Met(item.start, item.begin, stop, item.name, number, asked, item))
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
            if kind != _PLAIN or magic[:5] != b"ustar" or field[11] > _BLANK or not digits.isdigit() or digits.strip(b"01234567"):
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
                    self._eye.open(self._show.chunk(data, name, number), archive)
            batch.append(Met(at, begin, stop, name, number, asked, item))
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
        archive = kind_at(buffer, begin, end)
        if archive is not None:
            self._eye.open(self._show.chunk(buffer[begin:end], path, number), archive)
        return archive is None

    def _left_out(self, path: bytes) -> None:
        self.skips.append(Skip("excluded", self._receipt(path), "excluded-by-config", "a pattern of the configuration"))

    def _receipt(self, path: bytes) -> bytes:
        """A file as the receipt names it: what may be a secret is not written there."""
        return str(self._layer).encode() if self._eye.hits(path) else path

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
        if batch:
            self._batch = []
            self._show.together(buffer, batch, low, high)

    def _long(self, item: Item, source: Slice | Rest) -> None:
        """Take a member that is not held whole, unless it is an archive."""
        number = len(self.names)
        path = self._named(item)
        self._show.texts(Met(item.start, item.begin, item.begin, item.name, number, False, item))
        if source.left > self._limit:
            self.skips.append(too_large(self._receipt(path), source.left, self._limit))
            return
        if self._excluded is not None and self._excluded(path):
            self._left_out(path)
            return
        kind = source.kind()
        if kind is not None:
            data = source.read(self._limit)
            self.files += 1
            self.size += len(data)
            self._eye.open(self._show.chunk(data, path, number), kind)
            return
        blocks = StreamSource(source, path=path, block=_STREAMED)
        for _, block, offset, line, low, high in blocks.units():
            chunk = self._show.chunk(block, path, number)
            if offset or high != len(block):
                chunk = chunk._replace(
                    provenance=chunk.provenance._replace(details={**chunk.provenance.details, "offset": offset, "line": line, "body": (low, high)})
                )
            self._eye.take(chunk, None)
            self.size += high - low
        self.files += 1
