"""The two prefilters: Aho-Corasick (starts in no time) and Hyperscan (bulk), behind one interface.

``hits(data)`` returns the same :class:`Hits` from both, for any input.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from leaksieve.engine.decoders import MIN_RUN
from leaksieve.engine.vocabulary import ESCAPES, Hits, Tail, Vocabulary
from leaksieve.errors import UsageError

# An encoded secret is a run of at least MIN_RUN characters (or a word spread with NULs): without
# one in the input, the encoded spellings need not be loaded at all.
_ENCODED_RUN = re.compile(rb"[A-Za-z0-9+/_\-]{%d}|[\x21-\x7e]\x00[\x21-\x7e]\x00" % MIN_RUN)


class Prefilter(Protocol):
    """Finds candidates in a buffer."""

    name: str

    def hits(self, data: bytes) -> Hits:
        """Every word of the vocabulary in ``data`` with its start; gates are checked with their tail."""


class AhoCorasick:
    """pyahocorasick over text folded to lower case; automata are built when first needed."""

    name = "aho-corasick"

    def __init__(self, vocabulary: Vocabulary) -> None:
        import ahocorasick

        self._make = ahocorasick.Automaton
        self._vocabulary = vocabulary
        self._forms: Any = None
        self._escapes: list[tuple[Any, int]] = []
        words: dict[str, list[tuple[bool, int]]] = {}
        for number, literal in enumerate(vocabulary.literals):
            words.setdefault(literal.word.lower().decode(), []).append((False, number))
        for number, gate in enumerate(vocabulary.gates):
            words.setdefault(gate.word.decode(), []).append((True, number))
        self._plain = self._build(words)

    def _build(self, words: dict[str, list[Any]]) -> Any:
        automaton = self._make()
        for word, who in words.items():
            automaton.add_word(word, (len(word), who))
        automaton.make_automaton()
        return automaton if words else None

    def hits(self, data: bytes) -> Hits:
        """See :class:`Prefilter`."""
        vocabulary = self._vocabulary
        literals: list[tuple[int, int]] = []
        gates: list[tuple[int, int]] = []
        forms: list[tuple[int, int]] = []
        if self._plain is not None:
            # bytes.lower() touches ASCII only and Latin-1 keeps one character a byte: offsets hold.
            for last, (size, who) in self._plain.iter(data.lower().decode("latin-1")):
                start = last - size + 1
                for is_gate, number in who:
                    if is_gate:
                        if vocabulary.gates[number].tail.check.match(data, last + 1):
                            gates.append((number, start))
                    else:
                        literal = vocabulary.literals[number]
                        if literal.ignore_case or data.startswith(literal.word, start):
                            literals.append((number, start))
        if vocabulary.decoders and _ENCODED_RUN.search(data):
            if self._forms is None:
                words: dict[str, list[int]] = {}
                for number, form in enumerate(vocabulary.forms):
                    words.setdefault(form.word.decode("latin-1"), []).append(number)
                self._forms = self._build(words) or ()
            if self._forms:
                for last, (size, numbers) in self._forms.iter(data.decode("latin-1")):
                    forms += [(number, last - size + 1) for number in numbers]
        return Hits(literals, gates, self._find_escapes(data) if vocabulary.decoders else [], forms)

    def _find_escapes(self, data: bytes) -> list[tuple[int, int]]:
        if b"%" not in data and b"\\" not in data and b"&#" not in data:
            return []
        if not self._escapes:
            # A look-ahead reports overlapping occurrences too, as Hyperscan does.
            self._escapes = [(re.compile(b"(?=" + pattern.encode() + b")", re.IGNORECASE), number) for number, (_, pattern, _) in enumerate(ESCAPES)]
        return [(number, match.start()) for pattern, number in self._escapes for match in pattern.finditer(data)]


class Hyperscan:
    """Hyperscan's block mode over one database of everything."""

    name = "hyperscan"

    def __init__(self, vocabulary: Vocabulary) -> None:
        import hyperscan

        self._vocabulary = vocabulary
        self._scan_error = hyperscan.error
        expressions: list[bytes] = []
        flags: list[int] = []
        caseless = hyperscan.HS_FLAG_CASELESS
        for literal in vocabulary.literals:
            expressions.append(_spelled(literal.word) + literal.lead)
            flags.append(caseless if literal.ignore_case else 0)
        self._gates = len(expressions)
        # One expression for all words of a tail: they share its states.
        self._tails: list[tuple[Tail, list[tuple[int, bytes]]]] = []
        for number, gate in enumerate(vocabulary.gates):
            if not self._tails or self._tails[-1][0] is not gate.tail:
                self._tails.append((gate.tail, []))
            self._tails[-1][1].append((number, gate.word))
        for tail, words in self._tails:
            expressions.append(b"(?:" + b"|".join(_spelled(word) for _, word in words) + b")" + tail.bulk)
            flags.append(caseless)
        self._escapes = len(expressions)
        if vocabulary.decoders:
            for _, pattern, _ in ESCAPES:
                expressions.append(pattern.encode())
                flags.append(caseless)
        self._forms = len(expressions)
        for form in vocabulary.forms:
            expressions.append(_spelled(form.word))
            flags.append(0)
        self._lengths = [len(literal.word) + literal.lead_length for literal in vocabulary.literals]
        self._form_lengths = [len(form.word) for form in vocabulary.forms]
        self._database = None
        if expressions:
            self._database = hyperscan.Database()
            self._database.compile(expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions), flags=flags)

    def hits(self, data: bytes) -> Hits:
        """See :class:`Prefilter`."""
        found: list[tuple[int, int]] = []
        if self._database is not None and data:
            append = found.append
            self._database.scan(data, match_event_handler=lambda number, _from, to, _flags, _context: append((number, to)))
        if not found:
            return Hits([], [], [], [])
        literals: list[tuple[int, int]] = []
        gates: set[tuple[int, int]] = set()
        escapes: list[tuple[int, int]] = []
        forms: list[tuple[int, int]] = []
        for number, to in found:
            if number < self._gates:
                literals.append((number, to - self._lengths[number]))
            elif number < self._escapes:
                self._recover(data, number - self._gates, to, gates)
            elif number < self._forms:
                escapes.append((number - self._escapes, to - ESCAPES[number - self._escapes][2]))
            else:
                forms.append((number - self._forms, to - self._form_lengths[number - self._forms]))
        return Hits(literals, list(gates), escapes, forms)

    def _recover(self, data: bytes, which: int, to: int, gates: set[tuple[int, int]]) -> None:
        """Find where the gates' words stand: Hyperscan tells only where a match ended."""
        tail, words = self._tails[which]
        check = tail.check
        for number, word in words:
            low = max(to - tail.span - len(word), 0)
            text = data[low:to].lower()
            place = text.find(word)
            while place >= 0:
                start = low + place
                if (number, start) not in gates and check.match(data, start + len(word)):
                    gates.add((number, start))
                place = text.find(word, place + 1)


def _spelled(word: bytes) -> bytes:
    # Hyperscan ends an expression at a NUL byte without a word: spell every byte out.
    return b"".join(b"\\x%02x" % byte for byte in word)


def make(kind: str, vocabulary: Vocabulary) -> Prefilter:
    """The prefilter by name; UsageError with what to do when Hyperscan cannot be had here."""
    if kind == "aho-corasick":
        return AhoCorasick(vocabulary)
    try:
        return Hyperscan(vocabulary)
    except ImportError:
        raise UsageError("the hyperscan package is not installed", hint="use --engine aho-corasick, or pip install hyperscan") from None
