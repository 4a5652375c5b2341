"""Small packs of arbitrary families of deltas, sound and unsound, with what must come out of each entry."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import NamedTuple

from packcraft import NUMBERS, _head, _offset, copy, delta, literal

# What can be wrong with an entry, so that neither it nor anything built on it can be.
WRONG = ("type 0", "type 5", "stream", "short", "long", "checksum", "huge", "endless", "nothing")
WRONG_DELTAS = ("base size", "past its base", "grows", "cut off", "empty")


class Node(NamedTuple):
    """An entry: what it is built on and what is wrong with it ("" for nothing).

    ``base`` is another entry's number (of any entry, also a later one or itself, for ``how`` "ref"; of an earlier
    one for "ofs"), -1 for a whole object, -2 for an object outside the pack, -3 for one that is nowhere.
    ``size`` is about how long the content is; ``gap`` so many bytes of garbage follow the entry.
    """

    base: int
    how: str
    size: int
    wrong: str = ""
    gap: int = 0


class Forest:
    """A pack written from nodes.  ``content`` is what each entry stands for if it can be built, ``lengths`` its compressed form's promise."""

    def __init__(self, nodes: list[Node], *, hash_size: int = 20, outside: bytes = b"") -> None:
        self.nodes = nodes
        self.hash_size = hash_size
        self.outside = outside
        self.content = [(b"entry %d: " % number + b"abcdefg" * node.size)[: node.size] for number, node in enumerate(nodes)]
        self.stored: list[bytes] = []
        self.oids = [self._oid(b"%d" % number) for number in range(len(nodes))]
        self.offsets: list[int] = []

    def _oid(self, text: bytes) -> bytes:
        return hashlib.sha256(text).digest()[: self.hash_size]

    @property
    def outside_oid(self) -> bytes:
        """The id of the object outside the pack."""
        return self._oid(b"outside")

    def parent(self, number: int) -> int:
        """What an entry is built on: see :class:`Node`."""
        return self.nodes[number].base

    def built(self, limit: int, chain_limit: int) -> list[bool]:
        """Which entries can be built within limits."""
        parents = {self.parent(number) for number in range(len(self.nodes))}

        def alone(number: int) -> bool:
            node = self.nodes[number]
            if node.wrong or node.base == -3:
                return False
            most = max(chain_limit, limit) if number in parents else limit
            return len(self.content[number]) <= most and (node.base == -1 or len(self.stored[number]) <= max(chain_limit, limit))

        def chain(number: int) -> bool:
            seen = set()
            while number >= 0:
                if number in seen or not alone(number):
                    return False
                seen.add(number)
                number = self.parent(number)
            return True

        return [chain(number) for number in range(len(self.nodes))]

    def _delta(self, number: int) -> bytes:
        node = self.nodes[number]
        base = self.outside if node.base == -2 else self.content[node.base] if node.base >= 0 else b""
        made = self.content[number]
        same = 0
        while same < min(len(base), len(made)) and base[same] == made[same]:
            same += 1
        steps = [copy(0, same)] if same else []
        steps += [literal(made[same:])] if same < len(made) else []
        size = len(made)
        if node.wrong == "base size":
            return delta(len(base) + 1, size, *steps)
        if node.wrong == "past its base":
            return delta(len(base), size, copy(len(base), max(size, 1)))
        if node.wrong == "grows":
            return delta(len(base), size, *steps, literal(b"more"))
        if node.wrong == "cut off":
            return delta(len(base), size + 3, *steps, b"\x03a")
        return b"" if node.wrong == "empty" else delta(len(base), size, *steps)

    def write(self, folder: Path, *, version: int = 2, wide: bool = False, cut: int = 0) -> Path:
        """Write the pack and its index (``wide``: every offset from the table of long ones), the pack's last ``cut`` bytes missing; returns the path without suffix."""
        body = bytearray(b"PACK" + (2).to_bytes(4) + len(self.nodes).to_bytes(4))
        for number, node in enumerate(self.nodes):
            at = len(body)
            self.offsets.append(at)
            stored = self.content[number] if node.base == -1 else self._delta(number)
            self.stored.append(stored)
            kind = NUMBERS["blob" if node.base == -1 else node.how]
            announced = {"short": len(stored) + 1, "long": max(len(stored) - 1, 0) if stored else 1, "huge": (1 << 62) + 5}.get(node.wrong, len(stored))
            if node.wrong == "endless":
                body += bytes((kind << 4 | 0x80,)) + b"\x80" * 12 + b"\x01"
            else:
                body += _head({"type 0": 0, "type 5": 5}.get(node.wrong, kind), announced)
            if kind == NUMBERS["ofs"]:
                body += _offset(at - self.offsets[node.base])
            elif kind == NUMBERS["ref"]:
                body += self._oid(b"nowhere") if node.base == -3 else self.outside_oid if node.base == -2 else self.oids[node.base]
            stream = zlib.compress(stored)
            if node.wrong == "stream":
                stream = b"\xff" * len(stream)
            elif node.wrong == "checksum":
                stream = stream[:-1] + bytes((stream[-1] ^ 1,))
            elif node.wrong == "nothing":
                stream = b""
            body += stream + b"\xa5" * node.gap
        trailer = self._oid(bytes(body))
        body += trailer
        path = folder / "pack" / "pack-forest"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".pack").write_bytes(bytes(body[: len(body) - cut]))
        path.with_suffix(".idx").write_bytes(index(sorted(zip(self.oids, self.offsets, strict=True)), trailer, version=version, wide=wide))
        return path


def index(places: list[tuple[bytes, int]], trailer: bytes, *, version: int = 2, wide: bool = False) -> bytes:
    """An index of sorted (raw id, offset); ``wide`` keeps all offsets in the table of long ones, which otherwise holds those past 2 GiB."""
    fanout = b"".join(sum(oid[0] <= first for oid, _ in places).to_bytes(4) for first in range(256))
    if version == 1:
        return fanout + b"".join(offset.to_bytes(4) + oid for oid, offset in places) + trailer + trailer
    small, far = b"", b""
    for _, offset in places:
        if wide or offset >= 1 << 31:
            small += (0x80000000 | len(far) // 8).to_bytes(4)
            far += offset.to_bytes(8)
        else:
            small += offset.to_bytes(4)
    return b"\xfftOc\0\0\0\2" + fanout + b"".join(oid for oid, _ in places) + bytes(4 * len(places)) + small + far + trailer + trailer
