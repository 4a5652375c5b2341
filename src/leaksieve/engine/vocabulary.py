"""What the prefilters look for: one numbered list of literals, gates, escapes and encoded spellings.

Both prefilters report hits against the same numbers, so that the rest of the engine cannot tell
which of them ran.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from leaksieve.engine import pairs
from leaksieve.ruleset.load import Ruleset
from leaksieve.ruleset.named import CREDENTIAL_WORDS, Names


class Escape(NamedTuple):
    """What opens a decoder: a pattern of fixed ``length``, which holds ``sign`` (in lower case) at ``place``."""

    decoder: str
    pattern: str
    length: int
    sign: bytes
    place: int = 0


# Escapes that are worth decoding.
ESCAPES: tuple[Escape, ...] = (
    # An encoded character that stands inside credentials or between name and value, next to a letter
    # or digit: "%2d" alone is met in every C format string.
    Escape("percent", r"[A-Za-z0-9]%(?:3[AD]|5F|2[DEF]|40|22|27)[A-Za-z0-9%\"'/]", 5, b"%", 1),
    Escape("percent", r"%[2-7][0-9A-F]%[2-7][0-9A-F]%[2-7][0-9A-F]%[2-7][0-9A-F]", 12, b"%"),
    Escape("unicode", r"\\u00[2-7][0-9A-F]", 6, b"\\u00"),
    Escape("unicode", r"\\x[2-7][0-9A-F]\\x[2-7][0-9A-F]\\x[2-7][0-9A-F]\\x[2-7][0-9A-F]", 16, b"\\x"),
    # Letters, digits and what joins names and values; not quotes, which every page holds by the hundred.
    Escape("entity", r"&#(?:4[5-8]|[5-8][0-9]|9[057-9]|1[0-2])", 4, b"&#"),
    Escape("entity", r"&#x(?:2[DEF]|3[0-9AD]|[46][1-9A-F]|5[0-9AF]|7[0-9A])", 5, b"&#"),
    # Its values are base64 by definition, and secret however short.
    Escape("kubernetes-secret", r"(?-i:kind: Secret)", 12, b"kind: secret"),
    Escape("kubernetes-secret", r"(?-i:kind\": \"Secret)", 14, b'kind": "secret'),
    Escape("kubernetes-secret", r"(?-i:kind\":\"Secret)", 13, b'kind":"secret'),
    *(Escape(pairs.NAME, *opening) for opening in pairs.OPENINGS),
)


class Literal(NamedTuple):
    """A keyword and the rules it opens."""

    word: bytes
    ignore_case: bool
    rules: tuple[int, ...]


class Tail:
    """What must follow the words of a gate.

    ``bulk`` is Hyperscan's text, which takes a little more; ``check`` decides; ``span`` bytes is its greatest length.
    """

    __slots__ = ("_check", "_text", "bulk", "span")

    def __init__(self, bulk: bytes, text: bytes, span: int) -> None:
        self.bulk = bulk
        self.span = span
        self._text = text
        self._check: Any = None

    @property
    def check(self) -> Any:
        """The tail compiled, on first use."""
        if self._check is None:
            self._check = re.compile(self._text, re.IGNORECASE)
        return self._check


class Gate(NamedTuple):
    """A common word that counts only with its tail behind it, and the rules it opens; ``named``: also those that the whole name belongs to."""

    word: bytes
    rules: tuple[int, ...]
    tail: Tail
    named: bool = False


class Form(NamedTuple):
    """An encoded spelling of some keyword."""

    word: bytes
    encoding: str
    phase: int


class Hits(NamedTuple):
    """What a prefilter found in one buffer, as (number, start) pairs without duplicates, in no particular order."""

    literals: list[tuple[int, int]]
    gates: list[tuple[int, int]]
    escapes: list[tuple[int, int]]
    forms: list[tuple[int, int]]


class Vocabulary:
    """The numbered words of a ruleset.  ``forms`` is read from the ruleset only when asked for."""

    def __init__(self, ruleset: Ruleset, *, decoders: bool) -> None:
        off = ruleset.disabled
        self.ruleset = ruleset
        self.decoders = decoders
        self.words = ruleset.words
        self._off = off
        self._literals: dict[int, Literal] = {}
        self._leads: dict[int, tuple[str, int]] | None = None
        self.gates: list[Gate] = []
        for bulk, text, span, words in ruleset.gates:
            tail = Tail(bulk.encode(), text.encode(), span)
            # Gates are found in any case; the rule itself says which it wants.  Those without a rule of their own may open named ones.
            for word, who in words:
                kept = tuple(index for index in who if index not in off)
                named = bool(ruleset.names) and word in CREDENTIAL_WORDS
                if kept or named:
                    self.gates.append(Gate(word.lower().encode(), kept, tail, named))
        self._forms: list[Form] | None = None
        self._names: Names | None = None

    def literal(self, number: int) -> Literal:
        """A keyword by number, with the rules that are switched on."""
        known = self._literals.get(number)
        if known is None and number == len(self.words):
            # What is tried in every buffer, without a word.
            known = self._literals[number] = Literal(b"", True, tuple(index for index in self.ruleset.foreign["always"] if index not in self._off))
        if known is None:
            kept = tuple(index for index in self.ruleset.who(number) if index not in self._off)
            known = self._literals[number] = Literal(self.words[number].encode("latin-1"), self.ruleset.ignore[number] == "1", kept)
        return known

    def lead(self, number: int) -> tuple[bytes, int]:
        """What must follow a weak keyword, for bulk matching: a pattern of single classes, and how many."""
        if self._leads is None:
            self._leads = self.ruleset.leads
        text, length = self._leads.get(number, ("", 0))
        return text.encode(), length

    @property
    def names(self) -> Names:
        """Names of rules that know their value by the name it is assigned to."""
        if self._names is None:
            self._names = Names(*self.ruleset.named)
        return self._names

    @property
    def forms(self) -> list[Form]:
        """Encoded spellings; empty when decoding is off."""
        if self._forms is None:
            self._forms = [Form(word.encode("latin-1"), kind, phase) for word, kind, phase in self.ruleset.encoded] if self.decoders else []
        return self._forms
