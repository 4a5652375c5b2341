"""git's delta format: a program of copies from a base and literal insertions."""

from __future__ import annotations

from leaksieve.gitobjects.errors import BadDataError


def delta_sizes(delta: bytes) -> tuple[int, int, int]:
    """Return the base's size, the result's size, and where the instructions begin; raises BadDataError."""
    sizes = []
    at = 0
    for _ in range(2):
        size = shift = 0
        while True:
            if at >= len(delta) or shift > 63:
                raise BadDataError("the delta's header does not parse")
            byte = delta[at]
            at += 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        sizes.append(size)
    return sizes[0], sizes[1], at


def copy_at(delta: bytes, at: int) -> tuple[int, int, int]:
    """The copy that stands at a place of a delta: offset in the base, length, and where the next instruction begins; raises IndexError where it is cut off."""
    # Spelled out, bit by bit: as loops this took most of the time of reading an object.
    op = delta[at]
    at += 1
    offset = length = 0
    if op & 1:
        offset = delta[at]
        at += 1
    if op & 2:
        offset |= delta[at] << 8
        at += 1
    if op & 4:
        offset |= delta[at] << 16
        at += 1
    if op & 8:
        offset |= delta[at] << 24
        at += 1
    if op & 16:
        length = delta[at]
        at += 1
    if op & 32:
        length |= delta[at] << 8
        at += 1
    if op & 64:
        length |= delta[at] << 16
        at += 1
    # No length at all stands for this, and so does a length of zero spelled out, which git never writes.
    return offset, length or 0x10000, at


def apply_delta(base: bytes, delta: bytes, limit: int) -> bytes:
    """Build the result of ``delta`` on ``base``; raises BadDataError, before building, if it exceeds ``limit`` bytes."""
    base_size, size, at = delta_sizes(delta)
    if base_size != len(base):
        raise BadDataError("the delta was made for another base")
    if size > limit:
        raise BadDataError(f"the delta asks for {size} bytes, the limit is {limit}")
    parts = []
    built = 0
    end = len(delta)
    try:
        while at < end:
            op = delta[at]
            if op & 128:
                offset, length, at = copy_at(delta, at)
                if offset + length > base_size:
                    raise BadDataError("the delta copies from past its base")
                parts.append(base[offset : offset + length])
            elif op:
                at += 1
                length = op
                if at + length > end:
                    raise BadDataError("the delta is cut off")
                parts.append(delta[at : at + length])
                at += length
            else:
                raise BadDataError("the delta holds an unknown instruction")
            built += length
            if built > size:
                raise BadDataError("the delta builds more than it announced")
    except IndexError as error:
        raise BadDataError("the delta is cut off") from error
    if built != size:
        raise BadDataError("the delta builds less than it announced")
    return b"".join(parts)
