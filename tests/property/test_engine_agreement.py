"""One answer: whatever the prefilter, whatever is remembered, whatever was scanned before."""

import base64
import random

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patterns import compiled, draw, tree
from rulebook import BOTH, by_id, counter_examples, engine, examples, finished, ruleset, told

from leaksieve.engine.confirm import Confirmer
from leaksieve.engine.decoders import MIN_RUN
from leaksieve.engine.filters import Judge
from leaksieve.engine.matcher import Engine
from leaksieve.engine.prefilter import FEW_BYTES, AhoCorasick, Hyperscan
from leaksieve.engine.trigrams import Trigrams
from leaksieve.engine.vocabulary import Vocabulary
from leaksieve.ruleset.assign import ASSIGN
from leaksieve.ruleset.named import Names, assigned_name, opened

quick = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
slow = quick
TOKENS = [text for _, text in examples() if len(text) < 700]
MISSES = [text for _, text in counter_examples()]
KEYWORDS = sorted({word for rule in finished() for word in rule["keywords"]})
SEPARATORS = [b"\n", b"\n", b"\r\n", b" ", b"", b"\t", b"\0", b'"', b"'", b", ", b"\xff", b"\xc3\xa9", b"%", b"\\", b"&#", b"="]


def _encoded(text):
    return st.sampled_from(
        [
            base64.b64encode(text),
            base64.urlsafe_b64encode(b"x" + text).rstrip(b"="),
            base64.b64encode(base64.b64encode(text)),
            base64.encodebytes(b"xy" + text),
            text.hex().encode(),
            text.hex().upper().encode(),
            text.decode("latin-1").encode("utf-16-le"),
            text.decode("latin-1").encode("utf-16-be"),
            b"".join(b"%%%02X" % byte for byte in text),
            b"".join(b"%%%02x" % byte if byte in b'=:/"+ _-' else bytes((byte,)) for byte in text),
            b"".join(b"\\u%04x" % byte for byte in text),
            b"".join(b"\\x%02x" % byte for byte in text),
            b"".join(b"&#%d;" % byte for byte in text),
            text.replace(b'"', b"&quot;").replace(b"=", b"&#61;"),
        ]
    )


def _assigned(rng):
    word = rng.choice(["pass", "password", "SECRET", "token", "Auth", "credential", "pwd", *KEYWORDS])
    return (
        word.encode()
        + draw(tree(ASSIGN), rng)
        + rng.choice([b"hunter2!Ab9", b"a", b"$" + b"{X}", b"K7v9Qz2LmX4pW8", b"abcdefgh", b"qzxvkjwpmbtgd", b"\xffabcd9", b'A9"', b"(call)"])
    )


pieces = st.one_of(
    st.sampled_from(TOKENS),
    st.sampled_from(TOKENS).flatmap(lambda text: st.integers(0, len(text)).map(lambda cut: text[:cut])),
    st.sampled_from(TOKENS).flatmap(_encoded),
    st.sampled_from(MISSES),
    st.sampled_from(KEYWORDS).map(str.encode),
    st.sampled_from(KEYWORDS).map(lambda word: word.swapcase().encode()),
    st.integers(0, 2**32).map(lambda seed: _assigned(random.Random(seed))),
    st.binary(max_size=20),
    st.text("abcdef0123456789%\\ux&#;=:\"' \n", max_size=24).map(str.encode),
    st.integers(2030, 2070).map(lambda length: b"x" * length),
)
buffers = st.lists(st.tuples(pieces, st.sampled_from(SEPARATORS)), min_size=1, max_size=12).map(lambda parts: b"".join(piece + joint for piece, joint in parts))

_vocabularies = [Vocabulary(ruleset(), decoders=True) for _ in BOTH]
_prefilters = [AhoCorasick(_vocabularies[0]), Hyperscan(_vocabularies[1])]
_automaton = AhoCorasick(_vocabularies[0])


@quick
@given(buffers)
def test_the_prefilters_name_the_same_candidates(data):
    """Bulk matching may leave out a weak keyword whose lead does not follow, and find an encoded word outside any run that could be decoded: nothing else."""
    one, other = (prefilter.hits(data) for prefilter in _prefilters)
    for hits in (one, other):
        for found in hits:
            assert len(found) == len(set(found))
    assert set(one.gates) == set(other.gates)
    assert set(one.escapes) == set(other.escapes)
    assert set(one.forms) <= set(other.forms)
    assert set(other.literals) <= set(one.literals)
    for number, start in set(one.literals) - set(other.literals):
        literal, (lead, _) = _vocabularies[0].literal(number), _vocabularies[0].lead(number)
        follows = regex.compile(lead).match(data, start + len(literal.word))
        assert not follows, (literal, data[start : start + 40])  # a keyword without a lead is followed by nothing: always


@pytest.mark.parametrize("between", ["=", "_X=", ": FOO=", " VALUE=", '"] : A.B =', " = X="])
@pytest.mark.parametrize("name", ["KEY", "MY_TOKEN", "SECRET", "Secret", "apikey"])
def test_small_letters_behind_a_name_in_capitals_are_seen_by_both(name, between):
    text = f"{name}{between}" + "qzxvkj" + "wpmbtgd\n"
    one, other = (prefilter.hits(text.encode()) for prefilter in _prefilters)
    assert set(one.gates) == set(other.gates)
    both = [told(engine(prefilter).scan(text.encode(), b"a/.env")) for prefilter in BOTH]
    assert both[0] == both[1]
    if between == "=" and name.isupper():
        assert [rejected for *_, rejected in both[0][0]].count("") == 1


