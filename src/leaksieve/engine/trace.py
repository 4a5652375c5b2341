"""An engine that remembers how it came to its answer: words hit, rules tried, regions decoded, verdicts and their grounds.

It runs the same code as a scan and listens at its seams, so what it tells is what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from leaksieve.engine.confirm import Confirmer
from leaksieve.engine.filters import Judge
from leaksieve.engine.matcher import Engine
from leaksieve.engine.overlap import Claim, losers
from leaksieve.engine.vocabulary import Hits
from leaksieve.model import Match, Skip, Span
from leaksieve.ruleset.load import Ruleset


class Layer(NamedTuple):
    """The text itself, or what was decoded from a region of it; ``back`` leads from its bytes to the text's."""

    data: bytes
    decoded: tuple[str, ...]
    back: Callable[[Span], Span]


class Word(NamedTuple):
    """A keyword, or a gate (a common word with what must follow it), that was hit; ``span`` is in the text."""

    word: bytes
    gate: bool
    span: Span
    decoded: tuple[str, ...]
    rules: tuple[str, ...]


class Attempt(NamedTuple):
    """A rule tried at a place of a layer; ``matched`` says whether its pattern fits there."""

    rule_id: str
    layer: int
    start: int
    matched: bool


class Judged(NamedTuple):
    """A match with its ground.

    ``groups`` is the pattern's own match (None if it is not known), ``layer`` the number of the layer it lies in.  ``winner`` is the rule that
    an overlap was lost to, else "".
    """

    match: Match
    layer: int
    groups: Any
    winner: str


class Trace(NamedTuple):
    """Everything about one text, in order of place."""

    layers: list[Layer]
    words: list[Word]
    attempts: list[Attempt]
    judged: list[Judged]
    skips: list[Skip]


def trace(ruleset: Ruleset, data: bytes, path: bytes, *, decode_depth: int = 3, timeout: float = 2.0) -> Trace:
    """Scan a text as the file ``path`` and tell how it went."""
    return _Tracer(ruleset, decode_depth=decode_depth, timeout=timeout, memo_bytes=0, judge=_Listener()).trace(data, path)


def _through(outer: Callable[[Span], Span], inner: Callable[[Span], Span]) -> Callable[[Span], Span]:
    return lambda span: outer(inner(span))


class _Listener(Judge):
    """Keeps the pattern's match behind every verdict."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def value(self, rule: dict[str, Any], secret: bytes, match: Any, *more: Any) -> Any:
        self.heard.append((rule["id"], match))
        return super().value(rule, secret, match, *more)


class _Watched(Confirmer):
    """Notes every place where its rule is tried."""

    __slots__ = ("seen",)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.seen: list[tuple[bytes, int, bool]] = []

    def at(self, data: bytes, start: int, *more: Any) -> Any:
        match = super().at(data, start, *more)
        self.seen.append((data, start, match is not None))
        return match

    def around(self, data: bytes, start: int, *more: Any) -> Any:
        found = super().around(data, start, *more)
        self.seen.append((data, start, bool(found)))
        return found


class _Heard:
    """A prefilter whose answers are kept."""

    def __init__(self, prefilter: Any) -> None:
        self._prefilter = prefilter
        self.name = prefilter.name
        self.answers: list[tuple[bytes, Hits]] = []

    def hits(self, data: bytes) -> Hits:
        hits: Hits = self._prefilter.hits(data)
        self.answers.append((data, hits))
        return hits


class _Tracer(Engine):
    def __init__(self, ruleset: Ruleset, *, judge: _Listener, **options: Any) -> None:
        super().__init__(ruleset, judge=judge, **options)
        self._listener = judge
        self._heard = _Heard(self.prefilter)
        self.prefilter = self._heard
        self._layers: list[Layer] = []

    def trace(self, data: bytes, path: bytes) -> Trace:
        self._layers = [Layer(data, (), lambda span: span)]
        result = self.scan(data, path)
        words = [word for buffer, hits in self._heard.answers for word in self._words(self._layer(buffer), hits)]
        attempts = [
            Attempt(confirmer.rule["id"], self._layer(buffer), start, matched)
            for confirmer in self._confirmers.values()
            if isinstance(confirmer, _Watched)
            for buffer, start, matched in confirmer.seen
        ]
        attempts = sorted(set(attempts), key=lambda one: (one.layer, one.start, one.rule_id))
        words.sort(key=lambda word: (word.decoded, word.span, word.word))
        judged = [self._judged(match, result.matches) for match in result.matches]
        return Trace(self._layers, words, attempts, judged, result.skips)

    def _confirmer(self, index: int) -> Confirmer:
        known = self._confirmers.get(index)
        if known is None:
            known = self._confirmers[index] = _Watched(index, self.ruleset.rule(index), self._timeout)
        return known

    def _regions(self, data: bytes, *more: Any) -> Any:
        outer = self._layers[self._layer(data)]
        for region in super()._regions(data, *more):
            self._layers.append(Layer(region.data, (*outer.decoded, region.decoder), _through(outer.back, region.span)))
            yield region

    def _layer(self, data: bytes) -> int:
        return next(number for number, layer in enumerate(self._layers) if layer.data is data)

    def _words(self, number: int, hits: Hits) -> list[Word]:
        layer, ids, vocabulary = self._layers[number], self.ruleset.ids, self.vocabulary
        found = []
        for gate, pairs, book in ((False, hits.literals, vocabulary.literal), (True, hits.gates, vocabulary.gates.__getitem__)):
            for which, start in pairs:
                entry: Any = book(which)
                span = layer.back(Span(start, start + len(entry.word)))
                found.append(Word(entry.word, gate, span, layer.decoded, tuple(ids[index] for index in entry.rules)))
        return found

    def _judged(self, match: Match, every: list[Match]) -> Judged:
        layer, groups = next(
            (
                (number, groups)
                for rule_id, groups in self._listener.heard
                if rule_id == match.rule_id
                for number in [self._layer(groups.string)]
                # What is joined to a match later changes its extent, not its secret.
                if self._layers[number].decoded == match.decoded and self._layers[number].back(Span(*groups.span("secret"))) == match.secret_span
            ),
            (0, None),
        )
        return Judged(match, layer, groups, self._winner(match, every) if match.rejected == "overlap" else "")

    def _winner(self, match: Match, every: list[Match]) -> str:
        """The rule of the live match that takes this one's place."""
        for other in every:
            if not other.rejected and losers([self._claim(match), self._claim(other)]) == {0}:
                return other.rule_id
        return ""

    def _claim(self, match: Match) -> Claim:
        rule = self._confirmer(self._index(match.rule_id)).rule
        return Claim(match.secret_span, rule["specificity"], rule["confidence"], match.rule_id)
