"""Reading regular expressions of Go's syntax (RE2), which other scanners' rules are written in, into a tree.

Flags are resolved while reading: what is in the tree needs none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from leaksieve.ruleset.foreign_chars import (
    ANY,
    LAST,
    NOT_NEWLINE,
    PERL,
    POSIX,
    Ranges,
    folded,
    joined,
    negated,
    unicode_class,
)

MAX_REPEAT = 1000
MAX_DEPTH = 250
# A node: ("set", ranges), ("at", kind), ("cat", nodes), ("alt", nodes), ("group", number, node), ("rep", least, most or None, greedy, node).
# Kinds of places: A and Z are the text's ends, ^ and $ a line's, b and B a word's edge or none.
Node = tuple[Any, ...]
EMPTY: Node = ("cat", [])
_ESCAPES = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_PLACES = {"A": "A", "z": "Z", "b": "b", "B": "B"}
_OPS = "*+?"


class Regex(NamedTuple):
    """A regular expression read: its tree and how many groups it has."""

    tree: Node
    groups: int


def read_regex(text: str) -> Regex:
    """Read a pattern; ValueError says what Go would refuse as well."""
    parser = _Parser(text)
    tree = parser.alternatives(0)
    if parser.at < len(text):
        raise ValueError("unexpected `)`")
    _limit(tree, MAX_REPEAT)
    return Regex(tree, parser.groups)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.ignore_case = self.multi_line = self.dot_all = self.swap = False

    def alternatives(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ValueError("groups nest too deeply")
        branches = [self.sequence(depth)]
        while self.text.startswith("|", self.at):
            self.at += 1
            branches.append(self.sequence(depth))
        return branches[0] if len(branches) == 1 else ("alt", branches)

    def sequence(self, depth: int) -> Node:
        text = self.text
        items: list[Node] = []
        repeated = False  # whether the last item is a repeat that was just written
        while self.at < len(text):
            char = text[self.at]
            if char in "|)":
                break
            bounds = self._repeat(char)
            if bounds is not None:
                if repeated:
                    raise ValueError(f"invalid nested repetition before position {self.at}")
                if not items:
                    raise ValueError("missing argument to a repetition")
                least, most, greedy = bounds
                items[-1] = ("rep", least, most, greedy != self.swap, items[-1])
                repeated = True
                continue
            repeated = False
            self._item(char, depth, items)
        return items[0] if len(items) == 1 else ("cat", items)

    def _repeat(self, char: str) -> tuple[int, int | None, bool] | None:
        """A repetition operator here, read; None when there is none."""
        if char in _OPS:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
            self.at += 1
        elif char == "{":
            found = self._braces()
            if found is None:
                return None
            least, most = found
        else:
            return None
        greedy = True
        if self.text.startswith("?", self.at):
            self.at += 1
            greedy = False
        return least, most, greedy

    def _braces(self) -> tuple[int, int | None] | None:
        end = self.text.find("}", self.at)
        if end < 0:
            return None
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        if not _is_number(low) or (comma and high and not _is_number(high)):
            return None
        least = int(low) if len(low) < 9 else MAX_REPEAT + 1
        most = (int(high) if len(high) < 9 else MAX_REPEAT + 1) if high else (None if comma else least)
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise ValueError(f"invalid repeat count {self.text[self.at : end + 1]} (at most {MAX_REPEAT})")
        self.at = end + 1
        return least, most

    def _item(self, char: str, depth: int, items: list[Node]) -> None:
        text = self.text
        if char == "(":
            self._open(depth, items)
        elif char == "[":
            items.append(("set", self._class()))
        elif char == ".":
            self.at += 1
            items.append(("set", ANY if self.dot_all else NOT_NEWLINE))
        elif char == "^":
            self.at += 1
            items.append(("at", "^" if self.multi_line else "A"))
        elif char == "$":
            self.at += 1
            items.append(("at", "$" if self.multi_line else "Z"))
        elif char == "\\":
            after = text[self.at + 1 : self.at + 2]
            if after in _PLACES and after:
                self.at += 2
                items.append(("at", _PLACES[after]))
            elif after == "Q":
                quoted, _, _ = text[self.at + 2 :].partition("\\E")
                self.at = min(self.at + 4 + len(quoted), len(text))
                items += [self._literal(ord(one)) for one in quoted]
            else:
                known = self._class_escape()
                items.append(("set", known) if known is not None else self._literal(self._escape()))
        else:
            self.at += 1
            items.append(self._literal(ord(char)))

    def _literal(self, code: int) -> Node:
        one = ((code, code),)
        return ("set", folded(one) if self.ignore_case else one)

    def _open(self, depth: int, items: list[Node]) -> None:
        text = self.text
        flags = (self.ignore_case, self.multi_line, self.dot_all, self.swap)
        number = 0
        if text.startswith(("(?P<", "(?<"), self.at):
            start = self.at + (4 if text[self.at + 2] == "P" else 3)
            if text.startswith(("(?<=", "(?<!"), self.at):
                raise ValueError("look-behind is no part of this syntax")
            end = text.find(">", start)
            name = text[start:end]
            if end < 0 or not name or not all(one.isascii() and (one.isalnum() or one == "_") for one in name):
                raise ValueError("invalid name of a group")
            self.at = end + 1
            self.groups += 1
            number = self.groups
        elif text.startswith("(?", self.at):
            if self._flags():
                return  # they hold to the end of the enclosing group
        else:
            self.at += 1
            self.groups += 1
            number = self.groups
        inner = self.alternatives(depth + 1)
        if not text.startswith(")", self.at):
            raise ValueError("missing closing `)`")
        self.at += 1
        self.ignore_case, self.multi_line, self.dot_all, self.swap = flags
        items.append(("group", number, inner))

    def _flags(self) -> bool:
        """Read ``(?flags)`` or ``(?flags:``; whether it was the former."""
        text = self.text
        place = self.at + 2
        on = True
        seen = False
        chosen = {"i": self.ignore_case, "m": self.multi_line, "s": self.dot_all, "U": self.swap}
        while place < len(text):
            char = text[place]
            place += 1
            if char in chosen:
                chosen[char] = on
                seen = True
            elif char == "-" and on:
                on, seen = False, False
            elif char in ":)" and (on or seen):
                self.at = place
                self.ignore_case, self.multi_line, self.dot_all, self.swap = chosen["i"], chosen["m"], chosen["s"], chosen["U"]
                return char == ")"
            else:
                break
        raise ValueError(f"`{text[self.at : place]}` is no part of this syntax")

    def _class(self) -> Ranges:
        text = self.text
        self.at += 1
        negate = text.startswith("^", self.at)
        self.at += negate
        found: list[tuple[int, int]] = []
        first = True
        while first or not text.startswith("]", self.at):
            first = False
            if self.at >= len(text):
                raise ValueError("missing closing `]`")
            known = self._posix() if text.startswith("[:", self.at) else self._class_escape() if text.startswith("\\", self.at) else None
            if known is not None:
                found += known
                continue
            low = high = self._class_char()
            if text.startswith("-", self.at) and text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._class_char()
                if high < low:
                    raise ValueError("invalid range in a class")
            one = ((low, high),)
            found += folded(one) if self.ignore_case else one
        self.at += 1
        ranges = joined(found)
        return negated(ranges) if negate else ranges

    def _class_char(self) -> int:
        if self.at >= len(self.text):
            raise ValueError("missing closing `]`")
        if self.text[self.at] == "\\":
            return self._escape()
        self.at += 1
        return ord(self.text[self.at - 1])

    def _posix(self) -> Ranges | None:
        end = self.text.find(":]", self.at + 2)
        if end < 0:
            return None
        name = self.text[self.at + 2 : end]
        known = POSIX.get(name.removeprefix("^"))
        if known is None:
            raise ValueError(f"no class is named [:{name}:]")
        self.at = end + 2
        return self._cased(known, name.startswith("^"))

    def _cased(self, known: Ranges, negate: bool) -> Ranges:
        ranges = folded(known) if self.ignore_case else known
        return negated(ranges) if negate else ranges

    def _class_escape(self) -> Ranges | None:
        r"""``\d``, ``\pN``, ``\p{Greek}`` and the like here, read; None when it is another escape."""
        text = self.text
        char = text[self.at + 1 : self.at + 2]
        if char and char.lower() in PERL:
            self.at += 2
            return self._cased(PERL[char.lower()], char.isupper())
        if char not in ("p", "P"):
            return None
        negate = char == "P"
        self.at += 2
        if text.startswith("{", self.at):
            end = text.find("}", self.at)
            if end < 0:
                raise ValueError("missing `}` of a Unicode class")
            name = text[self.at + 1 : end]
            self.at = end + 1
        else:
            name = text[self.at : self.at + 1]
            self.at += 1
        if name.startswith("^"):
            negate, name = not negate, name[1:]
        known = unicode_class(name) if name else None
        if known is None:
            raise ValueError(f"no Unicode class is named `{name}`")
        return self._cased(known, negate)

    def _escape(self) -> int:
        """An escaped character, as its code point."""
        text = self.text
        char = text[self.at + 1 : self.at + 2]
        if not char:
            raise ValueError("`\\` at the end of the pattern")
        self.at += 2
        if char in "01234567":
            digits = char
            while len(digits) < 3 and self.at < len(text) and text[self.at] in "01234567":
                digits += text[self.at]
                self.at += 1
            if char != "0" and len(digits) == 1:
                raise ValueError(f"`\\{char}` (a reference to a group) is no part of this syntax")
            return int(digits, 8)
        if char == "x":
            return self._hexadecimal()
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char.isascii() and not char.isalnum():
            return ord(char)
        raise ValueError(f"`\\{char}` is no part of this syntax")

    def _hexadecimal(self) -> int:
        text = self.text
        if text.startswith("{", self.at):
            end = text.find("}", self.at)
            digits = text[self.at + 1 : end] if end > 0 else ""
            self.at = end + 1
        else:
            digits = text[self.at : self.at + 2]
            self.at += 2
            if len(digits) < 2:
                digits = ""
        if not digits or not all(one in "0123456789abcdefABCDEF" for one in digits) or int(digits, 16) > LAST:
            raise ValueError("invalid `\\x` escape")
        return int(digits, 16)


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0")


def _limit(node: Node, left: int) -> None:
    """Refuse repeats whose product is too large, as Go does."""
    kind = node[0]
    if kind == "rep":
        most = node[2] if node[2] is not None else node[1]
        if most > 1:
            if most > left:
                raise ValueError(f"nested repeats multiply to more than {MAX_REPEAT}")
            left //= most
        _limit(node[4], left)
    elif kind == "group":
        _limit(node[2], left)
    elif kind in ("cat", "alt"):
        for each in node[1]:
            _limit(each, left)
