"""Sets of characters as Go's regular expressions know them, and their spelling in bytes.

A set is a sorted tuple of inclusive ranges of code points.  A byte that is no part of valid UTF-8
reads as U+FFFD there, one byte wide; so a set that holds U+FFFD matches such a byte.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
BROKEN = 0xFFFD
ANY: Ranges = ((0, LAST),)
NOT_NEWLINE: Ranges = ((0, 9), (11, LAST))
DIGIT: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
PERL = {"d": DIGIT, "s": SPACE, "w": WORD}
POSIX: dict[str, Ranges] = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "ascii": ((0, 0x7F),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 0x1F), (0x7F, 0x7F)),
    "digit": DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((9, 13), (32, 32)),
    "upper": ((0x41, 0x5A),),
    "word": WORD,
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}
# Characters beyond this one have no other case.
_LAST_CASED = 0x1EFFF


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges sorted, those that touch made one."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            if high > out[-1][1]:
                out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return tuple(out)


def negated(ranges: Ranges) -> Ranges:
    """Every other code point."""
    out = []
    at = 0
    for low, high in ranges:
        if low > at:
            out.append((at, low - 1))
        at = high + 1
    if at <= LAST:
        out.append((at, LAST))
    return tuple(out)


@cache
def _orbits() -> dict[int, tuple[int, ...]]:
    """Characters that are the same when case does not count, by character: simple case folding."""
    classes: dict[str, list[int]] = {}
    for code in range(_LAST_CASED + 1):
        char = chr(code)
        folded = char.casefold()
        if len(folded) != 1:
            # Full folding makes several characters of it; simple folding is the lower case then, if that is one.
            folded = char.lower()
            if len(folded) != 1:
                continue
        classes.setdefault(folded, []).append(code)
    return {code: tuple(members) for members in classes.values() if len(members) > 1 for code in members}


@lru_cache(maxsize=4096)
def folded(ranges: Ranges) -> Ranges:
    """The set with the other cases of its characters."""
    extra: list[tuple[int, int]] = []
    for low, high in ranges:
        for first, last, shift in ((0x41, 0x5A, 32), (0x61, 0x7A, -32)):
            if low <= last and high >= first:
                extra.append((max(low, first) + shift, min(high, last) + shift))
        # The only others of ASCII letters: the Kelvin sign and the long s.
        for letters, other in ((b"Kk", 0x212A), (b"Ss", 0x17F)):
            if any(low <= letter <= high for letter in letters):
                extra.append((other, other))
        if high > 0x7F:
            orbits = _orbits()
            cased = range(max(low, 0x80), min(high, _LAST_CASED) + 1)
            extra += [(other, other) for code in cased if code in orbits for other in orbits[code]]
    return joined((*ranges, *extra))


_CATEGORIES = ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
               "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co")  # fmt: skip


@lru_cache(maxsize=64)
def unicode_class(name: str) -> Ranges | None:
    """A Unicode category or script by Go's name for it, None if there is none."""
    if name == "Any":
        return ANY
    groups = {category[0] for category in _CATEGORIES}
    if name in _CATEGORIES or name in groups:
        return _where(lambda code: unicodedata.category(chr(code)).startswith(name) and unicodedata.category(chr(code)) != "Cn")
    if not name.replace("_", "").isalpha() or not name[0].isupper():
        return None
    import regex

    try:
        script = regex.compile(rf"\p{{Script={name}}}")
    except regex.error:
        return None
    # Abbreviations and other spellings that Go does not know would be taken as well.
    text = "".join(map(chr, range(LAST + 1)))
    found = joined((match.start(), match.end() - 1) for match in regex.finditer(rf"\p{{Script={name}}}+", text)) if script else ()
    return found or None


def _where(holds: object) -> Ranges:
    assert callable(holds)
    return joined((code, code) for code in range(LAST + 1) if holds(code))


_EDGES = (0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF, LAST)


