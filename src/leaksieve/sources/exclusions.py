"""What each pattern of the configuration left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.named import is_excluded


def counted(patterns: Sequence[bytes], left_out: Mapping[bytes, int]) -> list[int]:
    """Return for each pattern how many of the places it stands for by itself; a folder that was not entered is one.

    ``left_out`` are the paths that the patterns together left out, with how often.  A pattern that takes something back (``!``) stands for none.
    """
    scopes = [None if pattern.startswith((b"!", b"#")) else Scope.root(IgnoreList(pattern)) for pattern in patterns]
    counts = [0] * len(scopes)
    for path, times in left_out.items():
        inside = path.rstrip(b"/") + b"/x"
        for number, scope in enumerate(scopes):
            # It may be a file or a folder.
            if scope is not None and (is_excluded(scope, path) or is_excluded(scope, inside)):
                counts[number] += times
    return counts
