"""The engine: bytes in, matches out.  No input or output, no clock, no environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from leaksieve.engine import pairs
from leaksieve.engine.confirm import Confirmer, TimedOut
from leaksieve.engine.decoders import BY_ENCODING, BY_ESCAPE, LEFT, TEXT, Area
from leaksieve.engine.filters import MAYBE, OPEN, Judge
from leaksieve.engine.mapping import Decoded
from leaksieve.engine.memo import MAX_LINE, Memo
from leaksieve.engine.overlap import Claim, Taken, losers
from leaksieve.engine.prefilter import NOTHING, Patterns, Prefilter, compile_all, make
from leaksieve.engine.vocabulary import ESCAPES, Hits, Vocabulary
from leaksieve.model import Match, Skip, Span
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.named import assigned_name
from leaksieve.secret import Secret

if TYPE_CHECKING:
    from leaksieve.config import Config

MEMO_BYTES = 32 * 1024 * 1024
# Decoded regions of one buffer: more than this is a hostile or a random file, and is said so.
MAX_REGIONS = 10_000


class Result(NamedTuple):
    """What a scan of one buffer gave: matches (rejected candidates included) in order, and what was given up."""

    matches: list[Match]
    skips: list[Skip]


EMPTY = Result([], [])


class Raw(NamedTuple):
    """A confirmed match in the buffer it was found in."""

    rule: int
    span: Span
    secret: Span
    value: bytes
    parts: tuple[tuple[str, bytes], ...]
    rejected: str


# Matches of one line: rule, span and span of the secret (counted from the line's start), why it was dropped, parts.
Verdict = tuple[tuple[int, int, int, int, int, str, Any], ...]


class Engine:
    """Scans buffers with a ruleset.

    ``prefilter`` is aho-corasick or hyperscan; ``decode_depth`` 0 switches decoding off; ``timeout``
    in seconds per rule and search; ``memo_bytes`` bounds the memory of lines.  ``compiler`` and
    ``joined`` say how Hyperscan's databases are made (see there).  Without ``rejected_alone`` a
    buffer in which every candidate was dropped gives nothing: there is no finding to mask them beside.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        *,
        prefilter: str = "aho-corasick",
        decode_depth: int = 3,
        timeout: float = 2.0,
        memo_bytes: int = MEMO_BYTES,
        judge: Judge | None = None,
        compiler: Callable[[list[Patterns]], list[Any]] = compile_all,
        joined: bool = True,
        rejected_alone: bool = True,
    ) -> None:
        self.ruleset = ruleset
        self.vocabulary = Vocabulary(ruleset, decoders=decode_depth > 0)
        self.prefilter: Prefilter = make(prefilter, self.vocabulary, compiler, joined=joined)
        self.name = self.prefilter.name
        self._depth = decode_depth
        self._rejected_alone = rejected_alone
        self._timeout = timeout
        self._memo = Memo(memo_bytes)
        self._judge = judge or Judge()
        self._judge.ruleset = ruleset
        self._confirmers: dict[int, Confirmer] = {}
        self._numbers: dict[str, int] = {}
        self._past: dict[int, bool] = {}

    @classmethod
    def configured(cls, ruleset: Ruleset, config: Config, prefilter: str, compiler: Callable[[list[Patterns]], list[Any]], *, joined: bool = True) -> Self:
        """The engine of a worker: as the configuration has it, and silent about buffers without a finding."""
        return cls(
            ruleset,
            prefilter=prefilter,
            decode_depth=config.max_decode_depth,
            timeout=config.rule_timeout,
            compiler=compiler,
            joined=joined,
            rejected_alone=False,
        )

    def scan(self, data: bytes, path: bytes = b"") -> Result:
        """Find every match in a buffer; ``path`` matters only to rules and allow entries bound to paths."""
        hits = self.prefilter.hits(data)
        if hits is NOTHING:
            return EMPTY
        return self.judge(data, hits, path)

    def judge(self, data: bytes, hits: Hits, path: bytes) -> Result:
        """What comes of a prefilter's hits in a buffer."""
        result = self.candidates(data, hits)
        return Result(self.resolved(result.matches, path, data), result.skips) if result.matches else result

    def candidates(self, data: bytes, hits: Hits) -> Result:
        """What comes of a prefilter's hits in a buffer, before anything that depends on the path or on other rules' matches."""
        skips: list[Skip] = []
        found = self._matches(data, hits.literals, hits.gates, skips, alone=self._rejected_alone or bool(hits.escapes or hits.forms))
        if not found and not hits.escapes and not hits.forms:
            return Result([], skips) if skips else EMPTY
        matches = [self._finished(raw, (), lambda span: span) for raw in found]
        if hits.escapes or hits.forms:
            taken = Taken()
            for match in matches:
                if match.rejected in MAYBE:
                    taken.add(match.rule_id, match.span)
            self._decode(data, hits.escapes, hits.forms, (), lambda span: span, matches, taken, skips)
        return Result(matches, skips)

    def _confirmer(self, index: int) -> Confirmer:
        confirmer = self._confirmers.get(index)
        if confirmer is None:
            confirmer = self._confirmers[index] = Confirmer(index, self.ruleset.rule(index), self._timeout)
        return confirmer

    def _matches(self, data: bytes, literals: list[tuple[int, int]], gates: list[tuple[int, int]], skips: list[Skip], *, alone: bool = True) -> list[Raw]:
        """Confirmed matches of one buffer, by rule and place; overlapping matches of one rule reduced to the first.

        Without ``alone`` nothing is told of dropped candidates where no other is beside them.
        """
        raws: list[Raw] = []
        literal_of = self.vocabulary.literal
        for number, start in literals:
            word, _, rules = literal_of(number)
            for index in rules:
                self._confirm(data, index, start, len(word), raws, skips)
        verdicts: list[tuple[int, Verdict]] = []
        if gates:
            for (number, low), starts in _by_line(data, gates).items():
                verdict = self._line(data, number, low, starts, skips)
                if verdict:
                    verdicts.append((low, verdict))
        if not verdicts and not raws:
            return []
        if not alone and not _any_open(raws, verdicts):
            return []
        found = {(raw.rule, raw.span.start): raw for raw in raws}
        for low, verdict in verdicts:
            for rule, a, b, c, d, rejected, parts in verdict:
                found[rule, low + a] = Raw(rule, Span(low + a, low + b), Span(low + c, low + d), data[low + c : low + d], parts, rejected)
        if len(found) < 2:
            return list(found.values())
        kept: list[Raw] = []
        live: dict[int, int] = {}
        reach: dict[int, int] = {}
        for key in sorted(found, key=lambda key: (key[1], key[0])):
            raw = found[key]
            # A dropped candidate must not hide the secret that begins inside it (PASSWORD=PASSWORD="...").
            dropped = raw.rejected not in MAYBE
            if raw.span.start >= max(live.get(raw.rule, 0), reach.get(raw.rule, 0) if dropped else 0):
                kept.append(raw)
                (reach if dropped else live)[raw.rule] = raw.span.end
        return kept

    def _line(self, data: bytes, number: int, low: int, starts: list[int], skips: list[Skip]) -> Verdict:
        """What the rules of a gate say about its words in a line, through the memo."""
        high = data.find(b"\n", starts[0], low + MAX_LINE + 1)
        if high < 0:
            if len(data) > low + MAX_LINE:
                return _verdict(self._gated(data, number, starts, skips), low)
            high = len(data)
        line = data[low:high]
        verdict: Verdict | None = self._memo.get(number, line)
        if verdict is None:
            before = len(skips)
            verdict = _verdict(self._gated(data, number, starts, skips), low)
            # What a rule says that looks past the line does not hold for the same line elsewhere.
            if len(skips) == before and not self._looks_on(number):
                self._memo.put(number, line, verdict)
        return verdict

    def _looks_on(self, number: int) -> bool:
        """Whether a rule of a gate looks past the line."""
        known = self._past.get(number)
        if known is None:
            known = self._past[number] = any(self._confirmer(index).rule["lines"] for index in self.vocabulary.gates[number].rules)
        return known

    def _gated(self, data: bytes, number: int, starts: list[int], skips: list[Skip]) -> list[Raw]:
        gate = self.vocabulary.gates[number]
        found: list[Raw] = []
        for start in starts:
            for index in gate.rules:
                self._confirm(data, index, start, 0, found, skips)
            if not gate.named:
                continue
            names = self.vocabulary.names
            low, high = assigned_name(data, start, len(gate.word))
            for index, offset in names.within(data[low:high]):
                before = len(found)
                self._confirm(data, index, low + offset, 0, found, skips)
                # The whole name is part of the match: what opened it may stand before the rule's own words.
                found[before:] = [raw._replace(span=Span(low, raw.span.end)) for raw in found[before:]]
        return found

    def _confirm(self, data: bytes, index: int, start: int, length: int, found: list[Raw], skips: list[Skip]) -> None:
        """Add the matches of one rule at one candidate; ``length`` is the keyword's, 0 behind a gate, which has looked at what follows."""
        confirmer = self._confirmers.get(index) or self._confirmer(index)
        if skips and any(skip.detail == self.ruleset.ids[index] for skip in skips):
            return  # it timed out in this buffer already; once is enough to say so
        try:
            if confirmer.prefix:
                match = confirmer.at(data, start, length)
                if match is not None:
                    found.append(self._raw(confirmer, match))
            else:
                found += [self._raw(confirmer, match) for match in confirmer.around(data, start, length)]
        except TimedOut:
            _time_out(skips, self.ruleset.ids[index])

    def _raw(self, confirmer: Confirmer, match: Any) -> Raw:
        value = match.group("secret")
        names = confirmer.parts
        if names is None:
            names = confirmer.parts = tuple(name for name in match.re.groupindex if name != "secret")
        parts: tuple[tuple[str, bytes], ...] = ()
        if names:
            parts = tuple((name, match.group(name)) for name in names if match.group(name) is not None)
        return Raw(confirmer.index, Span(*match.span()), Span(*match.span("secret")), value, parts, self._judge.value(confirmer.rule, value, match))

    def _finished(self, raw: Raw, decoded: tuple[str, ...], origin: Callable[[Span], Span]) -> Match:
        parts = tuple((name, Secret(value)) for name, value in raw.parts)
        return Match(self.ruleset.ids[raw.rule], origin(raw.span), origin(raw.secret), Secret(raw.value), decoded, parts, raw.rejected)

    def _decode(
        self,
        data: bytes,
        escapes: list[tuple[int, int]],
        forms: list[tuple[int, int]],
        passed: tuple[str, ...],
        origin: Callable[[Span], Span],
        matches: list[Match],
        taken: Taken,
        skips: list[Skip],
    ) -> None:
        """Decode the regions around the hits and scan them, to the depth that is left."""
        seen: set[tuple[str, int, int]] = set()
        for region in self._regions(data, escapes, forms, seen):
            if len(seen) > MAX_REGIONS:
                skips.append(Skip("failed", b"", "too-many-encoded-regions", f"more than {MAX_REGIONS} encoded regions"))
                return
            decoded = (*passed, region.decoder)
            hits = self.prefilter.hits(region.data)

            def back(span: Span, region: Decoded = region) -> Span:
                return origin(region.span(span))

            for raw in self._matches(region.data, hits.literals, hits.gates, skips):
                if region.cut and raw.span.end == len(region.data):
                    continue  # it may go on behind the cut, where the next region has it whole
                match = self._finished(raw, decoded, back)
                # Text that reads the same without decoding was found already.
                if not taken.overlaps(match.rule_id, match.span):
                    matches.append(match)
                    if match.rejected in MAYBE:
                        taken.add(match.rule_id, match.span)
            if len(decoded) < self._depth and (hits.escapes or hits.forms):
                self._decode(region.data, hits.escapes, hits.forms, decoded, back, matches, taken, skips)

    def _regions(self, data: bytes, escapes: list[tuple[int, int]], forms: list[tuple[int, int]], seen: set[tuple[str, int, int]]) -> Any:
        covered: dict[str, int] = {}
        fields = pairs.Fields(data)
        for start, number in sorted([(start, number) for number, start in escapes]):
            decoder = ESCAPES[number].decoder
            if start < covered.get(decoder, 0):
                continue
            if decoder == pairs.NAME:
                region = fields.pair(start)
                if region is None:
                    continue  # each field stands for itself
            else:
                region = BY_ESCAPE[decoder](data, start)
            if region is None:
                # Nothing in this stretch of the line decodes: its further hits need not be tried one by one.
                line = data.find(b"\n", start, start + TEXT // 2)
                covered[decoder] = line if line >= 0 else start + TEXT // 2
            else:
                covered[decoder] = region.end - TEXT // 2 if region.cut else region.end
                seen.add((decoder, region.origins[0], region.end))
                yield region
        area: Area | None = None
        for start, number in sorted([(start, number) for number, start in forms]):
            form = self.vocabulary.forms[number]
            # A run already decoded in this phase holds this hit as well.
            if form.encoding == "base64":
                if area is None or start >= area.reach:
                    area = None
                elif area.decoded(start, form.phase):
                    continue
                key = "base64"
            else:
                key = f"{form.encoding}/{start % 2}"
                if start < covered.get(key, 0):
                    continue
            region = BY_ENCODING[form.encoding](data, start, form.phase)
            if region is None:
                continue
            reach = region.end - LEFT // 2 if region.cut else region.end
            if key != "base64":
                covered[key] = reach
            elif area is None:
                area = Area(region, reach)
            else:
                area.add(start, form.phase)
            seen.add((f"{key}/{start % 4}", region.origins[0], region.end))
            yield region

    def resolved(self, matches: list[Match], path: bytes, data: bytes) -> list[Match]:
        """Apply what depends on the path, let the specific rule win over the generic one, then join what belongs together."""
        judged = []
        for match in matches:
            index = self._index(match.rule_id)
            rule = self._confirmer(index).rule
            reason, confidence = self._judge.place(rule, path, match.rejected)
            judged.append(match if reason == match.rejected and not confidence else match._replace(rejected=reason, confidence=confidence))
        if self.ruleset.foreign:
            from leaksieve.engine.foreign import composed

            judged = composed(judged, data, lambda rule_id: self._confirmer(self._index(rule_id)).rule)
        live = [i for i, match in enumerate(judged) if not match.rejected]
        if len(live) > 1:
            claims = []
            for i in live:
                confirmer = self._confirmer(self._index(judged[i].rule_id))
                claims.append(Claim(judged[i].secret_span, confirmer.specificity, confirmer.rule["confidence"], judged[i].rule_id))
            for lost in losers(claims):
                judged[live[lost]] = judged[live[lost]]._replace(rejected="overlap")
        judged.sort(key=lambda match: (match.secret_span, match.rule_id, match.decoded))
        if not live:
            return judged
        from leaksieve.engine.multipart import join  # a millisecond that a scan without a finding need not spend

        return join(judged, data, path, lambda rule_id: self._confirmer(self._index(rule_id)).rule)

    def _index(self, rule_id: str) -> int:
        if not self._numbers:
            self._numbers = {name: index for index, name in enumerate(self.ruleset.ids)}
        return self._numbers[rule_id]


def _any_open(raws: list[Raw], verdicts: list[tuple[int, Verdict]]) -> bool:
    """Whether one of the matches may still be a finding."""
    for raw in raws:
        if raw.rejected[:1] in OPEN:
            return True
    for _, verdict in verdicts:
        for one in verdict:
            if one[5][:1] in OPEN:
                return True
    return False


def _verdict(raws: list[Raw], low: int) -> Verdict:
    if not raws:
        return ()
    return tuple((r.rule, r.span.start - low, r.span.end - low, r.secret.start - low, r.secret.end - low, r.rejected, r.parts) for r in raws)


def _by_line(data: bytes, gates: list[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    """Gates found, by number and start of their line; the prefilter reports all that stand in a line."""
    if len(gates) == 1:
        number, start = gates[0]
        return {(number, data.rfind(b"\n", 0, start) + 1): [start]}
    lines: dict[tuple[int, int], list[int]] = {}
    low, high = 0, -1
    for number, start in sorted(gates):
        # Once a line, not once a gate: a line of megabytes can hold a million of them.
        if not low <= start <= high:
            low = data.rfind(b"\n", 0, start) + 1
            high = data.find(b"\n", start)
            if high < 0:
                high = len(data)
        lines.setdefault((number, low), []).append(start)
    return lines


def _time_out(skips: list[Skip], rule_id: str) -> None:
    if not any(skip.detail == rule_id for skip in skips):
        skips.append(Skip("failed", b"", "rule-timed-out", rule_id))
