"""Zip: by its central directory where that holds together, else by the headers in front of the members.

Members are read in the order they lie in.  Two that share bytes are refused with all others: no program writes that,
and it is how a small file becomes an endless one.  What lies between members and belongs to none is looked at, too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from leaksieve.archives.entries import Entry, too_large
from leaksieve.archives.limits import MOST_MEMBERS, Budget, DamagedError, LimitError, SpentError, UnsupportedError
from leaksieve.archives.streams import Inflating

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
_LONGEST_COMMENT: Final = 0xFFFF
# The longest data descriptor: its sign, a checksum, two sizes of eight bytes.
_DESCRIPTION: Final = 24
_METHODS: Final = {8: "deflate", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}
_NAMES: Final = {9: "deflate64", 6: "implode", 97: "WavPack", 98: "PPMd", 99: "AES"}
_ENCRYPTED: Final = 0x41
_DESCRIBED: Final = 0x08


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
    """The members of a zip in memory.

    After :meth:`entries` ``whole`` says whether every byte of it belongs to a member, to a header, or is padding.
    """

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        # Where the content that was read last came to its end.
        self._ended = 0
        self.whole = True

    def entries(self) -> Iterator[Entry]:
        """Yield members.  Raises DamagedError and LimitError where it cannot go on."""
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
        places = [(member, *self._place(member)) for member in directory.members]
        at = 0
        for member, begin, end, _ in places:
            if member.at < at or end > directory.begin > begin:
                self.whole = False
                raise DamagedError("members lie in one another")
            at = max(end, member.at)
        at = 0
        for member, begin, end, texts in places:
            yield from self._between(at, member.at)
            at = member.at
            if begin < 0 or end > len(self._data):
                self.whole = False
                yield Entry(member.name, None, texts, ("archive-damaged", "no header where the directory says"))
                continue
            at = end
            if member.flags & _DESCRIBED:
                at = self._behind_descriptor(end)
            if member.name.endswith(b"/") and not member.packed:
                yield Entry(member.name, None, texts)
            else:
                yield self._read(member, begin, end, texts)
        yield from self._between(at, directory.begin)
        if self._data[directory.end :].strip(b"\0"):
            self.whole = False

    def _place(self, member: _Member) -> tuple[int, int, tuple[bytes, ...]]:
        """Where a member's content begins and ends (-1 where its header is not), and what else the headers say."""
        texts: tuple[bytes, ...] = (member.comment,) if member.comment else ()
        if self._data[member.at : member.at + 4] != _LOCAL or member.at + _LOCAL_HEAD.size > len(self._data):
            return -1, member.at, texts
        name_size, extra_size = _LOCAL_HEAD.unpack_from(self._data, member.at)[6:]
        name_at = member.at + _LOCAL_HEAD.size
        name = self._data[name_at : name_at + name_size]
        if name != member.name:
            texts += (name,)
        begin = name_at + name_size + extra_size
        return begin, begin + member.packed, texts

    def _behind_descriptor(self, at: int) -> int:
        """Where a data descriptor ends that may stand here, signed or not, with sizes of four bytes or eight."""
        for sign in (_LOCAL, _CENTRAL, _END_64):
            found = self._data.find(sign, at, at + _DESCRIPTION + 4)
            if found >= 0:
                return found
        return at

    def _between(self, low: int, high: int) -> Iterator[Entry]:
        """Look at what belongs to no member of the directory: padding, members that were dropped, something else."""
        gap = self._data[low:high]
        if not gap.strip(b"\0"):
            return
        self.whole = False
        if gap.startswith(_LOCAL):
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
        _, size, offset, comment_size = _END_HEAD.unpack_from(data, end)
        # A comment that is cut short costs nothing.
        behind = min(end + _END_HEAD.size + comment_size, len(data))
        stop = end
        place = end - _PLACE_64_SIZE
        if place >= 0 and data[place : place + 4] == _PLACE_64:
            # Where the longer end lies is written, too, but that is wrong if something was put before the file.
            head = data.rfind(_END_64, max(place - _FURTHEST, 0), place)
            if head >= 0 and head + _END_64_HEAD.size <= place:
                size, offset = _END_64_HEAD.unpack_from(data, head)[-2:]
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
            sign, flags, method, crc, packed, size, name_size, extra_size, comment_size, place = _CENTRAL_HEAD.unpack_from(data, at)
            at += _CENTRAL_HEAD.size
            if sign != _CENTRAL or at + name_size + extra_size + comment_size > end:
                return None
            name = data[at : at + name_size]
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
            _, flags, method, crc, packed, size, name_size, extra_size = _LOCAL_HEAD.unpack_from(data, at)
            name_at = at + _LOCAL_HEAD.size
            name = data[name_at : name_at + name_size]
            begin = name_at + name_size + extra_size
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
        if member.size > limit:
            self.whole = False
            return Entry(member.name, None, texts, too_large(member.size, limit))
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
            return self._data[begin:end], ""
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


def _lzma_alone(packed: bytes, member: _Member) -> bytes:
    """A member's lzma stream with the header of a file of its own: two bytes of version and two of length stand before the properties."""
    # Bit 1 says that the stream marks its own end.
    size = -1 if member.flags & 2 or member.size < 0 else member.size
    return packed[4:9] + size.to_bytes(8, "little", signed=True) + packed[9:]


def _sizes_64(extra: bytes, size: int, packed: int, place: int) -> tuple[int, int, int]:
    """Read what does not fit four bytes from the field that has eight for it, in this order and only where it is needed."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1:
            values = iter([int.from_bytes(extra[low : low + 8], "little") for low in range(at + 4, min(at + 4 + length, len(extra)) - 7, 8)])
            return tuple(next(values, value) if value == _LARGE else value for value in (size, packed, place))  # type: ignore[return-value]
        at += 4 + length
    return size, packed, place
