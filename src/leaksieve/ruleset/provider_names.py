"""Whether a name with a provider's name in it is that of the provider's credential.

A row of the provider table knows nothing but a name and a common shape.  So the whole name must agree:
the provider's stands as a word of its own, and no other word makes it the name of something else.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from leaksieve.ruleset.named import assigned_name, normal

# Words of a name that is given to what has a key's shape and is none.
_OTHER = frozenset(
    b"sha sha1 sha256 sha512 md5 hash hashes digest commit revision rev checksum integrity fingerprint thumbprint etag signature sig public publishable pub"
    b" id ids uuid guid arn url uri endpoint host path file name version ref reference example sample dummy csrf xsrf nonce salt iv cursor page".split()
)
_PIECES = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
# What a provider's name may be glued to in small letters: hunterapikey.
_GLUED = re.compile(
    rb"(?:api|app|key|token|secret|access|auth|client|oauth|private|pass|pwd|cred|live|test|prod|dev|stag|sandbox|user|account|admin|personal|bot|web|server|service|io|com|net|ai|dev|hq|co)"
)
# What a value of no certain length has that cannot be chance: characters, digits among them, and no run like a word's.
_LONG, _DIGITS = 24, 3
_WORD = re.compile(rb"[a-z]{6}|[A-Z]{6}|[A-Z][a-z]{4}")
# What generic values are refused for that have no certain form.
_OF_FORM = frozenset(("weak", "not-a-value", "reference", "length"))


def doubt(rule: dict[str, Any], match: Any) -> str:
    """Why the match of a table's rule is no credential ("" if it is one); a verdict that begins with a question mark leaves it to the path.

    It is independent of the path, as all judgement of values.
    """
    data, begin, secret = match.string, match.start(), match.group("secret")
    low, high = assigned_name(data, begin, 0)
    name = data[low:high]
    # One of the names may stand in another of them: getguru, guru.
    place = next((one.span() for one in _named(tuple(rule["named"])).finditer(name) if _alone(name, *one.span())), None)
    if place is None:
        return "name"
    around = name[: place[0]] + b"_" + name[place[1] :]
    if not _OTHER.isdisjoint(piece.lower() for piece in _PIECES.findall(around)):
        return "name"
    table = rule["table"]
    if table["kinds"] and not _of_kind(table["kinds"], normal(name.decode("latin-1")), secret):
        return "name"
    from leaksieve.ruleset.generic import implausible  # needed by one candidate in thousands

    reason = implausible(rule, secret, match, low)
    if not any(_whole(pattern).fullmatch(secret) for pattern in table["sure"]):
        return "" if (not reason or reason[0] == "?" or reason == "weak") and _drawn(secret) else reason
    # A value of just this form is no number, path or piece of code by chance, and needs no weighing unless it reads as a name.
    return "" if (reason[:1] in ("", "?") or reason in _OF_FORM) and not _wordy(secret) else reason


def _of_kind(kinds: list[list[str]], name: str, secret: bytes) -> bool:
    return any(kind in name and (not pattern or _whole(pattern).fullmatch(secret)) for kind, pattern in kinds)


@cache
def _named(names: tuple[str, ...]) -> re.Pattern[bytes]:
    """The longest of a rule's names that stands somewhere, whatever joins its letters."""
    longest = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(b"(?i:%b)" % "|".join("[_.-]?".join(map(re.escape, name)) for name in longest).encode())


@cache
def _whole(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode("latin-1"))


def _alone(name: bytes, start: int, end: int) -> bool:
    """Whether the provider's name is a part of its own: neither its beginning nor its end lies inside a word."""
    before, here = name[max(start - 1, 0) : start], name[start : start + 1]
    if before.isalpha() and not (before.islower() and here.isupper()):
        return False
    last, rest = name[end - 1 : end], name[end:]
    after = rest[:1]
    if not after.isalpha() or (last.islower() and after.isupper()):
        return True
    # HunterAPIKey, HUNTERAPIKEY, hunterapikey
    return _GLUED.match(rest.lower()) is not None


def _drawn(secret: bytes) -> bool:
    """Whether a value of no certain length must have been drawn: long, of every class of characters, without a word."""
    return (
        len(secret) >= _LONG
        and sum(48 <= byte <= 57 for byte in secret) >= _DIGITS
        and not secret.islower()
        and not secret.isupper()
        and not _WORD.search(secret)
    )


def _wordy(secret: bytes) -> bool:
    """Whether a value reads as an identifier: words and hardly a digit."""
    letters = sum(map(len, re.findall(rb"[A-Z][a-z]{2,}|[a-z]{3,}", secret)))
    return sum(48 <= byte <= 57 for byte in secret) < 2 and letters > 0.8 * len(secret)
