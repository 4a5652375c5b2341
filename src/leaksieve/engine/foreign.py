"""Rules that were read from other tools' files: how they are confirmed, and how their allow lists are applied.

Their keywords may stand anywhere in a text, their patterns may be of any length and cross lines, and
which group is the secret can differ from match to match; so they are confirmed in a way of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import log2
from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.engine.confirm import LOOKAHEAD, TimedOut
from leaksieve.model import Located, Match, Span
from leaksieve.ruleset.foreign_search import GoPattern, go_pattern

if TYPE_CHECKING:
    from leaksieve.engine.prefilter import Prefilter
    from leaksieve.engine.vocabulary import Hits, Vocabulary

ALLOWED = "allow-list"
# Bytes that a search may be expected to read in a second; larger texts have more time.
PACE = 8 * 1024 * 1024
# Before a verdict that an allow list with a path left open: the numbers of these lists follow, then a space, then the verdict.
_OPEN = "?&"


class _Re(NamedTuple):
    """What is asked of a match's pattern: it names no groups."""

    groupindex: dict[str, int]


class Found:
    """A match of a foreign rule, with what the engine asks of a match of ``re``."""

    __slots__ = ("_group", "_match", "string")

    re = _Re({})

    def __init__(self, match: Any, group: int) -> None:
        self._match = match
        self._group = group
        self.string: bytes = match.string

    def start(self) -> int:
        """Where the match begins."""
        return int(self._match.start())

    def span(self, name: int | str = 0) -> tuple[int, int]:
        """Where the match is, or its secret."""
        span: tuple[int, int] = self._match.span(0 if name == 0 else self._group)
        return span

    def group(self, name: int | str = 0) -> bytes:
        """The text of the match, or of its secret."""
        start, end = self.span(name)
        return self.string[start:end]


# What "matches" for a rule that asks for the path alone: nothing, at the beginning.
_NOTHING = re.compile(b"")


class _Scans:
    """What is known across rules: how many buffers there were (between two calls of the prefilter the same bytes at the
    same place are one buffer), and the buffer last asked for words with its text in lower case.
    """

    number = 0
    lowered: tuple[bytes, bytes] = (b"", b"")


class WholeBuffers:
    """A prefilter for rulesets in which some rule asks for a whole buffer: says when one begins, and opens rules without a word in each.

    Scans that look at changed stretches alone know it is no Hyperscan, and look at whole objects.
    """

    def __init__(self, prefilter: Prefilter, vocabulary: Vocabulary) -> None:
        self._prefilter = prefilter
        self.name = prefilter.name
        self._every = [(len(vocabulary.words), 0)] if vocabulary.ruleset.foreign["always"] else []

    def hits(self, data: bytes) -> Hits:
        """See :class:`Prefilter`."""
        _Scans.number += 1
        hits = self._prefilter.hits(data)
        return hits._replace(literals=[*hits.literals, *self._every]) if self._every and data else hits


def holds(data: bytes, words: Sequence[str]) -> bool:
    """Whether one of these words (in lower case) stands in a buffer in any case."""
    known = _Scans.lowered
    if known[0] is not data:
        known = _Scans.lowered = (data, data.lower() if data.isascii() else data.decode("utf-8", "replace").lower().encode())
    return any(word.encode() in known[1] for word in words)


