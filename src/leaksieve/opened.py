"""A chunk that is an archive as the chunks in it: each member under its own path, and what the archive says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from leaksieve.archives.limits import MEBIBYTE, Limits
from leaksieve.archives.magic import kind_of
from leaksieve.archives.walk import Member, Rows, Text, Walk
from leaksieve.model import BETWEEN, Chunk, Provenance, Skip

# Of each reason so many skips are named with their members; the rest are counted.
_NAMED = 20
# Texts are looked at so many bytes together; next to none of them holds anything.
_TOGETHER = 64 * 1024
# Members of the version before are kept up to here, bytes, to tell what is new.
_BASE = 64 * MEBIBYTE
# What keeping one costs besides.
_EACH = 300
# How deep archives in a history are opened at most: every version of each is read.
HISTORY_DEPTH = 1


class Opening:
    """Iterating gives chunks to scan and skips.

    ``depth`` and ``member_limit`` (bytes) bound it; ``hits`` says quickly of bytes whether anything could be found in them.  Without ``names`` the
    names of members are left out.  While a chunk is in hand, ``again`` says that its members were given before, so that
    only what they did not hold counts.  Afterwards ``whole``, ``archives`` and ``members`` are as the walk has them.
    """

    def __init__(self, chunk: Chunk, kind: str, depth: int, member_limit: int, hits: Callable[[bytes], bool], *, names: bool = True) -> None:
        self._chunk = chunk
        self._limits = Limits(depth, member_limit)
        self._walk = Walk(chunk.data, kind, self._limits, _name(chunk))
        self._hits = hits
        self._names = names
        self._base: dict[bytes, bytes] | None = None
        self._skips: list[Skip] = []
        self._counts: dict[tuple[str, str], int] = {}
        self.again = False

    @property
    def whole(self) -> bool:
        """Whether everything in the archive was given."""
        return self._walk.whole

    @property
    def archives(self) -> int:
        """How many archives were opened, this one included."""
        return self._walk.archives

    @property
    def members(self) -> int:
        """How many members with content there were."""
        return self._walk.members

    def __iter__(self) -> Iterator[Chunk | Skip]:
        texts: list[Text] = []
        size = 0
        for given in self._walk:
            if isinstance(given, Member):
                self.again = given.opened
                yield self._member(given)
                self.again = False
            elif isinstance(given, Skip):
                self._note(given)
            elif isinstance(given, Rows):
                yield from self._rows(given)
            elif self._names or not given.is_name:
                texts.append(given)
                size += len(given.text)
                if size > _TOGETHER:
                    yield from self._told(texts)
                    texts, size = [], 0
        yield from self._told(texts)
        yield from self._noted()

    def _member(self, member: Member) -> Chunk:
        provenance = self._chunk.provenance._replace(archive_path=member.path or None)
        if self._chunk.base is None:
            return Chunk(member.data, provenance)
        return Chunk(member.data, provenance, lambda: self._before().get(member.path))

    def _rows(self, given: Rows) -> Iterator[Chunk]:
        """Rows are looked at many together; of those that could hold something each cell is given, and then the row as a whole."""
        texts = [b"\n".join(_cell(column, value) for column, value in cells) for _, cells in given.rows]
        if not self._hits(b"\n".join(texts)):
            return
        for (name, cells), text in zip(given.rows, texts, strict=True):
            if not self._hits(text):
                continue
            *single, whole = _row(given.path, name, cells)
            for cell in single:
                if self._hits(cell.data):
                    yield self._member(cell)
            # What lies in one cell was given; a credential whose parts lie in several is found here.
            self.again = bool(single)
            yield self._member(whole)
            self.again = False

    def _told(self, texts: list[Text]) -> Iterator[Chunk]:
        if not texts or not self._hits(b"\n".join([text.text for text in texts])):
            return
        whole, details, path = self._chunk.provenance.path, self._chunk.provenance.details, self._chunk.provenance.kind
        for text in texts:
            if self._hits(text.text):
                marked = {**details, "member": "name" if text.is_name else "note"}
                yield Chunk(text.text, Provenance(path, whole, marked, text.path or None))

    def _note(self, skip: Skip) -> None:
        key = (skip.kind, skip.reason)
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] <= _NAMED:
            inner = skip.where
            # What may be a secret is not written on a receipt.
            hidden = not inner or self._hits(inner)
            path = self._chunk.provenance.path
            self._skips.append(skip._replace(where=path if hidden else path + BETWEEN + inner))

    def _noted(self) -> Iterator[Skip]:
        yield from self._skips
        for (kind, reason), count in self._counts.items():
            if count > _NAMED:
                first = next(skip for skip in self._skips if (skip.kind, skip.reason) == (kind, reason))
                yield first._replace(where=self._chunk.provenance.path, detail="further members, not named", count=count - _NAMED)

    def _before(self) -> dict[bytes, bytes]:
        """The members of the version that this one replaces."""
        if self._base is None:
            self._base = {}
            data = self._chunk.base() if self._chunk.base is not None else None
            kind = kind_of(data) if data else None
            left = _BASE
            if data and kind:
                for member in _all_members(Walk(data, kind, self._limits, _name(self._chunk))):
                    left -= len(member.data) + _EACH
                    if left < 0:
                        break
                    self._base[member.path] = member.data
        return self._base


def _name(chunk: Chunk) -> bytes:
    """What the archive is called; a stream without a name has one in brackets."""
    path = chunk.provenance.path
    return b"" if path.startswith(b"<") else path


def _row(table: bytes, name: bytes, cells: tuple[tuple[bytes, bytes], ...]) -> list[Member]:
    """The cells of a row where there are several, and the row."""
    if len(cells) == 1:
        ((column, value),) = cells
        return [Member(table + (b"." + column if column else b"") + b" " + name, _cell(column, value))]
    members = [Member(table + b"." + column + b" " + name, _cell(column, value)) for column, value in cells]
    return [*members, Member(table + b" " + name, b"\n".join(member.data for member in members))]


def _all_members(walk: Walk) -> Iterator[Member]:
    for given in walk:
        if isinstance(given, Member):
            yield given
        elif isinstance(given, Rows):
            for name, cells in given.rows:
                yield from _row(given.path, name, cells)


def _cell(column: bytes, value: bytes) -> bytes:
    """A cell as an assignment: many a secret is known by what it is called."""
    return column + b": " + value if column else value
