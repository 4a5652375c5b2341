"""What can go wrong with one object; the scan turns each into a Skip with the error's ``reason``."""

from __future__ import annotations

from leaksieve.errors import SourceError


class ObjectError(SourceError):
    """One object cannot be had.  ``reason`` is the stable code a Skip carries."""

    reason = "unreadable-object"

    def __init__(self, oid: bytes, detail: str) -> None:
        self.oid = oid
        self.detail = detail
        super().__init__(detail, where=f"object {oid.hex()}")


class MissingObjectError(ObjectError):
    """No object directory holds it."""

    reason = "missing-object"


class CorruptObjectError(ObjectError):
    """It is there, and its bytes do not hold together."""

    reason = "corrupt-object"


class ObjectTooLargeError(ObjectError):
    """It is larger than the caller's limit; nothing was inflated.  ``size`` in bytes."""

    reason = "too-large"

    def __init__(self, oid: bytes, size: int, limit: int) -> None:
        self.size = size
        super().__init__(oid, f"{size} bytes, the limit is {limit}")


class BadDataError(ValueError):
    """Bytes that do not parse; the caller who knows the object's id or the file's name says which."""
