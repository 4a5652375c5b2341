"""Candidates of the generic rules in a folder, found by the engine itself with every one of them kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from leaksieve.engine.filters import Judge
from leaksieve.engine.matcher import Engine
from leaksieve.ruleset.load import Ruleset, load

MAX_FILE = 4 * 1024 * 1024


class Found(NamedTuple):
    """A candidate and its place: ``line`` and columns (bytes) are 0-based, ``text`` is its whole line, the offsets count in it.

    ``begin`` is where the rule's match begins, ``start`` and ``end`` bound the value.
    """

    path: str
    line: int
    rule: str
    text: bytes
    begin: int
    start: int
    end: int


class _Keeper(Judge):
    """Keeps what is found and judges nothing."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Any]] = []

    def value(self, rule: dict[str, Any], secret: bytes, match: Any) -> str:  # noqa: ARG002
        if rule["family"] == "generic":
            self.kept.append((rule["id"], match))
        return "kept"


def engine(rules: str | None = None) -> tuple[Engine, _Keeper]:
    """An engine that reports every candidate of generic rules to its keeper; ``rules`` is a folder of rule files, else the built-in ones."""
    if rules:
        from leaksieve.ruleset.compile import compile_folder

        ruleset = Ruleset(compile_folder(rules))
    else:
        ruleset = load()
        ruleset = ruleset.select(enable=["generic-*"])
    keeper = _Keeper()
    # Without memory of lines and without decoding: every candidate is judged, in the bytes of the file itself.
    return Engine(ruleset, prefilter="hyperscan", decode_depth=0, memo_bytes=0, judge=keeper), keeper


def candidates(files: Iterator[tuple[str, str]], rules: str | None = None) -> Iterator[Found]:
    """Candidates of files given as (path to read, path to report)."""
    scanner, keeper = engine(rules)
    for path, shown in files:
        try:
            if os.path.islink(path) or os.path.getsize(path) > MAX_FILE:
                continue
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            continue
        keeper.kept.clear()
        scanner.scan(data, shown.encode())
        for rule_id, match in sorted(keeper.kept, key=lambda item: (item[1].start("secret"), item[0])):
            begin, (start, end) = match.start(), match.span("secret")
            low = data.rfind(b"\n", 0, begin) + 1
            high = data.find(b"\n", end)
            high = len(data) if high < 0 else high
            # A line of megabytes would be kept once a candidate.
            low, high = max(low, begin - 2000), min(high, end + 2000)
            yield Found(shown, data.count(b"\n", 0, start), rule_id, data[low:high], begin - low, start - low, end - low)


def files_under(root: str, shown: str = "") -> Iterator[tuple[str, str]]:
    """Every file under a folder, as (path to read, path from the folder), in order."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in {".git", ".hg", ".svn"})
        for name in sorted(names):
            path = os.path.join(folder, name)
            yield path, shown + os.path.relpath(path, root)
