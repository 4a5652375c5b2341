"""Settings are added to a file whose bytes stay as they are otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.config import AllowEntry
from leaksieve.config.accept import quoted
from leaksieve.config.additions import with_settings
from leaksieve.config.read import build, parse
from leaksieve.errors import ConfigError

ENTRY = AllowEntry("made up", paths=("/a/", "b'c\\d"), owner="ada", expires="2999-01-31")


def read(data, table=()):
    return build(parse(data, "f", table=table) or {}, "f")


@pytest.mark.parametrize(
    "text",
    [
        "", "# ours\n", "# ours\n\nfail_on = 'high'\n", "fail_on = 'high'", "exclude = []\n", "exclude = ['a']\n", "exclude = [\n    'a',  # first\n    'b'\n]\n",
        "[[allow]]\nreason = 'x'\nrules = ['y']\n", "exclude = ['a'] # c\n[[allow]]\nreason = 'x'\nrules = ['y']\n", "fail_on = 'high'\r\nexclude = [\r\n  'a'\r\n]\r\n",
        "\ufefffail_on = 'high'\n", "\ufeff# ours\nexclude = ['a']\n",
    ],
)  # fmt: skip
def test_what_is_added_is_there_and_the_rest_is_as_it_was(text):
    data = text.encode()
    before = read(data)
    made = with_settings(data, "f", {"exclude": ["x.py", "a"], "disable": ["generic-*"]}, [ENTRY])
    assert made.startswith("\ufeff".encode()) == text.startswith("\ufeff")
    after = read(made)
    assert set(after.exclude) == {*before.exclude, "x.py", "a"}
    assert (after.disable, after.allow) == (("generic-*",), (*before.allow, ENTRY))
    # Every line that was there still is, in its order.
    rest = iter(made.decode().splitlines())
    assert all(
        any(line.strip().rstrip("]").rstrip() in other for other in rest)
        for line in text.removeprefix("\ufeff").splitlines()
        if line.strip() and "exclude" not in line
    )
    assert with_settings(made, "f", {"exclude": ["x.py", "a"], "disable": ["generic-*"]}, [ENTRY]) == made


def test_line_endings_are_the_files_own():
    made = with_settings(b"fail_on = 'high'\r\n", "f", {"exclude": ["a", "b"]}, [ENTRY])
    assert made.count(b"\n") == made.count(b"\r\n")


def test_in_pyproject_the_table_is_found_or_made():
    table = ("tool", "leaksieve")
    for text in (
        b"[project]\nname = 'x'\n",
        b"[tool.leaksieve] # ours\nfail_on = 'high'\n\n[tool.other]\nexclude = ['no']\n",
        b"[tool.leaksieve]\nexclude = ['a']\n",
    ):
        made = with_settings(text, "f", {"exclude": ["b"]}, [ENTRY], table=table)
        config = read(made, table)
        assert "b" in config.exclude
        assert config.allow == (ENTRY,)
        assert "no" not in config.exclude


@pytest.mark.parametrize("text", ["exclude = 'a'\n", "allow = [{reason = 'x', rules = ['y']}]\n"])
def test_a_form_that_cannot_be_added_to_is_refused(text):
    with pytest.raises(ConfigError):
        with_settings(text.encode(), "f", {"exclude": ["b"]}, [ENTRY])


def test_nothing_to_add_changes_nothing():
    assert with_settings(b"exclude = ['a']", "f", {"exclude": ["a"], "disable": []}, []) == b"exclude = ['a']"


@given(st.text(min_size=1).filter(lambda text: text.isprintable() or "\n" not in text))
def test_quoted_texts_are_read_back(text):
    import tomllib

    clean = text.encode("utf-8", "replace").decode()
    assert tomllib.loads(f"x = {quoted(clean)}")["x"] == clean
