"""Many name patterns, asked about one name: dictionaries first, expressions only when nothing cheaper decides.

Most files of a tree match nothing, so that answer is what is made fast here: a walk first asks
for the *suspects* among all names of a directory, in a few passes over them joined into one string,
and only then for the verdict on each of those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, KeysView
from typing import Final, NamedTuple

from leaksieve.sources.ignore_glob import NameGlob

NO_MATCH: Final = -1

# How an expression of ignore_glob begins when its pattern begins with a star.
_STAR: Final = b"[^/]*"
_STAR_AND_MORE: Final = b"(?>[^/]*?"


class Entry(NamedTuple):
    """A name pattern in the file it stands in.

    ``value`` is twice its line's place in the file, plus one when it is negated: the greatest
    value of all that match decides.
    """

    value: int
    directories_only: bool
    name: NameGlob


class Table:
    """Name patterns compiled for look-up."""

    __slots__ = ("_extensions", "_general", "_literals", "_prefixes", "_probes", "_suffixes")

    def __init__(self, entries: Iterable[Entry]) -> None:
        literals: dict[bytes, int] = {}
        extensions: dict[bytes, int] = {}
        suffixes: dict[bytes, int] = {}
        prefixes: dict[bytes, int] = {}
        general: dict[bytes, int] = {}
        kinds = {"literal": literals, "suffix": suffixes, "prefix": prefixes, "regex": general}
        for value, _, (kind, text) in entries:
            target = kinds[kind]
            if kind == "suffix" and text.rfind(b".") == 0:
                target = extensions
            target[text] = max(value, target.get(text, NO_MATCH))
        self._literals = literals
        self._extensions = extensions
        self._suffixes = suffixes
        self._prefixes = prefixes
        self._general = [(value, re.compile(text)) for text, value in general.items()]
        self._general.sort(key=lambda pair: -pair[0])
        self._probes: list[re.Pattern[bytes]] | None = None

    def suspects(self, names: KeysView[bytes], joined: bytes) -> Iterator[bytes]:
        """Yield every name that some pattern matches, possibly more than once and in any order.

        ``joined`` is the same names with a slash before, between and behind them: no name holds one.
        """
        if b"" in self._suffixes:
            yield from names
            return
        yield from names & self._literals.keys()
        if self._probes is None:
            self._probes = self._compile_probes()
        for probe in self._probes:
            for hit in probe.finditer(joined):
                start = hit.start() + 1
                yield joined[joined.rfind(b"/", 0, start) + 1 : joined.index(b"/", start)]

    def _compile_probes(self) -> list[re.Pattern[bytes]]:
        """Return expressions that hit in every name that matches, or at the slash before it."""
        starting = _grouped(self._prefixes)
        ending = _grouped([*self._extensions, *self._suffixes])
        for _, expression in self._general:
            # Searching does by itself what a leading star says.
            text = expression.pattern
            if text.startswith(_STAR_AND_MORE):
                ending.append(b"(?>" + text.removeprefix(_STAR_AND_MORE))
            elif text.startswith(_STAR):
                ending.append(text.removeprefix(_STAR))
            else:
                starting.append(text + b"(?=/)")
        probes = []
        if starting:
            probes.append(re.compile(b"/(?:" + b"|".join(starting) + b")"))
        if ending:
            probes.append(re.compile(b"(?:" + b"|".join(ending) + b")(?=/)"))
        return probes

    def match(self, name: bytes) -> int:
        """Return the greatest value among the patterns that match, or ``NO_MATCH``."""
        best = self._literals.get(name, NO_MATCH)
        best = max(best, self._extensions.get(name[name.rfind(b".") :], NO_MATCH)) if b"." in name else best
        for suffix, value in self._suffixes.items():
            if value > best and name.endswith(suffix):
                best = value
        for prefix, value in self._prefixes.items():
            if value > best and name.startswith(prefix):
                best = value
        for value, expression in self._general:
            if value <= best:
                break
            if expression.fullmatch(name):
                return value
        return best


def _grouped(literals: Iterable[bytes]) -> list[bytes]:
    """Write literals as alternatives that the expression engine tells apart by their first byte."""
    groups: dict[bytes, list[bytes]] = {}
    for literal in literals:
        groups.setdefault(literal[:1], []).append(re.escape(literal[1:]))
    return [re.escape(first) + b"(?:" + b"|".join(rest) + b")" for first, rest in groups.items()]


class Tables:
    """The same entries for files and for directories, each compiled when first asked for."""

    __slots__ = ("_directories", "_entries", "_files")

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._files: Table | None = None
        self._directories: Table | None = None

    def files(self) -> Table:
        """Return the table for what is not a directory."""
        if self._files is None:
            self._files = Table(entry for entry in self._entries if not entry.directories_only)
        return self._files

    def directories(self) -> Table:
        """Return the table for directories."""
        if self._directories is None:
            self._directories = Table(self._entries)
        return self._directories
