"""What a worker does with one unit: read, scan, locate, and send home what is small."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any, NamedTuple

from leaksieve.config import Config
from leaksieve.engine.matcher import Engine
from leaksieve.model import Chunk, Located, Match, Skip
from leaksieve.ruleset.load import Ruleset
from leaksieve.sources.base import Source, Unit


class Answer(NamedTuple):
    """What one unit gave; ``files`` and ``size`` (bytes) count what was scanned."""

    located: list[Located]
    skips: list[Skip]
    files: int
    size: int


class Worker:
    """Bound to the sources and settings of a run; callable with ``(source number, unit)``, returns an encoded :class:`Answer`."""

    def __init__(self, sources: Sequence[Source], ruleset: Ruleset, config: Config, prefilter: str) -> None:
        self._sources = sources
        self._ruleset = ruleset
        self._reveal = config.reveal
        self._inline_allow = config.inline_allow
        self.engine = Engine(ruleset, prefilter=prefilter, decode_depth=config.max_decode_depth, timeout=config.rule_timeout)

    def __call__(self, unit: Unit) -> bytes:
        """Scan one unit."""
        number, inner = unit
        return encode(self.scan(self._sources[int(number)], inner))  # type: ignore[call-overload, arg-type]

    def scan(self, source: Source, unit: Unit) -> Answer:
        """Read and scan the chunks of a unit."""
        located: list[Located] = []
        skips: list[Skip] = []
        files = size = 0
        engine = self.engine
        for item in source.read(unit):
            if isinstance(item, Skip):
                skips.append(item)
                continue
            files += 1
            size += len(item.data)
            result = engine.scan(item.data, item.provenance.path)
            if result.skips:
                skips += [skip._replace(where=item.provenance.path) for skip in result.skips]
            if result.matches:
                located += self._locate(source, item, result.matches)
        return Answer(located, skips, files, size)

    def _locate(self, source: Source, chunk: Chunk, matches: list[Match]) -> list[Located]:
        owns: Any = getattr(source, "owns", None)
        if owns is not None:
            # Blocks of a stream overlap; each match is reported by one of them.
            matches = [match if match.rejected or owns(chunk, match.secret_span) else match._replace(rejected="other-block") for match in matches]
        if all(match.rejected for match in matches):
            return []
        from leaksieve.findings.locate import locate

        return locate(chunk, matches, public_prefix=self._public_prefix, reveal=self._reveal, inline_allow=self._inline_allow)

    def _public_prefix(self, rule_id: str) -> bytes:
        return str(self._ruleset.by_id(rule_id)["public_prefix"]).encode()


def encode(answer: Answer) -> bytes:
    """Answer -> bytes, through the private encoding of findings."""
    wired = b""
    if answer.located:
        from leaksieve.findings.wire import encode as encode_located

        wired = encode_located(answer.located)
    return marshal.dumps((wired, [tuple(skip) for skip in answer.skips], answer.files, answer.size))


def decode(data: bytes) -> Answer:
    """The inverse of :func:`encode`."""
    wired, skips, files, size = marshal.loads(data)  # noqa: S302  written by a worker of this run
    located: list[Located] = []
    if wired:
        from leaksieve.findings.wire import decode as decode_located

        located = decode_located(wired)
    return Answer(located, [Skip(*skip) for skip in skips], files, size)
