"""Fields of JSON that are named like credentials and hold none: found out before anything dearer is asked.

Logs have such fields in every line (``"token_type": "bearer"``, ``"api_key_id": 635378``), and one look at the name and at
the kind of value tells that no rule makes a finding of them.  Dropped is only what every rule behind the gate would drop.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaksieve.engine.prefilter import Hyperscan, Prefilter
from leaksieve.ruleset.named import CREDENTIAL_WORDS, name_at_end

if TYPE_CHECKING:
    from leaksieve.engine.vocabulary import Vocabulary

# How far before a hit its field may begin, and how much longer a field's name may be.
_FAR = 256
_LONGEST = 48
# Nothing that is assigned something and is found by a gate is as short as this, its colon and quotes included.
_SHORT = 10
# A value in which nothing is assigned to anything: no match begins inside it.
_VALUE = re.compile(rb"[ \t]?(?:\"([\w.+/ @\-]*)\"|(-?[0-9][0-9.]*|true|false|null))(?=[ \t]?[,}\]\r\n])")
_NAME = re.compile(rb"[A-Za-z0-9_.\-]{1,%d}\Z" % _LONGEST)
_NEXT_NAME = re.compile(rb"\"([A-Za-z_.\-]{1,64})\"[ \t]?:")
_MOST_KNOWN = 10_000
# No value, whatever it is; none of a number, true, false or null; any may be one.
_NEVER, _NO_PLAIN, _MAY = 2, 1, 0


class Fields:
    """Drops hits of the gates of credential words in fields that hold no credential."""

    def __init__(self, prefilter: Prefilter, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        tails = prefilter.tails() if isinstance(prefilter, Hyperscan) else []
        self._numbers = frozenset(number for number, words in tails if self._is_plain(words))
        self._gates = frozenset(number for number in range(len(vocabulary.gates)) if self._is_plain([number]))
        self._known: dict[bytes, int] = {}
        self._nameless: dict[bytes, bool] = {}

    def _is_plain(self, gates: list[int]) -> bool:
        """Whether only generic rules, and those that know a value by a provider's name, stand behind gates."""
        vocabulary = self._vocabulary
        rules = {index for number in gates for index in vocabulary.gates[number].rules}
        return all(vocabulary.gates[number].word.decode() in CREDENTIAL_WORDS for number in gates) and all(
            vocabulary.ruleset.rule(index)["family"] == "generic" and "foreign" not in vocabulary.ruleset.rule(index) for index in rules
        )

    def living(self, data: bytes, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """What is left of Hyperscan's matches, given as (number, end)."""
        numbers, known = self._numbers, self._known
        kept = []
        dead = -1
        find, rfind, value_at = data.find, data.rfind, _VALUE.match
        for hit in found:
            number, to = hit
            if number not in numbers:
                kept.append(hit)
                continue
            if to <= dead:
                continue
            low = to - _FAR if to > _FAR else 0
            colon = rfind(b'":', low, to)
            if colon >= 0:
                name = data[rfind(b'"', low, colon) + 1 : colon]
                verdict = known.get(name)
                if verdict is None:
                    verdict = self._judge(name)
                if verdict == _NEVER and to <= colon + _SHORT and find(b'"', colon + 4, to) < 0:
                    continue
                if verdict:
                    value = value_at(data, colon + 2)
                    if value is not None and value.end() >= to:
                        if verdict == _NEVER or value.start(2) >= 0:
                            dead = value.end()
                            continue
                    elif self._is_next_name(data, low, to):
                        continue
                elif self._is_next_name(data, low, to):
                    continue
            kept.append(hit)
        return kept

    def living_gates(self, data: bytes, gates: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The same for gates, given as (number, start)."""
        plain, known = self._gates, self._known
        kept = []
        for gate in gates:
            number, start = gate
            if number in plain:
                colon = data.find(b'":', start, start + _LONGEST)
                quote = data.rfind(b'"', max(start - _LONGEST, 0), colon) if colon >= 0 else -1
                # A word in a value stands before the next field's name, not in it.
                if 0 <= quote < start:
                    name = data[quote + 1 : colon]
                    verdict = known.get(name)
                    if verdict is None:
                        verdict = self._judge(name)
                    if verdict and (value := _VALUE.match(data, colon + 2)) is not None and (verdict == _NEVER or value.start(2) >= 0):
                        continue
            kept.append(gate)
        return kept

    def _judge(self, name: bytes) -> int:
        from leaksieve.ruleset.generic import is_about

        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        verdict = _MAY
        if _NAME.match(name) and not self._vocabulary.names.within(name):
            verdict = _NEVER if is_about(name) else _NO_PLAIN
        self._known[name] = verdict
        return verdict

    def _is_next_name(self, data: bytes, low: int, to: int) -> bool:
        """Whether a hit goes from the end of one field's value (``"password",``) into the name of the next, which is no value."""
        quote = data.rfind(b'"', low, to)
        if quote < 0 or _NEXT_NAME.match(data, quote) is None:
            return False
        before = data[low:quote].rstrip(b" \t")
        if not before.endswith(b'",'):
            return False
        word = name_at_end(before[:-2])
        nameless = self._nameless.get(word)
        if nameless is None:
            if len(self._nameless) >= _MOST_KNOWN:
                self._nameless.clear()
            nameless = self._nameless[word] = len(word) <= _LONGEST and not self._vocabulary.names.within(word)
        return nameless
