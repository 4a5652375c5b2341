"""How hard a value is to guess: decides whether its fingerprint may be published in full."""

from __future__ import annotations

import math
import re
from operator import sub

# Values estimated below this many bits can be tried one by one by whoever has a fingerprint and its key.
WEAK_BELOW = 40.0

_LETTERS = re.compile(rb"[A-Za-z]{4,}")
# What people write for letters (1 and ! for an l as well; read as a vowel they make no fewer words), and what may be a word written so.
_SUBSTITUTES = b"01345789@$!+"
_UNDONE = bytes.maketrans(_SUBSTITUTES, b"oieastbgasit")
_LEET = re.compile(rb"[01345789@$!+]{0,3}[A-Za-z](?:[01345789@$!+]{0,3}[A-Za-z])+")
# Longer values are random tokens, whose digits undone read as words too often; those with one of these marks seldom are.
_TYPED = 16
_MARKS = frozenset(b"@$!")
_CONSONANTS = re.compile(rb"[^aeiouy]{5,}")
# (members, size of the alphabet they come from); the first two stand alone, the others add up.
_HEX = ((frozenset(b"0123456789abcdef"), 16), (frozenset(b"0123456789ABCDEF"), 16))
_CLASSES = (
    (frozenset(b"abcdefghijklmnopqrstuvwxyz"), 26),
    (frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 26),
    (frozenset(b"0123456789"), 10),
    (frozenset(range(0x20, 0x7F)) - frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), 33),
    (frozenset(range(0x20)) | frozenset(range(0x7F, 0x100)), 161),
)
# What each byte is worth as one of its own class alone.
_OWN_BITS = [math.log2(next(size for members, size in _CLASSES if byte in members)) for byte in range(256)]
_NEAR = frozenset((-1, 0, 1))
_WORD_BITS = 1.5
_STEP_BITS = 1.0
_PLENTY = WEAK_BELOW / math.log2(10) + 1


def bits(value: bytes) -> float:
    """Estimate a value's strength in bits.  The rule, which fingerprints depend on and so never changes:

    1. The alphabet's size is the sum of the sizes of the character classes present: lower case 26,
       upper case 26, digits 10, other printable ASCII 33, all else 161.  It is 16 instead if every
       byte is a digit or one of ``a-f`` (or every one a digit or one of ``A-F``) and not all are digits.
    2. Every byte is worth log2 of that size, except:
       a byte that equals the one before it, or is one more or one less than it, is worth 1 bit;
       a letter in a word is worth 1.5 bits (if it is not worth less already).  A word is a run of four or
       more letters in one case or capitalised, at least a quarter of them of ``aeiouy``, and with
       no five others in a row.  In a value that holds a word, every other byte is worth log2 of its
       own class alone: people write a word, then a year, then a mark.
       In a value of fewer than 16 bytes, or that holds one of ``@$!``, a word may have substitutes between its
       letters or before them, at most three in a row: ``0`` for o, ``1`` and ``!`` for i or l, ``3`` e, ``4`` and ``@`` a,
       ``5`` and ``$`` s, ``7`` and ``+`` t, ``8`` b, ``9`` g.  At least half of it are letters, which are in the case
       of a word and worth 1.5 bits; a substitute is worth log2 of its own class alone.  The smaller of both readings, with
       such words and without, counts.
    3. The sum is at most twice what the distinct bytes alone would be worth.
    """
    distinct = frozenset(value)
    each = math.log2(_alphabet(distinct)) if distinct else 0.0
    steps = [index for index, difference in enumerate(map(sub, value[1:], value), 1) if difference in _NEAR]
    words = _words(value)
    worth = _sum(value, each, words, steps)
    substituted = _substituted(value)
    if substituted:
        worth = min(worth, _sum(value, each, words + substituted, steps))
    return min(worth, 2 * each * len(distinct))


def _sum(value: bytes, each: float, words: list[int], steps: list[int]) -> float:
    """What all bytes are worth; ``words`` are the places of letters in words, ``steps`` those of bytes that follow the one before."""
    worth = [_OWN_BITS[byte] for byte in value] if words else [each] * len(value)
    for index in words:
        worth[index] = min(each, _WORD_BITS)
    for index in steps:
        worth[index] = min(worth[index], _STEP_BITS)
    return math.fsum(worth)


def weak(value: bytes) -> bool:
    """Whether a value's estimated strength is under 40 bits."""
    # Every byte is worth a bit at least and the alphabet ten characters: 64 bytes of 8 kinds reach 53 bits.
    if len(value) >= 64 and len(set(value)) >= 8:
        return False
    # Every byte that is neither a step nor in a word is worth ten characters at least.
    if not _LETTERS.search(value) and not (_typed(value) and _LEET.search(value)):
        plain = len(value) - sum(map(_NEAR.__contains__, map(sub, value[1:], value)))
        if min(plain, 2 * len(set(value))) > _PLENTY:
            return False
    return bits(value) < WEAK_BELOW


def _alphabet(distinct: frozenset[int]) -> int:
    if not all(0x30 <= byte <= 0x39 for byte in distinct):
        for members, size in _HEX:
            if distinct <= members:
                return size
    return sum(size for members, size in _CLASSES if distinct & members)


def _words(value: bytes) -> list[int]:
    """The places of all letters that stand in words."""
    return [place for run in _LETTERS.finditer(value) if _cased(run[0]) and _readable(run[0].lower()) for place in range(*run.span())]


def _substituted(value: bytes) -> list[int]:
    """The places of letters in words that are written with substitutes."""
    if not _typed(value):
        return []
    found: list[int] = []
    for run in _LEET.finditer(value):
        letters = run[0].translate(None, _SUBSTITUTES)
        if len(run[0]) >= 4 and len(run[0]) <= 2 * len(letters) < 2 * len(run[0]) and _cased(letters) and _readable(run[0].translate(_UNDONE).lower()):
            found += [place for place in range(*run.span()) if value[place] not in _SUBSTITUTES]
    return found


def _typed(value: bytes) -> bool:
    return len(value) < _TYPED or not _MARKS.isdisjoint(value)


def _cased(letters: bytes) -> bool:
    return letters.islower() or letters.isupper() or letters[1:].islower()


def _readable(letters: bytes) -> bool:
    vowels = sum(letters.count(vowel) for vowel in (b"a", b"e", b"i", b"o", b"u", b"y"))
    return 4 * vowels >= len(letters) and not _CONSONANTS.search(letters)
