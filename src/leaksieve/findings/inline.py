"""Comments in the scanned file that say a finding is meant to be there.

Ours are ``leaksieve:allow`` and ``leaksieve:allow-next-line``, optionally for some rules only,
``leaksieve:allow[rule-id,rule-id]``, and with a reason behind it, `` -- reason``.  A plain
``leaksieve:allow`` that has its line to itself speaks for the next line as well.  The comments of
the scanners people come from are honoured too, for every rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

# One of these stands in every marker: most files with findings hold none and are done with after a look.
_HINTS = (b"leaksieve:allow", b"leaks:allow", b"hog:ignore", b"fisher:ignore", b"allowlist", b"secretlint-disable-", b"ggignore")
_MARKER = re.compile(
    rb"(?<![A-Za-z0-9_-])(?:"
    rb"(?P<ours>leaksieve:allow(?P<ours_next>-next-line)?)(?:\[(?P<rules>[^\]]{0,1000})\]|(?![A-Za-z0-9_\[-]))"
    rb"|(?P<peer>(?:gitleaks|betterleaks):allow|(?:trufflehog|kingfisher):ignore|ggignore"
    rb"|pragma:[ ]?allowlist[ ](?P<pragma_next>nextline[ ])?secret|secretlint-disable-(?:line|(?P<lint_next>next-line)))(?![A-Za-z0-9_-])"
    rb")"
)
_REASON = re.compile(rb"[ \t]+--[ \t]+")
_REASON_BYTES = 200
# Markers read on one line; every finding of the line looks at each of them.
_MOST = 32
_OPENER = re.compile(rb"""[ \t]*(?:#+|//+[!]?|/\*+|\*|--+|;+|<!--+|%+|'|"+|\{#|<#|\(\*|<%--|\{/\*|dnl|(?i:rem))?[ \t]*\Z""")
_CLOSERS = (b"*/}", b"*/", b"--%>", b"-->", b"#}", b"#>", b"*)", b"%>")


class Marker(NamedTuple):
    """One allow comment.  Offsets are into the bytes given to :func:`markers`; ``rules`` None means every rule.

    ``here`` and ``below`` say whether it speaks for its own line and for the next one.
    """

    start: int
    end: int
    name: str
    rules: frozenset[str] | None
    here: bool
    below: bool
    reason: tuple[int, int]


def hinted(data: bytes, width: int = 1) -> bool:
    """Whether the data can hold a marker at all; ``width`` 2 for UTF-16, which is not looked through."""
    return width == 2 or any(hint in data for hint in _HINTS)


def markers(line: bytes) -> list[Marker]:
    """Find every marker on one line (without its line feed)."""
    return [_marker(line, found) for found in islice(_MARKER.finditer(line), _MOST)]


def choose(candidates: Iterable[Marker], names: Iterable[str]) -> Marker | None:
    """Return the first marker that speaks for a rule; ``names`` are the ids it goes by, or went by."""
    for marker in candidates:
        if marker.rules is None or not marker.rules.isdisjoint(names):
            return marker
    return None


def sentence(marker: Marker, rule_id: str, reason: str, above: bool) -> str:
    """Say which comment hides a finding; ``reason`` is printable and masked already."""
    rules = f"[{rule_id}]" if marker.rules is not None else ""
    place = " on the line before" if above else ""
    return f"inline comment {marker.name}{rules}{place}" + (f" ({reason})" if reason else "")


def _marker(line: bytes, found: re.Match[bytes]) -> Marker:
    start, end = found.span()
    begun = _REASON.match(line, end)
    reason = line[begun.end() : begun.end() + _REASON_BYTES] if begun else b""
    reason = _without_closer(reason)
    span = (begun.end(), begun.end() + len(reason)) if begun else (end, end)
    below = bool(found["ours_next"] or found["pragma_next"] or found["lint_next"])
    alone = False
    rules = None
    if found["ours"]:
        if found["rules"] is not None:
            rules = frozenset(item.strip().decode("ascii", "replace") for item in found["rules"].split(b","))
        # A comment opener is short; what is not one need not be looked through.
        before, after = line[max(0, start - 200) : start], line[end : end + 200]
        alone = bool(_OPENER.match(before)) and (begun is not None or not _without_closer(after))
    name = (found["ours"] or found["peer"]).decode("ascii")
    return Marker(start, end, name, rules, here=not below, below=below or alone, reason=span)


def _without_closer(text: bytes) -> bytes:
    text = text.rstrip()
    for closer in _CLOSERS:
        if text.endswith(closer):
            return text[: -len(closer)].rstrip()
    return text
