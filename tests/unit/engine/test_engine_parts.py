"""The engine's parts one by one: overlaps, timeouts, memory, checksums, filters, prefilters."""

import random
import sys
import zlib

import pytest
from rulebook import BOTH, live, ruleset_of, toml

from leaksieve.engine.checks import passes
from leaksieve.engine.confirm import Confirmer, TimedOut
from leaksieve.engine.matcher import Engine, _by_line
from leaksieve.engine.memo import Memo
from leaksieve.engine.overlap import Claim, Taken, losers
from leaksieve.engine.prefilter import make
from leaksieve.engine.vocabulary import Vocabulary
from leaksieve.errors import UsageError
from leaksieve.model import CONFIDENCES, Skip, Span
from leaksieve.ruleset.encoded import base64_forms, utf16_form
from leaksieve.ruleset.lead import spelled
from leaksieve.ruleset.linear import problems
from leaksieve.ruleset.syntax import Walker
from leaksieve.ruleset.template import crc32_github, expand
from leaksieve.ruleset.values import entropy, is_run, placeholder, reject_reason


def test_losers_by_brute_force():
    """No two winners overlap, and every loser overlaps a winner that outranks it."""
    rng = random.Random(1)

    def rank(claim):
        return (-claim.specificity, claim.span.start - claim.span.end, -CONFIDENCES.index(claim.confidence), claim.rule_id)

    for _ in range(300):
        claims = []
        for number in range(rng.randint(0, 9)):
            start = rng.randint(0, 20)
            claims.append(Claim(Span(start, start + rng.randint(1, 8)), rng.choice((10, 40, 50)), rng.choice(CONFIDENCES), f"r{number}"))
        lost = losers(claims)
        won = [claim for index, claim in enumerate(claims) if index not in lost]
        for one in won:
            assert all(one is other or one.span.end <= other.span.start or other.span.end <= one.span.start for other in won)
        for index in lost:
            claim = claims[index]
            assert any(other.span.start < claim.span.end and claim.span.start < other.span.end and rank(other) < rank(claim) for other in won)


def test_taken_knows_spans_over_blocks():
    taken = Taken()
    taken.add("a", Span(4000, 9000))
    assert taken.overlaps("a", Span(8999, 9001))
    assert taken.overlaps("a", Span(0, 4001))
    assert taken.overlaps("a", Span(5000, 5001))
    assert not taken.overlaps("a", Span(9000, 9010))
    assert not taken.overlaps("a", Span(10, 4000))
    assert not taken.overlaps("b", Span(4000, 9000))


SLOW = toml(pattern="'(?P<secret>acme_(?:a|a|aa){0,60}!)'", keywords='["acme_"]') + (
    '[[rule]]\nid = "acme-other"\nname = "o"\nseverity = "low"\nconfidence = "high"\nkeywords = ["acmo_"]\npattern = \'(?P<secret>acmo_[a-z0-9]{12})\'\nexamples = ["x"]\ncounter_examples = ["y"]\n'
)


@pytest.mark.parametrize("prefilter", BOTH)
def test_a_slow_rule_of_a_user_gives_up_alone(prefilter):
    """It is a failed skip, named once; the other rules' findings stand."""
    one = Engine(ruleset_of(SLOW), prefilter=prefilter, timeout=0.05)
    data = b"acme_" + b"a" * 60 + b"?\nacmo_ab12cd34ef56\n"
    result = one.scan(data)
    assert result.skips == [Skip("failed", b"", "rule-timed-out", "acme-token")]
    assert [match.rule_id for match in live(result)] == ["acme-other"]


def test_a_confirmer_raises_after_one_longer_retry():
    (slow, _) = (ruleset_of(SLOW).rule(index) for index in (1, 0))
    with pytest.raises(TimedOut):
        Confirmer(0, slow, 0.01).at(b"acme_" + b"a" * 60, 0, 5)


@pytest.mark.parametrize("prefilter", BOTH)
def test_a_keyword_in_the_middle(prefilter):
    """Every match around it is found once, overlapping ones reduced to the first."""
    rules = ruleset_of(toml(pattern="'[a-z]{0,4}-(?P<user>[a-z]{2})@(?P<secret>acme_[0-9]{4})'"))
    data = b"ab-cd@acme_1294 x-yz@acme_8731\n"
    matches = Engine(rules, prefilter=prefilter).scan(data).matches
    assert [(tuple(match.span), match.secret.reveal(), [(name, part.reveal()) for name, part in match.parts]) for match in matches] == [
        ((0, 15), b"acme_1294", [("user", b"cd")]),
        ((16, 30), b"acme_8731", [("user", b"yz")]),
    ]


