"""However a stream is cut, the same comes out; and what makes bulk fast leaves nothing in that the plain way takes out."""

from __future__ import annotations

import json
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import leaks
from tests.unit.redaction.test_redaction_stream import through

from leaksieve.config import Config
from leaksieve.redaction.marks import Marker
from leaksieve.redaction.spotter import Spotter

PLAIN = Spotter(Config(confidence="low"), Marker(b"k"))
# Without what drops fields early: every rule is asked.
SLOW = Spotter(Config(confidence="low"), Marker(b"k"))
SLOW._fields = None
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from((
    b"a line\n", b"\r\n", b"\n", b'password = "', leaks.password(), leaks.token(), leaks.token(2), b'"\n', b" ", b"-----BEGIN CERTIFICATE-----\n", leaks.key_block(),
    leaks.key_block(2), b"key: |\n    ", leaks.encoded(b"x " + leaks.token(3) + b" y"), leaks.token(4).decode().encode("utf-16-le"), b"\xff\xfe\x00", b"x" * 700, b"stripe ",
))  # fmt: skip


@QUICK
@given(st.lists(PIECES, max_size=40), st.lists(st.integers(0, 20_000), max_size=6))
def test_cuts_do_not_matter(pieces, places):
    data = b"".join(pieces)
    borders = sorted({place % (len(data) + 1) for place in places})
    parts = [data[a:b] for a, b in zip([0, *borders], [*borders, len(data)], strict=True)]
    whole = through(PLAIN, [data])
    assert through(PLAIN, parts) == whole
    assert whole.count(b"\n") == data.count(b"\n") or b"\n\0" in data


@QUICK
@given(st.lists(PIECES, max_size=30), st.lists(st.integers(0, 20_000), max_size=6))
def test_no_pause_lets_a_secret_out(pieces, places):
    # Each on a line of its own: what a line says does not depend on the next one then.
    data = b"\n".join(piece.strip(b"\n") if not piece.startswith(b"-") else piece for piece in pieces)
    borders = sorted({place % (len(data) + 1) for place in places})
    parts = [data[a:b] for a, b in zip([0, *borders], [*borders, len(data)], strict=True)]
    secrets = [leaks.token(), leaks.token(2), *leaks.secret_lines(leaks.key_block()), *leaks.secret_lines(leaks.key_block(2))]
    out = through(PLAIN, parts, pauses=True, block=65536, tail=16384)
    for secret in secrets:
        assert secret not in through(PLAIN, [data], block=65536, tail=16384)
        assert secret not in out


_WORDS = [
    "api",
    "auth",
    "cred",
    "key",
    "nonce",
    "pass",
    "password",
    "pwd",
    "salt",
    "secret",
    "token",
    "user",
    "datadog",
    "stripe",
    "type",
    "id",
    "count",
    "changed",
    "hash",
    "name",
    "url",
]
NAMES = st.builds("".join, st.lists(st.sampled_from([*_WORDS, "_", "-", "."]), min_size=1, max_size=6))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**17),
    st.floats(0, 10**6),
    st.sampled_from(_WORDS),
    st.text("abcdefXYZ0123456789 =:,/+-_@.(){}", max_size=40),
    st.sampled_from([leaks.password().decode(), leaks.token().decode(), "Tr0ub4dor&3x!", "correct-horse-7", "token=" + leaks.password(3).decode()]),
    st.sampled_from([leaks.password(seed).decode()[:size] for seed in range(5, 9) for size in (6, 8, 12, 16)]),
)
OBJECTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=6)


@cache
def _bulk() -> Spotter:
    spotter = Spotter(Config(confidence="low"), Marker(b"k"))
    spotter.go_bulk()
    return spotter


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(OBJECTS, st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : "), (", ", " = ")])), min_size=1, max_size=4))
def test_bulk_takes_out_what_the_plain_way_does(objects):
    pytest.importorskip("hyperscan")
    data = "\n".join(json.dumps(one, separators=joints) for one, joints in objects).encode() + b"\n"
    assert _bulk().spot(data) == PLAIN.spot(data) == SLOW.spot(data)


_QUOTES = st.sampled_from(['"', "'", "", '\\"', "&quot;", "`", '@"', 'b"'])
_JOINTS = st.sampled_from([": ", ":", "=", " = ", "=>", ", ", ",", "(", ": str = ", " value=", ":=", "|", "<", ">", " := [", "?=", ",["])
_TEXTS = st.one_of(
    VALUES.map(str), st.sampled_from(["true", "NULL", "trueish", "none12", "true x1", "QT7!b7", "lR4!l7", ".Zb061", "a12345", "qnvzmijrf", "TGDUCSOVIZXKWPAB"])
)
_ASSIGNED = st.tuples(_QUOTES, NAMES, _JOINTS, _QUOTES, _TEXTS).map(
    lambda parts: parts[0] + parts[1] + parts[0] + parts[2] + parts[3] + parts[4] + parts[3][-1:]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.lists(_ASSIGNED, min_size=1, max_size=4), st.sampled_from([", ", ",", " ", "&", "; "])), min_size=1, max_size=4))
def test_bulk_takes_out_the_same_in_any_syntax(lines):
    pytest.importorskip("hyperscan")
    data = "\n".join(joint.join(fields) for fields, joint in lines).encode() + b"\n"
    assert _bulk().spot(data) == PLAIN.spot(data) == SLOW.spot(data)
