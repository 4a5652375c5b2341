"""SQLite databases: the texts of their tables by row and column, blobs that are archives, and what deleted rows left behind.

The library reads a copy in memory, in a process of its own: nothing is written beside the file, and views, triggers,
virtual tables and functions of the database are never run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Final

from leaksieve.archives import apart
from leaksieve.archives.entries import Entry
from leaksieve.archives.limits import MEBIBYTE, Budget, DamagedError, SpentError, UnsupportedError
from leaksieve.archives.magic import kind_of
from leaksieve.archives.streams import Buffer

_MOST_ROWS: Final = 5_000_000
_LARGEST: Final = 128 * MEBIBYTE
# Nothing shorter can be a secret, or leads to one.
_SHORTEST: Final = 6
# Rows go through the pipe so many bytes together.
_TOGETHER: Final = 64 * 1024
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})
_LEAF: Final = 13

Row = tuple[bytes, tuple[tuple[bytes, bytes], ...]]


def entries(data: Buffer, budget: Budget) -> Iterator[Entry]:
    """Yield tables as entries of rows, blobs as members, the schema as a text.  Raises DamagedError, LimitError and UnsupportedError."""
    if not hasattr(sqlite3.Connection, "deserialize"):
        raise UnsupportedError("sqlite: this Python cannot read a database in memory")
    if len(data) > _LARGEST:
        raise UnsupportedError(f"a database of more than {_LARGEST // MEBIBYTE} MiB")
    return apart.entries(lambda: _entries(data, budget), len(data), budget)


def _entries(data: Buffer, budget: Budget) -> Iterator[Entry]:
    yield from _remains(data)
    base = sqlite3.connect(":memory:")
    base.text_factory = bytes
    image = bytearray(data[:])
    # One that is written ahead would look for its other files.
    image[18:20] = b"\1\1"
    base.deserialize(image)
    del image
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, budget.member_limit + 1)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "temp_store=MEMORY", "cache_size=-4096"):
        base.execute(f"PRAGMA {pragma}")
    try:
        schema = base.execute("SELECT type, name, rootpage, sql FROM sqlite_schema").fetchall()
    except sqlite3.DatabaseError:
        try:
            # What does not parse is then left out, and the rest is there.
            base.execute("PRAGMA writable_schema=ON")
            schema = base.execute("SELECT type, name, rootpage, sql FROM sqlite_schema").fetchall()
        except sqlite3.DatabaseError as error:
            raise DamagedError("its schema cannot be read") from error
    base.set_authorizer(_authorize)
    told = b"\n".join(sql for *_, sql in schema if isinstance(sql, bytes))
    if told:
        yield Entry(b"sqlite_schema", told[: budget.member_limit])
    left = _MOST_ROWS
    for kind, name, root, _ in schema:
        # A table without a place in the file is virtual: reading it would run code.
        if kind == b"table" and isinstance(name, bytes) and isinstance(root, int) and root > 0:
            left = yield from _table(base, name, left)


def _authorize(action: int, first: str | None, *_: str | None) -> int:
    """Reading columns, and asking what they are called; no function, no view and nothing else."""
    return sqlite3.SQLITE_OK if action in _ALLOWED or (action == sqlite3.SQLITE_PRAGMA and first == "table_xinfo") else sqlite3.SQLITE_DENY


def _quoted(name: bytes) -> str:
    """A name of the database's own, as SQL takes any."""
    return '"' + name.decode("utf-8", "replace").replace('"', '""') + '"'


def _selected(base: sqlite3.Connection, columns: str, table: str) -> sqlite3.Cursor:
    return base.execute(f"SELECT {columns} FROM {table}")  # noqa: S608  names cannot be parameters; they are quoted, and nothing but reading is authorised


