"""Finds the findings again that another scanner was told to accept: by value, by a hash of it, or by place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import permutations, product
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.model import Finding, full_path
from leaksieve.moving.carried import Known

if TYPE_CHECKING:
    from leaksieve.api import Scanner
    from leaksieve.cli.importing.places import Places
    from leaksieve.pipeline import Outcome, Plan

# What ggshield calls the parts of a secret when it hashes them.
_KINDS = ("apikey", "token", "password", "client_secret", "client_id", "username", "connection_uri", "host", "port", "database", "scheme", "certificate", "private_key", "webhook", "uri")  # fmt: skip
_MOST_PARTS = 4
_MOST_OF_A_LINE = 20_000
# What a scanner may have taken for the secret on a line.
_CUTS = (r"\s+", r"""["'`]""", r"""[\s"'`=:,;()<>\[\]{}]+""", r"""[\s"'`=,;()<>\[\]{}]+""", r"""[\s"'`,;()<>\[\]{}/@:=]+""", r"-{3,}", r"""[\s"'`=:,;()_]+""")


class Match(NamedTuple):
    """What an entry came to: the findings it stands for, or why there are none."""

    known: Known
    findings: tuple[Finding, ...]
    why: str = ""


class Matcher:
    """Looks for entries in a scan's findings, whose secrets are revealed, and in single files of it."""

    def __init__(self, plan: Plan, outcome: Outcome, places: Places) -> None:
        self._plan = plan
        self._places = places
        self._found = outcome.findings
        self._by: dict[tuple[str, str], list[Finding]] = {}
        self._hashed: set[str] = set()
        self._scanner: Scanner | None = None
        self._scanned: dict[tuple[str, str], list[Finding]] = {}

    def match(self, known: Known) -> Match:
        """Look for one entry."""
        path = self._places.normal(known.path) if known.path and not known.commit else known.path
        if known.digest[0]:
            found = self._by_digest(known, path)
        elif known.value:
            found = self._by_value(known, path)
        else:
            found = self._at(path, known.commit, known.at)
        if found:
            return Match(known, tuple(found))
        return Match(known, (), self._why(known, path))

    def _by_digest(self, known: Known, path: str) -> list[Finding]:
        name, digest = known.digest
        self._hash(name)
        found = self._by.get((name, digest), [])
        if path:
            # The hash was for one file; a value that could be guessed is known there alone, as here.
            found = [each for each in found if not each.fingerprint.startswith("ls1w-") or _stands(each, path)]
        if found or not path:
            return found
        # It may have taken more, or less, of the line for the secret: where the line still holds what was hashed, what stands there is meant.
        data = self._places.content(path, known.commit)
        lines = data.decode("utf-8", "surrogateescape").splitlines() if data is not None else []
        first = [known.at] if 0 < known.at <= len(lines) else []
        for number in first or range(1, len(lines) + 1):
            if _digests(name, _tokens(lines[number - 1]), digest):
                return self._at(path, known.commit, number)
        return []

    def _hash(self, name: str) -> None:
        if name in self._hashed:
            return
        self._hashed.add(name)
        for finding in self._found:
            for each in _hashes(name, finding):
                self._by.setdefault((name, each), []).append(finding)

    def _by_value(self, known: Known, path: str) -> list[Finding]:
        exact = [each for each in self._found if known.value in _values(each)]
        here = [each for each in exact if not path or not each.fingerprint.startswith("ls1w-") or _stands(each, path)]
        return here or (self._at(path, known.commit, known.at) if path and known.at else [])

    def _at(self, path: str, commit: str, line: int) -> list[Finding]:
        data = self._places.content(path, commit)
        if data is None:
            return []
        # A file may have hundreds of entries.
        if (path, commit) not in self._scanned:
            self._scanned[path, commit] = self._plan_findings(data, path)
        findings = self._scanned[path, commit]
        return [each for each in findings if not line or any(one.start_line <= line <= one.end_line for one in each.occurrences)]

    def _plan_findings(self, data: bytes, path: str) -> list[Finding]:
        from leaksieve.api import Scanner
        from leaksieve.work import ruleset_for

        if self._scanner is None:
            config = self._plan.config._replace(reveal=True, allow=(), severity="info", inline_allow=False, dedupe=True)
            self._scanner = Scanner(ruleset_for(config), config=config)
        return self._scanner.scan_bytes(data, os.fsencode(path), fingerprinter=self._plan.fingerprinter)

    def _why(self, known: Known, path: str) -> str:
        if known.commit and path and self._places.content(path, known.commit) is None:
            return f"{path} of commit {known.commit[:12]} is not in this repository"
        if path and not known.commit and self._places.content(path, "") is None:
            return f"{path} is not there any more"
        if known.digest[0]:
            return "no value that leaksieve reports has this hash" + (f"; nothing at {path}:{known.at} has it either" if path and known.at else "")
        if path:
            return f"leaksieve reports nothing at {path}" + (f":{known.at}" if known.at else "") + "; it needs no entry, or has moved"
        return "leaksieve reports no such value; it needs no entry"


def _stands(finding: Finding, path: str) -> bool:
    return any(full_path(one) == os.fsencode(path) for one in finding.occurrences)


def _values(finding: Finding) -> list[str]:
    return [finding.secret, *(value for _, value in finding.parts)]


def _hashes(name: str, finding: Finding) -> Iterator[str]:
    # Blocks of several lines end with their last character for some, with a line feed for others.
    values = list(dict.fromkeys(each for value in _values(finding) for each in (value, value.strip(), f"{value.strip()}\n") if "\n" in value or each == value))
    yield from (_digest(name, value) for value in values)
    if name == "ggshield":
        for value in values:
            yield from (_digest(name, f"{value},{kind}") for kind in _KINDS)
        few = values[:_MOST_PARTS]
        for count in range(2, len(few) + 1):
            for some in permutations(few, count):
                for kinds in product(_KINDS, repeat=count) if count == 2 else ():
                    if list(kinds) == sorted(kinds):
                        yield _digest(name, "".join(f"{value},{kind}" for value, kind in zip(some, kinds, strict=True)))


def _tokens(line: str) -> Iterable[str]:
    line = line.strip()[:_MOST_OF_A_LINE]
    yield line
    for cut in _CUTS:
        for piece in re.split(cut, line):
            yield piece
            yield piece.strip("-").strip()


def _digests(name: str, tokens: Iterable[str], digest: str) -> bool:
    return any(_digest(name, token) == digest for token in tokens if token)


def _digest(name: str, value: str) -> str:
    import hashlib

    data = value.encode("utf-8", "surrogateescape")
    # Not for safety: it is what the other scanner wrote down.
    return hashlib.sha1(data, usedforsecurity=False).hexdigest() if name == "sha1" else hashlib.sha256(data).hexdigest()
