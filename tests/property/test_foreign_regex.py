"""Patterns of other scanners mean in Python what they mean to Go: the same spans, groups included, asked of Go itself."""

from __future__ import annotations

import base64
import json
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaksieve.engine.matcher import Engine
from leaksieve.ruleset.extended import _compiled
from leaksieve.ruleset.foreign_needs import ENDLESS, crosses, needs
from leaksieve.ruleset.foreign_print import printed
from leaksieve.ruleset.foreign_regex import Regex, read_regex
from leaksieve.ruleset.load import Ruleset

SOURCE = Path(__file__).parents[1] / "support" / "goregex" / "main.go"


class Go:
    """A process that answers how Go matches."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, pattern: str, inputs: list[bytes]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"pattern": pattern, "inputs": [base64.b64encode(data).decode() for data in inputs]}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Go]:
    found = shutil.which("go")
    if found is None:
        pytest.skip("Go is not installed: the meaning of foreign patterns is NOT compared with Go's own")
    program = tmp_path_factory.mktemp("go") / "goregex"
    # The user's own build cache: without it Go compiles its library first, which takes most of a minute.
    cache = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "go-build"
    environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": str(cache)}
    built = subprocess.run([found, "build", "-o", program, SOURCE], capture_output=True, text=True, env=environment, check=False)
    assert built.returncode == 0, built.stderr
    helper = Go(program)
    yield helper
    helper.close()


def read_or_none(pattern: str) -> Regex | None:
    try:
        return read_regex(pattern)
    except ValueError:
        return None


def matches(compiled: Any, data: bytes, groups: int) -> list[list[int]]:
    """Every match as Go's FindAll goes on, with the spans of groups; those that match nothing left out."""
    out = []
    place = 0
    while place <= len(data):
        match = compiled.search(data, place)
        if match is None:
            break
        if match.end() > match.start():
            out.append([end for group in range(groups + 1) for end in match.span(group)])
        place = match.end() if match.end() > place else place + _width(data, place)
    return out


def _width(data: bytes, place: int) -> int:
    for size in (1, 2, 3, 4):
        try:
            data[place : place + size].decode()
        except UnicodeDecodeError:
            continue
        return size
    return 1


ATOMS = st.sampled_from([
    "a", "b", "k", "S", "ab", "é", "ß", "\u212a", "\u017f", "\u03a3", "\\.", "_", "0", " ", ".", "[ab]", "[^a]", "[a-k]", "[^\\n]", "[k-s]", "[^k]", "[é-ï]", "[^é]", "[]a]", "[^]a-]",
    "[a-]", "[\\d_]", "[[:alpha:]]", "[[:^space:]]", "[[:word:]é]", "[^[:punct:]\\s]", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\pL", "\\p{Greek}", "\\PL",
    "\\p{^Lu}", "[^\\pN]", "[\\P{Greek}]", "\\x61", "\\x{e9}", "\\x{1F600}", "\\141", "\\07", "\\Q.a*\\E", "\\n", "\\t", "^", "$", "\\b", "\\B", "\\A", "\\z", "-", "\\-", "=", "'", "{", "}",
    "{,3}", "\\x{FFFD}", "[\\x{10000}-\\x{10FFFF}]", "[\\x{80}-\\x{7FF}a]",
])  # fmt: skip
REPEATS = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,3}?", "{2,}", "{1,}?"])
OPENINGS = st.sampled_from(["(", "(?:", "(?i:", "(?s:", "(?m:", "(?U:", "(?-i:", "(?is-m:", "(?i-s:"])
FLAGS = st.sampled_from(["(?i)", "(?s)", "(?m)", "(?U)", "(?-i)", "(?im)", "(?s-i)"])


def patterns() -> st.SearchStrategy[str]:
    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        sequence = st.lists(inner, min_size=1, max_size=4).map("".join)
        return st.one_of(
            sequence,
            st.tuples(ATOMS, REPEATS).map("".join),
            st.tuples(OPENINGS, sequence, st.just(")"), st.one_of(st.just(""), REPEATS)).map("".join),
            st.tuples(inner, inner).map("|".join),
            st.tuples(FLAGS, inner).map("".join),
        )

    return st.recursive(ATOMS, grown, max_leaves=8)


