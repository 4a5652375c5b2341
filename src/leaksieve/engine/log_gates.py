"""Hyperscan databases for streams of logs: gates that cost less where names of credentials and addresses stand in every line.

What they report, and where, differs a little from the databases of other scans; what comes of it does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from leaksieve.engine.prefilter import Patterns, compile_database
from leaksieve.ruleset.assign import BULK_ARGUMENT, BULK_LETTERS, BULK_NAME, BULK_OPERATOR, BULK_TAIL, BULK_TYPE, ENTITY, KEY_BULK

# The tails of gates in bulk, so that they end fewer times and in fewer places, none of which could be a finding.
_STOP = r"\s\"'`,;<>(){}\[\]"
_ANY = rf"[^{_STOP}]"
# Keys: more than their tail takes in one piece, which Hyperscan runs twice as fast, and of their values one end, at the first digit.
_NO_DIGIT = rf"[^{_STOP}0-9]"
# No rule makes a finding of a number of fewer than eight digits, unless its name tells of a password (whose gate has a tail of its own).
# What is shorter than any value passes here, since every further state of the expression costs a tenth.
_FIRST_DIGIT = rf"(?:{_NO_DIGIT}+[0-9]{_ANY}|{_NO_DIGIT}{{4,}}[0-9]|[0-9]{{1,7}}{_NO_DIGIT}|[0-9]{{8}})"
# ``value`` in it would make another piece of every name; as an expression of its own it is looked for only where it stands (``key="ApiKey" value="..."``).
_KEY_VALUE = (
    r"[=:>|?<,(](?:[\w.\[\]|? \t]*=)?[=:>|?<, \t\\\"'`&;\[(@$\-]*"
    rf"(?:[rbuf@$]*[\"'`\\]+|{ENTITY})?(?:{_FIRST_DIGIT}|[A-Za-z]{{12,}}[\"'`\\&]|(?-i:[A-Z]{{16}}))"
)
_KEY_TAILS = (BULK_NAME + _KEY_VALUE, rf"{BULK_NAME}(?::{BULK_TYPE})?{BULK_LETTERS}")
_KEY_FAR_TAIL = rf"{BULK_NAME}value(?:[ \t]*{_KEY_VALUE}|{BULK_LETTERS})"
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
# Logs have an address in every line, and few have a user in it.
_LATE = b"@"


def compile_first(several: list[Patterns]) -> list[Any]:
    """Compile databases whose gates of credential words cost less, report a value once where that can be told, and leave out what is none."""
    texts = {KEY_BULK.encode(): tuple(tail.encode() for tail in _KEY_TAILS), BULK_TAIL.encode(): (_PASSWORD_TAIL.encode(),)}
    return [_Late(_changed(patterns, texts)) for patterns in several]


class _Late:
    """Two databases as one: what ends in an ``@`` is looked for only in a buffer that has one."""

    def __init__(self, patterns: Patterns) -> None:
        import hyperscan

        self._rest, self._late = (_compiled(patterns, late=late) for late in (False, True))
        self._asked = compile_database(Patterns([_LATE], [0], [hyperscan.HS_FLAG_SINGLEMATCH]))

    def scan(self, data: bytes | memoryview, handler: Callable[..., Any]) -> None:
        """As of a database; matches of what ends in an ``@`` come last."""
        if self._rest is not None:
            self._rest.scan(data, handler)
        if self._late is not None:
            there: list[int] = []
            self._asked.scan(data, lambda number, *_: there.append(number))
            if there:
                self._late.scan(data, handler)


def _compiled(patterns: Patterns, *, late: bool) -> Any:
    rows = [row for row in zip(*patterns, strict=True) if row[0].endswith(_LATE) is late]
    return compile_database(Patterns(*(list(column) for column in zip(*rows, strict=True)))) if rows else None


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
