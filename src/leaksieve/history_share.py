"""What a share of a repository's objects gives: which of them hold something, how many there were, what was not read."""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from typing import Any, NamedTuple

from leaksieve.engine.filters import MAYBE
from leaksieve.engine.matcher import Result
from leaksieve.gitobjects.packtable import KINDS
from leaksieve.model import Match, Skip

# A key of a secret: rule, value, decoders passed.
Key = tuple[str, bytes, tuple[str, ...]]


class Held(NamedTuple):
    """An object in which something was found: its raw id, its kind, and which keys of the answer it holds."""

    oid: bytes
    kind: int
    keys: tuple[int, ...]


class ShareAnswer(NamedTuple):
    """What one share gave.

    ``keys`` are numbered by place, ``held`` refers to them.  ``counts`` are scanned objects by kind, ``size`` their bytes.
    ``commits`` are packed records of all commits (see ``gitobjects.commitlog``), ``submodules`` names of directories.
    ``missing`` are raw ids of objects that these name and that are not in the repository.
    ``archives`` and ``members`` count what was opened.
    """

    keys: list[Key]
    held: list[Held]
    skips: list[Skip]
    counts: dict[int, int]
    size: int
    commits: list[bytes]
    submodules: list[bytes]
    missing: list[bytes]
    archives: int = 0
    members: int = 0


class Share:
    """An answer in the making.

    ``counts`` and ``sizes`` (bytes) are by kind, ``submodules`` their names, ``pointers`` those of Git LFS.
    """

    def __init__(self) -> None:
        self._keys: dict[Key, int] = {}
        self.counts = dict.fromkeys(KINDS, 0)
        self.sizes = dict.fromkeys(KINDS, 0)
        self.submodules: set[bytes] = set()
        self.held: list[Held] = []
        self.skips: list[Skip] = []
        self.commits: list[bytes] = []
        self.pointers = self.archives = self.members = 0

    def take(self, result: Result, oid: bytes, kind: int) -> None:
        """Note what was found in an object, and what of it was not looked at."""
        numbers = self._keys
        keys = tuple([numbers.setdefault(key, len(numbers)) for key in keyed(result.matches)])
        if keys:
            self.held.append(Held(oid, kind, keys))
        self.skips += [skip._replace(where=oid.hex().encode()) for skip in result.skips]

    def answer(self, missing: list[bytes]) -> ShareAnswer:
        """The finished answer."""
        if self.pointers:
            self.skips.append(Skip("excluded", b"", "lfs-pointer", "pointers were scanned, the contents they stand for were not", self.pointers))
        return ShareAnswer(
            list(self._keys),
            self.held,
            self.skips,
            self.counts,
            sum(self.sizes.values()),
            self.commits,
            sorted(self.submodules),
            missing,
            self.archives,
            self.members,
        )


def keyed(matches: Iterable[Match]) -> dict[Key, Match]:
    """Those matches that may be secrets, by key; of several with the same key the last."""
    return {(match.rule_id, match.secret.reveal(), match.decoded): match for match in matches if match.rejected in MAYBE}


def encode(answer: ShareAnswer) -> bytes:
    """Put an answer into bytes, for :func:`decode`."""
    keys, held, skips, *rest = answer
    plain: Any = (keys, [tuple(each) for each in held], [tuple(skip) for skip in skips], *rest)
    return marshal.dumps(plain)


def decode(data: bytes) -> ShareAnswer:
    """What a worker encoded."""
    keys, held, skips, *rest = marshal.loads(data)  # noqa: S302  written by a worker of this run
    return ShareAnswer(keys, [Held(*each) for each in held], [Skip(*skip) for skip in skips], *rest)
