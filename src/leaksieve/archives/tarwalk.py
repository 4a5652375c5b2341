"""A quick walk over the headers of a tar in a buffer, a mapped file as a rule: where each member lies, and nothing is copied.

As ``tar`` reads it: ustar, pax, GNU's long names and sparse files, and what came before.  What has a magic and a plain
size is taken at its word; any other header must have its checksum.  The buffer may be a part of a stream: the
walk stops before what is not there yet, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Any, Final, NamedTuple

from leaksieve.archives.limits import DamagedError
from leaksieve.archives.magic import BLOCK, is_header
from leaksieve.archives.tar import _check_text, _decimal, _name, _number, _records, _rounded, _texts

LINK: Final = 0x31
SYMLINK: Final = 0x32
FOLDER: Final = 0x35
# What stands behind the end of the archive.
REST: Final = 0
_SPARSE: Final = 0x53
_LONG_NAME: Final = 0x4C
_LONG_LINK: Final = 0x4B
_SHARED: Final = 0x67
_EXTENDING: Final = frozenset(b"LKxXg")
_EMPTY: Final = frozenset(b"123456V")
_USUAL: Final = frozenset(b"0\x0012345")
_BLANK: Final = 0x20
_LINKED: Final = frozenset(b"12")
_ZEROS: Final = bytes(BLOCK)
# Long runs of zeros are passed over in strides.
_MANY: Final = bytes(64 * 1024)
# Name, size, type, link, magic, prefix.
HEADER: Final = Struct("100s24x12s20xB100s6s82x155s12x")
_REST: Final = b"(behind the end)"


class Item(NamedTuple):
    """A member: its headers lie from ``start`` to ``begin``, its content from there to ``end``, in the buffer's own places.

    ``link`` is where a link leads, ``texts`` other words of the headers.  The content may reach beyond what the buffer holds;
    an ``end`` of -1 means all there is.
    """

    name: bytes
    kind: int
    start: int
    begin: int
    end: int
    link: bytes = b""
    texts: tuple[bytes, ...] = ()

    @property
    def has_content(self) -> bool:
        """Whether it is a file (and no link, folder or device)."""
        return self.kind not in _EMPTY


class Cursor:
    """A walk and where it is.  ``at`` is where the next member begins, or the one that was given last while it is in hand.

    ``shared`` is what global headers say of all that follows them.
    """

    def __init__(self) -> None:
        self.at = 0
        self.shared: dict[bytes, bytes] = {}
        self._ended = False

    def items(self, buffer: Any, at: int, end: int, *, final: bool) -> Iterator[Item]:
        """Yield members whose headers stand in ``buffer`` from ``at`` to ``end``; ``final`` says that nothing follows.

        Raises DamagedError where the archive does not hold together.
        """
        unpack = HEADER.unpack_from
        self.at = at
        while at + BLOCK <= end:
            name, field, kind, link, magic, prefix = unpack(buffer, at)
            digits = field[:11]
            # Twelve digits, which some write, are left to a closer look.
            if magic[:5] == b"ustar" and kind in _USUAL and digits.isdigit() and field[11] <= _BLANK:
                try:
                    size = int(digits, 8)
                except ValueError:
                    raise DamagedError("a member's size cannot be read") from None
                name = name.partition(b"\0")[0]
                if magic == b"ustar\0" and prefix[0]:
                    name = prefix.partition(b"\0")[0] + b"/" + name
                begin = at + BLOCK
                if kind in _EMPTY:
                    item = Item(name, kind, at, begin, begin, link.partition(b"\0")[0] if kind in _LINKED else b"")
                else:
                    item = Item(name, kind, at, begin, begin + size)
            elif buffer[at : at + BLOCK] == _ZEROS:
                self._ended = True
                at += BLOCK
                while at + len(_MANY) <= end and buffer[at : at + len(_MANY)] == _MANY:
                    at += len(_MANY)
                self.at = at
                continue
            else:
                found = self.header(buffer, at, end)
                if found is None:
                    break
                item = found
            self._ended = item.kind == REST
            yield item
            if item.end < 0:
                self.at = end
                return
            at = self.at = item.begin + _rounded(item.end - item.begin)
        if final and self.at < end:
            if self._ended:
                yield Item(_REST, REST, self.at, self.at, -1)
                self.at = end
                return
            raise DamagedError("cut short")

    def header(self, buffer: Any, at: int, end: int) -> Item | None:
        """Read a header of any kind, and those that belong to it; None where not all of them are there yet.  Raises DamagedError."""
        start = at
        own: dict[bytes, bytes] = {}
        while True:
            if at + BLOCK > end:
                return None
            block = bytes(buffer[at : at + BLOCK])
            if not is_header(block):
                if self._ended and at == start:
                    return Item(_REST, REST, at, at, -1)
                raise DamagedError("a member's header does not hold together")
            kind = block[156]
            size = _number(block[124:136])
            at += BLOCK
            if kind not in _EXTENDING:
                break
            _check_text(size)
            if at + _rounded(size) > end:
                return None
            text = bytes(buffer[at : at + size])
            at += _rounded(size)
            if kind == _LONG_NAME:
                own[b"path"] = text.rstrip(b"\0")
            elif kind == _LONG_LINK:
                own[b"linkpath"] = text.rstrip(b"\0")
            else:
                (self.shared if kind == _SHARED else own).update(_records(text))
        if kind == _SPARSE:
            more = block[482]
            while more:
                if at + BLOCK > end:
                    return None
                more = buffer[at + 504]
                at += BLOCK
        known = {**self.shared, **own}
        if b"size" in known:
            size = _decimal(known[b"size"])
        name = known.get(b"GNU.sparse.name") or known.get(b"path") or _name(block)
        texts = _texts(known)
        if kind in _EMPTY:
            return Item(name, kind, start, at, at, known.get(b"linkpath") or block[157:257].partition(b"\0")[0], texts)
        return Item(name, kind, start, at, at + size, b"", texts)


def borders(buffer: Any, at: int, end: int, step: int) -> Iterator[int]:
    """Yield places about ``step`` bytes apart where members begin, so that a tar can be walked in parts.

    Stops before anything out of the usual: the rest is one part, and whoever walks it will say what is wrong.
    """
    unpack = HEADER.unpack_from
    cursor = Cursor()
    due = at + step
    while at + BLOCK <= end:
        if at >= due:
            yield at
            due = at + step
        _, field, kind, _, magic, _ = unpack(buffer, at)
        digits = field[:11]
        if magic[:5] == b"ustar" and kind in _USUAL and digits.isdigit() and not digits.strip(b"01234567") and field[11] <= _BLANK:
            at += BLOCK if kind in _EMPTY else BLOCK + _rounded(int(digits, 8))
            continue
        try:
            item = cursor.header(buffer, at, end)
        except DamagedError:
            return
        # What a global header says holds for all that follows, which parts do not know of.
        if item is None or item.kind == REST or cursor.shared:
            return
        at = item.begin + _rounded(item.end - item.begin)
