"""Located findings through a pipe."""

import pytest

from leaksieve.findings.wire import decode, encode
from leaksieve.model import Located, Provenance
from leaksieve.secret import Secret

PLACE = Located(
    "r", Secret(b"s\xff"), (("user", Secret(b"u")),), Provenance("git", b"p\xff", {"commit": "c", "refs": ["a"], "n": None}, b"in"),
    1, 2, 3, 4, 5, 6, ("base64",), "…", "why", True, "h:1",
)  # fmt: skip


def test_round_trip():
    (back,) = decode(encode([PLACE]))
    assert back == PLACE
    assert isinstance(back, Located)
    assert isinstance(back.provenance, Provenance)
    assert isinstance(back.secret, Secret)
    assert isinstance(back.parts[0][1], Secret)
    assert decode(encode([])) == []


def test_details_must_be_plain():
    odd = PLACE._replace(provenance=Provenance("git", b"p", {"when": object()}))
    with pytest.raises(ValueError, match="unmarshallable"):
        encode([odd])
