"""What the prefilters look for is necessary: no string that a rule matches lacks its keyword, its gate's tail or its lead.

The strings are drawn from the patterns themselves; a filter that is too tight loses them.
"""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patterns import draw, matching, tree
from rulebook import finished, ruleset_of, toml

from leaksieve.engine.vocabulary import Vocabulary
from leaksieve.ruleset.assign import AHEAD, ASSIGN, BULK_TAIL, GATE_TAIL, KEY_BULK, KEY_TAIL, KEYLIKE, MACROS, NAMED_TAIL
from leaksieve.ruleset.compile import unbounded
from leaksieve.ruleset.lead import lead, spelled
from leaksieve.ruleset.named import Names, assigned_name
from leaksieve.ruleset.necessity import anchor
from leaksieve.ruleset.syntax import Walker

PER_RULE = 8
# What a value must look like, the tail, its text for bulk, and how far it looks ahead.
KINDS = {"password": ("", GATE_TAIL, BULK_TAIL, 0), "key": (KEYLIKE, KEY_TAIL, KEY_BULK, AHEAD)}
seeds = st.integers(0, 2**32).map(random.Random)


def keyword_places(rule, match):
    text = match.group().lower() if rule["ignore_case"] else match.group()
    return [text.find(keyword.encode()) for keyword in rule["keywords"] if keyword.encode() in text]


def drawn(rule, full=False):
    yield from matching(rule["pattern"], random.Random(rule["id"]), PER_RULE, full)


def hyperscan_finds(patterns, texts):
    """For each text, whether any of the expressions matches somewhere in it, under the bulk prefilter's flags."""
    hyperscan = pytest.importorskip("hyperscan")
    database = hyperscan.Database()
    database.compile(expressions=patterns, ids=list(range(len(patterns))), elements=len(patterns), flags=[hyperscan.HS_FLAG_CASELESS] * len(patterns))
    out = []
    for text in texts:
        ends = []
        database.scan(text, match_event_handler=lambda _number, _start, to, _flags, _context, ends=ends: ends.append(to))
        out.append(ends)
    return out


@pytest.mark.parametrize("full", [False, True])
def test_every_match_holds_a_keyword_where_the_proof_says(full):
    """Within `before` bytes of the start; at the very start for a prefix rule."""
    tried = 0
    for rule in finished():
        # Rules that go by a name have no keywords: a credential word beside the name opens them.
        for match in () if rule["named"] else drawn(rule, full):
            places = keyword_places(rule, match)
            assert places, f"{rule['id']}: no keyword in {match.group()!r}"
            assert min(places) <= rule["before"], f"{rule['id']}: {match.group()!r}"
            assert not rule["prefix"] or 0 in places, f"{rule['id']}: {match.group()!r}"
            assert rule["min_width"] <= len(match.group()) <= rule["width"]
            assert rule["lines"] or b"\n" not in match.group()
            tried += 1
    assert tried > 1500


def test_leads_follow_their_keyword_in_every_match():
    tried = 0
    for rule in finished():
        checks = {word.encode(): re.compile(spelled(sets).encode()) for word, sets in rule["leads"].items()}
        for match in drawn(rule) if checks else ():
            for word, check in checks.items():
                if match.group().startswith(word):
                    assert check.match(match.group(), len(word)), f"{rule['id']}: {match.group()!r}"
                    tried += 1
    assert tried > 20


