"""Zip: by its central directory where that holds together, else by the headers in front of the members.

Members are read in the order they lie in.  Of those that share bytes no more is read than the file is long: no program
writes that, and it is how a small file becomes an endless one.  What lies between members and belongs to none is looked at, too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

from leaksieve.archives import apart
from leaksieve.archives.entries import Entry, too_large
from leaksieve.archives.limits import MEBIBYTE, MOST_MEMBERS, WINDOW, Budget, DamagedError, LimitError, SpentError, UnsupportedError
from leaksieve.archives.streams import Buffer, Inflating

_LOCAL: Final = b"PK\x03\x04"
_CENTRAL: Final = b"PK\x01\x02"
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"
_PLACE_64: Final = b"PK\x06\x07"
_DESCRIPTOR: Final = b"PK\x07\x08"
_LOCAL_HEAD: Final = Struct("<4s2xHH4xIIIHH")
_CENTRAL_HEAD: Final = Struct("<4s4xHH4xIIIHHH8xI")
_END_HEAD: Final = Struct("<4s8xIIH")
_END_64_HEAD: Final = Struct("<4sQ4xII16xQQ")
_PLACE_64_SIZE: Final = 20
# How far the longer end may lie before the place that points to it.
_FURTHEST: Final = 4096
_LARGE: Final = 0xFFFFFFFF
_UNICODE_NAME: Final = 0x7075
_LONGEST_COMMENT: Final = 0xFFFF
# The longest data descriptor: its sign, a checksum, two sizes of eight bytes.
_DESCRIPTION: Final = 24
_METHODS: Final = {8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}
_NAMES: Final = {1: "shrink", 6: "implode", 10: "implode", 96: "JPEG", 97: "WavPack", 99: "AES"}
_PPMD: Final = 98
_ENCRYPTED: Final = 0x41
_DESCRIBED: Final = 0x08
_UTF8: Final = 0x800
_STRETCH: Final = 1 << 20


class _Member(NamedTuple):
    """A member as a header has it; ``at`` is where its local header begins."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    at: int
    comment: bytes


class _Directory(NamedTuple):
    """The central directory: from ``begin`` on, members in the order they lie in, and how far the file was shifted by what stands before it."""

    members: list[_Member]
    begin: int
    end: int
    comment: bytes


