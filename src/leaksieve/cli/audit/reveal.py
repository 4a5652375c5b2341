"""Finds a secret's own line again, for the one person who asks to see it: the file or object is read and scanned anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaksieve.config import Config
from leaksieve.errors import LeaksieveError, UsageError
from leaksieve.model import Finding, Occurrence
from leaksieve.reports.render import visible
from leaksieve.reports.text_finding import place

if TYPE_CHECKING:
    from leaksieve.findings.fingerprint import Fingerprinter
    from leaksieve.gitobjects.repository import Repository

# Places of one finding that are looked at.
_MOST = 20


class Reader:
    """Reads places of one project: files below ``root``, blobs of its repository."""

    def __init__(self, root: str, repository: Repository | None, config: Config, fingerprinter: Fingerprinter) -> None:
        self._root = os.path.realpath(os.fsencode(root))
        self._repository = repository
        self._config = config
        self._fingerprinter = fingerprinter

    def lines(self, finding: Finding) -> Sequence[str]:
        """Return where the secret stands, its line and itself, in full and harmless to a terminal.  Raises UsageError where it is not found again."""
        for occurrence in finding.occurrences[:_MOST]:
            data = self._bytes(occurrence)
            if data is None:
                continue
            told = self._found(data, occurrence, finding.fingerprint)
            if told is not None:
                return [place(occurrence), *told]
        raise UsageError("cannot be shown: it is not in the files and objects here any more, or in an archive or message")

    def _found(self, data: bytes, occurrence: Occurrence, fingerprint: str) -> list[str] | None:
        from leaksieve.api import Scanner
        from leaksieve.work import ruleset_for

        # Everything is looked at, whatever the configuration hides, for this one has been found.
        config = self._config._replace(reveal=True, allow=(), severity="info", confidence="low", dedupe=True)
        scanner = Scanner(ruleset_for(config), config=config)
        for one in scanner.scan_bytes(data, occurrence.path, fingerprinter=self._fingerprinter):
            if one.fingerprint == fingerprint:
                same = [found for found in one.occurrences if found.start_line == occurrence.start_line]
                shown = (same or one.occurrences)[0]
                context = [visible(line) for line in shown.context.rstrip("\r\n").split("\n")]
                parts = [f"{visible(name)}: {visible(value)}" for name, value in one.parts]
                return ["", *context, "", *(visible(line) for line in one.secret.split("\n")), *parts]
        return None

    def _bytes(self, occurrence: Occurrence) -> bytes | None:
        if occurrence.archive_path is not None:
            return None
        kind = occurrence.source.get("kind")
        try:
            if kind == "file":
                return self._file(occurrence.path)
            if kind in ("git", "index") and occurrence.source.get("object_type", "blob") == "blob":
                return self._blob(str(occurrence.source.get("object") or ""))
        except (OSError, ValueError, LeaksieveError):
            return None
        return None

    def _file(self, path: bytes) -> bytes | None:
        # A report may come from anywhere: only what lies below the project is read.
        full = os.path.realpath(os.path.join(self._root, path))
        if not full.startswith(self._root.rstrip(b"/") + b"/") or not os.path.isfile(full):
            return None
        with open(full, "rb") as file:
            return file.read(self._config.max_file_size)

    def _blob(self, name: str) -> bytes | None:
        if self._repository is None:
            return None
        from leaksieve.gitobjects.objects import ObjectStore, blob_of

        return blob_of(ObjectStore(self._repository), bytes.fromhex(name), self._config.max_file_size)
