"""What the gates for streams of logs leave out is no finding of any rule."""

from __future__ import annotations

import pytest

from leaksieve.engine.matcher import Engine
from leaksieve.engine.multipart import ALONE, PART
from leaksieve.engine.prefilter import Patterns
from leaksieve.ruleset import named
from leaksieve.ruleset.load import load

hyperscan = pytest.importorskip("hyperscan")

SHORT = ("84729", "847290", "8472905")
LONG = "84729051638273940561728394056172"
SYNTAXES = ('{{"{name}": {value}, "x": 1}}', '"{name}": "{value}",', "{name} = {value}", "--{name} {value}", "<{name}>{value}</{name}>")


def reported(expressions: list[bytes], data: bytes) -> list[tuple[int, int]]:
    from leaksieve.engine.log_gates import compile_first

    (database,) = compile_first([Patterns(expressions, list(range(len(expressions))), [0] * len(expressions))])
    found: list[tuple[int, int]] = []
    database.scan(data, lambda number, _from, to, _flags, _context: found.append((number, to)))
    return found


def test_what_ends_in_an_at_sign_is_found_where_one_stands():
    several = [b"://[a-z]{1,9}:[a-z]{3,9}@", b"stripe"]
    assert sorted(reported(several, b"stripe https://bob:abcde@h")) == [(0, 25), (1, 6)]
    assert reported(several, b"stripe https://bob:abcde") == [(1, 6)]
    assert reported(several[:1], b"a@b, https://bob:abcde@h") == [(0, 23)]
    assert reported(several[1:], b"a@b, stripe") == [(0, 11)]


def test_a_number_of_fewer_than_eight_digits_is_no_key():
    ruleset = load()
    engine = Engine(ruleset, prefilter="aho-corasick", rejected_alone=False)
    words = [word for word, who in zip(*ruleset.named, strict=True) if who and not any(other in word for other in named.PASSWORD_WORDS)]
    names = [f"{word}_{key}" for word in words for key in ("api_key", "token")] + ["key", "my_secret", "auth", "salt", "nonce", "cred"]

    def secrets(values: tuple[str, ...]) -> list[bytes]:
        lines = [SYNTAXES[place % len(SYNTAXES)].format(name=name, value=values[place % len(values)]) for place, name in enumerate(names)]
        found = [match for match in engine.scan("\n\n".join(lines).encode()).matches if match.rejected in ("", PART, ALONE, "overlap")]
        return [match.secret.reveal() for match in found]

    assert secrets(SHORT) == []
    # As many digits as keys have are found, so that the question above is one.
    assert len(secrets((LONG,))) > 100


def test_small_letters_behind_a_name_in_capitals_are_seen():
    from leaksieve.engine.log_gates import compile_first

    ruleset = load().select(enable=["generic-*"])
    one, other = Engine(ruleset, prefilter="aho-corasick"), Engine(ruleset, prefilter="hyperscan", compiler=compile_first)
    for between in ("=", "_X=", ": FOO=", " VALUE="):
        for name in ("KEY", "MY_TOKEN", "SECRET"):
            text = f"level=info {name}{between}".encode() + b"qzxvkj" + b"wpmbtgd\n"
            live = [match for match in one.scan(text).matches if not match.rejected]
            assert live == [match for match in other.scan(text).matches if not match.rejected]
            assert live or between != "="
