"""Corners of reading patterns: what the compiler proves about them, and what it must not claim."""

import importlib
import os
import re
import runpy
import sys

import pytest
from rulebook import engine, live, rules_of, ruleset_of, toml

from leaksieve.engine.matcher import Engine
from leaksieve.errors import RulesetError
from leaksieve.ruleset import check
from leaksieve.ruleset.check import secret_width
from leaksieve.ruleset.compile import compile_rules
from leaksieve.ruleset.encoded import MIN_KEYWORD, encoded_forms
from leaksieve.ruleset.lead import lead
from leaksieve.ruleset.linear import bytes_of, problems
from leaksieve.ruleset.necessity import Anchor, anchor, every_spelling
from leaksieve.ruleset.syntax import Walker, always_holds

loading = importlib.import_module("leaksieve.ruleset.load")


# The checker.


@pytest.mark.parametrize(
    ("pattern", "width"),
    [
        ("(acme_(?P<secret>[a-z]{3,5}))", (3, 5)),
        ("acme_(?:x|(?P<secret>[a-z]{2}))", (2, 2)),
        ("acme_(?:-(?P<secret>[a-z]{4,9})){1,2}", (4, 9)),
    ],
)
def test_the_secrets_width_is_found_however_deep_the_group_stands(pattern, width):
    """Near-misses one character short or long are made from it, so it must be the group's own width."""
    assert secret_width(pattern) == width


@pytest.mark.parametrize(("keys", "code", "said"), [({}, 0, "every rule holds\n"), ({"counter_examples": "[]"}, 1, "`counter_examples` is missing\n")])
def test_the_checker_runs_as_a_program(tmp_path, monkeypatch, capsys, keys, code, said):
    """Exit code 0 and one sentence when all rules hold, 1 and the problems when not."""
    path = tmp_path / "acme.toml"
    path.write_text(toml(**keys))
    monkeypatch.setattr(sys, "argv", ["check", str(path)])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(check.__file__, run_name="__main__")
    assert left.value.code == code
    assert capsys.readouterr().out.endswith(said)


# What the compiler refuses.


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"pattern": r"'(?P<secret>\s{1,5000}acme_)'"}, "what stands before the keyword must be bounded"),
        ({"gate": r"'\s{1,9}'"}, "`gate`: a gate must stay within a line"),
        ({"gate": "'[a-z]+'"}, "`gate`: the gate must be bounded"),
        ({"gate": "'('"}, "`gate`: pattern does not compile"),
    ],
)
def test_what_a_scan_could_not_look_back_or_ahead_for_is_refused(keys, said):
    """A scan looks a bounded way around a keyword and at one line for a gate; rules that want more say so when read."""
    with pytest.raises(RulesetError) as caught:
        rules_of(toml(**keys))
    assert said in caught.value.line()


def test_every_base64_form_is_long_enough_to_be_rare():
    """The shortest keyword that is looked for encoded still gives four characters in each of the three alignments."""
    shortest = "k~?z"
    assert len(shortest) == MIN_KEYWORD
    forms = [form for form, encoding, _ in encoded_forms([(shortest, False, True), (shortest, True, False)]) if encoding == "base64"]
    assert min(map(len, forms)) == 4
    assert encoded_forms([(shortest[:-2], False, True)]) == []


def test_a_keyword_of_three_is_looked_for_encoded_where_that_is_rare():
    """At the beginning of a quantum of base64, in hex and in UTF-16; a word in any case, as in every text, in UTF-16 alone."""
    token = encoded_forms([("sk-", False, False)])
    assert {(kind, phase) for _, kind, phase in token} == {("base64", 0), ("hex", 0), ("utf-16", 0)}
    assert ("c2st", "base64", 0) in token
    word = encoded_forms([("key", True, False)])
    assert {text.replace("\0", "") for text, _, _ in word} == {"key", "KEY", "Key"}
    assert {kind for _, kind, _ in word} == {"utf-16"}


# What must follow a keyword.


def test_a_lead_is_found_through_many_ways():
    """Nine ways times nine times nine are not multiplied out: those of one length are one."""
    nine = "(?:" + "|".join(f"{first}{second}" for first, second in zip("abcdefghi", "rstuvwxyz", strict=True)) + ")"
    few = lead(Walker(f"SK{nine}[0-9]{{2}}"), b"SK")
    many = lead(Walker(f"SK{nine}{nine}{nine}[0-9]{{2}}"), b"SK")
    assert [len(members) for members in few] == [9, 9, 10, 10]
    assert many == few[:2] * 3 + [frozenset(b"0123456789")] * 2


