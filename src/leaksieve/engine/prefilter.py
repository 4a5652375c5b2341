"""The two prefilters: Aho-Corasick (starts in no time) and Hyperscan (bulk), behind one interface.

``hits(data)`` returns the same :class:`Hits` from both, for any input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from leaksieve.engine.decoders import MIN_RUN
from leaksieve.engine.memo import MAX_LINE, Memo
from leaksieve.engine.trigrams import Trigrams
from leaksieve.engine.vocabulary import ESCAPES, Gate, Hits, Vocabulary
from leaksieve.errors import UsageError
from leaksieve.ruleset.encoded import HEAD

# Where an encoded secret can stand: in a run of at least MIN_RUN characters, or on the lines behind one, which may go on with it.
_ENCODED = re.compile(rb"[A-Za-z0-9+/_\-]{%d,}(?:\r?\n[ \t]*[A-Za-z0-9+/_\-]+)*" % MIN_RUN)
# And one in UTF-16: characters spread with NULs.
_SPREAD = re.compile(rb"[\x21-\x7e]\x00[\x21-\x7e]\x00")
# What a text without an escape has none of.
_SIGNS = sorted({escape.sign for escape in ESCAPES})

NOTHING = Hits([], [], [], [])


class Prefilter(Protocol):
    """Finds candidates in a buffer."""

    name: str

    def hits(self, data: bytes) -> Hits:
        """Every word of the vocabulary in ``data`` with its start; gates are checked with their tail."""


# Bytes of lines whose gates are remembered.
LINES = 8 * 1024 * 1024
# Up to this many bytes in all a table is quicker than building an automaton.
FEW_BYTES = 32 * 1024


class _Automaton:
    """pyahocorasick's automaton over numbered words, which need not differ."""

    def __init__(self, words: list[str]) -> None:
        import ahocorasick

        automaton = ahocorasick.Automaton()
        numbers: dict[str, list[int]] = {}
        for number, word in enumerate(words):
            numbers.setdefault(word, []).append(number)
        for word, who in numbers.items():
            automaton.add_word(word, (len(word), who))
        automaton.make_automaton()
        self._automaton = automaton if numbers else None

    def iter(self, text: str) -> Iterator[tuple[int, int]]:
        """(number, start) of every occurrence."""
        if self._automaton is None:
            return
        for last, (size, numbers) in self._automaton.iter(text):
            for number in numbers:
                yield number, last - size + 1


class AhoCorasick:
    """pyahocorasick over text folded to lower case; automata are built when first needed."""

    name = "aho-corasick"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._read = 0
        # Keywords first, gates after them, under one numbering.
        self._first_gate = len(vocabulary.words)
        self._words = [word.lower() for word in vocabulary.words] + [gate.word.decode() for gate in vocabulary.gates]
        self._plain: Any = None
        self._forms: Any = None
        self._heads: frozenset[str] = frozenset()
        self._escapes: dict[bytes, list[tuple[int, int, Any]]] = {}

    def _finder(self, known: Any, words: Callable[[], list[str]]) -> Any:
        """What finds these words: a table for the first kilobytes, an automaton from then on."""
        if self._read <= FEW_BYTES:
            return known or Trigrams(words())
        return known if isinstance(known, _Automaton) else _Automaton(words())

    def hits(self, data: bytes) -> Hits:
        """See :class:`Prefilter`."""
        vocabulary = self._vocabulary
        self._read += len(data)
        literals: list[tuple[int, int]] = []
        gates: list[tuple[int, int]] = []
        forms: list[tuple[int, int]] = []
        self._plain = self._finder(self._plain, lambda: self._words)
        # bytes.lower() touches ASCII only and Latin-1 keeps one character a byte: offsets hold.
        lowered = data.lower()
        for number, start in self._plain.iter(lowered.decode("latin-1")):
            if number >= self._first_gate:
                gate = vocabulary.gates[number - self._first_gate]
                if gate.tail.check.match(data, start + len(gate.word)):
                    gates.append((number - self._first_gate, start))
            else:
                literal = vocabulary.literal(number)
                if literal.ignore_case or data.startswith(literal.word, start):
                    literals.append((number, start))
        if vocabulary.decoders and self._may_be_encoded(data):
            self._forms = self._finder(self._forms, lambda: vocabulary.ruleset.encoded_words)
            forms += self._forms.iter(data.decode("latin-1"))
        escapes = self._find_escapes(data, lowered) if vocabulary.decoders else []
        return Hits(literals, gates, escapes, forms) if literals or gates or escapes or forms else NOTHING

    def _may_be_encoded(self, data: bytes) -> bool:
        """Whether encoded spellings need be looked for; most source text holds none of their beginnings."""
        if b"\0" in data and _SPREAD.search(data):
            return True
        if self._read > FEW_BYTES:
            # The automaton tells in less time.
            return _ENCODED.search(data) is not None
        runs = [run.decode("latin-1") for run in _ENCODED.findall(data)]
        if runs and not self._heads:
            self._heads = self._vocabulary.ruleset.encoded_heads
        return any(not self._heads.isdisjoint({run[at : at + HEAD] for at in range(len(run) - HEAD + 1)}) for run in runs)

    def _find_escapes(self, data: bytes, lowered: bytes) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for sign in _SIGNS:
            place = lowered.find(sign)
            if place < 0:
                continue
            if sign not in self._escapes:
                self._escapes[sign] = [
                    (number, escape.place, re.compile(escape.pattern.encode(), re.IGNORECASE).match)
                    for number, escape in enumerate(ESCAPES)
                    if escape.sign == sign
                ]
            checks = self._escapes[sign]
            while place >= 0:
                # What overlaps is reported as well, as Hyperscan does.
                found += [(number, place - before) for number, before, check in checks if before <= place and check(data, place - before)]
                place = lowered.find(sign, place + 1)
        return found


