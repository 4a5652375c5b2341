"""What a foreign pattern needs: how long its matches are, whether they cross lines, and text that each of them holds.

The text is worked out from the pattern itself, because the keywords beside it need not stand in a
match.  Words are bytes; those of a part that ignores case are in lower case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from leaksieve.ruleset.foreign_regex import Node

ENDLESS = 1 << 20
# So many spellings of a stretch are followed; so many words may open a rule.
MAX_SPELLINGS = 16
MAX_WORDS = 64
MIN_WORD = 3
MAX_WORD = 24
# Bytes that lower case would change in text that is read one byte a character.
_UNSTEADY = range(0xC0, 0xDF)
# Words met on every other line open a rule all the time.
_COMMON = frozenset((b"key", b"api", b"tok", b"pass", b"pwd", b"token", b"secret", b"auth", b"http", b"the", b"name", b"user", b"://", b"com"))


class Needs(NamedTuple):
    """Words of which each match holds one, at most ``before`` bytes behind its start; ``fold`` when case does not count."""

    words: frozenset[bytes]
    fold: bool
    before: int


class Shape(NamedTuple):
    """What is known of a node's matches: bytes at least and at most (ENDLESS without a limit), every spelling if they are few, a need."""

    low: int
    high: int
    exact: frozenset[bytes] | None
    fold: bool
    needs: Needs | None


_NOTHING = Shape(0, 0, frozenset((b"",)), False, None)


def shape(node: Node, *, split: bool = False) -> Shape:
    """What a node's matches are like.  With ``split`` letters whose other case is no ASCII end a stretch."""
    kind = node[0]
    if kind == "set":
        return _one(node[1], split=split)
    if kind == "at":
        return _NOTHING
    if kind == "cat":
        return _row([shape(each, split=split) for each in node[1]])
    if kind == "alt":
        return _choice([shape(each, split=split) for each in node[1]])
    if kind == "group":
        return shape(node[2], split=split)
    return _repeat(node, shape(node[4], split=split))


def needs(tree: Node) -> tuple[Shape, Needs | None]:
    """The shape of a whole pattern, and the best words its matches must hold."""
    whole = shape(tree)
    found = [_best(whole.needs, _need(whole.exact, whole.fold, 0))]
    if found[0] is None or len(found[0].words) > 1:
        parted = shape(tree, split=True)
        found.append(_best(parted.needs, _need(parted.exact, parted.fold, 0)))
    return whole, _best(*found)


def crosses(node: Node) -> bool:
    """Whether a match can hold a line break or depends on where the text ends or a line does."""
    kind = node[0]
    if kind == "set":
        return any(low <= 10 <= high for low, high in node[1])
    if kind == "at":
        return node[1] not in "bB"
    if kind == "group":
        return crosses(node[2])
    if kind == "rep":
        return crosses(node[4])
    return any(crosses(each) for each in node[1])


@lru_cache(maxsize=4096)
def _one(ranges: tuple[tuple[int, int], ...], *, split: bool) -> Shape:
    if not ranges:
        return Shape(1, 1, None, False, None)
    low = len(chr(ranges[0][0]).encode(errors="surrogatepass"))
    high = len(chr(ranges[-1][1]).encode(errors="surrogatepass"))
    if any(first <= 0xFFFD <= last for first, last in ranges):
        low = 1  # a stray byte reads as U+FFFD
    if sum(last - first + 1 for first, last in ranges) > MAX_SPELLINGS:
        return Shape(low, high, None, False, None)
    codes = {code for first, last in ranges for code in range(first, last + 1)}
    if any(code < 0x20 or code in (0x7F, 0xFFFD) or 0xD800 <= code < 0xE000 for code in codes) or (split and any(code > 0x7F for code in codes)):
        return Shape(low, high, None, False, None)
    fold = False
    lowered = set()
    for code in codes:
        other = code ^ 32 if code < 0x80 and chr(code).isalpha() else code
        if other != code and other in codes:
            fold = True
            code |= 32
        lowered.add(code)
    return Shape(low, high, frozenset(chr(code).encode() for code in lowered), fold, None)


