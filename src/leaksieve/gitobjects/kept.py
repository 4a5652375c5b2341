"""What a new version has kept of the one it was built from, read off the delta or found by comparing.

A *run* is (start, end, shift): the new version's bytes from start to end are the base's from
``start - shift`` to ``end - shift``.  Runs come in the new version's order and do not overlap.
"""

from __future__ import annotations

from leaksieve.gitobjects.delta import copy_at

Run = tuple[int, int, int]

# Shorter runs are not worth keeping: what is looked at around a change is longer.
LEAST = 1024
# A delta so much shorter than its result is read instruction by instruction, as is a short one; for others that costs more than it saves.
_DENSE = 20
_SHORT = 400
# Bytes of each instruction, by its first byte.
_LENGTHS = bytes([1 + (op & 127).bit_count() if op & 128 else 1 + op for op in range(256)])


def kept_runs(base: bytes, data: bytes, delta: bytes, start: int) -> list[Run]:
    """The runs that ``data`` keeps of ``base``; ``delta`` made it, and its instructions begin at ``start``."""
    if len(delta) <= _SHORT or len(delta) * _DENSE <= len(data):
        return _read(delta, start)
    before, after = agreement(base, data, delta, start)
    size = len(data)
    runs = [(0, before, 0)] if before else []
    if after:
        runs.append((size - after, size, size - len(base)))
    return runs


def _read(delta: bytes, at: int) -> list[Run]:
    """The copies a delta makes, those that follow one another in the base joined."""
    runs: list[Run] = []
    lengths = delta.translate(_LENGTHS)
    place = 0
    end = len(delta)
    while at < end:
        op = delta[at]
        behind = at + lengths[at]
        if op < 128:
            place += op
            at = behind
            continue
        if op & 0x70 == 0x10 and delta[behind - 1]:
            # The usual small copy: only its length matters, which is the last byte.
            place += delta[behind - 1]
            at = behind
            continue
        offset, length, _ = copy_at(delta, at)
        shift = place - offset
        if runs and runs[-1][1] == place and runs[-1][2] == shift:
            runs[-1] = (runs[-1][0], place + length, shift)
        elif length >= LEAST:
            runs.append((place, place + length, shift))
        place += length
        at = behind
    return runs


def agreement(base: bytes, data: bytes, delta: bytes, start: int) -> tuple[int, int]:
    """How many bytes two versions have in common at the beginning and, behind those, at the end.

    The beginning is read off the delta (whose instructions begin at ``start``), the end is compared; both may be less than there is.
    """
    before, at = 0, start
    while at < len(delta) and delta[at] & 128:
        offset, length, at = copy_at(delta, at)
        if offset != before:
            break
        before += length
    most = min(len(base), len(data)) - before
    if most <= 0:
        return before, 0
    view = memoryview(data)
    size = len(data)
    if base.endswith(view[size - most :]):
        return before, most
    good, step = 0, 512
    while step < most and base.endswith(view[size - step :]):
        good = step
        step *= 4
    step = min(step, most)
    # The end of the agreement lies between good and step: halve a few times, the rest is sooner scanned than found.
    while step - good > 2048:
        middle = (good + step) // 2
        if base.endswith(view[size - middle :]):
            good = middle
        else:
            step = middle
    return before, good
