"""The staged scan with path patterns of the configuration; a module of its own, since most commits need none."""

from __future__ import annotations

from collections.abc import Iterator

from leaksieve.gitobjects.repository import Repository
from leaksieve.model import Skip
from leaksieve.sources.base import Unit
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.index import IndexSource
from leaksieve.sources.named import is_excluded


class FilteredIndexSource(IndexSource):
    """An :class:`IndexSource` that leaves out what ``exclude`` names (gitignore syntax, from the top of the working tree)."""

    def __init__(self, repo: Repository, *, max_file_size: int, paths: tuple[bytes, ...] = (), requested: str, exclude: tuple[bytes, ...]) -> None:
        super().__init__(repo, max_file_size=max_file_size, paths=paths, requested=requested)
        self._exclude = Scope.root(IgnoreList(b"\n".join(exclude)))

    def units(self) -> Iterator[Unit]:
        """Plan as ever, and take back what was expected of an excluded file."""
        units = super().units()
        expected = self.coverage.expected
        while True:
            before = dict(expected)
            unit = next(units, None)
            if unit is None:
                return
            path = unit[0]
            assert isinstance(path, bytes)
            if is_excluded(self._exclude, path):
                for name in expected:
                    expected[name] = before.get(name, 0)
                self.coverage.skip(Skip("excluded", path, "excluded-by-config", "a pattern of the configuration"))
            else:
                yield unit
