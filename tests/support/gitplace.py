"""Where a secret stands in a history, as a report's ``source`` says it."""

from __future__ import annotations

GIT: dict[str, object] = {
    "kind": "git",
    "object": "b" * 40,
    "object_type": "blob",
    "commit": "c" * 40,
    "author": "Jane <jane@example.org>",
    "date": "2024-01-02",
    "at_head": False,
}
