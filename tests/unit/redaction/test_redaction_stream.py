"""Cutting a stream into blocks and mending it: nothing is lost, nothing is told twice, and how it was read does not matter."""

from __future__ import annotations

import re

import pytest
from tests.support import leaks

from leaksieve.config import Config
from leaksieve.redaction.blocks import Cutter, Mender
from leaksieve.redaction.hold import held_from
from leaksieve.redaction.marks import Edit, Marker, filling, merged
from leaksieve.redaction.spotter import Spotter, redact_bytes

MARK = re.compile(rb"\[REDACTED:[a-z0-9-]+:[0-9a-f]{8}\]")


@pytest.fixture(scope="module")
def spotter() -> Spotter:
    return Spotter(Config(), Marker(b"a key for tests"))


def through(spotter: Spotter, parts: list[bytes], *, pauses: bool = False, block: int = 4096, lead: int = 1024, tail: int = 1024) -> bytes:
    """What comes out when a stream arrives in these parts."""
    cutter, mender, out = Cutter(2, block=block, lead=lead, tail=tail), Mender(), []

    def take(one):
        if one is not None:
            out.extend(bytes(piece) for piece in mender.mend(cutter, one, spotter.spot(cutter.view(one), one.since).edits))
            cutter.done(one)

    for part in parts:
        rest = memoryview(part)
        while rest:
            room = cutter.room()
            count = min(len(room), len(rest))
            room[:count] = rest[:count]
            rest = rest[count:]
            take(cutter.filled(count))
        if pauses:
            take(cutter.pause())
    take(cutter.finish())
    return b"".join(out)


def cuts(data: bytes, *places: int) -> list[bytes]:
    return [data[a:b] for a, b in zip((0, *places), (*places, len(data)), strict=True)]


def text_of_secrets() -> tuple[bytes, list[bytes]]:
    token, password, block = leaks.token(), leaks.password(), leaks.key_block()
    data = b"".join(
        (
            b"first line\n",
            b"stripe key is " + token + b" here\r\n",
            b'{"password": "' + password + b'", "other": 1}\n',
            b"before\n" + block + b"after\n",
            b"data: " + leaks.encoded(b"stripe " + leaks.token(2) + b" end") + b"\n",
            b"last line without its end " + leaks.token(3),
        )
    )
    return data, [token, password, *leaks.secret_lines(block), leaks.token(2), leaks.token(3), leaks.encoded(b"stripe " + leaks.token(2) + b" end")[12:40]]


def test_every_kind_of_secret_goes(spotter):
    data, secrets = text_of_secrets()
    out, places = redact_bytes(spotter, data)
    assert places == 5
    assert not [secret for secret in secrets if secret in out]
    assert out.count(b"\n") == data.count(b"\n")
    assert len(set(MARK.findall(out))) == 5


def test_other_bytes_stay(spotter):
    data = bytes(range(256)) * 40 + b"\xff\xfe\xc3(\r\n\r\n\0\n" + b"x" * 20_000
    assert through(spotter, [data]) == data
    assert through(spotter, cuts(data, 1, 255, 5000, 10_239), pauses=True) == data


def test_split_at_every_place_of_a_line(spotter):
    data = b"one\nstripe " + leaks.token() + b" two\nthree\n"
    whole = redact_bytes(spotter, data)[0]
    assert leaks.token() not in whole
    for place in range(len(data) + 1):
        assert through(spotter, cuts(data, place)) == whole
        assert through(spotter, cuts(data, place), pauses=True) == whole, place


def test_key_split_at_every_place_with_a_pause(spotter):
    data = b"one\n" + leaks.key_block() + b"two\n"
    whole = redact_bytes(spotter, data)[0]
    assert whole.count(b"\n") == data.count(b"\n")
    assert not [line for line in leaks.secret_lines(leaks.key_block()) if line in whole]
    for place in range(len(data) + 1):
        assert through(spotter, cuts(data, place), pauses=True) == whole, place
    every = [data[at : at + 1] for at in range(len(data))]
    assert through(spotter, every, pauses=True) == whole


def test_blocks_end_anywhere(spotter):
    secrets, parts = [], []
    for seed in range(60):
        secrets.append(leaks.token(seed))
        parts.append(b"%d: stripe " % seed + leaks.token(seed) + b" " + b"." * (seed * 7 % 150) + b"\n")
    data = b"".join(parts) + leaks.key_block() + b"".join(reversed(parts))
    whole = redact_bytes(spotter, data)[0]
    # Blocks of every size have their borders in the middle of secrets, too.
    for block in range(2048, 2148, 7):
        assert through(spotter, [data], block=block) == whole, block
        assert through(spotter, cuts(data, 1, 77, 4000, 4001), block=block) == whole, block


def test_line_longer_than_blocks(spotter):
    data = b"a, " * 9000 + b"stripe " + leaks.token() + b" " + b"b, " * 9000
    assert through(spotter, [data]) == redact_bytes(spotter, data)[0]
    cutter = Cutter(2, block=4096, lead=1024, tail=1024)
    assert len(cutter.room()) == 4096 + 1024


