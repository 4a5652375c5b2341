"""Shapes of values by name: ``hex32``, ``alnum20-64``, ``uuid``, ``digit6-10:hex32``.

A shape is a run of pieces.  A piece is an alphabet and a length (or the least and the greatest one),
``uuid``, a fixed text in single quotes, or one of the joints ``: . _ / = -``.
"""

from __future__ import annotations

import re
from math import log2
from typing import NamedTuple

# Alphabet -> its class as a pattern, how many characters it has, the template that draws from it.
ALPHABETS = {
    "digit": ("[0-9]", 10, "digit"),
    "hex": ("[0-9a-f]", 16, "hex"),
    "HEX": ("[0-9A-F]", 16, "HEX"),
    "anyhex": ("[0-9a-fA-F]", 16, "hex"),
    "lower": ("[a-z]", 26, "lower"),
    "upper": ("[A-Z]", 26, "upper"),
    "lowernum": ("[0-9a-z]", 36, "lowernum"),
    "uppernum": ("[0-9A-Z]", 36, "uppernum"),
    "alnum": ("[0-9A-Za-z]", 62, "alnum"),
    "base64std": ("[0-9A-Za-z+/]", 64, "base64"),
    "base64url": ("[0-9A-Za-z_-]", 64, "base64url"),
}
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PIECE = re.compile(
    rf"(?P<uuid>uuid)|(?P<kind>{'|'.join(sorted(ALPHABETS, key=len, reverse=True))})(?P<low>[0-9]+)(?:-(?P<high>[0-9]+))?|'(?P<text>[^']+)'|(?P<joint>[:._/=-])"
)
# The share of the most that a value of that length can have, in bits per byte, that one of a provider must have at least:
# few characters leave more to chance.  Of ten thousand drawn ones at most one has less.
SHARE, SHARE_OF_FEW, FEW = 0.68, 0.6, 16
# Values with fewer characters than this in pieces of a certain length are weighed as generic ones are.
SURE = 10
# As long as an example is drawn where lengths vary: of the shorter ones some are too weak.
DRAWN = 40
LONGEST = 2048


class Shape(NamedTuple):
    """What a shape says of a value.

    A pattern, a template for examples, the least entropy in bits per byte, the least and the greatest length, and
    whether it is so particular that nothing else need be asked of the value.
    """

    pattern: str
    template: str
    entropy: float
    low: int
    high: int
    sure: bool


def shape(text: str) -> Shape:
    """The shape that a text describes; ValueError, saying why, for one that describes none."""
    patterns, templates = [], []
    low = high = place = 0
    drawn: list[tuple[int, int]] = []
    certain = 0
    while place < len(text):
        piece = _PIECE.match(text, place)
        if piece is None:
            raise ValueError(f"shape `{text}` is not understood from `{text[place:]}` on; alphabets: {', '.join(sorted(ALPHABETS))}, uuid")
        place = piece.end()
        if piece["uuid"]:
            patterns.append(_UUID)
            templates.append("<uuid>")
            least = most = 36
            drawn.append((36, 16))
            certain += 36
        elif piece["kind"]:
            class_, many, template = ALPHABETS[piece["kind"]]
            least = int(piece["low"])
            most = int(piece["high"] or least)
            if not 0 < least <= most <= LONGEST:
                raise ValueError(f"shape `{text}`: lengths are 1 to {LONGEST}, the least first")
            patterns.append(class_ + (f"{{{least}}}" if least == most else f"{{{least},{most}}}"))
            templates.append(f"<{template}:{max(least, min(most, DRAWN))}>")
            drawn.append((least, many))
            certain += least if least == most else 0
        else:
            fixed = piece["text"] or piece["joint"]
            patterns.append(re.escape(fixed))
            templates.append(fixed)
            least = most = len(fixed)
        low, high = low + least, high + most
    if not drawn:
        raise ValueError(f"shape `{text}` has no alphabet")
    length = sum(count for count, _ in drawn)
    bits = sum(count * log2(many) for count, many in drawn) / length
    entropy = round((SHARE if bits > log2(FEW) else SHARE_OF_FEW) * min(bits, log2(length)), 2)
    return Shape("".join(patterns), "".join(templates), entropy, low, high, certain >= SURE)
