"""Going through an archive and the archives in it: one member at a time, whole, within the bounds."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from leaksieve.archives import rpm
from leaksieve.archives.entries import Entry, too_large
from leaksieve.archives.entries import Rows as TableRows
from leaksieve.archives.limits import NAME, Budget, DamagedError, LimitError, Limits, UnsupportedError
from leaksieve.archives.magic import BLOCK, CLOSED, COMPRESSED, STREAMED, VIEWED, kind_of
from leaksieve.archives.plain import ar_entries, cpio_entries
from leaksieve.archives.streams import Buffer, Inflating, Reader
from leaksieve.archives.tar import entries as tar_entries
from leaksieve.archives.zipped import Zip
from leaksieve.model import BETWEEN, Skip

_READERS: Final = {"tar": tar_entries, "cpio": cpio_entries, "ar": ar_entries, "rpm": rpm.entries}
# Endings that a compressed stream's name has and its content's has not.
_ENDINGS: Final = {
    **dict.fromkeys((b".gz", b".gzip", b".bz2", b".xz", b".lzma", b".zst", b".zstd", b".z", b".zz", b".zlib", b".lz4"), b""),
    **dict.fromkeys((b".tgz", b".tbz", b".tbz2", b".txz", b".tlz4", b".tzst"), b".tar"),
    b".svgz": b".svg",
}
_UNNAMED: Final = b"content"
# The names a gzip may begin with lie in so many bytes.
_GZIP_HEAD: Final = 1 << 17


class Member(NamedTuple):
    """Content to scan.  ``path`` is the member's, archives around it included (``inner.zip!/a.txt``).

    ``opened`` says that it is itself an archive whose members were given before, and not all of it is in them.
    """

    path: bytes
    data: bytes
    opened: bool = False


class Text(NamedTuple):
    """What an archive says of the member ``path`` (empty: of itself): its name, where it leads to, a comment."""

    path: bytes
    text: bytes
    is_name: bool = False


class Rows(NamedTuple):
    """Rows of the table ``path`` of a database: what each is called, and its cells by column; few of very many hold anything."""

    path: bytes
    rows: TableRows


Given = Member | Text | Rows | Skip


class Walk:
    """One archive; iterating gives members, texts, and skips whose ``where`` is a member's path.

    ``data`` is all of it, in memory or in a file; of what is in it a member at a time is held.  ``name`` is the archive's own,
    as far as it is known: a compressed stream's content is called after it.
    Never raises for what ``data`` holds.  All skips are "excluded": the archive was read and its own bytes can be looked at, but what is damaged,
    encrypted or past the bounds in it no further scan would give.  Afterwards ``whole`` says that everything in the archive was given, so that
    its own bytes need not be looked at; ``archives`` and ``members`` are what was opened.
    """

    def __init__(self, data: Buffer, kind: str, limits: Limits, name: bytes = b"") -> None:
        self._data = data
        self._kind = kind
        self._name = name
        self._limits = limits
        self._budget = Budget(limits, len(data))
        self.archives = 0
        self.members = 0
        self.whole = False

    def __iter__(self) -> Iterator[Given]:
        if self._kind in VIEWED:
            yield from self._viewed(self._data, b"")
            self.whole = True
            return
        if self._limits.depth < 1:
            yield _not_opened(b"", self._kind)
            return
        try:
            self.whole = yield from self._archive(self._data, self._kind, self._name, b"", 1)
        except LimitError as limit:
            yield Skip("excluded", b"", "archive-limit", str(limit))

    def _archive(self, data: Buffer, kind: str, name: bytes, path: bytes, depth: int) -> Generator[Given, None, bool]:
        """Go through one; returns whether all of it was given.  Raises SpentError."""
        if kind in CLOSED:
            yield Skip("excluded", path, "archive-unsupported", f"{CLOSED[kind]} is not opened")
            return False
        self.archives += 1
        if kind in COMPRESSED:
            return (yield from self._compressed(data, kind, name, path, depth))
        if kind in STREAMED:
            return (yield from self._entries(_READERS[kind](Reader(data), self._budget), path, depth))
        if kind == "zip":
            archive = Zip(data, self._budget)
            whole = yield from self._entries(archive.entries(), path, depth)
            return whole and archive.whole
        try:
            entries = _library(kind, data, self._budget)
        except UnsupportedError as what:
            yield Skip("excluded", path, "archive-unsupported", str(what))
            return False
        whole = yield from self._entries(entries, path, depth)
        # Of a PDF some parts are not in its pages, and stand in the file as they are.
        return whole and kind != "pdf"

    def _viewed(self, data: Buffer, path: bytes) -> Generator[Given, None, None]:
        """A notebook is itself, as its authors see it."""
        from leaksieve.archives.notebook import members

        for name, text in members(data[: self._limits.member]):
            yield Member(path + BETWEEN + name if path and name else path + name, text)

    def _compressed(self, data: Buffer, kind: str, name: bytes, path: bytes, depth: int) -> Generator[Given, None, bool]:
        if kind == "gzip":
            for text in _gzip_texts(data[:_GZIP_HEAD]):
                yield Text(path, text, is_name=True)
        try:
            reader = Inflating(kind, data, self._budget)
        except UnsupportedError as what:
            yield Skip("excluded", path, "archive-unsupported", str(what))
            return False
        own_end = BETWEEN if path else b""
        try:
            inner = kind_of(reader.peek(BLOCK))
            if inner in STREAMED:
                # The two are one archive to whoever made it.
                whole = yield from self._entries(_READERS[inner](reader, self._budget), path, depth)
                if whole and not reader.error:
                    # Behind the archive's own end the stream may go on, or come out damaged.
                    while reader.read(BLOCK * BLOCK):
                        pass
                    if reader.error:
                        yield _damaged(path, reader.error)
                return whole and not reader.error and not reader.trailing
            content = reader.read(self._limits.member + 1)
        except LimitError as limit:
            if limit.final:
                raise
            yield Skip("excluded", path, "archive-limit", str(limit))
            return False
        place = path + own_end + _stem(name)
        if len(content) > self._limits.member:
            self._budget.member()
            yield Skip("excluded", place, *too_large(len(content), self._limits.member))
            return False
        yield from self._member(place, content, depth)
        if reader.error:
            yield _damaged(place, reader.error)
        return not reader.error and not reader.trailing

    def _entries(self, entries: Iterator[Entry], path: bytes, depth: int) -> Generator[Given, None, bool]:
        whole = True
        before = path + BETWEEN if path else b""
        try:
            for name, data, texts, skip, rows in entries:
                place = before + (name if len(name) <= NAME else name[:NAME] + b"...")
                self._budget.member()
                if name:
                    yield Text(place, name, is_name=True)
                for text in texts:
                    yield Text(place, text)
                if rows:
                    yield Rows(place, rows)
                if data is not None:
                    yield from self._member(place, data, depth)
                if skip is not None:
                    whole = False
                    yield Skip("excluded", place, *skip)
        except DamagedError as damage:
            yield _damaged(path, str(damage))
            return False
        except LimitError as limit:
            if limit.final:
                raise
            yield Skip("excluded", path, "archive-limit", str(limit))
            return False
        return whole

    def _member(self, path: bytes, data: bytes, depth: int) -> Generator[Given, None, None]:
        self.members += 1
        kind = kind_of(data) if data else None
        if kind is None:
            if data:
                yield Member(path, data)
            return
        if kind in VIEWED:
            yield from self._viewed(data, path)
            return
        if depth >= self._limits.depth and kind not in CLOSED:
            yield _not_opened(path, kind)
            yield Member(path, data)
            return
        before = self.members
        whole = yield from self._archive(data, kind, path, path, depth + 1)
        if not whole:
            yield Member(path, data, opened=self.members > before)


def _library(kind: str, data: Buffer, budget: Budget) -> Iterator[Entry]:
    """The entries of what a library reads.  Raises UnsupportedError."""
    if kind == "7z":
        from leaksieve.archives import sevenzip

        return sevenzip.entries(data, budget)
    if kind == "sqlite":
        from leaksieve.archives import sqlite

        return sqlite.entries(data, budget)
    from leaksieve.archives import pdf

    return pdf.entries(data, budget)


def _damaged(path: bytes, why: str) -> Skip:
    return Skip("excluded", path, "archive-damaged", f"{why}; what could be read is scanned")


def _not_opened(path: bytes, kind: str) -> Skip:
    return Skip("excluded", path, "archive-not-opened", f"{kind}, deeper than the limit")


def _stem(name: bytes) -> bytes:
    """What the content of a compressed stream is called: as the stream, without the ending."""
    base = name.rpartition(b"/")[2] or _UNNAMED
    stem, dot, ending = base.rpartition(b".")
    replaced = _ENDINGS.get((dot + ending).lower())
    return stem + replaced if stem and replaced is not None else base


def _gzip_texts(data: bytes) -> Iterator[bytes]:
    """The fields, the name and the comment a gzip may begin with."""
    flags, at = data[3] if len(data) > 10 else 0, 10
    if flags & 4:
        at += 2 + int.from_bytes(data[10:12], "little")
        if at > 12:
            yield data[12:at]
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", at, at + (1 << 16))
            if end < 0:
                return
            if end > at:
                yield data[at:end]
            at = end + 1