def sequences(ranges: Ranges) -> list[list[tuple[int, int]]]:
    """The UTF-8 of the characters beyond ASCII, as sequences of ranges of bytes.  Surrogates have none."""
    out: list[list[tuple[int, int]]] = []
    for low, high in ranges:
        start = max(low, 0x80)
        for edge in _EDGES:
            if start > high:
                break
            if start <= edge:
                end = min(edge, high)
                if edge != 0xDFFF:
                    out += _split(chr(start).encode(), chr(end).encode())
                start = end + 1
    return _merged(out)


def _split(low: bytes, high: bytes) -> list[list[tuple[int, int]]]:
    """Sequences of the encodings from ``low`` to ``high``, which are of one length."""
    if len(low) == 1:
        return [[(low[0], high[0])]]
    rest = len(low) - 1
    least, most = b"\x80" * rest, b"\xbf" * rest
    if low[0] == high[0]:
        return [[(low[0], low[0]), *tail] for tail in _split(low[1:], high[1:])]
    out: list[list[tuple[int, int]]] = []
    first, last = low[0], high[0]
    if low[1:] != least:
        out += [[(first, first), *tail] for tail in _split(low[1:], most)]
        first += 1
    ending: list[list[tuple[int, int]]] = []
    if high[1:] != most:
        ending = [[(last, last), *tail] for tail in _split(least, high[1:])]
        last -= 1
    if first <= last:
        out.append([(first, last), *[(0x80, 0xBF)] * rest])
    return out + ending


def _merged(found: list[list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    """Sequences that differ in their last byte alone, as one each (``found`` is in order)."""
    out: list[list[tuple[int, int]]] = []
    grouped: dict[tuple[tuple[int, int], ...], list[tuple[int, int]]] = {}
    for one in found:
        grouped.setdefault(tuple(one[:-1]), []).append(one[-1])
    for head, lasts in grouped.items():
        # A class of its own for each head: the ranges stay apart, and the printer makes one class of them.
        out += [[*head, last] for last in joined(lasts)]
    return out


def escaped(byte: int) -> str:
    """A byte spelled so that it means itself, in a class and outside."""
    return chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}"


def byte_class(ranges: Iterable[tuple[int, int]]) -> str:
    """Ranges of bytes as a pattern of one byte."""
    ranges = list(ranges)
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return escaped(ranges[0][0])
    parts = [escaped(low) if low == high else escaped(low) + ("" if high == low + 1 else "-") + escaped(high) for low, high in ranges]
    return f"[{''.join(parts)}]"


def _valid() -> str:
    return "|".join("".join(byte_class([one]) for one in each) for each in sequences(((0x80, LAST),)))


@cache
def stray() -> str:
    """A byte that is no part of valid UTF-8: neither the first of a valid sequence nor inside one."""
    inside = []
    for each in sequences(((0x80, LAST),)):
        parts = [byte_class([one]) for one in each]
        inside += [f"(?<={''.join(parts[:place])})(?={''.join(parts[place:])})" for place in range(1, len(parts))]
    return f"(?!{_valid()}|{'|'.join(inside)})[\\x80-\\xff]"


@lru_cache(maxsize=4096)
def ascii_pattern(ranges: Ranges) -> str:
    """The set within ASCII, as a pattern of one byte; one that never matches where there is nothing."""
    low = [(first, min(last, 0x7F)) for first, last in ranges if first < 0x80]
    return byte_class(low) if low else "(?!)"


@lru_cache(maxsize=4096)
def byte_pattern(ranges: Ranges) -> str:
    """The set as a pattern over bytes that matches one character (or one stray byte)."""
    low = [(first, min(last, 0x7F)) for first, last in ranges if first < 0x80]
    parts = [byte_class(low)] if low else []
    grouped: dict[tuple[tuple[int, int], ...], list[tuple[int, int]]] = {}
    for each in sequences(ranges):
        grouped.setdefault(tuple(each[:-1]), []).append(each[-1])
    parts += ["".join(byte_class([one]) for one in head) + byte_class(lasts) for head, lasts in grouped.items()]
    if any(first <= BROKEN <= last for first, last in ranges):
        parts.append(stray())
    if not parts:
        return "(?!)"
    return parts[0] if len(parts) == 1 and low else f"(?:{'|'.join(parts)})"