@quick
@given(buffers)
def test_the_table_for_small_texts_finds_what_the_automaton_finds(data):
    table, automaton = AhoCorasick(_vocabularies[0]), _automaton
    automaton._read = FEW_BYTES + 1
    few, many = table.hits(data), automaton.hits(data)
    if len(data) <= FEW_BYTES:
        assert isinstance(table._plain, Trigrams)
    # The table is not even made where no run begins like an encoded word.
    some = many if few.forms else many._replace(forms=[])
    assert [sorted(found) for found in few] == [sorted(found) for found in some]


@pytest.mark.parametrize("prefilter", BOTH)
@pytest.mark.parametrize("joint", [b"\n", b"\r\n", b"\n    "])
def test_an_encoded_word_that_stands_on_a_short_last_line_alone(prefilter, joint):
    value = b"Tr0ub4d" + b"9!"
    whole = base64.b64encode(b"#" * 56 + b"\npass=" + value)
    assert len(whole[76:].rstrip(b"=")) < MIN_RUN
    found = engine(prefilter).scan(joint.join((b"data:", whole[:76], whole[76:])), b"a").matches
    assert value in {match.secret.reveal() for match in found if not match.rejected}


@quick
@given(buffers)
def test_both_prefilters_give_the_same_matches(data):
    one, other = (told(engine(prefilter).scan(data, b"a/.env")) for prefilter in BOTH)
    assert one == other


SOME = ruleset().select(enable=["generic-*", "github-*", "aws-*", "url-*", "slack-*", "private-key*"])


@settings(slow, max_examples=25)
@given(
    st.lists(
        st.one_of(buffers, st.sampled_from(TOKENS), st.sampled_from([b'password = "K7v9Qz2LmX4pW8"\n', b'x password = "K7v9Qz2LmX4pW8" y\n'])),
        min_size=2,
        max_size=5,
    )
)
def test_memory_never_changes_an_answer(datas):
    """No memory, hardly any, and plenty: the same, also over several buffers in a row and over the same one again."""
    engines = [Engine(SOME, memo_bytes=size) for size in (0, 300, 1 << 20)]
    for data in [*datas, *datas[::-1]]:
        fresh = told(Engine(SOME, memo_bytes=1 << 20).scan(data))
        for one in engines:
            assert told(one.scan(data)) == fresh


@settings(slow, max_examples=25)
@given(buffers, buffers)
def test_what_was_scanned_before_does_not_matter(first, second):
    one, other = Engine(SOME), Engine(SOME)
    alone = told(one.scan(second))
    other.scan(first)
    assert told(other.scan(second)) == alone == told(one.scan(second))


@quick
@given(buffers, st.sampled_from([b"", b"\n", b"words before\n", b"x" * 2100 + b"\n"]), st.sampled_from([b"\n", b"\nwords after", b"\n" + b"y" * 2100]))
def test_a_line_says_the_same_wherever_it_stands(data, before, after):
    """Undecoded matches of rules that stay within a line, in a file cut at line breaks."""
    data = data.replace(b"\r", b"")
    plain = engine(decode_depth=0)

    def within(result, shift):
        return [
            (m.rule_id, m.span.start - shift, m.span.end - shift, m.rejected)
            for m in result.matches
            if not by_id()[m.rule_id]["lines"] and m.rejected != "overlap"
        ]

    assert within(plain.scan(b"\n" + data + b"\n"), 1) == within(plain.scan(before + b"\n" + data + after), len(before) + 1)


def _by_force(data, fast):
    """Every place where a rule's pattern matches, with no prefilter, keyword or memory; reduced as the engine documents it."""
    judge = Judge()
    for rule in fast:
        starts = {}
        names = Names(rule["named"], [(0,)] * len(rule["named"]))
        try:
            for match in compiled(rule["pattern"]).finditer(data, overlapped=True, timeout=5):
                low = match.start()
                if rule["named"]:
                    # A match begins with the assigned name, which must hold a credential word as well.
                    low, high = assigned_name(data, match.start(), 0)
                    if low in starts or not opened(data, match.start()) or (0, match.start() - low) not in names.within(data[low:high]):
                        continue
                starts[low] = ((low, match.end()), match.span("secret"), judge.value(rule, match.group("secret"), match))
        except TimeoutError:
            continue
        yield rule["id"], starts


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(buffers)
def test_nothing_that_a_pattern_matches_is_missed(data):
    """Against brute force: each live place is found unless an overlapping place of the same rule was kept; nothing else is found."""
    plain = {}
    for match in engine(decode_depth=0).scan(data).matches:
        plain.setdefault(match.rule_id, {})[match.span.start] = (tuple(match.span), tuple(match.secret_span))
    for rule_id, starts in _by_force(data, finished()):
        found = plain.pop(rule_id, {})
        for start, spans in found.items():
            assert starts.get(start, ((), (), ""))[:2] == spans, (rule_id, data)
        kept = [(spans[0], bool(starts[start][2])) for start, spans in found.items()]
        for start, (span, _, rejected) in starts.items():
            if start in found:
                continue
            # A rejected place may hide behind any kept one; a live one only behind a live one.
            shadows = [other for other, judged in kept if other[0] < span[1] and span[0] < other[1] and (rejected or not judged)]
            assert shadows, f"{rule_id}: {data[span[0] : span[1]]!r} was not found"
    assert plain == {}


def test_confirmers_and_regex_agree_on_every_example():
    """Built-in rules are confirmed by the standard library's engine, proved by another: the same spans from both."""
    for rule in finished():
        confirmer = Confirmer(0, rule, 0.0)
        for text in [text for rule_id, text in examples() if rule_id == rule["id"]]:
            ours = {match.span() for match in confirmer._pattern.finditer(text)}
            assert ours == {match.span() for match in compiled(rule["pattern"]).finditer(text)}