def test_gates_and_assignments_tails_follow_their_keyword_in_every_match():
    """The rule's own gate or the tail of assignments: both are checked before the rule's pattern is."""
    tried = 0
    for rule in finished():
        if rule["named"] or not (rule["gated"] or rule["assigned"]):
            continue
        for match in (*drawn(rule), *drawn(rule, full=True)):
            # The value's last check may look at what follows: give it an end of line.
            text = match.group() + b"\n"
            for word in rule["keywords"]:
                folded = text.lower()
                if rule["prefix"] and not folded.startswith(word.lower().encode()):
                    continue
                places = [found.start() + len(word) for found in re.finditer(re.escape(word.lower().encode()), folded)]
                if word in rule["gated"] and places:
                    assert any(re.compile(rule["tail"].encode(), re.IGNORECASE).match(text, place) for place in places), f"{rule['id']}: {text!r}"
                    tried += 1
                if rule["assigned"] and places:
                    assert re.compile(NAMED_TAIL.encode(), re.IGNORECASE).match(text, places[0]), f"{rule['id']}: {text!r}"
                    tried += 1
    assert tried > 100


def test_names_are_found_where_a_pattern_takes_them():
    tried = 0
    for rule in finished():
        names = Names(rule["named"], [(0,)] * len(rule["named"]))
        for match in drawn(rule) if rule["named"] else ():
            low, high = assigned_name(match.group(), 0, 0)
            assert (0, 0) in names.within(match.group()[low:high]), f"{rule['id']}: {match.group()!r}"
            tried += 1
    assert tried > 1000


@settings(max_examples=150)
@given(seeds)
@pytest.mark.parametrize("kind", KINDS)
def test_assignments_pass_the_gate_and_its_bulk_form(kind, rng):
    """Names, operators and openings as the grammar allows them, each piece up to its limit, then a value."""
    wanted, tail, bulk, ahead = KINDS[kind]
    check = re.compile(tail.encode(), re.IGNORECASE)
    texts = []
    for _ in range(8):
        text = (
            b"token" + draw(tree(ASSIGN), rng, full=True) + draw(tree(r"[A-Za-z0-9+/$&%@!.:=_\-]{4,12}|[A-Za-z]{12,40}[\"'`]|[A-Z]{16}|[a-z/.:]{60}[0-9]"), rng)
        )
        match = re.compile(b"(?i:token)" + ASSIGN.encode() + wanted.encode() + rb"[^\s\"'`,;<>(){}\[\]]{4}").match(text)
        if match is None:
            continue
        gate = check.match(text, 5)
        assert gate is not None, text
        texts.append((text, gate.end()))
    for (text, end), ends in zip(texts, hyperscan_finds([b"token" + bulk.encode()], [text for text, _ in texts]), strict=True):
        # The word is looked for within the tail's span before each end: one end inside the tail's own reach is what finds it.
        assert any(9 <= found <= 5 + Walker(tail).width()[1] + ahead for found in ends), (text, end, ends)


def test_every_tails_bulk_form_finds_what_the_tail_takes():
    """Hyperscan gets a wider text; whatever the tail itself takes behind a word must be inside it, ending within the tail's span."""
    vocabulary = Vocabulary(ruleset_of_everything(), decoders=False)
    tails = {id(gate.tail): gate.tail for gate in vocabulary.gates}.values()
    assert len(tails) >= 2
    for tail in tails:
        # What a look-ahead wants is not drawn: the tail is drawn without, and a value that has it put behind.
        pattern = tail.check.pattern.decode()
        rng = random.Random(pattern)
        drawn_ = [match.group() for _ in range(60) for match in matching(pattern.replace(KEYLIKE, ""), rng, 1, full=True)]
        texts = [text for one in drawn_ if tail.check.match(text := b"://" + one + (b"7qrst" if KEYLIKE in pattern else b""), 3)]
        assert len(texts) > 20
        for text, ends in zip(texts, hyperscan_finds([b"://" + tail.bulk], texts), strict=True):
            assert any(end <= 3 + tail.span for end in ends), text


def ruleset_of_everything():
    from rulebook import ruleset

    return ruleset()


def test_opening_a_repeat_only_ever_widens():
    tail = "[a-z]{2,30}=[0-9]{3,8}[x]{40}"
    assert unbounded(tail) == "[a-z]{2,}=[0-9]{3,8}[x]{40}"
    assert unbounded(GATE_TAIL) == BULK_TAIL
    assert unbounded(KEY_TAIL) == KEY_BULK


