"""What a scan looked at and did not report, for those who ask for it: counts by reason, and each candidate in a line."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from leaksieve.findings.mask import mask
from leaksieve.model import Chunk, Match
from leaksieve.ruleset.explain import ground

# Candidates of one file that are named; the counts go on.
MOST = 1000


def tally(chunk: Chunk, gone: Sequence[Match], counts: dict[str, int], lines: list[str] | None, rules: Callable[[str], dict[str, Any]]) -> None:
    """Add a chunk's dropped matches, in order of place, to ``counts`` by reason and, if wanted, to ``lines``, masked; ``rules`` maps ids to rules."""
    for match in gone:
        counts[match.rejected] = counts.get(match.rejected, 0) + 1
    if lines is None:
        return
    path = os.fsdecode(chunk.provenance.path)
    number, last = int(str(chunk.provenance.details.get("line", 1))), 0
    for match in gone[:MOST]:
        start = match.secret_span.start
        number, last = number + chunk.data.count(b"\n", last, start), start
        rule = rules(match.rule_id)
        value = match.secret.reveal()
        decoded = f" (decoded: {' > '.join(match.decoded)})" if match.decoded else ""
        shown = mask(value, str(rule["public_prefix"]).encode())
        lines.append(f"{path}:{number}: {match.rule_id}{decoded} {shown} dropped, {match.rejected}: {ground(rule, match.rejected, value)}")
    if len(gone) > MOST:
        lines.append(f"{path}: {len(gone) - MOST} more dropped")
