"""Entries that are added to a configuration are read back as they were meant, whatever stands in it and in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.config import AllowEntry, Config
from leaksieve.config.accept import is_fingerprint, with_entries
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

STRONG, WEAK = "ls1-" + "0123456789abcdef" * 2, "ls1w-89abcdef"
WORDS = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" \"\\'#[]=\u00e9"), min_size=1, max_size=40).filter(str.strip)
ENTRIES = st.fixed_dictionaries(
    {
        "reason": WORDS,
        "owner": WORDS | st.just(""),
        "expires": st.sampled_from(["", "2027-01-31"]),
        "fingerprints": st.lists(st.sampled_from([STRONG, WEAK]), min_size=1, max_size=3).map(tuple),
    }
).map(lambda fields: AllowEntry(**fields))
FILES = [b"", b"# nothing", b"fail_on = 'low'\n", b"fail_on = 'low'\r\n[[allow]]\r\nreason='x'\r\npaths=['y']\r\n", "\ufeffjobs = 2\n# é".encode()]


@given(st.sampled_from(FILES), st.lists(ENTRIES, min_size=1, max_size=3), st.booleans())
def test_what_is_added_is_read_back(data, entries, inside):
    table = ("tool", "leaksieve") if inside else ()
    if inside and data.strip().startswith((b"fail_on", b"[[")):
        data = b"[project]\nname = 'x'\n[tool.leaksieve]\n" + data.replace(b"[[allow]]", b"[[tool.leaksieve.allow]]")
    text = with_entries(data, "x", [(entry, ["generic-password"] * len(entry.fingerprints)) for entry in entries], table=table)
    assert text.startswith(data)
    before = build(parse(data, "x", table=table) or {}, "x")
    after = build(parse(text, "x", table=table), "x")
    assert after == before._replace(allow=before.allow + tuple(entries))


@pytest.mark.parametrize("data", [b"allow = []\n", b"allow = [{reason = 'x', paths = ['y']}]", b"[allow]\nx = 1\n"])
def test_a_list_to_which_nothing_can_be_added_is_refused(data):
    with pytest.raises(ConfigError):
        with_entries(data, "x", [(AllowEntry("demo", fingerprints=(STRONG,)), [""])])


def test_comments_stand_beside_fingerprints():
    text = with_entries(b"", "x", [(AllowEntry("demo", fingerprints=(STRONG, WEAK)), ["a-rule", ""])]).decode()
    assert text == f'[[allow]]\nreason = "demo"\nfingerprints = [\n    "{STRONG}",  # a-rule\n    "{WEAK}",\n]\n'
    assert build(parse(text.encode(), "x"), "x") == Config(allow=(AllowEntry("demo", fingerprints=(STRONG, WEAK)),))


def test_an_entry_is_added_to_a_file_with_sections_for_folders():
    data = b"[[directory]]\npath = 'a'\ndisable = ['b']\n[[directory.allow]]\nreason = 'x'\nrules = ['y']\n"
    entry = AllowEntry("demo", fingerprints=(STRONG,))
    text = with_entries(data, "x", [(entry, [])])
    assert text.startswith(data)
    assert build(parse(text, "x"), "x").allow == (entry, *build(parse(data, "x"), "x").allow)


def test_every_criterion_is_written():
    entry = AllowEntry("a\\b", paths=("/a/", "b"), regexes=("^x$",), stop_words=("y",), rules=("z", "z-*"), fingerprints=(WEAK,), owner="ada")
    assert build(parse(with_entries(b"", "x", [(entry, ())]), "x"), "x").allow == (entry,)


@pytest.mark.parametrize("wrong", ["", STRONG[:-1], STRONG + "0", STRONG.upper(), WEAK + "\n", "ls2-" + STRONG[4:], f"{WEAK} path"])
def test_fingerprints_are_whole(wrong):
    assert is_fingerprint(STRONG)
    assert is_fingerprint(WEAK)
    assert not is_fingerprint(wrong)
