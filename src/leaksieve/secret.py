"""A value that must not leave the process by accident.

``Secret`` wraps the raw bytes of a credential.  Printing, formatting, logging,
pickling and comparing by repr all show a mask; the one way to the bytes is
:meth:`Secret.reveal`, which is easy to search for in a review.
"""

from __future__ import annotations

from typing import NoReturn, final

_MASK = "Secret(***)"


@final
class Secret:
    """Bytes of a credential; shows nothing of itself except through :meth:`reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Return the raw bytes.  Every call site is a place where a secret may leave."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # its module loads hashlib, which a scan without findings does not need

        return compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        # bytes hashing is keyed per process (PYTHONHASHSEED), so the number says nothing outside it.
        return hash(self._value)

    def __repr__(self) -> str:
        return _MASK

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return _MASK

    def __bytes__(self) -> NoReturn:
        raise TypeError("a Secret does not turn into bytes by itself; call reveal()")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled; use the private encoding of leaksieve.findings.wire")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self
