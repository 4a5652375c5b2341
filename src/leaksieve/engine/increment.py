"""Scanning an object that was built from another one: only what changed is looked at again.

Two versions of a file mostly agree but for a few stretches.  Whatever the engine says of a
place depends on text near it: the line, and for rules that look past a line at most ``REACH``
bytes.  So what was said of the base holds for the places that far from the change, and there only
hits that came to something are carried over and asked again; the others are dead there as well.
Hits of rules that read further, and of encoded text, are kept even when dead ("quiet"), and asked
when the change comes near enough.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from leaksieve.engine.confirm import LOOKAHEAD
from leaksieve.engine.decoders import RIGHT, TEXT
from leaksieve.engine.filters import MAYBE
from leaksieve.engine.matcher import EMPTY, Engine, Result
from leaksieve.engine.memo import MAX_LINE
from leaksieve.engine.prefilter import NOTHING, Hyperscan
from leaksieve.engine.vocabulary import Hits
from leaksieve.model import Span

# How far a rule that looks past a line may read, bytes; those that read further keep their hits, live or quiet.
REACH = 64
# Smaller objects are scanned whole: finding out what changed would cost as much.
WORTH = 4096
# A quiet part shorter than this is looked at again with what is around it: leaving it out costs as much as so many bytes.
_LEAST = 1024
_FAR = 1 << 60

# How far a change may be from an escape or an encoded word and still matter, bytes: twice what decoders follow.
_ESCAPE_REACH = 2 * TEXT
_FORM_REACH = 2 * RIGHT
# With more encoded places than this the limit on their number may be what decides: nothing is taken from the base.
_MANY = 2000

Hit = tuple[int, int]
# (start, end, shift): bytes from start to end that the base has from start - shift to end - shift.
Run = tuple[int, int, int]


class State(NamedTuple):
    """What is kept of a scanned object for those built on it: hits as (number, start), those to be asked again and the quiet ones."""

    literals: list[Hit]
    gates: list[Hit]
    escapes: list[Hit]
    forms: list[Hit]
    quiet_literals: list[Hit] = []
    quiet_gates: list[Hit] = []
    quiet_escapes: list[Hit] = []
    quiet_forms: list[Hit] = []


CLEAN = State([], [], [], [])


class Incremental:
    """An engine with a memory of the object last built on.  Results are candidates: paths and overlaps come later."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._prefilter = engine.prefilter
        self._hyperscan = engine.prefilter if isinstance(engine.prefilter, Hyperscan) else None
        self._literal_reach: dict[int, int] = {}
        self._rows: dict[int, bool] = {}
        self._gate_reach = [max(map(self._reach, gate.rules), default=0) for gate in engine.vocabulary.gates]

    def scan(self, data: bytes) -> tuple[Result, State]:
        """Scan an object by itself."""
        hits = self._prefilter.hits(data)
        if not (hits.literals or hits.gates or hits.escapes or hits.forms):
            return EMPTY, CLEAN
        return self._judged(data, State(*hits))

    def scan_built(self, data: bytes, base_size: int, known: State, runs: list[Run]) -> tuple[Result, State]:
        """Scan an object that has kept ``runs`` of one of ``base_size`` bytes, whose state is given."""
        merged = self.hits_built(data, base_size, known, runs)
        return self._judged(data, merged) if merged is not None else (EMPTY, CLEAN)

    def hits(self, data: bytes) -> State | None:
        """The prefilter's hits in a whole object, None when there are none."""
        hits = self._prefilter.hits(data)
        return State(*hits) if hits.literals or hits.gates or hits.escapes or hits.forms else None

    def suspects(self, texts: Sequence[bytes]) -> list[int]:
        """Which of several texts, by index, the prefilter sees something in: those that :meth:`scan` may have something to say of.

        All are looked at in one go, a line break between them, which takes a fraction of the time of one by one.
        """
        if self._engine.ruleset.foreign:
            # Rules of other tools may be tried on every text, whatever stands in it.
            return list(range(len(texts)))
        hits = self.hits(b"\n".join(texts))
        if hits is None:
            return []
        begins = list(accumulate((len(text) + 1 for text in texts), initial=0))
        return sorted({bisect_right(begins, start) - 1 for several in hits[:4] for _, start in several})

    def hits_built(self, data: bytes, base_size: int, known: State, runs: list[Run]) -> State | None:
        """The hits that have to be asked in an object built from another, None when there are none."""
        hyperscan = self._hyperscan
        if hyperscan is None:
            return self.hits(data)
        quiet = _quiet_runs(data, base_size, runs)
        if not quiet:
            return self.hits(data)
        size = len(data)
        # All stretches between quiet parts in one go.  A match goes no further past a line than its words do.
        beyond = hyperscan.beyond
        pieces: list[bytes] = []
        places: list[int] = []
        at = 0
        for low, high, _ in quiet:
            if low > at:
                pieces.append(data[at : low + beyond])
                places.append(at)
            at = high
        if at < size:
            pieces.append(data[at:])
            places.append(at)
        found = hyperscan.ends(pieces[0] if len(pieces) == 1 else b"\n".join(pieces)) if pieces else []
        if not found and known is CLEAN:
            return None
        if found:
            found = _placed(found, pieces, places)
        hits = hyperscan.starts(data, found) if found else NOTHING
        fresh = [_outside(several, quiet) for several in hits]
        if known is CLEAN:
            return State(*fresh) if any(fresh) else None
        merged = State(*(one + _moved(several, quiet) for one, several in zip(fresh, known, strict=False)))._replace(
            quiet_literals=[], quiet_gates=[], quiet_escapes=[], quiet_forms=[]
        )
        bounds = [(low or -_FAR, high if high < size else _FAR, shift) for low, high, shift in quiet]
        _wake(known.quiet_literals, quiet, bounds, self._reach_of_literal, merged.literals, merged.quiet_literals)
        _wake(known.quiet_gates, quiet, bounds, self._gate_reach.__getitem__, merged.gates, merged.quiet_gates)
        # One encoded place can lie inside another's stretch of text: when any is asked, all are.
        # When all of them together come near the limit on their number, only asking them all tells whether it is passed.
        many = sum(map(len, (merged.escapes, merged.forms, known.quiet_escapes, known.quiet_forms))) > _MANY
        for place, within in ((2, _ESCAPE_REACH), (3, _FORM_REACH)):
            if known[place + 4]:
                near = many or bool(merged[place]) or _any_near(known[place + 4], quiet, bounds, within)
                _wake(known[place + 4], quiet, bounds, (lambda _: _FAR) if near else (lambda _: 0), merged[place], merged[place + 4])
        return merged if any(merged) else None

    def _judged(self, data: bytes, hits: State) -> tuple[Result, State]:
        asked = Hits(*hits[:4])
        result = self._engine.candidates(data, asked) if any(asked) else EMPTY
        if result.skips or len(asked.escapes) + len(asked.forms) > _MANY:
            # Something was given up here, or nearly: nothing that is built on it may take its word.
            return result, State(
                hits.literals + hits.quiet_literals, hits.gates + hits.quiet_gates, hits.escapes + hits.quiet_escapes, hits.forms + hits.quiet_forms
            )
        live = [match.span for match in result.matches if match.rejected in MAYBE]
        literals, gates = hits.literals, hits.gates
        quiet_literals, quiet_gates = hits.quiet_literals, hits.quiet_gates
        if literals:
            literals = [hit for hit in hits.literals if live and (_inside(hit[1], live) or self._stands_in_rows(hit[0]))]
            if len(literals) < len(hits.literals):
                kept = set(literals)
                quiet_literals = quiet_literals + [hit for hit in hits.literals if self._reach_of_literal(hit[0]) and hit not in kept]
        if gates:
            gates = [hit for hit in hits.gates if _inside(hit[1], live)]
            if len(gates) < len(hits.gates):
                if gates:
                    # What is said of a line is remembered with the line, and must be said of all of it.
                    lines = {(number, _line(data, start)) for number, start in gates}
                    gates = [hit for hit in hits.gates if (hit[0], _line(data, hit[1])) in lines or _inside(hit[1], live)]
                kept = set(gates)
                quiet_gates = quiet_gates + [hit for hit in hits.gates if self._gate_reach[hit[0]] and hit not in kept]
        decoded = any(match.decoded and match.rejected in MAYBE for match in result.matches)
        escapes, quiet_escapes = (hits.escapes, hits.quiet_escapes) if decoded else ([], hits.escapes + hits.quiet_escapes)
        forms, quiet_forms = (hits.forms, hits.quiet_forms) if decoded else ([], hits.forms + hits.quiet_forms)
        state = State(literals, gates, escapes, forms, quiet_literals, quiet_gates, quiet_escapes, quiet_forms)
        return result, state if any(state) else CLEAN

    def _reach_of_literal(self, number: int) -> int:
        reach = self._literal_reach.get(number)
        if reach is None:
            reach = self._literal_reach[number] = max(map(self._reach, self._engine.vocabulary.literal(number).rules), default=0)
        return reach

    def _stands_in_rows(self, number: int) -> bool:
        """Whether a keyword's matches begin elsewhere, on other lines.

        Then one that is hidden by another of its rule need not have its keyword in the other's span, and a row of
        such, each in the way of the next, turns over as a whole when its first goes: all are asked while one is live.
        """
        known = self._rows.get(number)
        if known is None:
            rule = self._engine.ruleset.rule
            known = self._rows[number] = any(rule(index)["lines"] and not rule(index)["prefix"] for index in self._engine.vocabulary.literal(number).rules)
        return known

    def _reach(self, rule: int) -> int:
        """How far from a hit a change may matter to a rule, bytes; 0 for rules that every changed stretch is wide enough for."""
        record = self._engine.ruleset.rule(rule)
        # Twice: a match may stand in the way of the next one of its rule.
        reach = 2 * (int(record["width"]) + int(record["before"])) + LOOKAHEAD
        return reach if record["lines"] and reach > REACH else 0


