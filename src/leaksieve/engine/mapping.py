"""From decoded bytes back to the bytes they came from."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from leaksieve.model import Span


class Decoded(NamedTuple):
    """Decoded bytes of a region and how they map back.

    ``starts`` are offsets in the encoded text, as if nothing interrupted it, where a piece begins, ascending,
    first 0; piece ``i`` comes from ``origins[i]`` on.  ``step`` is (decoded bytes, original bytes) per unit inside a piece:
    (1, 1) where bytes stand for themselves, (3, 4) for base64, (1, 2) for hex and UTF-16.  Pieces
    that are one escape have a length of one decoded byte and end where the next begins.
    """

    data: bytes
    decoder: str
    starts: list[int]
    origins: list[int]
    step: tuple[int, int]
    end: int
    # Whether the region was ended by a bound, not by the text.
    cut: bool = False

    def span(self, span: Span) -> Span:
        """The original bytes that a span of decoded bytes came from."""
        return Span(self._origin(span.start), self._origin_end(span.end))

    def near(self, origin: int) -> int:
        """About where the decoded byte stands that came from an original place."""
        small, large = self.step
        piece = max(bisect_right(self.origins, origin) - 1, 0)
        return (self.starts[piece] + origin - self.origins[piece]) * small // large

    def _origin(self, offset: int) -> int:
        small, large = self.step
        place = offset * large // small
        piece = bisect_right(self.starts, place) - 1
        return min(self.origins[piece] + place - self.starts[piece], self.end)

    def _origin_end(self, offset: int) -> int:
        if offset >= len(self.data):
            return self.end
        small, large = self.step
        # One past the last character that holds bits of what came before.
        last = -(-offset * large // small) - 1
        if large == 1:
            piece = bisect_right(self.starts, offset) - 1
            if self.starts[piece] == offset:
                # The end stands at a piece's border: what came before ends where this piece begins.
                return self.origins[piece]
        piece = max(bisect_right(self.starts, last) - 1, 0)
        return min(self.origins[piece] + last - self.starts[piece] + 1, self.end)
