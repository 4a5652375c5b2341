"""From places to findings: one per secret, with every place it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from leaksieve.engine.checks import SILENT, Proof
from leaksieve.findings.fingerprint import Fingerprinter
from leaksieve.findings.mask import mask
from leaksieve.findings.mask import part as masked_part
from leaksieve.findings.triage import classify
from leaksieve.model import CONFIDENCES, SEVERITIES, Finding, Located, Occurrence, Provenance, full_path
from leaksieve.secret import Secret

if TYPE_CHECKING:
    from hashlib import _Hash


class RuleFacts(NamedTuple):
    """What a finding takes from its rule.

    ``proof`` is the name of the rule's structural check, "" when there is none; ``on_failed_proof``
    is keep, lower or drop (see the rules' README).
    ``remediation`` has the keys documentation, rotation, revoke (list of steps) and impact.
    ``family`` is the one that fingerprints are made with; ``aliases`` are ids the rule had before.
    """

    id: str
    name: str
    family: str
    severity: str
    confidence: str
    tags: tuple[str, ...]
    proof: str
    public_prefix: bytes
    remediation: Mapping[str, object]
    aliases: tuple[str, ...] = ()
    on_failed_proof: str = "keep"


class _Entry(NamedTuple):
    """A place, its rule and the key that orders places."""

    order: tuple[object, ...]
    located: Located
    facts: RuleFacts


def fold(
    located: Iterable[Located],
    *,
    rules: Callable[[str], RuleFacts],
    fingerprinter: Fingerprinter,
    reveal: bool,
    dedupe: bool = True,
    prove: Callable[[str, Located], Proof] = lambda _rule_id, _place: SILENT,
) -> list[Finding]:
    """Group places by fingerprint; return findings in order of their first place (path, byte span, rule id).

    The result does not depend on the order of the input.  Where rules of one family found the same
    secret, the most severe, then most confident one names the finding, and a place they share is
    listed once.  A finding is allowed, or already present, only if all its places are; its severity
    is the highest of its places' (see ``triage``).  Without ``dedupe`` every place is a finding of
    its own, under the same fingerprint and location id as otherwise.  ``prove`` says of a rule's id
    and a place what the rule's structural check makes of the secret; it is asked only where there is one.
    """
    groups: dict[str, list[_Entry]] = {}
    sources = _Sources()
    for place in located:
        facts = rules(place.rule_id)
        fingerprint = fingerprinter.of(facts.family, place.secret.reveal(), full_path(place.provenance))
        groups.setdefault(fingerprint, []).append(_Entry(_order(place, sources.of(place.provenance).key), place, facts))
    found: list[tuple[tuple[object, ...], Finding]] = []
    for fingerprint, group in groups.items():
        entries = _once(sorted(group, key=lambda entry: entry.order)) if len(group) > 1 else group
        ids = _location_ids(fingerprint, entries)
        pairs = list(zip(entries, ids, strict=True))
        for members in [pairs] if dedupe else [[pair] for pair in pairs]:
            finding = _finding(fingerprint, members, reveal, prove, sources)
            found.append(((*members[0][0].order[:3], finding.rule_id, *members[0][0].order[3:], fingerprint), finding))
    found.sort(key=lambda item: item[0])
    return [finding for _, finding in found]


class _Source(NamedTuple):
    """Where something came from: as a key to sort by, and as an occurrence names it."""

    provenance: Provenance
    key: tuple[object, ...]
    fields: Mapping[str, object]


class _Sources:
    """Each provenance read once, however many places share it."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, _Source] = {}

    def of(self, provenance: Provenance) -> _Source:
        known = self._known.get(id(provenance))
        if known is None:
            kind, details = provenance.kind, provenance.details
            # It holds the provenance, whose id so stays its own.
            known = self._known[id(provenance)] = _Source(provenance, (kind, *_buried(details), repr(sorted(details.items()))), {"kind": kind, **details})
        return known


def _buried(details: Mapping[str, object]) -> tuple[bool, int]:
    """Sort key of the layers of an image: what the final image shows comes first, then from the top layer down; all else is equal."""
    index = details.get("layer_index")
    return bool(details.get("deleted_later")), -index if isinstance(index, int) else 0


def _order(place: Located, source: tuple[object, ...]) -> tuple[object, ...]:
    provenance = place.provenance
    # Of one place under several rules an unallowed one comes first, and stays.
    allowed = (bool(place.allowed), place.allowed)
    return (provenance.path, place.byte_start, place.byte_end, provenance.archive_path or b"", source, place.decoded, allowed, place.rule_id)


def _once(entries: list[_Entry]) -> list[_Entry]:
    """Drop places that a rule of the same family has listed already, but let the strongest rule speak for them."""
    kept: list[_Entry] = []
    for entry in entries:
        if kept and entry.order[:6] == kept[-1].order[:6]:
            if _strength(entry.facts) < _strength(kept[-1].facts):
                place = entry.located._replace(allowed=kept[-1].located.allowed)
                kept[-1] = _Entry(kept[-1].order, place, entry.facts)
        else:
            kept.append(entry)
    return kept


def _strength(facts: RuleFacts) -> tuple[int, int, str]:
    """Sort key, strongest rule first."""
    return -SEVERITIES.index(facts.severity), -CONFIDENCES.index(facts.confidence), facts.id


def _location_ids(fingerprint: str, entries: list[_Entry]) -> list[str]:
    """Return an id per place from fingerprint, path and ordinal in that path, so that it survives line shifts.

    History holds many versions of a file, and an image may in several layers; those at HEAD, and those that the final image
    shows, are counted first, so that older versions and layers do not move their ids.
    """
    if len(entries) == 1:
        return [_short_hash(fingerprint.encode(), full_path(entries[0].located.provenance), b"1")]
    ids = [""] * len(entries)
    counts: dict[tuple[bytes, bytes | None], int] = {}
    details = [entry.located.provenance.details for entry in entries]
    for index in sorted(range(len(entries)), key=lambda index: (not details[index].get("at_head", True), *_buried(details[index]))):
        provenance = entries[index].located.provenance
        key = (provenance.path, provenance.archive_path)
        counts[key] = counts.get(key, 0) + 1
        ids[index] = _short_hash(fingerprint.encode(), full_path(provenance), b"%d" % counts[key])
    return ids


def _short_hash(*fields: bytes) -> str:
    return _sha256()(b"".join([len(field).to_bytes(8, "big") + field for field in fields])).hexdigest()[:16]


@cache
def _sha256() -> Callable[[bytes], _Hash]:
    from hashlib import sha256  # 3 ms that a scan without findings does not need

    return sha256


def _finding(fingerprint: str, members: list[tuple[_Entry, str]], reveal: bool, prove: Callable[[str, Located], Proof], sources: _Sources) -> Finding:
    facts = min((entry.facts for entry, _ in members), key=_strength) if len(members) > 1 else members[0][0].facts
    first = members[0][0].located
    judged = [_judged(entry) for entry, _ in members]
    severity = max((severity for severity, _ in judged), key=SEVERITIES.index) if len(judged) > 1 else judged[0][0]
    # One place outside the tests is enough for the secret not to be a test's.
    extra = [tag for tag in judged[0][1] if tag not in facts.tags and all(tag in tags for _, tags in judged)]
    proof = SILENT
    if facts.proof not in ("", "none"):
        # A check may need the other parts of the credential: the id beside a key, the terms beside a signature.
        proof = prove(facts.id, max((entry.located for entry, _ in members), key=lambda place: len(place.parts)))
    if proof.details.get("expired"):
        # What has run out opens nothing any more; it still says how secrets are handled.
        severity = min(severity, "low", key=SEVERITIES.index)
        extra.append("expired")
    reasons = dict.fromkeys([entry.located.allowed for entry, _ in members])
    return Finding(
        rule_id=facts.id,
        rule_name=facts.name,
        severity=severity,
        confidence=_proved(_surest(members), facts.on_failed_proof, proof),
        tags=(*facts.tags, *extra),
        secret=_shown(first.secret, facts.public_prefix, reveal),
        parts=_parts(members, reveal),
        fingerprint=fingerprint,
        proof="structural" if proof.passed else "none",
        verdict="unknown",
        links=(),
        allowed="" if "" in reasons else "; ".join(reasons),
        already_present=all(entry.located.already_present for entry, _ in members),
        remediation=facts.remediation,
        occurrences=tuple([_occurrence(entry.located, location_id, sources) for entry, location_id in members]),
        details=proof.details,
    )


def _judged(entry: _Entry) -> tuple[str, tuple[str, ...]]:
    """Severity and tags of one place."""
    facts, located = entry.facts, entry.located
    return classify(facts.tags, facts.severity, full_path(located.provenance), located.secret.reveal(), located.confidence or facts.confidence)


def _surest(members: list[tuple[_Entry, str]]) -> str:
    """The highest confidence of a finding's places; a place says its own where its rule leaves that to a score."""
    sure = [entry.located.confidence or entry.facts.confidence for entry, _ in members]
    return max(sure, key=CONFIDENCES.index) if len(sure) > 1 else sure[0]


def _proved(confidence: str, on_failed_proof: str, proof: Proof) -> str:
    """A confidence, raised by a check that was passed and, where the rule says so, lowered by one that was not."""
    if proof.passed:
        return CONFIDENCES[-1]
    if proof.passed is False and on_failed_proof == "lower":
        return CONFIDENCES[max(CONFIDENCES.index(confidence) - 1, 0)]
    return confidence


def _parts(members: list[tuple[_Entry, str]], reveal: bool) -> tuple[tuple[str, str], ...]:
    """The parts of the first place that has most of them: the same secret may stand elsewhere by itself."""
    parts = max((entry.located.parts for entry, _ in members), key=len)
    # What a signature grants is told in words, by the check that reads it.
    return tuple((name, _shown(part, b"", reveal) if reveal else masked_part(name, part.reveal())) for name, part in parts if name != "grant")


def _shown(secret: Secret, public_prefix: bytes, reveal: bool) -> str:
    value = secret.reveal()
    return value.decode("utf-8", "backslashreplace") if reveal else mask(value, public_prefix)


def _occurrence(place: Located, location_id: str, sources: _Sources) -> Occurrence:
    provenance = place.provenance
    return Occurrence(
        location_id=location_id,
        path=provenance.path,
        start_line=place.start_line,
        end_line=place.end_line,
        start_column=place.start_column,
        end_column=place.end_column,
        byte_start=place.byte_start,
        byte_end=place.byte_end,
        decoded=place.decoded,
        archive_path=provenance.archive_path,
        context=place.context,
        source=sources.of(provenance).fields,
        allowed=place.allowed,
        already_present=place.already_present,
        line_hash=place.line_hash,
    )
