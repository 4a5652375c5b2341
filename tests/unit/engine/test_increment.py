"""Objects built from others: places where what is far away decides, each made so that a shorter way to the answer is wrong."""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import pairwise

import pytest
from alike import common, ends
from rulebook import ruleset_of, toml

from leaksieve.engine import increment, matcher
from leaksieve.engine.filters import MAYBE
from leaksieve.engine.increment import CLEAN, Incremental
from leaksieve.engine.matcher import Engine, Result
from leaksieve.gitobjects.kept import LEAST, agreement, kept_runs

VALUE = b"a1b2c3d4e5f6g7h8i9j0"
DOTS = b"." * 39 + b"\n"


def rule(name: str, keyword: str, pattern: str, example: str) -> dict[str, str]:
    return {
        "id": f'"acme-{name}"',
        "name": f'"Acme {name}"',
        "keywords": f'["{keyword}"]',
        "pattern": f"'''{pattern}'''",
        "examples": f"['''{example}''']",
        "counter_examples": f'["{keyword} short"]',
    }


RULES = (
    rule("token", "acme_", r"(?<![A-Za-z0-9_])(?P<secret>acme_[a-z0-9]{20})(?![A-Za-z0-9_])", "k=acme_<lowernum:20>"),
    rule("wide", "widekw", r"widekw[^;]{0,3000}?key=(?P<secret>[a-z0-9]{20})(?![a-z0-9])", "widekw key=<lowernum:20>"),
    rule("near", "nearkw", r"nearkw[^;]{0,300}?key=(?P<secret>[a-z0-9]{20})(?![a-z0-9])", "nearkw key=<lowernum:20>"),
    rule("around", "midkw", r"(?<![a-z0-9])(?P<secret>[a-z0-9]{20})[^;]{0,300}midkw[^;]{0,400}last2", "<lowernum:20> midkw last2"),
)


@lru_cache(maxsize=1)
def engine() -> Engine:
    return Engine(ruleset_of(toml(*RULES), builtin=True), prefilter="hyperscan", rejected_alone=False)


def told(result: Result) -> list[tuple[object, ...]]:
    return sorted((m.rule_id, m.span, m.secret_span, m.secret.reveal(), m.decoded) for m in result.matches if m.rejected in MAYBE)


def along(*versions: bytes) -> list[int]:
    """Scan each version as built from the one before; the same must come out as of each by itself.  Returns how many matches each has."""
    one = Incremental(engine())
    _, state = one.scan(versions[0])
    counts = []
    for base, data in zip(versions, versions[1:], strict=False):
        result, state = one.scan_built(data, len(base), state, ends(base, data, *common(base, data)))
        alone, _ = Incremental(engine()).scan(data)
        assert told(result) == told(alone)
        assert result.skips == alone.skips
        counts.append(len(told(result)))
    return counts


def test_a_keyword_and_a_value_far_apart_are_tied_and_untied_by_what_lies_between() -> None:
    pad = DOTS * 30
    tied = pad + b"widekw " + pad + b"key=" + VALUE + b"\n" + pad
    cut = tied.replace(b"key", b";ey")
    gone = tied.replace(b"widekw", b"wide")
    assert along(tied, cut, tied, gone, cut, tied, b"", tied) == [0, 1, 0, 0, 1, 0, 1]


def test_a_row_of_matches_each_in_the_way_of_the_next_turns_over_as_a_whole() -> None:
    stride = 685
    text = bytearray(DOTS * 300)

    def put(at: int, word: bytes) -> None:
        text[at : at + len(word)] = word

    for number in range(14):
        at = number * stride
        put(at, VALUE)
        put(at + 310, b"midkw")
        put(at + 705, b".....last2")
    one = bytes(text)
    other = b"." + one[1:]
    counts = along(one, other, one, other)
    assert counts == [7, 7, 7]
    assert told(Incremental(engine()).scan(one)[0]) != told(Incremental(engine()).scan(other)[0])