def _row(parts: list[Shape]) -> Shape:
    low = high = 0
    best: Needs | None = None
    current: frozenset[bytes] = frozenset((b"",))
    fold = broken = False
    start = 0
    for part in parts:
        joined = None
        if part.exact is not None and len(current) * len(part.exact) <= MAX_SPELLINGS:
            joined = frozenset(left + right for left in current for right in part.exact)
        if joined is not None:
            if len(joined) > len(current):
                # What stood here so far is one word, and may be the better one.
                best = _best(best, _need(current, fold, start))
            current, fold = joined, fold or part.fold
        else:
            best = _best(best, _need(current, fold, start))
            broken = True
            if part.exact is not None:
                current, fold, start = part.exact, part.fold, high
            else:
                if part.needs is not None:
                    best = _best(best, part.needs._replace(before=min(part.needs.before + high, ENDLESS)))
                current, fold, start = frozenset((b"",)), False, min(high + part.high, ENDLESS)
        low, high = low + part.low, min(high + part.high, ENDLESS)
    if broken:
        return Shape(low, high, None, False, _best(best, _need(current, fold, start)))
    return Shape(low, high, current, fold, best)


def _choice(parts: list[Shape]) -> Shape:
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    fold = any(part.fold for part in parts)
    if all(part.exact is not None for part in parts):
        every = frozenset().union(*(part.exact for part in parts if part.exact is not None))
        if len(every) <= MAX_SPELLINGS:
            return Shape(low, high, every, fold, _together(parts))
    return Shape(low, high, None, False, _together(parts))


def _together(parts: list[Shape]) -> Needs | None:
    """Words one of which every branch holds."""
    found = [_best(part.needs, _need(part.exact, part.fold, 0)) for part in parts]
    words: set[bytes] = set()
    fold = any(one.fold for one in found if one is not None)
    for one in found:
        if one is None:
            return None
        words |= {word.lower() for word in one.words} if fold else one.words
    return Needs(frozenset(words), fold, max(one.before for one in found if one is not None)) if len(words) <= MAX_WORDS else None


def _repeat(node: Node, inner: Shape) -> Shape:
    _, least, most, _, _ = node
    low = inner.low * least
    high = 0 if inner.high == 0 else ENDLESS if most is None else min(inner.high * most, ENDLESS)
    if inner.exact is not None and most is not None and most <= 8:
        total: set[bytes] = set()
        power: set[bytes] = {b""}
        for count in range(most + 1):
            if count >= least:
                total |= power
            if len(total) > MAX_SPELLINGS or len(power) > MAX_SPELLINGS:
                break
            power = {left + right for left in power for right in inner.exact}
        else:
            return Shape(low, high, frozenset(total), inner.fold, None)
    held = _best(inner.needs, _need(inner.exact, inner.fold, 0)) if least else None
    return Shape(low, high, None, False, held)


def _need(exact: frozenset[bytes] | None, fold: bool, before: int) -> Needs | None:
    """The spellings of a stretch as words, where they are long enough to be looked for."""
    if not exact:
        return None
    words = set()
    shift = 0
    for text in exact:
        word, place = _steady(text.lower() if fold else text)
        if len(word) < MIN_WORD:
            return None
        words.add(word)
        shift = max(shift, place)
    # A word that holds another one is found by it.
    kept = frozenset(word for word in words if not any(other != word and other in word for other in words))
    shift += max(map(len, exact)) - min(map(len, kept)) if len(kept) < len(words) else 0
    return Needs(kept, fold, min(before + shift, ENDLESS))


def _steady(text: bytes) -> tuple[bytes, int]:
    """The longest piece that reads the same in lower case one byte at a time, and where it begins."""
    best, at = b"", 0
    start = 0
    for place in range(len(text) + 1):
        if place == len(text) or text[place] in _UNSTEADY:
            if place - start > len(best):
                best, at = text[start:place], start
            start = place + 1
    return best[:MAX_WORD], at


def _score(one: Needs) -> float:
    least = min(one.words, key=len)
    worth = float(min(len(least), 10)) - 0.75 * len(one.words)
    if any(word.lower() in _COMMON for word in one.words):
        worth -= 3
    return worth - (4 if one.before >= ENDLESS else one.before / 1000)


def _best(*several: Needs | None) -> Needs | None:
    found = [one for one in several if one is not None]
    return max(found, key=_score) if found else None
