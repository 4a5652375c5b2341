"""Encoded secrets are found at any alignment, and the span that is reported is the bytes that decode to them."""

import base64
import binascii
import random
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rulebook import BOTH, engine, live, ruleset

from leaksieve.engine.matcher import Engine
from leaksieve.ruleset.template import ALNUM

SOME = ruleset().select(enable=["github-*", "generic-password"])
ONE = Engine(SOME)


def token(seed=0):
    rng = random.Random(seed)
    return b"ghp_" + "".join(rng.choice(ALNUM) for _ in range(36)).encode()


def found(data, secret, engine_=ONE):
    return [match for match in live(engine_.scan(data)) if match.secret.reveal() == secret]


fillers = st.text("abc XYZ-.", max_size=60).map(lambda text: (text + " ").encode())


@settings(max_examples=120)
@given(
    st.integers(0, 999),
    fillers,
    fillers,
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from([0, 40, 60, 64, 76, 101]),
    st.sampled_from([b"\n", b"\r\n", b"\n    "]),
)
def test_base64(seed, before, after, urlsafe, glued, width, joint):
    secret = token(seed)
    text = before + secret + b" " + after
    run = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(text).rstrip(b"=")
    if width:
        # A line break inside the keyword's own encoded spelling hides it; the bound is known and documented here.
        word = range(len(before) * 4 // 3 + 1, -(-(len(before) + 4) * 4 // 3))
        assume(not any(place % width == 0 for place in word))
        run = joint.join(run[i : i + width] for i in range(0, len(run), width))
    head = b'{"k": "' if width == 0 else b"k:\n"
    data = head + b"/ab"[:glued] * (width == 0) + run + b'"}\n'
    (match,) = found(data, secret)
    assert match.decoded == ("base64",)
    low, high = match.secret_span
    # From the character that holds its first bit to the one that holds its last, wherever lines break.
    begin = data.index(run)
    first, last = (len(b"".join(data[begin:place].split())) for place in (low, high))
    assert first == len(before) * 4 // 3
    assert last == -(-(len(before) + len(secret)) * 4 // 3)
    assert not data[low : low + 1].isspace()
    assert not data[high - 1 : high].isspace()


@settings(max_examples=60)
@given(st.integers(0, 999), fillers, fillers, st.booleans())
def test_hex(seed, before, after, upper):
    secret = token(seed)
    run = (before + secret + b" " + after).hex()
    data = b"x = 0x" + (run.upper() if upper else run).encode() + b";"
    (match,) = found(data, secret)
    assert binascii.unhexlify(data[slice(*match.secret_span)]) == secret
    assert match.decoded == ("hex",)


@settings(max_examples=60)
@given(st.integers(0, 999), fillers, st.sampled_from(["utf-16-le", "utf-16-be"]), st.booleans(), st.integers(0, 1))
def test_utf_16(seed, before, codec, mark, odd):
    secret = token(seed)
    data = (b"\xff\xfe" if mark and codec == "utf-16-le" else b"\xfe\xff" if mark else b"q" * odd + b"..") + (before + secret + b" end").decode().encode(codec)
    (match,) = found(data, secret)
    assert secret in data[slice(*match.secret_span)].replace(b"\0", b"")
    assert len(match.secret_span) == 2
    assert match.secret_span.end - match.secret_span.start == 2 * len(secret)
    if mark:
        assert data[slice(*match.secret_span)] == secret.decode().encode(codec)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_first_byte(codec):
    secret = token(1)
    data = (b"key = " + secret + b"\r\n").decode().encode(codec)
    (match,) = found(data, secret)
    assert data[slice(*match.secret_span)] == secret.decode().encode(codec)


ESCAPED = {
    "percent": lambda byte: b"%%%02X" % byte,
    "unicode": lambda byte: b"\\u%04x" % byte,
    "entity": lambda byte: b"&#%d;" % byte,
}


@settings(max_examples=90)
@given(st.integers(0, 999), st.sampled_from(sorted(ESCAPED)), st.sampled_from([b"%00", b"", b"/"]), st.integers(0, 2**40))
def test_escapes(seed, kind, near, mask):
    """Every byte escaped, or any of them: the span holds exactly the escapes and bytes that stand for the secret."""
    secret = token(seed)
    escape = ESCAPED[kind]
    spelled = [escape(byte) if mask >> place & 1 or mask % 3 == 0 or place < 4 else bytes((byte,)) for place, byte in enumerate(secret)]
    run = b"".join(spelled)
    data = b"path " + escape(ord("/")) + run + escape(ord("/")) + b" rest\n"
    (match,) = found(data, secret)
    assert data[slice(*match.secret_span)] == run
    assert match.decoded == (kind,)


def nested(text, depth):
    for _ in range(depth):
        text = base64.b64encode(b"v=" + text)
    return text


@pytest.mark.parametrize("limit", [0, 1, 2, 3])
def test_depth_is_a_limit(limit):
    """Depth 0 decodes nothing; what lies deeper than the limit is not opened."""
    one = Engine(SOME, decode_depth=limit)
    secret = token()
    inner = [secret, b"".join(b"%%%02X" % byte for byte in secret), base64.b64encode(b"/" + secret), b"%25" + b"".join(b"%%25%02X" % byte for byte in secret)]
    assert [bool(found(text, secret, one)) for text in (inner[0], inner[1], base64.b64encode(b" " + inner[0]))] == [True, limit >= 1, limit >= 1]
    matches = found(nested(secret, 2), secret, one)
    assert [match.decoded for match in matches] == ([("base64", "base64")] if limit >= 2 else [])
    text = b"".join(b"\\u%04x" % byte for byte in b"".join(b"%%%02X" % byte for byte in secret))
    assert bool(found(text, secret, one)) == (limit >= 2)


def test_a_secret_at_any_place_around_a_regions_bound_is_whole():
    """A run longer than a region: whatever straddles the bound is read by the next region, never cut short."""
    secret, other = token(1), token(2)
    for gap in range(256 * 1024 * 3 // 4 - 90, 256 * 1024 * 3 // 4 + 9, 9):
        data = base64.b64encode(b"x " + other + b" " + b"." * gap + b" " + secret + b" end" * 20)
        assert len(found(data, secret)) == 1
    for gap in range(4096 // 3 - 60, 4096 // 3 + 12, 4):
        text = b"x/" + other + b"/" + b"." * gap + b"/password='Tr0ub4dor-and-3'/" + b"e/" * 40
        data = b"".join(b"%%%02X" % byte for byte in text)
        assert {match.secret.reveal() for match in live(ONE.scan(data))} == {other, b"Tr0ub4dor-and-3"}


def test_lines_of_base64_that_do_not_belong_together():
    """One value a line, without padding: each in its own alignment."""
    for length in range(1, 9):
        lines = [base64.urlsafe_b64encode(b"." * length + b" " + token(seed) + b" ").rstrip(b"=") for seed in range(5)]
        data = b"\n".join(lines) + b"\n"
        assert {match.secret.reveal() for match in live(ONE.scan(data))} == {token(seed) for seed in range(5)}, length


def hostile():
    """Inputs that ask for much more work than their size."""
    secret = base64.b64encode(b"password='Tr0ub4dor-and-3' " + token())
    yield "random base64", base64.b64encode(random.Random(0).randbytes(1_000_000))
    yield "base64 full of hits", (base64.b64encode(b"token ghp_ password") * 140_000)[:1_000_000]
    yield "wrapped base64 full of hits", b"\n".join([secret[:60] + b"q"] * 10_000)
    yield "short runs full of hits", b"".join([base64.b64encode(b" ghp_ghp_")[:-1] + b" "] * 60_000) + b"A" * 40
    yield "percent", b"%41" * 300_000
    yield "percent with secrets", b"".join(b"%%%02X" % byte for byte in token() + b"/") * 2_000
    yield "entities that are none", b"&#x41" * 100_000
    yield "unicode escapes", b"\\u0041" * 150_000
    yield "thousands of secrets", b"password='Tr0ub4dor-and-3'\n" * 20_000
    yield "one long line of secrets", b"password='Tr0ub4dor-and-3' " * 10_000


@pytest.mark.parametrize(("name", "data"), [pytest.param(name, data, id=name) for name, data in hostile()])
def test_hostile_input_takes_bounded_work(name, data):
    """Not a race: the limit is an order of magnitude over what a linear pass needs, far under what a quadratic one would take."""
    for prefilter in BOTH:
        began = time.process_time()
        engine(prefilter).scan(data)
        assert time.process_time() - began < 20, name


def test_too_many_regions_is_said():
    """Over the bound of regions the scan goes on without decoding, and says that it did."""
    data = b"".join(b"a%3Db\n" for _ in range(10_050)) + b"\npassword = 'Tr0ub4dor-and-3'\n"
    result = ONE.scan(data)
    assert [skip.reason for skip in result.skips] == ["too-many-encoded-regions"]
    assert [match.rule_id for match in live(result)] == ["generic-password"]
