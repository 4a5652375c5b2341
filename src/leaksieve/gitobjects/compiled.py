"""Inflating and applying deltas by compiled code, with slower stand-ins of the same meaning where that is not installed.

``FALLBACKS`` names what is missing; the receipt says so, since a scan then takes several times as long.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, cast

FALLBACKS: list[str] = []

# (compressed bytes, 15, expected size) -> content
decompress: Callable[[Any, int, int], bytes]
# (base, delta) -> content, as bytes or as a list of bytes
apply_delta: Callable[[bytes, bytes], Any]
# What the two raise for data that does not hold together.
ERRORS: tuple[type[Exception], ...]

try:
    from isal import isal_zlib

    decompress = isal_zlib.decompress
    ERRORS = (cast("type[Exception]", isal_zlib.error), zlib.error)
except ImportError:
    decompress = zlib.decompress
    ERRORS = (zlib.error,)
    FALLBACKS.append("isal")

try:
    from dulwich._pack import apply_delta as _apply_delta
    from dulwich.errors import ApplyDeltaError

    apply_delta = _apply_delta
    ERRORS = (*ERRORS, ApplyDeltaError)
except ImportError:
    from leaksieve.gitobjects.delta import apply_delta as _own_delta

    def apply_delta(base: bytes, delta: bytes) -> Any:
        """The same in Python; callers have looked at the size that is asked for."""
        return _own_delta(base, delta, 1 << 62)

    FALLBACKS.append("dulwich")
