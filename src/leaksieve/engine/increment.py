"""Scanning an object that was built from another one: only what changed is looked at again.

Two versions of a file mostly agree but for a stretch in the middle.  Whatever the engine says of a
place depends on text near it: the line, and for rules that look past a line at most ``REACH``
bytes.  So what was said of the base holds for the places that far from the change, and there only
hits that came to something are carried over and asked again; the others are dead there as well.
Hits of rules that read further, and of encoded text, are kept even when dead ("quiet"), and asked
when the change comes near enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from leaksieve.engine.confirm import LOOKAHEAD
from leaksieve.engine.decoders import RIGHT, TEXT
from leaksieve.engine.filters import MAYBE
from leaksieve.engine.matcher import EMPTY, Engine, Result
from leaksieve.engine.memo import MAX_LINE
from leaksieve.engine.prefilter import Hyperscan
from leaksieve.engine.vocabulary import Hits
from leaksieve.model import Span

# How far a rule that looks past a line may read, bytes; rules that read further are "wide".
REACH = 1024
# Smaller objects are scanned whole: finding out what changed would cost as much.
WORTH = 4096
# Beyond the end of a changed stretch Hyperscan must see the rest of what begins inside it.
_MARGIN = 1024

# How far a change may be from an escape or an encoded word and still matter, bytes: twice what decoders follow.
_ESCAPE_REACH = 2 * TEXT
_FORM_REACH = 2 * RIGHT
# With more encoded places than this the limit on their number may be what decides: nothing is taken from the base.
_MANY = 2000

Hit = tuple[int, int]


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

    def scan_built(self, data: bytes, base: bytes, known: State, same_before: int, same_after: int) -> tuple[Result, State]:
        """Scan an object of which the first ``same_before`` and the last ``same_after`` bytes are those of ``base``, whose state is given."""
        if self._hyperscan is None:
            return self.scan(data)
        merged = self.hits_built(data, base, known, same_before, same_after)
        return self._judged(data, merged) if merged is not None else (EMPTY, CLEAN)

    def hits(self, data: bytes) -> State | None:
        """The prefilter's hits in a whole object, None when there are none."""
        hits = self._prefilter.hits(data)
        return State(*hits) if hits.literals or hits.gates or hits.escapes or hits.forms else None

    def hits_built(self, data: bytes, base: bytes, known: State, same_before: int, same_after: int, reach: int = 0) -> State | None:
        """The hits that have to be asked in an object built from ``base``, None when there are none.

        With a ``reach`` the stretch is widened by so many bytes and not by what rules and lines ask for.
        """
        hyperscan = self._hyperscan
        if hyperscan is None:
            return self.hits(data)
        size = len(data)
        # To the ends of the lines, and as far as rules reach: what lies outside is as it was.
        low = same_before - (reach or REACH)
        low = 0 if low <= 0 else low if reach else data.rfind(b"\n", 0, low) + 1
        high = size - same_after + (reach or REACH)
        high = size if high >= size else high if reach else data.find(b"\n", high) + 1 or size
        found = hyperscan.ends(memoryview(data)[low : high + _MARGIN] if low or high + _MARGIN < size else data)
        if not found and known is CLEAN:
            return None
        if low:
            found = [(number, to + low) for number, to in found]
        hits = hyperscan.starts(data, found)
        shift = size - len(base)
        if known is CLEAN:
            merged = State(*([hit for hit in several if low <= hit[1] < high] for several in hits))
            return merged if any(merged) else None
        merged = State(
            _merged(hits.literals, known.literals, low, high, shift),
            _merged(hits.gates, known.gates, low, high, shift),
            _merged(hits.escapes, known.escapes, low, high, shift),
            _merged(hits.forms, known.forms, low, high, shift),
            *([], [], [], []),
        )
        stretch = (low, high, shift)
        _wake(known.quiet_literals, stretch, self._reach_of_literal, merged.literals, merged.quiet_literals)
        _wake(known.quiet_gates, stretch, self._gate_reach.__getitem__, merged.gates, merged.quiet_gates)
        # One encoded place can lie inside another's stretch of text: when any is asked, all are.
        # When all of them together come near the limit on their number, only asking them all tells whether it is passed.
        many = sum(map(len, (merged.escapes, merged.forms, known.quiet_escapes, known.quiet_forms))) > _MANY
        near = known.quiet_escapes and (many or merged.escapes or _any_near(known.quiet_escapes, stretch, _ESCAPE_REACH))
        _wake(known.quiet_escapes, stretch, (lambda _: size + len(base)) if near else (lambda _: -1), merged.escapes, merged.quiet_escapes)
        near = known.quiet_forms and (many or merged.forms or _any_near(known.quiet_forms, stretch, _FORM_REACH))
        _wake(known.quiet_forms, stretch, (lambda _: size + len(base)) if near else (lambda _: -1), merged.forms, merged.quiet_forms)
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


def _any_near(quiet: list[Hit], stretch: tuple[int, int, int], reach: int) -> bool:
    low, high, shift = stretch
    # Those inside the old stretch are gone; their successors are among the fresh hits.
    return any(low - reach <= start < low or high <= start + shift < high + reach for _, start in quiet)


def _wake(quiet: list[Hit], stretch: tuple[int, int, int], reach_of: Callable[[int], int], asked: list[Hit], kept: list[Hit]) -> None:
    """Sort quiet hits into those that the change is near enough to and the others; those inside the stretch were found afresh."""
    low, high, shift = stretch
    for number, start in quiet:
        if start < low:
            (asked if start + reach_of(number) >= low else kept).append((number, start))
        elif start + shift >= high:
            (asked if start + shift - reach_of(number) <= high else kept).append((number, start + shift))


def _merged(fresh: list[Hit], known: list[Hit], low: int, high: int, shift: int) -> list[Hit]:
    """Fresh hits of the stretch, and known ones of what lies before and behind it."""
    if not known:
        return [hit for hit in fresh if low <= hit[1] < high] if fresh else fresh
    kept = [hit for hit in fresh if low <= hit[1] < high]
    for number, start in known:
        if start < low:
            kept.append((number, start))
        elif start + shift >= high:
            kept.append((number, start + shift))
    return kept


def agreement(base: bytes, data: bytes, delta: bytes, start: int) -> tuple[int, int]:
    """How many bytes two versions have in common at the beginning and, behind those, at the end.

    The beginning is read off the delta (whose instructions begin at ``start``), the end is compared; both may be less than there is.
    """
    place = start
    before = 0
    end = len(delta)
    while place < end:
        op = delta[place]
        if not op & 128:
            break
        place += 1
        offset = length = 0
        if op & 1:
            offset = delta[place]
            place += 1
        if op & 2:
            offset |= delta[place] << 8
            place += 1
        if op & 4:
            offset |= delta[place] << 16
            place += 1
        if op & 8:
            offset |= delta[place] << 24
            place += 1
        if offset != before:
            break
        if op & 16:
            length = delta[place]
            place += 1
        if op & 32:
            length |= delta[place] << 8
            place += 1
        if op & 64:
            length |= delta[place] << 16
            place += 1
        before += length or 0x10000
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
