"""Tar: ustar, pax, GNU's long names and sparse files, and what came before; read front to end, a member at a time.

Folders, links and devices have no content; what is asked of them is only their names.  Of a sparse file the
stretches that are stored are its content: nothing can be written into a hole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from leaksieve.archives.entries import Entry, rest, too_large
from leaksieve.archives.limits import MEBIBYTE, TEXT, Budget, DamagedError
from leaksieve.archives.magic import BLOCK, is_header
from leaksieve.archives.streams import Reader

_ZEROS: Final = bytes(BLOCK)
_OCTAL: Final = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
# Types without content: links, devices, folders, pipes; a volume's label.
_EMPTY: Final = frozenset(b"123456V")
_LINKS: Final = frozenset(b"12")
_RECORD: Final = re.compile(rb"([0-9]{1,20}) ([^=]{1,1024})=")
_SILENT: Final = frozenset({b"path", b"linkpath", b"size", b"GNU.sparse.name"})


def entries(reader: Reader, budget: Budget) -> Iterator[Entry]:
    """Yield members in order.  Raises DamagedError where it breaks off, and what the reader raises."""
    shared: dict[bytes, bytes] = {}
    own: dict[bytes, bytes] = {}
    ended = given = False
    while True:
        block = reader.read(BLOCK)
        if block == _ZEROS or (block and not block.strip(b"\0")):
            ended = True
            continue
        if not block:
            if ended and not reader.error:
                if own or (shared and not given):
                    # Words that were said of no member.
                    yield Entry(b"", None, _texts({**shared, **own}) + tuple(own[key] for key in (b"path", b"linkpath") if key in own))
                return
            # Some programs write no end at all.
            if reader.error or own:
                raise DamagedError(reader.error or "cut short")
            return
        if not is_header(block):
            if ended:
                # Padding of a tape, or something put there on purpose.
                yield from rest(block, reader, budget)
                return
            raise DamagedError("a member's header does not hold together" if len(block) == BLOCK else reader.error or "cut short")
        ended = False
        kind = block[156]
        size = _number(block[124:136])
        if kind in b"LKxXg":
            _check_text(size)
            text = _padded(reader, size)
            if kind == 0x4C:
                own[b"path"] = text.rstrip(b"\0")
            elif kind == 0x4B:
                own[b"linkpath"] = text.rstrip(b"\0")
            else:
                (shared if kind == 0x67 else own).update(_records(text))
            continue
        yield _member(block, kind, size, {**shared, **own}, reader, budget)
        own, given = {}, True


def _member(block: bytes, kind: int, size: int, known: dict[bytes, bytes], reader: Reader, budget: Budget) -> Entry:
    name = known.get(b"GNU.sparse.name") or known.get(b"path") or _name(block)
    if b"size" in known:
        size = _decimal(known[b"size"])
    texts = _texts(known)
    if kind in _EMPTY:
        if kind in _LINKS:
            texts += (known.get(b"linkpath") or block[157:257].split(b"\0", 1)[0],)
        return Entry(name, None, texts)
    if kind == 0x53:
        _pass_map(block, reader)
    if size > budget.member_limit:
        if not reader.skip(_rounded(size)):
            raise DamagedError(reader.error or "cut short")
        return Entry(name, None, texts, too_large(size, budget.member_limit))
    data = reader.read(size)
    if len(data) < size:
        return Entry(name, data, texts, ("archive-damaged", reader.error or "cut short"))
    # The padding of the last member is often not there.
    reader.skip(-size % BLOCK)
    if known.get(b"GNU.sparse.major") == b"1":
        data = _without_map(data)
    return Entry(name, data, texts)


def _texts(known: dict[bytes, bytes]) -> tuple[bytes, ...]:
    """What pax records say besides where a member lies and how long it is."""
    return tuple(value for key, value in known.items() if key not in _SILENT and not key.startswith(b"GNU.sparse"))


def _name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    # GNU's own format has other things in the place of the prefix.
    if block[257:263] == b"ustar\0":
        prefix = block[345:500].split(b"\0", 1)[0]
        if prefix:
            return prefix + b"/" + name
    return name


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    written = _OCTAL.fullmatch(field)
    if written is None:
        # Older programs leave anything behind the first NUL.
        written = _OCTAL.fullmatch(field.split(b"\0", 1)[0])
    if written is None:
        raise DamagedError("a member's size cannot be read")
    return int(written[1] or b"0", 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise DamagedError("a member's size cannot be read")
    return int(text)


def _rounded(size: int) -> int:
    return size + -size % BLOCK


def _check_text(size: int) -> None:
    if size > TEXT:
        raise DamagedError(f"a name or a record of more than {TEXT // MEBIBYTE} MiB")


def _padded(reader: Reader, size: int) -> bytes:
    text = reader.read(_rounded(size))
    if len(text) < size:
        raise DamagedError(reader.error or "cut short")
    return text[:size]


def _records(text: bytes) -> dict[bytes, bytes]:
    """Pax records: a length that counts itself, a key and a value."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(text):
        record = _RECORD.match(text, at)
        length = int(record[1]) if record else 0
        if record is None or at + length > len(text) or length <= len(record[0]):
            # What is left is no record; it is looked at as it stands.
            found[b"?"] = text[at:]
            return found
        found[record[2]] = text[record.end() : at + length - 1]
        at += length
    return found


def _pass_map(block: bytes, reader: Reader) -> None:
    """Read over the blocks that say where the stretches of an old GNU sparse file lie."""
    more = block[482]
    while more:
        further = reader.read(BLOCK)
        if len(further) < BLOCK:
            raise DamagedError(reader.error or "cut short")
        more = further[504]


def _without_map(data: bytes) -> bytes:
    """Drop the map that a sparse file of pax 1.0 begins with: a count and twice so many numbers, each on a line, in whole blocks."""
    head = data[:20].split(b"\n", 1)[0]
    if not head.isdigit():
        return data
    at = len(head) + 1
    for _ in range(2 * min(int(head), len(data))):
        at = data.find(b"\n", at) + 1
        if not at:
            return data
    return data[_rounded(at) :]
