"""What two texts have in common at their ends, byte by byte: the slow truth that short cuts are held to."""

from __future__ import annotations

Run = tuple[int, int, int]


def common(one: bytes, other: bytes) -> tuple[int, int]:
    """How many bytes two texts have in common at the beginning and, behind those, at the end."""
    most = min(len(one), len(other))
    before = next((at for at in range(most) if one[at] != other[at]), most)
    most -= before
    return before, next((at for at in range(most) if one[-1 - at] != other[-1 - at]), most)


def ends(base: bytes, data: bytes, before: int, after: int) -> list[Run]:
    """The runs that say so."""
    size = len(data)
    return [run for run in ((0, before, 0), (size - after, size, size - len(base))) if run[0] < run[1]]
