"""What holds of findings whatever the file says."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.findings import context
from leaksieve.findings.fingerprint import key_for
from leaksieve.findings.linehash import line_hashes
from leaksieve.findings.lines import Cursor, Lines
from leaksieve.findings.locate import locate
from leaksieve.findings.mask import mask
from leaksieve.findings.strength import bits
from leaksieve.findings.wire import decode, encode
from leaksieve.model import Chunk, Located, Match, Provenance, Span
from leaksieve.secret import Secret

plain = st.text("abcXYZ0189-_+/=é密", max_size=60).map(str.encode)
# No letter or digit of this text stands in a secret below, so whatever of those shows in a context was leaked.
filler = st.binary(max_size=8) | st.sampled_from([b"\n", b"\r\n", b"#", b"=", b" ", b"." * 150, "\u202e".encode(), b"\x1b["])
QUIET = bytes(byte for byte in range(256) if byte not in b"GHJKMNPQ")
secrets = st.text("GHJKMNPQ", min_size=6, max_size=40).map(str.encode)


@settings(deadline=None, max_examples=200)
@given(prefix=st.sampled_from([b"", b"tok_", b"a-very-long-public-prefix-"]), rest=plain)
def test_a_mask_shows_little(prefix, rest):
    secret = prefix + rest
    shown = mask(secret, prefix)
    if len(secret) < 16 or 2 * len(prefix) > len(secret):
        assert shown == "(empty)" or shown.startswith("(")
        assert shown == mask(secret, b"") or len(secret) >= 16
        return
    head, tail = shown.removeprefix(prefix.decode()).split("…")
    assert rest.decode().startswith(head)
    assert rest.decode().endswith(tail)
    assert len(head) <= 4
    assert len(tail) <= 2
    assert 3 * (len(head) + len(tail)) <= len(rest.decode())


@settings(deadline=None, max_examples=200)
@given(secret=st.binary(max_size=80))
def test_a_mask_prints(secret):
    assert mask(secret).isprintable()


@st.composite
def chunks(draw):
    """Data with candidates in it, some rejected, some overlapping, and plain repetitions of them."""
    pool = draw(st.lists(secrets, min_size=1, max_size=4))
    data, spans = b"", []
    for _ in range(draw(st.integers(1, 12))):
        data += bytes(byte for byte in draw(filler) if byte in QUIET)
        secret = draw(st.sampled_from(pool))
        if draw(st.booleans()):
            spans.append((len(data), len(data) + len(secret)))
        data += secret
    # Every secret of the pool is a candidate at least once; the data ends with them.
    for secret in pool:
        data += b" "
        spans.append((len(data), len(data) + len(secret)))
        data += secret
    for start, end in list(spans):
        if draw(st.integers(0, 3)) == 0:
            spans.append((max(0, start - draw(st.integers(0, 9))), end - draw(st.integers(0, 5))))
    matches = [Match("r", Span(start, end), Span(start, end), Secret(data[start:end]), rejected=draw(st.sampled_from(["", "", "no"]))) for start, end in spans]
    return data, matches, pool


@settings(deadline=None, max_examples=300)
@given(drawn=chunks())
def test_no_context_gives_a_secret_away(drawn):
    data, matches, pool = drawn
    places = locate(Chunk(data, Provenance("file", b"x")), matches, public_prefix=lambda _: b"", reveal=False, inline_allow=True)
    assert len(places) == sum(1 for match in matches if not match.rejected)
    for place in places:
        assert place.context.isprintable()
        # Six characters is the most that a mask shows, and those not in a row.
        for secret in pool:
            assert secret.decode() not in place.context


@settings(deadline=None, max_examples=200)
@given(drawn=chunks())
def test_places_agree_with_counting(drawn):
    data, matches, _ = drawn
    for place in locate(Chunk(data, Provenance("file", b"x")), matches, public_prefix=lambda _: b"", reveal=True, inline_allow=False):
        origin = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        for offset, line, column in ((place.byte_start, place.start_line, place.start_column), (place.byte_end, place.end_line, place.end_column)):
            before = data[origin:offset]
            assert line == before.count(b"\n") + 1
            assert column == len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "surrogateescape")) + 1


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=60) | st.text("a\n密🔑é", max_size=30).map(str.encode), offsets=st.lists(st.integers(0, 60), max_size=12))
def test_a_walk_agrees_with_counting(data, offsets):
    data = b"x" + data
    cursor = Cursor(Lines(data))
    for offset in sorted(min(offset, len(data)) for offset in offsets):
        column = cursor.move(offset)
        before = data[:offset]
        assert cursor.line == before.count(b"\n") + 1
        assert column == len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "surrogateescape")) + 1


@settings(deadline=None, max_examples=200)
@given(
    data=st.text("ab", max_size=80).map(str.encode),
    needles=st.dictionaries(st.text("ab", min_size=6, max_size=10).map(str.encode), st.integers(0, 9), min_size=1, max_size=6),
    low=st.integers(0, 40),
    size=st.integers(0, 80),
)
def test_few_and_many_values_are_searched_alike(data, needles, low, size):
    high = min(len(data), low + size)
    by_needle = context._merged(context._by_needle(data, needles, low, high))
    by_place = context._merged(context._by_place(data, needles, low, high))
    assert by_needle == by_place


@settings(deadline=None, max_examples=100)
@given(text=st.text("a \t\r\n", max_size=300))
def test_line_hashes_number_equal_lines_in_order(text):
    kept = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    hashes = line_hashes(text.encode(), range(1, len(kept) + 2))
    assert sorted(hashes) == list(range(1, len(kept) + 1))
    seen = {}
    for number in sorted(hashes):
        value, ordinal = hashes[number].split(":")
        seen[value] = seen.get(value, 0) + 1
        assert int(ordinal) == seen[value]


@settings(deadline=None, max_examples=200)
@given(value=st.binary(max_size=60), path=st.binary(max_size=10), other=st.binary(max_size=10))
def test_fingerprints_depend_on_the_path_only_when_short(value, path, other):
    fingerprinter = key_for(None, "p", None)
    one, two = fingerprinter.of("f", value, path), fingerprinter.of("f", value, other)
    assert (one == two) == (one.startswith("ls1-") or path == other)


@settings(deadline=None, max_examples=200)
@given(value=st.binary(max_size=60))
def test_strength_is_bounded(value):
    assert 0 <= bits(value) <= len(value) * 8
    assert not math.isnan(bits(value))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
located = st.builds(
    Located,
    rule_id=st.text(max_size=8),
    secret=st.builds(Secret, st.binary(max_size=20)),
    parts=st.lists(st.tuples(st.text(max_size=4), st.builds(Secret, st.binary(max_size=8))), max_size=2).map(tuple),
    provenance=st.builds(
        Provenance, st.text(max_size=5), st.binary(max_size=8), st.dictionaries(st.text(max_size=4), json_values, max_size=3), st.none() | st.binary(max_size=5)
    ),
    start_line=st.integers(1),
    end_line=st.integers(1),
    start_column=st.integers(1),
    end_column=st.integers(1),
    byte_start=st.integers(0),
    byte_end=st.integers(0),
    decoded=st.lists(st.sampled_from(["base64", "hex"]), max_size=2).map(tuple),
    context=st.text(max_size=10),
    allowed=st.text(max_size=10),
    already_present=st.booleans(),
    line_hash=st.text(max_size=10),
)  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(places=st.lists(located, max_size=3))
def test_the_wire_brings_back_what_went_in(places):
    assert decode(encode(places)) == places
