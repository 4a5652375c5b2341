"""What history scans of one signature found clean, and what they may keep beside it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Self

from leaksieve.cache import bits as bitmaps
from leaksieve.cache.identity import RECORD
from leaksieve.cache.place import UnusableError, open_place
from leaksieve.cache.sealed import MIB, Buffer, Sealed

_NO_RECORDS: AbstractSet[bytes] = frozenset()
_LOOSE_LIMIT = 4 * MIB
_IDS_LIMIT = 64 * MIB
_DERIVED_LIMIT = 16 * MIB
_PACK_LIMIT = 64 * MIB

Purpose = tuple[bytes, ...]


class HistoryCache:
    """The cache of one scan signature; loose objects and ids are those of one ``repository`` (any bytes that tell it from others).

    ``usable`` is False for a cache that knows nothing and keeps nothing, as it is where there is no place
    for one.  ``notes`` collects sentences for a debug log.
    """

    def __init__(self, sealed: Sealed | None, signature: bytes, repository: bytes = b"") -> None:
        self._sealed = sealed
        self._signature = signature
        self._repository = repository
        self._known: dict[tuple[bytes, int], memoryview | None] = {}
        self._added: dict[tuple[bytes, int], bytes] = {}
        self._loose: set[bytes] = set()
        self._ids: dict[int, list[tuple[Buffer, bytes]]] = {}
        self._derived: dict[Purpose, bytes] = {}
        self.usable = sealed is not None
        self.notes: list[str] = sealed.notes if sealed else []

    @classmethod
    def open(cls, directory: bytes | None, signature: bytes, repository: bytes = b"") -> Self:
        """Open the cache below ``directory`` (None: the user's cache folder); never raises for input or output."""
        try:
            return cls(Sealed(open_place(directory)), signature, repository)
        except UnusableError as error:
            return cls.without(str(error))
        except OSError as error:
            return cls.without(f"the cache directory cannot be used: {error.strerror}")

    @classmethod
    def without(cls, *notes: str) -> Self:
        """Return a cache that knows nothing and keeps nothing."""
        cache = cls(None, b"")
        cache.notes += notes
        return cache

    def clean(self, pack: bytes, count: int) -> memoryview | None:
        """Return the bitmap of a pack's clean objects, in the order of its index, or None when none is known.

        ``pack`` is its :func:`~leaksieve.cache.identity.pack_identity`, ``count`` its number of objects.
        Bit ``i`` is ``bitmap[i >> 3] >> (i & 7) & 1``.
        """
        if (pack, count) not in self._known:
            found = self._read(self._pack(pack, count), _PACK_LIMIT)
            self._known[pack, count] = found if found and len(found) == bitmaps.length(count) else None
        return self._known[pack, count]

    def add(self, pack: bytes, count: int, bits: Buffer) -> None:
        """Add clean objects of a pack to what is known; kept by :meth:`save`.  ValueError for a bitmap of the wrong length."""
        if len(bits) != bitmaps.length(count):
            raise ValueError(f"a bitmap of {count} bits is {bitmaps.length(count)} bytes long, not {len(bits)}")
        before = self._added.get((pack, count), b"")
        self._added[pack, count] = bitmaps.join(count, before, bits)

    def clean_loose(self) -> AbstractSet[bytes]:
        """Return the :func:`~leaksieve.cache.identity.loose_record` of each clean loose object of the repository."""
        found = self._read(self._for_repository(b"loose"), _LOOSE_LIMIT)
        return frozenset(_records(found)) if found else _NO_RECORDS

    def add_loose(self, records: AbstractSet[bytes]) -> None:
        """Add records of clean loose objects: those of this run, known before or not, so that the others can go first."""
        if any(len(record) != RECORD for record in records):
            raise ValueError(f"a record of a loose object is {RECORD} bytes long")
        self._loose |= records

    def clean_ids(self, table: Buffer, width: int) -> bytes | None:
        """Return a bitmap over sorted ids (``width`` bytes each): which were clean in this repository, in whatever pack; None: not known.

        It takes the repository's word that an object is what its id says, so ask only where that is known
        (a clone made by this program) or where the repository is trusted, never for a stranger's.
        """
        if len(table) % width:
            raise ValueError("the table of ids is cut off")
        known = self._read(self._for_repository(b"ids", width), _IDS_LIMIT)
        return bitmaps.within(bytes(table), bytes(known), width) if known else None

    def add_ids(self, table: Buffer, width: int, bits: Buffer) -> None:
        """Add the ids whose bit is set, for :meth:`clean_ids`; kept by :meth:`save`.  ``table`` is read at that time."""
        count, rest = divmod(len(table), width)
        if rest or len(bits) != bitmaps.length(count):
            raise ValueError("the table of ids and its bitmap do not fit each other")
        self._ids.setdefault(width, []).append((table, bitmaps.join(count, bits)))

    def derived(self, name: str, key: bytes) -> bytes | None:
        """Return what :meth:`put_derived` was given for this name and key."""
        purpose = self._purpose(b"derived", name.encode(), key)
        if purpose in self._derived:
            return self._derived[purpose]
        found = self._read(purpose, _DERIVED_LIMIT)
        return None if found is None else bytes(found)

    def put_derived(self, name: str, key: bytes, data: bytes) -> None:
        """Keep a result of at most 16 MiB; the caller vouches that no secret is in it.  Kept by :meth:`save`."""
        if len(data) <= _DERIVED_LIMIT:
            self._derived[self._purpose(b"derived", name.encode(), key)] = data

    def save(self) -> None:
        """Write what was added, joined with what other runs wrote meanwhile.  Never raises for input or output."""
        packs = [key for key in self._added if self._adds(key)]
        if self._sealed and (packs or self._loose or self._ids or self._derived):
            try:
                with self._sealed.lock():
                    self._write(self._sealed, packs)
            except OSError as error:
                self.notes.append(f"the cache was not saved in full: {error.strerror}")
        self._added.clear()
        self._loose.clear()
        self._ids.clear()
        self._derived.clear()
        self._known.clear()

    def close(self) -> None:
        """Save, and let go of the directory."""
        self.save()
        if self._sealed:
            self._sealed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _adds(self, key: tuple[bytes, int]) -> bool:
        bits, known = self._added[key], self._known.get(key)
        return any(bits) if known is None else bitmaps.join(key[1], known, bits) != bytes(known)

    def _write(self, sealed: Sealed, packs: list[tuple[bytes, int]]) -> None:
        """Write what is not on disk yet, joined with what is: other runs may have written since it was read."""
        changed = False
        for purpose, content in self._contents(packs):
            sealed.write(purpose, content)
            changed = True
        if changed:
            sealed.trim()

    def _contents(self, packs: list[tuple[bytes, int]]) -> Iterator[tuple[Purpose, bytes]]:
        for pack, count in packs:
            before = self._known.pop((pack, count), None) or b""
            now = self.clean(pack, count) or b""
            union = bitmaps.join(count, before, now, self._added[pack, count])
            if union != bytes(now):
                yield self._pack(pack, count), union
        before_loose = self.clean_loose()
        if not self._loose <= before_loose:
            yield self._for_repository(b"loose"), _joined(self._loose, before_loose)
        for width, tables in self._ids.items():
            union = self._join_ids(width, tables)
            if union:
                yield self._for_repository(b"ids", width), union
        yield from self._derived.items()

    def _join_ids(self, width: int, tables: list[tuple[Buffer, bytes]]) -> bytes:
        """Return the table to write, or nothing when there is no need to."""
        known = bytes(self._read(self._for_repository(b"ids", width), _IDS_LIMIT) or b"")
        fresh = b""
        for table, bits in tables:
            chosen = bitmaps.select(bytes(table), bits, width)
            fresh = bitmaps.merge(fresh, chosen, width) if fresh else chosen
        new = bitmaps.select(fresh, bitmaps.invert(len(fresh) // width, bitmaps.within(fresh, known, width)), width)
        if not new:
            return b""
        if len(known) + len(new) <= _IDS_LIMIT:
            return bitmaps.merge(known, new, width)
        if len(fresh) <= _IDS_LIMIT:
            return fresh  # the older ones make room
        self.notes.append("the repository has too many objects for their ids to be kept")
        return b""

    def _read(self, purpose: Purpose, limit: int) -> memoryview | None:
        return self._sealed.read(purpose, limit) if self._sealed else None

    def _purpose(self, *parts: bytes) -> Purpose:
        return (self._signature, *parts)

    def _pack(self, pack: bytes, count: int) -> Purpose:
        return self._purpose(b"pack", pack, count.to_bytes(8))

    def _for_repository(self, what: bytes, width: int = RECORD) -> Purpose:
        return self._purpose(what, self._repository, width.to_bytes(1))


def _records(table: memoryview) -> list[bytes]:
    data = bytes(table)
    return [data[start : start + RECORD] for start in range(0, len(data), RECORD)]


def _joined(seen: set[bytes], before: AbstractSet[bytes]) -> bytes:
    union = seen | before
    if len(union) * RECORD > _LOOSE_LIMIT:
        # Records of files that are long gone pile up; those of this run are the ones that serve.
        return b"".join(sorted(seen)[: _LOOSE_LIMIT // RECORD])
    return b"".join(sorted(union))