@pytest.mark.parametrize("prefilter", BOTH)
def test_a_dropped_candidate_hides_nothing(prefilter):
    one = Engine(
        ruleset_of(toml(id='"acme-secret"', min_distinct="9", keywords='["secret"]', pattern="'(?i:secret){{assign}}{{text}}'", case_sensitive="false")),
        prefilter=prefilter,
    )
    data = b'SECRET=SECRET="Kq81mZ0pLw92xVbT44"\n'
    assert [match.secret.reveal() for match in live(one.scan(data))] == [b"Kq81mZ0pLw92xVbT44"]


@pytest.mark.parametrize("prefilter", BOTH)
def test_gates_in_capitals(prefilter):
    rules = ruleset_of(toml(keywords='["ACMEKEY"]', pattern="'(?P<secret>ACMEKEY[a-z]{4}=[0-9]{6})'", gate="'[a-z]{4}=[0-9]{6}'"))
    one = Engine(rules, prefilter=prefilter)
    assert len(live(one.scan(b"x ACMEKEYabcd=829174\n"))) == 1
    assert one.scan(b"x acmekeyabcd=829174 ACMEKEYabcd=8\n").matches == []


def test_rules_bound_to_paths():
    one = Engine(ruleset_of(toml(paths="['\\.env$']")))
    data = expand("k=acme_<lowernum:20>")
    assert [match.rejected for match in one.scan(data, b"a/.env").matches] == [""]
    assert [match.rejected for match in one.scan(data, b"a/b").matches] == ["path"]


def test_memory_is_bounded_and_can_be_off():
    off, small = Memo(0), Memo(900)
    off.put(0, b"x", ())
    assert off.get(0, b"x") is None
    small.put(0, b"a" * 100, ())
    small.put(1, b"b" * 100, ((1, 2, 3, 4, 5, "", ()),))
    assert small.get(0, b"a" * 100) == ()
    assert small.get(0, b"b" * 100) is None
    small.put(0, b"c" * 300, ())
    assert small.get(0, b"a" * 100) is None
    assert small.get(0, b"c" * 300) == ()


def test_checksums():
    body = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5"
    assert passes("crc32-github", f"ghp_{body}{crc32_github(body)}".encode())
    assert not passes("crc32-github", f"ghp_{body}000000".encode())
    assert not passes("crc32-github", b"ghp_x")
    assert passes("crc32-hex-all", b"ABC" + f"{zlib.crc32(b'ABC'):08X}".encode())
    assert passes("crc32-hex-body", b"p_body" + f"{zlib.crc32(b'body'):08x}".encode())
    assert passes("crc32-hex-body", b"p_body_" + f"{zlib.crc32(b'body'):08x}".encode())
    assert not passes("crc32-hex-body", b"p_body00000000")
    assert not passes("unknown", b"x")


def test_without_hyperscan_there_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    with pytest.raises(UsageError, match="--engine aho-corasick"):
        make("hyperscan", Vocabulary(ruleset_of(toml()), decoders=True))


@pytest.mark.parametrize("prefilter", BOTH)
def test_nothing_to_look_for(prefilter):
    rules = ruleset_of(toml()).select(disable=["*"])
    one = Engine(rules, prefilter=prefilter, decode_depth=0)
    assert one.scan(b"acme_" + b"ab12" * 5).matches == []
    assert one.scan(b"").matches == []


@pytest.mark.parametrize("before", range(6))
def test_base64_holds_one_of_its_keywords_forms(before):
    """By brute force over what may stand around it."""
    import base64

    for word in (b"ghp_", b"glpat-", b"password"):
        forms = base64_forms(word)
        for around in (b"\0", b"\xff", b"a", b"~"):
            text = base64.b64encode(around * before + word + around * 5)
            assert any(text.find(form) % 4 == phase for form, phase in forms if form in text)
    assert utf16_form(b"abc") == b"a\0b\0c"
    assert utf16_form(b"abc") in "xabcx".encode("utf-16-be")
    assert utf16_form(b"abc") in "xabcx".encode("utf-16-le")


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:a*b*)*", "a+a+", "[ab]+b*", "(?:[a-z]{1,90}-){1,90}", "(?:(?:ab?){1,70}){1,70}"])
def test_patterns_that_may_explode_are_refused(pattern):
    assert problems(Walker(pattern))


@pytest.mark.parametrize("pattern", ["a+b+", "a+ba+", "a+(?:ba)a+", "(?:[a-z]{1,20}-){1,20}", "a{1,60000}", "(?=a{1,9})[ab]{2}"])
def test_harmless_patterns_are_not(pattern):
    assert problems(Walker(pattern)) == []