class ForeignPattern:
    """What a confirmer asks for the matches of a foreign rule.  ``timeout`` in seconds for a search."""

    __slots__ = ("_before", "_buffer", "_group", "_id", "_pattern", "_scope", "_searched", "_timeout", "_width", "_words")

    def __init__(self, rule: dict[str, Any], timeout: float) -> None:
        foreign = rule["foreign"]
        self._id: str = rule["id"]
        self._words: list[str] = foreign["words"]
        self._scope: str = foreign["scope"]
        self._group: int = foreign["group"]
        self._pattern: GoPattern = go_pattern(foreign["regex"])
        self._before: int = rule["before"]
        self._width: int = rule["width"]
        self._timeout = timeout
        self._buffer = (-1, 0, 0)
        # Starts of lines that were searched in the buffer; 0 for all of it.
        self._searched: set[int] = set()

    def around(self, data: bytes, start: int, length: int) -> list[Any]:
        """Matches that the word at ``start`` opens, ``length`` bytes long.

        Where it opens a line or the whole buffer, this is searched for the first of its words alone.
        """
        if self._scope == "path":
            return [Found(_NOTHING.match(data), 0)]
        if self._words and not holds(data, self._words):
            return []
        if self._scope == "window":
            return list(self._near(data, start, length))
        buffer = (_Scans.number, id(data), len(data))
        if buffer != self._buffer:
            self._buffer = buffer
            self._searched = set()
        low, high = 0, len(data)
        if self._scope == "line":
            low = data.rfind(b"\n", 0, start) + 1
            high = data.find(b"\n", start)
            high = len(data) if high < 0 else high
        if low in self._searched:
            return []
        self._searched.add(low)
        return list(self._all(data, low, high))

    def _near(self, data: bytes, start: int, length: int) -> Iterator[Found]:
        place = max(start - self._before, 0)
        limit = min(start + self._width + LOOKAHEAD, len(data))
        narrow = data[max(place - 1, 0) : limit].isascii()
        while place <= start:
            match = self._search(data, place, limit, narrow=narrow)
            if match is None or match.start() > start:
                return
            if match.end() >= start + length:
                found = self._found(match)
                if found is not None:
                    yield found
            place = match.start() + 1

    def _all(self, data: bytes, low: int, high: int) -> Iterator[Found]:
        """Matches that begin from ``low`` to ``high``, each where the one before it ends."""
        limit = min(high + LOOKAHEAD, len(data))
        narrow = data[max(low - 1, 0) : limit].isascii()
        place = low
        while place <= high:
            match = self._search(data, place, limit, narrow=narrow)
            if match is None or match.start() > high:
                return
            found = self._found(match)
            if found is not None:
                yield found
            place = max(match.end(), place + 1)

    def _found(self, match: Any) -> Found | None:
        """The match with its secret: the group that was named, else the first that holds something, else all of it."""
        group = self._group
        if not group:
            group = next((number for number in range(1, match.re.groups + 1) if match.end(number) > match.start(number)), 0)
        return Found(match, group) if match.end(group) > match.start(group) else None

    def _search(self, data: bytes, place: int, limit: int, *, narrow: bool) -> Any:
        search = self._pattern.compiled(narrow=narrow).search
        timeout = self._timeout + (limit - place) / PACE
        try:
            return search(data, place, limit, timeout=timeout)
        except TimeoutError:
            pass
        try:
            return search(data, place, limit, timeout=timeout * 4)
        except TimeoutError:
            raise TimedOut(self._id) from None


def entropy(value: bytes) -> float:
    """Shannon entropy as those tools count it: of characters, over the length in bytes."""
    text: Sequence[Any] = value if value.isascii() else value.decode("utf-8", "replace")
    bits = 0.0
    for one in set(text):
        share = text.count(one) / len(value)
        bits -= share * log2(share)
    return bits


def weighed(rule: dict[str, Any], secret: bytes, match: Any, verdict: str) -> str:
    """What entropy and the allow lists say of a value that may be a finding.

    Where a list leaves it to the path the verdict begins with a question mark, and :func:`placed` decides.
    """
    foreign = rule.get("foreign")
    if foreign and foreign["entropy"] and secret and entropy(secret) <= foreign["entropy"]:
        return "low-entropy"
    open_: list[str] = []
    for number, one in enumerate(rule["lists"]):
        checks = _checks(one, secret, match)
        if one["and"]:
            if all(checks) and not one["commits"]:
                if not one["paths"]:
                    return ALLOWED
                open_.append(str(number))
        elif any(checks):
            return ALLOWED
    return f"{_OPEN}{','.join(open_)} {verdict}" if open_ else verdict


