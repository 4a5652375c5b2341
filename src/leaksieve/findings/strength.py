"""How hard a value is to guess: decides whether its fingerprint may be published in full."""

from __future__ import annotations

import math
import re
from operator import sub

# Values estimated below this many bits can be tried one by one by whoever has a fingerprint and its key.
WEAK_BELOW = 40.0

_LETTERS = re.compile(rb"[A-Za-z]{4,}")
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
    3. The sum is at most twice what the distinct bytes alone would be worth.
    """
    distinct = frozenset(value)
    each = math.log2(_alphabet(distinct)) if distinct else 0.0
    worth = [each] * len(value)
    words = _words(value)
    if words:
        worth = [_OWN_BITS[byte] for byte in value]
    for start, end in words:
        worth[start:end] = [min(each, _WORD_BITS)] * (end - start)
    for index, difference in enumerate(map(sub, value[1:], value), 1):
        if difference in _NEAR:
            worth[index] = min(worth[index], _STEP_BITS)
    return min(math.fsum(worth), 2 * each * len(distinct))


def weak(value: bytes) -> bool:
    """Whether a value's estimated strength is under 40 bits."""
    # Every byte is worth a bit at least and the alphabet ten characters: 64 bytes of 8 kinds reach 53 bits.
    if len(value) >= 64 and len(set(value)) >= 8:
        return False
    # Every byte that is neither a step nor in a word is worth ten characters at least.
    if not _LETTERS.search(value):
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


def _words(value: bytes) -> list[tuple[int, int]]:
    found = []
    for run in _LETTERS.finditer(value):
        letters = run[0]
        if not (letters.islower() or letters.isupper() or letters[1:].islower()):
            continue
        lowered = letters.lower()
        vowels = sum(lowered.count(vowel) for vowel in (b"a", b"e", b"i", b"o", b"u", b"y"))
        if 4 * vowels >= len(letters) and not _CONSONANTS.search(lowered):
            found.append(run.span())
    return found
