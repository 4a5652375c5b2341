"""Files by id, fast when versions of one file are asked for one after the other.

A pack keeps the versions of a file as changes on each other, so what was built a moment ago is most
often on the way to what is asked for next.
"""

from __future__ import annotations

from leaksieve.gitobjects.compiled import ERRORS, apply_delta
from leaksieve.gitobjects.delta import delta_sizes
from leaksieve.gitobjects.errors import BadDataError, ObjectError, ObjectTooLargeError
from leaksieve.gitobjects.inflate import inflate_prefix
from leaksieve.gitobjects.objects import CHAIN_LIMIT, ObjectStore
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.packread import inflated

# Content kept by this process, in bytes (twice that for moments); larger files are not kept.
DEFAULT_KEPT = 48 * 1024 * 1024
_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_MAX_CHAIN = 10_000
# Up to this announced size, inflating in one go cannot yield more than some 270 MB, whatever the stream holds.
_AT_ONCE = 256 * 1024
# A delta's header: two sizes.
_SIZES = 24
_BROKEN: tuple[type[Exception], ...] = (BadDataError, OSError, ValueError, *ERRORS)

_Content = tuple[str, bytes]


class BlobCache:
    """Reads objects; not for sharing between threads or processes."""

    __slots__ = ("_held", "_kept", "_old", "_packs", "_store", "_young")

    def __init__(self, store: ObjectStore, kept: int = DEFAULT_KEPT) -> None:
        self._store = store
        self._packs = store.packs()
        # (pack, offset) -> content, in two generations, each half of what is kept.
        self._young: dict[tuple[bytes, int], _Content] = {}
        self._old: dict[tuple[bytes, int], _Content] = {}
        self._kept = kept // 2
        self._held = 0

    def size(self, oid: bytes) -> int:
        """Return an object's size in bytes without building it; raises an ObjectError."""
        found = self._find(oid)
        if found is not None:
            pack, offset = found
            try:
                _, size, at, base = pack.entry(offset)
                return size if base is None else delta_sizes(inflate_prefix(pack.view, at, _SIZES))[1]
            except _BROKEN:
                pass
        return self._store.header(oid)[1]

    def read(self, oid: bytes, limit: int) -> _Content:
        """Return type and content of at most ``limit`` bytes; raises an ObjectError."""
        found = self._find(oid)
        if found is not None:
            try:
                content = self._built(*found, oid, limit)
                if content is not None:
                    return content
            except ObjectError:
                raise
            except _BROKEN:
                # Another copy may be whole; the store tries them all, and says what is wrong.
                pass
        return self._store.read(oid, limit)

    def _find(self, oid: bytes) -> tuple[Pack, int] | None:
        for number, pack in enumerate(self._packs):
            try:
                offset = pack.find(oid)
            except _BROKEN:
                continue
            if offset is None:
                continue
            if number:
                # Neighbours in time lie in the same pack.
                self._packs.insert(0, self._packs.pop(number))
            return pack, offset
        return None

    def _built(self, pack: Pack, offset: int, oid: bytes, limit: int) -> _Content | None:
        """Build an object from its pack; None when a base lies elsewhere."""
        name = pack.path
        chain: list[tuple[int, int, int]] = []
        while True:
            content = self._young.get((name, offset)) or self._old.get((name, offset))
            if content is not None:
                break
            number, size, at, base = pack.entry(offset)
            if size > (limit if base is None and not chain else CHAIN_LIMIT):
                raise ObjectTooLargeError(oid, size, limit if not chain else CHAIN_LIMIT)
            if base is None:
                content = _KINDS[number], inflated(pack, at, size, _AT_ONCE)
                break
            if not chain:
                promised = delta_sizes(inflate_prefix(pack.view, at, _SIZES))[1]
                if promised > limit:
                    raise ObjectTooLargeError(oid, promised, limit)
            if len(chain) >= _MAX_CHAIN:
                raise BadDataError("the chain of deltas does not end")
            chain.append((offset, at, size))
            below = base if isinstance(base, int) else pack.find(base)
            if below is None:
                return None
            offset = below
        kind, data = content
        if not chain and len(data) > limit:
            raise ObjectTooLargeError(oid, len(data), limit)
        self._keep((name, offset), content)
        while chain:
            offset, at, size = chain.pop()
            delta = inflated(pack, at, size, _AT_ONCE)
            base_size, promised, _ = delta_sizes(delta)
            if promised > max(limit, CHAIN_LIMIT) or base_size != len(data):
                raise BadDataError("the delta does not fit its base, or asks for too much")
            made = apply_delta(data, delta)
            data = b"".join(made) if isinstance(made, list) else made
            self._keep((name, offset), (kind, data))
        return kind, data

    def _keep(self, key: tuple[bytes, int], content: _Content) -> None:
        size = len(content[1])
        if key in self._young or size > self._kept // 4:
            return
        self._young[key] = content
        self._held += size + 200
        if self._held > self._kept:
            self._held = 0
            self._old, self._young = self._young, {}
