"""What is scanned as a change to something else gives what it gives by itself, for any row of versions."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

from alike import common, ends
from dulwich._pack import create_delta
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patterns import draw, tree
from rulebook import by_id, counter_examples, examples, finished, ruleset, ruleset_of, toml

from leaksieve.engine.filters import MAYBE
from leaksieve.engine.increment import Incremental
from leaksieve.engine.matcher import Engine, Result
from leaksieve.gitobjects.delta import delta_sizes
from leaksieve.gitobjects.kept import Run, kept_runs
from leaksieve.ruleset.assign import ASSIGN

TOKENS = [text for _, text in examples()]
MISSES = [text for _, text in counter_examples()]
OVER_LINES = [text for rule_id, text in examples() if by_id()[rule_id]["lines"]]
KEYWORDS = sorted({word for rule in finished() for word in rule["keywords"]})
WORDS = b"the quick brown fox jumps over lazy dog config value x = 1 ; return foo(bar)".split()
JOINTS = [b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\r", b" ", b"", b"\t", b"\0", b'"', b"'", b", ", b"\xff", b"%", b"\\", b"&#", b"=", b"\n\n"]
# Around the borders of what the scanner takes for near and far.
LENGTHS = (0, 3, 20, 200, 900, 1020, 1030, 1100, 2040, 2060, 4100, 9000)
NEAR = (-1025, -1024, -1023, -66, -2, -1, 0, 0, 0, 1, 2, 30, 1023, 1024, 1025)

Piece = Callable[[random.Random], bytes]


def encoded(rng: random.Random, text: bytes) -> bytes:
    latin = text.decode("latin-1")
    return rng.choice(
        [
            lambda: base64.b64encode(text),
            lambda: base64.urlsafe_b64encode(b"x" + text).rstrip(b"="),
            lambda: base64.b64encode(base64.b64encode(text)),
            lambda: base64.encodebytes(b"xy" + text * rng.choice((1, 1, 5))),
            lambda: text.hex().encode(),
            lambda: text.hex().upper().encode(),
            lambda: latin.encode("utf-16-le"),
            lambda: latin.encode("utf-16-be"),
            lambda: b"".join(b"%%%02X" % byte for byte in text),
            lambda: b"".join(b"%%%02x" % byte if byte in b'=:/"+ _-' else bytes((byte,)) for byte in text),
            lambda: b"".join(b"\\u%04x" % byte for byte in text),
            lambda: b"".join(b"\\x%02x" % byte for byte in text),
            lambda: b"".join(b"&#%d;" % byte for byte in text),
            lambda: text.replace(b'"', b"&quot;").replace(b"=", b"&#61;"),
        ]
    )()


def assigned(rng: random.Random) -> bytes:
    word = rng.choice(["pass", "password", "SECRET", "token", "Auth", "credential", "pwd", *KEYWORDS])
    return word.encode() + draw(tree(ASSIGN), rng) + rng.choice([b"hunter2!Ab9", b"a", b"$" + b"{X}", b"K7v9Qz2LmX4pW8", b"\xffabcd9", b'A9"', b"(call)"])


def filler(rng: random.Random) -> bytes:
    length = rng.choice(LENGTHS)
    alphabet = rng.choice((b"x", b"ABCDEFabcdef0123456789+/", b"0123456789abcdef", b"", b"", b""))
    if alphabet:
        return bytes(rng.choices(alphabet, k=length))
    joint = rng.choice((b" ", b"\n"))
    return b"".join(rng.choice(WORDS) + rng.choice((b" ", joint)) for _ in range(length // 4))


def key_block(rng: random.Random) -> bytes:
    kind = rng.choice(("RSA ", "EC ", "OPENSSH ", "")) + "PRIVATE KEY-----"
    body = base64.b64encode(rng.randbytes(rng.choice((150, 800, 1300, 2300, 7000))))
    joint = rng.choice((b"\n", b"\r\n"))
    width = rng.choice((64, 70, 76))
    lines = [body[at : at + width] for at in range(0, len(body), width)]
    return joint.join([b"-----BEGIN " + kind.encode(), *lines, b"-----END " + kind.encode()])


def wrapped(rng: random.Random) -> bytes:
    inner = rng.choice([lambda: assigned(rng), lambda: rng.choice(TOKENS), lambda: rng.choice(OVER_LINES), lambda: key_block(rng)])()
    pad = b" ".join(rng.choice(WORDS) for _ in range(rng.choice((0, 3, 50, 300))))
    text = base64.b64encode(pad + b" " + inner + b" " + pad)
    width = rng.choice((44, 60, 64, 76))
    return rng.choice((b"\n", b"\r\n", b"\n    ")).join(text[at : at + width] for at in range(0, len(text), width))


def real_piece(rng: random.Random) -> bytes:
    return rng.choice(
        [
            *[lambda: filler(rng)] * 4,
            *[lambda: rng.choice(TOKENS)] * 4,
            *[lambda: encoded(rng, rng.choice((rng.choice(TOKENS), rng.choice(MISSES), assigned(rng))))] * 4,
            *[lambda: rng.choice(OVER_LINES), lambda: assigned(rng), lambda: wrapped(rng)] * 2,
            lambda: rng.choice(TOKENS)[: rng.randrange(60)],
            lambda: key_block(rng),
            lambda: rng.choice(MISSES),
            lambda: rng.choice(KEYWORDS).encode(),
            lambda: rng.randbytes(rng.randrange(20)),
        ]
    )()


def made_rule(name: str, keyword: str, pattern: str, example: str) -> dict[str, str]:
    return {
        "id": f'"acme-{name}"',
        "name": f'"Acme {name}"',
        "keywords": f'["{keyword}"]',
        "pattern": f"'''{pattern}'''",
        "examples": f"['''{example}''']",
        "counter_examples": f'["{keyword} short"]',
    }


# Rules that read far over lines, forwards and backwards: few built-in ones do.
FAR = (
    made_rule("token", "acme_", r"(?<![A-Za-z0-9_])(?P<secret>acme_[a-z0-9]{20})(?![A-Za-z0-9_])", "k=acme_<lowernum:20>"),
    made_rule("wide", "widekw", r"widekw[^;]{0,3000}?key=(?P<secret>[a-z0-9]{20})(?![a-z0-9])", "widekw key=<lowernum:20>"),
    made_rule("end", "begin2", r"begin2[^;]{0,1500}(?P<secret>[a-z0-9]{20})end2", "begin2 <lowernum:20>end2"),
    made_rule("near", "nearkw", r"nearkw[^;]{0,300}?key=(?P<secret>[a-z0-9]{20})(?![a-z0-9])", "nearkw key=<lowernum:20>"),
    made_rule("behind", "behindkw", r"(?<![a-z0-9])(?P<secret>[a-z0-9]{20})[^;]{0,300}?behindkw", "<lowernum:20> behindkw"),
    made_rule("around", "midkw", r"(?<![a-z0-9])(?P<secret>[a-z0-9]{20})[^;]{0,300}midkw[^;]{0,400}last2", "<lowernum:20> midkw last2"),
)
PARTS = (b"widekw", b"begin2", b"nearkw", b"behindkw", b"midkw", b"last2", b"end2", b"key=", b";", b" ", b"\n", b"\n;\n")


def far_piece(rng: random.Random) -> bytes:
    value = bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz0123456789", k=rng.choice((20, 20, 20, 19, 21))))
    unit = rng.choice((b".\n", b"x ", b"word word word\n", b"." * 39 + b"\n"))
    return rng.choice(
        [
            *[lambda: rng.choice(PARTS)] * 2,
            *[lambda: rng.choice(PARTS) + rng.choice((b"", b"key=")) + value + rng.choice((b"", b"end2", b" behindkw", b" midkw"))] * 2,
            lambda: encoded(rng, rng.choice((b"widekw " + b". " * rng.randrange(700) + b" key=" + value, b"k=acme_" + value, b"nearkw", value + b" behindkw"))),
            *[lambda: (unit * 2500)[: rng.choice((1, 20, 100, 280, 400, 480, 900, 1000, 1100, 1500, 2500))]] * 4,
        ]
    )()


def told(result: Result) -> list[tuple[object, ...]]:
    return sorted((m.rule_id, m.span, m.secret_span, m.decoded, m.secret.reveal()) for m in result.matches if m.rejected in MAYBE)


def changed(rng: random.Random, data: bytes, result: Result, spots: list[int], piece: Piece) -> bytes:
    """The next version: an edit at, in or near something that matters, or anywhere."""
    spans = [span for match in result.matches if match.rejected in MAYBE for span in (match.span, match.secret_span, match.secret_span)]
    if spans and rng.random() < 0.5:
        span = rng.choice(spans)
        at = rng.randint(span.start, span.end)
        return data[:at] + rng.choice((b"!", b";", b";", b"\n", b"\n\n", b" ", b"A", b"", b"~~~", b'"')) + data[at + rng.choice((0, 1, 1, 3)) :]
    at = rng.randint(0, len(data))
    if spots and rng.random() < 0.6:
        at = min(max(rng.choice(spots) + rng.choice(NEAR), 0), len(data))
    end = min(at + rng.choice((1, 1, 2, 10, 100, 1000, 5000)), len(data))
    small = bytes((rng.choice(b"\n\r \0\"'=:aA9-_./"),))
    what = rng.choice(("insert", "insert", "delete", "delete", "replace", "case", "move", "append", "prepend"))
    if what == "move":
        rest = data[:at] + data[end:]
        to = rng.randint(0, len(rest))
        return rest[:to] + data[at:end] + rest[to:]
    if what in ("append", "prepend"):
        return data + piece(rng) if what == "append" else piece(rng) + data
    fresh = {"delete": b"", "case": data[at:end].swapcase()}.get(what) if what in ("delete", "case") else rng.choice((piece(rng), small, rng.choice(JOINTS)))
    return data[:at] + (fresh or b"") + data[at if what == "insert" else end :]


def runs_of(rng: random.Random, base: bytes, data: bytes) -> list[Run]:
    """What a version keeps of another: as a delta has it, or what both begin and end with."""
    if rng.random() < 0.6:
        delta = bytes(create_delta(base, data))
        _, _, start = delta_sizes(delta)
        return kept_runs(base, data, delta, start)
    before, after = common(base, data)
    # Less may be known to be the same than is.
    before -= rng.randint(0, before) if rng.random() < 0.3 else 0
    after -= rng.randint(0, after) if rng.random() < 0.3 else 0
    return ends(base, data, before, after)


def check(engine: Engine, piece: Piece, seed: int) -> None:
    rng = random.Random(seed)
    incremental = Incremental(engine)
    data = b"".join(piece(rng) + rng.choice(JOINTS) for _ in range(rng.randrange(1, 20)))
    result, state = incremental.scan(data)
    versions = [data]
    for _ in range(rng.randrange(1, 7)):
        spots = [match.span.start for match in result.matches] + [match.span.end for match in result.matches] + [start for hits in state for _, start in hits]
        base = data
        # Often back to what was: then what a change put out comes to life again.
        data = rng.choice(versions) if rng.random() < 0.35 else changed(rng, base, result, spots, piece)
        versions.append(data)
        if rng.random() < 0.5:
            for _ in range(rng.randrange(3)):
                data = changed(rng, data, result, spots, piece)
        versions[-1] = data
        result, state = incremental.scan_built(data, len(base), state, runs_of(rng, base, data))
        alone, _ = incremental.scan(data)
        assert told(result) == told(alone)
        assert result.skips == alone.skips


_real = Engine(ruleset(), prefilter="hyperscan", rejected_alone=False)
_far = Engine(ruleset_of(toml(*FAR), builtin=True), prefilter="hyperscan", rejected_alone=False)
seeds = st.integers(0, 1 << 40)
quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(seeds)
def test_changes_give_what_whole_texts_give(seed: int) -> None:
    check(_real, real_piece, seed)


@quick
@given(seeds)
def test_changes_give_what_whole_texts_give_for_rules_that_read_far(seed: int) -> None:
    check(_far, far_piece, seed)
