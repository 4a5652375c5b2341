"""Patterns in gitignore syntax for a regular expression over paths, where there are some that mean the same.

Other scanners search a regular expression in the path; here paths are told by gitignore patterns.  What people write is
mostly a folder, the end of a name or the start of a path, with alternatives, and those have an exact counterpart.
"""

from __future__ import annotations

from itertools import product

from leaksieve.ruleset.foreign_regex import Node, read_regex

# What one expression may become.
MOST = 64
_SLASH = 0x2F
# Steps of a path besides literal text: any run, a run without a slash, one character, the text's ends, a segment's begin and end.
_ANY, _RUN, _ONE, _TOP, _END, _BEGIN, _STOP = "any", "run", "one", "top", "end", "begin", "stop"
_Step = tuple[str, str]
_Way = tuple[_Step, ...]


def gitignore(source: str) -> list[str] | None:
    """Return gitignore patterns that hold for the paths the expression is found in; None where there are none that mean the same.

    A pattern that begins with ``!`` takes folders back that the one before would have taken along.
    """
    try:
        ways = _ways(read_regex(source).tree)
    except (ValueError, _NoneSuchError):
        return None
    out: list[str] = []
    for way in ways:
        made = _patterns(way)
        if made is None:
            return None
        out += map(_tidy, made)
    # A negation takes back what stands before it, so it stays next to its own; with others around it could take back theirs.
    if any(one.startswith("!") for one in out) and len(ways) > 1:
        out = [one for one in out if not one.startswith("!")]
    return list(dict.fromkeys(out)) or None


class _NoneSuchError(Exception):
    """There is no counterpart."""


def _ways(node: Node) -> list[_Way]:
    """All alternatives of a tree, as flat sequences of steps."""
    kind = node[0]
    if kind == "cat":
        edge = _edge(node)
        if edge is not None:
            return [((edge, ""),)]
        parts = [_ways(each) for each in node[1]]
        return _limited([tuple(step for way in combined for step in way) for combined in _product(parts)])
    if kind == "alt":
        edge = _edge(node)
        if edge is not None:
            return [((edge, ""),)]
        return _limited([way for each in node[1] for way in _ways(each)])
    if kind == "group":
        return _ways(node[2])
    if kind == "set":
        return [(_character(node[1]),)]
    if kind == "at":
        if node[1] in ("A", "^"):
            return [((_TOP, ""),)]
        if node[1] in ("Z", "$"):
            return [((_END, ""),)]
        raise _NoneSuchError
    return _repeated(node)


def _product(parts: list[list[_Way]]) -> list[tuple[_Way, ...]]:
    count = 1
    for each in parts:
        count *= len(each)
    if count > MOST:
        raise _NoneSuchError
    return list(product(*parts))


def _limited(ways: list[_Way]) -> list[_Way]:
    if len(ways) > MOST:
        raise _NoneSuchError
    return ways


def _repeated(node: Node) -> list[_Way]:
    _, least, most, _, body = node
    inner = body[2] if body[0] == "group" else body
    if (least, most) == (0, 1):
        edge = _edge(node)
        return [((edge, ""),)] if edge is not None else [(), *_ways(body)]
    if inner[0] != "set" or most is not None or least > 1:
        raise _NoneSuchError
    has_slash, most_characters = _has(inner[1], _SLASH), _is_nearly_all(inner[1])
    if not most_characters:
        raise _NoneSuchError
    first: _Way = ((_ONE, ""),) if least else ()
    return [(*first, (_ANY if has_slash else _RUN, ""))]


def _edge(node: Node) -> str | None:
    """The begin or end of a segment, written out: ``(^|/)``, ``(^|.*/)``, ``(/|$)``."""
    if node[0] != "alt" or len(node[1]) != 2:
        return None
    kinds = {_plain(each) for each in node[1]}
    if kinds in ({"top", "/"}, {"top", "any/"}, {"", "any/"}):
        return _BEGIN
    return _STOP if kinds == {"end", "/"} else None


def _plain(node: Node) -> str:
    """A short name of the nodes that edges are made of."""
    if node[0] == "group":
        return _plain(node[2])
    if node[0] == "at":
        return {"A": "top", "^": "top", "Z": "end", "$": "end"}.get(node[1], "?")
    if node[0] == "set":
        return "/" if node[1] == ((_SLASH, _SLASH),) else "?"
    if node[0] == "rep":
        return "any" if node[4][0] == "set" and node[1] == 0 and node[2] is None and _is_nearly_all(node[4][1]) and _has(node[4][1], _SLASH) else "?"
    if node[0] == "cat":
        return "".join(_plain(each) for each in node[1])
    return "?"


