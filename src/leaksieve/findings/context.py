"""The lines around a finding, with every secret on them masked.

Masked is every candidate of the chunk, reported or rejected, of whatever rule, and every plain
repetition of a candidate's bytes (6 or more) in what is shown.  Encoded secrets go with the whole
run that encodes them, since anyone can decode it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from leaksieve.findings import pem
from leaksieve.findings.lines import Lines
from leaksieve.findings.mask import is_public, mask
from leaksieve.findings.visible import visible
from leaksieve.model import Match

# Shown where several candidates overlap: each one's own mask could show a piece of another.
OPAQUE = "***"
_LEAST = 6
# With more needles than this, one look-up per byte is cheaper than one search per needle.
_FEW = 32
_RUN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
# Wider than a shown part, so that a run looks masked as a whole; bounded, since a file can be one run.
_GROW = 1024
_NO_VALUE = -1

Extent = tuple[int, int]


class Canvas:
    """Renders parts of one chunk; ``extents`` are all byte ranges that will be asked for.

    With ``reveal`` nothing is masked, and control characters still cannot act.
    """

    __slots__ = ("_data", "_ends", "_labels", "_prefixes", "_regions", "_values")

    def __init__(self, data: bytes, matches: Sequence[Match], extents: Iterable[Extent], public_prefix: Callable[[str], bytes], reveal: bool) -> None:
        self._data = data
        self._values: list[bytes] = []
        self._prefixes: list[bytes] = []
        self._labels: dict[int, str] = {}
        self._regions = [] if reveal else self._masked(matches, extents, public_prefix)
        self._ends = [end for _, end, _ in self._regions]

    def render(self, lines: Lines, start: int, end: int) -> str:
        """Return [start, end) as printable text on one line, masked."""
        out = []
        index = bisect_right(self._ends, start)
        while index < len(self._regions) and self._regions[index][0] < end:
            masked_from, masked_to, value = self._regions[index]
            if masked_from > start:
                out.append(visible(lines.text(start, masked_from)))
            out.append(self._label(value))
            start = masked_to
            index += 1
        if start < end:
            out.append(visible(lines.text(start, end)))
        return "".join(out)

    def _label(self, value: int) -> str:
        if value == _NO_VALUE:
            return OPAQUE
        if value not in self._labels:
            secret = self._values[value]
            # The caller says how many lines follow.
            first = pem.header(secret) if b"\n" in secret else ""
            self._labels[value] = first or mask(secret, self._prefixes[value])
        return self._labels[value]

    def _masked(self, matches: Sequence[Match], extents: Iterable[Extent], public_prefix: Callable[[str], bytes]) -> list[tuple[int, int, int]]:
        numbers: dict[bytes, int] = {}
        needles: dict[bytes, int] = {}
        masks = []
        # Reported ones first: where a value was reported and rejected, the reporting rule's prefix counts.
        for match in sorted(matches, key=lambda item: bool(item.rejected)):
            secret = match.secret.reveal()
            start, end = match.secret_span
            if secret not in numbers:
                numbers[secret] = len(self._values)
                self._values.append(secret)
                self._prefixes.append(public_prefix(match.rule_id))
            number = numbers[secret]
            needles[secret] = number
            for name, part in match.parts:
                if not is_public(name, part.reveal()):
                    needles.setdefault(part.reveal(), _NO_VALUE)
            if all(name.startswith("utf-16") for name in match.decoded):
                needles[self._data[start:end]] = number
                masks.append((start, end, number))
            else:
                needles.setdefault(self._data[start:end], _NO_VALUE)
                masks.append((*self._run(match), _NO_VALUE))
        masks += _repetitions(self._data, {needle: number for needle, number in needles.items() if len(needle) >= _LEAST}, extents)
        return _merged(masks)

    def _run(self, match: Match) -> Extent:
        """Return the encoded bytes that give a secret away: its own, for base64, hex and what is encoded in manifests with the run they stand in."""
        start, end = match.secret_span
        if not any(name.startswith(("base", "hex", "kubernetes")) for name in match.decoded):
            return start, end
        start, end = min(start, match.span.start), max(end, match.span.end)
        alphabet = _RUN
        if len(match.decoded) > 1:
            # A run inside percent-encoding, a JSON string or UTF-16 has their characters in between.
            alphabet += b"%\\\0"
        before = self._data[max(0, start - _GROW) : start]
        after = self._data[end : end + _GROW]
        return start - len(before) + len(before.rstrip(alphabet)), end + len(after) - len(after.lstrip(alphabet))


def _merged(masks: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return disjoint regions in order; one that several different candidates share has no value to show."""
    regions: list[tuple[int, int, int]] = []
    for start, end, value in sorted(masks):
        if start >= end:
            continue
        if regions and start < regions[-1][1]:
            last_start, last_end, _ = regions[-1]
            if (start, end, value) != regions[-1]:
                regions[-1] = (last_start, max(last_end, end), _NO_VALUE)
        else:
            regions.append((start, end, value))
    return regions


def _repetitions(data: bytes, needles: dict[bytes, int], extents: Iterable[Extent]) -> list[tuple[int, int, int]]:
    """Find the needles in the extents, those that only reach into one included."""
    if not needles:
        return []
    reach = max(map(len, needles)) - 1
    # Extents joined where they meet: each byte is looked at once, however many findings share a line.
    ranges: list[list[int]] = []
    for start, end in sorted(extents):
        low, high = max(0, start - reach), min(len(data), end + reach)
        if ranges and low <= ranges[-1][1]:
            ranges[-1][1] = max(ranges[-1][1], high)
        else:
            ranges.append([low, high])
    search = _by_needle if len(needles) <= _FEW else _by_place
    return [hit for low, high in ranges for hit in search(data, needles, low, high)]


def _by_needle(data: bytes, needles: dict[bytes, int], low: int, high: int) -> list[tuple[int, int, int]]:
    hits: list[tuple[int, int, int]] = []
    for needle, number in needles.items():
        reached = -1
        at = data.find(needle, low, high)
        while at >= 0:
            if at < reached:
                # A needle that repeats within itself: one growing region, not one per byte.
                hits[-1] = (hits[-1][0], at + len(needle), _NO_VALUE)
            else:
                hits.append((at, at + len(needle), number))
            reached = at + len(needle)
            at = data.find(needle, at + 1, high)
    return hits


def _by_place(data: bytes, needles: dict[bytes, int], low: int, high: int) -> list[tuple[int, int, int]]:
    lengths: dict[bytes, set[int]] = {}
    for needle in needles:
        lengths.setdefault(needle[:_LEAST], set()).add(len(needle))
    hits: list[tuple[int, int, int]] = []
    # A list first: nearly every byte is done with here, and a plain loop would take twice as long over it.
    for at in [at for at in range(low, high - _LEAST + 1) if data[at : at + _LEAST] in lengths]:
        for length in lengths[data[at : at + _LEAST]]:
            number = needles.get(data[at : at + length])
            if number is None or at + length > high:
                continue
            if hits and at < hits[-1][1]:
                hits[-1] = (hits[-1][0], max(hits[-1][1], at + length), _NO_VALUE)
            else:
                hits.append((at, at + length, number))
    return hits
