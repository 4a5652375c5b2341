"""Which commits lie between others: walks over the commit graph that do not trust dates.

Dates only choose what is looked at first.  A walk that leaves out what some commits reach ends early
when no order of dates, however wrong, could change its answer: no commit it found can be an ancestor
of those still open if all of these are its own ancestors.

Replace references and grafts are not honoured: what is in the repository is what leaks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from leaksieve.errors import SourceError
from leaksieve.gitobjects.commitgraph import CommitGraph, read_commit_graph
from leaksieve.gitobjects.commitread import CommitReader, Node
from leaksieve.gitobjects.errors import BadDataError, ObjectError
from leaksieve.gitobjects.files import is_inside, read_regular, shown
from leaksieve.gitobjects.objects import ObjectStore
from leaksieve.gitobjects.repository import Repository

_SHALLOW_LIMIT = 64 * 1024 * 1024
# How many commits are looked at before the first try at ending early; each later one comes after half as many again.
_FIRST_TRY = 64
# Of a commit that the commit-graph does not have: more than any it has.
_UNKNOWN = 1 << 40
_WANTED, _LEFT_OUT = 1, 2


class Walk(NamedTuple):
    """What a walk found.

    ``commits`` are raw ids, every commit after its parents, otherwise by date.  ``cut`` are those of
    them whose parents a shallow clone does not have.  ``missing`` are ancestors that cannot be read.
    """

    commits: list[bytes]
    cut: list[bytes]
    missing: list[ObjectError]


def shallow_boundary(repo: Repository) -> frozenset[bytes]:
    """Return the commits at which a shallow clone's history was cut, none in a full one; raises SourceError when the list does not parse."""
    if not repo.shallow:
        return frozenset()
    path = os.path.join(repo.common_dir, b"shallow")
    try:
        if os.path.islink(path) and not is_inside(path, (repo.common_dir,)):
            raise SourceError("is a link that leads out of the repository", where=shown(path))
        ids = [bytes.fromhex(line.decode("ascii")) for line in read_regular(path, _SHALLOW_LIMIT).split()]
    except (OSError, ValueError) as error:
        raise SourceError("the list of where this shallow clone ends cannot be read", where=shown(path), hint="`git fetch --unshallow`") from error
    if any(len(oid) != repo.hash_size for oid in ids):
        raise SourceError("the list of where this shallow clone ends does not parse", where=shown(path), hint="`git fetch --unshallow`")
    return frozenset(ids)


class History:
    """The commits of one repository as a graph.  Remembers what it has read.

    ``boundary`` is where a shallow clone ends.  Raises SourceError when that cannot be told.
    """

    __slots__ = ("_graph", "_nodes", "_positions", "_reader", "boundary", "store")

    def __init__(self, store: ObjectStore, *, use_commit_graph: bool = True) -> None:
        self.store = store
        self.boundary = shallow_boundary(store.repository)
        # git does not keep one for shallow clones; one that is there was made for something else.
        self._graph: CommitGraph | None = read_commit_graph(store.repository) if use_commit_graph and not self.boundary else None
        self._positions: dict[bytes, int] = {}
        self._nodes: dict[bytes, Node] = {}
        self._reader = CommitReader(store)

    def node(self, oid: bytes) -> Node:
        """Return a commit's links, with as many parents as this clone has; raises an ObjectError."""
        node = self._nodes.get(oid)
        if node is None:
            if self._graph is not None:
                node = self._from_graph(oid, self._graph)
            if node is None:
                node = self._reader.read(oid)
            if oid in self.boundary:
                node = node._replace(parents=())
            self._nodes[oid] = node
        return node

    def _from_graph(self, oid: bytes, graph: CommitGraph) -> Node | None:
        positions = self._positions
        try:
            position = positions.get(oid)
            if position is None:
                position = graph.find(oid)
                if position is None:
                    return None
                positions[oid] = position
            tree, above, date, _ = graph.facts(position)
            parents = tuple([graph.oid(parent) for parent in above])
            positions.update(zip(parents, above, strict=True))
        except (BadDataError, IndexError):
            self._graph = None
            return None
        return Node(parents, tree, date)

    def generation(self, oid: bytes) -> int:
        """Return a number greater than that of every ancestor of the commit; 0 when it is not known."""
        if self._graph is None:
            return 0
        position = self._positions.get(oid)
        if position is None:
            # The commit-graph has all ancestors of what it has.
            return _UNKNOWN
        try:
            return self._graph.facts(position)[3]
        except (BadDataError, IndexError):
            return 0

    def is_cut(self, oid: bytes) -> bool:
        """Whether a shallow clone lacks this commit's parents, and it has some."""
        if oid not in self.boundary:
            return False
        try:
            return bool(self._reader.read(oid).parents)
        except ObjectError:
            return True


def reachable(history: History, tips: Iterable[bytes], *, first_parent: bool = False) -> Walk:
    """Find every commit reachable from ``tips`` (raw ids of commits)."""
    return between(history, tips, (), first_parent=first_parent)


