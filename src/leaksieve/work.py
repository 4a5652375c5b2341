"""What a worker does with one unit: read, scan, locate, and send home what is small."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.archives.magic import kind_of
from leaksieve.config import Config
from leaksieve.engine.filters import NO_VALUE
from leaksieve.engine.matcher import EMPTY, Engine, Result
from leaksieve.engine.prefilter import Patterns, compile_all, compile_database
from leaksieve.model import Chunk, Located, Match, Skip, full_path
from leaksieve.ruleset.load import Ruleset, load
from leaksieve.sources.base import Source, Unit

if TYPE_CHECKING:
    from leaksieve.ruleset.extended import Keep

# Up to this many bytes Aho-Corasick in this process is done before Hyperscan has compiled.
SMALL = 3 * 1024 * 1024
# From here on scanning counts for more than starting: one Hyperscan database instead of two.
BULK = 64 * 1024 * 1024


class Answer(NamedTuple):
    """What one unit gave; ``files`` and ``size`` (bytes) count what was scanned, ``counts`` what else a source counts.

    ``dropped`` (by reason) and ``told`` (a line for each) are what was looked at and is no finding, where a worker was asked to tell.
    """

    located: list[Located]
    skips: list[Skip]
    files: int
    size: int
    counts: dict[str, int] = {}
    dropped: dict[str, int] = {}
    told: list[str] = []


class Kept:
    """An answer in the making."""

    def __init__(self) -> None:
        self.located: list[Located] = []
        self.skips: list[Skip] = []
        self.counts: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.told: list[str] = []


class Worker:
    """Bound to the sources and settings of a run (and to an engine that was made with them, if there is one already); callable with ``(source number, unit)``, returns an encoded :class:`Answer`.

    ``tell`` 1 counts the candidates that were dropped, 2 says each of them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        ruleset: Ruleset,
        config: Config,
        prefilter: str,
        compiler: Any = compile_all,
        *,
        joined: bool = True,
        hashes: bool = True,
        engine: Engine | None = None,
        tell: int = 0,
    ) -> None:
        self._sources = sources
        self._ruleset = ruleset
        self._depth = config.max_archive_depth
        self._member_limit = config.max_file_size
        self._reveal = config.reveal
        self._hashes = hashes
        self._inline_allow = config.inline_allow
        self._tell = tell
        if engine is None and tell:
            # One that speaks of buffers without a finding, too.
            depth, timeout = config.max_decode_depth, config.rule_timeout
            engine = Engine(ruleset, prefilter=prefilter, decode_depth=depth, timeout=timeout, compiler=compiler, joined=joined)
        self.engine = engine or Engine.configured(ruleset, config, prefilter, compiler, joined=joined)

    def __call__(self, unit: Unit) -> bytes:
        """Scan one unit."""
        number, inner = unit
        return encode(self.scan(self._sources[number], inner))

    def scan(self, source: Source, unit: Unit) -> Answer:
        """Read and scan the chunks of a unit."""
        kept = Kept()
        skips, counts = kept.skips, kept.counts
        files = size = 0
        counted: Callable[[Chunk], tuple[tuple[str, int], ...]] | None = getattr(source, "counts", None)
        engine_scan = self.engine.scan
        for item in source.read(unit):
            if isinstance(item, Skip):
                skips.append(item)
                continue
            data, provenance, _ = item
            details = provenance.details
            if counted is not None:
                for unit_, number in counted(item):
                    counts[unit_] = counts.get(unit_, 0) + number
            # Blocks of a stream overlap: one file in all, and every byte once.
            elif details and isinstance(body := details.get("body"), tuple):
                files += not body[0]
                size += body[1] - body[0]
            else:
                files += 1
                size += len(data)
            kind = kind_of(data)
            if kind is not None and self._is_opened(item, kind, kept):
                self._open(item, kind, kept, names=getattr(source, "names", True))
                continue
            if not isinstance(data, bytes):
                # It was an archive on disk when it was planned.
                skips.append(Skip("failed", provenance.path, "changed-while-read", "it was an archive over the size limit, and is none any more"))
                continue
            result = engine_scan(data, provenance.path)
            if result is not EMPTY:
                self._keep(item, result, kept)
        return Answer(kept.located, skips, counts.pop("files", files), counts.pop("bytes", size), counts, kept.dropped, kept.told)

    def _keep(self, chunk: Chunk, result: Result, kept: Kept) -> None:
        """Note what was found in a chunk."""
        if result.skips:
            kept.skips += [skip._replace(where=chunk.provenance.path) for skip in result.skips]
        if result.matches:
            kept.located += self._locate(chunk, result.matches)
            if self._tell:
                self._tally(chunk, result.matches, kept.dropped, kept.told)

    @staticmethod
    def _is_opened(chunk: Chunk, kind: str, kept: Kept) -> bool:
        """Whether a chunk that begins like an archive is one, and all of it."""
        details = chunk.provenance.details
        if details.get("object_type", "blob") != "blob":
            return False
        if "body" in details:
            if not details["offset"]:
                kept.skips.append(Skip("excluded", chunk.provenance.path, "archive-not-opened", f"{kind}, too long to be held whole"))
            return False
        return True

    def _open(self, chunk: Chunk, kind: str, kept: Kept, *, names: bool) -> None:
        """Scan what is in an archive, and its own bytes where not all of it could be opened."""
        from leaksieve.opened import HISTORY_DEPTH, Opening

        engine, counts = self.engine, kept.counts
        depth = min(self._depth, HISTORY_DEPTH) if chunk.provenance.kind == "git" else self._depth
        opening = Opening(chunk, kind, depth, self._member_limit, lambda data: engine.scan(data) is not EMPTY, names=names)
        before = len(kept.located)

        def keep(part: Chunk, *, again: bool) -> None:
            result = engine.scan(part.data, full_path(part.provenance))
            if result is EMPTY:
                return
            if again:
                # What stands in it uncompressed was found in the members.
                known = {(place.rule_id, place.secret.reveal()) for place in kept.located[before:]}
                matches = [match._replace(rejected="overlap") if (match.rule_id, match.secret.reveal()) in known else match for match in result.matches]
                result = result._replace(matches=matches)
            self._keep(part, result, kept)

        for part in opening:
            if isinstance(part, Skip):
                kept.skips.append(part)
            else:
                keep(part, again=opening.again)
        for unit, number in (("archives", opening.archives), ("members", opening.members)):
            if number:
                counts[unit] = counts.get(unit, 0) + number
        if not opening.whole and isinstance(chunk.data, bytes):
            keep(chunk, again=True)

    def _tally(self, chunk: Chunk, matches: list[Match], dropped: dict[str, int], told: list[str]) -> None:
        from leaksieve.findings.dropped import tally
        from leaksieve.sources.stream import owns

        # Blocks of a stream overlap; one of them tells.
        gone = [match for match in matches if match.rejected and owns(chunk, match.secret_span)]
        tally(chunk, gone, dropped, told if self._tell > 1 else None, self._ruleset.by_id)

    def _locate(self, chunk: Chunk, matches: list[Match]) -> list[Located]:
        part = "body" in chunk.provenance.details
        if part:
            from leaksieve.sources.stream import owns

            # Blocks of a stream overlap; each match is reported by one of them.
            matches = [match if match.rejected or owns(chunk, match.secret_span) else match._replace(rejected="other-block") for match in matches]
        if all(match.rejected for match in matches):
            return []
        # What is masked beside the findings: everything that could be a value, not code or references to a value.
        matches = [match for match in matches if match.rejected not in NO_VALUE]
        from leaksieve.findings.locate import locate

        located = locate(
            chunk,
            matches,
            public_prefix=self._public_prefix,
            reveal=self._reveal,
            inline_allow=self._inline_allow,
            hashes=self._hashes,
            names=self._names,
        )
        return [_placed(place) for place in located] if part else located

    def _public_prefix(self, rule_id: str) -> bytes:
        return str(self._ruleset.by_id(rule_id)["public_prefix"]).encode()

    def _names(self, rule_id: str) -> tuple[str, ...]:
        return (rule_id, *self._ruleset.by_id(rule_id).get("aliases", ()))