def _inside(place: int, spans: list[Span]) -> bool:
    return any(span.start <= place < span.end for span in spans)


def _line(data: bytes, place: int) -> int:
    """Where the line of a place begins; for lines too long to be remembered, any number."""
    return data.rfind(b"\n", max(place - MAX_LINE, 0), place)


def _quiet_runs(data: bytes, base_size: int, runs: list[Run]) -> list[Run]:
    """The parts of runs that are so far from every change that what was said of the base holds there.

    A change is also where runs meet that do not follow one another in the base, and an end that is not the base's.
    """
    size = len(data)
    quiet = []
    for start, end, shift in runs:
        # At the very beginning and end of both versions nothing has changed beside the run.
        low = start + REACH if start or shift else 0
        high = end if end == size and end - shift == base_size else end - REACH
        if high - low < _LEAST:
            continue
        if low:
            low = data.find(b"\n", low, end) + 1
            if not low:
                continue
        if high < end:
            high = data.rfind(b"\n", start, high) + 1
        if high - low >= _LEAST:
            quiet.append((low, high, shift))
    return quiet


def _placed(found: list[tuple[int, int]], pieces: list[bytes], places: list[int]) -> list[tuple[int, int]]:
    """Where matches that end in pieces, one line behind the other, end in the whole; ``places`` are where each begins there."""
    if len(pieces) == 1:
        at = places[0]
        return [(number, to + at) for number, to in found] if at else found
    begins = list(accumulate((len(piece) + 1 for piece in pieces), initial=0))
    moved = []
    for number, to in found:
        which = bisect_right(begins, to - 1) - 1
        moved.append((number, to - begins[which] + places[which]))
    return moved