def _has(ranges: tuple[tuple[int, int], ...], point: int) -> bool:
    return any(low <= point <= high for low, high in ranges)


def _is_nearly_all(ranges: tuple[tuple[int, int], ...]) -> bool:
    """Whether a set is every character, but perhaps the line feed and the slash."""
    return all(_has(ranges, point) for point in (*range(11, _SLASH), *range(_SLASH + 1, 0x80), 0x3042))


def _character(ranges: tuple[tuple[int, int], ...]) -> _Step:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return ("text", chr(ranges[0][0]))
    if _is_nearly_all(ranges):
        # A dot that was meant as a dot: that it could be a slash as well is nobody's wish.
        return (_ONE, "")
    if sum(high - low + 1 for low, high in ranges) > 200 or _has(ranges, _SLASH) or any(low < 0x21 or high > 0x7E for low, high in ranges):
        raise _NoneSuchError
    inside = "".join(_ranged(low, high) for low, high in ranges)
    return ("class", f"[{inside}]")


def _ranged(low: int, high: int) -> str:
    def one(point: int) -> str:
        char = chr(point)
        return f"\\{char}" if char in "\\]^-[!" else char

    return one(low) if low == high else one(low) + (f"-{one(high)}" if high > low + 1 else one(high))


def _patterns(way: _Way) -> list[str] | None:
    """Patterns for one sequence of steps; None where there are none."""
    kinds = [kind for kind, _ in way]
    while kinds and kinds[0] == _ANY:
        way, kinds = way[1:], kinds[1:]
    if len(kinds) > 1 and kinds[:2] == [_TOP, _ANY]:
        way, kinds = way[2:], kinds[2:]
    open_end = True
    if kinds and kinds[-1] in (_END, _STOP):
        open_end = False
    while kinds and (kinds[-1] == _ANY or (len(kinds) > 1 and kinds[-2:] == [_ANY, _END])):
        cut = 1 if kinds[-1] == _ANY else 2
        way, kinds, open_end = way[:-cut], kinds[:-cut], True
    begin, stop = "", ""
    if kinds and kinds[0] in (_TOP, _BEGIN):
        begin, way, kinds = kinds[0], way[1:], kinds[1:]
    if kinds and kinds[-1] in (_END, _STOP):
        stop, way, kinds = kinds[-1], way[:-1], kinds[:-1]
    # "x/.+": something must follow the folder, and always does.
    if open_end and kinds and kinds[-1] == _ONE and len(way) > 1 and way[-2] == ("text", "/"):
        way, kinds = way[:-1], kinds[:-1]
    if not kinds or any(kind in (_TOP, _END, _BEGIN, _STOP) for kind in kinds) or kinds.count(_ANY) > 2:
        return None
    out: list[str] = []
    for bodies in product(*[("*", "*/**/*") if kind == _ANY else (_spelled(kind, text),) for kind, text in way]):
        out += _whole("".join(bodies), begin, stop)
    return out


def _spelled(kind: str, text: str) -> str:
    if kind == _RUN:
        return "*"
    if kind == _ONE:
        return "?"
    return text if kind == "class" or text not in "*?[\\" else f"\\{text}"


def _whole(body: str, begin: str, stop: str) -> list[str]:
    """A pattern around the spelled-out middle of an expression."""
    if begin == _TOP and body.startswith("/"):
        # No path begins with a slash.
        return []
    if not begin and body.startswith("/"):
        front, body = "/*/**/", body[1:]
    elif begin == _BEGIN:
        front, body = "**/", body.removeprefix("/")
    else:
        front = "/" if begin == _TOP else "**/*"
    if body.endswith("/"):
        return [front + body] if not stop else []
    if stop == _STOP:
        return [front + body]
    if stop == _END:
        name = body.rpartition("/")[2]
        # A folder is not what a name that ends in a suffix is about.
        folders = [] if "." in name else [f"!{front}{body}/"]
        return [front + body, *folders]
    return [front + body + ("" if body.endswith("*") else "*")]


def _tidy(pattern: str) -> str:
    """The pattern without what says nothing: one without a slash holds at any depth by itself."""
    sign, rest = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    short = rest.removeprefix("**/")
    return sign + (short if short and "/" not in short.rstrip("/") and not short.startswith(("!", "#")) else rest)
