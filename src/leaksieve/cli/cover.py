"""Error lines quote what was given: a configuration's value, an option, a path.  Any of them may be a secret in the wrong place."""

from __future__ import annotations

import re

# Shorter runs are words and numbers; only a line with a longer one, or with a user in a URL, is looked at.
_SUSPECT = re.compile(r"[A-Za-z0-9_+=/.~-]{16,}|://")
# Where the rules themselves cannot be loaded, every run of this length goes.
_ANY_RUN = re.compile(r"[A-Za-z0-9_+=~]{20,}")


def covered(text: str) -> str:
    """The line with every secret in it replaced by ``***``."""
    if not _SUSPECT.search(text):
        return text
    from leaksieve.engine.filters import MAYBE
    from leaksieve.engine.matcher import Engine
    from leaksieve.errors import LeaksieveError
    from leaksieve.ruleset.load import load

    try:
        data = text.encode(errors="surrogateescape")
        spans = [match.secret_span for match in Engine(load()).scan(data).matches if match.rejected in MAYBE or match.rejected in ("overlap", "placeholder")]
    except LeaksieveError:
        return _ANY_RUN.sub("***", text)
    out, last = [], 0
    for start, end in sorted(spans):
        if start >= last:
            out.append(data[last:start])
            out.append(b"***")
        last = max(last, end)
    return b"".join([*out, data[last:]]).decode(errors="surrogateescape")
