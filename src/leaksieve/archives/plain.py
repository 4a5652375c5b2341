"""Two plain archives: cpio (of packages and boot images) and ar (of Debian packages and linkers)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from leaksieve.archives.entries import Entry, rest, too_large
from leaksieve.archives.limits import TEXT, Budget, DamagedError
from leaksieve.archives.streams import Reader

_AR: Final = b"!<arch>\n"
_TRAILER: Final = b"TRAILER!!!"
_KIND: Final = 0o170000
_FILE: Final = 0o100000


def cpio_entries(reader: Reader, budget: Budget) -> Iterator[Entry]:
    """Yield members in order; several archives may follow each other.  Raises DamagedError where it breaks off."""
    ended = False
    while True:
        magic = reader.read(6)
        if ended and not magic.strip(b"\0"):
            # Zeros up to a whole block, or up to the next archive.
            while magic and not magic.strip(b"\0"):
                blanks = reader.peek(512)
                reader.skip(len(blanks) - len(blanks.lstrip(b"\0")))
                magic = reader.read(6)
            if not magic:
                return
        if magic in (b"070701", b"070702"):
            fields = reader.read(104)
            mode, size, name_size = (_number(fields[at : at + 8], 16) for at in (8, 48, 88))
            align = 4
        elif magic[:2] in (b"\xc7\x71", b"\x71\xc7"):
            # The oldest: thirteen numbers of two bytes, of which the last two are one, its larger half first.
            order: Literal["little", "big"] = "little" if magic[:1] == b"\xc7" else "big"
            fields = reader.read(20)
            numbers = [int.from_bytes(fields[place : place + 2], order) for place in range(0, 20, 2)]
            if len(fields) < 20:
                raise DamagedError(reader.error or "cut short")
            mode, name_size, size = numbers[0], numbers[7], numbers[8] << 16 | numbers[9]
            align = 2
        elif magic == b"070707":
            fields = reader.read(70)
            mode, size, name_size = _number(fields[12:18], 8), _number(fields[59:70], 8), _number(fields[53:59], 8)
            align = 1
        elif ended:
            yield from rest(magic, reader, budget)
            return
        else:
            raise DamagedError(reader.error or "a member's header does not hold together")
        if name_size > TEXT:
            raise DamagedError("a name of more than 1 MiB")
        name = reader.read(name_size).rstrip(b"\0")
        reader.skip(-(6 + len(fields) + name_size) % align)
        ended = name == _TRAILER and not size
        if ended:
            continue
        entry = _content(reader, name, size, budget)
        reader.skip(-size % align)
        if mode & _KIND in (_FILE, 0):
            yield entry
        else:
            # The content of a link is where it leads to.
            yield Entry(name, None, (entry.data,) if entry.data and len(entry.data) <= TEXT else (), entry.skip)


def ar_entries(reader: Reader, budget: Budget) -> Iterator[Entry]:
    """Yield members in order.  Raises DamagedError where it breaks off."""
    reader.skip(len(_AR))
    names = b""
    while True:
        header = reader.read(60)
        if not header and not reader.error:
            return
        if header[58:] != b"`\n":
            raise DamagedError(reader.error or "a member's header does not hold together")
        size = _number(header[48:58].strip(), 10)
        name = header[:16].rstrip(b" ")
        if name.startswith(b"#1/"):
            # BSD puts a long name in front of the content.
            length = _number(name[3:], 10)
            if length > min(size, TEXT):
                raise DamagedError("a member's header does not hold together")
            name = reader.read(length).rstrip(b"\0")
            entry = _content(reader, name, size - length, budget)
        else:
            if name[:1] == b"/" and name[1:].isdigit():
                # GNU keeps them in a member of their own.
                place = int(name[1:])
                name = names[place:].split(b"/\n", 1)[0][:TEXT]
            else:
                name = name.removesuffix(b"/")
            entry = _content(reader, name, size, budget)
            if name == b"/" and entry.data is not None:
                names = entry.data
        reader.skip(size % 2)
        yield entry


def _content(reader: Reader, name: bytes, size: int, budget: Budget) -> Entry:
    if size > budget.member_limit:
        if not reader.skip(size):
            raise DamagedError(reader.error or "cut short")
        return Entry(name, None, (), too_large(size, budget.member_limit))
    data = reader.read(size)
    return Entry(name, data, (), ("archive-damaged", reader.error or "cut short") if len(data) < size else None)


def _number(field: bytes, base: int) -> int:
    try:
        value = int(field, base)
    except ValueError:
        raise DamagedError("a member's header does not hold together") from None
    if value < 0:
        raise DamagedError("a member's header does not hold together")
    return value
