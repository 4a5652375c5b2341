"""Writing a tree of a foreign regular expression as a Python pattern over bytes with the same meaning."""

from __future__ import annotations

from leaksieve.ruleset.foreign_chars import ascii_pattern, byte_pattern
from leaksieve.ruleset.foreign_regex import Node

# Spelled so that both `re` and `regex` read them alike, whatever stands around.
_PLACES = {"A": r"\A", "Z": r"\Z", "^": r"(?<![^\x0a])", "$": r"(?![^\x0a])", "b": r"\b", "B": r"\B"}


def printed(node: Node, *, narrow: bool) -> str:
    """The pattern; ``narrow`` for text that is ASCII throughout, where one byte is one character and all is three times as fast."""
    kind = node[0]
    if kind == "set":
        return ascii_pattern(node[1]) if narrow else byte_pattern(node[1])
    if kind == "at":
        return _PLACES[node[1]]
    if kind == "cat":
        return "".join([f"(?:{printed(each, narrow=narrow)})" if each[0] == "alt" else printed(each, narrow=narrow) for each in node[1]])
    if kind == "alt":
        return "|".join([printed(each, narrow=narrow) for each in node[1]])
    if kind == "group":
        return f"{'(' if node[1] else '(?:'}{printed(node[2], narrow=narrow)})"
    _, least, most, greedy, body = node
    text = printed(body, narrow=narrow)
    if body[0] not in ("set", "group") or text == "(?!)":
        text = f"(?:{text})"
    if (least, most) == (0, 1):
        count = "?"
    elif most is None:
        count = {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    else:
        count = f"{{{least}}}" if least == most else f"{{{least},{most}}}"
    return text + count + ("" if greedy else "?")