class Patterns(NamedTuple):
    """What one Hyperscan database is compiled from, as parallel lists."""

    expressions: list[bytes]
    ids: list[int]
    flags: list[int]


def _collector() -> tuple[list[tuple[int, int]], Callable[..., Any]]:
    """A list, and what Hyperscan calls to put matches into it."""
    found: list[tuple[int, int]] = []
    append = found.append
    return found, lambda number, _from, to, _flags, _context: append((number, to))


def compile_database(patterns: Patterns) -> Any:
    """A Hyperscan database; its scratch space is made on first use."""
    import hyperscan

    database = hyperscan.Database()
    database.compile(expressions=patterns.expressions, ids=patterns.ids, elements=len(patterns.ids), flags=patterns.flags)
    return database


def compile_all(several: list[Patterns]) -> list[Any]:
    """One database after the other."""
    return [compile_database(patterns) for patterns in several]


class Hyperscan:
    """Hyperscan's block mode, over one database of what stands in plain text and one of encoded spellings.

    As two databases they compile side by side if ``compiler`` can, as one (``joined``) they scan half
    as fast again: two for what is soon read, one for bulk.
    """

    name = "hyperscan"

    def __init__(self, vocabulary: Vocabulary, compiler: Callable[[list[Patterns]], list[Any]] = compile_all, *, joined: bool = True) -> None:
        import hyperscan

        self._vocabulary = vocabulary
        caseless = hyperscan.HS_FLAG_CASELESS
        plain: list[tuple[bytes, int]] = []
        self._lengths: list[int] = []
        for number in range(len(vocabulary.words)):
            literal = vocabulary.literal(number)
            lead, length = vocabulary.lead(number)
            plain.append((_spelled(literal.word) + lead, caseless if literal.ignore_case else 0))
            self._lengths.append(len(literal.word) + length)
        self._gates = len(plain)
        # One expression for all words with the same tail in bulk: they share its states.
        groups: dict[bytes, list[tuple[int, Gate]]] = {}
        for number, gate in enumerate(vocabulary.gates):
            groups.setdefault(gate.tail.bulk, []).append((number, gate))
        self._tails = list(groups.values())
        for bulk, group in groups.items():
            plain.append((b"(?:" + b"|".join(_spelled(word) for word in dict.fromkeys(gate.word for _, gate in group)) + b")" + bulk, caseless))
        self._escapes = len(plain)
        if vocabulary.decoders:
            escapes = [(which, spelling) for which, escape in enumerate(ESCAPES) for spelling in _spellings(escape.pattern)]
            self._escape = [which for which, _ in escapes]
            plain += [(spelling.encode(), caseless) for _, spelling in escapes]
        self._forms = len(plain)
        encoded = [(_spelled(form.word), 0) for form in vocabulary.forms]
        self._form_lengths = [len(form.word) for form in vocabulary.forms]
        several = [
            Patterns([text for text, _ in part], list(range(first, first + len(part))), [flag for _, flag in part])
            for first, part in (((0, plain + encoded),) if joined else ((0, plain), (self._forms, encoded)))
            if part
        ]
        # How far past the end of a line a match may reach that begins in it, bytes: tails never do, words and what must follow them may.
        self.beyond = max([*self._lengths, *self._form_lengths, *(escape.length for escape in ESCAPES)], default=0)
        self._longest = max((len(gate.word) for gate in vocabulary.gates), default=0)
        self._databases = compiler(several)
        self._scans = [database.scan for database in self._databases]
        self._ready = _collector()
        self._lines = Memo(LINES)

    def hits(self, data: bytes) -> Hits:
        """See :class:`Prefilter`."""
        found = self.ends(data)
        return self.starts(data, found) if found else NOTHING

    def ends(self, data: bytes | memoryview) -> list[tuple[int, int]]:
        """What Hyperscan says of a buffer: (number of the expression, where a match of it ends)."""
        found, handler = self._ready
        if found:  # a scan was interrupted
            found, handler = self._ready = _collector()
        if data:
            for scan in self._scans:
                scan(data, handler)
            if found:
                # Made anew only when it was used: most files are small and hold nothing.
                self._ready = _collector()
                return found
        return []

    def starts(self, data: bytes, found: list[tuple[int, int]]) -> Hits:
        """Hits from where Hyperscan's matches in ``data`` end."""
        literals: list[tuple[int, int]] = []
        gates: list[tuple[int, int]] = []
        escapes: list[tuple[int, int]] = []
        forms: list[tuple[int, int]] = []
        lines: set[tuple[int, int]] = set()
        looked: dict[tuple[int, int], bool] = {}
        first_gate, first_escape, first_form, lengths = self._gates, self._escapes, self._forms, self._lengths
        # Of the line last looked at: where it begins and ends (a gate never reaches over a line break), and whether it is short enough to be remembered.
        tail, low, high, whole = -1, 0, -1, False
        for number, to in found:
            if number < first_gate:
                literals.append((number, to - lengths[number]))
            elif number < first_escape:
                if not low < to <= high:
                    far = to - MAX_LINE if to > MAX_LINE else 0
                    low = data.rfind(b"\n", far, to) + 1
                    limit = (low or far) + MAX_LINE
                    high = data.find(b"\n", to, limit)
                    if high < 0 and len(data) <= limit:
                        high = len(data)
                    whole = high >= 0 and (low > 0 or not far)
                    if not whole:
                        high = -1
                elif number == tail:
                    continue  # the line was read for another end of this tail
                tail = number
                if not whole:
                    self._recover(data, number - first_gate, to, looked)
                elif (number, low) not in lines:
                    lines.add((number, low))
                    for gate, place in self._in_line(number - first_gate, data[low:high]):
                        gates.append((gate, low + place))
            elif number < first_form:
                which = self._escape[number - first_escape]
                escapes.append((which, to - ESCAPES[which].length))
            else:
                forms.append((number - first_form, to - self._form_lengths[number - first_form]))
        if looked:
            gates += [gate for gate, passed in looked.items() if passed]
        return Hits(literals, gates, escapes, forms)

    def tails(self) -> list[tuple[int, list[int]]]:
        """The expressions of gates: their number, and the gates they stand for."""
        return [(self._gates + which, [number for number, _ in group]) for which, group in enumerate(self._tails)]

    def _in_line(self, which: int, line: bytes) -> tuple[tuple[int, int], ...]:
        """The gates of a tail in a line, as (number, place in the line), through the memory of lines."""
        known: tuple[tuple[int, int], ...] | None = self._lines.get(which, line)
        if known is None:
            text = line.lower()
            found = []
            for number, gate in self._tails[which]:
                word = gate.word
                place = text.find(word)
                while place >= 0:
                    if gate.tail.check.match(line, place + len(word)):
                        found.append((number, place))
                    place = text.find(word, place + 1)
            known = tuple(found)
            self._lines.put(which, line, known)
        return known

    def _recover(self, data: bytes, which: int, to: int, gates: dict[tuple[int, int], bool]) -> None:
        """Find where the gates' words stand in a long line: Hyperscan tells only where a match ended."""
        group = self._tails[which]
        # The widest tail and word back, or to the start of the line.
        low = max(to - max(gate.tail.span for _, gate in group) - self._longest, 0)
        low = max(low, data.rfind(b"\n", low, to) + 1)
        text = data[low:to].lower()
        for number, gate in group:
            word = gate.word
            place = text.find(word)
            while place >= 0:
                start = low + place
                if (number, start) not in gates:
                    # A long value ends many matches: each word is checked once.
                    gates[number, start] = gate.tail.check.match(data, start + len(word)) is not None
                place = text.find(word, place + 1)