class Zip:
    """The members of a zip in memory or in a file.

    After :meth:`entries` ``whole`` says whether every byte of it belongs to a member, to a header, or is padding.
    """

    def __init__(self, data: Buffer, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        # Where the content that was read last came to its end.
        self._ended = 0
        self.whole = True

    def entries(self) -> Iterator[Entry]:
        """Yield members.  Raises DamagedError and LimitError where it cannot go on."""
        try:
            yield from self._entries()
        except StructError:
            # A file that was cut short while it was read.
            raise DamagedError("cut short") from None

    def _entries(self) -> Iterator[Entry]:
        directory = self._directory()
        if directory is None:
            self.whole = False
            first = self._data.find(_LOCAL)
            yield from self._in_order(max(first, 0), len(self._data))
            raise DamagedError("no directory at the end, cut short perhaps")
        if directory.comment:
            yield Entry(b"", None, (directory.comment,))
        yield from self._listed(directory)

    # -- by the directory

    def _listed(self, directory: _Directory) -> Iterator[Entry]:
        at = reach = 0
        left = len(self._data)
        for member in directory.members:
            begin, end, texts, local = self._place(member)
            yield from self._between(at, min(member.at, directory.begin))
            at = max(at, member.at)
            shared = member.at < reach or end > directory.begin > begin
            reach = max(reach, end)
            if begin < 0 or end > len(self._data):
                self.whole = False
                yield Entry(member.name, None, texts, ("archive-damaged", "no header where the directory says"))
                continue
            if shared and member.packed > left:
                self.whole = False
                yield Entry(member.name, None, texts, ("archive-damaged", "shares its bytes with other members"))
                continue
            left -= member.packed
            at = max(at, end)
            if member.flags & _DESCRIBED:
                at = max(at, self._behind_descriptor(end))
            if member.name.endswith(b"/") and not member.packed:
                yield Entry(member.name, None, texts)
                continue
            entry = self._read(member, begin, end, texts)
            if entry.skip is not None and local is not None:
                # Readers differ in which of the two headers they believe.
                other = self._read(local, begin, begin + local.packed, texts)
                entry = other if other.skip is None else entry
            yield entry
        yield from self._between(at, directory.begin)
        if not self._blank(directory.end, len(self._data)):
            self.whole = False

    def _place(self, member: _Member) -> tuple[int, int, tuple[bytes, ...], _Member | None]:
        """Where a member's content begins and ends (-1 where its header is not), what else the headers say, and the member as its own header has it where that differs."""
        texts: tuple[bytes, ...] = (member.comment,) if member.comment else ()
        head = self._data[member.at : member.at + _LOCAL_HEAD.size]
        if head[:4] != _LOCAL or len(head) < _LOCAL_HEAD.size:
            return -1, member.at, texts, None
        _, flags, method, crc, packed, size, name_size, extra_size = _LOCAL_HEAD.unpack(head)
        name_at = member.at + _LOCAL_HEAD.size
        begin = name_at + name_size + extra_size
        name = _spelled(self._data[name_at : name_at + name_size], flags, self._data[begin - extra_size : begin])
        if name != member.name:
            texts += (name,)
        local = None
        if (method, flags & _ENCRYPTED) != (member.method, member.flags & _ENCRYPTED):
            local = member._replace(method=method, flags=flags)
        if not flags & _DESCRIBED and _LARGE not in (packed, size) and (crc, packed, size) != (member.crc, member.packed, member.size):
            local = (local or member)._replace(crc=crc, packed=min(packed, len(self._data) - begin), size=size)
        return begin, begin + member.packed, texts, local

    def _behind_descriptor(self, at: int) -> int:
        """Where a data descriptor ends that may stand here, signed or not, with sizes of four bytes or eight."""
        for sign in (_LOCAL, _CENTRAL, _END_64):
            found = self._data.find(sign, at, at + _DESCRIPTION + 4)
            if found >= 0:
                return found
        return at

    def _blank(self, low: int, high: int) -> bool:
        """Whether nothing but zeros lies there."""
        return all(self._data[at : min(at + _STRETCH, high)].count(0) == min(_STRETCH, high - at) for at in range(low, high, _STRETCH))

    def _between(self, low: int, high: int) -> Iterator[Entry]:
        """Look at what belongs to no member of the directory: padding, members that were dropped, something else."""
        if low >= high or self._blank(low, high):
            return
        self.whole = False
        if self._data[low : low + 4] == _LOCAL:
            yield from self._in_order(low, high)

    def _directory(self) -> _Directory | None:
        """Find and read the central directory; None where there is none that holds together."""
        data = self._data
        end = len(data)
        lowest = max(len(data) - _END_HEAD.size - _LONGEST_COMMENT, 0)
        # A comment may hold the sign of the end itself; a few tries are enough for honest ones.
        for _ in range(8):
            end = data.rfind(_END, lowest, end)
            if end < 0:
                return None
            if end + _END_HEAD.size <= len(data):
                found = self._read_directory(end)
                if found is not None:
                    return found
        return None

    def _read_directory(self, end: int) -> _Directory | None:
        data = self._data
        _, size, offset, comment_size = _END_HEAD.unpack(data[end : end + _END_HEAD.size])
        # A comment that is cut short costs nothing.
        behind = min(end + _END_HEAD.size + comment_size, len(data))
        stop = end
        place = end - _PLACE_64_SIZE
        if place >= 0 and data[place : place + 4] == _PLACE_64:
            # Where the longer end lies is written, too, but that is wrong if something was put before the file.
            head = data.rfind(_END_64, max(place - _FURTHEST, 0), place)
            if head >= 0 and head + _END_64_HEAD.size <= place:
                size, offset = _END_64_HEAD.unpack(data[head : head + _END_64_HEAD.size])[-2:]
                stop = head
        begin = stop - size
        if begin < 0 or offset > begin or (size and data[begin : begin + 4] != _CENTRAL):
            return None
        members = self._read_members(begin, stop, begin - offset)
        if members is None:
            return None
        return _Directory(sorted(members, key=lambda member: member.at), begin, behind, data[end + _END_HEAD.size : behind])

    def _read_members(self, at: int, end: int, shift: int) -> list[_Member] | None:
        data = self._data
        members: list[_Member] = []
        while at + _CENTRAL_HEAD.size <= end:
            sign, flags, method, crc, packed, size, name_size, extra_size, comment_size, place = _CENTRAL_HEAD.unpack(data[at : at + _CENTRAL_HEAD.size])
            at += _CENTRAL_HEAD.size
            if sign != _CENTRAL or at + name_size + extra_size + comment_size > end:
                return None
            name = _spelled(data[at : at + name_size], flags, data[at + name_size : at + name_size + extra_size])
            at += name_size
            if _LARGE in (packed, size, place):
                size, packed, place = _sizes_64(data[at : at + extra_size], size, packed, place)
            at += extra_size
            members.append(_Member(name, flags, method, crc, packed, size, place + shift, data[at : at + comment_size]))
            at += comment_size
            if len(members) > MOST_MEMBERS:
                self.whole = False
                raise SpentError(f"more than {MOST_MEMBERS} members")
        return members

    # -- without it

    def _in_order(self, at: int, high: int) -> Iterator[Entry]:
        """Yield the members whose headers follow one another from here on, as far as they do."""
        data = self._data
        while at + _LOCAL_HEAD.size <= high and data[at : at + 4] == _LOCAL:
            _, flags, method, crc, packed, size, name_size, extra_size = _LOCAL_HEAD.unpack(data[at : at + _LOCAL_HEAD.size])
            name_at = at + _LOCAL_HEAD.size
            begin = name_at + name_size + extra_size
            name = _spelled(data[name_at : name_at + name_size], flags, data[begin - extra_size : begin])
            if _LARGE in (packed, size):
                size, packed, _ = _sizes_64(data[begin - extra_size : begin], size, packed, 0)
            end = begin + packed
            if flags & _DESCRIBED and not packed:
                # How long it is stands behind it.  A stored one with such a header says nowhere where it ends.
                end = data.find(_DESCRIPTOR, begin, high) if not method else high
                end = end if end >= 0 else high
                crc = size = -1
            member = _Member(name, flags, method, crc, min(end, high) - begin, size, at, b"")
            if name.endswith(b"/") and not packed and not flags & _DESCRIBED:
                yield Entry(name)
            elif begin <= high:
                yield self._read(member, begin, min(end, high), ())
            at = data.find(_LOCAL, max(self._ended if flags & _DESCRIBED and method else end, begin), high)
            if at < 0:
                return

    # -- a member

    def _read(self, member: _Member, begin: int, end: int, texts: tuple[bytes, ...]) -> Entry:
        self._ended = begin
        if member.flags & _ENCRYPTED or member.method == 99:
            self.whole = False
            return Entry(member.name, None, texts, ("encrypted-member", "its content is encrypted"))
        limit = self._budget.member_limit
        if max(member.size, member.packed if member.method == 14 else 0) > limit:
            self.whole = False
            return Entry(member.name, None, texts, too_large(max(member.size, member.packed), limit))
        skip: tuple[str, str] | None = None
        try:
            data, error = self._content(member, begin, end, limit)
        except UnsupportedError as what:
            self.whole = False
            return Entry(member.name, None, texts, ("archive-unsupported", f"a member packed by {what}"))
        except SpentError:
            raise
        except LimitError as what:
            self.whole = False
            return Entry(member.name, None, texts, ("archive-limit", str(what)))
        if len(data) > limit:
            skip, data = ("member-too-large", f"more than it says, the limit is {limit}"), data[:limit]
        elif error:
            skip = ("archive-damaged", error)
        elif member.crc >= 0 and zlib.crc32(data) != member.crc:
            skip = ("archive-damaged", "wrong checksum")
        if skip is not None:
            self.whole = False
        return Entry(member.name, data, texts, skip)

    def _content(self, member: _Member, begin: int, end: int, limit: int) -> tuple[bytes, str]:
        """Inflate a member; returns up to a byte more than the limit, and what is wrong."""
        if not member.method:
            self._ended = end
            return self._data[begin : min(end, begin + limit + 1)], ""
        if member.method == _PPMD:
            self._ended = end
            return _ppmd(self._data[begin : min(end, begin + limit)], member.size, self._budget)
        kind = _METHODS.get(member.method)
        if kind is None:
            raise UnsupportedError(_NAMES.get(member.method, f"method {member.method}"))
        if kind == "lzma":
            reader = Inflating(kind, _lzma_alone(self._data[begin:end], member), self._budget)
        else:
            reader = Inflating(kind, self._data, self._budget, begin, end)
        data = reader.read(limit + 1)
        self._ended = reader.at if kind != "lzma" else end
        return data, reader.error


def _ppmd(packed: bytes, size: int, budget: Budget) -> tuple[bytes, str]:
    """Inflate a member in a process of its own, since the library takes what memory it is told to and trusts what it reads."""
    try:
        import pyppmd
    except ImportError:
        raise UnsupportedError("PPMd: needs the package pyppmd") from None
    if size < 0:
        raise UnsupportedError("PPMd without its length")
    # Four bits of order, eight of memory in MiB, four of what is done when that is full.
    settings = int.from_bytes(packed[:2], "little")
    order, memory, restored = (settings & 15) + 1, (settings >> 4 & 255) + 1, settings >> 12
    if memory * MEBIBYTE > WINDOW or order < 2 or restored > 1:
        raise UnsupportedError("PPMd with settings that are not known")

    def entries() -> Iterator[Entry]:
        machine = pyppmd.Ppmd8Decoder(order, memory * MEBIBYTE, restored)
        parts = [bytes(machine.decode(packed[2:], size))]
        missing = size - len(parts[0])
        while missing > 0 and not machine.eof:
            parts.append(bytes(machine.decode(b"\0" if machine.needs_input else b"", missing)))
            missing -= len(parts[-1])
            if not parts[-1]:
                break
        yield Entry(b"", b"".join(parts))

    try:
        data = b"".join(entry.data or b"" for entry in apart.entries(entries, len(packed), budget))
    except DamagedError as error:
        return b"", str(error)
    return data, "" if len(data) == size else "cut short"


def _lzma_alone(packed: bytes, member: _Member) -> bytes:
    """A member's lzma stream with the header of a file of its own: two bytes of version and two of length stand before the properties."""
    # Bit 1 says that the stream marks its own end.
    size = -1 if member.flags & 2 or member.size < 0 else member.size
    return packed[4:9] + size.to_bytes(8, "little", signed=True) + packed[9:]


def _sizes_64(extra: bytes, size: int, packed: int, place: int) -> tuple[int, int, int]:
    """Read what does not fit four bytes from the field that has eight for it, in this order and only where it is needed."""
    for kind, value in _fields(extra):
        if kind == 1:
            values = iter([int.from_bytes(value[low : low + 8], "little") for low in range(0, len(value) - 7, 8)])
            size, packed, place = (next(values, each) if each == _LARGE else each for each in (size, packed, place))
            break
    return size, packed, place


def _spelled(name: bytes, flags: int, extra: bytes) -> bytes:
    """A name as UTF-8 where it is in the first alphabet of zip (that of the IBM PC) or stands in UTF-8 besides; any other as it is."""
    if name.isascii() or flags & _UTF8:
        return name
    for kind, value in _fields(extra):
        if kind == _UNICODE_NAME and value[:1] == b"\1" and value[1:5] == zlib.crc32(name).to_bytes(4, "little"):
            return value[5:]
    try:
        name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437").encode()
    return name


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length