PIECES = st.sampled_from(
    [b"a", b"b", b"k", b"K", b"s", b"S", b"_", b"0", b"7", b".", b"*", b" ", b"\n", b"\t", b"-", b"=", b"'", b"{", "é".encode(), "É".encode(), "ß".encode(), "ẞ".encode(),
     "\u212a".encode(), "\u017f".encode(), "\u03c3".encode(), "\u03c2".encode(), "\U0001f600".encode(), b"\xff", b"\xc3", b"\xa9", b"\xe2\x84", b"\xed\xa0\x80", b"\xef\xbf\xbd", b"\x0b", b"\0", b"]"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map(b"".join)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns(), texts=st.lists(TEXTS, min_size=4, max_size=4))
def test_a_pattern_matches_what_it_matches_in_go(go: Go, pattern: str, texts: list[bytes]) -> None:
    answer = go.ask(pattern, texts)
    read = read_or_none(pattern)
    assert (read is None) == bool(answer["error"]), f"{pattern}: Go says {answer['error'] or 'nothing'}"
    if read is None:
        return
    wide = printed(read.tree, narrow=False).encode()
    narrow = printed(read.tree, narrow=True).encode()
    for data, theirs in zip(texts, answer["matches"], strict=True):
        wanted = [spans for spans in theirs if spans[0] < spans[1]]
        for engine in (re, regex):
            assert matches(engine.compile(wide), data, read.groups) == wanted, (engine.__name__, pattern, data)
            if data.isascii():
                assert matches(engine.compile(narrow), data, read.groups) == wanted, (engine.__name__, pattern, data)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns(), texts=st.lists(TEXTS, min_size=4, max_size=4))
def test_a_match_is_as_long_as_was_said_and_holds_a_needed_word(pattern: str, texts: list[bytes]) -> None:
    read = read_or_none(pattern)
    if read is None:
        return
    shape, needed = needs(read.tree)
    crossing = crosses(read.tree)
    compiled = re.compile(printed(read.tree, narrow=False).encode())
    for data in texts:
        for match in compiled.finditer(data):
            text = match.group()
            assert shape.low <= len(text)
            assert len(text) <= shape.high or shape.high == ENDLESS
            assert crossing or b"\n" not in text
            if needed is not None:
                read_as = text.lower() if needed.fold else text
                places = [read_as.find(word) for word in needed.words if word in read_as]
                assert places, (pattern, data, needed)
                assert min(places) <= needed.before


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pattern=st.one_of(patterns(), st.tuples(st.sampled_from(["abk", "(?i)abS", "a{3}", "[ab]b_"]), patterns()).map("".join)),
    keywords=st.sampled_from([[], ["ab"], ["AB", "_0"], ["\u00e9"], ["abk"]]),
    pieces=st.lists(st.one_of(PIECES, st.sampled_from([b"abk", b"aBS", b"aaa", b"ab_", b"x" * 90])), max_size=14),
)
def test_the_engine_finds_what_a_search_of_the_whole_text_finds(pattern: str, keywords: list[str], pieces: list[bytes]) -> None:
    read = read_or_none(pattern)
    if read is None:
        return
    data = b"".join(pieces)
    rule = f"[[rules]]\nid = 'x'\nregex = {json.dumps(pattern, ensure_ascii=False)}\nkeywords = {json.dumps(keywords, ensure_ascii=False)}\n"
    rules = Ruleset(_compiled("", ["x"], [rule.encode()]))
    lowered = data.decode("utf-8", "replace").lower()
    wanted = []
    if not keywords or any(word.lower() in lowered for word in keywords):
        for spans in matches(re.compile(printed(read.tree, narrow=False).encode()), data, read.groups):
            held = [group for group in range(1, read.groups + 1) if spans[2 * group + 1] > spans[2 * group]]
            group = held[0] if held else 0
            wanted.append((spans[0], spans[1], spans[2 * group], spans[2 * group + 1]))
    for prefilter in ("aho-corasick", "hyperscan"):
        found = Engine(rules, prefilter=prefilter, decode_depth=0).scan(data).matches
        assert sorted((*match.span, *match.secret_span) for match in found) == wanted, (prefilter, rules.rule(0)["foreign"], rules.words)


REFUSED = ["a**", "*a", "(", "a)", "[a", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"\Z", r"\C", "a{1001}", "(?:a{40}){40}", "(?P<>a)", "(?x)a",
           r"\p{Nothing}", r"\p{Foo}", "[[:foo:]]", "[b-a]", r"\x{110000}", r"\xg0", "a{2}{3}", "(?i", "(?-)", r"[a-\d]", "(?P=n)", "\\"]  # fmt: skip
TAKEN = [r"\pL\pN", "(?P<n>a)(?P<n>b)", "(?P<n_1>a)(?<m>b)", "a{,2}", "{", "a{", "[a-]", "[-a]", "a(?i)b|c", "(?U)a+?b+", "(?)a", r"(?s).(?-s).", r"\Qa.b", r"\Q*\E+", "x{1000}", "a{0}", "(|a)b", "()", r"\_\-\/\"", r"[\]\-\\]",
         "(?i)[^k]x", r"(?i)\w+", r"(?i)\W", r"(?i)[[:upper:]]", r"\x{0}\0", "(?m)^a$", r"[[:word:]-]", "[[a]", "[a[:digit:]]", "(?:(?:a{10}){10}){10}", "^*a", "(?i)ǅ", r"[\x00-\x{10FFFF}]", "a(?i)*", r"\p{Lu}\p{Han}"]  # fmt: skip


@pytest.mark.parametrize("pattern", REFUSED + TAKEN)
def test_what_is_refused_is_what_go_refuses(go: Go, pattern: str) -> None:
    theirs = go.ask(pattern, [])["error"]
    assert (read_or_none(pattern) is None) == bool(theirs) == (pattern in REFUSED), theirs
