"""The walk: every entry of a family inflated once, every delta applied once.

A base is held only while what is built on it is being built, and of several children the one with
most below it comes last, when the base is no longer needed: memory is bounded by the chain in hand.
Sizes are looked at before anything is inflated or built.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from leaksieve.gitobjects.compiled import ERRORS, apply_delta, decompress
from leaksieve.gitobjects.delta import delta_sizes
from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.files import Buffer
from leaksieve.gitobjects.inflate import inflate

# zlib's format cannot expand by more than this.
_MOST_EXPANSION = 1032
# Up to so many compressed bytes an entry is inflated in one go: at worst 64 MiB come out.
_AT_ONCE = 64 * 1024
# Memory that the bases on the stack may take, bytes.
_HELD = 512 * 1024 * 1024

# Compiled code says SystemError where it fails to say that memory is short.
SHORT: tuple[type[Exception], ...] = (MemoryError, SystemError)
_BAD: tuple[type[Exception], ...] = (BadDataError, IndexError, *ERRORS, *SHORT)


# Called with (position, content, state of the base, content of the base, delta, where the delta's instructions begin); the
# last three are None, b"" and 0 for what is no delta.  What it returns is the object's state.
Visit = Callable[[int, bytes, Any, "bytes | None", bytes, int], Any]
# Called with (position, stable reason code, phrase, how many further objects are lost with it).
Lost = Callable[[int, str, str, int], None]


class Shares(NamedTuple):
    """The columns of consecutive families, as plain lists; see :class:`leaksieve.gitobjects.packtable.PackTable`.

    ``first`` is the position that index 0 of the lists stands for; ``wanted`` says for each whether it, or
    anything built on it, is to be visited.
    """

    first: int
    at: list[int]
    end: list[int]
    size: list[int]
    base: list[int]


def walk(
    data: Buffer,
    shares: Shares,
    visit: Visit,
    lost: Lost,
    *,
    limit: int,
    chain_limit: int,
    outside: Callable[[int], bytes | None],
    broken: dict[int, str],
    rescue: Callable[[int], bytes | None] = lambda _: None,
) -> None:
    """Visit every object of some families, each after its base.

    Objects over ``limit`` bytes are not visited (reported as ``too-large``) but built when others are built on
    them, up to ``chain_limit``.  ``outside`` gives the content of a root's base that is not in the pack, None for a root that has none.
    ``rescue`` is asked for the content of what does not hold together here, None where it cannot be had elsewhere either.
    """
    view = memoryview(data)
    first, at, end, size, base = shares
    children, below = _children(shares)
    for number in range(len(at)):
        if base[number] >= 0:
            continue
        position = first + number
        kids = children.get(number)
        try:
            if position in broken:
                raise BadDataError(broken[position])
            announced = size[number]
            if announced > (chain_limit if kids else limit):
                lost(position, "too-large", f"{announced} bytes, the limit is {chain_limit if kids else limit}", below[number])
                continue
            content = _inflated(view, at[number], end[number], announced)
            foreign, delta, start = outside(position), b"", 0
            if foreign is not None:
                delta = content
                _, promised, start = delta_sizes(delta)
                if promised > (chain_limit if kids else limit):
                    lost(position, "too-large", f"{promised} bytes, the limit is {chain_limit if kids else limit}", below[number])
                    continue
                content = _joined(apply_delta(foreign, delta))
        except _BAD as error:
            found = rescue(position)
            if found is None:
                lost(position, *_said(error), below[number])
                continue
            content, foreign, delta, start = found, None, b"", 0
        if len(content) > limit:
            lost(position, "too-large", f"{len(content)} bytes, the limit is {limit}", 0)
            state = None
        else:
            state = visit(position, content, None, foreign, delta, start)
        if kids:
            _descend(view, shares, children, below, content, state, kids, visit, lost, limit, chain_limit, rescue)


def _descend(
    view: memoryview,
    shares: Shares,
    children: dict[int, list[int]],
    below: list[int],
    content: bytes,
    state: Any,
    kids: list[int],
    visit: Visit,
    lost: Lost,
    limit: int,
    chain_limit: int,
    rescue: Callable[[int], bytes | None],
) -> None:
    first, at, end, size, _ = shares
    stack: list[tuple[bytes, Any, list[int]]] = [(content, state, kids)]
    held = len(content)
    while stack:
        content, state, kids = stack[-1]
        number = kids.pop()
        if not kids:
            stack.pop()
            held -= len(content)
        grandchildren = children.get(number)
        start = at[number]
        length = size[number]
        try:
            if length > chain_limit:
                raise BadDataError(f"a delta of {length} bytes")
            if end[number] - start <= _AT_ONCE:
                delta = decompress(view[start : end[number]], 15, length or 1)
                if len(delta) != length:
                    raise BadDataError("inflates to another size than announced")
            else:
                delta = _inflated(view, start, end[number], length)
            # The result's size stands behind the base's: read before anything is built.
            place = 0
            while delta[place] & 128:
                place += 1
            place += 1
            byte = delta[place]
            place += 1
            promised = byte & 127
            shift = 7
            while byte & 128:
                byte = delta[place]
                place += 1
                promised |= (byte & 127) << shift
                shift += 7
            if promised > limit and (promised > chain_limit or not grandchildren):
                lost(first + number, "too-large", f"{promised} bytes, the limit is {limit if not grandchildren else chain_limit}", below[number])
                continue
            made = apply_delta(content, delta)
            if type(made) is list:
                made = made[0] if len(made) == 1 and type(made[0]) is bytes else _joined(made)
        except _BAD as error:
            made = rescue(first + number)
            if made is None:
                lost(first + number, *_said(error), below[number])
                continue
            promised, delta = len(made), b""
        if promised > limit:
            lost(first + number, "too-large", f"{promised} bytes, the limit is {limit}", 0)
            fresh = None
        else:
            fresh = visit(first + number, made, state, content, delta, place) if delta else visit(first + number, made, None, None, b"", 0)
        if grandchildren:
            if held + len(made) > _HELD and stack:
                # It was visited itself; what is built on it is not.
                for each in grandchildren:
                    lost(first + each, "too-large", "the chain of deltas it stands in takes more memory than allowed", below[each])
                continue
            stack.append((made, fresh, grandchildren))
            held += len(made)


def _said(error: Exception) -> tuple[str, str]:
    """The stable reason code and the phrase for what went wrong with one object."""
    if isinstance(error, SHORT):
        return "out-of-memory", "it takes more memory than there is"
    return "corrupt-object", str(error) or type(error).__name__


def _children(shares: Shares) -> tuple[dict[int, list[int]], list[int]]:
    """Children of each entry, the one with most below it first (they are taken from the end), and how many lie below each."""
    first, base = shares.first, shares.base
    children: dict[int, list[int]] = {}
    below = [0] * len(base)
    ordered = True
    for number in range(len(base) - 1, -1, -1):
        parent = base[number] - first
        if parent >= 0:
            # A base mostly stands before what is built on it, so that its count is whole when it is used.
            below[parent] += below[number] + 1
            ordered = ordered and parent < number
            known = children.get(parent)
            if known is None:
                children[parent] = [number]
            else:
                known.append(number)
    if not ordered:
        below = [0] * len(base)
        tops = [number for number in range(len(base)) if base[number] < 0]
        for number in tops:
            tops += children.get(number, ())
        for number in reversed(tops):
            if base[number] >= 0:
                below[base[number] - first] += below[number] + 1
    for kids in children.values():
        if len(kids) > 1:
            kids.sort(key=below.__getitem__, reverse=True)
    return children, below


def _inflated(view: memoryview, start: int, end: int, size: int) -> bytes:
    if end - start <= _AT_ONCE:
        try:
            content: bytes = decompress(view[start:end], 15, size or 1)
        except ERRORS as error:
            raise BadDataError(f"does not inflate ({error})") from error
        if len(content) != size:
            raise BadDataError("inflates to another size than announced")
        return content
    if size > (end - start) * _MOST_EXPANSION:
        raise BadDataError("announces more than its data can hold")
    return inflate(view, start, size)


def _joined(made: bytes | list[bytes]) -> bytes:
    """What the compiled code built, in one piece."""
    if isinstance(made, bytes):
        return made
    return made[0] if len(made) == 1 else b"".join(made)
