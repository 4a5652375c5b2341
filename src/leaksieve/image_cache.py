"""Layers that held nothing: what later scans need to know of them, kept by the digest that was verified.

No content and no finding is kept: a layer in which anything was found is scanned again.
"""

from __future__ import annotations

import marshal
from typing import Any, NamedTuple

from leaksieve.cache.history import HistoryCache
from leaksieve.cache.identity import signature
from leaksieve.config import Config
from leaksieve.model import Skip
from leaksieve.oci.visible import Names
from leaksieve.ruleset.load import Ruleset

# Raised whenever a scan finds more in the same layer than before, or keeps it in another form.
_FORMAT = 2


class Clean(NamedTuple):
    """A layer without a finding: the names in it, what was counted, and what was left out of it by policy."""

    names: Names
    files: int
    size: int
    counts: dict[str, int]
    skips: list[Skip]


class LayerCache:
    """The layers one ruleset and configuration found nothing in; ``directory`` None stands for the user's cache folder."""

    def __init__(self, ruleset: Ruleset, config: Config, directory: bytes | None) -> None:
        # Files in layers are left out before they are read, so a layer is clean only under the patterns it was read with.
        extra = repr((b"image", _FORMAT, tuple(config.exclude))).encode()
        self._cache = HistoryCache.open(directory, signature(ruleset.hash, config, extra), b"images")

    @property
    def notes(self) -> list[str]:
        """Sentences for a debug log."""
        return self._cache.notes

    def get(self, digest: str) -> Clean | None:
        """Return what is known of a layer."""
        data = self._cache.derived("layer", digest.encode())
        if data is None:
            return None
        try:
            names, files, size, counts, skips = marshal.loads(data)  # noqa: S302  authenticated: this user's own runs wrote it
            return Clean(Names(*names), files, size, counts, [Skip(*skip) for skip in skips])
        except (ValueError, TypeError, EOFError):
            return None

    def put(self, digest: str, clean: Clean) -> None:
        """Keep a layer whose digest was verified."""
        plain: Any = (tuple(clean.names), clean.files, clean.size, clean.counts, [tuple(skip) for skip in clean.skips])
        self._cache.put_derived("layer", digest.encode(), marshal.dumps(plain))

    def close(self) -> None:
        """Write what was added."""
        self._cache.close()