def _checks(one: dict[str, Any], secret: bytes, match: Any) -> list[bool]:
    checks = []
    if one["regexes"]:
        text = secret if one["target"] == "secret" else match.group() if one["target"] == "match" else _lines(match)
        checks.append(any(go_pattern(source).found_in(text) for source in one["regexes"]))
    if one["stopwords"]:
        lowered = secret.lower() if secret.isascii() else secret.decode("utf-8", "replace").lower().encode()
        checks.append(any(word.encode() in lowered for word in one["stopwords"]))
    return checks


def _lines(match: Any) -> bytes:
    """The lines a match stands in."""
    data: bytes = match.string
    start, end = match.span()
    low = data.rfind(b"\n", 0, start) + 1
    high = data.find(b"\n", max(end - 1, start))
    return data[low : len(data) if high < 0 else max(high, end)]


def placed(rule: dict[str, Any], path: bytes, verdict: str) -> str:
    """The verdict at a path: why it is no finding there, or what was said of the value before."""
    numbers: list[str] = []
    if verdict.startswith(_OPEN):
        listed, _, verdict = verdict[len(_OPEN) :].partition(" ")
        numbers = listed.split(",")
    foreign = rule.get("foreign")
    if foreign and foreign["path"] and not go_pattern(foreign["path"]).found_in(path):
        return "path"
    for number, one in enumerate(rule["lists"]):
        if (not one["and"] or str(number) in numbers) and any(go_pattern(source).found_in(path) for source in one["paths"]):
            return ALLOWED
    return verdict


def composed(matches: list[Match], data: bytes, rule_of: Callable[[str], dict[str, Any]]) -> list[Match]:
    """Drop findings of rules whose required parts are not near, give the others their parts, and drop what is only a part.

    ``matches`` are all of one buffer, judged at their path.
    """
    live = [match for match in matches if not match.rejected]
    out = []
    for match in matches:
        foreign = None if match.rejected else rule_of(match.rule_id).get("foreign")
        if foreign and (foreign["required"] or foreign["helper"]):
            parts = [_part(data, match, live, part) for part in foreign["required"]]
            if None in parts:
                match = match._replace(rejected="part-missing")
            elif foreign["helper"]:
                match = match._replace(rejected="part")
            else:
                match = match._replace(parts=(*match.parts, *((other.rule_id, other.secret) for other in parts if other is not None)))
        out.append(match)
    return out


def _part(data: bytes, match: Match, live: list[Match], part: dict[str, Any]) -> Match | None:
    """The nearest match of a required rule within its bounds."""
    near = [other for other in live if other.rule_id == part["id"] and other is not match and _near(data, match.span, other.span, part)]
    return min(near, key=lambda other: abs(other.span.start - match.span.start), default=None)


def _near(data: bytes, one: Span, other: Span, part: dict[str, Any]) -> bool:
    if part["lines"] >= 0 and data.count(b"\n", min(one.start, other.start), max(one.start, other.start)) > part["lines"]:
        return False
    if part["columns"] < 0:
        return True
    columns = [span.start - data.rfind(b"\n", 0, span.start) for span in (one, other)]
    return abs(columns[0] - columns[1]) <= int(part["columns"])


def by_commit(located: list[Located], rule_of: Callable[[str], dict[str, Any]]) -> list[Located]:
    """Mark as allowed what a commit brought in that an allow list of a rule file names."""
    out = []
    for place in located:
        commit = str(place.provenance.details.get("commit", "")).lower()
        if commit and not place.allowed and any(_commit_allowed(one, commit, place) for one in rule_of(place.rule_id).get("lists", ())):
            place = place._replace(allowed=f"commit {commit[:12]} is in an allow list of the rule file")
        out.append(place)
    return out


def _commit_allowed(one: dict[str, Any], commit: str, place: Located) -> bool:
    if commit not in one["commits"]:
        return False
    if not one["and"]:
        return True
    secret = place.secret.reveal()
    # Regexes over anything else than the secret are refused here when the file is read.
    further = _checks(one, secret, None)
    if one["paths"]:
        further.append(any(go_pattern(source).found_in(place.provenance.path) for source in one["paths"]))
    return all(further)