def test_a_lead_ends_before_the_ways_become_too_many():
    """Inside a group the ways are not made one: what is told of the bytes behind the keyword is shorter then, never wrong."""
    nine = "(?:" + "|".join(f"{first}{second}" for first, second in zip("abcdefghi", "rstuvwxyz", strict=True)) + ")"
    assert lead(Walker(f"SK[0-9]((?:{nine}){{3}}[0-9]){{1}}"), b"SK") == [frozenset(b"0123456789")]


def test_a_lead_goes_through_what_may_be_missing():
    """A part that may be missing, or go on, widens what may follow."""
    digits, letters, either = (frozenset(b"0123456789"), frozenset(b"uv"), frozenset(b"0123456789uv"))
    assert lead(Walker("sl_(?:[uv]{2})?[0-9]{3}"), b"sl_") == [either, either, digits]
    assert lead(Walker("sl_[uv]{1,4}[0-9]{9}"), b"sl_") == [letters, *[either] * 3, *[digits] * 4]
    assert lead(Walker("sl_[uv]{3,50}[0-9]{9}"), b"sl_") == [letters] * 3 + [either] * 5
    assert lead(Walker("sl_[uv]{0,50}"), b"sl_") == []


def test_a_lead_of_a_keyword_in_any_case():
    """Keywords that ignore case are written in lower case, their patterns need not be."""
    walker = Walker("(?:Bearer|TOKEN) [0-9]{2}")
    assert lead(walker, b"bearer", ignore_case=True) == lead(walker, b"token", ignore_case=True) == [frozenset(b" "), *[frozenset(b"0123456789")] * 2]
    assert lead(walker, b"bearer") == []


def test_a_keyword_that_opens_no_match_has_no_lead():
    """One of two keywords may be idle; nothing is demanded of what follows it."""
    assert lead(Walker("acme_[a-z]{9}"), b"zork") == []
    rules = ruleset_of(toml(keywords='["acme_", "zork_"]'))
    assert [match.rule_id for match in Engine(rules).scan(b"zork_ k=acme_" + b"ab12c" * 4 + b"\n").matches] == ["acme-token"]


# Linear time, and the bytes of a match.


@pytest.mark.parametrize(
    ("pattern", "fine"),
    [
        ("a*b{1,3}a*", True),
        ("a*b{0,3}a*", False),
        ("a*[ab]{1,3}a*", False),
        ("a*(bc)a*", True),
        ("a*(ba)a*", False),
        ("a*(b?)a*", False),
        ("a*ba*", True),
        ("a*a*", False),
    ],
)
def test_unbounded_repeats_need_something_between_them_that_neither_can_hold(pattern, fine):
    assert (problems(Walker(pattern)) == []) is fine


@pytest.mark.parametrize(
    ("pattern", "members"),
    [
        ("ab|cd", b"abcd"),
        (r"\b(?:ab|c(?i:d))(?=x)e{2,}$", b"abcdDe"),
        ("(?i)k[0-2]?", b"kK012"),
    ],
)
def test_the_bytes_of_a_match_are_all_it_can_consume(pattern, members):
    """Every branch counts; what is only looked at does not."""
    assert bytes_of(Walker(pattern)) == frozenset(members)


# Loading.


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in a folder of its own, as the loader sees it."""

    def at(*parts):
        here = tmp_path.joinpath(*parts, "leaksieve", "ruleset")
        here.mkdir(parents=True)
        (here / "builtin.jsonl").write_text(compile_rules(rules_of(toml(id='"acme-old"'))))
        monkeypatch.setattr(loading, "_HERE", str(here))
        monkeypatch.setattr(loading, "BUILTIN", str(here / "builtin.jsonl"))
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "acme.toml").write_text(toml())
        (tmp_path / "build_rules.py").write_text("")
        return here / "builtin.jsonl"

    return at


def test_an_installed_package_never_takes_a_rules_folder_near_it(package):
    """Whatever is called `rules` beside an installation is not the project's."""
    os.utime(package("lib"), (1, 1))
    assert loading.load().ids == ["acme-old"]


def test_a_checkout_compiles_newer_rules_in_memory_and_adds_the_users(package, tmp_path):
    """The folder's rules stand in for the compiled file, with a user's rules after them or without."""
    builtin = package("src")
    os.utime(builtin, (1, 1))
    more = tmp_path / "more.toml"
    more.write_text(toml(id='"acme-other"', keywords='["acmo_"]', pattern="'(?P<secret>acmo_[a-z]{9})'"))
    assert loading.load().ids == ["acme-token"]
    assert loading.load([str(more)]).ids == ["acme-token", "acme-other"]
    for path in (tmp_path / "rules", tmp_path / "rules" / "acme.toml"):
        os.utime(path, (1, 1))
    os.utime(builtin, (2, 2))
    assert loading.load().ids == ["acme-old"]
    assert loading.load([str(more)]).ids == ["acme-old", "acme-other"]