def _outside(fresh: list[Hit], quiet: list[Run]) -> list[Hit]:
    """Hits of the stretches between quiet runs; what Hyperscan saw beyond their ends is known already."""
    return [hit for hit in fresh if not any(low <= hit[1] < high for low, high, _ in quiet)] if fresh else []


def _moved(known: list[Hit], quiet: list[Run]) -> list[Hit]:
    """Known hits where quiet runs have them now."""
    return [(number, place + shift) for number, place in known for low, high, shift in quiet if low <= place + shift < high] if known else []


def _any_near(hits: list[Hit], quiet: list[Run], bounds: list[Run], reach: int) -> bool:
    for (low, high, shift), (first, last, _) in zip(quiet, bounds, strict=True):
        for _, start in hits:
            place = start + shift
            if low <= place < high and (place - first <= reach or last - place <= reach):
                return True
    return False


def _wake(hits: list[Hit], quiet: list[Run], bounds: list[Run], reach_of: Callable[[int], int], asked: list[Hit], kept: list[Hit]) -> None:
    """Sort quiet hits into those that a change is near enough to and the others; those of changed stretches were found afresh."""
    for number, start in hits:
        for (low, high, shift), (first, last, _) in zip(quiet, bounds, strict=True):
            place = start + shift
            if low <= place < high:
                reach = reach_of(number)
                (asked if place - first <= reach or last - place <= reach else kept).append((number, place))
