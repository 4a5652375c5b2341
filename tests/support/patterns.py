"""Random strings that a pattern matches: a walk through the tree of the standard library's parser.

Looks (ahead and behind) consume nothing and are not solved: whoever asks checks the string with the
pattern itself (:func:`matching` does).
"""

import re
from functools import lru_cache
from re import _constants as C
from re import _parser as P

import regex

from leaksieve.ruleset.syntax import byte_set

# A repeat of up to this many more than its least: long enough to pass every border, short enough to be quick.
MORE = 6


def _flags(ci, arg):
    _, add, drop, _ = arg
    return (ci or bool(add & re.IGNORECASE)) and not drop & re.IGNORECASE


@lru_cache(maxsize=50_000)
def _choices(node, ci):
    found = sorted(byte_set(node, ci))
    plain = [byte for byte in found if 32 <= byte < 127]
    return found, plain or found


def _hashable(node):
    op, arg = node
    return (op, tuple(arg)) if op is C.IN else node


def draw(nodes, rng, ci=False, full=False):
    """One string; ``full`` draws repeats up to their limit at times."""
    out = []
    for node in nodes:
        op, arg = node
        if op in (C.LITERAL, C.NOT_LITERAL, C.ANY, C.IN):
            every, plain = _choices(_hashable(node), ci)
            out.append(bytes((rng.choice(every if rng.random() < 0.1 else plain),)))
        elif op is C.SUBPATTERN:
            out.append(draw(arg[3], rng, _flags(ci, arg), full))
        elif op is C.BRANCH:
            out.append(draw(rng.choice(arg[1]), rng, ci, full))
        elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
            least, most, body = arg
            top = least + MORE if most is C.MAXREPEAT else most if full and rng.random() < 0.5 else min(most, least + MORE)
            times = rng.choice((least, top, rng.randint(least, top)))
            out.extend(draw(body, rng, ci, full) for _ in range(times))
    return b"".join(out)


@lru_cache(maxsize=5000)
def tree(pattern):
    return P.parse(pattern.encode("latin-1"))


@lru_cache(maxsize=5000)
def compiled(pattern):
    return regex.compile(pattern.encode("latin-1"))


def matching(pattern, rng, tries=20, full=False, timeout=0.3):
    """Up to ``tries`` match objects of strings that the pattern matches from their very first byte (those it needs over ``timeout`` seconds for are left out)."""
    parsed = tree(pattern)
    ci = bool(parsed.state.flags & re.IGNORECASE)
    for _ in range(tries):
        text = draw(parsed, rng, ci, full)
        try:
            match = compiled(pattern).match(text, timeout=timeout)
        except TimeoutError:
            continue
        if match is not None:
            yield match
