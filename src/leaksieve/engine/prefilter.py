"""The two prefilters: Aho-Corasick (starts in no time) and Hyperscan (bulk), behind one interface.

``hits(data)`` returns the same :class:`Hits` from both, for any input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from leaksieve.engine import pairs
from leaksieve.engine.decoders import MIN_RUN
from leaksieve.engine.memo import MAX_LINE, Memo
from leaksieve.engine.trigrams import Trigrams
from leaksieve.engine.vocabulary import ESCAPES, Hits, Tail, Vocabulary
from leaksieve.errors import UsageError

# An encoded secret is a run of at least MIN_RUN characters (or a word spread with NULs): without
# one in the input, the encoded spellings need not be loaded at all.
_ENCODED_RUN = re.compile(rb"[A-Za-z0-9+/_\-]{%d}|[\x21-\x7e]\x00[\x21-\x7e]\x00" % MIN_RUN)


# Openings of values' fields come last.
_FIRST_FIELD = next(number for number, (decoder, _, _) in enumerate(ESCAPES) if decoder == pairs.NAME)

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
        self._escapes: list[tuple[Any, int]] = []
        self._fields: Any = None

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
        if vocabulary.decoders and _ENCODED_RUN.search(data):
            self._forms = self._finder(self._forms, lambda: vocabulary.ruleset.encoded_words)
            forms += self._forms.iter(data.decode("latin-1"))
        escapes = self._find_escapes(data, lowered) if vocabulary.decoders else []
        return Hits(literals, gates, escapes, forms) if literals or gates or escapes or forms else NOTHING

    def _find_escapes(self, data: bytes, lowered: bytes) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        if b"%" in data or b"\\" in data or b"&#" in data or b": Secret" in data or b'"Secret' in data:
            if not self._escapes:
                # A look-ahead reports overlapping occurrences too, as Hyperscan does.
                self._escapes = [(_ahead(pattern), number) for number, (decoder, pattern, _) in enumerate(ESCAPES) if decoder != pairs.NAME]
            found += [(number, match.start()) for pattern, number in self._escapes for match in pattern.finditer(data)]
        if any(hint in lowered for hint in pairs.HINTS):
            if self._fields is None:
                # No two of them begin at one place; one may begin where another ends.
                self._fields = _ahead("|".join(f"({pattern})" for _, pattern, _ in ESCAPES[_FIRST_FIELD:]))
            found += [(_FIRST_FIELD + match.lastindex - 1, match.start()) for match in self._fields.finditer(data)]
        return found


def _ahead(pattern: str) -> Any:
    return re.compile(b"(?=" + pattern.encode() + b")", re.IGNORECASE)


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
        # One expression for all words of a tail: they share its states.
        self._tails: list[tuple[Tail, list[tuple[int, bytes]]]] = []
        for number, gate in enumerate(vocabulary.gates):
            if not self._tails or self._tails[-1][0] is not gate.tail:
                self._tails.append((gate.tail, []))
            self._tails[-1][1].append((number, gate.word))
        for tail, words in self._tails:
            plain.append((b"(?:" + b"|".join(_spelled(word) for _, word in words) + b")" + tail.bulk, caseless))
        self._escapes = len(plain)
        if vocabulary.decoders:
            bulk = [(which, spelling) for which, (_, pattern, _) in enumerate(ESCAPES) for spelling in _spellings(pattern)]
            self._escape = [which for which, _ in bulk]
            plain += [(spelling.encode(), caseless) for _, spelling in bulk]
        self._forms = len(plain)
        encoded = [(_spelled(form.word), 0) for form in vocabulary.forms]
        self._form_lengths = [len(form.word) for form in vocabulary.forms]
        several = [
            Patterns([text for text, _ in part], list(range(first, first + len(part))), [flag for _, flag in part])
            for first, part in (((0, plain + encoded),) if joined else ((0, plain), (self._forms, encoded)))
            if part
        ]
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
        tail, low, high = -1, 0, -1
        for number, to in found:
            if number < self._gates:
                literals.append((number, to - self._lengths[number]))
            elif number < self._escapes:
                if number == tail and low < to <= high:
                    continue  # the line was read for another end of this tail
                tail = number
                # A gate never reaches over a line break.
                far = max(to - MAX_LINE, 0)
                low = data.rfind(b"\n", far, to) + 1
                high = data.find(b"\n", to, (low or far) + MAX_LINE)
                if high < 0 and len(data) <= (low or far) + MAX_LINE:
                    high = len(data)
                if (low or not far) and high >= 0:
                    if (number, low) not in lines:
                        lines.add((number, low))
                        gates += [(gate, low + place) for gate, place in self._in_line(number - self._gates, data[low:high])]
                else:
                    self._recover(data, number - self._gates, to, looked)
            elif number < self._forms:
                which = self._escape[number - self._escapes]
                escapes.append((which, to - ESCAPES[which][2]))
            else:
                forms.append((number - self._forms, to - self._form_lengths[number - self._forms]))
        if looked:
            gates += [gate for gate, passed in looked.items() if passed]
        return Hits(literals, gates, escapes, forms)

    def tails(self) -> list[tuple[int, list[int]]]:
        """The expressions of gates: their number, and the gates they stand for."""
        return [(self._gates + which, [gate for gate, _ in words]) for which, (_, words) in enumerate(self._tails)]

    def _in_line(self, which: int, line: bytes) -> tuple[tuple[int, int], ...]:
        """The gates of a tail in a line, as (number, place in the line), through the memory of lines."""
        known: tuple[tuple[int, int], ...] | None = self._lines.get(which, line)
        if known is None:
            tail, words = self._tails[which]
            check = tail.check
            text = line.lower()
            found = []
            for number, word in words:
                place = text.find(word)
                while place >= 0:
                    if check.match(line, place + len(word)):
                        found.append((number, place))
                    place = text.find(word, place + 1)
            known = tuple(found)
            self._lines.put(which, line, known)
        return known

    def _recover(self, data: bytes, which: int, to: int, gates: dict[tuple[int, int], bool]) -> None:
        """Find where the gates' words stand in a long line: Hyperscan tells only where a match ended."""
        tail, words = self._tails[which]
        check = tail.check
        # The widest tail and word back, or to the start of the line.
        low = max(to - tail.span - self._longest, 0)
        low = max(low, data.rfind(b"\n", low, to) + 1)
        text = data[low:to].lower()
        for number, word in words:
            place = text.find(word)
            while place >= 0:
                start = low + place
                if (number, start) not in gates:
                    # A long value ends many matches: each word is checked once.
                    gates[number, start] = check.match(data, start + len(word)) is not None
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
