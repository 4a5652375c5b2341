"""Whether bytes are what their digest says."""

from __future__ import annotations

import re
from typing import Final

from leaksieve.oci.model import BlobError

_DIGEST: Final = re.compile(r"(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})")


def is_digest(text: str) -> bool:
    """Whether it is a digest of a kind that can be verified, spelled as it must be."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(data: bytes) -> str:
    """Return the digest that manifests give for these bytes."""
    import hashlib

    return "sha256:" + hashlib.sha256(data).hexdigest()


class Verifier:
    """Takes bytes as they come; ``wrong`` says at the end what does not fit, "" when all does.  Raises BlobError for a digest of no known kind."""

    def __init__(self, digest: str, size: int = -1) -> None:
        if not is_digest(digest):
            raise BlobError("bad-digest", "its digest is of a kind that cannot be verified")
        import hashlib

        algorithm, _, self._expected = digest.partition(":")
        self._machine = hashlib.new(algorithm)
        self._size = size
        self.taken = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._machine.update(data)
        self.taken += len(data)

    def wrong(self) -> str:
        """Say what does not fit."""
        if 0 <= self._size != self.taken:
            return f"{self.taken} bytes, its manifest says {self._size}"
        if self._machine.hexdigest() != self._expected:
            return "its content does not have the digest it goes by"
        return ""
