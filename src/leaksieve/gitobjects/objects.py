"""Single objects by id: loose, packed (deltas included), and in alternates.

Sizes are checked before anything is inflated or rebuilt.  Object ids are raw bytes.  The id is not
recomputed from the content: what git would hand out is what gets scanned.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from leaksieve.gitobjects.delta import apply_delta, delta_sizes
from leaksieve.gitobjects.errors import BadDataError, CorruptObjectError, MissingObjectError, ObjectError, ObjectTooLargeError
from leaksieve.gitobjects.files import Buffer, map_regular, read_regular, shown
from leaksieve.gitobjects.inflate import inflate, inflate_prefix
from leaksieve.gitobjects.pack import Pack
from leaksieve.gitobjects.repository import Repository

DEFAULT_LIMIT = 100 * 1024 * 1024
# What an object met on the way to another (the base of its delta) may be long, in bytes.
CHAIN_LIMIT = 512 * 1024 * 1024
# git's own packs have chains of 50, 4095 at most.
_MAX_CHAIN = 1_000_000
# What is built on the way to one object, bytes in all.
_MOST_BUILT = 32 * 1024 * 1024 * 1024
_MAX_ALTERNATES = 64
_ALTERNATES_LIMIT = 1024 * 1024
_ALTERNATES = os.path.join(b"info", b"alternates")
# What is said of a place that a link or an alternate leads to.
OUTSIDE = "lies outside the directories this scan may read (--allow-root DIR names more)"
_PACKED_TYPES = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_LOOSE_TYPES = {b"commit": "commit", b"tree": "tree", b"blob": "blob", b"tag": "tag"}
_LOOSE_HEAD = 64

# From here on compiled code is worth its import.
_LONG_CHAIN = 6
# A delta on the way: its pack, where its stream begins, its inflated size.
_Link = tuple[Pack, int, int]


class Readable(Protocol):
    """What gives objects by their ids."""

    def read(self, oid: bytes, limit: int, /) -> tuple[str, bytes]:
        """Return type and content of at most ``limit`` bytes; raises an ObjectError."""


def blob_of(objects: Readable, oid: bytes, limit: int) -> bytes | None:
    """Return a blob's content, None where it cannot be had: what it is compared with then counts as new, which is the safe side."""
    try:
        kind, data = objects.read(oid, limit)
    except ObjectError:
        return None
    return data if kind == "blob" else None


