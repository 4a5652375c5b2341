"""Credentials of several parts: a secret with the id, user, host or second key that belong to it.

Which parts a rule's secrets have is data (``[[rule.parts]]``).  They are looked for only around a
secret that was found: the nearest value that is assigned to a fitting name and has the part's shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from leaksieve.engine.mapping import Decoded
from leaksieve.model import CONFIDENCES, Match, Span
from leaksieve.secret import Secret

# Why a match is no finding of its own: it belongs to another one.  It is masked like any candidate.
PART = "part"
# Why a secret whose other half is missing is none, where its rule says so.
ALONE = "part-missing"
# Generic rules whose finding is a secret by its name: never the public half of another.
_SECRETS = frozenset(("generic-password", "generic-secret", "generic-token"))
# What a part is called that is secret itself.
_SECRET_PART = re.compile("pass|secret|token|key")
# A border between blocks (a blank line, a brace, a section, an entry of a list) counts as this many bytes of distance.
_BORDER = 256
# Equal beginnings of two names (GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET) count from this length on.
_ALIKE = 3
# A place in decoded text is worked out from the original one to within so many bytes.
_OFF = 16
# What joins the words of a name.
_JOINING = b"_.- \t\n\r\f\v"
# Windows are looked into one by one; those of more secrets than this in one file would only cost time.
_MOST = 500


class _Found(NamedTuple):
    """A value that may be a part, best first: how unlike its name is, how far it stands, where; ``match`` is its own match's index or -1."""

    unlike: int
    distance: int
    start: int
    end: int
    match: int


class _Text(NamedTuple):
    """The text a secret was read in, its place in there, and how places lead back."""

    data: bytes
    span: Span
    origin: Callable[[Span], Span]
    region: Decoded | None = None


def join(matches: list[Match], data: bytes, path: bytes, rule_of: Callable[[str], Mapping[str, Any]]) -> list[Match]:
    """Give every finding its parts, and mark the matches that are parts of another.

    ``matches`` are all of one buffer, overlaps resolved; ``rule_of`` gives a rule by id.  The path
    says whether a value without quotes is an expression.
    """
    wanted = [index for index, match in enumerate(matches) if not match.rejected and rule_of(match.rule_id).get("parts")]
    if not wanted:
        return matches
    return _Joiner(matches, data, path, rule_of).joined(wanted[:_MOST])