def ruleset_for(config: Config, keep: Keep | None = None) -> Ruleset:
    """The rules of a run; ``keep`` is where compiled ones of files are kept.  Raises RulesetError for rules that do not hold, ConfigError where the configuration is locked to others."""
    ruleset = load(config.rules, keep)
    if config.rules_lock:
        from leaksieve.config.lock import verify

        verify(config.rules_lock, ruleset.hash)
    if config.enable or config.disable:
        from leaksieve.ruleset.alias import select

        ruleset = select(ruleset, config.enable, config.disable)
    return ruleset


def engine_for(config: Config, *, small: bool) -> str:
    """The prefilter that was asked for; else Aho-Corasick for small inputs, Hyperscan for the rest where it is installed."""
    if config.engine != "auto":
        return config.engine
    if small:
        return "aho-corasick"
    from importlib.util import find_spec

    return "hyperscan" if find_spec("hyperscan") else "aho-corasick"


class Compiler:
    """Compiles Hyperscan's databases in a forked process, while this one compiles the other or goes on planning.

    They come back through a pipe, never through a file.  When the plan is made (``plan_on`` returns False), the ``ruleset`` is made ready.
    """

    def __init__(self, plan_on: Callable[[], bool], ruleset: Ruleset) -> None:
        self._plan_on = plan_on
        self._ruleset = ruleset

    def __call__(self, several: list[Patterns]) -> list[Any]:
        """One database for each, in order."""
        import hyperscan

        from leaksieve.engine.warm import warming
        from leaksieve.parallel import Computation

        def unpack(packed: bytes) -> Any:
            database = hyperscan.loadb(packed, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            return database

        last = Computation(several[-1], compile_database, hyperscan.dumpb, unpack)
        first = [compile_database(patterns) for patterns in several[:-1]]
        while not last.ready() and self._plan_on():
            pass
        for _ in warming(self._ruleset):
            if last.ready():
                break
        return [*first, last.result()]


def _placed(place: Located) -> Located:
    """A place in a block of a stream, counted from the stream's start."""
    details = place.provenance.details
    offset, before = int(str(details["offset"])), int(str(details["line"])) - 1
    return place._replace(
        provenance=place.provenance._replace(details={}),
        start_line=place.start_line + before,
        end_line=place.end_line + before,
        byte_start=place.byte_start + offset,
        byte_end=place.byte_end + offset,
    )


def encode(answer: Answer) -> bytes:
    """Answer -> bytes, through the private encoding of findings."""
    wired = b""
    if answer.located:
        from leaksieve.findings.wire import encode as encode_located

        wired = encode_located(answer.located)
    return marshal.dumps((wired, [tuple(skip) for skip in answer.skips], answer.files, answer.size, answer.counts, answer.dropped, answer.told))


def decode(data: bytes) -> Answer:
    """The inverse of :func:`encode`."""
    wired, skips, *rest = marshal.loads(data)  # noqa: S302  written by a worker of this run
    located: list[Located] = []
    if wired:
        from leaksieve.findings.wire import decode as decode_located

        located = decode_located(wired)
    return Answer(located, [Skip(*skip) for skip in skips], *rest)
