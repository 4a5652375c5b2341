"""Rules that know a value by the name it is assigned to, and which of them a name belongs to.

Hundreds of providers hand out values without a mark of their own.  Their names are not looked for
in bulk: a *credential word* in the assigned name is (key, token, secret, ...), with a value behind
it.  Where one stands, the whole name is taken and asked whether it holds a provider's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from leaksieve.ruleset.assign import GATE_TAIL, KEY_TAIL

# One of these stands in a name that is assigned a credential.
PASSWORD_WORDS = ("pass", "pwd")
KEY_WORDS = ("api", "auth", "cred", "key", "nonce", "salt", "secret", "token")
CREDENTIAL_WORDS = tuple(sorted(PASSWORD_WORDS + KEY_WORDS))

# What joins the parts of a name.
_JOINTS = b"_-."
NAME_BYTES = bytes(sorted({*range(48, 58), *range(65, 91), *range(97, 123), *_JOINTS}))
# How far a name is followed to either side of its credential word, in bytes.
REACH = 128
# A word of fewer letters than this counts only where a part of the name begins: `dd` is in `add_api_key`.
_LONG = 6
# Names remembered: few are met again and again.
_REMEMBERED = 4096


def normal(name: str) -> str:
    """A name as it is compared: in lower case, its parts joined by nothing."""
    return name.lower().translate(dict.fromkeys(_JOINTS))


def name_at_end(text: bytes) -> bytes:
    """The bytes of a name that a text ends with; none where it ends with others."""
    return text[len(text.rstrip(NAME_BYTES)) :]


def assigned_name(data: bytes, start: int, size: int) -> tuple[int, int]:
    """Where the name begins and ends that holds the word of ``size`` bytes at ``start``."""
    before = data[max(start - REACH, 0) : start]
    behind = data[start + size : start + size + REACH]
    return start - len(before) + len(before.rstrip(NAME_BYTES)), start + size + len(behind) - len(behind.lstrip(NAME_BYTES))


@cache
def _gates() -> tuple[tuple[str, Any], ...]:
    password, key = (re.compile(tail.encode(), re.IGNORECASE) for tail in (GATE_TAIL, KEY_TAIL))
    return tuple((word, password if word in PASSWORD_WORDS else key) for word in CREDENTIAL_WORDS)


def opened(data: bytes, start: int) -> bool:
    """Whether the name around ``start`` holds a credential word with a value behind it.

    For checks and tests: scans find the words in bulk and come from them to the name.
    """
    low, high = assigned_name(data, start, 0)
    name = data[low:high].lower()
    for word, tail in _gates():
        place = name.find(word.encode())
        while place >= 0:
            if tail.match(data, low + place + len(word)):
                return True
            place = name.find(word.encode(), place + 1)
    return False


class Names:
    """Finds, in an assigned name, the rules that one of its parts names.

    ``words`` are normal names, ``who`` the indices of the rules that each stands for.
    """

    __slots__ = ("_known", "_table")

    def __init__(self, words: Sequence[str], who: Sequence[tuple[int, ...]]) -> None:
        self._table: dict[bytes, list[tuple[bytes, tuple[int, ...]]]] = {}
        for word, rules in zip(words, who, strict=True):
            if rules:
                self._table.setdefault(word[:3].encode(), []).append((word.encode(), rules))
        self._known: dict[bytes, tuple[tuple[int, int], ...]] = {}

    def within(self, name: bytes) -> tuple[tuple[int, int], ...]:
        """(rule, offset) of every rule's name in ``name``, each once."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[name] = self._find(name)
        return known

    def _find(self, name: bytes) -> tuple[tuple[int, int], ...]:
        found: dict[tuple[int, int], None] = {}
        flat = name.lower().translate(None, _JOINTS)
        get = self._table.get
        for place in range(len(flat) - 2):
            words = get(flat[place : place + 3])
            if words is not None:
                for word, rules in words:
                    if flat.startswith(word, place):
                        offset = _offset(name, place)
                        if len(word) >= _LONG or _begins(name, offset):
                            found.update(((rule, offset), None) for rule in rules)
        return tuple(found)


def _offset(name: bytes, place: int) -> int:
    """Where in a name the character stands that is number ``place`` without its joints."""
    for offset, byte in enumerate(name):
        if byte not in _JOINTS:
            if not place:
                return offset
            place -= 1
    raise IndexError(place)


def _begins(name: bytes, offset: int) -> bool:
    """Whether a part of the name begins here: at its start, behind a joint or a digit, or with a capital behind a small letter."""
    if not offset:
        return True
    before, here = name[offset - 1 : offset], name[offset : offset + 1]
    return not before.isalpha() or (before.islower() and here.isupper())
