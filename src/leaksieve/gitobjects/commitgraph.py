"""The commit-graph file, single or split into a chain: a commit's tree, parents and date, without reading the commit."""

from __future__ import annotations

import os
from bisect import bisect_left

from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.files import Buffer, map_regular, read_regular
from leaksieve.gitobjects.repository import Repository

_NO_PARENT = 0x70000000
# In the place of the second parent: where the list of the further ones begins.  In that list: it is the last.
_MORE = 0x80000000
_DATE_BITS = (1 << 34) - 1
_CHAIN_LIMIT = 1024 * 1024
_HASH_VERSIONS = {1: 20, 2: 32}


class _Layer:
    """One file.  ``first`` is how many commits the layers below it hold; positions count across all."""

    __slots__ = ("commits", "count", "data", "edges", "first", "ids", "size")

    def __init__(self, data: Buffer, first: int, hash_size: int) -> None:
        if data[:5] != b"CGPH\x01" or _HASH_VERSIONS.get(data[5]) != hash_size:
            raise BadDataError("not a commit-graph that can be read")
        chunks = {}
        for number in range(data[6]):
            at = 8 + 12 * number
            chunks[data[at : at + 4]] = int.from_bytes(data[at + 4 : at + 12])
        if not {b"OIDF", b"OIDL", b"CDAT"} <= chunks.keys():
            raise BadDataError("the commit-graph lacks a table")
        fanout = chunks[b"OIDF"]
        self.data = data
        self.size = hash_size
        self.first = first
        self.ids = chunks[b"OIDL"]
        self.commits = chunks[b"CDAT"]
        self.edges = chunks.get(b"EDGE", 0)
        self.count = int.from_bytes(data[fanout + 1020 : fanout + 1024])
        if max(self.ids + self.count * hash_size, self.commits + self.count * (hash_size + 16)) > len(data):
            raise BadDataError("the commit-graph is cut off")

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> bytes:
        at = self.ids + place * self.size
        return self.data[at : at + self.size]


class CommitGraph:
    """A repository's commit-graph."""

    __slots__ = ("_layers",)

    def __init__(self, layers: list[_Layer]) -> None:
        self._layers = layers

    def find(self, oid: bytes) -> int | None:
        """Return a commit's position, or None when the graph does not have it."""
        for layer in self._layers:
            place = bisect_left(layer, oid)
            if place < layer.count and layer[place] == oid:
                return layer.first + place
        return None

    def _layer(self, position: int) -> _Layer:
        for layer in self._layers:
            if layer.first <= position < layer.first + layer.count:
                return layer
        raise BadDataError("the commit-graph points outside itself")

    def oid(self, position: int) -> bytes:
        """Return the raw id at a position; raises BadDataError."""
        layer = self._layer(position)
        return layer[position - layer.first]

    def first_parent(self, position: int) -> int | None:
        """Return the position of a commit's first parent, None for a root commit; raises BadDataError."""
        layer = self._layer(position)
        at = layer.commits + (position - layer.first) * (layer.size + 16) + layer.size
        parent = int.from_bytes(layer.data[at : at + 4])
        return None if parent == _NO_PARENT else parent

    def facts(self, position: int) -> tuple[bytes, tuple[int, ...], int, int]:
        """Return the raw id of a commit's tree, its parents' positions, commit date (the low 34 bits) and generation; raises BadDataError.

        The generation is greater than that of every ancestor, 0 when the file does not say.
        """
        layer = self._layer(position)
        size, data = layer.size, layer.data
        at = layer.commits + (position - layer.first) * (size + 16)
        row = data[at : at + size + 16]
        first, second = int.from_bytes(row[size : size + 4]), int.from_bytes(row[size + 4 : size + 8])
        parents: list[int] = []
        if first != _NO_PARENT:
            parents.append(first)
        if second & _MORE:
            if not layer.edges:
                raise BadDataError("the commit-graph lacks a table")
            at = layer.edges + 4 * (second & ~_MORE)
            while True:
                word = data[at : at + 4]
                if len(word) < 4 or len(parents) > len(self):
                    raise BadDataError("the commit-graph's list of parents does not end")
                parents.append(int.from_bytes(word) & ~_MORE)
                if word[0] & 0x80:
                    break
                at += 4
        elif second != _NO_PARENT:
            parents.append(second)
        stamp = int.from_bytes(row[size + 8 : size + 16])
        return row[:size], tuple(parents), stamp & _DATE_BITS, stamp >> 34

    def __len__(self) -> int:
        return sum(layer.count for layer in self._layers)


def read_commit_graph(repo: Repository) -> CommitGraph | None:
    """Return the repository's commit-graph, or None when it has none that can be used: it only ever saves time."""
    info = os.path.join(repo.common_dir, b"objects", b"info")
    try:
        single = os.path.join(info, b"commit-graph")
        if os.path.exists(single):
            return CommitGraph([_open(repo, single, 0)])
        folder = os.path.join(info, b"commit-graphs")
        names = read_regular(os.path.join(folder, b"commit-graph-chain"), _CHAIN_LIMIT).split()
        layers: list[_Layer] = []
        for name in names:
            if not name.isalnum():
                return None
            first = layers[-1].first + layers[-1].count if layers else 0
            layers.append(_open(repo, os.path.join(folder, b"graph-%b.graph" % name), first))
        return CommitGraph(layers) if layers else None
    except (OSError, BadDataError, IndexError):
        return None


def _open(repo: Repository, path: bytes, first: int) -> _Layer:
    if not repo.allows(path):
        raise BadDataError("the commit-graph lies outside the directories this scan may read")
    return _Layer(map_regular(path), first, repo.hash_size)
