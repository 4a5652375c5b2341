"""Which paths git would ignore: ``.gitignore`` and its kin, read as git reads them, over bytes paths.

An ``IgnoreList`` is one ignore file.  A ``Scope`` is every list in force in one directory; a walk
takes the scope along: ``scope.enter(...)`` on the way into a directory, ``scope.ignores_file(...)`` or
``scope.ignores_directory(...)`` for each of the ``scope.suspects(...)`` in it.  Two rules are the
walk's own to keep: what lies in an ignored directory is ignored whatever else is said of it, and a
file that git tracks is never ignored.

No git configuration is read; ``core.excludesFile`` counts only if the caller hands its content in.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import KeysView
from collections.abc import Set as AbstractSet
from typing import Final

from leaksieve.sources.ignore_glob import Glob, compile_name, compile_path
from leaksieve.sources.ignore_table import NO_MATCH, Entry, Table, Tables

# Git passes over larger ones.
MAX_IGNORE_FILE: Final = 100 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


def pattern_lines(data: bytes) -> list[bytes]:
    """Return the patterns of an ignore file, comments and blank lines left out, trailing spaces trimmed."""
    lines = []
    for raw in data.removeprefix(_BOM).split(b"\n"):
        if not raw or raw[0] == 0x23:
            continue
        line = raw.removesuffix(b"\r")
        # Git holds lines as C strings.
        line = line.partition(b"\0")[0]
        if line.endswith(b" "):
            bare = line.rstrip(b" ")
            escapes = len(bare) - len(bare.rstrip(b"\\"))
            line = bare + b" " if escapes % 2 else bare
        lines.append(line)
    return lines


class IgnoreList:
    """The patterns of one ignore file; later ones win over earlier ones.

    ``fold``: compare without regard to ASCII case, as git does where ``core.ignoreCase`` is on.
    """

    __slots__ = ("_everywhere", "_here", "_local", "_regexes", "fold")

    def __init__(self, data: bytes, *, fold: bool = False) -> None:
        self.fold = fold
        everywhere: list[Entry] = []
        self._here: dict[bytes, list[tuple[int, Entry]]] = {}
        self._regexes: list[tuple[bytes, bytes, tuple[int, Entry]]] = []
        self._local: dict[tuple[int, ...], Tables] = {}
        serial = 0
        for number, line in enumerate(pattern_lines(data)):
            negated = line.startswith(b"!")
            pattern = line[1:] if negated else line
            directories_only = pattern.endswith(b"/")
            if directories_only:
                pattern = pattern[:-1]
            if not pattern:
                continue
            globs: list[Glob] = compile_path(pattern, fold=fold) if b"/" in pattern else compile_name(pattern, fold=fold)
            for reach, name in globs:
                entry = Entry(number * 2 + negated, directories_only, name)
                serial += 1
                if reach.everywhere:
                    everywhere.append(entry)
                elif reach.regex:
                    self._regexes.append((reach.literal, reach.regex, (serial, entry)))
                else:
                    self._here.setdefault(reach.literal, []).append((serial, entry))
        self._everywhere = Tables(everywhere) if everywhere else None

    def __bool__(self) -> bool:
        return bool(self._everywhere or self._here or self._regexes)

    @property
    def uniform(self) -> bool:
        """Whether the list says the same in every directory."""
        return not self._here and not self._regexes

    def tables(self, directory: bytes) -> tuple[Tables, ...]:
        """Return the tables in force in a directory, given relative to the list's own (``b""`` for that one)."""
        active: list[tuple[int, Entry]] = []
        if not self.uniform:
            key = directory.lower() if self.fold else directory
            active = self._here.get(key, active)
            if self._regexes:
                path = key + b"/" if key else b""
                active = active + [numbered for literal, regex, numbered in self._regexes if path.startswith(literal) and re.fullmatch(regex, path)]
        if not active:
            return (self._everywhere,) if self._everywhere else ()
        # Sibling directories mostly activate the same patterns; compile each combination once.
        combination = tuple(serial for serial, _ in active)
        local = self._local.get(combination)
        if local is None:
            local = self._local[combination] = Tables([entry for _, entry in active])
        return (self._everywhere, local) if self._everywhere else (local,)


class Scope:
    """The ignore rules in force in one directory."""

    __slots__ = ("_directories", "_files", "_fold", "_lists", "_tables", "_uniform")

    def __init__(self, path: bytes, lists: tuple[tuple[IgnoreList, int], ...]) -> None:
        # Strongest first, each with the length to cut off a path to make it relative to the list.
        self._lists = lists
        self._fold = any(rules.fold for rules, _ in lists)
        self._uniform = all(rules.uniform for rules, _ in lists)
        groups = (rules.tables(path[cut:]) for rules, cut in lists)
        self._tables = [group for group in groups if group]
        self._files: list[tuple[Table, ...]] | None = None
        self._directories: list[tuple[Table, ...]] | None = None

    @classmethod
    def root(cls, *weakest_first: IgnoreList | None) -> Scope:
        """Start at the root of a repository (or of a tree) with the lists that are not in it, e.g. ``info/exclude``."""
        return cls(b"", tuple((rules, 0) for rules in reversed(weakest_first) if rules))

    def enter(self, path: bytes, own: IgnoreList | None = None) -> Scope:
        """Return the scope of a directory at or below this one.

        ``path`` is relative to the root the rules count from; ``own`` is the ignore file that lies in it.
        """
        if own:
            return Scope(path, ((own, len(path) + 1 if path else 0), *self._lists))
        return self if self._uniform else Scope(path, self._lists)

    def suspects(self, names: KeysView[bytes]) -> AbstractSet[bytes]:
        """Return those of a directory's names that some rule speaks of, for or against (perhaps a few more).

        Names outside the result need not be asked about one by one, which is what makes a walk fast.
        """
        if not self._tables or not names:
            return frozenset()
        if self._fold:
            return names
        joined = b"/" + b"/".join(names) + b"/"
        return {name for group in self._tables for tables in group for name in tables.directories().suspects(names, joined)}

    def ignores_file(self, name: bytes) -> bool:
        """Say whether a name in this directory, of anything but a directory, is ignored."""
        if self._files is None:
            self._files = [tuple(tables.files() for tables in group) for group in self._tables]
        return self._decide(name, self._files)

    def ignores_directory(self, name: bytes) -> bool:
        """Say whether a directory of that name in this one is ignored."""
        if self._directories is None:
            self._directories = [tuple(tables.directories() for tables in group) for group in self._tables]
        return self._decide(name, self._directories)

    def _decide(self, name: bytes, groups: list[tuple[Table, ...]]) -> bool:
        if self._fold:
            name = name.lower()
        for group in groups:
            best = NO_MATCH
            for table in group:
                value = table.match(name)
                if value > best:  # noqa: PLR1730 - max() is a call, and this runs once a file
                    best = value
            if best >= 0:
                return not best & 1
        return False


def read_ignore_file(path: bytes, *, follow: bool = False, dir_fd: int | None = None) -> IgnoreList | None:
    """Read one ignore file; ``None`` when there is none that git would read.

    Inside a tree git follows no link to an ignore file (``follow=False``); ``info/exclude`` may be one.
    """
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        fd = os.open(path, flags, dir_fd=dir_fd)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_IGNORE_FILE:
            return None
        data = b""
        while block := os.read(fd, max(status.st_size - len(data), 0) + 1):
            data += block
            if len(data) > MAX_IGNORE_FILE:
                return None
    except OSError:
        return None
    finally:
        os.close(fd)
    return IgnoreList(data)
