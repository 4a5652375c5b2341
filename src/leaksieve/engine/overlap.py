"""Which of several matches over the same bytes is the finding."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.model import CONFIDENCES, Span


class Claim(NamedTuple):
    """What decides between overlapping matches."""

    span: Span
    specificity: int
    confidence: str
    rule_id: str


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