def _table(base: sqlite3.Connection, name: bytes, left: int) -> Generator[Entry, None, int]:
    """Yield the rows of a table, some together; returns how many more may be read."""
    quoted = _quoted(name)
    try:
        # Columns that are computed would run what the schema says.
        columns = [row[1] for row in base.execute(f"PRAGMA table_xinfo({quoted})") if row[6] == 0]
        wanted = ", ".join(map(_quoted, columns))
        try:
            # A column may have taken one of the names that the row's number has.
            rowid = next(name for name in (b"rowid", b"_rowid_", b"oid", b"NULL") if name not in {column.lower() for column in columns}).decode()
            cursor = _selected(base, f"{rowid}, {wanted}", f"{quoted} NOT INDEXED")
        except sqlite3.DatabaseError:
            # One without row ids: they are counted.
            cursor = _selected(base, f"NULL, {wanted}", quoted)
    except (sqlite3.Error, UnicodeError):
        yield Entry(name, None, (), ("archive-damaged", "a table that cannot be read"))
        return left
    rows: list[Row] = []
    size = 0
    number = 0
    try:
        for key, *values in cursor:
            number += 1
            left -= 1
            if left < 0:
                raise SpentError(f"more than {_MOST_ROWS} rows")
            at = b"%d" % (number if key is None else key)
            cells = []
            for column, value in zip(columns, values, strict=True):
                if isinstance(value, bytes) and len(value) >= _SHORTEST:
                    if kind_of(value) is not None:
                        yield Entry(b"%s.%s %s" % (name, column, at), value)
                        continue
                    cells.append((column, value))
                    size += len(value)
            if cells:
                rows.append((at, tuple(cells)))
            if size > _TOGETHER:
                yield Entry(name, None, (), None, tuple(rows))
                rows, size = [], 0
    except sqlite3.Error:
        yield Entry(name, None, (), ("archive-damaged", "a table that breaks off"), tuple(rows))
        return left
    if rows:
        yield Entry(name, None, (), None, tuple(rows))
    return left


# -- what is in no row any more


def _remains(data: Buffer) -> Iterator[Entry]:
    """Yield, by page, what deleted rows left in pages that are free and between the rows of others."""
    page = int.from_bytes(data[16:18], "big")
    page = 65536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise DamagedError("its header does not hold together")
    free = set(_free_pages(data, page))
    rows: list[Row] = []
    size = 0
    for number in range(1, len(data) // page + 1):
        at = (number - 1) * page
        parts = [data[at : at + page]] if number in free else list(_gaps(data[at : at + page], 100 if number == 1 else 0))
        # Zeros end a text as a line's end does.
        text = b"\n".join(piece for part in parts for piece in part.split(b"\0") if len(piece) >= _SHORTEST)
        if text:
            rows.append((b"%d" % number, ((b"", text),)))
            size += len(text)
        if size > _TOGETHER:
            yield Entry(b"(deleted) page", None, (), None, tuple(rows))
            rows, size = [], 0
    if rows:
        yield Entry(b"(deleted) page", None, (), None, tuple(rows))


def _free_pages(data: Buffer, page: int) -> Iterator[int]:
    trunk = int.from_bytes(data[32:36], "big")
    seen: set[int] = set()
    last = len(data) // page
    while 0 < trunk <= last and trunk not in seen:
        seen.add(trunk)
        yield trunk
        head = data[(trunk - 1) * page : trunk * page]
        count = min(int.from_bytes(head[4:8], "big"), page // 4 - 2)
        yield from (int.from_bytes(head[at : at + 4], "big") for at in range(8, 8 + 4 * count, 4))
        trunk = int.from_bytes(head[:4], "big")


def _gaps(page: bytes, at: int) -> Iterator[bytes]:
    """The bytes of a page of rows that belong to none: before the first, and those that were freed between them."""
    if page[at : at + 1] != bytes([_LEAF]):
        return
    freed, count, begin = (int.from_bytes(page[at + place : at + place + 2], "big") for place in (1, 3, 5))
    yield page[at + 8 + 2 * count : begin or 65536]
    seen = 0
    with suppress(IndexError):
        while freed > seen:
            seen = freed
            length = int.from_bytes(page[freed + 2 : freed + 4], "big")
            yield page[freed + 4 : freed + length]
            freed = int.from_bytes(page[freed : freed + 2], "big")