def _spellings(escape: str) -> list[str]:
    """An escape as several that begin with two fixed characters: every ``%`` by itself would be looked at closely."""
    return [f"%{digit}" + escape.removeprefix("%[2-7]") for digit in range(2, 8)] if escape.startswith("%[2-7]") else [escape]


_SPELLED = [bytes((byte,)) if bytes((byte,)).isalnum() else b"\\x%02x" % byte for byte in range(256)]


def _spelled(word: bytes) -> bytes:
    # Hyperscan ends an expression at a NUL byte without a word, and gives some bytes a meaning: spell out what is neither letter nor digit.
    return word if word.isalnum() else b"".join(_SPELLED[byte] for byte in word)


def make(kind: str, vocabulary: Vocabulary, compiler: Callable[[list[Patterns]], list[Any]] = compile_all, *, joined: bool = True) -> Prefilter:
    """The prefilter by name; UsageError with what to do when Hyperscan cannot be had here."""
    if vocabulary.ruleset.foreign.get("whole"):
        from leaksieve.engine.foreign import WholeBuffers

        return WholeBuffers(_made(kind, vocabulary, compiler, joined=joined), vocabulary)
    return _made(kind, vocabulary, compiler, joined=joined)


def _made(kind: str, vocabulary: Vocabulary, compiler: Callable[[list[Patterns]], list[Any]], *, joined: bool) -> Prefilter:
    if kind == "aho-corasick":
        return AhoCorasick(vocabulary)
    try:
        return Hyperscan(vocabulary, compiler, joined=joined)
    except ImportError:
        raise UsageError("the hyperscan package is not installed", hint="use --engine aho-corasick, or pip install hyperscan") from None