# Keywords that are necessary.


@pytest.mark.parametrize(
    ("pattern", "spellings"),
    [
        ("(?i:A(?-i:B))c?", {b"aB", b"aBc"}),
        ("(?=x)ab$", {b"ab"}),
        (r"(ab)\1", None),
        ("[a-z]", None),
    ],
)
def test_spellings_are_all_or_none(pattern, spellings):
    """Case is folded only where the pattern ignores it; what cannot be gone through is said to be too much."""
    found = every_spelling(Walker(pattern))
    assert found == spellings


ALTERNATIONS = [
    # The first alternation holds no keyword, the second does in either branch: nine bytes, then three more.
    (r"(?:[a-z]{9}|[0-9]{8}-)(?:acme_[a-z]{9}|[0-9]{3}acme_)", 12, (b"abcdefghiacme_abcdefghi", b"12345678-123acme_")),
    # A run without the keyword comes first in a branch.
    (r"(?:zz[a-z]{9}acme_|[0-9]{3}acme_)", 11, (b"zzabcdefghiacme_", b"123acme_")),
    # Inside a group that may be glued to what stands around it.
    (r"x(y[a-z]{30}ac)me_", 32, (b"xy" + b"q" * 30 + b"acme_",)),
]


@pytest.mark.parametrize(("pattern", "before", "texts"), ALTERNATIONS)
def test_how_far_before_its_keyword_a_match_may_begin(pattern, before, texts):
    """No match begins further back than is said, and some begin just there."""
    assert anchor(Walker(pattern), [b"acme_"], False) == Anchor(prefix=False, before=before)
    assert all(re.fullmatch(pattern.encode(), text) for text in texts)
    assert max(text.index(b"acme_") for text in texts) == before


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:[0-9]{3}acme_|[a-z]{9})x",
        r"(?:[0-9]{3}acme_|oops[a-z]{9})",
        r"(?:[0-9]{3}acme_|[a-z]{9}oops)(?:[0-9]{3}|[a-z]{3})",
    ],
)
def test_one_branch_without_a_keyword_makes_none_necessary(pattern):
    """A match through that branch would be lost to the prefilter."""
    assert anchor(Walker(pattern), [b"acme_"], False) is None


# What a pattern reads beyond its match.


@pytest.mark.parametrize(
    ("pattern", "crosses"),
    [
        ("a(?=(b))", False),
        (r"a(?=(\n))", True),
        ("a(?!(?:bc|de))", False),
        (r"a(?!b\n|cd)", True),
        ("a(?!b{2,3})", False),
        (r"a(?!(?:b\n){2,3})", True),
        (r"a(?=b\b)", False),
        # A look inside a look is not followed: it is taken for the worse.
        ("a(?!(?=b)c)", True),
        ("a(?!((?=b)c))", True),
        ("a(?!bc|(?=d)e)", True),
        ("a(?!(?:(?=b)c){2})", True),
        # Letters alone, whatever their case.
        ("a(?=(?i:b(?-i:c)))", False),
    ],
)
def test_a_pattern_that_can_tell_a_line_break_from_the_end_crosses_lines(pattern, crosses):
    """Only what surely stays in its line may be matched line by line."""
    assert Walker(pattern).crosses_lines() is crosses


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("(acme_(?P<secret>x{9}))", True),
        ("(?:-(?P<secret>x{9})){2}", True),
        ("(?:-(?P<secret>x{9})){0,2}", False),
        ("(acme_(?P<secret>x{0,9}))", False),
        ("acme_(?:(?P<secret>x{9})|yy)", False),
        ("(?:(?P<secret>x{9})y|zz(q))a", False),
    ],
)
def test_a_match_always_has_its_secret(pattern, holds):
    """A finding without a secret could be neither shown nor fingerprinted."""
    assert always_holds(Walker(pattern), "secret") is holds


# Values of generic rules.


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("api_token = '{}'", True),
        ("Acme::token = '{}'", False),
        ("token.set('{}')", False),
        ("set('api_token', '{}')", True),
        ("api_token({})", False),
    ],
)
def test_what_assigns_a_generic_value(line, found):
    """A type's member and a method's argument are code, a named argument and an assignment are values."""
    value = "Kq81mZ0p" + "Lw92xVbT44"
    assert bool(live(engine().scan(line.format(value).encode() + b"\n"))) is found
