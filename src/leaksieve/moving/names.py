"""Which rules of ours a name of another scanner's may stand for."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

# Names whose first word is no provider's.
_SAME = {
    "generic-api-key": "generic-*",
    "generic-password": "generic-*",
    "generic-high-entropy-secret": "generic-*",
    "secret-keyword": "generic-*",
    "base64-high-entropy-string": "generic-*",
    "hex-high-entropy-string": "generic-*",
    "private-key": "private-key*",
    "jwt": "jwt*",
    "json-web-token": "jwt*",
    "basic-auth-credentials": "*-url",
}


def ours(name: str, ids: AbstractSet[str]) -> str:
    """Return the id, or the glob over a provider's ids, that a rule's or detector's name of another tool stands for; "" for none."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain in ids:
        return plain
    glob = _SAME.get(plain) or f"{plain.partition('-')[0]}-*"
    from fnmatch import filter as matching

    return glob if matching(sorted(ids), glob) else ""
