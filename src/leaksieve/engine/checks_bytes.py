"""What checks share: strict base64, reading of bytes with a bound, and times as text."""

from __future__ import annotations

from base64 import b64decode
from time import gmtime, strftime

from leaksieve.engine.checks import Detail

_URL_SAFE = bytes.maketrans(b"-_", b"+/")
# From here on strftime has no four-digit year.
_END_OF_TIME = 253_402_300_800
# Claims of a token are shown up to this length.
_SHOWN = 200


def unbase64(text: bytes) -> bytes:
    """The bytes behind base64 of either alphabet, with or without padding; ValueError if it is not."""
    text = text.rstrip(b"=").translate(_URL_SAFE)
    return b64decode(text + b"=" * (-len(text) % 4), validate=True)


class Reader:
    """Reads bytes from the front; asking for more than there are is a ValueError."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes are still to be read."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.left:
            raise ValueError("data ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, width: int) -> int:
        """The next bytes as a number, highest first."""
        return int.from_bytes(self.take(width), "big")

    def string(self) -> bytes:
        """What follows its length in four bytes (as SSH writes texts)."""
        return self.take(self.number(4))


def moment(seconds: object) -> str:
    """RFC 3339 in UTC of seconds since 1970, "" for what is no such number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < _END_OF_TIME:
        return ""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def term(expires: object, now: float) -> dict[str, Detail]:
    """``expires`` and ``expired`` of a time in seconds; ``now`` 0 means that nobody knows the time."""
    text = moment(expires)
    if not text or not isinstance(expires, int | float):
        return {}
    return {"expires": text, "expired": bool(now and expires < now)}


def shown(value: object) -> str:
    """A text claim as it may be shown, "" for anything else, for what is absurdly long, and for addresses of people or with a password."""
    return value if isinstance(value, str) and len(value) <= _SHOWN and "@" not in value else ""