# Patterns in the style of rules, put together from pieces that vary, with a keyword somewhere.
PIECES = ["[a-z]{0,3}", "(?:x|yy)?", "[0-9]{2}", "(?:ab|cd)", "-", "(?i:q[rs])", "(?<![a-z])", "(?![0-9])", "(?:k_|[A-F]{1,2})", "\\d", "(?:t|u){2,5}"]
KEYED = ["key_", "(?:key_|tok_)", "(?:key|tok)_", "k[ae]y_", "(?:a_key_|b_tok_)", "(?:key_){2,9}", "ke(?:y_)"]
WORDS = [b"key_", b"tok_", b"kay_"]
patterns = st.tuples(st.lists(st.sampled_from(PIECES), max_size=3), st.sampled_from(KEYED), st.lists(st.sampled_from(PIECES), max_size=3))


@settings(max_examples=150)
@given(patterns, seeds, st.booleans())
def test_a_proof_of_necessity_is_never_wrong(pieces, rng, ignore_case):
    """Whatever the prover accepts, drawn matches hold a keyword no later than it said."""
    before, keyed, after = pieces
    pattern = "".join(before) + keyed + "".join(after) + "(?P<secret>[a-f]{2,4})"
    found = anchor(Walker(pattern), WORDS, ignore_case)
    if found is None:
        return
    for match in matching(pattern, rng, 12, full=True):
        text = match.group().lower() if ignore_case else match.group()
        places = [text.find(word) for word in WORDS if word in text]
        assert places, (pattern, text)
        assert min(places) <= found.before, (pattern, text, found)
        assert not found.prefix or min(places) == 0, (pattern, text)


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*PIECES, *KEYED]), min_size=1, max_size=4), seeds)
def test_a_lead_is_never_too_tight(pieces, rng):
    pattern = "(?:key|ke[x-z])_" + "".join(pieces) + "[a-f]{2,4}"
    check = re.compile(spelled(lead(Walker(pattern), b"key_")).encode())
    for match in matching(pattern, rng, 12, full=True):
        if match.group().startswith(b"key_"):
            assert check.match(match.group(), 4), (pattern, match.group())


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i:token)(?:_[a-z]{1,30})?{{assign}}(?P<secret>[a-z0-9]{12})",  # a longer name than the gate allows for
        r"(?i:token) for [a-z]{1,8}{{assign}}(?P<secret>[a-z0-9]{12})",  # not a name
        r"(?i:token){{assign}}(?P<secret>\([a-z0-9]{12}\))",  # not a value
        r"(?i:token){{assign}}(?P<secret>[^x]{12})",  # over lines
        r"(?i:token)(?:{{assign}}|: )(?P<secret>[a-z0-9]{12})",  # or without an assignment
        r"(?i:token)(?:{{assign}})?(?P<secret>[a-z0-9]{12})",
    ],
)
def test_a_users_generic_rule_that_does_not_fit_the_gate_is_looked_for_without(pattern):
    """A tag must not lose a rule's matches: the tail is used where it is proved to follow, nowhere else."""
    from leaksieve.engine.matcher import Engine

    rules = ruleset_of(toml(pattern=f"'{pattern}'", keywords='["token"]', case_sensitive="false", tags='["generic"]', examples='["x"]'))
    written = pattern
    for name, text in MACROS.items():
        written = written.replace("{{" + name + "}}", text)
    engines = [Engine(rules, prefilter=prefilter) for prefilter in ("aho-corasick", "hyperscan")]
    tried = 0
    for match in matching(written, random.Random(pattern), 30, full=True):
        for engine in engines:
            found = engine.scan(match.group() + b"\n").matches
            assert any(one.span.start == 0 for one in found), (engine.name, match.group())
        tried += 1
    assert tried > 10
