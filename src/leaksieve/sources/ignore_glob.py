"""Git's glob language, turned into what can be compared fast: literals, affixes and linear regular expressions.

Git matches a pattern without a slash against a file's name and any other pattern against its path.
Both come down to one question here: *which directories* does the pattern reach into (``Reach``),
and *which names* does it take there (``NameGlob``).  A path pattern is split at its last slash, so
that its first half is tried once per directory and not once per file.

Ignore files belong to whoever wrote the repository, so every expression built here is free of
catastrophic backtracking: a ``*`` is tried lazily and its match is never reconsidered (an atomic
group), which is sound because what follows up to the next ``*`` has a fixed length.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# Longer than any file name on the systems we run on; a pattern that needs more can never match.
_NAME_MAX: Final = 1024
_SPECIAL: Final = re.compile(rb"[*?\[\\]")

# Tokens beyond the 256 literal bytes.
_SLASH: Final = 300  # written "/"
_ESCAPED_SLASH: Final = 301  # written "\/": separates, but "**\/" does not match nothing as "**/" does
_STAR: Final = 302
_STARS: Final = 303  # two or more in a row

_Token = int | frozenset[int]
_Part = tuple[_Token, ...] | None  # one path component, or None for "any number of directories"

_ANY: Final = frozenset(range(1, 256)) - {0x2F}


def _between(low: int, high: int) -> frozenset[int]:
    return frozenset(range(low, high + 1))


_DIGIT: Final = _between(0x30, 0x39)
_UPPER: Final = _between(0x41, 0x5A)
_LOWER: Final = _between(0x61, 0x7A)
_ALNUM: Final = _DIGIT | _UPPER | _LOWER
_GRAPH: Final = _between(0x21, 0x7E)
# Git has its own, locale-free tables; its [:space:] knows neither vertical tab nor form feed.
_CLASSES: Final = {
    b"alnum": _ALNUM,
    b"alpha": _UPPER | _LOWER,
    b"blank": frozenset(b" \t"),
    b"cntrl": _between(0, 0x1F) | {0x7F},
    b"digit": _DIGIT,
    b"graph": _GRAPH,
    b"lower": _LOWER,
    b"print": _GRAPH | {0x20},
    b"punct": _GRAPH - _ALNUM,
    b"space": frozenset(b" \t\n\r"),
    b"upper": _UPPER,
    b"xdigit": _DIGIT | frozenset(b"abcdefABCDEF"),
}


class NameGlob(NamedTuple):
    """What a file's name must look like.

    ``kind`` says how to compare: "literal" (equal to ``text``), "suffix", "prefix", or "regex"
    (``text`` is an expression for ``fullmatch``).
    """

    kind: str
    text: bytes


class Reach(NamedTuple):
    """Which directories, relative to the ignore file's own, a pattern applies in.

    ``everywhere``: all of them.  Else, if ``regex`` is empty: exactly the directory ``literal``
    (``b""`` is the ignore file's own).  Else: those whose path with a slash at its end begins with
    ``literal`` and matches ``regex`` from end to end.
    """

    everywhere: bool
    literal: bytes = b""
    regex: bytes = b""


class Glob(NamedTuple):
    """One way a pattern can match."""

    reach: Reach
    name: NameGlob


def compile_name(pattern: bytes, *, fold: bool) -> list[Glob]:
    """Compile a pattern without a slash; empty when it can never match."""
    tokens = _tokens(pattern, fold=fold)
    name = _name(tokens) if tokens else None
    return [Glob(Reach(everywhere=True), name)] if name else []


def compile_path(pattern: bytes, *, fold: bool) -> list[Glob]:
    """Compile a pattern that holds a slash (other than at its end, which is gone already).

    More than one result means that any of them may match; none, that nothing ever will.
    """
    globs = []
    for variant in _variants(pattern.removeprefix(b"/")):
        tokens = _tokens(variant, fold=fold)
        parts = _parts(tokens) if tokens else None
        if not parts:
            continue
        last = parts[-1]
        name = _name(last) if last else None
        reach = _reach(parts[:-1])
        if name and reach:
            globs.append(Glob(reach, name))
    return globs


def _variants(pattern: bytes) -> list[bytes]:
    r"""Rewrite ``literal**`` at the start of a path pattern.

    Git compares the literal start of a pattern apart and hands the rest to its matcher, which then
    takes stars at the very start of that rest for a leading ``**``.  So ``a**/b`` also matches
    ``ab`` and ``ax/y/b``, while ``?a**/b`` does not reach below one directory.
    """
    special = _SPECIAL.search(pattern)
    start = special.start() if special else len(pattern)
    literal, rest = pattern[:start], pattern[start:]
    if not rest.startswith(b"**") or not literal or literal.endswith(b"/"):
        return [pattern]
    nothing_between = False
    while True:
        after = rest.lstrip(b"*")
        if not after:
            return [literal + b"*", literal + b"*/**"]
        if after.startswith(b"/"):
            nothing_between, rest = True, after[1:]
            if rest.startswith(b"**"):
                continue
            return [literal + rest, literal + b"*/**/" + rest]
        if after.startswith(b"\\/"):
            return [literal + b"*/**/" + after[2:]]
        single = literal + b"*" + after
        return [single, literal + b"*/**/" + rest] if nothing_between else [single]


def _tokens(pattern: bytes, *, fold: bool) -> tuple[_Token, ...] | None:
    """Split a pattern into tokens, or ``None`` when it is malformed (git lets those match nothing)."""
    tokens: list[_Token] = []
    at, end = 0, len(pattern)
    while at < end:
        byte = pattern[at]
        at += 1
        if byte == 0x2A:
            start = at
            while at < end and pattern[at] == 0x2A:
                at += 1
            tokens.append(_STAR if at == start else _STARS)
        elif byte == 0x3F:
            tokens.append(_ANY)
        elif byte == 0x5B:
            members, at = _class(pattern, at, fold=fold)
            if not members:
                return None
            tokens.append(members)
        elif byte == 0x2F:
            tokens.append(_SLASH)
        else:
            escaped = byte == 0x5C
            if escaped:
                if at == end:
                    return None
                byte = pattern[at]
                at += 1
            if escaped and byte == 0x2F:
                tokens.append(_ESCAPED_SLASH)
            else:
                tokens.append(byte | 0x20 if fold and byte in _UPPER else byte)
    return tuple(tokens)


def _class(pattern: bytes, at: int, *, fold: bool) -> tuple[frozenset[int], int]:
    """Read a bracket expression from behind its ``[``; returns the bytes it takes and where it ends.

    Empty when it is malformed.  With ``fold`` names are lower-cased before they are compared, but
    git does not fold single letters inside brackets: ``[A]`` matches nothing then, ``[A-Z]`` does.
    """
    never: frozenset[int] = frozenset()
    end = len(pattern)
    negated = at < end and pattern[at] in b"!^"
    at += negated
    members: set[int] = set()
    previous = 0
    first = True
    while True:
        if at >= end:
            return never, end
        byte = pattern[at]
        if byte == 0x5D and not first:
            break
        first = False
        if byte == 0x5C:
            at += 1
            if at >= end:
                return never, end
            byte = pattern[at]
            members.add(byte)
            previous = byte
        elif byte == 0x2D and previous and at + 1 < end and pattern[at + 1] != 0x5D:
            at += 1
            byte = pattern[at]
            if byte == 0x5C:
                at += 1
                if at >= end:
                    return never, end
                byte = pattern[at]
            span = _between(previous, byte)
            members |= span
            if fold:
                members |= {upper | 0x20 for upper in span & _UPPER}
            previous = 0
        elif byte == 0x5B and pattern[at + 1 : at + 2] == b":":
            close = pattern.find(b"]", at + 2)
            if close < 0:
                return never, end
            if close == at + 2 or pattern[close - 1] != 0x3A:
                members.add(byte)
                previous = byte
            else:
                named = _CLASSES.get(pattern[at + 2 : close - 1])
                if named is None:
                    return never, end
                members |= _ALNUM - _DIGIT if fold and named is _UPPER else named
                previous = 0
                at = close
        else:
            members.add(byte)
            previous = byte
        at += 1
    return (_ANY - members if negated else _ANY & members), at + 1


def _parts(tokens: tuple[_Token, ...]) -> list[_Part] | None:
    """Group tokens into path components; the last one is never "any directories"."""
    parts: list[_Part] = []
    current: list[_Token] = []
    for token in (*tokens, _SLASH):
        if token not in (_SLASH, _ESCAPED_SLASH):
            current.append(token)
            continue
        if not current:
            return None  # "a//b": no path has an empty component
        if current == [_STARS]:
            if token == _ESCAPED_SLASH:
                parts.append((_STAR,))
            if not parts or parts[-1] is not None:
                parts.append(None)
        else:
            parts.append(tuple(_STAR if part == _STARS else part for part in current))
        current = []
    if parts[-1] is None:
        parts.append((_STAR,))
    return parts


def _reach(parts: list[_Part]) -> Reach | None:
    if parts == [None]:
        return Reach(everywhere=True)
    literal = []
    for part in parts:
        text = _literal(part) if part else None
        if text is None:
            break
        literal.append(text)
    if len(literal) == len(parts):
        return Reach(everywhere=False, literal=b"/".join(literal))
    groups: list[list[bytes]] = [[]]
    for part in parts:
        if part is None:
            groups.append([])
        else:
            if _too_long(part):
                return None
            groups[-1].append(_regex(part) + b"/")
    text = b"".join(groups[0])
    for group in groups[1:-1]:
        text += b"(?>(?:[^/]*/)*?" + b"".join(group) + b")"
    if len(groups) > 1:
        text += b"(?:[^/]*/)*" + b"".join(groups[-1])
    return Reach(everywhere=False, literal=b"".join(part + b"/" for part in literal), regex=text)


def _name(tokens: tuple[_Token, ...]) -> NameGlob | None:
    """Compile one component, or ``None`` when it is longer than any name."""
    if _too_long(tokens):
        return None
    whole = _literal(tokens)
    if whole is not None:
        return NameGlob("literal", whole)
    if tokens[0] in (_STAR, _STARS):
        suffix = _literal(tokens[1:])
        if suffix is not None:
            return NameGlob("suffix", suffix)
    if tokens[-1] in (_STAR, _STARS):
        prefix = _literal(tokens[:-1])
        if prefix is not None:
            return NameGlob("prefix", prefix)
    return NameGlob("regex", _regex(tokens))


def _too_long(tokens: tuple[_Token, ...]) -> bool:
    return len(tokens) > _NAME_MAX and sum(token not in (_STAR, _STARS) for token in tokens) > _NAME_MAX


def _literal(tokens: tuple[_Token, ...]) -> bytes | None:
    plain = [token for token in tokens if isinstance(token, int) and token < 256]
    return bytes(plain) if len(plain) == len(tokens) else None


def _regex(tokens: tuple[_Token, ...]) -> bytes:
    """Write one component as an expression that takes time linear in the name."""
    runs = [b""]
    for token in tokens:
        if isinstance(token, frozenset):
            runs[-1] += _members(token)
        elif token < 256:
            runs[-1] += re.escape(bytes((token,)))
        else:
            runs.append(b"")
    if len(runs) == 1:
        return runs[0]
    middle = b"".join(b"(?>[^/]*?" + run + b")" for run in runs[1:-1])
    return runs[0] + middle + b"[^/]*" + runs[-1]


def _members(members: frozenset[int]) -> bytes:
    if members == _ANY:
        return b"[^/]"
    text = b""
    ordered = sorted(members)
    at = 0
    while at < len(ordered):
        start = at
        while at + 1 < len(ordered) and ordered[at + 1] == ordered[at] + 1:
            at += 1
        text += b"\\x%02x" % ordered[start]
        if at > start:
            text += b"-\\x%02x" % ordered[at]
        at += 1
    return b"[" + text + b"]"
