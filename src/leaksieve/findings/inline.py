"""Comments in the scanned file that say a finding is meant to be there.

Ours are ``leaksieve:allow`` and ``leaksieve:allow-next-line``, optionally for some rules only,
``leaksieve:allow[rule-id,glob-*]``, and with a reason behind it, `` -- reason``.  A plain
``leaksieve:allow`` that has its line to itself speaks for the next line as well.
``leaksieve:allow-start`` and ``leaksieve:allow-end`` stand around several lines; a start without an end
does nothing, so that a lost line cannot hide the rest of a file.  The comments of the scanners people
come from are honoured too, for every rule, but that a secretlint comment may name those it is for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

# One of these stands in every marker: most files with findings hold none and are done with after a look.
_HINTS = (b"leaksieve:allow", b"leaks:allow", b"hog:ignore", b"fisher:", b"allowlist", b"whitelist", b"secretlint-disable", b"ggignore")
_BLOCK_HINTS = (b"leaksieve:allow-start", b"secretlint-disable")
_MARKER = re.compile(
    rb"(?<![A-Za-z0-9_-])(?:"
    rb"(?P<ours>leaksieve:allow(?P<ours_next>-next-line)?)(?:\[(?P<rules>[^\]]{0,1000})\]|(?![A-Za-z0-9_\[-]))"
    rb"|(?P<peer>(?:gitleaks|betterleaks):allow|trufflehog:ignore|(?P<fisher>kingfisher:(?:ignore|allow))|ggignore"
    rb"|pragma:[ ]?(?:allow|white)list[ ](?P<pragma_next>nextline[ ])?secret|secretlint-disable-(?:line|(?P<lint_next>next-line)))(?![A-Za-z0-9_-])"
    rb")"
)
_EDGE = re.compile(
    rb"(?<![A-Za-z0-9_-])(?:"
    rb"leaksieve:allow-(?:(?P<start>start)(?:\[(?P<rules>[^\]\n]{0,1000})\]|(?![A-Za-z0-9_\[-]))|(?P<end>end)(?![A-Za-z0-9_-]))"
    rb"|secretlint-(?:(?P<off>disable)|(?P<on>enable))(?![A-Za-z0-9_-])"
    rb")"
)
# The rules a secretlint comment names; "preset" stands for all of them.
_LINT_RULE = re.compile(rb"@[\w.-]+/secretlint-rule-([a-z0-9-]+)")
_REASON = re.compile(rb"[ \t]+--[ \t]+")
_REASON_BYTES = 200
# Markers read on one line; every finding of the line looks at each of them.
_MOST = 32
# JSON has no comments: a key of that name holds one.
_KEY = rb"""[ \t]*\{?[ \t]*"(?://|#|_?comment|\$comment|_note)"[ \t]*:[ \t]*"[ \t]*\Z"""
_OPENER = re.compile(_KEY + rb"""|[ \t]*(?:#+|//+[!]?|/\*+|\*|--+|;+|<!--+|%+|'|"+|\{#|<#|\(\*|<%--|\{/\*|dnl|(?i:rem))?[ \t]*\Z""")
_CLOSERS = (b"*/}", b"*/", b"--%>", b"-->", b"#}", b"#>", b"*)", b"%>", b'",', b'"')


class Marker(NamedTuple):
    """One allow comment.  Offsets are into the bytes given to :func:`markers`; ``rules`` None means every rule.

    ``here``, ``below`` and ``above`` say whether it speaks for its own line, for the next one, and for a secret of several lines that ends on the one before.
    """

    start: int
    end: int
    name: str
    rules: frozenset[str] | None
    here: bool
    below: bool
    reason: tuple[int, int]
    above: bool = False


class Block(NamedTuple):
    """Lines between two comments: everything that begins at ``start`` or later and before ``end``; ``marker`` is the first comment."""

    start: int
    end: int
    marker: Marker


def hinted(data: bytes, width: int = 1) -> bool:
    """Whether the data can hold a marker at all; ``width`` 2 for UTF-16, which is not looked through."""
    return width == 2 or any(hint in data for hint in _HINTS)


def markers(line: bytes) -> list[Marker]:
    """Find every marker on one line (without its line feed)."""
    return [_marker(line, found) for found in islice(_MARKER.finditer(line), _MOST)]


def may_hold_blocks(data: bytes, codec: str = "utf-8") -> bool:
    """Whether a file can hold the start of a block at all."""
    return any((hint if codec == "utf-8" else hint.decode("ascii").encode(codec)) in data for hint in _BLOCK_HINTS)


def blocks(data: bytes) -> list[Block]:
    """Find what start and end comments enclose, in order of their starts.  A secretlint comment without an end holds to the end of the file."""
    open_: list[Marker] = []
    found: list[Block] = []
    for edge in _EDGE.finditer(data):
        end = data.find(b"\n", edge.end())
        line = data[edge.end() : end if end >= 0 else len(data)][:1000]
        if edge["start"] or edge["off"]:
            # A second start inside a block of ours would let the first end close the wrong one.
            if edge["off"] or not any(marker.name == "leaksieve:allow-start" for marker in open_):
                open_.append(_edge(edge, line))
            continue
        named = _lint_rules(line) if edge["on"] else None
        closed = [marker for marker in open_ if marker.name.startswith("leaksieve") == bool(edge["end"]) and (named is None or marker.rules == named)]
        found += [Block(marker.end, edge.start(), marker) for marker in closed]
        open_ = [marker for marker in open_ if marker not in closed]
    found += [Block(marker.end, len(data), marker) for marker in open_ if marker.name == "secretlint-disable"]
    return sorted(found)


def _edge(edge: re.Match[bytes], line: bytes) -> Marker:
    """The comment that opens a block; ``line`` is what follows it on its line."""
    reason = _reason(line)
    span = (edge.end() + reason[0], edge.end() + reason[1])
    if edge["off"]:
        return Marker(edge.start(), edge.end(), "secretlint-disable", _lint_rules(line), here=True, below=True, reason=span)
    return Marker(edge.start(), edge.end(), "leaksieve:allow-start", _named(edge["rules"]), here=True, below=True, reason=span)


def choose(candidates: Iterable[Marker], names: Collection[str]) -> Marker | None:
    """Return the first marker that speaks for a rule; ``names`` are the ids it goes by, or went by."""
    for marker in candidates:
        if marker.rules is None or not marker.rules.isdisjoint(names) or any(fnmatchcase(name, rule) for rule in marker.rules if "*" in rule for name in names):
            return marker
    return None


def sentence(marker: Marker, rule_id: str, reason: str, place: str) -> str:
    """Say which comment hides a finding; ``reason`` is printable and masked already, ``place`` says where it stands ("" for the finding's own line)."""
    rules = f"[{rule_id}]" if marker.rules is not None else ""
    return f"inline comment {marker.name}{rules}{place and ' ' + place}" + (f" ({reason})" if reason else "")


def _marker(line: bytes, found: re.Match[bytes]) -> Marker:
    start, end = found.span()
    reason = _reason(line[end : end + 2 * _REASON_BYTES])
    below = bool(found["ours_next"] or found["pragma_next"] or found["lint_next"])
    alone = False
    rules = _named(found["rules"])
    if found["ours"] or found["fisher"]:
        # A comment opener is short; what is not one need not be looked through.
        before, after = line[max(0, start - 200) : start], line[end : end + 200]
        alone = bool(_OPENER.match(before)) and (reason[0] > 0 or not _without_closer(after))
    elif found["peer"].startswith(b"secretlint"):
        rules = _lint_rules(line[end : end + 1000])
    name = (found["ours"] or found["peer"]).decode("ascii")
    above = alone and bool(found["fisher"])
    return Marker(start, end, name, rules, here=not below, below=below or alone, reason=(end + reason[0], end + reason[1]), above=above)


def _reason(text: bytes) -> tuple[int, int]:
    """Where the reason stands in what follows a marker; both 0 where there is none."""
    begun = _REASON.match(text)
    if begun is None:
        return 0, 0
    return begun.end(), begun.end() + len(_without_closer(text[begun.end() : begun.end() + _REASON_BYTES]))


def _named(rules: bytes | None) -> frozenset[str] | None:
    return None if rules is None else frozenset(item.strip().decode("ascii", "replace") for item in rules.split(b","))


def _lint_rules(text: bytes) -> frozenset[str] | None:
    """The rules of ours that a secretlint comment is for: its names are providers', as the beginnings of our ids are."""
    names = _LINT_RULE.findall(text.partition(b" -- ")[0])
    if not names or any(name.startswith(b"preset") for name in names):
        return None
    return frozenset(f"{name.decode('ascii')}*" for name in names)


def _without_closer(text: bytes) -> bytes:
    text = text.rstrip()
    for closer in _CLOSERS:
        if text.endswith(closer):
            return text[: -len(closer)].rstrip()
    return text