@pytest.mark.parametrize(
    ("pattern", "width", "crosses"),
    [
        ("ab?c{2,4}", (3, 6), False), ("(?:a|bcd)", (1, 3), False), ("a*", (0, 1 << 20), False), ("(?:){3,}", (0, 0), False), ("a.b", (3, 3), False), (r"a\sb", (3, 3), True),
        ("[^a]", (1, 1), True), ("(?!a)b", (1, 1), False), ("(?!\n)b", (1, 1), True), ("(?=a?)b", (1, 1), True), (r"(?<![\w-])b$", (1, 1), False), (r"(?:[^\n]|x\n){2}", (2, 4), True), (r"\D", (1, 1), True),
    ],
)  # fmt: skip
def test_width_and_lines(pattern, width, crosses):
    walker = Walker(pattern)
    assert (walker.width(), walker.crosses_lines()) == (width, crosses)


def test_spelled_classes():
    assert spelled([frozenset(b"abcx"), frozenset(b"\0")]) == r"[\x61-\x63\x78][\x00]"


RULE = {"min_distinct": 0, "stop_words": [], "public_prefix": "", "min_entropy": 0.0, "allow": []}


@pytest.mark.parametrize(
    ("keys", "value", "reason"),
    [
        ({}, b"Kq81mZ0pLw92", ""), ({"min_distinct": 5}, b"abababcd", "few-distinct"), ({"stop_words": ["demo"]}, b"my-DEMO-key7", "stop-word"), ({}, b"aaaaaaaaaa", "placeholder"),
        ({"public_prefix": "k_"}, b"k_abcabcabc", "placeholder"), ({"min_entropy": 3.5}, b"Kq8Kq8Kq9Kq8", "low-entropy"), ({"allow": ["K[a-z0-9]+"]}, b"Kq81m9", "allowed-shape"),
    ],
)  # fmt: skip
def test_values(keys, value, reason):
    assert reject_reason({**RULE, **keys}, value) == reason


def test_entropy_and_runs():
    assert entropy(b"") == 0
    assert entropy(b"aaaa") == 0
    assert entropy(b"abcd") == 2
    assert all(map(is_run, (b"aa", b"12345678", b"87654321", b"abcabc", b"9012345", b"89abcdef")))
    assert not any(map(is_run, (b"", b"ab", b"Kq81m")))
    assert placeholder(b"YOUR_TOKEN_HERE")
    assert placeholder(b"x00000000y")
    assert not placeholder(b"Kq81mZ0pLw92")


def test_templates():
    assert expand("<hex:8>") == expand("<hex:8>") != expand("<hex:8>", 1)
    assert len(expand("a<uuid>b")) == 38
    assert expand("<int:1>").isdigit()
    assert expand("plain\n") == b"plain\n"
    with pytest.raises(ValueError, match="unknown placeholder <nope:3>"):
        expand("<nope:3>")


class Counting(bytes):
    """Bytes that count how often a line's ends are looked for."""

    looks = 0

    def rfind(self, *args):
        self.looks += 1
        return super().rfind(*args)

    def find(self, *args):
        self.looks += 1
        return super().find(*args)


def test_a_line_of_many_gates_is_measured_once():
    """A line of ten megabytes with a million words took minutes, since each word looked for the line's start again."""
    data = Counting(b"x\n" + b"password=" * 1000)
    found = _by_line(data, [(0, 2 + 9 * i) for i in range(1000)])
    assert found == {(0, 2): [2 + 9 * i for i in range(1000)]}
    assert data.looks <= 2


def test_gates_are_found_the_same_in_lines_of_any_length_and_again():
    """Lines up to a length are remembered, longer ones looked at around each end; where a line begins and ends in the buffer plays no part."""
    from rulebook import ruleset

    few, bulk = (make(name, Vocabulary(ruleset(), decoders=False)) for name in ("aho-corasick", "hyperscan"))
    text = b'password = "K7v9Qz2LmX4pW8" token=abcdefg1 pwd: "x'
    for pad in (0, 1, 1990, 2047 - len(text), 2048 - len(text), 2049 - len(text), 5000):
        for buffer in (b" " * pad + text, text + b" " * pad, b"\n" + text + b"x" * pad + b"\n", b"a\n" * 900 + text + b";" * pad + b"\n" + text):
            wanted = set(few.hits(buffer).gates)
            assert len(wanted) >= 2
            assert [sorted(bulk.hits(buffer).gates) for _ in range(2)] == [sorted(wanted)] * 2, (pad, buffer[:60])


def test_gates_go_with_their_own_line():
    data = b"a\nbb\n\nccc"
    gates = [(number, start) for number in (1, 0) for start in (9, 3, 0, 2, 7)]
    found = _by_line(data, gates)
    assert list(found.items()) == [((number, low), starts) for number in (0, 1) for low, starts in ((0, [0]), (2, [2, 3]), (6, [7, 9]))]
