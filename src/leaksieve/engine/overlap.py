"""Which of several matches over the same bytes is the finding."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.model import CONFIDENCES, Span

# Bytes; matches are shorter than this, nearly all of them.
_BLOCK = 4096


class Claim(NamedTuple):
    """What decides between overlapping matches."""

    span: Span
    specificity: int
    confidence: str
    rule_id: str


class Taken:
    """Which bytes a rule has a match over already; asked once for every match in decoded text, of which there may be many."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: dict[tuple[str, int], list[Span]] = {}

    def add(self, rule_id: str, span: Span) -> None:
        """Note a match."""
        for block in range(span.start // _BLOCK, span.end // _BLOCK + 1):
            self._spans.setdefault((rule_id, block), []).append(span)

    def overlaps(self, rule_id: str, span: Span) -> bool:
        """Whether a noted match of the rule shares a byte with the span."""
        return any(
            other.start < span.end and span.start < other.end
            for block in range(span.start // _BLOCK, span.end // _BLOCK + 1)
            for other in self._spans.get((rule_id, block), ())
        )


def losers(claims: list[Claim]) -> set[int]:
    """Indices of the claims that lose to an overlapping one.

    The more specific rule wins; among equals the longer span, then the surer rule, then the
    first by id.  Runs in n log n for matches that do not overlap, which is nearly all of them.
    """
    lost: set[int] = set()
    order = sorted(range(len(claims)), key=lambda i: claims[i].span)
    group: list[int] = []
    reach = -1
    for index in order:
        span = claims[index].span
        if group and span.start >= reach:
            lost |= _within(claims, group)
            group = []
        group.append(index)
        reach = max(reach, span.end) if len(group) > 1 else span.end
    return lost | _within(claims, group)


def _within(claims: list[Claim], group: list[int]) -> set[int]:
    if len(group) < 2:
        return set()

    def rank(index: int) -> tuple[int, int, int, str]:
        claim = claims[index]
        return (-claim.specificity, claim.span.start - claim.span.end, -CONFIDENCES.index(claim.confidence), claim.rule_id)

    kept: list[Span] = []
    lost = set()
    for index in sorted(group, key=rank):
        span = claims[index].span
        if any(span.start < other.end and other.start < span.end for other in kept):
            lost.add(index)
        else:
            kept.append(span)
    return lost
