"""Records that travel between the stages and across process borders.

They are ``NamedTuple`` classes rather than dataclasses: immutable, marshal-friendly, and creating
them does not import ``inspect`` (8 ms, which a staged scan would feel).  Offsets are byte offsets,
0-based and end-exclusive, into the original bytes of the chunk.  Paths are raw bytes as the
operating system or git gives them, with ``/`` separators and relative to the target's root.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, Never

from leaksieve.secret import Secret

SkipClass = Literal["excluded", "failed"]

# Stands between an archive's path and a member's.
BETWEEN = b"!/"
# Fits wherever a mapping from texts is wanted, whatever to.
EMPTY: Mapping[str, Never] = {}


class Span(NamedTuple):
    """Half-open byte range ``[start, end)``."""

    start: int
    end: int


class Provenance(NamedTuple):
    """Where a chunk's bytes came from.

    ``kind`` is one of file, index, stdin, git, image, store.  ``details`` holds the further JSON
    fields of the occurrence's ``source`` object (see the interfaces), plain JSON values only.
    """

    kind: str
    path: bytes
    details: Mapping[str, object] = EMPTY
    archive_path: bytes | None = None


class Chunk(NamedTuple):
    """Bytes to scan, whole.

    ``base`` returns the bytes this chunk replaces (HEAD's version for a staged file) or ``None``
    when there is none; it is called only when something was found.
    """

    data: bytes
    provenance: Provenance
    base: Callable[[], bytes | None] | None = None


class Match(NamedTuple):
    """One rule's match in one chunk.

    ``span`` is the whole match, ``secret_span`` the secret's own bytes, both in the chunk's
    original bytes (for decoded content: the bytes that decode to it).  ``decoded`` names the
    decoders passed, outermost first.  ``rejected`` is empty for a finding, else the reason a
    filter dropped the candidate (it still has to be masked in context lines).  ``confidence`` is how
    sure this match is, where that differs from its rule's ("" when it does not).
    """

    rule_id: str
    span: Span
    secret_span: Span
    secret: Secret
    decoded: tuple[str, ...] = ()
    parts: tuple[tuple[str, Secret], ...] = ()
    rejected: str = ""
    confidence: str = ""


class Skip(NamedTuple):
    """Something that was not scanned, and why.

    ``kind`` "excluded": asked for or documented policy.  "failed": meant to be read and could not.
    ``reason`` is a short stable code (``too-large``, ``unreadable``, ...), ``detail`` a phrase for a person.
    """

    kind: SkipClass
    where: bytes
    reason: str
    detail: str = ""
    count: int = 1  # type: ignore[assignment]  # hides tuple.count, which nobody asks a skip for


class Located(NamedTuple):
    """A match with everything a report says of its place; the unit workers send home.

    Lines and columns are 1-based, ``end_column`` exclusive, columns in code points.  ``context`` is
    the line(s) around the match, already masked (unless revealing was asked for) and with control
    characters neutralised.  ``allowed`` says which inline comment hides it ("" when none).
    ``already_present`` is true when every line it touches is in the chunk's base.  ``confidence`` is
    the match's own, "" for its rule's.
    """

    rule_id: str
    secret: Secret
    parts: tuple[tuple[str, Secret], ...]
    provenance: Provenance
    start_line: int
    end_line: int
    start_column: int
    end_column: int
    byte_start: int
    byte_end: int
    decoded: tuple[str, ...]
    context: str
    allowed: str
    already_present: bool
    line_hash: str
    confidence: str = ""


class Occurrence(NamedTuple):
    """One place of a finding; ``location_id`` is stable under line shifts (fingerprint, path, ordinal).

    ``owners`` answer for its path, as the repository's CODEOWNERS says.
    """

    location_id: str
    path: bytes
    start_line: int
    end_line: int
    start_column: int
    end_column: int
    byte_start: int
    byte_end: int
    decoded: tuple[str, ...]
    archive_path: bytes | None
    context: str
    source: Mapping[str, object]
    allowed: str
    already_present: bool
    line_hash: str
    owners: tuple[str, ...] = ()


def full_path(place: Provenance | Occurrence) -> bytes:
    """Return the path of a place with the one inside the archive, if any: rules are asked about it, and fingerprints of guessable values are bound to it."""
    inner = place.archive_path
    return place.path if inner is None else place.path + BETWEEN + inner


class Finding(NamedTuple):
    """One secret under one rule, with every place it stands.

    ``secret`` is the masked text (or the revealed one when asked for), never raw bytes.
    ``allowed`` is "" or the reason the whole finding is hidden (every occurrence allowed).
    ``details`` is what the value says of itself (account, expires, key_type, ...): texts, numbers and
    truth values that everyone may see.  ``baselined`` says that a baseline knows it; ``allowed`` names the baseline then.
    ``verdict`` is "unknown" where nobody asked; ``verification`` is empty then, else what a live check says beside its verdict (the
    fields of the JSON report).
    """

    rule_id: str
    rule_name: str
    severity: str
    confidence: str
    tags: tuple[str, ...]
    secret: str
    parts: tuple[tuple[str, str], ...]
    fingerprint: str
    proof: str
    verdict: str
    links: tuple[Mapping[str, object], ...]
    allowed: str
    already_present: bool
    remediation: Mapping[str, object]
    occurrences: tuple[Occurrence, ...]
    details: Mapping[str, object] = EMPTY
    baselined: bool = False
    verification: Mapping[str, object] = EMPTY


SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high")
