"""Many name patterns, asked about one name: dictionaries first, expressions only when nothing cheaper decides.

A walk asks these tables once or twice for every file of a tree, most of which match nothing, so
the answer "nothing" is what is made fast here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from leaksieve.sources.ignore_glob import NameGlob

NO_MATCH: Final = -1


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

    __slots__ = ("_extensions", "_general", "_literals", "_prefixes", "_quick_general", "_quick_prefix", "_quick_suffix", "_suffixes")

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
        self._suffixes = list(suffixes.items())
        self._prefixes = list(prefixes.items())
        self._quick_suffix = tuple(suffixes)
        self._quick_prefix = tuple(prefixes)
        self._general = [(value, re.compile(text)) for text, value in general.items()]
        self._general.sort(key=lambda pair: -pair[0])
        # One expression over all of them: its "no" spares trying each.
        self._quick_general = re.compile(b"|".join(b"(?:" + text + b")" for text in general)) if len(general) > 1 else None

    def match(self, name: bytes) -> int:
        """Return the greatest value among the patterns that match, or ``NO_MATCH``."""
        best = self._literals.get(name, NO_MATCH)
        dot = name.rfind(b".")
        if dot >= 0:
            value = self._extensions.get(name[dot:], NO_MATCH)
            if value > best:  # noqa: PLR1730 - max() is a call, and this runs once a file
                best = value
        if self._quick_suffix and name.endswith(self._quick_suffix):
            best = max(best, *(value for suffix, value in self._suffixes if name.endswith(suffix)))
        if self._quick_prefix and name.startswith(self._quick_prefix):
            best = max(best, *(value for prefix, value in self._prefixes if name.startswith(prefix)))
        if self._general and (self._quick_general is None or self._quick_general.fullmatch(name)):
            for value, expression in self._general:
                if value <= best:
                    break
                if expression.fullmatch(name):
                    return value
        return best


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
