"""Finds what is to be redacted in a buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.engine.fields import Fields
from leaksieve.engine.log_gates import compile_first
from leaksieve.engine.matcher import Engine
from leaksieve.engine.multipart import ALONE, PART
from leaksieve.engine.prefilter import NOTHING, Hyperscan
from leaksieve.engine.vocabulary import Hits
from leaksieve.findings.mask import is_public
from leaksieve.model import CONFIDENCES, SEVERITIES, Match
from leaksieve.redaction.marks import Edit, Marker, merged
from leaksieve.work import engine_for, ruleset_for

if TYPE_CHECKING:
    from leaksieve.config import Config
    from leaksieve.ruleset.load import Ruleset

# Dropped matches that are secrets all the same: parts of another finding, those whose other half did not come
# along (it may be in lines that are still to come), and those that another one covers.
_SECRET_STILL = frozenset((PART, ALONE, "overlap"))


# Long enough for the prefilter to build what it finds words with, and with a name and a value for the scorer to load.
_SAMPLE = b"password" + b": 3Kd82-warm-up\n" + b" " * 33 * 1024 + b"\n"


class Spotted(NamedTuple):
    """Edits in order, without overlap, and how many things could not be looked at."""

    edits: list[Edit]
    failed: int


NOTHING_SPOTTED = Spotted([], 0)


class Spotter:
    """Rules, confidence and placeholders of a run.  Not shared between threads.

    ``go_bulk`` changes to the prefilter for bulk; both say the same.
    """

    def __init__(self, config: Config, marker: Marker, ruleset: Ruleset | None = None) -> None:
        self._config = config
        self._marker = marker
        self._ruleset = ruleset if ruleset is not None else ruleset_for(config)
        self._least = CONFIDENCES.index(config.confidence)
        self._fields: Fields | None = None
        self._engine = self._made(engine_for(config, small=True))
        self._sure: dict[str, tuple[int, int]] = {}

    def _made(self, prefilter: str) -> Engine:
        config = self._config
        engine = Engine(
            self._ruleset,
            prefilter=prefilter,
            decode_depth=config.max_decode_depth,
            timeout=config.rule_timeout,
            compiler=compile_first,
            rejected_alone=False,
        )
        self._fields = Fields(engine.prefilter, engine.vocabulary)
        return engine

    def go_bulk(self) -> None:
        """From now on expect much; the change itself takes a while."""
        name = engine_for(self._config, small=False)
        if name != self._engine.name:
            self._engine = self._made(name)

    @property
    def rules(self) -> int:
        """How many rules are on."""
        return len(self._ruleset)

    def warm(self) -> None:
        """Make ready what the first lines would wait for."""
        self.spot(_SAMPLE)

    def spot(self, data: Any, since: int = 0, path: bytes = b"") -> Spotted:
        """What is to be redacted in a buffer (bytes or a view of bytes).

        Text before ``since`` is context: it is read where a match needs it, and not searched.
        """
        prefilter = self._engine.prefilter
        if isinstance(prefilter, Hyperscan):
            # Most blocks hold no candidate: those are not even copied.
            found = prefilter.ends(memoryview(data)[since:])
            if not found:
                return NOTHING_SPOTTED
            data = bytes(data)
            if since:
                found = [(number, to + since) for number, to in found]
            if self._fields is not None:
                found = self._fields.living(data, found)
                if not found:
                    return NOTHING_SPOTTED
            hits = prefilter.starts(data, found)
        else:
            data = bytes(data)
            hits = _behind(prefilter.hits(data), since)
            if hits.gates and self._fields is not None:
                hits = hits._replace(gates=self._fields.living_gates(data, hits.gates))
        if not any(hits):
            return NOTHING_SPOTTED
        result = self._engine.candidates(data, hits)
        matches = self._engine.resolved(result.matches, path, data) if result.matches else []
        edits = [edit for match in matches if self._counts(match) for edit in self._edits(match, data)]
        return Spotted(merged(edits), len(result.skips)) if edits or result.skips else NOTHING_SPOTTED

    def _counts(self, match: Match) -> bool:
        if match.rejected and match.rejected not in _SECRET_STILL:
            return False
        sure = CONFIDENCES.index(match.confidence) if match.confidence else self._facts(match.rule_id)[0]
        return sure >= self._least

    def _facts(self, rule_id: str) -> tuple[int, int]:
        known = self._sure.get(rule_id)
        if known is None:
            rule = self._ruleset.by_id(rule_id)
            known = self._sure[rule_id] = CONFIDENCES.index(rule["confidence"]), SEVERITIES.index(rule["severity"])
        return known

    def _edits(self, match: Match, data: bytes) -> list[Edit]:
        severity = self._facts(match.rule_id)[1]
        wide = bool(match.decoded) and match.decoded[0] == "utf-16"

        def edit(start: int, end: int, value: bytes) -> Edit:
            label = self._marker.label(match.rule_id, value)
            if wide:
                # Where the order is not known pairs are taken for little-endian: what stands before and behind completes them.
                label = label.decode().encode("utf-16-be" if not data[start] else "utf-16-le")
            return Edit(start, end, label, wide, severity)

        edits = [edit(*match.secret_span, match.secret.reveal())]
        for name, part in match.parts:
            value = part.reveal()
            if not match.decoded and value and not is_public(name, value):
                place = data.find(value, match.span.start, match.span.end)
                if place >= 0:
                    edits.append(edit(place, place + len(value), value))
        return edits


def _behind(hits: Hits, since: int) -> Hits:
    if not since or hits is NOTHING:
        return hits
    return Hits(*([hit for hit in several if hit[1] >= since] for several in hits))


def redact_bytes(spotter: Spotter, data: bytes, path: bytes = b"") -> tuple[bytes, int]:
    """Redact one whole text; returns it and how many places were replaced."""
    from leaksieve.redaction.marks import filling

    spotted = spotter.spot(data, path=path)
    if not spotted.edits:
        return data, 0
    parts, at = [], 0
    for edit in spotted.edits:
        parts += [data[at : edit.start], filling(edit, data[edit.start : edit.end])]
        at = edit.end
    return b"".join((*parts, data[at:])), len(spotted.edits)
