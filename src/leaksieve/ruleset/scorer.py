"""How likely a candidate of a generic rule is a credential: the sum of what its properties weigh.

The part that depends on the line alone travels with the line as a short text (``?``, kind of the name, how the
value is quoted, whether it is words joined with something random or has a digit, the sum); ``judge`` adds the path's part and says how sure the sum makes us.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from leaksieve.ruleset import features
from leaksieve.ruleset.weights import CUTS, SCALE, START, WEIGHTS

# A path adds this much at most, in units of SCALE: what cannot reach the lowest cut with it is dropped at once.
MOST_BY_PATH = 2 * SCALE
LOW, MEDIUM, HIGH = CUTS
_DIGIT = re.compile(rb"[0-9]")


@cache
def _weights() -> dict[str, int]:
    pieces = WEIGHTS.split()
    names = [name.replace("%20", " ").replace("%25", "%") if "%" in name else name for name in pieces[::2]]
    return dict(zip(names, map(int, pieces[1::2]), strict=True))


def weigh(text: bytes, begin: int, start: int, end: int) -> str:
    """The verdict on the line's part: ``weak``, or ``?`` and what the path's part is added to."""
    one = features.candidate(text, begin, start, end)
    known = _weights().get
    properties = features.of_line(one)
    total = START + sum([known(name, 0) for name in set(properties)])
    joined = "joined" in properties
    if total + MOST_BY_PATH < LOW and not joined:
        return "weak"
    return f"?{properties[0][0]}{features.quoting(one)}{'j' if joined else 'd' if _DIGIT.search(one.value) else 'w'}{total}"


def judge(verdict: str, path: bytes) -> str:
    """The confidence of a candidate with this verdict at a path: high, medium, low, or "" for none."""
    known = _weights().get
    by_path = sum([known(name, 0) for name in set(features.of_path(path, "pass" if verdict[1] == "p" else "key", verdict[2]))])
    total = int(verdict[4:]) + min(by_path, MOST_BY_PATH)
    if verdict[3] == "j":
        # No label shows such a value, since the data set replaced the words of real passwords; it is judged by hand.
        total = max(total, MEDIUM)
    return "high" if total >= HIGH else "medium" if total >= MEDIUM else "low" if total >= LOW else ""


def reasons(text: bytes, begin: int, start: int, end: int, path: bytes) -> list[tuple[str, float]]:
    """What spoke for (positive) and against a candidate, in words, the heaviest first; in units of log-odds.

    ``begin`` is where the rule's match starts in ``text``, ``start`` and ``end`` bound its value.
    """
    one = features.candidate(text, begin, start, end)
    known = _weights().get
    properties = features.of_line(one)
    every = {*properties, *features.of_path(path, properties[0], features.quoting(one))}
    grouped: dict[str, int] = {}
    for name in every:
        weight = known(name, 0)
        if weight:
            words = _in_words(name)
            grouped[words] = grouped.get(words, 0) + weight
    found = [(words, weight / SCALE) for words, weight in grouped.items() if weight]
    found.sort(key=lambda item: (-abs(item[1]), item[0]))
    return found


def cuts() -> dict[str, float]:
    """From which sum (log-odds, ``reasons`` plus ``start``) a candidate is low, medium or high."""
    return {"start": START / SCALE, "low": LOW / SCALE, "medium": MEDIUM / SCALE, "high": HIGH / SCALE}


# How a property begins, and what it is about; the first that fits counts.  ``{}`` is what follows.
_WORDS: tuple[tuple[str, str], ...] = (
    ("w:", "the value holds the word “{}”"),
    ("n:", "the name holds the word “{}”"),
    ("last:", "the name ends in “{}”"),
    ("pair:", "the name holds “{}”"),
    ("style:", "the name is written in {} case"),
    ("op:", "what stands between name and value"),
    ("q:", "how the value is quoted"),
    ("by:", "“{}” stands before the name"),
    ("left:", "what stands before the name"),
    ("width", "the length of the line"),
    ("comment", "the line is a comment"),
    ("ext:", "files of this kind ({})"),
    ("in:none", "the directory of the file"),
    ("in:", "a directory of {} files"),
    ("uuid", "the value is a UUID"),
    ("joined", "the value is words with something random behind them, or made after a policy"),
    ("query", "the value stands in a URL's query"),
    ("nameless", "no name is given"),
    ("numbered", "the name ends in a number"),
    ("dotted", "the name has dots"),
    ("count", "the number of words in the name"),
    ("pass", "the name says password"),
    ("key", "the name says key, token or secret"),
    ("read", "how much the letters read like words"),
    ("bare", "how much the letters read like words"),
    ("words", "how much of the value is ordinary words"),
    ("echo", "the value repeats its name"),
    ("len", "the length of the value"),
    ("let", "the share of letters in the value"),
    ("cls:", "the kinds of characters in the value"),
    ("dig", "the share of digits in the value"),
    ("dis", "how many different characters the value has"),
    ("ent", "the entropy of the value"),
    ("hex", "the value is hexadecimal"),
    ("number", "the value is a number"),
    ("b64", "the value looks like base64"),
    ("has", "the value holds “{}”"),
    ("mk", "the share of marks in the value"),
    ("first:", "the value's first character"),
    ("last:", "the value's last character"),
    ("sh:", "how letters, digits and marks alternate in the value"),
    ("parts", "how letters, digits and marks alternate in the value"),
    ("run", "a character is repeated in the value"),
    ("steps", "characters follow each other as on the keyboard"),
    ("again", "the value repeats itself"),
    ("next:", "what follows the value"),
    ("spaced", "what follows the value"),
    ("end:", "files of this kind ({})"),
)


@cache
def _in_words(name: str) -> str:
    for candidate in (name, name[1:], name[2:]):
        for start, words in _WORDS:
            if candidate.startswith(start) and (candidate != name[1:] or name[0] in "pkqbi"):
                return words.format(candidate[len(start) :])
    return name


def properties(text: bytes, begin: int, start: int, end: int, path: bytes) -> dict[str, Any]:
    """Every property of a candidate with its weight (0: not known), for those who look into the model."""
    one = features.candidate(text, begin, start, end)
    known = _weights().get
    line = features.of_line(one)
    return {name: known(name, 0) for name in (*line, *features.of_path(path, line[0], features.quoting(one)))}