def between(history: History, tips: Iterable[bytes], left_out: Iterable[bytes], *, first_parent: bool = False) -> Walk:
    """Find every commit reachable from ``tips`` and from none of ``left_out`` (raw ids of commits).

    With ``first_parent`` only first parents are followed from the tips; what is left out is still
    everything the others reach.  A commit that cannot be read is reported if it was wanted; on the
    other side it makes the answer larger, never smaller.
    """
    walk = _Painter(history, first_parent)
    for oid in left_out:
        walk.paint(oid, _LEFT_OUT)
    for oid in tips:
        walk.paint(oid, _WANTED)
    walk.run()
    wanted = [oid for oid in walk.nodes if walk.colours[oid] == _WANTED]
    commits = _in_order(wanted, walk.nodes)
    missing = [error for oid, error in walk.missing.items() if walk.colours[oid] == _WANTED]
    return Walk(commits, [oid for oid in commits if history.is_cut(oid)] if history.boundary else [], missing)


class _Painter:
    """Paints commits as wanted, left out, or both, from the tips towards the roots.

    ``nodes`` holds what was read, ``colours`` also what was not; ``open`` is the queue of commits whose
    parents have not been painted.
    """

    __slots__ = ("closed", "colours", "first_parent", "history", "missing", "nodes", "open", "undecided")

    def __init__(self, history: History, first_parent: bool) -> None:
        self.history = history
        self.first_parent = first_parent
        self.nodes: dict[bytes, Node] = {}
        self.colours: dict[bytes, int] = {}
        self.missing: dict[bytes, ObjectError] = {}
        self.open: list[tuple[int, bytes]] = []
        self.closed: set[bytes] = set()
        # How many of the open ones are wanted so far.
        self.undecided = 0

    def paint(self, oid: bytes, colour: int) -> None:
        """Add a colour to a commit, and to whatever it was passed on to before."""
        pending = [(oid, colour)]
        colours, nodes = self.colours, self.nodes
        while pending:
            oid, colour = pending.pop()
            before = colours.get(oid, 0)
            after = before | colour
            if after == before:
                continue
            colours[oid] = after
            if oid in self.closed:
                node = nodes[oid]
                pending += [(parent, colour) for parent in (node.parents[:1] if colour == _WANTED and self.first_parent else node.parents)]
                continue
            if before:
                self.undecided -= before == _WANTED and oid not in self.missing
                continue
            try:
                node = nodes[oid] = self.history.node(oid)
            except ObjectError as error:
                self.missing[oid] = error
                continue
            self.undecided += after == _WANTED
            heappush(self.open, (-node.date, oid))

    def run(self) -> None:
        """Paint until nothing can change any more."""
        next_try = _FIRST_TRY
        while self.open and (self.undecided or len(self.closed) < next_try):
            self._close()
        # From here on everything open is left out; what is wanted can only become less.
        while self.open and self._in_the_way():
            next_try = len(self.closed) * 3 // 2
            while self.open and len(self.closed) < next_try:
                self._close()

    def _close(self) -> None:
        """Pass the newest open commit's colours on to its parents."""
        _, oid = heappop(self.open)
        colours = self.colours
        colour = colours[oid]
        self.undecided -= colour == _WANTED
        self.closed.add(oid)
        for number, parent in enumerate(self.nodes[oid].parents):
            passed = colour & _LEFT_OUT if number and self.first_parent else colour
            before = colours.get(parent, 0)
            if before | passed != before:
                self.paint(parent, passed)

    def _in_the_way(self) -> bool:
        """Whether some open commit is not known to be an ancestor of every wanted one: only such a one could have one for an ancestor."""
        highest = 0
        for _, oid in self.open:
            highest = max(highest, self.history.generation(oid) or _UNKNOWN)
        bits = {oid: 1 << number for number, (_, oid) in enumerate(self.open)}
        everything = (1 << len(bits)) - 1
        below: dict[bytes, int] = {}
        entered: set[bytes] = set()
        closed, nodes = self.closed, self.nodes
        for oid in closed:
            if self.colours[oid] != _WANTED or (highest < _UNKNOWN and self.history.generation(oid) >= highest):
                continue
            pending = [oid]
            while pending:
                at = pending[-1]
                if at in below:
                    pending.pop()
                    continue
                parents = nodes[at].parents
                if at not in entered:
                    # Once: a forged commit-graph file can hold a circle.
                    entered.add(at)
                    unknown = [parent for parent in parents if parent in closed and parent not in below]
                    if unknown:
                        pending += unknown
                        continue
                mask = 0
                for parent in parents:
                    mask |= below[parent] if parent in below else bits.get(parent, 0)
                below[at] = mask
                pending.pop()
            if below[oid] != everything:
                return True
        return False


def _in_order(commits: list[bytes], nodes: dict[bytes, Node]) -> list[bytes]:
    """Sort commits so that each comes after its parents, otherwise by date."""
    waiting: dict[bytes, int] = {}
    children: dict[bytes, list[bytes]] = {oid: [] for oid in commits}
    ready: list[tuple[int, bytes]] = []
    for oid in commits:
        parents = [parent for parent in set(nodes[oid].parents) if parent in children]
        waiting[oid] = len(parents)
        for parent in parents:
            children[parent].append(oid)
        if not parents:
            heappush(ready, (nodes[oid].date, oid))
    ordered = []
    while ready:
        _, oid = heappop(ready)
        ordered.append(oid)
        for child in children[oid]:
            waiting[child] -= 1
            if not waiting[child]:
                heappush(ready, (nodes[child].date, child))
    if len(ordered) < len(commits):
        # Only a forged commit-graph file can hold a circle; nothing of it may be lost.
        ordered += [oid for oid in commits if waiting[oid]]
    return ordered