class _Joiner:
    def __init__(self, matches: list[Match], data: bytes, path: bytes, rule_of: Callable[[str], Mapping[str, Any]]) -> None:
        self._matches = matches
        self._data = data
        self._rule_of = rule_of
        self._path = path
        self._generic: dict[Span, int] | None = None
        # Decoded regions, by decoder: several secrets stand in one.
        self._regions: dict[str, list[Decoded]] = {}
        # With the text itself, whose id so stays its own.
        self._windows: dict[tuple[int, int, int], tuple[bytes, list[Any]]] = {}

    def joined(self, wanted: list[int]) -> list[Match]:
        out = list(self._matches)
        options: list[tuple[tuple[int, int], int, int, _Found, _Text]] = []
        for index in wanted:
            match = self._matches[index]
            texts = self._texts(match)
            for number, part in enumerate(self._rule_of(match.rule_id)["parts"]):
                if part["name"] in {name for name, _ in match.parts}:
                    continue
                for text in texts:
                    near = self._options(match, text, part)
                    options += [((found.unlike, found.distance), index, number, found, text) for found in near]
                    if near:
                        break
        chosen = self._chosen(options)
        gone: set[int] = set()
        for index in wanted:
            # Two that would each be a part of the other: the first has the second.
            if index not in gone:
                out[index] = self._with_parts(index, chosen, gone)
        # The same value elsewhere in the file is told with its secret as well.
        values = {(out[index].rule_id, out[index].secret.reveal()) for index in gone}
        for index, match in enumerate(out):
            if not match.rejected and (match.rule_id, match.secret.reveal()) in values:
                out[index] = match._replace(rejected=PART)
        return out

    def _with_parts(self, index: int, chosen: Mapping[tuple[int, int], tuple[_Found, _Text]], gone: set[int]) -> Match:
        match = self._matches[index]
        rule = self._rule_of(match.rule_id)
        parts = list(match.parts)
        missing = False
        for number, part in enumerate(rule["parts"]):
            own = next((value.reveal() for name, value in match.parts if name == part["name"]), None)
            if own is not None:
                # The rule's pattern has read it already; it may be another rule's finding all the same.
                gone.update(i for i in self._candidates(part) if self._matches[i].secret.reveal() == own and i != index)
            elif (index, number) in chosen:
                found, text = chosen[index, number]
                parts.append((part["name"], self._matches[found.match].secret if found.match >= 0 else Secret(text.data[found.start : found.end])))
                if found.match >= 0:
                    gone.add(found.match)
            else:
                missing = missing or part["required"]
        if len(parts) > len(match.parts):
            match = match._replace(parts=tuple(parts))
        return lacking(match, rule) if missing else match

    def _chosen(self, options: list[tuple[tuple[int, int], int, int, _Found, _Text]]) -> dict[tuple[int, int], tuple[_Found, _Text]]:
        """One value for each secret and part: the best first, and a value serves a second secret only if nothing else is near."""
        chosen: dict[tuple[int, int], tuple[_Found, _Text]] = {}
        taken: set[tuple[str, Span]] = set()
        options.sort(key=lambda option: (option[0], option[1], option[3].start))
        for again in (False, True):
            for _, index, number, found, text in options:
                rule_id = self._matches[index].rule_id
                place = (self._rule_of(rule_id)["parts"][number]["name"], text.origin(Span(found.start, found.end)))
                if (index, number) in chosen or (place in taken and not again):
                    continue
                chosen[index, number] = found, text
                taken.add(place)
        return chosen

    def _candidates(self, part: Mapping[str, Any]) -> list[int]:
        return [i for i, match in enumerate(self._matches) if not match.rejected and match.rule_id in part["rules"]] if part["rules"] else []

    def _options(self, match: Match, text: _Text, part: Mapping[str, Any]) -> list[_Found]:
        """Every value near a secret that may be the part."""
        data, here = text.data, text.span
        low, high = window(data, here, part["lines"], part["bytes"])
        # Reading what is assigned to what costs a millisecond: most windows hold no fitting word at all.
        if not self._candidates(part) and not _may_name(data[low:high], tuple(part["names"])):
            return []
        around = self._assigned(data, low, high)
        secret_name = next((one.name for one in around if one.start <= here.start and here.end <= one.end), b"")
        value, names = _shape(part["value"]), _named(tuple(part["names"]))
        found = []
        for index in self._candidates(part):
            span = self._place_in(text, self._matches[index])
            if span is not None and low <= span.start and span.end <= high and not _overlap(span, here):
                name = next((one.name for one in around if one.start <= span.start and span.end <= one.end), b"")
                # Of two values of one rule only the names tell which is the secret.
                if self._matches[index].rule_id != match.rule_id or names(name):
                    found.append(_Found(-_alike(secret_name, name), distance(data, here, span), *span, index))
        if part["names"]:
            known = {one.start for one in found}
            own = match.secret.reveal()
            for one in around:
                if one.start in known or not names(one.name) or _overlap(Span(one.start, one.end), here):
                    continue
                candidate = data[one.start : one.end]
                if not value.fullmatch(candidate) or candidate == own or (not one.quoted and _is_code(self._path)) or _elsewhere(candidate):
                    continue
                own_match = self._generic_at(text.origin(Span(one.start, one.end)))
                if own_match >= 0 and self._matches[own_match].rule_id in _SECRETS and not _SECRET_PART.search(part["name"]):
                    continue  # DATABASE_PASSWORD is nobody's database
                found.append(_Found(-_alike(secret_name, one.name), distance(data, here, Span(one.start, one.end)), one.start, one.end, own_match))
        return found

    def _generic_at(self, span: Span) -> int:
        """The match of a generic rule over just these bytes, -1 if there is none: it knew no better what the value is."""
        if self._generic is None:
            self._generic = {
                match.secret_span: index
                for index, match in enumerate(self._matches)
                if not match.rejected and "generic" in self._rule_of(match.rule_id)["tags"]
            }
        return self._generic.get(span, -1)

    def _assigned(self, data: bytes, low: int, high: int) -> list[Any]:
        key = (id(data), low, high)
        if key not in self._windows:
            from leaksieve.engine.assignments import assignments  # its patterns cost milliseconds that most scans need not spend

            self._windows[key] = data, assignments(data, low, high)
        return self._windows[key][1]

    def _place_in(self, text: _Text, match: Match) -> Span | None:
        return match.secret_span if text.region is None else _place(text.region, match)

    def _decoded(self, match: Match) -> _Text | None:
        """The text that the match's one decoder made of what is around it."""
        known = self._regions.setdefault(match.decoded[0], [])
        for region in known:
            if region.origins[0] <= match.secret_span.start < region.end and (span := _place(region, match)) is not None:
                return _Text(region.data, span, region.span, region)
        for region in _regions(self._data, match):
            if (span := _place(region, match)) is not None:
                known.insert(0, region)
                return _Text(region.data, span, region.span, region)
        return None

    def _texts(self, match: Match) -> list[_Text]:
        """Where a secret can be read among what belongs to it: in the text that one decoder made of it, and in the file."""
        plain = _Text(self._data, match.secret_span, lambda span: span)
        inner = self._decoded(match) if len(match.decoded) == 1 else None
        return [inner, plain] if inner is not None else [plain]