class ObjectStore:
    """The objects of one repository.

    Not for sharing between threads; after a fork or through pickle each process has its own view.
    ``refused`` lists places outside the allowed roots that alternates and links lead to and that were not read,
    ``unread`` what else of alternates was not followed, as (path, phrase).
    """

    __slots__ = ("_allowed", "_dirs", "_packs", "_stamps", "hash_size", "refused", "repository", "unread")

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.hash_size = repository.hash_size
        self.refused: list[bytes] = []
        self.unread: list[tuple[bytes, str]] = []
        # Directories, and whether they may be read.
        self._allowed: dict[bytes, bool] = {}
        self._dirs: list[bytes] | None = None
        self._packs: list[Pack] = []
        self._stamps: dict[bytes, int] = {}

    def __reduce__(self) -> tuple[type[ObjectStore], tuple[Repository]]:
        return ObjectStore, (self.repository,)

    def __contains__(self, oid: bytes) -> bool:
        try:
            self.header(oid)
        except ObjectError:
            return False
        return True

    def header(self, oid: bytes) -> tuple[str, int]:
        """Type and size in bytes, without inflating the object; raises an ObjectError."""
        kind, size, _ = self._get(oid, 0, -1)
        return kind, size

    def read(self, oid: bytes, limit: int = DEFAULT_LIMIT) -> tuple[str, bytes]:
        """Type and whole content of at most ``limit`` bytes; raises an ObjectError."""
        kind, _, data = self._get(oid, limit, None)
        return kind, data

    def peek(self, oid: bytes, length: int) -> tuple[str, bytes]:
        """Type and the first ``length`` (over 0) bytes, or more; cheap unless the object is a delta; raises an ObjectError."""
        kind, _, data = self._get(oid, CHAIN_LIMIT, length)
        return kind, data

    def _get(self, oid: bytes, limit: int, prefix: int | None) -> tuple[str, int, bytes]:
        """Type, size, content.  ``prefix`` None asks for everything, a number for that many bytes, -1 for none."""
        if len(oid) != self.hash_size:
            raise MissingObjectError(oid, "not an id of this repository's format")
        broken: ObjectError | None = None
        for attempt in (self._from_loose, self._from_packs):
            try:
                found = attempt(oid, limit, prefix)
            except CorruptObjectError as error:
                # Another copy may be whole, as git assumes too.
                broken = error
                continue
            except (BadDataError, OSError) as error:
                broken = CorruptObjectError(oid, str(error))
                continue
            if found is not None:
                return found
        if broken is None and self.refused:
            raise MissingObjectError(oid, f"is not in the repository, and {shown(self.refused[0])} {OUTSIDE}")
        raise broken or MissingObjectError(oid, "is not in the repository")

    def may_read(self, path: bytes) -> bool:
        """Whether a file, all links resolved, lies where reading is allowed; notes it when not."""
        folder = os.path.dirname(path)
        allowed = self._allowed.get(folder)
        if allowed is None:
            allowed = self._allowed[folder] = self.repository.allows(folder)
        if allowed and not (os.path.islink(path) and not self.repository.allows(path)):
            return True
        # A folder is named once, whatever it holds.
        place = path if allowed else folder
        if place not in self.refused:
            self.refused.append(place)
        return False

    def _from_loose(self, oid: bytes, limit: int, prefix: int | None) -> tuple[str, int, bytes] | None:
        buffer = self._open_loose(oid)
        if buffer is None:
            return None
        head = inflate_prefix(buffer, 0, _LOOSE_HEAD)
        name, _, rest = head.partition(b" ")
        digits, nul, body = rest.partition(b"\0")
        kind = _LOOSE_TYPES.get(name)
        if kind is None or not nul or not digits.isdigit() or len(digits) > 20:
            raise BadDataError("the object's header does not parse")
        size = int(digits)
        if prefix == -1:
            return kind, size, b""
        if size > limit:
            raise ObjectTooLargeError(oid, size, limit)
        skip = len(head) - len(body)
        if prefix is not None and prefix < size:
            return kind, size, inflate_prefix(buffer, 0, skip + prefix)[skip:]
        return kind, size, inflate(buffer, 0, skip + size)[skip:]

    def _open_loose(self, oid: bytes) -> Buffer | None:
        digits = oid.hex().encode()
        for directory in self.object_dirs():
            path = b"%b/%b/%b" % (directory, digits[:2], digits[2:])
            try:
                buffer = map_regular(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if not self.may_read(path):
                continue
            return buffer
        return None

    def _from_packs(self, oid: bytes, limit: int, prefix: int | None) -> tuple[str, int, bytes] | None:
        place = self._find_packed(oid)
        if place is None:
            return None
        try:
            return self._built(oid, *place, limit, prefix)
        except (BadDataError, CorruptObjectError, OSError):
            # Another pack's copy may be whole.
            for pack in [pack for pack in self._packs if pack is not place[0]]:
                with suppress(BadDataError, CorruptObjectError, OSError):
                    offset = pack.find(oid)
                    if offset is not None:
                        return self._built(oid, pack, offset, limit, prefix)
            raise

    def _built(self, oid: bytes, pack: Pack, offset: int, limit: int, prefix: int | None) -> tuple[str, int, bytes]:
        chain: list[_Link] = []
        seen: set[tuple[bytes, int]] = set()
        wanted = -1
        loose: tuple[str, int, bytes] | None = None
        while True:
            number, size, at, base = pack.entry(offset)
            if base is None:
                break
            if (pack.path, offset) in seen or len(chain) >= _MAX_CHAIN:
                raise BadDataError("the chain of deltas does not end")
            seen.add((pack.path, offset))
            if not chain:
                # The delta says how long its result is: known before anything is rebuilt.
                wanted = delta_sizes(inflate_prefix(pack.data, at, 24))[1]
                if prefix != -1 and wanted > limit:
                    raise ObjectTooLargeError(oid, wanted, limit)
            if size > CHAIN_LIMIT:
                raise ObjectTooLargeError(oid, size, CHAIN_LIMIT)
            chain.append((pack, at, size))
            if isinstance(base, int):
                offset = base
                continue
            inside = pack.find(base)  # nearly always; a pack on disk brings the bases it needs
            if inside is not None:
                offset = inside
                continue
            loose = self._from_loose(base, CHAIN_LIMIT, prefix if prefix == -1 else None)
            if loose is not None:
                break
            place = self._find_packed(base)
            if place is None:
                raise CorruptObjectError(oid, f"the base of its delta is missing ({base.hex()})")
            pack, offset = place
        if loose is None:
            kind = _PACKED_TYPES[number]
            if not chain:
                return self._whole(oid, pack, (kind, size, at), limit, prefix)
            if prefix == -1:
                return kind, wanted, b""
            if size > CHAIN_LIMIT:
                raise ObjectTooLargeError(oid, size, CHAIN_LIMIT)
            data = inflate(pack.data, at, size)
        else:
            kind, _, data = loose
            if prefix == -1:
                return kind, wanted, b""
        bound = max(limit, CHAIN_LIMIT)
        apply = apply_delta if len(chain) < _LONG_CHAIN else _compiled_apply()
        built = 0
        while chain:
            pack, at, size = chain.pop()
            data = apply(data, inflate(pack.data, at, size), bound)
            built += len(data)
            if built > _MOST_BUILT:
                raise BadDataError("the chain of deltas takes too much work")
        return kind, len(data), data

    @staticmethod
    def _whole(oid: bytes, pack: Pack, entry: tuple[str, int, int], limit: int, prefix: int | None) -> tuple[str, int, bytes]:
        kind, size, at = entry
        if prefix == -1:
            return kind, size, b""
        if size > limit:
            raise ObjectTooLargeError(oid, size, limit)
        if prefix is not None and prefix < size:
            return kind, size, inflate_prefix(pack.data, at, prefix)
        return kind, size, inflate(pack.data, at, size)

    def _find_packed(self, oid: bytes) -> tuple[Pack, int] | None:
        for _ in range(2):
            for number, pack in enumerate(self._packs):
                try:
                    offset = pack.find(oid)
                except BadDataError:
                    # A broken pack index hides its own objects only.
                    continue
                if offset is not None:
                    if number:
                        # Neighbours in time lie in the same pack: ask it first next time.
                        self._packs.insert(0, self._packs.pop(number))
                    return pack, offset
            if not self._load_new_packs():
                return None
        return None

    def _load_new_packs(self) -> bool:
        """Open packs that appeared since the last look (all of them, the first time); whether there were any."""
        known = {pack.path for pack in self._packs}
        fresh = False
        for directory in self.object_dirs():
            folder = os.path.join(directory, b"pack")
            try:
                stamp = os.stat(folder).st_mtime_ns
                if self._stamps.get(folder) == stamp:
                    continue
                names = os.listdir(folder)
            except OSError:
                continue
            self._stamps[folder] = stamp
            for name in sorted(names):
                path = os.path.join(folder, name[:-4])
                if not name.endswith(b".idx") or path in known:
                    continue
                if not (self.may_read(path + b".idx") and self.may_read(path + b".pack")):
                    continue
                try:
                    self._packs.append(Pack(path, self.hash_size))
                except (OSError, BadDataError):
                    # Objects only it holds will be reported as missing, each by its id.
                    continue
                fresh = True
        return fresh

    def packs(self) -> list[Pack]:
        """The packs there are now, as far as they can be read, for a reader with an order of its own."""
        self._load_new_packs()
        return list(self._packs)

    def object_dirs(self) -> list[bytes]:
        """The repository's own object directory, those the caller named, and alternates, as far as they may be read."""
        if self._dirs is None:
            own = os.path.join(self.repository.common_dir, b"objects")
            pending = [own, *self.repository.object_dirs]
            seen: set[bytes] = set()
            self._dirs = []
            for directory in pending:
                directory = os.path.normpath(directory)
                real = os.path.realpath(directory)
                if real in seen:
                    continue
                seen.add(real)
                if len(seen) > _MAX_ALTERNATES:
                    self.unread.append((os.path.join(own, _ALTERNATES), f"more than {_MAX_ALTERNATES} directories of objects, the others are not read"))
                    break
                if not self.repository.allows(directory):
                    self.refused.append(directory)
                    continue
                self._dirs.append(directory)
                pending += self._alternates(directory)
        return self._dirs

    def _alternates(self, directory: bytes) -> list[bytes]:
        path = os.path.join(directory, _ALTERNATES)
        try:
            text = read_regular(path, _ALTERNATES_LIMIT)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.unread.append((path, f"cannot be read ({error.strerror}), nor what it names"))
            return []
        lines = (line for line in text.split(b"\n") if line and not line.startswith(b"#") and b"\0" not in line)
        return [os.path.join(directory, line) for line in lines]


def _compiled_apply() -> Callable[[bytes, bytes, int], bytes]:
    from leaksieve.gitobjects import compiled

    def apply(base: bytes, delta: bytes, limit: int) -> bytes:
        size = delta_sizes(delta)[1]
        if size > limit:
            raise BadDataError(f"the delta asks for {size} bytes, the limit is {limit}")
        try:
            made = compiled.apply_delta(base, delta)
        except compiled.ERRORS as error:
            raise BadDataError(str(error)) from error
        return b"".join(made) if isinstance(made, list) else bytes(made)

    return apply
