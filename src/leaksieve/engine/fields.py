"""Fields of JSON that are named like credentials and hold none: found out before anything dearer is asked.

Logs have such fields in every line (``"token_type": "bearer"``, ``"api_key_id": 635378``), and one look at the name and at
the kind of value tells that no rule makes a finding of them.  Dropped is only what every rule behind the gate would drop.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaksieve.engine.prefilter import Hyperscan, Patterns, Prefilter, compile_all
from leaksieve.ruleset.assign import BULK_ARGUMENT, BULK_NAME, BULK_OPERATOR, BULK_TAIL, ENTITY, KEY_BULK
from leaksieve.ruleset.named import CREDENTIAL_WORDS, name_at_end

if TYPE_CHECKING:
    from typing import Any

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
# The tails of gates in bulk, so that they end fewer times and in fewer places, none of which could be a finding.
_STOP = r"\s\"'`,;<>(){}\[\]"
_ANY = rf"[^{_STOP}]"
# Keys: more than their tail takes in one piece, which Hyperscan runs twice as fast, and of their values one end, at the first digit.
_NO_DIGIT = rf"[^{_STOP}0-9]"
_FIRST_DIGIT = (
    rf"(?:{_NO_DIGIT}{{4,}}[0-9]|{_NO_DIGIT}{{0,3}}[0-9]{_ANY}{{4}}"
    # Too short for four characters behind the first digit, with four before the last.
    rf"|{_NO_DIGIT}[0-9]{_ANY}{{2}}[0-9]|{_NO_DIGIT}{{2}}[0-9]{_ANY}{{1,2}}[0-9]|{_NO_DIGIT}{{3}}[0-9]{_ANY}{{0,2}}[0-9])"
)
# ``value`` in it would make another piece of every name; as an expression of its own it is looked for only where it stands (``key="ApiKey" value="..."``).
_KEY_VALUE = (
    r"[=:>|?<,(](?:[\w.\[\]|? \t]*=)?[=:>|?<, \t\\\"'`&;\[(@$\-]*"
    rf"(?:[rbuf@$]*[\"'`\\]+|{ENTITY})?(?:{_FIRST_DIGIT}|[A-Za-z]{{12,}}[\"'`\\&]|(?-i:[A-Z]{{16}}))"
)
_KEY_TAILS = (BULK_NAME + _KEY_VALUE, r"[\w.\-]*(?-i:[A-Z]=[a-z]{12})")
_KEY_FAR_TAIL = rf"{BULK_NAME}value[ \t]*{_KEY_VALUE}"
# Words that logs have in every line, as names of fields.
_NAMES = re.compile(rb"\(\?:(?:\|?[a-z_]*(?:key|pass|passphrase|passwd|password|pwd|secret|token))+")
# A password's value in bulk: four characters, but not all of `true`, `false`, `null`, `none` (rules want six at least);
# behind a comma it is an argument in quotes, which counts only with a digit or when it is long.
_ON = r"[^\"'`,;<>(){}\[\]\r\n]"
_NO_WORD = (
    rf"(?:[^tfn{_STOP}]{_ANY}{{3}}|t(?:[^r{_STOP}]{_ANY}{{2}}|r(?:[^u{_STOP}]{_ANY}|u(?:[^e{_STOP}]|e{_ON})))"
    rf"|f(?:[^a{_STOP}]{_ANY}{{2}}|a(?:[^l{_STOP}]{_ANY}|l(?:[^s{_STOP}]|s(?:[^e{_STOP}]|e{_ON}))))"
    rf"|n(?:[^uo{_STOP}]{_ANY}{{2}}|u(?:[^l{_STOP}]{_ANY}|l(?:[^l{_STOP}]|l{_ON}))|o(?:[^n{_STOP}]{_ANY}|n(?:[^e{_STOP}]|e{_ON}))))"
)
_ARGUMENT = r"(?:[^\"'`\r\n]*[0-9]|[A-Za-z]{12,}[\"'`\\&])"
# Of the ways to open an argument (see BULK_ARGUMENT) the plain quotes are the one that rules ask a digit of.
_PLAIN, _OTHER = r"[ \t]*[rbuf]*\\*[\"'`]+", rf"[ \t]*(?:[rbuf]*[@$][rbuf@$]*\\*[\"'`]+|{ENTITY}|\[[ \t]*[\"'])"
_PASSWORD_TAIL = rf"{BULK_NAME}(?:(?:{BULK_OPERATOR}|\({BULK_ARGUMENT}|,{_OTHER}){_NO_WORD}|,{_PLAIN}{_ARGUMENT})"

# No value, whatever it is; none of a number, true, false or null; any may be one.
_NEVER, _NO_PLAIN, _MAY = 2, 1, 0


def compile_first(several: list[Patterns]) -> list[Any]:
    """Compile databases whose gates of credential words cost less, report a value once where that can be told, and leave out what is none."""
    texts = {KEY_BULK.encode(): tuple(tail.encode() for tail in _KEY_TAILS), BULK_TAIL.encode(): (_PASSWORD_TAIL.encode(),)}
    return compile_all([_changed(patterns, texts) for patterns in several])


def _changed(patterns: Patterns, texts: dict[bytes, tuple[bytes, ...]]) -> Patterns:
    out = Patterns([], [], [])
    for expression, number, flags in zip(*patterns, strict=True):
        text = next((text for text in texts if expression.endswith(text)), b"")
        words = expression.removesuffix(text)
        if text:
            several = [words + other for other in texts[text]]
            if text == KEY_BULK.encode():
                several.append(_endings(words) + _KEY_FAR_TAIL.encode())
        else:
            several = [_rare_first(expression)]
        for one in several:
            out.expressions.append(one)
            out.ids.append(number)
            out.flags.append(flags)
    return out


def _rare_first(expression: bytes) -> bytes:
    """An expression of names and something rarer behind them (`` string = "``), so that Hyperscan looks for the latter."""
    words, closed, tail = expression.partition(b")")
    return _endings(words) + tail if closed and _NAMES.fullmatch(words.replace(rb"\x5f", b"_")) else expression


def _endings(words: bytes) -> bytes:
    """What a group of words ends in, one character of it: more than the words, and nothing that is looked for by itself."""
    return b"[" + bytes(sorted({word[-1] for word in words.removeprefix(b"(?:").removesuffix(b")").split(b"|")})) + b"]"


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