def test_a_limit_on_encoded_places_holds_whichever_kind_they_are_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "MAX_REGIONS", 100)
    monkeypatch.setattr(increment, "_MANY", 60)
    from base64 import b64encode

    escapes = b"".join(b"a%%2Fb%d x\n" % number for number in range(50))
    forms = b"".join(b64encode(b"xacme_%d" % number + b"-" * 14) + b"\n;\n" for number in range(60))
    pad = DOTS * 500
    assert engine().prefilter.hits(escapes).escapes
    assert engine().prefilter.hits(forms).forms
    one = escapes + pad + b"end\n"
    along(one, one + forms, one + forms + b"x", one)
    assert Incremental(engine()).scan(one + forms)[0].skips


def test_what_was_said_of_a_line_is_not_remembered_by_half() -> None:
    """A gate that came to nothing stands beside one that did: whoever asks about the line later hears of both."""
    from rulebook import ruleset

    rules = ruleset().select(enable=["generic-*"])
    line = b'password = "changeme" password = "K7v9Qz2LmX4pW8"\n'
    pad = DOTS * 120
    base, data = pad + line + pad + b"x", pad + line + pad + b"y"
    one = Engine(rules, prefilter="hyperscan", rejected_alone=False)
    incremental = Incremental(one)
    _, state = incremental.scan(base)
    one._memo._kept.clear()  # as when it is full
    incremental.scan_built(data, len(base), state, ends(base, data, *common(base, data)))
    alone = Engine(rules, prefilter="hyperscan")
    assert [(m.span, m.rejected) for m in one.scan(line).matches] == [(m.span, m.rejected) for m in alone.scan(line).matches]
    assert len(alone.scan(line).matches) > 1


@pytest.mark.parametrize("seed", range(120))
def test_agreement_claims_no_more_than_there_is(seed: int) -> None:
    rng = random.Random(seed)
    base = rng.choice((rng.randbytes(rng.randrange(9000)), rng.randbytes(100_000), b"abc\n" * rng.randrange(3000), bytes(rng.randrange(200_000))))
    steps, data = b"\x00\x00", b""
    at = 0
    for _ in range(rng.randrange(6)):
        if rng.random() < 0.6 and len(base) > at:
            if rng.random() < 0.4:
                at = rng.randrange(len(base))
            length = min(rng.choice((1, 100, 0x10000, 0x10000, rng.randrange(1, 0x20000))), len(base) - at)
            fields = [at >> 8 * number & 255 for number in range(4)] + [(0 if length == 0x10000 else length) >> 8 * number & 255 for number in range(3)]
            # Bytes of zero may be spelled out or left out.
            op = 0x80 | sum(1 << number for number, field in enumerate(fields) if field or rng.random() < 0.3)
            steps += bytes((op, *(field for number, field in enumerate(fields) if op >> number & 1)))
            data += base[at : at + length]
            at += length
        else:
            text = rng.choice((base[at : at + rng.randrange(1, 127)], rng.randbytes(rng.randrange(1, 127)))) or b"x"
            steps += bytes((len(text),)) + text
            data += text
    before, after = agreement(base, data, steps, 2)
    assert before >= 0
    assert after >= 0
    assert before + after <= min(len(base), len(data))
    assert base[:before] == data[:before]
    assert base[len(base) - after :] == data[len(data) - after :]
    for delta in (steps, steps + b"\x01x" * 3000):  # read, and compared
        text = data + b"x" * (len(delta) - len(steps) >> 1)
        runs = kept_runs(base, text, delta, 2)
        assert all(end - start >= LEAST or delta is not steps for start, end, _ in runs)
        assert all(one[1] <= two[0] for one, two in pairwise(runs))
        assert all(0 <= start < end <= len(text) and text[start:end] == base[start - shift : end - shift] for start, end, shift in runs)


def test_a_clean_object_costs_and_keeps_nothing() -> None:
    one = Incremental(engine())
    result, state = one.scan(DOTS * 200)
    assert state is CLEAN
    result, state = one.scan_built(DOTS * 201, len(DOTS * 200), state, [(0, 8000, 0)])
    assert (result.matches, result.skips) == ([], [])
    assert state is CLEAN
