"""The name of a secret that says nothing about it.

A fingerprint depends on rule family and value, never on line, offset, commit or time, so baselines
and allow files keep holding while code moves.  It is keyed: without the key nobody can test a guess.
The usual keys (a repository's first commit, a project's name) are no secrets, which is why values
that could be guessed get a short tag only: many values share one, and it holds for one path alone.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, final

from leaksieve.findings.pem import normalised
from leaksieve.findings.strength import weak

if TYPE_CHECKING:
    from collections.abc import Callable

_STRONG_HEX = 32
_WEAK_HEX = 8
_DEFAULT_KEY = b"leaksieve public default key, version 1"


@final
class Fingerprinter:
    """Makes fingerprints under one key.

    ``key_name`` says where the key came from (environment, project, root-commit, default);
    ``key_id`` is a short public name of the key itself, by which a baseline knows its own.
    """

    __slots__ = ("_key", "key_id", "key_name")

    def __init__(self, key: bytes, key_name: str) -> None:
        self._key = key
        self.key_name = key_name
        self.key_id = self._tag(b"leaksieve key id 1")[:16]

    def of(self, family: str, value: bytes, path: bytes) -> str:
        """Return a value's fingerprint: ``ls1-`` and 32 hex digits, or ``ls1w-`` and 8 for one that could be guessed.

        Only the latter depend on ``path``.  A private key has one fingerprint in whatever way it is
        wrapped, indented or escaped.
        """
        value = normalised(value)
        if weak(value):
            return "ls1w-" + self._tag(b"leaksieve weak fingerprint 1", family.encode(), value, path)[:_WEAK_HEX]
        return "ls1-" + self._tag(b"leaksieve fingerprint 1", family.encode(), value)[:_STRONG_HEX]

    def _tag(self, *fields: bytes) -> str:
        return _hmac(self._key, *fields).hex()

    def __repr__(self) -> str:
        return f"Fingerprinter(key_name={self.key_name!r}, key_id={self.key_id!r})"


def key_for(root_commit: str | None, project: str | None, env_key: bytes | None) -> Fingerprinter:
    """Choose the key: the environment's, else the project's name, else the first root commit, else a fixed public one.

    Empty values count as not given.
    """
    if env_key:
        return _derived("environment", env_key)
    if project:
        return _derived("project", project.encode("utf-8", "surrogateescape"))
    if root_commit:
        return _derived("root-commit", root_commit.lower().encode())
    return _derived("default", _DEFAULT_KEY)


def _derived(name: str, material: bytes) -> Fingerprinter:
    # Extract, then expand under the source's name: a project called like a commit id has another key than the commit.
    extracted = _hmac(b"leaksieve fingerprint key 1", material)
    return Fingerprinter(_hmac(extracted, name.encode()), name)


def _hmac(key: bytes, *fields: bytes) -> bytes:
    """HMAC-SHA256 over the fields, each after its length in 8 bytes, so that no two lists look alike."""
    return _digest()(key, b"".join([len(field).to_bytes(8, "big") + field for field in fields]), "sha256")


@cache
def _digest() -> Callable[[bytes, bytes, str], bytes]:
    # 3 ms of import that a scan without findings does not need.
    import hmac

    return hmac.digest
