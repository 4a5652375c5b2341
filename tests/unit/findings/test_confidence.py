"""How sure a finding is: its rule's word, or the score of its surest place."""

import pytest
from rulebook import engine

from leaksieve.findings.dedupe import RuleFacts, fold
from leaksieve.findings.fingerprint import key_for
from leaksieve.findings.locate import locate
from leaksieve.findings.wire import decode, encode
from leaksieve.model import Chunk, Provenance

FACTS = RuleFacts("generic-password", "Password", "generic", "high", "medium", ("generic",), "", b"", {})
LINE = b"DB_PASSWORD=k9Xv2QpLm7RtZw4N\n"


def located(confidence, path=b".env"):
    matches = [match for match in engine().scan(LINE, path).matches if not match.rejected]
    places = locate(
        Chunk(LINE, Provenance("file", path)),
        [match._replace(confidence=confidence) for match in matches],
        public_prefix=lambda _: b"",
        reveal=False,
        inline_allow=True,
    )
    return decode(encode(places))


def confidence_of(*places):
    (finding,) = fold(places, rules=lambda _: FACTS, fingerprinter=key_for(None, "p", None), reveal=False)
    return finding.confidence


@pytest.mark.parametrize(("own", "told"), [("high", "high"), ("low", "low"), ("", "medium")])
def test_a_place_says_its_own_confidence_or_leaves_it_to_the_rule(own, told):
    (place,) = located(own)
    assert place.confidence == own
    assert confidence_of(place) == told


@pytest.mark.parametrize(("one", "two", "told"), [("low", "high", "high"), ("low", "", "medium"), ("low", "low", "low")])
def test_the_surest_place_counts(one, two, told):
    assert confidence_of(*located(one, b"a.env"), *located(two, b"b.env")) == told


def test_the_engine_gives_its_score():
    (match,) = [match for match in engine().scan(LINE, b".env").matches if not match.rejected]
    assert match.confidence == "high"
