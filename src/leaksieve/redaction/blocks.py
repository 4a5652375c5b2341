"""Cuts a stream into blocks to be looked at, and puts the redacted stream together again.

Bytes are read straight into slots of shared memory, ``[lead | body | tail]``, so that other processes see them without a copy.
A block's *body* is what it answers for: bodies follow one another without gap or overlap.  The *lead* is text that was
answered for before and is read as context; the *tail* is the beginning of the next body.  A secret belongs to the block in whose
body it begins, and is seen whole as long as it is no longer than the tail, which holds for every rule; the part that reaches
into the next body is remembered and left out there.

Where blocks are cut depends on the stream's bytes alone and not on how they were read, so neither does the result.  Only
when the source pauses a block ends early, behind the last whole line; the next one then searches its lead, too, for
secrets that began before the pause.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import NamedTuple

from leaksieve.redaction.hold import held_from
from leaksieve.redaction.marks import Edit, filling

BLOCK = 2 * 1024 * 1024
# What a match may span, and what it may look at before it.
TAIL = 64 * 1024
LEAD = 64 * 1024
# How much of what was written before a pause is looked at again behind it.
BACK = 4 * 1024


class Block(NamedTuple):
    """A piece of a slot: lead, body and tail are ``[start, body)``, ``[body, end)``, ``[end, stop)``; ``paused``: a pause came before it."""

    slot: int
    start: int
    body: int
    end: int
    stop: int
    paused: bool

    @property
    def since(self) -> int:
        """Where searching begins, counted from the start of the lead."""
        return 0 if self.paused else self.body - self.start


class Cutter:
    """Takes a stream as it is read and cuts it.  The reader asks ``ready`` before it reads, ends a block or pauses."""

    def __init__(self, slots: int = 2, *, block: int = BLOCK, lead: int = LEAD, tail: int = TAIL) -> None:
        self._block, self._lead, self._tail = block, lead, tail
        self._size = lead + block + tail
        self._memory = mmap.mmap(-1, self._size * slots)
        whole = memoryview(self._memory)
        self._views = [whole[number * self._size : (number + 1) * self._size] for number in range(slots)]
        self._free = list(range(1, slots))
        self._slot = 0
        self._start = self._fill = lead
        self._paused = False
        self._looked = 0

    @property
    def ready(self) -> bool:
        """Whether there is a slot to go on with when the present one is cut."""
        return bool(self._free)

    @property
    def pending(self) -> int:
        """How many bytes wait."""
        return self._fill - self._lead

    @property
    def looked(self) -> bool:
        """Whether a pause has been tried for what waits: nothing of it is a whole line, or it waits for the end of a key."""
        return self._looked == self._fill

    def room(self) -> memoryview:
        """Where the next bytes go."""
        return self._views[self._slot][self._fill :]

    def view(self, block: Block) -> memoryview:
        """All that a block may read."""
        return self._views[block.slot][block.start : block.stop]

    def body(self, block: Block) -> memoryview:
        """What a block answers for."""
        return self._views[block.slot][block.body : block.end]

    def tail(self, block: Block) -> memoryview:
        """What follows it."""
        return self._views[block.slot][block.end : block.stop]

    def filled(self, count: int) -> Block | None:
        """So many bytes were read; returns the block that is complete with them."""
        self._fill += count
        if self._fill < self._size:
            return None
        return self._cut(self._lead + self._block, self._size, self._lead, paused=False)

    def pause(self) -> Block | None:
        """The source pauses: the block of all whole lines that need not wait for others, None if there is none."""
        if self.looked:
            return None
        view = self._views[self._slot]
        data = bytes(view[self._lead : self._fill])
        end = data.rfind(b"\n") + 1
        if end:
            end = held_from(data[:end], 0)
        self._looked = self._fill
        if not end:
            return None
        end += self._lead
        # Whole lines of context, where a line is not longer than all of it.
        low = max(end - BACK, self._start)
        low = max(bytes(view[low:end]).find(b"\n", 0, end - low - 1) + 1 + low, low) if low > self._start else low
        return self._cut(end, end, end - low, paused=True)

    def finish(self) -> Block | None:
        """The stream has ended: the block of all that is left."""
        if self._fill == self._lead:
            return None
        return self._cut(self._fill, self._fill, 0, paused=False)

    def done(self, block: Block) -> None:
        """A block's slot is not needed any more."""
        self._free.append(block.slot)

    def _cut(self, end: int, stop: int, lead: int, *, paused: bool) -> Block:
        block = Block(self._slot, self._start, self._lead, end, stop, self._paused)
        old, self._slot = self._views[self._slot], self._free.pop()
        new = self._views[self._slot]
        lead = min(lead, self._lead, end - self._start)
        rest = self._fill - end
        self._start = self._lead - lead
        new[self._start : self._lead + rest] = old[end - lead : self._fill]
        self._fill = self._lead + rest
        self._paused = paused
        self._looked = self._fill if paused else 0
        return block


class Mender:
    """Puts blocks together in their order, edits applied."""

    def __init__(self) -> None:
        # Bytes of the next body that an edit of an earlier one has replaced already.
        self._over = 0
        self.places = 0
        self.severity = -1

    def mend(self, cutter: Cutter, block: Block, edits: Sequence[Edit]) -> list[memoryview | bytes]:
        """A block's body with its edits (which count from the start of its lead), as buffers to write one after the other."""
        body, tail = cutter.body(block), cutter.tail(block)
        size, lead = len(body), block.body - block.start
        at = min(self._over, size)
        self._over -= at
        out: list[memoryview | bytes] = []
        for edit in edits:
            start, end = edit.start - lead, edit.end - lead
            if start >= size:
                break  # the next block's
            if start < 0:
                if not block.paused:
                    continue  # the one's before
                # Its beginning was written before the pause; what is left of it is not.
                start = 0
            done = at + self._over
            if end <= done:
                continue
            begin = max(start, done)
            text = bytes(body[begin:end]) + bytes(tail[max(begin - size, 0) : max(end - size, 0)])
            if start >= done:
                out += [body[at:start], filling(edit, text)]
                self.places += 1
                self.severity = max(self.severity, edit.severity)
            else:
                out.append(filling(edit._replace(label=b""), text))
            at = min(end, size)
            self._over = max(end - size, 0)
        if at < size:
            out.append(body[at:])
        return out