def _regions(data: bytes, match: Match) -> Iterator[Decoded]:
    from leaksieve.engine.decoders import BY_ENCODING, BY_ESCAPE

    name, start = match.decoded[0], match.secret_span.start
    # Which alignment a run was read in is not known any more; the right one shows the secret.
    made = [BY_ESCAPE[name](data, start)] if name in BY_ESCAPE else (BY_ENCODING[name](data, start, phase) for phase in range(4)) if name in BY_ENCODING else []
    for region in made:
        if region is not None:
            yield region


def lacking(match: Match, rule: Mapping[str, Any]) -> Match:
    """The match of a secret without a part that its rule requires."""
    missing = rule.get("missing", "keep")
    if missing == "drop":
        return match._replace(rejected=ALONE)
    if missing == "lower":
        sure = CONFIDENCES.index(match.confidence or rule["confidence"])
        return match._replace(confidence=CONFIDENCES[max(sure - 1, 0)])
    return match


def _place(region: Decoded, match: Match) -> Span | None:
    """Where decoded text shows the secret of a match."""
    secret = match.secret.reveal()
    near = region.near(match.secret_span.start)
    at = region.data.find(secret, max(near - _OFF, 0), near + len(secret) + _OFF)
    while at >= 0:
        span = Span(at, at + len(secret))
        if region.span(span) == match.secret_span:
            return span
        at = region.data.find(secret, at + 1, near + len(secret) + _OFF)
    return None


def window(data: bytes, here: Span, lines: int, size: int) -> tuple[int, int]:
    """Bounds of whole lines around a place: at most so many before and after, within so many bytes."""
    floor, top = max(here.start - size, 0), min(here.end + size, len(data))
    low, high = here.start, here.end
    for _ in range(lines + 1):
        low = data.rfind(b"\n", floor, low)
        if low < 0:
            low = floor - 1
            break
    for _ in range(lines + 1):
        high = data.find(b"\n", high, top)
        if high < 0:
            high = top
            break
        high += 1
    return low + 1, high


_BORDERS = re.compile(rb"\n[ \t\r]*\n|[{}]|\n[ \t]*-[ \t-]|\n[ \t]*\[|<[\w:.\-]+>\s*<")


def distance(data: bytes, one: Span, other: Span) -> int:
    """Bytes between two places, with a toll for every border between blocks."""
    first, last = (one.end, other.start) if one.start <= other.start else (other.end, one.start)
    return max(last - first, 0) + _BORDER * sum(1 for _ in _BORDERS.finditer(data, first, last))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _alike(one: bytes, other: bytes) -> int:
    size = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        size += 1
    return size if size >= _ALIKE else 0


def _is_code(path: bytes) -> bool:
    from leaksieve.ruleset.generic import bare_is_code

    return bare_is_code(path)


def _elsewhere(value: bytes) -> bool:
    from leaksieve.engine.assignments import is_elsewhere

    return is_elsewhere(value)


@lru_cache(maxsize=256)
def _shape(value: str) -> re.Pattern[bytes]:
    return re.compile(value.encode("latin-1"))


def _may_name(text: bytes, names: tuple[str, ...]) -> bool:
    """Whether a value in a text may have one of these names: a necessary condition for :func:`_named`."""
    squeezed = text.translate(None, _JOINING).lower()
    return any(word in squeezed for word in _plain_names(names))


@lru_cache(maxsize=256)
def _plain_names(names: tuple[str, ...]) -> tuple[bytes, ...]:
    from leaksieve.engine.assignments import plain_name

    return tuple(plain_name(name.encode()) for name in names)


@lru_cache(maxsize=256)
def _named(names: tuple[str, ...]) -> Callable[[bytes], bool]:
    from leaksieve.engine.assignments import plain_name

    # A single word (user, host, server) is the whole name or its end: `users` and `server.auth.password` are others.
    single = tuple(plain_name(name.encode()) for name in names if name.isalnum())
    joined = tuple(plain_name(name.encode()) for name in names if not name.isalnum())
    return lambda name: any(words in name for words in joined) or name.endswith(single)