def test_pause_gives_whole_lines_and_keeps_the_rest():
    cutter = Cutter(2, block=4096, lead=64, tail=64)
    cutter.room()[:9] = b"one\ntwo\nt"
    assert cutter.filled(9) is None
    block = cutter.pause()
    assert block is not None
    assert bytes(cutter.body(block)) == b"one\ntwo\n"
    assert cutter.pending == 1
    assert cutter.looked
    assert cutter.pause() is None
    cutter.done(block)
    cutter.room()[:4] = b"hree"
    assert cutter.filled(4) is None
    rest = cutter.finish()
    assert rest is not None
    assert bytes(cutter.body(rest)) == b"three"
    assert bytes(cutter.view(rest)) == b"one\ntwo\nthree"
    assert rest.since == 0


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        (b"no key\n", b""),
        (b"x\n-----BEGIN RSA PRIVATE KEY-----\n", b"-----BEGIN RSA PRIVATE KEY-----\n"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIabc\n", b"-----BEGIN RSA"),
        (b'k = "-----BEGIN RSA PRIVATE KEY-----\\n"\n    "MIIabc\\n"\n', b'k = "---'),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\n", b""),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nwhat comes then is no key (any more)\n", b""),
        (b"if line.startswith('-----BEGIN RSA PRIVATE KEY-----'):\n", b""),
        (b"found -----BEGIN RSA PRIVATE KEY----- in a file\n", b""),
        (b"-----BEGIN CERTIFICATE-----\nMIIabc\n", b""),
        (b"-----BEGIN RSA PRIVATE KEY-----\n" + b"MIIabc\n" * 10_000, b""),
        (b"x\nweb_1 | -----BEGIN RSA PRIVATE KEY-----\nweb_1 | " + b"MIIabc" * 9 + b"\n", b"web_1"),
        (b'{"log":"-----BEGIN PRIVATE KEY-----\\n","stream":"stdout"}\n{"log":"' + b"MIIabc" * 9 + b'\\n","stream":"stdout"}\n', b'{"log'),
        (b"web_1 | -----BEGIN RSA PRIVATE KEY-----\nweb_1 | " + b"MIIabc" * 9 + b"\nweb_1 | -----END RSA PRIVATE KEY-----\n", b""),
        (b"web_1 | -----BEGIN RSA PRIVATE KEY-----\nweb_1 | ready, listening (8080)\n", b""),
    ],
)
def test_what_waits_for_the_rest_of_a_key(lines, held):
    at = held_from(lines, 0)
    assert lines[at:].startswith(held)
    assert bool(lines[at:]) == bool(held)


def test_wide_text(spotter):
    text = f'one\r\nstripe "{leaks.token().decode()}"\r\nthree\r\n'
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        data = mark + text.encode(codec)
        out = through(spotter, [data])
        plain = out[2:].decode(codec)
        assert leaks.token().decode() not in plain
        assert MARK.search(plain.encode())
        assert plain.startswith("one\r\nstripe ")
        assert plain.endswith("\r\nthree\r\n")
        cut = mark + f"stripe {leaks.token().decode()}".encode(codec)
        assert through(spotter, [cut])[2:].decode(codec).startswith("stripe [REDACTED:")


def test_labels_follow_the_key():
    one, same, other = Marker(b"k"), Marker(b"k"), Marker(b"l")
    value = leaks.token()
    assert one.label("r", value) == same.label("r", value) != other.label("r", value)
    assert Marker().label("r", value) != Marker().label("r", value)
    assert one.label("r", value) != one.label("r", leaks.token(2))
    block = leaks.key_block()
    assert one.label("r", block) == one.label("r", block.replace(b"\n", b"\\n"))


def test_edits_are_merged_and_filled():
    edits = [Edit(5, 9, b"B", False, 1), Edit(3, 6, b"A", False, 0), Edit(20, 21, b"C", False, 2)]
    assert merged(edits) == [Edit(3, 9, b"A", False, 1), Edit(20, 21, b"C", False, 2)]
    assert filling(Edit(0, 6, b"X", False, 0), b"a\r\nb\nc") == b"X\r\n\n"


def test_confidence_decides(spotter):
    low = Spotter(Config(confidence="low"), Marker(b"k"))
    high = Spotter(Config(confidence="high"), Marker(b"k"))
    data = b'{"password": "' + leaks.password() + b'"}\nstripe ' + leaks.token() + b"\n"
    assert redact_bytes(high, data)[1] <= redact_bytes(spotter, data)[1] <= redact_bytes(low, data)[1]
    assert leaks.token() not in redact_bytes(high, data)[0]


def test_both_prefilters_say_the_same():
    pytest.importorskip("hyperscan")
    data, _ = text_of_secrets()
    data = data * 30
    bulk = Spotter(Config(), Marker(b"k"))
    bulk.go_bulk()
    slow = Spotter(Config(), Marker(b"k"))
    assert bulk.spot(data) == slow.spot(data)
    assert through(bulk, [data]) == through(slow, [data])


def test_memory_is_bounded_for_a_line_without_end():
    cutter = Cutter(2, block=4096, lead=64, tail=64)
    seen = 0
    for _ in range(100):
        room = cutter.room()
        room[:] = b"x" * len(room)
        block = cutter.filled(len(room))
        assert block is not None
        seen += len(cutter.body(block))
        cutter.done(block)
    assert seen == 100 * 4096
